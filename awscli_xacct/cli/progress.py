"""How far a long command is, in the last line of the terminal."""

from __future__ import annotations

import sys

from ..messages import terminal_width, write_message

_ERASE = "\r\x1b[K"


class Progress:
    """A line on stderr, if that is a terminal. Whoever writes other lines hides it first. Not for threads at once."""

    def __init__(self) -> None:
        self._width = terminal_width(sys.stderr)
        self._total = self._done = self._failed = 0
        self._is_shown = False

    def begin(self, total: int) -> None:
        """Count from the beginning."""
        self._total, self._done, self._failed = total, 0, 0
        self.show()

    def add(self, *, failed: bool) -> None:
        """Count one more, and show how many there are."""
        self._done += 1
        self._failed += failed
        self.show()

    def show(self) -> None:
        """Show the line."""
        if not self._width:
            return
        text = f"xacct: {self._done} of {self._total} done" + f", {self._failed} failed" * bool(self._failed)
        write_message(f"{_ERASE}{text[: self._width - 1]}")
        self._is_shown = True

    def hide(self) -> None:
        """Erase the line."""
        if self._is_shown:
            self._is_shown = False
            write_message(_ERASE)
