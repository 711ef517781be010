"""Configs written for aws-vault, granted, awsume and aws-runas, read as those tools read them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from awscli_xacct.manifest.model import RoleSpecs
from awscli_xacct.manifest.other_tools import read

from .configs import DEVICE, arn

KEYS = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}


def read_config(tool: str, text: str, *, is_own: bool = True, **profiles: dict[str, str]) -> RoleSpecs:
    own = {"default": KEYS, "root": KEYS, **profiles}
    return read(dedent(text).encode(), "config", tool, own, is_own=is_own)


def roles(specs: RoleSpecs) -> dict[str, dict[str, str | None]]:
    assert specs.problems == []
    return {role.profile: dict(role.options) for role in specs.roles}


VAULT = f"""\
[default]
region = us-east-1
mfa_serial = arn:aws:iam::999999999999:mfa/nobody

[profile common]
region = eu-west-1
mfa_serial = {DEVICE}
source_profile = root
session_tags = team=ops

[profile root]
include_profile = common

[profile dev]
include_profile = common
role_arn = {arn("2", "Dev")}
Region = eu-west-2

[profile admin]
parent_profile = dev
role_arn = {arn("2", "Admin")}
mfa_process = pass otp aws
"""


def test_aws_vault_profiles_get_what_they_include_and_nothing_from_default() -> None:
    assert roles(read_config("aws-vault", VAULT)) == {
        "dev": {
            "role_arn": arn("2", "Dev"),
            "source_profile": "root",
            "mfa_serial": DEVICE,
            "region": "eu-west-2",
            "session_tags": "team=ops",
        },
        "admin": {
            "role_arn": arn("2", "Admin"),
            "source_profile": "root",
            "mfa_serial": DEVICE,
            "mfa_process": "pass otp aws",
            "region": "eu-west-2",
            "session_tags": "team=ops",
        },
    }


def test_aws_vault_role_can_be_included_as_a_whole() -> None:
    text = f"""\
        [profile base]
        role_arn = {arn("2", "Dev")}
        source_profile = root
        [profile east]
        include_profile = base
        region = us-east-1
        """
    assert roles(read_config("aws-vault", text))["east"] == {
        "role_arn": arn("2", "Dev"),
        "source_profile": "root",
        "region": "us-east-1",
    }


def test_aws_vault_recursive_include_is_reported_where_it_begins() -> None:
    text = f"""\
        [profile one]
        role_arn = {arn("2", "Dev")}
        include_profile = two
        [profile two]
        include_profile = one
        """
    found = read_config("aws-vault", text).problems
    assert str(found[0]) == "config:3:1: include_profile: recursion: one -> two -> one"


def test_aws_vault_missing_include_is_ignored_with_a_note() -> None:
    text = f"""\
        [profile dev]
        role_arn = {arn("2", "Dev")}
        source_profile = root
        include_profile = gone
        """
    specs = read_config("aws-vault", text)
    assert specs.notes == ["dev includes profile gone, which does not exist; aws-vault ignores that"]
    assert [*roles(specs)] == ["dev"]


def test_aws_vault_role_with_keys_of_its_own_does_not_fall_back_to_default() -> None:
    text = f"[profile dev]\nrole_arn = {arn('2', 'Dev')}\n"
    assert [str(problem) for problem in read_config("aws-vault", text).problems] == [
        "config:2:1: profile dev has no source_profile: aws-vault assumes its role with keys stored for dev; store "
        "these for a profile without a role, and name that one as source_profile"
    ]
    assert roles(read_config("aws-vault", text, dev=KEYS))["dev"]["source_profile"] == "dev"


def test_aws_vault_source_without_credentials_for_aws_comes_with_the_command() -> None:
    text = f"[profile 'my key']\n[profile dev]\nrole_arn = {arn('2', 'Dev')}\nsource_profile = my key\n"
    assert read_config("aws-vault", text).notes == [
        "aws has no credentials of profile my key. To use those that aws-vault keeps:\n"
        "  aws configure set credential_process 'aws-vault export --no-session --format=json '\"'\"'my key'\"'\"'' "
        "--profile 'my key'"
    ]


def test_granted_role_gets_the_device_of_its_source_and_colors_are_left_out() -> None:
    text = f"""\
        [profile root]
        mfa_serial = {DEVICE}
        [profile dev]
        role_arn = {arn("2", "Dev")}
        source_profile = root
        granted_color = blue
        [profile sso]
        granted_sso_role_name = Admin
        credential_process = granted credential-process --profile sso
        """
    specs = read_config("granted", text)
    assert roles(specs) == {
        "dev": {"role_arn": arn("2", "Dev"), "source_profile": "root", "mfa_serial": DEVICE}
    }
    assert specs.notes == [
        "granted_color has no counterpart here and is not imported: dev",
        "granted_sso_role_name has no counterpart here and is not imported: sso",
    ]


def test_awsume_role_gets_source_device_region_and_duration() -> None:
    text = f"""\
        [default]
        region = us-east-1
        mfa_serial = {DEVICE}
        [profile dev]
        role_arn = {arn("2", "Dev")}
        role_duration = 7200
        [profile saml]
        role_arn = {arn("2", "Saml")}
        principal_arn = arn:aws:iam::222222222222:saml-provider/Idp
        [profile auto-refresh-dev]
        role_arn = {arn("2", "Dev")}
        autoawsume = true
        """
    specs = read_config("awsume", text)
    assert roles(specs) == {
        "dev": {
            "role_arn": arn("2", "Dev"),
            "source_profile": "default",
            "mfa_serial": DEVICE,
            "region": "us-east-1",
            "duration_seconds": "7200",
        }
    }
    assert specs.notes[:2] == [
        "skipped profile saml: awsume signs in to it in another way, with principal_arn",
        "skipped profile auto-refresh-dev: awsume made it to keep a session",
    ]


RUNAS = f"""\
[default]
region = us-east-1
source_profile = root
credentials_duration = 2h
[profile root]
mfa_serial = {DEVICE}
session_token_duration = 8h30m
[profile dev]
role_arn = {arn("2", "Dev")}
region = us-west-2
[profile hop]
role_arn = {arn("3", "Hop")}
source_profile = dev
credentials_duration = 0.5h
[profile okta]
role_arn = {arn("4", "Okta")}
saml_auth_url = https://example.com
"""


def test_aws_runas_role_gets_what_its_source_and_default_have() -> None:
    specs = read_config("aws-runas", RUNAS)
    assert roles(specs) == {
        "dev": {
            "role_arn": arn("2", "Dev"),
            "source_profile": "root",
            "mfa_serial": DEVICE,
            "duration_seconds": "7200",
            "region": "us-west-2",
        },
        "hop": {
            "role_arn": arn("3", "Hop"),
            "source_profile": "dev",
            "duration_seconds": "1800",
            "region": "us-west-2",
        },
    }
    assert specs.notes == [
        "skipped profile okta: aws-runas signs in to it in another way, with saml_auth_url",
        "saml_auth_url has no counterpart here and is not imported: okta",
        "session_token_duration of root is one setting for all profiles here. To have MFA sessions of that length, "
        "add this to the config:\n"
        "  [xacct]\n"
        "  mfa_session_duration = 30600",
    ]


@pytest.mark.parametrize("text", ["1.5", "two hours", "1d", "0.0001s", "-1h", "", "1h garbage", "²h"])
def test_aws_runas_duration_that_is_none_is_reported(text: str) -> None:
    config = f"[profile dev]\nrole_arn = {arn('2', 'Dev')}\ncredentials_duration = {text}\n"
    assert [str(problem) for problem in read_config("aws-runas", config).problems] == [
        f"config:3:1: credentials_duration {text!r} is not a duration"
    ]


def test_role_with_a_role_as_its_source_gets_no_device() -> None:
    text = f"""\
        [profile dev]
        role_arn = {arn("2", "Dev")}
        source_profile = root
        mfa_serial = {DEVICE}
        [profile hop]
        role_arn = {arn("3", "Hop")}
        source_profile = dev
        mfa_serial = {DEVICE}
        """
    specs = read_config("granted", text)
    assert "mfa_serial" not in roles(specs)["hop"]
    assert specs.notes == [
        "mfa_serial of hop is left out: its source dev is a role, and only users have devices"
    ]


def test_each_unknown_key_is_reported_and_settings_of_aws_only_from_another_file() -> None:
    text = f"""\
        [profile root]
        fooo = 1
        [profile dev]
        role_arn = {arn("2", "Dev")}
        source_profile = root
        rol_arn = x
        output = json
        color = red
        """
    unknown = [
        "unknown key fooo is not imported: root",
        "unknown key rol_arn is not imported: dev",
    ]
    color = "color, a key of AWS Extend Switch Roles, is not imported, only the settings of a role are: dev"
    output = "output is not imported, only the settings of a role are: dev"
    assert read_config("granted", text).notes == [*unknown, color]
    assert read_config("granted", text, is_own=False).notes == [*unknown, output, color]


def test_config_without_roles_is_a_problem() -> None:
    assert [str(problem) for problem in read_config("awsume", "[default]\n").problems] == [
        "config: there are no roles"
    ]
