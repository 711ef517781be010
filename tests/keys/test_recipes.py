"""The recipes of docs/keys.md for keys and codes that other programs keep."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.sts import MfaDevice, Role, User
from tests.support.commands import WHOAMI
from tests.support.home import XACCT, Home
from tests.support.programs import need
from tests.support.terminal import Terminal

PAGE = Path(__file__).resolve().parents[2].joinpath("docs", "keys.md").read_text("utf-8")
ROW = re.compile(r"^\| [\w -]+ \| `([^`]+)`.* \|$", re.MULTILINE)


def recipes(title: str) -> list[str]:
    """Return the commands in the table with this title."""
    table = PAGE.partition(f"| program | `{title} =` |")[2].partition("\n\n")[0]
    found = ROW.findall(table)
    assert found
    return found


def write_program(home: Home, name: str, output: str) -> dict[str, str]:
    """Write a stand-in for a program, and return the environment that has it on the PATH."""
    directory = home.path / "stand-ins"
    directory.mkdir(exist_ok=True)
    program = directory / name
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\n", "utf-8")
    program.chmod(0o755)
    return {"PATH": f"{directory}:{home.environment['PATH']}"}


def document(user: User) -> str:
    return json.dumps({"Version": 1, "AccessKeyId": user.access_key, "SecretAccessKey": user.secret_key})


def move_key_to_a_program(home: Home, command: str) -> None:
    home.credentials.unlink()
    done = home.aws("configure", "set", "credential_process", command)
    assert done.code == 0, done.stderr


@pytest.mark.parametrize("command", recipes("credential_process"))
def test_recipe_for_a_key_gives_aws_and_its_roles_credentials(
    home: Home, user: User, prod: str, command: str
) -> None:
    move_key_to_a_program(home, command)
    words = shlex.split(command)
    program = words[2].split()[0] if words[0] == "sh" else words[0]
    environment = write_program(home, program, document(user))
    for arguments in (WHOAMI, (*WHOAMI, "--profile", prod)):
        outcome = home.aws(*arguments, environment=environment)
        assert outcome.code == 0, outcome.stderr


@pytest.mark.parametrize("command", recipes("mfa_process"))
def test_recipe_for_codes_logs_in(home: Home, role: Role, device: MfaDevice, command: str) -> None:
    role.require_mfa = True
    home.add_role("vault", role.arn, mfa_serial=device.serial, mfa_process=command)
    environment = write_program(home, shlex.split(command)[0], device.next_code())
    outcome = home.aws(*WHOAMI, "--profile", "vault", environment=environment)
    assert outcome.code == 0, outcome.stderr


@pytest.mark.late
def test_recipe_for_pass_works_with_pass_itself(home: Home, user: User) -> None:
    need("pass", "gpg")
    environment = {**home.environment, "GNUPGHOME": str(home.path / ".gnupg")}
    (home.path / ".gnupg").mkdir(mode=0o700)

    def run(*command: str, text: str = "") -> None:
        subprocess.run(command, env=environment, input=text, check=True, capture_output=True, text=True)

    run(
        "gpg",
        "--batch",
        "--passphrase",
        "",
        "--quick-generate-key",
        "dev",
        "future-default",
        "default",
        "never",
    )
    run("pass", "init", "dev")
    run("pass", "insert", "--multiline", "aws/default", text=document(user))
    move_key_to_a_program(home, recipes("credential_process")[0])
    outcome = home.aws(*WHOAMI, environment=environment)
    run("gpgconf", "--kill", "all")
    assert outcome.code == 0, outcome.stderr


@pytest.mark.usefixtures("user", "key_store")
@pytest.mark.parametrize("action", ["rotate", "store"])
def test_page_shows_the_question_and_the_answer(home: Home, action: str) -> None:
    command = f"xacct keys {action} default"
    shown = PAGE.partition(f"    $ {command}\n")[2].partition("\n\n")[0]
    terminal = Terminal(home.terminal_for(str(XACCT), *command.split()[1:]))
    terminal.expect("[y/N] ")
    terminal.type("y")
    assert terminal.end() == 0
    printed = terminal.shown.replace(str(home.path), "/home/you").replace(
        "Test Keyring", "SecretService Keyring"
    )
    assert name_no_keys(printed) == name_no_keys(shown)


def name_no_keys(text: str) -> list[str]:
    return [re.sub(r"\bAKIA[A-Z0-9]+", "AKIA…", line.strip()) for line in text.splitlines()]
