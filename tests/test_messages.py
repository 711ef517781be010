"""Messages: how they are wrapped, where they are printed, and how their commands name a profile."""

from __future__ import annotations

import ast
import fcntl
import json
import os
import pty
import re
import shlex
import struct
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pexpect
import pytest

from awscli_xacct import messages
from awscli_xacct.configure_role.role import RoleCommand
from awscli_xacct.messages import profile_option, role_command, subcommand
from awscli_xacct.wrapping import wrap
from tests.sts import Sts
from tests.support.home import XACCT, Home

DEVICE = "arn:aws:iam::111111111111:mfa/dev"
NO_PROMPT = {"AWS_XACCT_MFA_PROMPT": "none"}


# -- wrapping --------------------------------------------------------------------------------------


@pytest.fixture
def terminal() -> Iterator[TextIO]:
    """A stream that writes to a terminal of 40 columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with os.fdopen(slave, "w") as stream:
        yield stream
    os.close(master)


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("short", "short"),
        (
            "a sentence that is longer than the forty columns there are",
            "a sentence that is longer than the forty\n  columns there are",
        ),
        (
            "heading:\n  - an item of a list that is longer than the columns\n  - another",
            "heading:\n  - an item of a list that is longer\n    than the columns\n  - another",
        ),
        (
            "profile prod assumes no role; make it one with: aws configure role prod --role-arn ARN",
            "profile prod assumes no role; make it\n  one with:\n  aws configure role prod --role-arn ARN",
        ),
        (
            "Log in, so that others can work meanwhile:\n  aws configure role login --some-long-option prod",
            "Log in, so that others can work\n  meanwhile:\n  aws configure role login --some-long-option prod",
        ),
        (
            "the file with the profiles, /home/me/My Documents/aws/config, is gone",
            "the file with the profiles,\n  /home/me/My Documents/aws/config, is\n  gone",
        ),
        (
            "it is in /a/directory/whose/name/is/longer-than-the-terminal/is-wide and stays",
            "it is in\n  /a/directory/whose/name/is/longer-than-the-terminal/is-wide\n  and stays",
        ),
        (
            "prod:\n  An error occurred when calling AssumeRole: no",
            "prod:\n  An error occurred when calling\n    AssumeRole: no",
        ),
        (
            "prod:\n  called by arn:aws:iam::111111111111:user/a-developer",
            "prod:\n  called by\n    arn:aws:iam::111111111111:user/a-developer",
        ),
        (
            "try it: aws configure role list; to disable it again: xacct disable",
            "try it: aws configure role list; to\n  disable it again:\n  xacct disable",
        ),
        (
            "none has a device, so try this one: --mfa-serial auto",
            "none has a device, so try this one:\n  --mfa-serial auto",
        ),
        (
            "profile 本番環境の監査 has no credentials",
            "profile 本番環境の監査 has no\n  credentials",
        ),
        (
            "MFA code of the phone for profile prod (a session): ",
            "MFA code of the phone for profile prod\n  (a session): ",
        ),
        (
            "  +role_arn = arn:aws:iam::222222222222:role/Power",
            "  +role_arn = arn:aws:iam::222222222222:role/Power",
        ),
        (
            '  -    "Resource": "a line of JSON, in a difference"',
            '  -    "Resource": "a line of JSON, in a difference"',
        ),
        (
            '    "Resource": "a line of JSON, or of a difference, whatever"',
            '    "Resource": "a line of JSON, or of a difference, whatever"',
        ),
        (
            "x gives SDKs the keys: credential_process = xacct credentials x",
            "x gives SDKs the keys:\n  credential_process = xacct credentials x",
        ),
        (
            "Code for default, a session of all but 1 h 30 min, until 17:04 CET or rather for 300 s, as it is: ",
            "Code for default, a session of all but\n  1 h 30 min, until 17:04 CET or rather\n  for 300 s, as it is: ",
        ),
    ],
    ids=[
        "short",
        "sentence",
        "list",
        "command",
        "own-line",
        "path-with-spaces",
        "long-path",
        "indented-sentence",
        "lower-case-sentence",
        "two-commands",
        "option",
        "wide-letters",
        "prompt",
        "setting",
        "difference",
        "indented",
        "program-of-a-setting",
        "quantities",
    ],
)
def test_wrap_breaks_at_words_but_not_in_a_command_or_a_path(
    terminal: TextIO, text: str, wrapped: str
) -> None:
    assert wrap(text, terminal) == wrapped
    assert wrap(wrapped, terminal) == wrapped


@pytest.mark.parametrize(
    "command",
    [
        "pipx inject awscli awscli-xacct",
        "python3 -m venv DIRECTORY && DIRECTORY/bin/pip install awscli-xacct && DIRECTORY/bin/xacct enable",
        "/opt/venv/bin/python -m pip install --upgrade awscli-xacct",
        "'/home/me/my venv/bin/python' -m pip install awscli-xacct",
        "/opt/bin/aws --version",
        "keyring del xacct default",
        'sudo chown "$(id -u)" /home/me/.aws/config',
        'for profile in prod audit; do aws configure role "$profile" --mfa-serial auto; done',
        "AWS_PROFILE=prod terraform apply -auto-approve",
    ],
)
def test_wrap_leaves_commands_on_lines_of_their_own_alone(terminal: TextIO, command: str) -> None:
    text = f"Try:\n  {command} {'x' * 40}"
    assert wrap(text, terminal) == text


def test_wrap_breaks_a_sentence_that_begins_with_a_program(terminal: TextIO) -> None:
    text = "unknown key externalid\n  aws ignores it: if you mean external_id, rename it"
    assert wrap(text, terminal).endswith("\n  aws ignores it: if you mean\n    external_id, rename it")


def test_wrap_leaves_text_alone_where_there_is_no_terminal() -> None:
    long = "word " * 100
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        assert wrap(long, nowhere) == long
    assert wrap(long, nowhere) == long, "a stream that is closed"
    assert wrap(long, None) == long


def shown_by(child: pexpect.spawn[str]) -> list[str]:
    """The lines that a command shows on its terminal."""
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before).strip().splitlines()


@pytest.fixture
def role_with_device(home: Home, sts: Sts) -> Home:
    """A home where `prod` needs a code, and nobody can be asked for it."""
    user = sts.add_user("dev")
    home.add_keys(user)
    role = sts.add_role("Ops", trusts=[user.arn])
    home.add_role("prod", role.arn, mfa_serial=DEVICE)
    return home


@pytest.mark.parametrize("command", ["aws", "xacct"])
def test_errors_are_wrapped_on_a_terminal_and_not_in_a_pipe(role_with_device: Home, command: str) -> None:
    """An error of the provider, which the AWS CLI prints itself; for `xacct` the same one."""
    home = role_with_device
    words = (
        ["sts", "get-caller-identity", "--profile", "prod"] if command == "aws" else ["credentials", "prod"]
    )
    program = str(home.executable) if command == "aws" else str(XACCT)
    shown = shown_by(home.terminal_for(program, *words, environment=NO_PROMPT, columns=60))
    piped = home.aws if command == "aws" else home.xacct
    lines = piped(*words, environment=NO_PROMPT).lines
    assert len(lines) == 2, "the message, which is longer than the terminal is wide, and the command"
    assert shown[-1] == lines[-1] == "  aws configure role login prod"
    assert " ".join(" ".join(shown).split()) == " ".join(" ".join(lines).split())
    assert len(shown) > 2
    assert max(map(len, shown)) <= 60


def test_errors_of_configure_role_are_wrapped_item_by_item(home: Home) -> None:
    home.config.write_text(
        home.config.read_text("utf-8") + "\n[profile plain]\nregion = eu-west-1\n", "utf-8"
    )
    words = ("configure", "role", "verify", "nobody", "plain")
    shown = shown_by(home.terminal(*words, columns=60))
    lines = home.aws(*words).lines
    assert [line[:4] for line in lines] == [lines[0][:4], "  - ", "  - "]
    assert "    aws configure role plain --role-arn ARN" in shown
    assert len(shown) > len(lines)
    assert max(map(len, shown)) <= 60
    assert " ".join(" ".join(shown).split()) == " ".join(" ".join(lines).split())


def test_errors_in_a_result_are_not_wrapped(home: Home, sts: Sts) -> None:
    """Programs read results, whatever stderr is."""
    home.add_keys(sts.add_user("dev"))
    home.add_role("prod", sts.add_role("Ops", trusts=[]).arn)
    words = ("configure", "role", "verify", "prod", "--output", "json")
    piped = json.loads(home.aws(*words).stdout)
    shown = "\n".join(shown_by(home.terminal(*words, columns=60)))
    assert json.loads(shown[shown.index("[") :]) == piped
    assert len(piped[0]["Error"]) > 60


def test_problem_in_show_and_introduction_of_the_interview_are_wrapped(home: Home) -> None:
    """Both are on stdout, and the terminal broke them in the middle of a word."""
    home.add_role("prod", "arn:aws:iam::222222222222:role/Ops", source_profile="gone")
    shown = shown_by(home.terminal("configure", "role", "show", "prod", columns=60))
    problem = shown[shown.index("cannot work:") + 1 : shown.index("console:") - 1]
    assert len(problem) > 1
    assert max(map(len, problem)) <= 60
    assert " ".join("".join(f"{line} " for line in problem).split()).endswith("Name an existing profile:")
    child = home.terminal("configure", "role", "dev", columns=60)
    child.expect("Role ARN")
    introduction = str(child.before).split("Press Enter", 1)[1].splitlines()
    assert len(introduction) > 1
    assert max(map(len, introduction)) <= 60
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()


def test_findings_of_doctor_are_wrapped_beside_their_state(home: Home) -> None:
    longest = "a" * 30
    home.config.write_text(
        f"[profile {longest}]\nrole_arn = x\nexternal = {longest}\nregions = us-west-1\n", "utf-8"
    )
    environment = {"NO_COLOR": "1", **home.forked_aws}
    lines = shown_by(home.terminal_for(str(XACCT), "doctor", columns=60, environment=environment))
    long = [line[11:].strip() for line in lines if len(line) > 60]
    assert [
        line for line in long if " " in line and not re.match(r"(aws|xacct|\S*python\S*|pip\w*) ", line)
    ] == []
    assert any(re.match(r" {15}\S", line) for line in lines), lines


# -- where they are printed ------------------------------------------------------------------------

PACKAGE = Path(messages.__file__).parent
MAY_USE_STDERR = {
    "messages.py": "prints every message",
    "__init__.py": "reports that the rest of the package is broken, so it cannot use any of it",
    "cli/output.py": "passes on the lines that child processes write",
    "cli/child.py": "flushes it before a child writes to it",
    "cli/launch.py": "flushes it before another program takes over the process",
    "mfa/interruption.py": "flushes it before the process ends by a signal",
    "cli/main.py": "reports that messages.py is broken",
    "cli/progress.py": "asks how wide it is, and writes by messages.py",
    "confirm.py": "asks on stderr or stdout, whichever is a terminal",
}
"""The modules that may name ``sys.stderr``, and why."""


def uses_stderr(source: str) -> bool:
    """Whether a module names ``sys.stderr``, or prints in a way that may lead there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ("stderr", "__stderr__"):
            if isinstance(node.value, ast.Name) and node.value.id == "sys":
                return True
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            if any(alias.name in ("stderr", "__stderr__") for alias in node.names):
                return True
        elif isinstance(node, ast.Call):
            function = ast.unparse(node.func)
            if function == "print" or (function == "os.write" and ast.unparse(node.args[0]) == "2"):
                return True
    return False


