"""`aws configure role list`: the table of role profiles, and the tree."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sts import Role, Sts, User
from tests.support.home import Home

from .steps import ESCAPE, Screen, cache, done, parsed, run, timeless

DEVICE = "arn:aws:iam::111111111111:mfa/dev"
HINT = ["to see why a profile cannot work: aws configure role show PROFILE"]


@pytest.fixture
def profiles(home: Home, role: Role, audit_role: Role) -> None:
    """Role profiles of every kind. What `audit` needs is cached."""
    home.add_role("prod", role.arn)
    home.add_role("audit", audit_role.arn, source_profile="prod")
    home.add_role("mfa", role.arn, mfa_serial=DEVICE)
    home.add_role("gone", role.arn, source_profile="nobody")
    home.add_role("machine", "arn:aws:iam::444444444444:role/team/ops/Batch", credential_source="Environment")
    with home.credentials.open("a", encoding="utf-8") as file:
        file.write(f"[in-credentials]\nrole_arn = {role.arn}\nsource_profile = default\n")
    cache(home, "audit")


@pytest.mark.usefixtures("profiles")
def test_list_has_a_row_for_every_role_profile(home: Home, sts: Sts) -> None:
    outcome = done(home, "list")
    assert outcome.stdout == (
        "PROFILE         ACCOUNT       ROLE            SOURCE       MFA  REGION     CACHED\n"
        "prod            222222222222  Power           default      -    us-west-1  52 min\n"
        "audit           333333333333  Audit           prod         -    us-west-1  52 min\n"
        "mfa             222222222222  Power           default      dev  us-west-1  -\n"
        "gone            222222222222  Power           nobody       -    us-west-1  cannot work\n"
        "machine         444444444444  team/ops/Batch  Environment  -    us-west-1  -\n"
        "in-credentials  222222222222  Power           default      -    -          52 min\n"
    )
    assert outcome.lines == HINT
    assert sts.calls == []


@pytest.mark.usefixtures("profiles")
def test_tree_without_a_terminal_is_a_plain_list(home: Home) -> None:
    outcome = done(home, "list", "--tree")
    assert outcome.stdout == (
        "default\n"
        "  - prod  222222222222  Power  (52 min)\n"
        "      - audit  333333333333  Audit  (52 min)\n"
        "  - mfa  222222222222  Power\n"
        "  - in-credentials  222222222222  Power  (52 min)\n"
        "nobody\n"
        "  - gone  222222222222  Power  (cannot work)\n"
        "Environment\n"
        "  - machine  444444444444  team/ops/Batch\n"
    )
    assert outcome.lines == HINT


@pytest.mark.usefixtures("user")
def test_tree_with_a_chain_too_long_keeps_its_start_and_the_other_profiles(
    home: Home,
) -> None:
    """Python's recursion limit used to make `list`, `show` and `doctor` fail as a whole."""
    for number in range(1000):
        home.add_role(
            f"r{number}", role_arn_of(number), source_profile=f"r{number - 1}" if number else "default"
        )
    home.add_role("prod", "arn:aws:iam::222222222222:role/Power")
    outcome = done(home, "list", "--tree")
    lines = outcome.stdout.splitlines()
    assert lines[150] == f"{'    ' * 149}  - r149  222222222222  r149"
    assert lines[151] == f"{'    ' * 150}  - r150  222222222222  r150  (cannot work)"
    assert lines[152:155] == [
        "  - prod  222222222222  Power",
        "(chain too long)",
        "  - r151  222222222222  r151  (cannot work)",
    ]
    assert (lines[-1], len(lines)) == ("  - r999  222222222222  r999  (cannot work)", 1003)
    assert outcome.lines == HINT


def role_arn_of(number: int) -> str:
    return f"arn:aws:iam::222222222222:role/r{number}"


@pytest.mark.usefixtures("profiles")
def test_tree_is_drawn_on_a_terminal(home: Home) -> None:
    screen = Screen(home, "list", "--tree")
    assert screen.end() == 0
    assert screen.shown.startswith(
        "default\n"
        "├── prod  222222222222  Power  (52 min)\n"
        "│   └── audit  333333333333  Audit  (52 min)\n"
        "├── mfa  222222222222  Power\n"
        "└── in-credentials  222222222222  Power  (52 min)\n"
        "nobody\n"
        "└── gone  222222222222  Power  (cannot work)\n"
    )


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(("columns", "lines_per_row"), [(50, 2), (72, 1)])
def test_list_fits_the_width_of_the_terminal(home: Home, columns: int, lines_per_row: int) -> None:
    screen = Screen(home, "list", columns=columns)
    assert screen.end() == 0
    lines = screen.shown.splitlines()[: 6 * lines_per_row]
    assert max(map(len, lines)) <= columns
    assert lines[2 * lines_per_row].startswith("audit ")
    assert screen.shown.count("us-west-1") == screen.shown.count("us-") > 2, "no region is truncated"


