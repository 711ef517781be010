"""`aws configure role login` and `logout`."""

from __future__ import annotations

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import ONE_TRY, WHOAMI, operations
from tests.support.home import Home

from .steps import STRANGER, XML_ESCAPE, Screen, done, refused, run, without_local_times

A_DAY = 12 * 3600


@pytest.fixture
def prod(home: Home, role: Role, device: MfaDevice) -> str:
    """A profile whose role requires MFA."""
    role.require_mfa = True
    home.add_role("prod", role.arn, mfa_serial=device.serial)
    return "prod"


def test_login_makes_commands_without_a_terminal_work(
    home: Home, sts: Sts, role: Role, audit_role: Role, device: MfaDevice, prod: str
) -> None:
    second = sts.add_role("Second", trusts=role.trusts, require_mfa=True)
    home.add_role("second", second.arn, mfa_serial=device.serial)
    home.add_role("audit", audit_role.arn, source_profile=prod)
    refusal = run(home, "login", "audit")
    assert (refusal.code, refusal.stdout) == (253, "")
    assert refusal.lines[0].startswith(f"profile prod needs an MFA code of {device.serial}, but there is no ")
    assert refusal.lines[-1] == "  aws configure role login prod"

    screen = Screen(home, "login", "audit")
    screen.code(device.next_code())
    assert screen.end() == 0
    assert without_local_times(screen.shown).splitlines()[1:] == [
        f"MFA session of {device.serial}: valid for 12 h, until TIME",
        "profile audit: valid for 1 h, until TIME",
    ]
    assert operations(sts) == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    for profile in ("audit", "prod", "second"):
        outcome = home.aws(*WHOAMI, "--profile", profile)
        assert (outcome.code, outcome.stderr) == (0, "")
    assert len(sts.calls_of("GetSessionToken")) == 1

    # Logging out of a profile deletes what it uses, and nothing else.
    outcome = done(home, "logout", "audit")
    assert (outcome.stdout, outcome.lines) == ("", ["profile audit: deleted 3 cached sessions"])
    assert len(home.records()) == 1
    outcome = done(home, "logout", "--all")
    assert outcome.lines == ["deleted 1 cached session"]
    assert home.records() == []


def test_login_without_a_profile_asks_once_per_device(
    home: Home, sts: Sts, role: Role, device: MfaDevice, prod: str
) -> None:
    other = sts.add_user("other")
    home.add_keys(other, "other")
    token = sts.add_mfa_device(other)
    role.trusts.append(other.arn)
    home.add_role("twin", role.arn, mfa_serial=device.serial, external_id="42")
    home.add_role("other-prod", role.arn, source_profile="other", mfa_serial=token.serial)
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile other]\nregion = us-west-1\nmfa_serial = {token.serial}\nmfa_session = on\n")
    screen = Screen(home, "login")
    screen.answer(f"MFA code of {device.serial} for profile {prod}", device.next_code())
    screen.answer(f"MFA code of {token.serial}", token.next_code())
    assert screen.end() == 0
    assert operations(sts) == ["GetSessionToken", "GetSessionToken"]
    shown = " ".join(screen.shown.split())
    for serial, profile in ((device.serial, "default"), (token.serial, "other")):
        assert f"MFA session of {serial}, the device of profile {profile}: valid for 12 h, until " in shown
    outcome = home.aws(*WHOAMI, "--profile", "other")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert sts.calls[-1].access_key.startswith("ASIA")
    assert done(home, "logout", "other").lines == ["profile other: deleted 1 cached session"]


def test_login_continues_with_other_devices_after_a_failure(
    home: Home, role: Role, device: MfaDevice, prod: str
) -> None:
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[profile broken]\ncredential_process = false\n")
    home.add_role("first", role.arn, source_profile="broken", mfa_serial=device.serial)
    screen = Screen(home, "login")
    screen.answer(f"MFA code of {device.serial} for profile {prod}", device.next_code())
    assert screen.end() == 253
    shown = " ".join(screen.shown.split())
    assert f"MFA session of {device.serial}, the device of profile default: valid for 12 h, until " in shown
    assert (
        "could not log in to every device, because\n  - first: Error when retrieving credentials"
        in screen.shown
    )


def test_login_interrupted_at_the_prompt_gets_nothing(home: Home, sts: Sts, prod: str) -> None:
    screen = Screen(home, "login", prod)
    screen.keys("MFA code of", "\x03")
    assert screen.end() == 130
    assert (sts.calls, home.records()) == ([], [])


@pytest.mark.usefixtures("device")
def test_login_to_a_role_without_mfa_does_not_ask(home: Home, sts: Sts, role: Role) -> None:
    home.add_role("prod", role.arn, duration_seconds=7200)
    shown = done(home, "login", "prod").stderr
    assert without_local_times(shown) == "profile prod: valid for 2 h, until TIME\n"
    assert operations(sts) == ["AssumeRole"]
    assert refused(home, "login", code=253) == [
        "nothing to log in to, because",
        "  - no profile uses an MFA device; set one with: aws configure role PROFILE --mfa-serial auto",
    ]


def test_login_passes_on_what_sts_refuses(home: Home, sts: Sts, role: Role) -> None:
    home.add_role("prod", role.arn)
    role.trusts[:] = [STRANGER]
    lines = refused(home, "login", "prod", code=254)
    assert "AccessDenied" in lines[0]
    assert lines[-1].strip() == "aws configure role verify prod"
    sts.fail("AssumeRole", times=None, status=400, code="Odd", message=f"{XML_ESCAPE} and\nmore")
    lines = refused(home, "login", "prod", environment=ONE_TRY, code=254)
    assert lines[0].endswith("operation: \\x9b31m and")
    assert home.records() == []


def test_logout_needs_a_role_profile_or_all(home: Home, user: User) -> None:
    assert refused(home, "logout") == [
        "no profile given",
        "  - usage: aws configure role logout PROFILE, or --all",
    ]
    assert refused(home, "login", "default", code=253) == [
        "nothing was done, because",
        "  - profile default is not a role profile; list those with: aws configure role list",
    ], user
