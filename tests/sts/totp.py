"""Time-based one-time passwords (RFC 6238 with SHA-1), and a device that generates them.

The device uses the server's clock, so a test that changes `Sts.clock_offset` also shifts the codes.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from collections.abc import Callable

STEP = 30  # seconds that a code is shown


def new_secret() -> str:
    """Return a random secret of 20 bytes, in base32 as authenticator apps expect it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, time: float, *, digits: int = 6) -> str:
    """Return the code that a device with this base32 secret shows at `time` (epoch seconds)."""
    counter = int(time // STEP).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


class MfaDevice:
    """An MFA device, for both its user and the server. Each code is accepted once.

    The server accepts the codes of the current step, the one before and the one after. `next_code` never makes a test
    wait: the first code is that of the current step, and each further code that of the following step, as if the
    device's clock had been moved forward. The server accepts such a code, however far ahead it is, until its own clock
    is more than one step past it.

    A `u2f` serial is a security key: it has no codes, and the server accepts none for it.
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
        """Return a new code that will be accepted."""
        with self._lock:
            return self._hand_out()

    def used_code(self) -> str:
        """Return the code that was accepted last; if there is none, spend one now."""
        with self._lock:
            if not self._used:
                self._hand_out()
                self._used.append(max(self._handed_out))
            return self._code(self._used[-1])

    def wrong_code(self) -> str:
        """Return six digits that are not the code of any step near the current one."""
        with self._lock:
            current = self._step()
            last = max([current, *self._handed_out])
            near_codes = {self._code(step) for step in range(current - 10, last + 11)}
        code = secrets.randbelow(10**6)
        while f"{code:06}" in near_codes:
            code = (code + 1) % 10**6
        return f"{code:06}"

    def accept(self, code: str) -> bool:
        """Return whether the server accepts this code. If so, it is spent, even if the request fails later."""
        if ":u2f/" in self.serial:
            return False
        with self._lock:
            current = self._step()
            open_steps = {current - 1, current, current + 1} | {
                step for step in self._handed_out if step >= current - 1
            }
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
