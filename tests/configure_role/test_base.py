"""What the subcommands share: the profiles that a command line names, and their checks."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from awscli_xacct.configure_role.arguments import profiles_given
from awscli_xacct.configure_role.base import require_roles, shared_session
from awscli_xacct.errors import ValidationError
from awscli_xacct.messages import printable_lines
from awscli_xacct.profiles.inventory import Inventory
from awscli_xacct.storage.cache import Cache
from tests.support.home import Home

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
        (("prod", "--help"), "unrecognized arguments: --help. See: aws configure role help"),
    ],
)
def test_misspelled_words_are_met_with_what_was_meant(
    home: Home, arguments: tuple[str, ...], said: str
) -> None:
    outcome = run(home, *arguments)
    assert outcome.code == 252
    assert outcome.stderr.startswith(said)
