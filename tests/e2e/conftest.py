"""The walkthrough's people and places: a user with keys, an MFA device, a role in another account."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import awscli_xacct
from tests.sts import MfaDevice, Role, Sts, User
from tests.support.home import Home

Damage = Callable[[str, "str | None"], dict[str, str]]


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
    """A profile of that role, as `aws configure role` writes it."""
    home.add_role("prod", role.arn)
    return "prod"


@pytest.fixture
def vault(home: Home, role: Role, device: MfaDevice) -> str:
    """A profile of that role, which now wants MFA."""
    role.require_mfa = True
    home.add_role("vault", role.arn, mfa_serial=device.serial)
    return "vault"


@pytest.fixture
def damage(tmp_path: Path) -> Damage:
    """Makes an installation of the plugin in which one file holds `text` (None: it is missing).

    Gives the environment in which `aws` finds that installation.
    """

    def damage(file: str, text: str | None) -> dict[str, str]:
        library = tmp_path / "library"
        package = library / "awscli_xacct"
        installed = Path(awscli_xacct.__file__).parent
        shutil.copytree(installed, package, ignore=shutil.ignore_patterns("__pycache__"))
        damaged = package / file
        assert damaged.is_file(), f"the package has no {file} to damage"
        if text is None:
            damaged.unlink()
        else:
            damaged.write_text(text, encoding="utf-8")
        return {"PYTHONPATH": str(library)}

    return damage
