"""The plugin enabled, disabled and damaged: it does not affect commands without a role, and never breaks `aws`."""

from __future__ import annotations

import re

import pytest

from awscli_xacct import settings
from tests.sts import Role, Sts, User
from tests.support.commands import DISABLED, WHOAMI, caller_arn, caller_of, is_session_of, operations, run
from tests.support.home import AWS, Home, Outcome

from .conftest import Damage

UNFINISHED = "def unfinished("
BROKEN = "raise RuntimeError('broken')\n"


@pytest.mark.usefixtures("prod", "user")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        WHOAMI,
        (*WHOAMI, "--profile", "nobody"),
        ("configure", "list"),
        ("configure", "get", "region"),
        ("configure", "get", "role_arn", "--profile", "prod"),
    ],
    ids=" ".join,
)
def test_plugin_does_not_change_commands_without_a_role(home: Home, arguments: tuple[str, ...]) -> None:
    on = home.aws(*arguments)
    off = home.aws(*arguments, environment=DISABLED)
    assert on == off
    assert not (home.aws_dir / "xacct").exists()


def test_profile_unknown_gives_the_stock_error(home: Home) -> None:
    outcome = home.aws(*WHOAMI, "--profile", "nobody")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert outcome.lines == ["The config profile (nobody) could not be found"]


def test_profile_unknown_can_be_created_by_configure_set(home: Home) -> None:
    before = home.config.read_text(encoding="utf-8")
    assert home.aws("configure", "set", "region", "eu-west-1", "--profile", "brand-new") == Outcome(0, "", "")
    assert home.config.read_text(encoding="utf-8") == f"{before}[profile brand-new]\nregion = eu-west-1\n"


@pytest.mark.parametrize(
    "settings",
    [
        "source_profile = default\ncredential_source = Environment\n",
        "",
        "source_profile = nobody\n",
        "source_profile = back\n\n[profile back]\nrole_arn = {arn}\nsource_profile = prod\n",
    ],
    ids=["two sources", "no source", "unknown source", "a loop"],
)
@pytest.mark.usefixtures("user")
def test_profile_invalid_gives_the_stock_error(home: Home, role: Role, settings: str) -> None:
    home.write_config(f"[profile prod]\nrole_arn = {role.arn}\n{settings.format(arn=role.arn)}")
    on = home.aws(*WHOAMI, "--profile", "prod")
    assert on == home.aws(*WHOAMI, "--profile", "prod", environment=DISABLED)
    assert on.code == 255
    assert "Traceback" not in on.stderr