@pytest.mark.usefixtures("profiles")
def test_list_as_a_tree_shortens_roles_or_continues_below_where_it_is_narrow(home: Home) -> None:
    home.add_role("long", f"arn:aws:iam::222222222222:role/{'Organization' * 4}", source_profile="prod")
    shown = {}
    for columns in (60, 33):
        screen = Screen(home, "list", "--tree", columns=columns)
        assert screen.end() == 0
        shown[columns] = screen.shown
        assert max(len(line) for line in screen.shown.splitlines() if "aws configure" not in line) <= columns
    assert "│   └── long  222222222222  OrganizationOrganizationOrganiz…\n" in shown[60], shown[60]
    assert "│   └── long\n│         222222222222  Organiza…\n" in shown[33], shown[33]


@pytest.mark.usefixtures("profiles")
def test_list_on_an_ascii_terminal_is_ascii(home: Home) -> None:
    """Drawing in Latin-1 used to end in a UnicodeEncodeError."""
    screen = Screen(home, "list", "--tree", environment={"PYTHONIOENCODING": "latin-1"})
    assert screen.end() == 0
    assert "  - prod  222222222222  Power  (52 min)\n      - audit" in screen.shown


@pytest.mark.usefixtures("profiles")
def test_list_as_json_has_every_key_for_every_profile(home: Home, role: Role) -> None:
    outcome = done(home, "list", "--output", "json", "--query", "[0:4]")
    common: dict[str, Any] = {"Role": "Power", "Region": "us-west-1", "Policy": None, "PolicyArns": []}
    common |= {"MfaSessionExpiration": None, "SdkProfile": None, "KeyRestsIn": "file, in the clear"}
    prod = {"RoleArn": role.arn, "Account": "222222222222", "MfaSerial": None, "Problem": None, **common}
    found = parsed(outcome)
    assert [timeless(str(entry.pop("Expiration"))) for entry in found] == ["TIME", "TIME", "None", "None"]
    assert found == [
        {**prod, "Profile": "prod", "Source": "default"},
        {
            **prod,
            "Profile": "audit",
            "Source": "prod",
            "Account": "333333333333",
            "Role": "Audit",
            "RoleArn": "arn:aws:iam::333333333333:role/Audit",
        },
        {**prod, "Profile": "mfa", "Source": "default", "MfaSerial": DEVICE},
        {
            **prod,
            "Profile": "gone",
            "KeyRestsIn": None,
            "Source": "nobody",
            "Problem": "profile gone: its source_profile nobody does not exist. Name an existing profile:\n"
            "  aws configure role gone --source-profile PROFILE",
        },
    ]


@pytest.mark.usefixtures("profiles")
def test_list_with_a_query_uses_the_configured_format(home: Home) -> None:
    outcome = run(home, "list", "--query", "[].[Profile,Role]", environment={"AWS_DEFAULT_OUTPUT": "text"})
    assert outcome.stdout.splitlines()[:2] == ["prod\tPower", "audit\tAudit"]


def test_list_without_role_profiles_says_how_to_create_one(home: Home, user: User) -> None:
    outcome = done(home, "list")
    assert (outcome.stdout, user.name) == ("", "dev")
    assert outcome.lines == [
        "there are no role profiles; create one with: aws configure role PROFILE --role-arn ARN"
    ]


def test_tree_tells_a_loop_from_a_profile_that_is_its_own_source(home: Home, role: Role) -> None:
    home.add_role("one", role.arn, source_profile="two")
    home.add_role("two", role.arn, source_profile="one")
    home.add_role(
        "self", role.arn, source_profile="self", aws_access_key_id="AKIA", aws_secret_access_key="s"
    )
    home.add_role("none", role.arn, source_profile="self", credential_source="Environment")
    assert done(home, "list", "--tree").stdout == (
        "self\n"
        "  - self  222222222222  Power\n"
        "      - none  222222222222  Power  (cannot work)\n"
        "(loop)\n"
        "  - one  222222222222  Power  (cannot work)\n"
        "  - two  222222222222  Power  (cannot work)\n"
    )


@pytest.mark.parametrize("options", [(), ("--tree",), ("--output", "text"), ("--output", "table")])
def test_list_escapes_control_characters_of_the_file(
    home: Home, role: Role, options: tuple[str, ...]
) -> None:
    home.add_role(f"evil{ESCAPE}", role.arn + ESCAPE, source_profile=f"de{ESCAPE}fault")
    shown = done(home, "list", *options)
    assert "\x1b" not in shown.stdout + shown.stderr
    assert "evil\\x1b[31m" in shown.stdout


def test_list_works_with_an_unknown_profile_in_the_environment(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn)
    outcome = run(home, "list", environment={"AWS_PROFILE": "nobody"})
    assert (outcome.code, len(outcome.stdout.splitlines()), outcome.stderr) == (0, 2, "")
