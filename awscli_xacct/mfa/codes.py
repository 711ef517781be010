"""Getting an MFA code, and trying again when it is refused.

Each code is accepted once, and a refused one costs a try. The last code of a device is remembered for all processes,
as a salted digest. It is forgotten with the step it belongs to, https://datatracker.ietf.org/doc/html/rfc6238.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .. import settings
from ..errors import CannotPromptError, CodeRejectedError
from ..messages import printable, subcommand
from ..storage.markers import Directory, Markers
from . import mfa_process, terminal
from .interruption import ending_aws

Answer = TypeVar("Answer")

STEP = 30
"""Seconds for which a device shows a code."""


Prompt = Callable[[str], str]
"""Asks a person for one line, given the prompt. Raises `CannotPromptError` where there is nobody to ask."""


@dataclass(frozen=True)
class Request:
    """What a code is needed for: everything the person asked needs to know. `program` gives it instead."""

    serial: str
    profile: str
    purpose: str
    program: str | None = None

    @property
    def prompt(self) -> str:
        """The question, fit for a terminal: the names in it come from the config file."""
        return printable(f"MFA code of {self.serial} for profile {self.profile} ({self.purpose}): ")


class Notify(Protocol):
    """Says a line to the person who is asked."""

    def __call__(self, text: str, end: str = "\n") -> None: ...


class UsedCodes:
    """The last code of each device."""

    def __init__(self, directory: Directory, clock: Callable[[], float] = time.time) -> None:
        """For `where` see `Markers`."""
        self._notes = Markers(directory, "code", clock)
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


class Codes:
    """Gets codes until one is accepted. `used` remembers them across processes."""

    def __init__(
        self,
        ask: Prompt = terminal.ask,
        say: Notify = terminal.say,
        *,
        quiet: Callable[[], AbstractContextManager[None]] = terminal.quiet,
        used: UsedCodes | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ask = ask
        self._say = say
        self._quiet = quiet
        self._used = used or UsedCodes(None)
        self._sleep = sleep

    def spend(
        self, request: Request, use: Callable[[str], Answer], refused: Callable[[Exception], bool]
    ) -> Answer:
        """What `use` gives for a code that it accepts.

        `refused` tells whether an error of `use` means that the code was wrong. Raises `CannotPromptError` where
        there is nobody to ask, `MfaProcessError` where the program does not give a code, `CodeRejectedError`
        after `settings.MAX_CODE_TRIES` codes, and what else `use` raises.
        """
        for left in reversed(range(settings.MAX_CODE_TRIES)):
            with ending_aws():
                code = self._fresh_code(request)
            try:
                answer = use(code)
            except Exception as error:
                if not refused(error):
                    self._used.remember(request.serial, code)
                    raise
                if request.program:
                    # It would print the same code again; a person who mistyped one may try at once.
                    self._used.remember(request.serial, code)
            else:
                self._used.remember(request.serial, code)
                return answer
            if left:
                self._say("That code was not accepted; it may be mistyped, or used already.")
        raise CodeRejectedError(
            f"none of {settings.MAX_CODE_TRIES} codes of {request.serial} was accepted for profile "
            f"{request.profile}. Check that this is the right device and that its clock is right, then run the "
            f"command again"
        )

    def _fresh_code(self, request: Request) -> str:
        """Six digits that have not been sent before."""
        while True:
            code = self._code(request)
            wait = self._used.wait(request.serial, code)
            if wait is None:
                return code
            if request.program and not wait:
                # The device shows another by now, and the program would print this one for ever.
                raise mfa_process.failed(request.profile, "printed a code that has been used")
            self._count_down(wait)

    def _count_down(self, seconds: float) -> None:
        """Say that a code has been used, and wait until the device shows the next one."""
        if not seconds:
            self._say("That code has been used; take the one the device shows now.")
            return
        left = int(seconds) + 1
        with self._quiet():  # the next one may be typed too early
            while left > 0:
                self._say(f"\rThat code has been used; wait {left} s for the next one. ", end="")
                self._sleep(1)
                left -= 1
        self._say("")

    def _code(self, request: Request) -> str:
        if request.program:
            code = mfa_process.ask(request.program, request.profile)
            if not _is_code(code):
                raise mfa_process.failed(request.profile, "printed something else than six digits")
            return code
        while True:
            try:
                answer = self._ask(request.prompt)
            except CannotPromptError as error:
                raise CannotPromptError(
                    f"profile {request.profile} needs an MFA code of {request.serial}, but {error}. Give it in a "
                    f"terminal, and commands without one work while the session lasts:\n"
                    f"  {subcommand('login', request.profile)}"
                ) from None
            code = "".join(answer.split())
            if _is_code(code):
                return code
            self._say("An MFA code is six digits.")


def _is_code(text: str) -> bool:
    return len(text) == 6 and text.isascii() and text.isdigit()


def _name(serial: str) -> str:
    return hashlib.sha256(serial.encode()).hexdigest()


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}{code}".encode()).hexdigest()