@pytest.mark.usefixtures("user")
def test_profile_invalid_is_reported_without_control_characters(home: Home, role: Role) -> None:
    """botocore's own error has what stands in the file as it is."""
    home.write_config(f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = a\x9b2J\u202eb\n")
    outcome = home.aws(*WHOAMI, "--profile", "prod")
    assert outcome.code == 255
    assert 'source_profile "a\\x9b2J\\u202eb" referenced' in outcome.stderr


@pytest.mark.parametrize("duration", ["2h", "3600.5", "43201"])
@pytest.mark.usefixtures("user")
def test_duration_that_stock_ignores_is_an_error(home: Home, sts: Sts, role: Role, duration: str) -> None:
    home.add_role("prod", role.arn, duration_seconds=duration)
    outcome = home.aws(*WHOAMI, "--profile", "prod")
    assert (outcome.code, outcome.stdout, operations(sts)) == (255, "", [])
    assert "profile prod: duration_seconds" in outcome.stderr
    assert repr(duration) in outcome.stderr


def test_plugin_disabled_leaves_the_stock_cli(home: Home, sts: Sts, role: Role, prod: str) -> None:
    assert is_session_of(role, caller_of(home, prod, environment=DISABLED))
    assert operations(sts) == ["AssumeRole", "GetCallerIdentity"]
    assert not (home.aws_dir / "xacct").exists()
    assert len(list((home.aws_dir / "cli" / "cache").iterdir())) == 1

    before = home.config.read_bytes()
    assert home.aws("configure", "role", "audit", "--role-arn", role.arn, environment=DISABLED).code != 0
    assert home.config.read_bytes() == before


def test_plugin_is_not_disabled_by_a_negative_value(home: Home, role: Role, prod: str) -> None:
    """`AWS_XACCT_DISABLE=false` turned it off, and gave a narrowed profile the whole role."""
    for value in (*settings.NOT_DISABLING, "False", "NO"):
        assert is_session_of(role, caller_of(home, prod, environment={"AWS_XACCT_DISABLE": value}))
    assert len(home.records()) == 1
    assert not (home.aws_dir / "cli").exists()


@pytest.mark.parametrize(
    ("variables", "options", "is_role"),
    [
        ({"AWS_PROFILE": "prod"}, (), True),
        ({"AWS_PROFILE": "nobody"}, ("--profile", "prod"), True),
        (
            {"AWS_ACCESS_KEY_ID": "{key}", "AWS_SECRET_ACCESS_KEY": "{secret}", "AWS_PROFILE": "prod"},
            (),
            False,
        ),
        (
            {"AWS_ACCESS_KEY_ID": "nobody's", "AWS_SECRET_ACCESS_KEY": "nothing"},
            ("--profile", "prod"),
            True,
        ),
    ],
    ids=["AWS_PROFILE", "--profile wins", "keys win", "--profile beats keys"],
)
@pytest.mark.usefixtures("prod")
def test_credentials_are_found_in_the_stock_order(
    home: Home, role: Role, user: User, variables: dict[str, str], options: tuple[str, ...], is_role: bool
) -> None:
    environment = {
        name: value.format(key=user.access_key, secret=user.secret_key) for name, value in variables.items()
    }
    for switch in ({}, DISABLED):
        caller = caller_arn(home.aws(*WHOAMI, *options, environment={**environment, **switch}))
        assert (is_session_of(role, caller), caller == user.arn) == (is_role, not is_role)


def test_config_and_credentials_files_can_be_elsewhere(home: Home, role: Role, prod: str) -> None:
    elsewhere = home.path / "elsewhere"
    elsewhere.mkdir()
    variables = {}
    for name, file in {
        "AWS_CONFIG_FILE": home.config,
        "AWS_SHARED_CREDENTIALS_FILE": home.credentials,
    }.items():
        variables[name] = str(file.rename(elsewhere / file.name))
    assert is_session_of(role, caller_of(home, prod, environment=variables))


# -- broken ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("storage/cache.py", UNFINISHED),
        ("settings.py", BROKEN),
        ("profiles/role.py", "raise SystemExit(3)\n"),
        ("errors.py", UNFINISHED),
        ("credentials/provider.py", ""),
        ("credentials/single_flight.py", None),
    ],
)
def test_plugin_damaged_leaves_roles_to_the_stock_cli(
    home: Home, role: Role, prod: str, damage: Damage, file: str, text: str | None
) -> None:
    outcome = home.aws(*WHOAMI, "--profile", prod, environment=damage(file, text))
    assert is_session_of(role, caller_arn(outcome))
    assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
    assert outcome.stderr.startswith("xacct: ")
    assert not (home.aws_dir / "cli").exists(), "the stock CLI's cache leaves out who calls"


@pytest.fixture
def broken(request: pytest.FixtureRequest, damage: Damage) -> dict[str, str]:
    """The environment of an installation in which the file of the parameter is damaged."""
    return damage(request.param, UNFINISHED)


BROKEN_WAYS = ["storage/locks.py", "profiles/cache_keys.py", "credentials/fetcher.py"]
"""Damage that is noticed when credentials are fetched, when the provider is installed, and in between."""


@pytest.mark.parametrize("broken", BROKEN_WAYS, indirect=True)
@pytest.mark.usefixtures("prod")
def test_plugin_damaged_never_uses_the_session_of_another_caller(
    home: Home, sts: Sts, role: Role, broken: dict[str, str]
) -> None:
    """Alice's `prod` and Bob's `pb` are the same role: the stock CLI's cache gave Bob Alice's session."""
    bob = sts.add_user("bob")
    home.add_keys(bob, "bob")
    role.trusts.append(bob.arn)
    home.add_role("pb", role.arn, source_profile="bob")
    theirs = {}
    for profile in ("prod", "pb"):
        assert is_session_of(role, caller_arn(home.aws(*WHOAMI, "--profile", profile, environment=broken)))
        theirs[profile] = sts.calls_of("AssumeRole")[-1].access_key
    assert theirs["prod"] != theirs["pb"] == bob.access_key
    assert operations(sts) == ["AssumeRole", "GetCallerIdentity"] * 2
    assert not (home.aws_dir / "cli").exists()


