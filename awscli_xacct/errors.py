"""Everything this package raises on purpose.

    XacctError             anything below; its text is meant for a person
      ValidationError      several problems at once, each with what would be right
      ConfigFileError      botocore could not read this file: file, line and reason
      EditError            the file was left as it was: somebody else's, unwritable, unproved
      ProfileError         a profile cannot work as it is written
      CannotPromptError    a code is needed and there is nobody to ask
      MfaProcessError      an ``mfa_process`` gave no code
      RoleDurationError    a role's maximum is known to be shorter than what its profile asks for
      CodeRejectedError    the MFA code was given three times and refused three times
      BusyError            another process kept the lock beyond the bound
      CacheError           what is cached cannot be looked at or dropped

A message names the thing, the place, and the command that fixes it. None holds a secret.
Text that came from outside (an STS message, a file) goes through `printable` first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .messages import printable, printable_lines


class XacctError(Exception):
    """Base of every error raised on purpose. Whoever prints it as it is, as the AWS CLI does, drives no terminal."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())


MAX_PROBLEMS = 200
"""How many problems are shown: nobody fixes more at a time, and a file of megabytes may have one in each line."""


class Location(NamedTuple):
    """A place in a file. Line and column count from 1; line 0 stands for the whole file."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        path = printable(self.path)
        return f"{path}:{self.line}:{self.column}" if self.line else path


class Problem(NamedTuple):
    """One thing that is wrong with an input, and how to fix it.

    `fix` begins in lower case and has no full stop; commands stand on lines of their own, after two spaces.
    `profile` is the one to change, which may be another one of the chain, and `key` the config key to change in it.
    Each is None where it is not known.
    """

    text: str
    fix: str | None = None
    profile: str | None = None
    key: str | None = None
    location: Location | None = None

    def __str__(self) -> str:
        start = f"{self.location}: " if self.location else ""
        if not self.fix:
            return f"{start}{self.text}"
        if "\n" not in self.fix:
            return f"{start}{self.text}; {self.fix}"
        return f"{start}{self.text}. {self.fix[0].upper()}{self.fix[1:]}"

    @property
    def commands(self) -> str:
        """The commands of the fix, one per line; "" where it is words."""
        return "\n".join(line.strip() for line in (self.fix or "").split("\n")[1:])


class ValidationError(XacctError):
    """Everything that is wrong with one request, so that nobody has to try once per problem.

    `problems` are `in_order`.
    """

    def __init__(self, heading: str, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join([heading, *_bullets(self.problems)]))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return each problem once: those without a location as they come, then the others by location."""
    return sorted(dict.fromkeys(problems), key=_by_location)


def _by_location(problem: Problem) -> tuple[Location, str]:
    return (problem.location, problem.text) if problem.location else (Location(""), "")


def _bullets(problems: Sequence[Problem]) -> Iterator[str]:
    for problem in problems[:MAX_PROBLEMS]:
        # The lines a problem goes on with, such as a command, stand under its text and not under the mark.
        yield "  - " + str(problem).replace("\n", "\n    ")
    if len(problems) > MAX_PROBLEMS:
        yield f"  - and {len(problems) - MAX_PROBLEMS} more"


class ConfigFileError(XacctError):
    """A config file that botocore refuses too. `line` counts from 1; 0 means the whole file."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        place = f"{path}, line {line}" if line else path
        super().__init__(f"{place}: {reason}")


class EditError(XacctError):
    """The edit was not made and the file is as it was."""


class ProfileError(XacctError):
    """A profile that cannot give credentials as it is written.

    `structural` marks the problems that the stock CLI finds as well; there its own error is shown.
    """

    def __init__(self, profile: str, text: str, fix: str | None = None, *, structural: bool = False) -> None:
        self.problem, self.structural = Problem(text, fix, profile), structural
        super().__init__(str(self.problem))


class CannotPromptError(XacctError):
    """An MFA code is needed and no terminal is there to ask on."""


class MfaProcessError(XacctError):
    """The program that should give MFA codes did not."""


class RoleDurationError(XacctError):
    """STS has lately refused a session of this length, and trying again would cost an MFA code."""


class CodeRejectedError(XacctError):
    """STS refused every MFA code that was given."""


class BusyError(XacctError):
    """Another process holds what this one needs, for longer than it is reasonable to wait."""


class CacheError(XacctError):
    """Cached sessions that cannot be looked at or dropped, and so may go on being served."""
