"""A person with a home of their own and the `aws` of this virtual environment."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from .screen import typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .screen import Screen

_COMMAND_SECONDS = 60


class DemoFailed(Exception):
    """A step did not do what it should; the text is for the person who runs the demo."""


class Person:
    """Runs commands and shows them with their output.

    `environment` is the whole environment of the programs, so its HOME decides whose `~/.aws` is used.
    """

    def __init__(self, screen: Screen, environment: Mapping[str, str]) -> None:
        scripts = sysconfig.get_path("scripts")
        self._programs = {}
        for name in ("aws", "xacct"):
            program = which(name, path=scripts)
            if program is None:
                raise DemoFailed(
                    f"there is no `{name}` in {scripts}; install the package there first: make demo"
                )
            self._programs[name] = program
        self._screen = screen
        # `xacct each` finds its command as a shell would.
        self._environment = {**environment, "PATH": os.pathsep.join([scripts, environment.get("PATH", "")])}
        self.home = Path(environment["HOME"])
        aws_files = self.home / ".aws"
        self.config = aws_files / "config"
        self.credentials = aws_files / "credentials"
        self.plugin_cache = aws_files / "xacct" / "cache"
        self.stock_cache = aws_files / "cli" / "cache"

    def aws(self, *arguments: str) -> str:
        """Run `aws` and return its stdout.

        Raises `DemoFailed` unless it exits with 0 within a minute.
        """
        return self._run("aws", *arguments)

    def xacct(self, *arguments: str) -> str:
        """Run `xacct` in the same way, and return its stdout."""
        return self._run("xacct", *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        self._screen.command(typed([program, *arguments]))
        try:
            done = subprocess.run(
                [self._programs[program], *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMMAND_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise DemoFailed(f"the command did not end within {_COMMAND_SECONDS} s") from None
        self._screen.output(done.stdout)
        self._screen.output(done.stderr)
        if done.returncode != 0:
            raise DemoFailed(f"the command ended with exit code {done.returncode}, not 0")
        return done.stdout

    def read(self, file: Path) -> str:
        """Show a file in the home directory and return its text."""
        shown = f"~/{file.relative_to(self.home)}"
        self._screen.command(f"cat {shown}")
        try:
            text = file.read_text()
        except FileNotFoundError:
            raise DemoFailed(f"{shown} does not exist") from None
        self._screen.output(text)
        return text
