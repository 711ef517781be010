"""The `xacct` script itself: help, version and messages for invalid command lines."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from awscli_xacct import __version__
from awscli_xacct.cli.dispatch import load_command, read_examples
from awscli_xacct.messages import COMMANDS
from tests.support.home import XACCT, Home, finish

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_all_commands(home: Home, arguments: list[str]) -> None:
    outcome = home.xacct(*arguments, environment={"COLUMNS": "200"})
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("usage: xacct COMMAND …\n")
    for name in COMMANDS:
        assert f"  {name}" in outcome.stdout
        assert load_command(name).HELP in outcome.stdout


def test_version_is_printed(home: Home) -> None:
    outcome = home.xacct("--version")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, f"xacct {__version__}\n", "")


def test_xacct_runs_as_a_module(home: Home) -> None:
    process = home.start_any(Path(sys.executable), "-m", "awscli_xacct", "--version")
    assert finish(process).stdout == f"xacct {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command(home: Home, name: str) -> None:
    outcome = home.xacct(name, "--help", environment={"COLUMNS": "200"})
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"usage: xacct {name}")
    assert load_command(name).HELP in outcome.stdout
    assert f"examples:\n{read_examples(name)}" in outcome.stdout


def test_unknown_command_is_refused(home: Home) -> None:
    outcome = home.xacct("frobnicate\x1b[2J")
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr == "xacct: unknown command frobnicate\\x1b[2J; see: xacct --help\n"


@pytest.mark.usefixtures("prod")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("list", "xacct role list"),
        ("login prod", "xacct role login prod"),
        ("configure role prod", "xacct role prod"),
        ("prod -- ls", "xacct exec prod -- ls"),
        ("prod -- curl -u me:password", "xacct exec prod -- CMD"),
        ("prod curl -u me:password", "xacct exec prod -- CMD"),
        ("exce --serve prod curl -u me:password", "xacct exec --serve prod -- CMD"),
        ("run prod ls", "xacct exec prod -- ls"),
        ("prd", "xacct exec prod"),
        ("whoam --json", "xacct whoami --json"),
        ("env prod", "xacct credentials --format env prod"),
        ("version", "xacct --version"),
    ],
)
def test_unknown_command_is_met_with_the_one_that_is_meant(home: Home, typed: str, meant: str) -> None:
    outcome = home.xacct(*typed.split())
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr == f"xacct: unknown command {typed.split()[0]}; did you mean: {meant}\n"


def test_messages_quote_commands_that_work_before_the_plugin_is_enabled(home: Home) -> None:
    """`aws configure role list` was an `Invalid choice` there."""
    assert home.xacct("exec", "nobody").stderr.endswith("list the profiles with: aws configure role list\n")
    text = home.config.read_text("utf-8")
    home.config.write_text(text.replace("xacct = awscli_xacct", "# xacct = awscli_xacct"), encoding="utf-8")
    outcome = home.xacct("exec", "nobody", "--cli-error-format", "json")
    assert json.loads(outcome.stderr)["Fix"] == "xacct role list"
    outcome = home.xacct("exec", "nobody")
    assert outcome.stderr.endswith("list the profiles with: xacct role list\n")
    assert home.xacct("role", "list").code == 0


@pytest.mark.parametrize("words", [["help", "exec"], ["exec", "help"]])
def test_help_of_a_command_in_the_way_of_aws(home: Home, words: list[str]) -> None:
    assert home.xacct(*words).stdout == home.xacct("exec", "--help").stdout
    home.add_role("help", "arn:aws:iam::222222222222:role/X", source_profile="nobody")
    assert "usage:" not in home.xacct("exec", "help").stdout


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("exec --profile prod -- ls -l", "The profile comes without an option: xacct exec prod -- CMD"),
        ("exec --profile prod ls -l", "The profile comes without an option: xacct exec prod -- CMD"),
        ("each --profile prod -- ls -l", "The profile comes without an option: xacct each prod -- CMD"),
        ("credentials --profile=prod", "The profile comes without an option: xacct credentials prod"),
        ("credentials prod -- ls", "To run a command: xacct exec PROFILE -- CMD"),
        ("status prod", "For one profile: xacct whoami PROFILE"),
    ],
)
def test_words_that_a_command_does_not_take_are_met_with_what_to_do(
    home: Home, typed: str, hint: str
) -> None:
    outcome = home.xacct(*typed.split())
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr.startswith("xacct: unrecognized arguments: ")
    assert outcome.stderr.endswith(f". {hint}\n")


def test_help_on_an_ascii_terminal_is_escaped(home: Home) -> None:
    outcome = home.xacct("--help", environment={"PYTHONIOENCODING": "ascii"})
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("usage: xacct COMMAND \\u2026\n")


@pytest.mark.parametrize(("columns", "width"), [({}, 80), ({"COLUMNS": "60"}, 60)])
def test_help_in_a_pipe_is_wrapped_as_a_whole(home: Home, columns: dict[str, str], width: int) -> None:
    """A pager broke the lines that were not, inside words."""
    for arguments in (["--help"], ["use", "--help"], ["enable", "--help"]):
        lines = home.xacct(*arguments, environment=columns).stdout.splitlines()
        assert max(map(len, lines)) <= width
    assert "The others print it in words: legacy, enhanced, text, table, yaml" in " ".join(
        " ".join(lines).split()
    )


def test_help_is_wrapped_for_a_narrow_terminal(home: Home) -> None:
    for arguments in (["--help"], ["completion", "--help"]):
        child = home.terminal_for(str(XACCT), *arguments, columns=80)
        child.expect(pexpect.EOF)
        lines = str(child.before).splitlines()
        assert max(map(len, lines)) <= 80
    assert "Print the script with which bash, zsh or fish complete commands, options and" in lines
    assert "profiles, and xacct use works." in lines


@pytest.mark.parametrize(
    "arguments",
    [
        "--version",
        "--help",
        "status --json",
        "credentials prod",
        "credentials prod --format env",
        "completion bash",
        "each prod -- echo x",
        "each prod --output json -- echo x",
    ],
)
@pytest.mark.parametrize("buffered", [True, False])
def test_full_disk_under_stdout_is_one_message(home: Home, prod: str, arguments: str, buffered: bool) -> None:
    """The interpreter does not repeat it at its end; without a buffer, as in many containers, it was "[Errno 28]"."""
    assert home.xacct("credentials", prod).code == 0
    buffering = "unset PYTHONUNBUFFERED" if buffered else "export PYTHONUNBUFFERED=1"
    command = f"{buffering}; {XACCT} {arguments} > /dev/full"
    outcome = finish(home.start_any(Path("/bin/sh"), "-c", command))
    assert outcome.code == 255
    assert outcome.stderr == "xacct: cannot write the output: No space left on device\n"


def test_broken_installation_is_installed_again_from_where_it_was(tmp_path: Path) -> None:
    """It is not on PyPI, so its name and version led nowhere."""
    shutil.copytree(ROOT / "awscli_xacct", tmp_path / "awscli_xacct")
    (tmp_path / "awscli_xacct" / "messages.py").write_text("def broken(:\n", encoding="utf-8")
    outcome = subprocess.run(
        [sys.executable, "-m", "awscli_xacct", "status"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    first, command = outcome.stderr.splitlines()
    assert first.startswith("xacct: this installation is broken: SyntaxError: ")
    assert first.endswith(" Install it again with:")
    *options, origin = shlex.split(command)
    assert (outcome.returncode, options[0]) == (255, sys.executable)
    assert options[1:] == ["-m", "pip", "install", "--force-reinstall", "--no-deps"]
    assert Path(origin, "setup.cfg").exists()
