"""What the demo shows and to whom: `Screen` is what its parts tell, and `TextScreen` prints it."""

from __future__ import annotations

import os
import textwrap
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TextIO

from awscli_xacct.wrapping import terminal_width

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = 96
"""The width of the recording, and of what is no terminal."""
_MIN_COLUMNS = 80
"""In a narrower terminal the tables that the demo checks would fold."""

_BOLD, _DIM, _GREEN, _CYAN = "1", "2", "32", "36"


class Screen(ABC):
    """Shows steps, commands, what is typed and what is printed.

    `columns` is the width of the terminals in which the commands run.
    """

    def __init__(self, columns: int = COLUMNS) -> None:
        self.columns = columns
        self._replaced: dict[str, str] = {}

    def show_as(self, text: str, shown: str = "*" * 16) -> None:
        """Show `shown`, a mask by default, instead of `text` from now on."""
        self._replaced[text] = shown

    def mask(self, text: str) -> str:
        """Return a text as it may be shown."""
        for original, shown in self._replaced.items():
            text = text.replace(original, shown)
        return text

    @abstractmethod
    def step(self, number: int, title: str) -> None:
        """Begin a step."""

    @abstractmethod
    def remark(self, text: str) -> None:
        """Show a remark for the reader."""

    @abstractmethod
    def command(self, line: str) -> None:
        """Show a command line as a person types it."""

    @abstractmethod
    def output(self, lines: Sequence[str], echoed: str | None = None) -> None:
        """Show what a command prints. If the last line asks for something, `echoed` is what is seen of the answer."""

    @abstractmethod
    def shown(self, text: str) -> None:
        """Report that something was checked and is so."""


class TextScreen(Screen):
    """Prints to `stream`: on a terminal as wide as that, and in colour, unless NO_COLOR is set (no-color.org)."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(max(terminal_width(stream), _MIN_COLUMNS) if stream.isatty() else COLUMNS)
        self._stream = stream
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ

    def heading(self, text: str) -> None:
        """Print a heading."""
        self._print()
        self._tell(text, style=_BOLD)

    def closing(self, text: str, commands: Sequence[str]) -> None:
        """Print a text with commands below it."""
        self._print()
        self._tell(text)
        self._print()
        for command in commands:
            self._print(textwrap.indent(fold_command(command, self.columns - len("  ")), "  "))
        self._print()

    def step(self, number: int, title: str) -> None:
        self.heading(f"{number}. {title}")

    def remark(self, text: str) -> None:
        self._tell(text, "  ", _DIM)

    def command(self, line: str) -> None:
        self._print(f"$ {line}", _CYAN)

    def output(self, lines: Sequence[str], echoed: str | None = None) -> None:
        if any(lines):
            self._print("\n".join(lines) + (f" {echoed}" if echoed else ""))

    def shown(self, text: str) -> None:
        self._tell(f"ok: {text}", "  ", _GREEN)

    def _tell(self, text: str, indent: str = "", style: str = "") -> None:
        """Print what the demo itself says, wrapped at words."""
        for line in textwrap.wrap(
            self.mask(text), self.columns - len(indent), break_long_words=False, break_on_hyphens=False
        ):
            self._print(f"{indent}{line}", style)

    def _print(self, text: str = "", style: str = "") -> None:
        text = self.mask(text)
        if self._coloured and style:
            text = f"\x1b[{style}m{text}\x1b[0m"
        self._stream.write(f"{text}\n")
        self._stream.flush()  # show each line at once, in a pipe too


def fold_command(line: str, columns: int) -> str:
    """Return a command line for a POSIX shell; one longer than `columns` is continued, indented, before an option."""
    if len(line) <= columns:
        return line
    line, *options = line.split(" --")
    lines = [line]
    for option in options:
        if len(f"{lines[-1]} --{option} \\") > columns:
            lines.append("   ")
        lines[-1] += f" --{option}"
    return " \\\n".join(lines)
