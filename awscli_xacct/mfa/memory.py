"""Which codes have been used: each is accepted once, and a refused one costs a try.

The last code of a device is remembered for all processes, as a salted digest. It is forgotten with the step it
belongs to, https://datatracker.ietf.org/doc/html/rfc6238.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

from ..storage.markers import Markers, Where

STEP = 30
"""Seconds for which a device shows a code."""


class UsedCodes:
    """The last code of each device."""

    def __init__(self, where: Where, clock: Callable[[], float] = time.time) -> None:
        """For `where` see `Markers`."""
        self._notes = Markers(where, "code", clock)
        self._clock = clock

    def remember(self, serial: str, code: str) -> None:
        """Note that `code` is spent."""
        salt = secrets.token_hex(8)
        self._notes.write(_name(serial), f"{salt} {_digest(salt, code)}")

    def wait(self, serial: str, code: str) -> float | None:
        """None for a fresh code; for a used one the seconds until the device shows another, 0 if it does."""
        note = self._notes.read(_name(serial))
        if note is None:
            return None
        age, words = note
        salt, _, digest = words.partition(" ")
        # Not whether it is older: no comparison is true of a NaN.
        if digest != _digest(salt, code) or not age < 2 * STEP:
            return None
        now = self._clock()
        return STEP - now % STEP if now // STEP == (now - age) // STEP else 0.0


def _name(serial: str) -> str:
    return hashlib.sha256(serial.encode()).hexdigest()


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}{code}".encode()).hexdigest()
