"""`aws configure role PROFILE`: --verify, --force, --dry-run, and unusual profile names."""

from __future__ import annotations

import shlex

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import ONE_TRY, WHOAMI, operations
from tests.support.home import Home, finish

from .steps import NO_REGION, STRANGER, Screen, done, refused, run

SETTINGS = {
    "--session-tags": ["team=ops", "cost center=R and D"],
    "--transitive-session-tags": ["team"],
    "--source-identity": ["dev@example.com"],
    "--mfa-process": ["curl -s URL/_code"],
}


def test_extended_settings_are_written_sent_and_part_of_the_cache_key(
    home: Home, sts: Sts, role: Role, audit_role: Role, device: MfaDevice
) -> None:
    role.require_mfa = True
    options = [
        text.replace("URL", sts.url) for option, values in SETTINGS.items() for text in (option, *values)
    ]
    common = ("prod", "--role-arn", role.arn, "--mfa-serial", device.serial, "--region", "us-west-1")
    done(home, *common, *options)
    assert home.config.read_text(encoding="utf-8").endswith(
        f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\nmfa_serial = {device.serial}\n"
        f"mfa_process = curl -s {sts.url}/_code\n"
        f"session_tags = team=ops,cost center=R and D\ntransitive_session_tags = team\n"
        f"source_identity = dev@example.com\nregion = us-west-1\n"
    )
    home.add_role("audit", audit_role.arn, source_profile="prod")
    assert home.aws(*WHOAMI, "--profile", "audit").code == 0
    first, second = sts.calls_of("AssumeRole")
    assert first.tags == {"team": "ops", "cost center": "R and D"}
    assert first.transitive_tag_keys == ["team"]
    assert first.parameters["SourceIdentity"] == "dev@example.com"
    assert second.tags == {}
    # All settings but mfa_process are part of the cache key.
    for option, value, misses in (("--mfa-process", "false", 0), ("--session-tags", "team=dev", 1)):
        sts.clear_calls()
        done(home, "prod", option, value)
        assert home.aws(*WHOAMI, "--profile", "prod").code == 0
        assert len(sts.calls_of("AssumeRole")) == misses


def test_verify_option_writes_only_a_role_that_can_be_assumed(
    home: Home, sts: Sts, role: Role, device: MfaDevice
) -> None:
    role.require_mfa = True
    common = ("prod", "--role-arn", role.arn, "--verify")
    lines = refused(home, *common, code=254)
    assert lines[0] == "prod:"
    assert f"  add this statement to the trust policy of {role.arn}:" in lines
    assert lines[-1] == "profile prod was not written"
    # Nothing is written, so the whole command is what may work.
    typed = f"aws configure role prod --role-arn {role.arn} --verify"
    assert (
        f"    - the role may require MFA, and the profile has no device: {typed} --mfa-serial auto" in lines
    )
    assert operations(sts) == ["AssumeRole", "GetCallerIdentity"]

    screen = Screen(home, *common, "--mfa-serial", device.serial)
    screen.code(device.next_code())
    assert screen.end() == 0
    assert screen.shown.splitlines()[1:] == [
        f"role {role.arn} was assumed",
        "source_profile = default, because no source was given",
        NO_REGION,
        f"wrote profile prod to {home.config}",
    ]
    sts.clear_calls()
    outcome = home.aws(*WHOAMI, "--profile", "prod", "--region", "us-west-1")
    assert (outcome.code, operations(sts)) == (0, ["GetCallerIdentity"])

    # A change that would not work is not written either.
    role.trusts[:] = [STRANGER]
    assert (
        refused(home, "prod", "--external-id", "42", "--verify", code=254)[-1]
        == "profile prod was not written"
    )


@pytest.mark.usefixtures("user")
def test_verify_option_writes_nothing_while_sts_does_not_answer(home: Home, sts: Sts, role: Role) -> None:
    common = ("prod", "--role-arn", role.arn, "--verify")
    down = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", **ONE_TRY}
    lines = refused(home, *common, environment=down, code=255)
    assert lines[1] == '  Could not connect to the endpoint URL: "http://127.0.0.1:1/"'
    assert lines[-1] == "profile prod was not written"
    before = home.config.read_bytes()
    with sts.hold("AssumeRole") as held:
        process = home.fork("configure", "role", *common)
        held.wait_for(1)
        assert home.config.read_bytes() == before
    assert finish(process).code == 0
    assert home.config.read_bytes() != before


@pytest.mark.usefixtures("user")
def test_profile_with_other_credentials_needs_force(home: Home, role: Role) -> None:
    home.write_config("[profile prod]\nsso_session = mine\nregion = us-west-1\n")
    assert refused(home, "prod", "--role-arn", role.arn) == [
        "profile prod was not written, because",
        "  - profile prod also has sso_session, and only one of the two would be used. Use another profile name, "
        "or write it all the same:",
        f"      aws configure role prod --role-arn {role.arn} --force",
    ]
    done(home, "prod", "--role-arn", role.arn, "--force")
    assert home.config.read_text(encoding="utf-8").endswith(
        f"sso_session = mine\nregion = us-west-1\nrole_arn = {role.arn}\nsource_profile = default\n"
    )


@pytest.mark.usefixtures("user")
def test_profile_named_as_a_subcommand_is_given_as_an_option(home: Home, role: Role) -> None:
    outcome = done(home, "--profile", "list", "--role-arn", role.arn)
    assert outcome.lines[2] == f"wrote profile list to {home.config}"
    assert home.aws(*WHOAMI, "--profile", "list", "--region", "us-west-1").code == 0
    done(home, "remove", "--profile", "list", "--yes")
    assert "[profile list]" not in home.config.read_text(encoding="utf-8")


