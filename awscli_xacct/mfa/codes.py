"""Getting an MFA code from a person, and trying again when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .. import settings
from ..errors import CannotAsk, CodeRefused
from . import terminal

Answer = TypeVar("Answer")


class Asker(Protocol):
    """Asks a person for one line. Raises `CannotAsk` where there is nobody to ask."""

    def __call__(self, prompt: str) -> str: ...


@dataclass(frozen=True)
class Request:
    """What a code is needed for: everything the person asked needs to know."""

    serial: str
    profile: str
    purpose: str

    @property
    def prompt(self) -> str:
        return f"MFA code of {self.serial} for profile {self.profile} ({self.purpose}): "


class Codes:
    """Asks for codes until one is accepted."""

    def __init__(self, ask: Asker = terminal.ask, say: Callable[[str], None] = terminal.say) -> None:
        self._ask = ask
        self._say = say

    def spend(
        self, request: Request, use: Callable[[str], Answer], refused: Callable[[Exception], bool]
    ) -> Answer:
        """What `use` gives for a code that it accepts.

        `refused` tells whether an error of `use` means that the code was wrong. Raises `CannotAsk` where
        there is nobody to ask, `CodeRefused` after `settings.CODE_TRIES` codes, and what else `use` raises.
        """
        for left in reversed(range(settings.CODE_TRIES)):
            code = self._code(request)
            try:
                return use(code)
            except Exception as error:
                if not refused(error):
                    raise
            if left:
                self._say("That code was not accepted. Wait for the next one, or try again.")
        raise CodeRefused(
            f"none of {settings.CODE_TRIES} codes of {request.serial} was accepted for profile "
            f"{request.profile}. Check that this is the device in your hand and that its clock is right, then "
            f"run the command again"
        )

    def _code(self, request: Request) -> str:
        while True:
            try:
                answer = self._ask(request.prompt)
            except CannotAsk as error:
                raise CannotAsk(
                    f"profile {request.profile} needs an MFA code of {request.serial}, but {error}. "
                    f"Give it once in a terminal, and commands without one work while the session lasts:\n"
                    f"  aws sts get-caller-identity --profile {request.profile}"
                ) from None
            code = "".join(answer.split())
            if len(code) == 6 and code.isascii() and code.isdigit():
                return code
            self._say("An MFA code is six digits.")
