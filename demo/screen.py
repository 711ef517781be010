"""What the demo shows and to whom: `Screen` is what its parts tell, and `TextScreen` prints it."""

from __future__ import annotations

import os
import shlex
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = 96
"""The width of the terminals in which the commands run."""

_BOLD, _DIM, _GREEN, _CYAN = "1", "2", "32", "36"


class Screen(ABC):
    """Shows steps, commands, what is typed and what is printed."""

    def __init__(self) -> None:
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
    """Prints to `stream`: in colour on a terminal, unless NO_COLOR is set (no-color.org)."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ

    def heading(self, text: str) -> None:
        """Print a heading."""
        self._print()
        self._print(text, _BOLD)

    def text(self, text: str) -> None:
        """Print a text as it is."""
        self._print(text.rstrip("\n"))

    def step(self, number: int, title: str) -> None:
        self.heading(f"{number}. {title}")

    def remark(self, text: str) -> None:
        self._print(f"  {text}", _DIM)

    def command(self, line: str) -> None:
        self._print(f"$ {line}", _CYAN)

    def output(self, lines: Sequence[str], echoed: str | None = None) -> None:
        if any(lines):
            self._print("\n".join(lines) + (f" {echoed}" if echoed else ""))

    def shown(self, text: str) -> None:
        self._print(f"  ok: {text}", _GREEN)

    def _print(self, text: str = "", style: str = "") -> None:
        text = self.mask(text)
        if self._coloured and style:
            text = f"\x1b[{style}m{text}\x1b[0m"
        self._stream.write(f"{text}\n")
        self._stream.flush()  # show each line at once, in a pipe too


def typed(arguments: Sequence[str]) -> str:
    """Return a command line for a POSIX shell; a long one is continued, indented, before an option."""
    line = shlex.join(arguments)
    if len(line) <= COLUMNS - len("$ "):
        return line
    line, *options = line.split(" --")
    lines = [line]
    for option in options:
        # Beside it there are the prompt and " \".
        if len(lines[-1]) + len(f" --{option}") > COLUMNS - 4:
            lines.append("   ")
        lines[-1] += f" --{option}"
    return " \\\n".join(lines)
