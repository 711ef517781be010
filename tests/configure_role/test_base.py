"""What the subcommands share: the profiles that a command line names, and their checks."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

import pytest

from awscli_xacct.configure_role.arguments import profiles_given
from awscli_xacct.configure_role.base import require_roles, shared_session
from awscli_xacct.errors import ValidationError
from awscli_xacct.messages import printable_lines
from awscli_xacct.profiles.inventory import Inventory
from awscli_xacct.profiles.values import EXAMPLE_ROLE_ARN
from awscli_xacct.storage.cache import Cache
from tests.support.home import Home, finish

from .steps import kept_record, run

KEYS = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
DEVICE = {"mfa_serial": "arn:aws:iam::111111111111:mfa/dev"}
ROLE = {"role_arn": "arn:aws:iam::222222222222:role/Power", "source_profile": "default"}
PROFILES: dict[str, dict[str, Any]] = {
    "default": KEYS,
    "production": ROLE,
    "my prod": {"region": "us-west-1"},
    "morning": {**KEYS, **DEVICE, "mfa_session": "on"},
}


@pytest.fixture
def inventory() -> Inventory:
    return Inventory({"profiles": PROFILES}, {}, Cache(None, warn=pytest.fail).read)


@pytest.mark.parametrize(
    ("profile", "option", "named"),
    [
        (None, None, []),
        ([], "list", ["list"]),
        ("prod", None, ["prod"]),
        ("prod", "list", ["prod"]),
        (["b", "a", "b"], None, ["b", "a"]),
    ],
)
def test_profiles_given_are_the_arguments_or_else_the_profile_option(
    profile: Any, option: str | None, named: list[str]
) -> None:
    assert profiles_given(Namespace(profile=profile), Namespace(profile=option)) == named


def test_require_roles_reports_every_unsuitable_profile(inventory: Inventory) -> None:
    with pytest.raises(ValidationError) as caught:
        require_roles(["productoin", "production", "xyz", "my prod"], inventory)
    assert str(caught.value).splitlines() == [
        "nothing was done, because",
        "  - there is no profile productoin; did you mean production?",
        "  - there is no profile xyz; list the profiles with: aws configure role list",
        "  - profile my prod is not a role profile; make it one with: aws configure role 'my prod' --role-arn ARN",
    ]


@pytest.mark.parametrize(
    ("name", "may_become"), [("default", True), ("morning", True), ("my prod", False), ("default", False)]
)
def test_require_roles_does_not_advise_making_a_role_of_what_should_not_be_one(
    inventory: Inventory, name: str, may_become: bool
) -> None:
    with pytest.raises(ValidationError) as caught:
        require_roles([name], inventory, may_become=may_become)
    assert str(caught.value).splitlines()[1:] == [
        f"  - profile {name} is not a role profile; list those with: aws configure role list"
    ]


def test_require_roles_accepts_a_user_with_an_mfa_session_if_asked_to(inventory: Inventory) -> None:
    require_roles(["production", "morning"], inventory, or_users=True)
    with pytest.raises(ValidationError, match="profile morning is not a role profile"):
        require_roles(["morning"], inventory)
    with pytest.raises(ValidationError, match="profile default is not a role profile"):
        require_roles(["default"], inventory, or_users=True)


@pytest.mark.parametrize(
    ("settings", "shared"),
    [
        (DEVICE, True),
        ({}, False),
        ({**DEVICE, "mfa_session": "off"}, False),
        ({**DEVICE, "duration_seconds": "7200"}, False),
        ({**DEVICE, "duration_seconds": "7200", "mfa_session": "on"}, True),
        ({"source_profile": "morning"}, True),
    ],
)
def test_shared_session_belongs_only_to_roles_assumed_from_it(
    tmp_path: Any, settings: dict[str, str], shared: bool
) -> None:
    cache = Cache(tmp_path / "cache", warn=pytest.fail)
    inventory = Inventory({"profiles": {**PROFILES, "prod": {**ROLE, **settings}}}, {}, cache.read)
    for name in inventory.keys("prod").all():
        cache.write(name, kept_record())
    assert (shared_session(inventory.entry("prod")) is not None) is shared


def test_printable_lines_keeps_line_feeds_and_escapes_other_controls() -> None:
    assert printable_lines("a\n  b\r\x1b[2J\tc\n") == "a\n  b\\r\\x1b[2J\\tc\n"


@pytest.mark.usefixtures("prod")
def test_profile_in_the_environment_is_meant_where_none_is_named(home: Home) -> None:
    environment = {"AWS_PROFILE": "prod"}
    for name in ("show", "verify", "logout"):
        outcome = run(home, name, environment=environment)
        assert outcome.code == 0, outcome.stderr
        assert "prod" in f"{outcome.stdout}{outcome.stderr}"
    outcome = run(home, "show", environment={"AWS_PROFILE": "prod", "AWS_DEFAULT_PROFILE": "gone"})
    assert (outcome.code, "gone" in outcome.stderr) == (253, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verfy", "prod"), "unknown subcommand verfy; did you mean: aws configure role verify prod"),
        (("list", "--output", "yaml"), "argument --output: invalid choice: 'yaml' (choose from "),
        (("list", "--color", "x"), "argument --color: invalid choice: 'x' (choose from "),
        (("prod", "--rol-arn", "x"), "unrecognized arguments: --rol-arn x (did you mean --role-arn?)."),
        (
            ("prod", "\u2014role-arn", "x"),
            "unrecognized arguments: \u2014role-arn x (did you mean --role-arn?).",
        ),
        (("prod", "role_arn=x"), "unrecognized arguments: role_arn=x (did you mean --role-arn?)."),
        (("--list",), "unknown subcommand --list; did you mean: aws configure role list\n"),
        (
            ("rm", "prod", "--yes"),
            "unknown subcommand rm; did you mean: aws configure role remove prod --yes\n",
        ),
        (
            ("add", "prod", "--role-arn", "x", "--region", "eu-west-1"),
            "unknown subcommand add; did you mean: aws configure role prod --role-arn x --region eu-west-1\n",
        ),
        (("exec", "prod", "--", "ls"), "unknown subcommand exec; did you mean: xacct exec prod -- ls\n"),
        (("list", "prod"), "unrecognized arguments: prod. For one profile: aws configure role show PROFILE."),
        (
            ("my", "prod", "--role-arn", "x"),
            "a name with blanks needs quotes; did you mean: aws configure role 'my prod' --role-arn x\n",
        ),
        (("prod", "us-east-1", "--region", "us-west-1"), "unrecognized arguments: us-east-1. See: "),
        (
            ("prod", EXAMPLE_ROLE_ARN),
            f"{EXAMPLE_ROLE_ARN} needs --role-arn before it; "
            f"did you mean: aws configure role prod --role-arn {EXAMPLE_ROLE_ARN}\n",
        ),
        (
            (EXAMPLE_ROLE_ARN,),
            f"{EXAMPLE_ROLE_ARN} is no name for a profile; "
            f"did you mean: aws configure role PROFILE --role-arn {EXAMPLE_ROLE_ARN}\n",
        ),
    ],
)
def test_misspelled_words_are_met_with_what_was_meant(
    home: Home, arguments: tuple[str, ...], said: str
) -> None:
    outcome = run(home, *arguments)
    assert outcome.code == 252
    assert outcome.stderr.startswith(said)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("role list --output json", "aws configure role list --output json"),
        ("roles", "aws configure role list"),
        ("xacct exec prod -- env X=1", "xacct exec prod -- CMD"),
        ("configure roles", "aws configure role list"),
        ("configure rol prod", "aws configure role prod"),
        ("configure verify prod", "aws configure role verify prod"),
    ],
)
def test_command_in_a_wrong_place_is_met_with_the_right_one(home: Home, words: str, meant: str) -> None:
    outcome = home.aws(*words.split(), environment={"AWS_CLI_ERROR_FORMAT": "json"})
    assert (outcome.code, outcome.stdout) == (252, "")
    assert json.loads(outcome.stderr)["Fix"] == meant


def test_words_of_nobody_are_left_to_the_cli(home: Home) -> None:
    for words in (["configure", "profile"], ["rolls"], ["configure", "get"]):
        outcome = home.aws(*words)
        assert "did you mean: aws configure role" not in outcome.stderr
        assert outcome.code == finish(home.start(*words, environment={"AWS_XACCT_DISABLE": "1"})).code
