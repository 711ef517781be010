"""The `xacct` script itself: its help, its version, and what it says of a command line it cannot understand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from awscli_xacct import __version__
from awscli_xacct.cli.dispatch import COMMANDS, load
from tests.support.home import XACCT, Home, finish


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_without_a_command_all_commands_are_listed(home: Home, arguments: list[str]) -> None:
    outcome = home.xacct(*arguments)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("usage: xacct COMMAND …\n")
    for name in COMMANDS:
        assert f"  {name}" in outcome.stdout
        assert load(name).HELP in outcome.stdout


def test_the_version_is_told(home: Home) -> None:
    outcome = home.xacct("--version")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, f"xacct {__version__}\n", "")


def test_it_runs_as_a_module_where_the_script_is_not_found(home: Home) -> None:
    process = home.start_any(Path(sys.executable), "-m", "awscli_xacct", "--version")
    assert finish(process).stdout == f"xacct {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_page_of_its_own(home: Home, name: str) -> None:
    outcome = home.xacct(name, "--help")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"usage: xacct {name}")
    assert load(name).HELP in outcome.stdout
    assert f"examples:\n{load(name).EXAMPLES}" in outcome.stdout


def test_an_unknown_command_is_refused(home: Home) -> None:
    outcome = home.xacct("frobnicate\x1b[2J")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert outcome.stderr == "xacct: there is no command frobnicate\\x1b[2J; see: xacct --help\n"


def test_a_command_of_the_other_one_is_told_where_it_is(home: Home) -> None:
    outcome = home.xacct("list")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert outcome.stderr == "xacct: there is no command list here; did you mean aws configure role list?\n"


def test_a_terminal_that_shows_ascii_alone_is_shown_what_it_can(home: Home) -> None:
    outcome = home.xacct("--help", environment={"PYTHONIOENCODING": "ascii"})
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("usage: xacct COMMAND \\u2026\n")


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
def test_a_full_disk_under_the_output_is_told_in_one_line(home: Home, prod: str, arguments: str) -> None:
    """And not once more by the interpreter, at its end."""
    assert home.xacct("credentials", prod).code == 0
    command = f"unset PYTHONUNBUFFERED; {XACCT} {arguments} > /dev/full"
    outcome = finish(home.start_any(Path("/bin/sh"), "-c", command))
    assert outcome.code == 255
    assert outcome.stderr == "xacct: the output cannot be written: No space left on device\n"
