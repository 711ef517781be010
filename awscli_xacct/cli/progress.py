"""How far a long command is, in the last line of the terminal."""

from __future__ import annotations

import sys
import time

from ..messages import terminal_width, write_message

_ERASE = "\r\x1b[K"
_SECONDS = 0.1
"""How often the line is shown again at most: each output line hides it."""


class Progress:
    """A line on stderr, if that is a terminal. Whoever writes other lines hides it first. Not for threads."""

    def __init__(self) -> None:
        self._width = terminal_width(sys.stderr)
        self._total = self._done = self._failed = 0
        self._is_shown = False
        self._next = 0.0

    def begin(self, total: int) -> None:
        """Count from the beginning."""
        self._total, self._done, self._failed = total, 0, 0

    def add(self, *, failed: bool) -> None:
        """Count one more, and show how many there are."""
        self._done += 1
        self._failed += failed
        self.show()

    def show(self) -> None:
        """Show the line, unless it was shown just now."""
        if not self._width or time.monotonic() < self._next:
            return
        text = f"xacct: {self._done} of {self._total} done" + f", {self._failed} failed" * bool(self._failed)
        write_message(f"{_ERASE}{text[: self._width - 1]}")
        self._is_shown = True
        self._next = time.monotonic() + _SECONDS

    def hide(self) -> None:
        """Erase the line."""
        if self._is_shown:
            self._is_shown = False
            write_message(_ERASE)
