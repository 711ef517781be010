"""The demo's output: like a terminal session with remarks, coloured on a terminal only."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH = 90
_BOLD, _DIM, _GREEN, _CYAN = "1", "2", "32", "36"


class Screen:
    """Writes to `stream`, without colours if NO_COLOR is set (no-color.org)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ
        self._replaced: dict[str, str] = {}

    def show_as(self, text: str, shown: str = "*" * 16) -> None:
        """Show `shown`, a mask by default, instead of `text` from now on."""
        self._replaced[text] = shown

    def heading(self, text: str) -> None:
        """Print a heading."""
        self._line()
        self._line(text, _BOLD)

    def remark(self, text: str) -> None:
        """Print a remark for the reader."""
        self._line(f"  {text}", _DIM)

    def command(self, line: str) -> None:
        """Show a command line as a person would type it."""
        self._line(f"$ {line}", _CYAN)

    def output(self, text: str) -> None:
        """Show the output of a command or the text of a file."""
        if text.strip():
            self._line(text.rstrip("\n"))

    def shown(self, text: str) -> None:
        """Report that something was checked and is so."""
        self._line(f"  ok: {text}", _GREEN)

    def _line(self, text: str = "", style: str = "") -> None:
        for original, shown in self._replaced.items():
            text = text.replace(original, shown)
        if self._coloured and style:
            text = f"\x1b[{style}m{text}\x1b[0m"
        self._stream.write(text + "\n")
        self._stream.flush()  # show each line at once, in a pipe too


def typed(arguments: Sequence[str]) -> str:
    """Return a command line for a POSIX shell; a long one is continued, indented, before an option."""
    line, *options = " ".join(map(shlex.quote, arguments)).split(" --")
    lines = [line]
    for option in options:
        if len(lines[-1]) + len(option) > _WIDTH:
            lines.append("   ")
        lines[-1] += f" --{option}"
    return " \\\n".join(lines)
