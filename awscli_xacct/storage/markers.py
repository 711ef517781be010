"""Small things all of a user's processes should know for a while: one private file each, in the cache directory.

A note is a line of words with the time it was made. One that is damaged, or that somebody else could have
written, is none. Where no file can be kept a note holds in this process.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from .files import make_private_directory, replace
from .record import read_private

Where = Path | None | Callable[[], Path | None]


class Markers:
    """The notes of one kind, which is their files' ending. Times are seconds since the epoch."""

    def __init__(self, where: Where, kind: str, clock: Callable[[], float] = time.time) -> None:
        """`where` is the directory, or tells it each time: that of a cache may turn out to be another one."""
        self._where = where
        self._kind = kind
        self._clock = clock
        self._own: dict[str, str] = {}

    @property
    def _directory(self) -> Path | None:
        return self._where() if callable(self._where) else self._where

    def write(self, name: str, words: str = "") -> None:
        """Make a note, now. `name` is a digest that tells a reader nothing."""
        line = f"{int(self._clock())} {words}"  # never rounded up: a marker of the future is none
        self._own[name] = line
        directory = self._directory
        if directory is None:
            return
        try:
            make_private_directory(directory)
            replace(self._path(directory, name), line.encode("ascii"))
        except OSError:
            pass  # the cache says so once, with the reason

    def read(self, name: str) -> tuple[float, str] | None:
        """How many seconds old a note is, and its words. A note from the future is none: a clock was set back."""
        when, _, words = self._line(name).partition(" ")
        try:
            age = self._clock() - float(when)
        except ValueError:
            return None
        return (age, words) if age >= 0 else None

    def remove(self, name: str) -> None:
        """Take a note back; nothing happens if there is none."""
        self._own.pop(name, None)
        directory = self._directory
        if directory is not None:
            with contextlib.suppress(OSError):
                self._path(directory, name).unlink(missing_ok=True)

    def _line(self, name: str) -> str:
        directory = self._directory
        if directory is not None:
            try:
                found = read_private(self._path(directory, name))
            except PermissionError:
                found = None
            if found is not None:
                return found.decode("ascii", "replace")
        return self._own.get(name, "")

    def _path(self, directory: Path, name: str) -> Path:
        return directory / f"{name}.{self._kind}"
