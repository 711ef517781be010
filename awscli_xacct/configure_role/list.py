"""``aws configure role list``: a table of all role profiles, or a tree of which assumes its role from which."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .. import settings
from ..arn import Arn
from ..messages import print_message, printable
from ..profiles import policies
from ..profiles.inventory import RoleEntry
from ..profiles.key_places import FILE, describe_source
from ..profiles.role import Role
from ..profiles.sdk_profiles import map_sdk_profiles
from ..tables import MIN_ROLE_WIDTH, add_column, can_draw, remaining, table, truncate
from ..wrapping import columns, fill, terminal_width
from .arguments import flag
from .base import NO_ROLE_PROFILES, Subcommand, shared_session

_BROKEN = "cannot work"

_Parent = tuple[bool, str]
"""The parent of a profile in the tree: whether it is a role profile, and its name."""


class ListCommand(Subcommand):
    """Reads the config file and the cache. Makes no calls."""

    NAME = "list"
    STRAY = "For one profile: aws configure role show PROFILE"
    ARG_TABLE = (flag("tree", "Draw which profile assumes its role from which."),)

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        entries = list(self._inventory())
        if not entries:
            print_message(str(NO_ROLE_PROFILES))
        profiles = self._session.full_config["profiles"]
        pairs = map_sdk_profiles(profiles)
        places = {e.profile: e.role and describe_source(e.role.hops[-1].source, profiles) for e in entries}
        result = [_to_dict(entry, pairs, places) for entry in entries]

        def draw() -> str:
            return _tree(entries, places) if parsed_args.tree else _rows(entries, pairs, places)

        self._print(parsed_globals, result, draw)
        if any(entry.problem for entry in entries):
            print_message(f"to see why a profile {_BROKEN}: aws configure role show PROFILE")
        return 0


def _to_dict(entry: RoleEntry, pairs: Mapping[str, str], places: Mapping[str, str | None]) -> dict[str, Any]:
    """Return an entry for programs, always with the same keys."""
    session = shared_session(entry)
    return {
        "Profile": entry.profile,
        "RoleArn": str(entry.options.get(settings.ROLE_ARN)),
        "Account": entry.account or None,
        "Role": entry.role_name or None,
        "Source": entry.source or None,
        "MfaSerial": entry.mfa_serial or None,
        "Region": entry.region or None,
        **policies.to_dict(entry.options),
        "KeyRestsIn": places[entry.profile],
        "SdkProfile": pairs.get(entry.profile),
        "Expiration": entry.record.expiry_text if entry.record else None,
        "MfaSessionExpiration": session.expiry_text if session else None,
        "Problem": entry.problem,
    }


def _shown_places(entries: Sequence[RoleEntry], places: Mapping[str, str | None]) -> dict[str, str]:
    """Return where the keys of source profiles rest, for people: nothing while all are in a file."""
    shown = {e.profile: places[e.profile] or "" for e in entries if e.role and e.role.hops[-1].source.profile}
    return shown if set(shown.values()) - {FILE, ""} else {}


def _rows(entries: Sequence[RoleEntry], pairs: Mapping[str, str], places: Mapping[str, str | None]) -> str:
    if not entries:
        return ""
    titles = ["PROFILE", "ACCOUNT", "ROLE", "SOURCE", "MFA", "REGION", "CACHED"]
    rows = [
        [e.profile, e.account, e.role_name, e.source, device_name(e.mfa_serial), e.region, _state(e)]
        for e in entries
    ]
    shown = _shown_places(entries, places)
    add_column(titles, rows, "KEY IN", [shown.get(e.profile, "") for e in entries], before="MFA")
    add_column(
        titles, rows, "POLICY", [policies.describe_narrowing(e.options) for e in entries], before="CACHED"
    )
    add_column(titles, rows, "SDK PROFILE", [pairs.get(e.profile, "") for e in entries], before="CACHED")
    return table(titles, rows)


def _state(entry: RoleEntry) -> str:
    return _BROKEN if entry.problem else remaining(entry.record)


def device_name(serial: str) -> str:
    """Return the name of a device, without the common part of its ARN."""
    arn = Arn.parse(serial)
    return arn.name if arn and arn.kind == "mfa" else serial


# -- the tree --------------------------------------------------------------------------------------


def _tree(entries: Sequence[RoleEntry], places: Mapping[str, str | None]) -> str:
    shown = _shown_places(entries, places)
    roles = {entry.profile for entry in entries}
    children: dict[_Parent, list[RoleEntry]] = {}
    for entry in entries:
        children.setdefault(_parent(entry, roles), []).append(entry)
    lines: list[str] = []
    drawn: set[str] = set()
    too_deep: list[RoleEntry] = []
    for is_role, name in children:
        if not is_role:
            place = shown.get(children[False, name][0].profile)
            lines.append(
                (printable(name) or "(no source)") + (f"  (key in: {printable(place)})" if place else "")
            )
            lines += _branches(children[False, name], children, [], drawn, too_deep)
    for entry in too_deep:  # the list grows in this loop
        too_deep += children.get((True, entry.profile), [])
    if too_deep:
        lines += ["(chain too long)", *_branches(too_deep, {}, [], drawn, [])]
    # Profiles that no root leads to are in a loop, or come after one.
    loop = [entry for entry in entries if entry.profile not in drawn]
    if loop:
        lines += ["(loop)", *_branches(loop, {}, [], drawn, [])]
    return "".join(f"{line}\n" for line in lines)


def _parent(entry: RoleEntry, roles: Collection[str]) -> _Parent:
    """Return the parent of a profile. A role profile that also has keys is a source with those, and so a root."""
    if entry.role is None:
        return entry.source in roles, entry.source
    source = entry.role.source
    return isinstance(source, Role), source.name


def _branches(
    entries: Sequence[RoleEntry],
    children: Mapping[_Parent, list[RoleEntry]],
    indents: list[str],
    drawn: set[str],
    too_deep: list[RoleEntry],
) -> Iterator[str]:
    """Yield the lines of profiles and of all that assume from them: as a tree on a terminal, else as a plain list.

    Children at the maximum depth are appended to `too_deep` instead.
    """
    fork, end, pipe, blank = (
        ("├── ", "└── ", "│   ", "    ") if can_draw() else ("  - ", "  - ", "    ", "    ")
    )
    for entry in entries:
        last = entry is entries[-1]
        drawn.add(entry.profile)
        start = "".join(indents)
        below = f"{start}{blank if last else pipe}  "
        yield _leaf(entry, f"{start}{end if last else fork}", below)
        own = children.get((True, entry.profile), [])
        if len(indents) < settings.MAX_CHAIN:
            yield from _branches(own, children, [*indents, blank if last else pipe], drawn, too_deep)
        else:
            too_deep += own


def _leaf(entry: RoleEntry, start: str, below: str) -> str:
    """Return the line of a profile, after what is drawn at its `start`; what does not fit on a line goes `below`."""
    state = f"({_state(entry)})" if _state(entry) else ""

    def join(role: str, *, profile: str = "") -> str:
        return printable(
            "  ".join(
                filter(
                    None, [profile, entry.account, role, policies.describe_narrowing(entry.options), state]
                )
            )
        )

    line = f"{start}{join(entry.role_name, profile=entry.profile)}"
    available = terminal_width(sys.stdout)
    excess = columns(line) - available
    if not available or excess <= 0:
        return line
    width = columns(entry.role_name) - excess
    if width >= MIN_ROLE_WIDTH:
        return f"{start}{join(truncate(entry.role_name, width), profile=entry.profile)}"
    excess = columns(f"{below}{join(entry.role_name)}") - available
    role = truncate(entry.role_name, max(columns(entry.role_name) - max(excess, 0), MIN_ROLE_WIDTH))
    return f"{start}{printable(entry.profile)}\n{fill(f'{below}{join(role)}', available, below)}"
