"""A user with keys, an MFA device, and a role in another account that the profile `prod` assumes."""

from __future__ import annotations

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.home import Home


@pytest.fixture
def user(sts: Sts, home: Home) -> User:
    """The IAM user in the home account; its keys are the `default` profile's."""
    user = sts.add_user("dev")
    home.add_keys(user)
    return user


@pytest.fixture
def device(sts: Sts, user: User) -> MfaDevice:
    """The user's MFA device."""
    return sts.add_mfa_device(user)


@pytest.fixture
def role(sts: Sts, user: User) -> Role:
    """A role in another account that the user may assume, for up to 12 hours."""
    return sts.add_role("CrossAccountPowerUser", trusts=[user.arn], max_session_duration=43200)


@pytest.fixture
def prod(home: Home, role: Role) -> str:
    """A profile of that role."""
    home.add_role("prod", role.arn)
    return "prod"
