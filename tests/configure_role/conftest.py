"""A user with keys, a role in another account, and a role that is assumed from that one."""

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
    """A role in another account that the user may assume."""
    return sts.add_role("Power", trusts=[user.arn], max_session_duration=43200)


@pytest.fixture
def audit_role(sts: Sts, role: Role) -> Role:
    """A role in a third account that may be assumed from `role`."""
    return sts.add_role("Audit", account="333333333333", trusts=[role.arn])
