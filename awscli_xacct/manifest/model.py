"""What a manifest, or whatever else describes many roles, asks of the config."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import Location, Problem


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


@dataclass(frozen=True)
class Request:
    """Role profiles to be in the config, and whose they are.

    `mark` is written into each profile that is made, and tells it from those of others. `where` gives the location
    of a role's setting (None: of the role). With `prune`, profiles of the same mark that are not among `roles`
    go; with `adopt`, profiles that somebody else made are taken over. `problems` were found in the source itself.
    """

    roles: Sequence[RoleSpec]
    mark: str
    where: Callable[[str, str | None], Location]
    prune: bool = False
    adopt: bool = False
    problems: Sequence[Problem] = field(default=())
