"""The commands that messages quote are run as they are, for profiles with all kinds of names."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from awscli_xacct.configfile.sections import make_header
from tests.sts import MfaDevice, Role, Sts
from tests.support.commands import ONE_TRY, WHOAMI
from tests.support.home import Home, Outcome

from .steps import STRANGER, done, refused, run

NAMES = ["list", "help", "-x", "--yes it's $HOME", "file://prüd"]
"""One of each kind. tests/test_messages.py has more, without running `aws`."""

odd_names = pytest.mark.parametrize("name", NAMES)


def add(home: Home, name: str, role: Role, **options: object) -> None:
    home.add_role(make_header(name).removeprefix("profile "), role.arn, **options)


def pasted(home: Home, command: str) -> Outcome:
    """Run a line of a message as a shell would, after a person has pasted it."""
    script = f"aws() {{ printf '%s\\0' \"$@\"; }}\n{command}"
    shell = subprocess.run(
        ["/bin/sh", "-c", script], env=home.environment, capture_output=True, text=True, check=False
    )
    assert (shell.returncode, shell.stderr) == (0, "")
    *words, end = shell.stdout.split("\0")
    assert words, command
    assert end == ""
    return home.aws(*words)


@pytest.mark.usefixtures("user")
@odd_names
def test_quoted_commands_fix_a_setting_and_try_it(home: Home, role: Role, name: str) -> None:
    """For a profile `list`, the error used to quote a command that ended in "Unknown options"."""
    add(home, name, role, duration_seconds="2h")
    broken = home.aws(*WHOAMI, f"--profile={name}")
    assert broken.code == 255
    mended = pasted(home, broken.lines[-1])
    assert (mended.code, mended.lines[0]) == (0, f"wrote profile {name} to {home.config}")
    tried = pasted(home, mended.lines[1].removeprefix("try it: "))
    assert (tried.code, tried.stderr) == (0, "")
    assert f"assumed-role/{role.name}" in tried.stdout


@pytest.mark.usefixtures("user")
@odd_names
def test_quoted_command_tries_a_new_profile(home: Home, role: Role, name: str) -> None:
    """`--profile=-x` was accepted, but then `aws … --profile -x` was quoted, which is a usage error."""
    outcome = done(home, f"--profile={name}", "--role-arn", role.arn)
    tried = pasted(home, outcome.lines[-1].removeprefix("try it: "))
    assert (tried.code, tried.stderr) == (0, "")


@odd_names
def test_quoted_commands_after_a_denial_or_without_a_terminal_name_the_profile(
    home: Home, sts: Sts, role: Role, device: MfaDevice, name: str
) -> None:
    trusted = list(role.trusts)
    role.trusts[:] = [STRANGER]
    add(home, name, role)
    denied = home.aws(*WHOAMI, f"--profile={name}", environment=ONE_TRY)
    role.trusts[:] = trusted
    verified = pasted(home, denied.lines[-1])
    assert (verified.code, len(sts.calls_of("AssumeRole"))) == (0, 2), verified.stderr

    home.write_config("")
    add(home, name, role, mfa_serial=device.serial)
    lines = refused(home, "login", f"--profile={name}", code=253)
    assert pasted(home, lines[-1]).lines == lines


@pytest.mark.usefixtures("user")
@odd_names
def test_quoted_command_makes_a_role_profile(home: Home, role: Role, name: str) -> None:
    home.write_config(f"[{make_header(name)}]\nregion = us-west-1\n")
    fault = refused(home, "show", f"--profile={name}", code=253)[-1]
    command = fault.rpartition("with: ")[2].replace(" ARN", f" {shlex.quote(role.arn)}")
    made = pasted(home, command)
    assert made.code == 0, made.stderr


@pytest.mark.usefixtures("user")
@odd_names
def test_quoted_commands_of_doctor_fix_what_it_finds(home: Home, role: Role, name: str) -> None:
    add(home, name, role, duration_seconds="2h")
    found = home.xacct("doctor", environment=home.forked_aws).stdout
    command = next(line for line in found.splitlines() if "--duration-seconds VALUE" in line)
    command = command[command.index("aws configure") :].replace("VALUE", "3600")
    assert pasted(home, command).code == 0
    assert run(home, "show", f"--profile={name}").code == 0
