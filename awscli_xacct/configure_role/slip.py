"""The command that somebody has mistyped: for that one command line it is in the CLI's tables, and says what is meant.

Both versions of the CLI exit with what a command returns. Version 2 would make 0 of a process that a handler ends.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import UsageError
from ..slips import find_aws_command, find_configure_command
from .reporting import make_reporter


class SlipCommand:
    """Stands in for what there is not. awscli sets `lineage`."""

    def __init__(self, name: str, meant: str, session: Any) -> None:
        self.name, self._meant, self._session = name, meant, session
        self.lineage: list[Any] = [self]

    def __call__(self, args: list[str], parsed_globals: Any) -> int:
        reporter = make_reporter(args, self._session, parsed_globals)
        hint = f"unknown command {self.name}; did you mean: {self._meant}"
        return reporter.report(UsageError(hint, fix=self._meant))


def make_slip(words: Sequence[str]) -> Callable[[Any], SlipCommand] | None:
    """Return what makes the command for the words after ``aws``, given a session; None if they mean none of ours."""
    if words[0] == "configure":
        name, meant = words[1], find_configure_command(words[1:])
    else:
        name, meant = words[0], find_aws_command(words)
    return (lambda session: SlipCommand(name, meant, session)) if meant else None