def test_stderr_is_written_by_messages_alone() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if uses_stderr(path.read_text("utf-8"))
    }
    assert found == set(MAY_USE_STDERR)


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import sys\ndef f():\n  sys.stderr.write('x')", True),
        ("from sys import stdin, stderr", True),
        ("stream = sys.__stderr__", True),
        ("print('x', file=stream)", True),
        ("os.write(2, b'x')", True),
        ("os.write(terminal, b'x')", False),
        ("subprocess.run(command, stderr=subprocess.PIPE).stderr.strip()", False),
    ],
)
def test_stderr_is_found_however_it_is_written(source: str, uses: bool) -> None:
    assert uses_stderr(source) == uses


# -- commands --------------------------------------------------------------------------------------


def test_subcommands_have_the_names_of_their_commands() -> None:
    makers: list[Any] = [entry["command_class"] for entry in RoleCommand.SUBCOMMANDS]
    assert [make(None).NAME for make in makers] == list(messages.SUBCOMMANDS)


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
def test_quoted_profile_is_plain_where_possible(profile: str, role: str, login: str, option: str) -> None:
    assert role_command(profile) == f"aws configure role {role}"
    assert role_command(profile, "--external-id 42") == f"aws configure role {role} --external-id 42"
    assert subcommand("login", profile) == f"aws configure role login {login}"
    assert profile_option(profile) == option


@pytest.mark.parametrize("profile", ["a'b", '"', "$(id)", "~", "prüd", "a;b", "*", "\\"])
def test_quoted_profile_survives_a_shell(profile: str) -> None:
    assert shlex.split(role_command(profile))[3:] == [profile]
    assert shlex.split(profile_option(profile)) == ["--profile", profile]