@pytest.mark.usefixtures("prod")
def test_plugin_damaged_neither_reads_nor_writes_the_stock_cache(
    home: Home, sts: Sts, role: Role, damage: Damage
) -> None:
    caller_of(home, "prod", environment=DISABLED)
    (kept,) = (home.aws_dir / "cli" / "cache").iterdir()
    before = kept.read_bytes()
    outcome = home.aws(*WHOAMI, "--profile", "prod", environment=damage("errors.py", UNFINISHED))
    assert is_session_of(role, caller_arn(outcome))
    assert len(sts.calls_of("AssumeRole")) == 2
    assert [path.read_bytes() for path in (home.aws_dir / "cli" / "cache").iterdir()] == [before]


@pytest.mark.parametrize("broken", BROKEN_WAYS, indirect=True)
@pytest.mark.parametrize(
    ("settings", "profile"),
    [({"session_tags": "team=dev"}, "prod"), ({"source_identity": "alice"}, "last")],
    ids=["its own", "a hop's before it"],
)
@pytest.mark.usefixtures("user")
def test_plugin_damaged_refuses_a_profile_that_stock_would_misread(
    home: Home, sts: Sts, role: Role, broken: dict[str, str], settings: dict[str, str], profile: str
) -> None:
    home.add_role("prod", role.arn, **settings)
    home.add_role("last", role.arn, source_profile="prod")
    outcome = home.aws(*WHOAMI, "--profile", profile, environment=broken)
    assert (outcome.code, outcome.stdout, operations(sts)) == (255, "", [])
    for word in (f"profile {profile}", f"{next(iter(settings))} of profile prod", "xacct doctor"):
        assert word in outcome.stderr
    assert "Traceback" not in outcome.stderr
    # Commands without credentials still work.
    assert home.aws("configure", "get", "region", "--profile", profile, environment=broken).code == 0


@pytest.mark.parametrize("file", ["errors.py", "configure_role/role.py"])
@pytest.mark.usefixtures("user")
def test_plugin_damaged_leaves_other_configure_commands_alone(home: Home, damage: Damage, file: str) -> None:
    outcome = home.aws("configure", "get", "region", environment=damage(file, UNFINISHED))
    assert (outcome.code, outcome.stdout) == (0, "us-west-1\n"), outcome.stderr
    assert len(outcome.stderr.splitlines()) <= 1, outcome.stderr


@pytest.mark.parametrize("arguments", [("--version",), WHOAMI], ids=" ".join)
def test_plugin_damaged_does_not_affect_commands_without_a_role(
    home: Home, user: User, damage: Damage, arguments: tuple[str, ...]
) -> None:
    outcome = home.aws(*arguments, environment=damage("errors.py", UNFINISHED))
    assert (outcome.code, outcome.stderr) == (0, "")
    assert arguments != WHOAMI or caller_arn(outcome) == user.arn


@pytest.mark.usefixtures("prod")
def test_user_agent_counts_features_like_the_stock_cli(home: Home, sts: Sts) -> None:
    """The `m/` part of the User-Agent, in the call for the role and in the call with it."""
    found = []
    for environment in ({}, DISABLED):
        sts.clear_calls()
        assert home.aws(*WHOAMI, "--profile", "prod", environment=environment).code == 0
        agents = [call.user_agent for call in sts.calls]
        found.append([sorted(re.findall(r" m/([\w,+-]+)", agent)[0].split(",")) for agent in agents])
    assert found[0] == found[1]
    assert len(found[0]) == 2
    assert "i" in found[0][1]


def test_completion_damaged_leaves_the_stock_completion(home: Home, damage: Damage) -> None:
    """It is loaded while the plugin is initialized: every Tab printed a traceback."""
    line = "aws configure li"
    environment = {
        **damage("configure_role/completion.py", UNFINISHED),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    outcome = run(home, str(AWS.with_name("aws_completer")), environment=environment)
    assert (outcome.code, outcome.stdout.split(), outcome.stderr) == (0, ["list"], "")
