"""Six digits that change every 30 seconds, and a device that shows them. RFC 6238 with SHA-1.

A device's codes come from the server's clock, as a telephone's come from true time; a test that shifts
`Sts.clock_offset` shifts them along.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from collections.abc import Callable

STEP = 30  # seconds a code is shown for


def new_secret() -> str:
    """A fresh secret of 20 bytes, in base32 as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, time: float, *, digits: int = 6) -> str:
    """The code that a device with this base32 secret shows at `time` (epoch seconds)."""
    counter = int(time // STEP).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


class MfaDevice:
    """One user's device, the user's side of it and the server's: each code is good once.

    The server takes the codes of the step its clock is in, of the one before and of the one after.
    `next_code` never makes a test wait: the first code is the current one, every further one that of the
    following step, as if the device's clock had been put forward; the server takes what was handed out
    that way however far ahead it is, until its own clock has left that step more than one step behind.

    A `u2f` serial is a security key: it has no codes, and the server takes none for it.
    """

    def __init__(self, serial: str, secret: str, now: Callable[[], float]) -> None:
        self.serial = serial
        self.secret = secret
        self.enabled_at = now()
        self._now = now
        self._lock = threading.Lock()
        self._handed_out: set[int] = set()
        self._used: list[int] = []

    def next_code(self) -> str:
        """A code that will be accepted and that nobody was given before."""
        with self._lock:
            return self._hand_out()

    def used_code(self) -> str:
        """The code that was accepted last; one is spent here and now if none was."""
        with self._lock:
            if not self._used:
                self._hand_out()
                self._used.append(max(self._handed_out))
            return self._code(self._used[-1])

    def wrong_code(self) -> str:
        """Six digits that belong to no step near now."""
        with self._lock:
            here = self._step()
            last = max([here, *self._handed_out])
            near_codes = {self._code(step) for step in range(here - 10, last + 11)}
        code = secrets.randbelow(10**6)
        while f"{code:06}" in near_codes:
            code = (code + 1) % 10**6
        return f"{code:06}"

    def accept(self, code: str) -> bool:
        """Whether the server takes this code; if so it is spent, whatever becomes of the request."""
        if ":u2f/" in self.serial:
            return False
        with self._lock:
            here = self._step()
            open_steps = {here - 1, here, here + 1} | {step for step in self._handed_out if step >= here - 1}
            for step in sorted(open_steps.difference(self._used)):
                if hmac.compare_digest(self._code(step), code):
                    self._used.append(step)
                    return True
        return False

    def _hand_out(self) -> str:
        step = max([self._step(), *(taken + 1 for taken in (*self._handed_out, *self._used))])
        self._handed_out.add(step)
        return self._code(step)

    def _step(self) -> int:
        return int(self._now() // STEP)

    def _code(self, step: int) -> str:
        return code_at(self.secret, step * STEP)
