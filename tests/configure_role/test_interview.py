"""`aws configure role PROFILE` on a terminal: it asks for settings, checks each, and shows what it will write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support.home import Home

from .steps import CTRL_C, CTRL_D, ESCAPE, Screen, refused

EXAMPLE_ROLE_ARN = "arn:aws:iam::222222222222:role/NAME"
INTRODUCTION = (
    "Press Enter to keep the value in brackets, type - to remove it, or press Ctrl-C to quit without writing "
    "anything.\n"
)
QUESTIONS = [
    "Role ARN",
    "Source profile",
    "MFA device (auto: ask IAM)",
    "External id",
    "Role session name",
    "Duration in seconds",
    "Session policy ARNs (read-only: ReadOnlyAccess)",
    "Session policy (file://PATH or JSON)",
    "Default region name",
]


def answer(screen: Screen, answers: dict[str, str], questions: list[str] = QUESTIONS) -> None:
    """Answer the questions in order, with Enter where `answers` has none."""
    for question in questions:
        screen.answer(question, answers.get(question, ""))


def test_interview_for_a_new_profile_shows_and_writes_it(home: Home, role: Role) -> None:
    before = home.config.read_text(encoding="utf-8")
    screen = Screen(home, "prod")
    answer(
        screen,
        {
            "Role ARN": role.arn,
            "Duration in seconds": "900",
            "External id": "-",
            "Role session name": "me",
            "Default region name": "-",
        },
    )
    screen.answer(f"Write this to {home.config}?", "y")
    assert screen.end() == 0
    written = (
        f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\n"
        f"role_session_name = me\nduration_seconds = 900\n"
    )
    assert screen.shown == (
        f"profile prod is new\n{INTRODUCTION}"
        f"Role ARN [None]: {role.arn}\n"
        f"Source profile [default]: \n"
        f"MFA device (auto: ask IAM) [None]: \n"
        f"External id [None]: -\n"
        f"Role session name [None]: me\n"
        f"Duration in seconds [None]: 900\n"
        f"Session policy ARNs (read-only: ReadOnlyAccess) [None]: \n"
        f"Session policy (file://PATH or JSON) [None]: \n"
        f"Default region name [us-west-1]: -\n"
        f"\n"
        f"--- {home.config}\n"
        f"+++ {home.config}\n"
        f"@@ -4,3 +4,8 @@\n"
        f" [default]\n"
        f" region = us-west-1\n"
        f" \n"
        + "".join(f"+{line}\n" for line in written.splitlines())
        + f"Write this to {home.config}? [y/N] y\n"
        f"wrote profile prod to {home.config}\n"
        f"try it: aws sts get-caller-identity --profile prod --region us-west-1\n"
    )
    assert home.config.read_text(encoding="utf-8") == before + written


@pytest.fixture
def prod(home: Home, role: Role) -> str:
    """A profile with a value for all questions but one, next to another profile with a secret."""
    home.write_config("[profile other]\naws_secret_access_key = hush\n")
    home.add_role(
        "prod",
        role.arn,
        external_id="42",
        role_session_name="me",
        duration_seconds=900,
        mfa_serial="TOKEN1234",
    )
    return "prod"


def test_interview_keeps_a_value_on_enter(home: Home, role: Role, prod: str) -> None:
    before = home.config.stat()
    screen = Screen(home, prod)
    answer(screen, {})
    assert screen.end() == 0
    assert screen.shown == (
        f"{INTRODUCTION}"
        f"Role ARN [{role.arn}]: \n"
        f"Source profile [default]: \n"
        f"MFA device (auto: ask IAM) [TOKEN1234]: \n"
        f"External id [42]: \n"
        f"Role session name [me]: \n"
        f"Duration in seconds [900]: \n"
        f"Session policy ARNs (read-only: ReadOnlyAccess) [None]: \n"
        f"Session policy (file://PATH or JSON) [None]: \n"
        f"Default region name [us-west-1]: \n"
        f"profile prod is already up to date in {home.config}\n"
    )
    after = home.config.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_interview_removes_a_value_on_a_dash_and_can_be_declined(home: Home, prod: str) -> None:
    before = home.config.read_bytes()
    for keys, code in (("n\r", 255), (CTRL_C, 130)):
        screen = Screen(home, prod)
        answer(screen, {"External id": "-", "MFA device (auto: ask IAM)": "none"})
        screen.keys("[y/N] ", keys)
        assert screen.end() == code
        assert screen.shown.endswith("\nnothing was written\n")
        assert "\n-external_id = 42\n" in screen.shown
        assert "\n-mfa_serial = TOKEN1234\n" in screen.shown
        assert "hush" not in screen.shown
        assert home.config.read_bytes() == before
    screen = Screen(home, prod, "--dry-run")
    answer(screen, {"External id": "-"})
    assert screen.end() == 0
    assert screen.shown.endswith(
        " role_session_name = me\n duration_seconds = 900\n mfa_serial = TOKEN1234\n"
    )
    assert home.config.read_bytes() == before


@pytest.mark.parametrize(("keys", "code"), [(CTRL_C, 130), (CTRL_D, 255)])
def test_interview_can_be_left_at_any_question(home: Home, prod: str, keys: str, code: int) -> None:
    before = home.config.read_bytes()
    screen = Screen(home, prod)
    answer(screen, {"Role ARN": EXAMPLE_ROLE_ARN}, QUESTIONS[:3])
    screen.keys("External id", keys)
    assert screen.end() == code
    assert home.config.read_bytes() == before
    assert (
        "]: ^C\nnothing was written\n" in screen.shown
        if code == 130
        else "\nnothing was written" in screen.shown
    )


@pytest.mark.usefixtures("prod")
def test_interview_checks_each_answer_at_once(home: Home) -> None:
    # The device is asked about although the role is assumed from a role, because it has to be removed.
    home.add_role("audit", EXAMPLE_ROLE_ARN, source_profile="prod", mfa_serial="TOKEN1234")
    screen = Screen(home, "audit")
    steps = [
        ("Role ARN", "arn:aws:iam::2:role/x", "'arn:aws:iam::2:role/x': the account id '2' is not 12 digits"),
        ("Role ARN", "-", "a role profile needs one"),
        ("Role ARN", "", None),
        ("Source profile", "prdo", "'prdo': there is no such profile; did you mean prod?"),
        ("Source profile", "audit", "'audit': that profile has no credentials"),
        ("Source profile", "-", "a role profile needs one"),
        ("Source profile", "", None),
        (
            "MFA device",
            "",
            "profile audit: mfa_serial cannot be used here, because its source prod is a role",
        ),
        ("MFA device", "none", None),
        ("External id", "a", "'a': must be 2 to 1224 letters, digits"),
        ("External id", "", None),
        ("Role session name", "two words", "'two words': must be 2 to 64 letters, digits"),
        ("Role session name", f"x{ESCAPE}", "'x\\x1b[31m': must be 2 to 64 letters, digits"),
        ("Role session name", "", None),
        ("Duration in seconds", "1h", "'1h': must be a whole number of seconds, such as 3600 for an hour"),
        ("Duration in seconds", "7200", "'7200' is more than 3600 (1 hour), the most that STS gives"),
        ("Duration in seconds", "1800", None),
        ("Session policy ARNs", "ReadOnly", "'ReadOnly': 'ReadOnly' is not the ARN of a managed policy"),
        ("Session policy ARNs", "read-only", None),
        (
            "Session policy (",
            "file://missing.json",
            f"'file://{Path.cwd()}/missing.json': the file cannot be",
        ),
        ("Session policy (", "", None),
        ("Default region name", "us west 1", "'us west 1': a region looks like us-west-1"),
        (
            "Default region name",
            "cn-north-1",
            f"--role-arn '{EXAMPLE_ROLE_ARN}' is in partition aws, but profile audit",
        ),
        ("Default region name", "", None),
    ]
    for question, typed, fault in steps:
        screen.answer(question, typed)
        if fault:
            screen.expect(f"\r\n  {fault}")
    screen.answer("Write this", "y")
    assert screen.end() == 0
    assert home.config.read_text(encoding="utf-8").endswith(
        f"[profile audit]\nrole_arn = {EXAMPLE_ROLE_ARN}\nregion = us-west-1\nsource_profile = prod\n"
        f"duration_seconds = 1800\npolicy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess\n\n"
    )


def test_interview_finds_a_device_in_iam_or_copies_the_source_profiles(
    home: Home, sts: Sts, role: Role, device: MfaDevice
) -> None:
    keyless = sts.add_user("keyless")
    home.add_keys(keyless, "keyless")
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile keyless]\nmfa_serial = {device.serial}\n")
    home.add_role("prod", role.arn)
    screen = Screen(home, "prod")
    answer(screen, {"MFA device (auto: ask IAM)": "auto"})
    screen.answer("Write this", "y")
    assert screen.end() == 0
    assert f"+mfa_serial = {device.serial}\n" in screen.shown
    # The new source's device is proposed. IAM knows no device, so the question is asked again.
    screen = Screen(home, "new")
    answer(screen, {"Role ARN": role.arn, "Source profile": "keyless"}, QUESTIONS[:2])
    screen.answer(f"[{device.serial}]", "auto")
    screen.expect("the user of profile keyless has no MFA device\r\n")
    answer(screen, {"MFA device (auto: ask IAM)": "-"}, QUESTIONS[2:])
    screen.answer("Write this", "y")
    assert screen.end() == 0
    assert home.config.read_text(encoding="utf-8").endswith("source_profile = keyless\n")


def test_interview_replaces_a_credential_source_by_a_source_profile(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn, credential_source="Environment")
    screen = Screen(home, "prod")
    answer(screen, {"Source profile": "default"})
    screen.answer("Write this", "y")
    assert screen.end() == 0
    assert "\n-credential_source = Environment\n+source_profile = default\n" in screen.shown


def test_interview_reports_what_no_answer_can_fix_before_asking(home: Home, role: Role) -> None:
    home.add_role("sso", role.arn, sso_session="mine", mfa_session="often")
    screen = Screen(home, "sso")
    assert screen.end() == 253
    assert "Role ARN" not in screen.shown
    assert screen.shown.startswith("profile sso cannot be written, because")
    assert "--mfa-session 'often': must be one of auto, on, off" in screen.shown
    assert "profile sso also has sso_session" in screen.shown
    screen = Screen(home, "bad]name")
    assert screen.end() == 252
    assert "  - the profile name 'bad]name' contains ], which ends a section header" in screen.shown


@pytest.mark.usefixtures("user")
def test_interview_without_a_terminal_is_an_error_that_names_the_options(home: Home) -> None:
    lines = refused(home, "lits")
    assert lines[:2] == [
        "no settings given, and no terminal to ask for them",
        "  - did you mean: aws configure role list",
    ]
    assert lines[2].startswith("  - none of --role-arn, --source-profile, ")
    assert lines[2].endswith(", --account-id, --role-name, --region is given. Give at least one, as in:")
    assert lines[3:] == ["      aws configure role lits --role-arn ARN"]
    screen = Screen(home, "lits")
    screen.expect("profile lits is new; did you mean: aws configure role list\r\n")
    screen.keys("Role ARN", CTRL_C)
    assert screen.end() == 130


def test_interview_offers_the_region_of_the_source(home: Home, role: Role) -> None:
    screen = Screen(home, "prod")
    answer(screen, {"Role ARN": role.arn}, QUESTIONS[:-1])
    screen.answer("Default region name [us-west-1]")
    screen.answer("Write this", "y")
    assert screen.end() == 0
    assert "has no region" not in screen.shown
    assert home.config.read_text(encoding="utf-8").endswith("region = us-west-1\n")
