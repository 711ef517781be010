"""Markers: small private files in the cache directory that all of a user's processes should know about for a while.

A marker is a line of words with the time it was written. A damaged one, or one that another user could have written,
does not count. Where no file can be written a marker holds in this process only.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from .directories import make_private_directory
from .files import replace
from .record import read_private

Directory = Path | None | Callable[[], Path | None]
"""A directory; None where no file can be written; or what returns it, as the cache's may change."""


class Markers:
    """The markers of one kind, which is the suffix of their files. Times are seconds since the epoch."""

    def __init__(self, directory: Directory, kind: str, clock: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._kind = kind
        self._clock = clock
        self._own: dict[str, str] = {}

    def write(self, name: str, words: str = "") -> None:
        """Write a marker, as of now. `name` is a digest that tells a reader nothing."""
        line = f"{int(self._clock())} {words}"  # never rounded up: a marker from the future does not count
        self._own[name] = line
        path = self._path(name)
        if path is None:
            return
        with contextlib.suppress(OSError):  # the cache reports it once, with the reason
            make_private_directory(path.parent)
            replace(path, line.encode("ascii"))

    def read(self, name: str) -> tuple[float, str] | None:
        """Return how many seconds old a marker is, and its words; None if there is none.

        One from the future does not count, either: the clock was set back.
        """
        when, _, words = self._line(name).partition(" ")
        try:
            age = self._clock() - float(when)
        except ValueError:
            return None
        return (age, words) if age >= 0 else None

    def remove(self, name: str) -> None:
        """Remove a marker, if there is one."""
        self._own.pop(name, None)
        path = self._path(name)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _line(self, name: str) -> str:
        path = self._path(name)
        if path is not None:
            with contextlib.suppress(PermissionError):
                found = read_private(path)
                if found is not None:
                    return found.decode("ascii", "replace")
        return self._own.get(name, "")

    def _path(self, name: str) -> Path | None:
        directory = self._directory() if callable(self._directory) else self._directory
        return directory and directory / f"{name}.{self._kind}"
