"""One thing that is wrong with an input: what, where, and the fix; and how many of them are shown at once."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .messages import printable

MAX_PROBLEMS = 200
"""How many problems are shown: a file of megabytes may have one in each line."""
MAX_HINTS = 20
"""How many problems of one kind suggest a name from all those that exist."""


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
    is the one to change, which may be another one in the chain, and `key` the config key to change; `code` is what
    programs are told, one of `error_codes.CODES`. None: not known.
    """

    text: str
    fix: str | None = None
    profile: str | None = None
    key: str | None = None
    location: Location | None = None
    code: str | None = None

    def __str__(self) -> str:
        start = f"{self.location}: " if self.location else ""
        if not self.fix:
            return f"{start}{self.text}"
        if "\n" not in self.fix:
            return f"{start}{self.text}; {self.fix}"
        return f"{start}{self.text.removesuffix('.')}. {self.fix[0].upper()}{self.fix[1:]}"

    @property
    def commands(self) -> str:
        """The commands of the fix, one per line; empty if it has none."""
        return "\n".join(line.strip() for line in (self.fix or "").split("\n")[1:])

    @property
    def command(self) -> str | None:
        """The first command of the fix; None if it has none."""
        return find_command(self.fix or "")


def find_command(fix: str) -> str | None:
    """Return the first command of a fix: a line of its own, or what follows a colon. None if it has none."""
    first, *others = fix.split("\n")
    found = next((line.strip() for line in others if line.startswith("  ")), None)
    return found or next(iter(_COMMAND.findall(first)), None)


_COMMAND = re.compile(r": ((?:aws|xacct|sudo|export|unset|chmod|ls|rm|pip|python3?|curl) .*)$")


class Hints:
    """Limits how many problems suggest a name.

    Looking for similar names among 10,000 takes 50 ms: with as many misspelled ones it took minutes.
    """

    def __init__(self) -> None:
        self._left = MAX_HINTS

    def take(self) -> bool:
        """Return whether one more problem may suggest a name."""
        self._left -= 1
        return self._left >= 0


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return each problem once: first those without a location, then the others sorted by location."""
    return sorted(dict.fromkeys(problems), key=_by_location)


def _by_location(problem: Problem) -> tuple[Location, str]:
    return (problem.location, problem.text) if problem.location else (Location(""), "")


def bullets(problems: Sequence[Problem]) -> Iterator[str]:
    """Return problems as the items of a list for people, one or more lines each."""
    # A problem's other lines, such as a command, are indented as its text is, not as the bullet.
    return ("  - " + text.replace("\n", "\n    ") for text in _shown(problems))


def one_line(text: str) -> str:
    """Return a text of several lines as one, for programs that read a problem per line."""
    return " ".join(line.strip() for line in text.split("\n"))


def lines_for_programs(problems: Sequence[Problem]) -> Iterator[str]:
    """Return problems for programs, one line each."""
    return map(one_line, _shown(problems))


def _shown(problems: Sequence[Problem]) -> Iterator[str]:
    yield from map(str, problems[:MAX_PROBLEMS])
    if len(problems) > MAX_PROBLEMS:
        yield f"and {len(problems) - MAX_PROBLEMS} more"
