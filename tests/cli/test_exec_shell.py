"""`xacct exec PROFILE` without a command: the user's shell, which knows whose credentials it has."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from awscli_xacct.cli.prompt import read_prompt
from tests.sts import Role, Sts
from tests.support.home import XACCT, Home, finish_on_terminal
from tests.support.programs import need, settle_fish
from tests.support.terminal import Terminal

pytestmark = pytest.mark.usefixtures("user", "prod")


@pytest.fixture
def audit(home: Home, role: Role) -> str:
    home.add_role("audit", role.arn)
    return "audit"


def in_shell(home: Home, script: str, *options: str) -> list[str]:
    """Run a script in a shell of `xacct exec`, and return the lines of both its outputs."""
    path = f"{XACCT.parent}:{home.environment['PATH']}"
    environment = {"SHELL": "/bin/sh", "PATH": path}
    outcome = home.xacct("exec", *options, "prod", environment=environment, stdin=f"exec 2>&1\n{script}\n")
    assert (outcome.code, outcome.stderr) == (0, "")
    return outcome.stdout.splitlines()


def test_exec_shell_has_the_credentials_and_the_prompt(home: Home) -> None:
    prompt = "xacct status --prompt"
    lines = in_shell(home, f'{prompt}; echo "$AWS_ACCOUNT_ID $AWS_REGION"; AWS_PROFILE=x {prompt}')
    assert re.fullmatch(r"prod (1h00m|59m)", lines[0])
    assert lines[1:] == ["222222222222 us-west-1", lines[0]]


def test_exec_shell_served_has_the_prompt_and_no_keys(home: Home, sts: Sts) -> None:
    script = 'xacct status --prompt; echo "keys:$AWS_ACCESS_KEY_ID"; aws sts get-caller-identity --query Arn'
    lines = in_shell(home, script, "--serve")
    assert lines[:2] == ["prod", "keys:"]
    assert ":assumed-role/Power/" in lines[2]
    assert len(sts.calls_of("AssumeRole")) == 1


def test_exec_shell_refuses_another_one_but_runs_commands(home: Home, audit: str, prod: str) -> None:
    refused = f"xacct: this shell has the credentials of profile {prod} already. Leave it first: exit"
    command = "sh -c 'xacct status --prompt; exit 3'"
    script = f"xacct exec {audit}; xacct exec --serve {audit}; xacct exec {audit} -- {command}; echo $?"
    assert in_shell(home, script) == [refused, refused, "3"]


@pytest.mark.parametrize(
    ("expired", "text"),
    [
        (False, "this shell has the credentials of profile prod, from xacct exec"),
        (True, "the credentials of this shell, of profile prod, have expired"),
    ],
)
def test_exec_shell_is_known_to_doctor(home: Home, *, expired: bool, text: str) -> None:
    script = "AWS_XACCT_SHELL='1 prod'\n" * expired + "xacct doctor --aws /no/aws --json"
    found = json.loads("\n".join(in_shell(home, f"{script}; true")))["Checks"]
    assert [each["Text"] for each in found if each["Check"] == "variables"] == [text]


def test_exec_shell_without_a_terminal_ends_with_its_code(home: Home, prod: str) -> None:
    outcome = home.xacct("exec", prod, environment={"SHELL": "/bin/sh"}, stdin="exit 42\n")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (42, "", "")


def test_exec_shell_that_is_missing(home: Home, prod: str) -> None:
    outcome = home.xacct("exec", prod, environment={"SHELL": "/no/shell"})
    assert (outcome.code, outcome.stderr) == (127, "xacct: /no/shell: command not found\n")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("0 prod", "prod\n"),
        ("1 prod", "prod -\n"),
        ("0 my prod", "my prod\n"),
        ("0 $(x)\x1b", "?(x)?\n"),
        ("", " -\n"),
    ],
)
def test_exec_shell_prompt_of_unusual_values(value: str, line: str) -> None:
    assert read_prompt({"AWS_XACCT_SHELL": value}, "1") == line
    assert read_prompt({"AWS_XACCT_SHELL": f"{int(time.time()) + 3700} prod"}, "1") == "prod 1h01m\n"


FILES = {
    "bash": (".bashrc", "PS1='mine> '\nbind 'set enable-bracketed-paste off'\n"),
    "zsh": (
        ".zshrc",
        "PROMPT='mine> '\nunset zle_bracketed_paste; setopt no_prompt_sp\necho \"dot:$ZDOTDIR\"\n",
    ),
    "fish": (
        ".config/fish/config.fish",
        "function fish_prompt; echo -n 'mine> '; end\nset -g fish_greeting\n",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_exec_shell_marks_the_prompt_of_the_users_own_files(home: Home, prod: str, name: str) -> None:
    program = need(name)
    settle_fish(home.path)
    file, text = FILES[name]
    path = home.path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    environment = {
        "SHELL": program,
        "PATH": f"{XACCT.parent}:{home.environment['PATH']}",
        "TERM": "dumb" if name == "zsh" else "xterm",
        "LC_ALL": "C.UTF-8",
    }
    terminal = Terminal(home.terminal_for(str(XACCT), "exec", prod, environment=environment))
    terminal.child.expect(r"prod (1h00m|59m) .*mine> ")
    terminal.type("echo $AWS_ACCOUNT_ID; exit 5")
    terminal.expect("222222222222")
    assert finish_on_terminal(terminal.child) == 5
    if name == "zsh":
        assert "dot:\r\n" in terminal.shown or f"dot:{home.path}" in terminal.shown
        assert not list(Path(XACCT).parent.glob(".zsh*"))


def test_exec_shell_leaves_a_prompt_that_is_marked(home: Home, prod: str) -> None:
    (home.path / ".bashrc").write_text("PS1='<$(xacct status --prompt)> '\n", "utf-8")
    environment = {"SHELL": shutil.which("bash") or "", "PATH": f"{XACCT.parent}:{home.environment['PATH']}"}
    terminal = Terminal(home.terminal_for(str(XACCT), "exec", "--serve", prod, environment=environment))
    terminal.expect("<prod> ")
    terminal.type("exit 6")
    assert finish_on_terminal(terminal.child) == 6
    assert "prod <prod>" not in terminal.shown
