"""What is said of a profile whose sessions are narrowed, and of keys that nothing reads."""

from __future__ import annotations

import json

import pytest

from tests.sts import Role
from tests.support.home import Home

from .steps import cache, done, parsed, run

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
POLICY = '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def reader(home: Home, role: Role, prod: str) -> str:
    """A profile with policies, beside one without."""
    home.add_role("reader", role.arn, policy_arns=f"{READ_ONLY}, {AUDIT}", policy=POLICY)
    cache(home, prod)
    cache(home, "reader")
    return "reader"


def words_of(text: str, profile: str) -> list[str]:
    """Return the words of the line of a table that begins with a profile."""
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [profile])


@pytest.mark.usefixtures("reader")
def test_tables_say_that_a_session_is_narrowed(home: Home) -> None:
    for outcome in (done(home, "list"), home.xacct("status"), done(home, "verify", "prod", "reader")):
        assert outcome.code == 0
        assert "POLICY" in outcome.stdout.splitlines()[0]
        assert "narrowed" in words_of(outcome.stdout, "reader")
        assert "narrowed" not in words_of(outcome.stdout, "prod")
    tree = done(home, "list", "--tree").stdout
    assert ["narrowed" in line for line in tree.splitlines()] == [False, False, True]


@pytest.mark.usefixtures("reader")
def test_json_has_the_policies_as_they_are_written(home: Home) -> None:
    status = json.loads(home.xacct("status", "--json").stdout)
    shown = [parsed(done(home, "show", name, "--output", "json"))["Hops"][1] for name in ("prod", "reader")]
    for rows in (
        parsed(done(home, "list", "--output", "json")),
        parsed(done(home, "verify", "prod", "reader", "--output", "json")),
        status,
        shown,
    ):
        assert [(row["Policy"], row["PolicyArns"]) for row in rows] == [
            (None, []),
            (POLICY, [READ_ONLY, AUDIT]),
        ]


def test_show_says_by_what_a_session_is_narrowed(home: Home, role: Role, reader: str) -> None:
    text = done(home, "show", reader).stdout
    assert f"\n2. reader assumes {role.arn}, narrowed by policy_arns and policy\n" in text
    assert "narrowed" not in done(home, "show", "prod").stdout


def test_tables_without_a_narrowed_profile_have_no_column_for_it(home: Home, prod: str) -> None:
    cache(home, prod)
    for outcome in (done(home, "list"), home.xacct("status"), done(home, "verify", prod)):
        assert "POLICY" not in outcome.stdout


# -- unknown keys ----------------------------------------------------------------------------------

UNKNOWN = {
    "include_profile": "aws ignores this key of aws-vault: remove it unless you use aws-vault",
    "foo_bar": "aws ignores it: remove it, or check its spelling",
    "polcy_arns": "aws ignores it: if you mean policy_arns, rename it",
}


def test_unknown_keys_are_never_shown_as_if_in_force(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn, **dict.fromkeys(UNKNOWN, READ_ONLY))
    text = done(home, "show", "prod").stdout
    lines = home.config.read_text("utf-8").splitlines()
    for key, fix in UNKNOWN.items():
        place = f"{home.config}:{lines.index(f'{key} = {READ_ONLY}') + 1}"
        assert f"     unknown key {key} ({place}): {fix}\n" in text
    assert READ_ONLY not in text
    assert "narrowed" not in text
    settings = parsed(done(home, "show", "prod", "--output", "json"))["Hops"][1]["Settings"]
    assert {setting["Key"] for setting in settings if setting["Unknown"]} == UNKNOWN.keys()


def test_verify_names_unknown_keys(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn, **dict.fromkeys(UNKNOWN, "x"))
    outcome = run(home, "verify", "prod", "--output", "json")
    assert outcome.code == 0
    assert parsed(outcome)[0]["UnknownKeys"] == list(UNKNOWN)
    assert outcome.lines[1:] == [f"profile prod: unknown key {key}; {fix}" for key, fix in UNKNOWN.items()]