@pytest.mark.usefixtures("user")
def test_profile_given_twice_with_different_names_is_an_error(home: Home, role: Role) -> None:
    assert refused(home, "one", "--profile", "two", "--role-arn", role.arn) == [
        "two profiles given",
        "  - pass either one or --profile two",
    ]


@pytest.mark.usefixtures("user")
def test_dry_run_hides_secrets_near_the_change(home: Home, role: Role) -> None:
    home.write_config("[profile other]\nAWS_Secret_Access_Key=hush\naws_session_token : hush\n")
    outcome = run(home, "prod", "--role-arn", role.arn, "--dry-run")
    assert (outcome.code, "hush" in outcome.stdout) == (0, False)
    assert " AWS_Secret_Access_Key=(hidden)\n aws_session_token : (hidden)\n" in outcome.stdout


def test_setting_overridden_by_the_credentials_file_is_an_error(
    home: Home, role: Role, audit_role: Role
) -> None:
    """It takes precedence: the profile used to be reported as written and verified, but remained another role."""
    with home.credentials.open("a", encoding="utf-8") as file:
        file.write(f"[prod]\nrole_arn = {audit_role.arn}\nsource_profile = default\nexternal_id = tenant\n")
    lines = len(home.credentials.read_text(encoding="utf-8").splitlines())
    said = refused(home, "prod", "--role-arn", role.arn, "--external-id", "")
    wins = "which takes precedence; remove it there"
    assert sorted(said[1:]) == [
        f"  - external_id of prod is also set in {home.credentials}, line {lines}, {wins}",
        f"  - role_arn of prod is also set in {home.credentials}, line {lines - 2}, {wins}",
    ]
    assert run(home, "prod", "--role-arn", audit_role.arn).code == 0


def test_mfa_session_mode_is_written_like_other_settings(home: Home, role: Role) -> None:
    """The fix of an invalid one used to be `aws configure set`, which creates a second section for `my prod`."""
    home.add_role('"my prod"', role.arn, mfa_session="yes")
    outcome = home.aws(*WHOAMI, "--profile", "my prod")
    assert outcome.lines[-1] == "  aws configure role 'my prod' --mfa-session auto"
    done(home, "my prod", "--mfa-session", "auto")
    assert home.config.read_text(encoding="utf-8").count("my prod") == 1
    assert home.aws(*WHOAMI, "--profile", "my prod").code == 0
    assert refused(home, "my prod", "--mfa-session", "maybe")[1] == (
        "  - --mfa-session 'maybe': must be one of auto, on, off"
    )


def test_profile_option_may_name_a_new_profile_to_verify(
    home: Home, sts: Sts, role: Role, device: MfaDevice
) -> None:
    """Names of subcommands can only be given this way. No client can be created for a profile that does not exist."""
    done(home, "--profile", "list", "--role-arn", role.arn, "--verify")
    done(home, "--profile", "show", "--role-arn", role.arn, "--mfa-serial", "auto")
    assert (
        f"[profile show]\nrole_arn = {role.arn}\nsource_profile = default\nmfa_serial = {device.serial}"
        in (home.config.read_text(encoding="utf-8"))
    )
    assert operations(sts) == ["AssumeRole", "ListMFADevices"]


def test_profile_unknown_in_the_environment_does_not_matter(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn)
    stale = {"AWS_PROFILE": "gone"}
    for command in (("verify", "prod"), ("login", "prod"), ("list", "--query", "[].Profile")):
        assert run(home, *command, environment=stale).code == 0


def test_missing_region_is_mentioned_once_where_no_region_would_be_found(
    home: Home, user: User, role: Role
) -> None:
    """Right after a full `aws configure`, the first command with the profile said "You must specify a region"."""
    home.add_keys(user, "bare")
    arn = ("--role-arn", role.arn)
    quiet = [
        ("a", *arn, "--source-profile", "bare"),
        ("b", *arn, "--credential-source", "Environment"),
        ("c", *arn, "--region", "eu-west-1"),
        ("d", *arn, "--region", ""),
    ]
    for arguments in quiet:
        assert "no region" not in done(home, *arguments).stderr, arguments
    variable = {"AWS_DEFAULT_REGION": "eu-west-1"}
    assert "no region" not in done(home, "e", *arn, environment=variable).stderr

    assert NO_REGION in done(home, "prod", *arn, "--dry-run").lines
    assert NO_REGION in done(home, "prod", *arn).lines
    assert "no region" not in done(home, "prod", "--external-id", "x1").stderr
    # Not a region of its own source, which has none either, but of the one where the chain begins.
    chained = NO_REGION.replace("prod", "deep").replace("its source default", "default")
    assert chained in done(home, "deep", *arn, "--source-profile", "prod").lines
    assert NO_REGION.replace("prod", "a") in done(home, "a", "--source-profile", "default").lines
    done(home, *shlex.split(NO_REGION)[-3:])
    assert home.aws("configure", "get", "region", "--profile", "prod").stdout == "us-west-1\n"


@pytest.mark.usefixtures("user")
def test_region_of_a_source_that_no_command_line_would_accept_is_not_proposed(home: Home, role: Role) -> None:
    config = home.config.read_text("utf-8").replace("us-west-1", "us west; reboot")
    home.config.write_text(config, encoding="utf-8")
    assert "region" not in done(home, "prod", "--role-arn", role.arn, "--dry-run").stderr
