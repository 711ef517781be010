"""``aws configure role list``: every role profile, or the tree of who assumes from whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .. import settings
from ..arn import Arn
from ..messages import print_message, printable
from ..profiles.inventory import Entry
from ..profiles.role import Role
from ..tables import can_draw, remaining, table
from .base import NO_ROLES, Subcommand, arg_table, flag, session_behind
from .output import print_result

_BROKEN = "cannot work"

_Place = tuple[bool, str]
"""Where a profile hangs in the tree: on a role profile or not, and on which."""


class ListCommand(Subcommand):
    """Reads the config and the cache; makes no call."""

    NAME = "list"
    SYNOPSIS = "aws configure role list [--tree]"
    ARG_TABLE = arg_table(
        flag("tree", "Draw which profile assumes its role from which."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        entries = list(self._inventory())
        if not entries:
            print_message(NO_ROLES)
        result = [_result(entry) for entry in entries]
        draw = _tree if parsed_args.tree else _rows
        print_result(self._session, parsed_globals, self.NAME, result, lambda: draw(entries))
        if any(entry.fault for entry in entries):
            print_message(f"why a profile {_BROKEN}: aws configure role show PROFILE")
        return 0


def _result(entry: Entry) -> dict[str, Any]:
    """An entry for programs: the same keys for each, None where there is nothing."""
    session = session_behind(entry)
    return {
        "Profile": entry.profile,
        "RoleArn": str(entry.options.get("role_arn")),
        "Account": entry.account or None,
        "Role": entry.role_name or None,
        "Source": entry.source or None,
        "MfaSerial": entry.mfa_serial or None,
        "Region": entry.region or None,
        "Expiration": entry.record.expiry_text if entry.record else None,
        "MfaSessionExpiration": session.expiry_text if session else None,
        "Fault": entry.fault,
    }


def _rows(entries: Sequence[Entry]) -> str:
    if not entries:
        return ""
    titles = ["PROFILE", "ACCOUNT", "ROLE", "SOURCE", "MFA", "REGION", "CACHED"]
    rows = [
        [e.profile, e.account, e.role_name, e.source, device_name(e.mfa_serial), e.region, _state(e)]
        for e in entries
    ]
    return table(titles, rows)


def _state(entry: Entry) -> str:
    return _BROKEN if entry.fault else remaining(entry.record)


def device_name(serial: str) -> str:
    """The part of a device's ARN that tells devices apart."""
    arn = Arn.parse(serial)
    return arn.name if arn and arn.kind == "mfa" else serial


# -- the tree --------------------------------------------------------------------------------------


def _tree(entries: Sequence[Entry]) -> str:
    roles = {entry.profile for entry in entries}
    children: dict[_Place, list[Entry]] = {}
    for entry in entries:
        children.setdefault(_parent(entry, roles), []).append(entry)
    lines: list[str] = []
    drawn: set[str] = set()
    behind: list[Entry] = []
    for is_role, name in children:
        if not is_role:
            lines.append(printable(name) or "(no source)")
            lines += _branches(children[False, name], children, [], drawn, behind)
    for entry in behind:  # which grows meanwhile
        behind += children.get((True, entry.profile), [])
    if behind:
        lines += ["(behind a chain that is too long)", *_branches(behind, {}, [], drawn, [])]
    # What hangs on no root goes in a circle.
    circle = [entry for entry in entries if entry.profile not in drawn]
    if circle:
        lines += ["(in a circle)", *_branches(circle, {}, [], drawn, [])]
    return "".join(f"{line}\n" for line in lines)


def _parent(entry: Entry, roles: Collection[str]) -> _Place:
    """What a profile hangs on: one that has a role and keys as well is a source with its keys."""
    if entry.role is None:
        return entry.source in roles, entry.source
    source = entry.role.source
    return (True, source.profile) if isinstance(source, Role) else (False, source.name)


def _branches(
    entries: Sequence[Entry],
    children: Mapping[_Place, list[Entry]],
    indents: list[str],
    drawn: set[str],
    behind: list[Entry],
) -> Iterator[str]:
    """The lines of some profiles and all that assume from them; off a terminal a plain list.

    What stands too far from the root to be a branch of its own is added to `behind` and not drawn.
    """
    fork, end, pipe, blank = (
        ("├── ", "└── ", "│   ", "    ") if can_draw() else ("  - ", "  - ", "    ", "    ")
    )
    for entry in entries:
        last = entry is entries[-1]
        drawn.add(entry.profile)
        yield f"{''.join(indents)}{end if last else fork}{_leaf(entry)}"
        further = children.get((True, entry.profile), [])
        if len(indents) < settings.MAX_CHAIN:
            yield from _branches(further, children, [*indents, blank if last else pipe], drawn, behind)
        else:
            behind += further


def _leaf(entry: Entry) -> str:
    state = f"({_state(entry)})" if _state(entry) else ""
    return printable("  ".join(filter(None, [entry.profile, entry.account, entry.role_name, state])))
