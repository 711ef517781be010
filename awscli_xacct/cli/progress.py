"""How far a long command is, in the last line of the terminal."""

import contextlib
import sys
import threading
from collections.abc import Iterator

from ..messages import write_message
from ..wrapping import is_dumb, terminal_width

_ERASE = "\r\x1b[K"


class Progress:
    """A line on stderr, if that is a terminal that can erase it. For use in threads.

    Whoever writes other lines hides it first.
    """

    def __init__(self, *, is_live: bool = True) -> None:
        """`is_live` is False where others, who do not hide it, may write to the same terminal."""
        self._lock = threading.RLock()
        self._width = terminal_width(sys.stderr) if is_live and not is_dumb() else 0
        self._total = self._done = self._failed = 0
        self._is_shown = False
        self._held = 0

    def begin(self, total: int) -> None:
        """Count from the beginning."""
        with self._lock:
            self._total, self._done, self._failed = total, 0, 0
            self.show()

    def add(self, *, failed: bool) -> None:
        """Count one more, and show how many there are."""
        with self._lock:
            self._done += 1
            self._failed += failed
            self.show()

    def show(self) -> None:
        """Show the line."""
        with self._lock:
            if not self._width or self._held:
                return
            text = f"xacct: {self._done} of {self._total} done" + f", {self._failed} failed" * bool(
                self._failed
            )
            write_message(f"{_ERASE}{text[: self._width - 1]}")
            self._is_shown = True

    def hide(self) -> None:
        """Erase the line."""
        with self._lock:
            if self._is_shown:
                self._is_shown = False
                write_message(_ERASE)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Show no line while the block runs: it may prompt, and the line would replace the prompt."""
        with self._lock:
            self.hide()
            self._held += 1
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
                self.show()
