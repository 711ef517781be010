"""Which codes have been used: each is accepted once, and a refused one costs a try.

The last code of a device is remembered for all processes, as a salted digest in the cache directory. It is
forgotten with the step it belongs to, https://datatracker.ietf.org/doc/html/rfc6238.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from ..files import make_private_directory, read_private, replace

STEP = 30
"""Seconds for which a device shows a code."""


class UsedCodes:
    """The last code of each device. Where no file can be kept, this process's own are remembered."""

    def __init__(self, directory: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._clock = clock
        self._own: dict[str, str] = {}

    def remember(self, serial: str, code: str) -> None:
        """Note that `code` is spent."""
        salt = secrets.token_hex(8)
        line = f"{self._clock():.0f} {salt} {_digest(salt, code)}"
        self._own[serial] = line
        if self._directory is None:
            return
        try:
            make_private_directory(self._directory)
            replace(self._path(self._directory, serial), line.encode("ascii"))
        except OSError:
            pass  # the cache says so once, with the reason

    def wait(self, serial: str, code: str) -> float | None:
        """None for a fresh code; for a used one the seconds until the device shows another, 0 if it does."""
        line = self._read(serial)
        try:
            when, salt, digest = line.split(" ")
            used = float(when)
        except ValueError:
            return None
        now = self._clock()
        if digest != _digest(salt, code) or not 0 <= now - used < 2 * STEP:
            return None
        return STEP - now % STEP if now // STEP == used // STEP else 0.0

    def _read(self, serial: str) -> str:
        if self._directory is not None:
            try:
                found = read_private(self._path(self._directory, serial))
            except PermissionError:
                found = None
            if found is not None:
                return found.decode("ascii", "replace")
        return self._own.get(serial, "")

    @staticmethod
    def _path(directory: Path, serial: str) -> Path:
        return directory / f"{hashlib.sha256(serial.encode()).hexdigest()}.code"


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}{code}".encode()).hexdigest()
