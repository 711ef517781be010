"""A person with a home and a terminal of their own, and the `aws` and `xacct` of this virtual environment."""

from __future__ import annotations

import shlex
import sys
import sysconfig
from configparser import RawConfigParser
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import pexpect
import pyte

from .screen import fold_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .screen import Screen

_COMMAND_SECONDS = 60
_ROWS = 200
"""More than any command prints, so that nothing scrolls away."""


class DemoFailed(Exception):
    """A step did not do what it should; the text is for the person who runs the demo."""


class Person:
    """Runs commands in a terminal and shows them with what they print.

    `environment` says which AWS to use. Of this machine's environment nothing is inherited, and the PATH has nothing
    but links to the programs: another `aws` would be found, named and cared for by `xacct enable`.
    """

    def __init__(self, screen: Screen, home: Path, environment: Mapping[str, str]) -> None:
        self._screen = screen
        screen.show_as(str(home), "~")
        self.home = home
        programs = home / ".local" / "bin"
        _link_programs(programs)
        self._programs = programs
        self._environment = {
            **{name: value for name, value in environment.items() if name.startswith("AWS_")},
            "HOME": str(home),
            "PATH": str(programs),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        aws_files = home / ".aws"
        self.config = aws_files / "config"
        self.credentials = aws_files / "credentials"
        self.plugin_cache = aws_files / "xacct" / "cache"
        self.stock_cache = aws_files / "cli" / "cache"

    def aws(self, *arguments: str, answers: Sequence[tuple[str, str]] = (), code: int = 0) -> str:
        """Run `aws`, answer its questions, and return what the terminal shows then.

        answers  what each question ends with, and the answer to type
        Raises `DemoFailed` if it asks nothing or something else, or unless it exits with `code` within a minute.
        """
        return self._run("aws", arguments, answers, code)

    def xacct(self, *arguments: str, code: int = 0) -> str:
        """Run `xacct` in the same way."""
        return self._run("xacct", arguments, (), code)

    def read(self, file: Path) -> str:
        """Show a file in the home directory and return its text."""
        shown = f"~/{file.relative_to(self.home)}"
        self._screen.command(f"cat {shown}")
        try:
            text = file.read_text()
        except FileNotFoundError:
            raise DemoFailed(f"{shown} does not exist") from None
        self._screen.output(text.splitlines())
        return text

    def section(self, name: str) -> dict[str, str] | None:
        """Return a section of `~/.aws/config`; None if there is none of that name."""
        config = RawConfigParser()
        config.read(self.config)
        return dict(config[name]) if config.has_section(name) else None

    def expect_section(self, name: str, wanted: dict[str, str]) -> None:
        """Raise `DemoFailed` unless `~/.aws/config` has this section, with nothing else in it."""
        found = self.section(name)
        if found != wanted:
            raise DemoFailed(f"~/.aws/config should have [{name}] with {wanted}, but has {found}")

    def _run(
        self, program: str, arguments: Sequence[str], answers: Sequence[tuple[str, str]], code: int
    ) -> str:
        columns = self._screen.columns
        self._screen.command(fold_command(shlex.join([program, *arguments]), columns - len("$ ")))
        child: pexpect.spawn[str] = pexpect.spawn(
            str(self._programs / program),
            list(arguments),
            env=self._environment,
            cwd=str(self.home),
            dimensions=(24, columns),
            encoding="utf-8",
            timeout=_COMMAND_SECONDS,
        )
        terminal = pyte.Screen(columns, _ROWS)
        stream = pyte.Stream(terminal)
        shown = 0
        try:
            for question, answer in answers:
                child.expect_exact(question)
                stream.feed(self._screen.mask(f"{child.before}{question}"))
                row, column = terminal.cursor.y, terminal.cursor.x
                lines = _lines(terminal, shown)
                child.sendline(answer)
                child.expect_exact("\r\n")
                stream.feed(self._screen.mask(f"{child.before}\r\n"))
                self._screen.output(lines, echoed=terminal.display[row][column:].strip())
                shown = terminal.cursor.y
            child.expect(pexpect.EOF)
        except (pexpect.TIMEOUT, pexpect.EOF) as failure:
            self._screen.output((child.before or "").splitlines())
            what = "end" if isinstance(failure, pexpect.EOF) else f"take longer than {_COMMAND_SECONDS} s"
            raise DemoFailed(f"the command should not {what} here") from None
        finally:
            child.close(force=True)
        stream.feed(self._screen.mask(child.before or ""))
        self._screen.output(_lines(terminal, shown))
        if child.exitstatus != code:
            raise DemoFailed(f"the command ended with exit code {child.exitstatus}, not {code}")
        return "\n".join(_lines(terminal))


def _lines(terminal: pyte.Screen, first: int = 0) -> list[str]:
    """Return what a terminal shows from a row on, without the blank lines at the end."""
    return "\n".join(line.rstrip() for line in terminal.display[first:]).rstrip("\n").splitlines()


def _link_programs(directory: Path) -> None:
    """Make a directory with the programs of this virtual environment. Raises `DemoFailed`."""
    directory.mkdir(parents=True)
    scripts = sysconfig.get_path("scripts")
    for name in ("aws", "xacct"):
        program = which(name, path=scripts)
        if program is None:
            raise DemoFailed(f"there is no `{name}` in {scripts}; install the package there first: make demo")
        directory.joinpath(name).symlink_to(program)
    # A link to Python would not find the packages of this virtual environment.
    python = directory / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
