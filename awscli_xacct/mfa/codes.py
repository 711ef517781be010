"""Getting an MFA code, and trying again when it is refused.

STS accepts each code once, and a refused one costs a try. The last code of a device is remembered for all processes, as
a salted digest, until its time step is over: https://datatracker.ietf.org/doc/html/rfc6238.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from .. import settings
from ..errors import CannotPromptError, CodeRejectedError
from ..messages import printable, subcommand
from ..storage.markers import Directory, Markers
from . import mfa_process, terminal
from .interruption import ending_aws
from .prompters import Prompt

Answer = TypeVar("Answer")

STEP = 30
"""Seconds for which a device shows a code."""

Notify = Callable[..., None]
"""Prints a line for the person who is prompted; for its arguments see `terminal.say`."""


@dataclass(frozen=True)
class CodeRequest:
    """What a code is needed for, as the person needs to know it. `program`, if any, provides the code instead."""

    serial: str
    profile: str
    purpose: str
    program: str | None = None

    @property
    def prompt(self) -> str:
        """The prompt, safe for a terminal: the names in it come from the config file."""
        return printable(f"MFA code of {self.serial} for profile {self.profile} ({self.purpose}): ")


class UsedCodes:
    """The last code of each device."""

    def __init__(self, directory: Directory, clock: Callable[[], float] = time.time) -> None:
        """For `directory` see `Markers`."""
        self._markers = Markers(directory, "code", clock)
        self._clock = clock

    def remember(self, serial: str, code: str) -> None:
        """Mark `code` as used."""
        salt = secrets.token_hex(8)
        self._markers.write(_sha256(serial), f"{salt} {_sha256(salt + code)}")

    def wait(self, serial: str, code: str) -> float | None:
        """Return None for a new code; for a used one the seconds until the device shows another, 0 if it does."""
        marker = self._markers.read(_sha256(serial))
        if marker is None:
            return None
        age, words = marker
        salt, _, digest = words.partition(" ")
        # `not <` and no `>=`: no comparison is true of a NaN.
        if digest != _sha256(salt + code) or not age < 2 * STEP:
            return None
        now = self._clock()
        return STEP - now % STEP if now // STEP == (now - age) // STEP else 0.0


@dataclass(frozen=True)
class Codes:
    """Gets codes until one is accepted. `used` remembers them across processes."""

    ask: Prompt = terminal.ask
    say: Notify = terminal.say
    quiet: Callable[[], AbstractContextManager[None]] = terminal.quiet
    used: UsedCodes = field(default_factory=lambda: UsedCodes(None))
    sleep: Callable[[float], None] = time.sleep

    def spend(
        self, request: CodeRequest, use: Callable[[str], Answer], refused: Callable[[Exception], bool]
    ) -> Answer:
        """Return what `use` returns for a code that it accepts; `refused` is whether its error means a wrong code.

        Raises `CannotPromptError` where no one can be prompted, `MfaProcessError` where the program prints no code,
        `CodeRejectedError` after `settings.MAX_CODE_TRIES` codes, and whatever else `use` raises.
        """
        for left in reversed(range(settings.MAX_CODE_TRIES)):
            with ending_aws():
                code = self._unused_code(request)
            try:
                answer = use(code)
            except Exception as error:
                if not refused(error):
                    self.used.remember(request.serial, code)
                    raise
                if request.program:
                    # It would print the same code again; a person who mistyped one may try at once.
                    self.used.remember(request.serial, code)
            else:
                self.used.remember(request.serial, code)
                return answer
            if left:
                self.say("That code was not accepted; it may be mistyped, or used already.")
        raise CodeRejectedError(
            f"none of {settings.MAX_CODE_TRIES} codes of {request.serial} was accepted for profile "
            f"{request.profile}. Check that this is the right device and that its clock is right, then run the "
            f"command again",
            hop=request.profile,
        )

    def _unused_code(self, request: CodeRequest) -> str:
        """Return six digits that have not been sent before."""
        while True:
            code = self._code(request)
            wait = self.used.wait(request.serial, code)
            if wait is None:
                return code
            if request.program and not wait:
                # The device shows another code by now, and the program would print this one for ever.
                raise mfa_process.failure(request.profile, "printed a code that has been used")
            self._count_down(wait)

    def _count_down(self, seconds: float) -> None:
        """Say that a code has been used, and wait until the device shows the next one."""
        if not seconds:
            self.say("That code has been used; take the one the device shows now.")
            return
        with self.quiet():  # the next one may be typed too early
            for left in range(int(seconds) + 1, 0, -1):
                self.say(f"\rThat code has been used; wait {left} s for the next one. ", end="")
                self.sleep(1)
        self.say("")

    def _code(self, request: CodeRequest) -> str:
        """Return six digits, from the program or from a person."""
        if request.program:
            code = mfa_process.read_code(request.program, request.profile)
            if not is_code(code):
                raise mfa_process.failure(request.profile, "did not print six digits")
            return code
        while True:
            try:
                answer = self.ask(request.prompt)
            except CannotPromptError as error:
                fix = subcommand("login", request.profile)
                raise CannotPromptError(
                    f"profile {request.profile} needs an MFA code of {request.serial}, but {error}. Log in from a "
                    f"terminal; until the session expires, commands without one work too:\n  {fix}",
                    hop=request.profile,
                    fix=fix,
                ) from None
            code = "".join(answer.split())
            if is_code(code):
                return code
            self.say("An MFA code is six digits.")


def is_code(text: str) -> bool:
    return len(text) == 6 and text.isascii() and text.isdigit()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
