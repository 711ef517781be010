"""Everything this package raises on purpose.

    XacctError             base of all below; its text is for people
      ValidationError      several problems at once, each with its fix
      ConfigFileError      botocore cannot read a config file either: file, line and reason
      EditError            a file was not edited: it belongs to another user, or cannot be written or verified
      ProfileError         a profile cannot give credentials as it is written
      CannotPromptError    an MFA code is needed and cannot be prompted for
      MfaProcessError      an ``mfa_process`` printed no code
      RoleDurationError    a role's maximum is known to be shorter than its profile's duration_seconds
      CodeRejectedError    STS rejected every MFA code
      BusyError            another process held a lock for too long
      CacheError           cached sessions cannot be listed or deleted

A message says what is wrong, where, and the command that fixes it. It never holds a secret, and text from outside (an
STS message, a file) is escaped with `printable`.
"""

# No `from __future__ import annotations`: a NamedTuple would compile the text of each annotation.

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .messages import printable, printable_lines


class XacctError(Exception):
    """Base of every error raised on purpose. Its text is escaped, because the AWS CLI prints it as it is."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())


MAX_PROBLEMS = 200
"""How many problems are shown: a file of megabytes may have one in each line."""


class Location(NamedTuple):
    """A place in a file. Lines and columns count from 1; line 0 is the whole file."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        path = printable(self.path)
        return f"{path}:{self.line}:{self.column}" if self.line else path


class Problem(NamedTuple):
    """One thing that is wrong with an input, and how to fix it.

    `fix` begins in lower case and has no full stop; its commands are on lines of their own, after two spaces. `profile`
    is the one to change, which may be another one in the chain, and `key` the config key to change. None: not known.
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
        """The commands of the fix, one per line; empty if it has none."""
        return "\n".join(line.strip() for line in (self.fix or "").split("\n")[1:])


class ValidationError(XacctError):
    """Everything that is wrong with one request; `problems` are sorted by `in_order`."""

    def __init__(self, heading: str, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join([heading, *_bullets(self.problems)]))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return each problem once: first those without a location, then the others sorted by location."""
    return sorted(dict.fromkeys(problems), key=_by_location)


def _by_location(problem: Problem) -> tuple[Location, str]:
    return (problem.location, problem.text) if problem.location else (Location(""), "")


def _bullets(problems: Sequence[Problem]) -> Iterator[str]:
    for problem in problems[:MAX_PROBLEMS]:
        # A problem's other lines, such as a command, are indented as its text is, not as the bullet.
        yield "  - " + str(problem).replace("\n", "\n    ")
    if len(problems) > MAX_PROBLEMS:
        yield f"  - and {len(problems) - MAX_PROBLEMS} more"


class ConfigFileError(XacctError):
    """A config file that botocore rejects too. `line` counts from 1; 0 is the whole file."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        location = f"{path}, line {line}" if line else path
        super().__init__(f"{location}: {reason}")


class EditError(XacctError):
    """An edit was not made; the file is unchanged."""


class ProfileError(XacctError):
    """A profile that cannot give credentials as it is written.

    `structural`: the stock CLI finds the problem as well, and its own error is shown.
    """

    def __init__(self, profile: str, text: str, fix: str | None = None, *, structural: bool = False) -> None:
        self.problem, self.structural = Problem(text, fix, profile), structural
        super().__init__(str(self.problem))


class CannotPromptError(XacctError):
    """An MFA code is needed and cannot be prompted for."""


class MfaProcessError(XacctError):
    """An ``mfa_process`` printed no MFA code."""


class RoleDurationError(XacctError):
    """STS refused a session of this length a short while ago, and another attempt would cost an MFA code."""


class CodeRejectedError(XacctError):
    """STS rejected every MFA code."""


class BusyError(XacctError):
    """Another process has held a lock for longer than it is reasonable to wait."""


class CacheError(XacctError):
    """Cached sessions that cannot be listed or deleted, so they may still be used."""
