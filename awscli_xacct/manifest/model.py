"""What a manifest, or whatever else describes many roles, asks of the config."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..messages import printable


class Place(NamedTuple):
    """Where something is said: a file, and line and column from 1; line 0 is the file as a whole."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        path = printable(self.path)
        return f"{path}:{self.line}:{self.column}" if self.line else path


class RoleSpec(NamedTuple):
    """One role profile: config keys to set and, as None, keys that it is not to have.

    The role is named in `options`, or by `account` (twelve digits) and `role_name`, of which the ARN is made in
    the partition of its source. `unread` are keys that something is wrong with already.
    """

    profile: str
    options: Mapping[str, str | None]
    account: str = ""
    role_name: str = ""
    unread: frozenset[str] = frozenset()


class Fault(NamedTuple):
    """What is wrong, and where that is said."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True)
class Request:
    """Role profiles to be in the config, and whose they are.

    `mark` is written into each profile that is made, and tells it from those of others. `where` gives the place
    of a role's setting (None: of the role). With `prune`, profiles of the same mark that are not among `roles`
    go; with `adopt`, profiles that somebody else made are taken over. `faults` were found in the source itself.
    """

    roles: Sequence[RoleSpec]
    mark: str
    where: Callable[[str, str | None], Place]
    prune: bool = False
    adopt: bool = False
    faults: Sequence[Fault] = field(default=())
