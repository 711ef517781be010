"""``aws configure role list``: every role profile, or the tree of who assumes from whom."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from ..awsconfig.inventory import Entry
from ..errors import printable
from .base import Subcommand
from .output import give, remaining, table


class ListCommand(Subcommand):
    """Reads the config and the cache; makes no call."""

    NAME = "list"
    DESCRIPTION = (
        "List the profiles that assume a role, with what is cached for each and for how long. "
        "No call is made to AWS."
    )
    SYNOPSIS = "aws configure role list [--tree]"
    EXAMPLES = (
        "To see all role profiles::\n\n"
        "    $ aws configure role list\n"
        "    PROFILE  ACCOUNT       ROLE                   SOURCE   MFA  REGION     CACHED\n"
        "    prod     222222222222  CrossAccountPowerUser  default  dev  us-west-1  52 min\n"
        "    audit    333333333333  Audit                  prod     -    -          -\n\n"
        "To see who assumes from whom::\n\n"
        "    $ aws configure role list --tree\n\n"
        "To get the ARNs for a script::\n\n"
        "    $ aws configure role list --query '[].RoleArn' --output text\n"
    )
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {
            "name": "tree",
            "action": "store_true",
            "help_text": "Draw which profile assumes its role from which.",
        },
    ]

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        entries = list(self._inventory())
        result = [_result(entry) for entry in entries]
        draw = _tree if parsed_args.tree else _rows
        give(self._session, parsed_globals, self.NAME, result, lambda: draw(entries))
        return 0


def _result(entry: Entry) -> dict[str, Any]:
    """An entry for programs: the same keys for each, None where there is nothing."""
    return {
        "Profile": entry.profile,
        "RoleArn": str(entry.options.get("role_arn")),
        "Account": entry.account or None,
        "Role": entry.role_name or None,
        "Source": entry.source or None,
        "MfaSerial": entry.mfa_serial or None,
        "Region": entry.region or None,
        "Expiration": entry.record.expiry_text if entry.record else None,
        "MfaSessionExpiration": entry.session.expiry_text if entry.session else None,
        "Fault": entry.fault,
    }


def _rows(entries: Sequence[Entry]) -> str:
    if not entries:
        return "no profile assumes a role; make one with: aws configure role PROFILE --role-arn ARN\n"
    titles = ["PROFILE", "ACCOUNT", "ROLE", "SOURCE", "MFA", "REGION", "CACHED"]
    rows = [
        [e.profile, e.account, e.role_name, e.source, device_name(e.mfa_serial), e.region, _state(e)]
        for e in entries
    ]
    return table(titles, rows)


def _state(entry: Entry) -> str:
    if entry.fault:
        return "cannot work: see `show`"
    return remaining(entry.record)


def device_name(serial: str) -> str:
    """The part of a device's ARN that tells devices apart."""
    return serial.partition(":mfa/")[2] or serial


# -- the tree --------------------------------------------------------------------------------------


def _tree(entries: Sequence[Entry]) -> str:
    by_source: dict[str, list[Entry]] = {}
    for entry in entries:
        by_source.setdefault(entry.source, []).append(entry)
    roles = {entry.profile for entry in entries}
    roots = [source for source in by_source if source not in roles]
    lines: list[str] = []
    drawn: set[str] = set()
    for root in roots:
        lines.append(printable(root) or "(no source)")
        lines += _branches(by_source.get(root, []), by_source, "", drawn)
    # What hangs on no root goes in a circle.
    circle = [entry for entry in entries if entry.profile not in drawn]
    if circle:
        lines += ["(in a circle)", *_branches(circle, {}, "", drawn)]
    return "".join(f"{line}\n" for line in lines)


def _branches(
    entries: Iterable[Entry], by_source: dict[str, list[Entry]], indent: str, drawn: set[str]
) -> Iterable[str]:
    """The lines of some profiles and all that assume from them, the lines of the drawing on a terminal only."""
    fork, end, pipe, blank = (
        ("├── ", "└── ", "│   ", "    ") if sys.stdout.isatty() else ("  - ", "  - ", "    ", "    ")
    )
    entries = list(entries)
    for entry in entries:
        last = entry is entries[-1]
        drawn.add(entry.profile)
        yield f"{indent}{end if last else fork}{_leaf(entry)}"
        children = [child for child in by_source.get(entry.profile, []) if child.profile not in drawn]
        yield from _branches(children, by_source, indent + (blank if last else pipe), drawn)


def _leaf(entry: Entry) -> str:
    state = f"  ({_state(entry)})" if _state(entry) else ""
    return printable(f"{entry.profile}  {entry.account}  {entry.role_name}{state}")
