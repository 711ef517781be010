"""How the commands in messages name a profile, whatever it is called."""

from __future__ import annotations

import shlex

import pytest

from awscli_xacct import messages
from awscli_xacct.configure_role.role import RoleCommand
from awscli_xacct.messages import profile_option, role_command, subcommand


def test_the_names_that_are_subcommands_are_those_there_are() -> None:
    assert set(messages.SUBCOMMANDS) == {entry["name"] for entry in RoleCommand.SUBCOMMANDS}


@pytest.mark.parametrize(
    ("profile", "role", "login", "option"),
    [
        ("prod", "prod", "prod", "--profile prod"),
        ("my prod", "'my prod'", "'my prod'", "--profile 'my prod'"),
        ("list", "--profile=list", "list", "--profile list"),
        ("help", "--profile=help", "--profile=help", "--profile help"),
        ("-x", "--profile=-x", "--profile=-x", "--profile=-x"),
        ("-x y", "'--profile=-x y'", "'--profile=-x y'", "'--profile=-x y'"),
        ("file://x", "--profile=file://x", "--profile=file://x", "--profile file://x"),
    ],
)
def test_the_plain_form_is_used_wherever_it_will_do(profile: str, role: str, login: str, option: str) -> None:
    assert role_command(profile) == f"aws configure role {role}"
    assert role_command(profile, "--external-id 42") == f"aws configure role {role} --external-id 42"
    assert subcommand("login", profile) == f"aws configure role login {login}"
    assert profile_option(profile) == option


@pytest.mark.parametrize("profile", ["a'b", '"', "$(id)", "~", "prüd", "a;b", "*", "\\"])
def test_a_shell_reads_the_name_as_it_is(profile: str) -> None:
    assert shlex.split(role_command(profile))[3:] == [profile]
    assert shlex.split(profile_option(profile)) == ["--profile", profile]
