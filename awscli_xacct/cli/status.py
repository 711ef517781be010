"""``xacct status``: what is valid, for how long, and whose it is. No network."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import ProfileError, XacctError
from ..messages import warn
from ..profiles.cache_keys import record_cache
from ..profiles.inventory import Inventory
from ..profiles.source import is_mfa_user
from ..storage.cache import Record
from . import fastpath
from .resolve import read_config, resolve

HELP = "Show which credentials are valid, for how long, and whose they are."
EXAMPLES = """\
  xacct status
  xacct status --json
  PS1='$(xacct status --prompt) \\$ '     in bash, for the profile in AWS_PROFILE"""

_ROLE, _SESSION = "role", "mfa-session"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--json", action="store_true", help="the same for a program, times in seconds")
    ways.add_argument(
        "--prompt",
        action="store_true",
        help="one short line for a shell's prompt, for the profile in AWS_PROFILE; nothing if there is none",
    )


class _Row(NamedTuple):
    kind: str
    profile: str
    owner: str
    record: Record

    def to_dict(self) -> dict[str, Any]:
        """Return what a program is given: the times in UTC and in whole seconds."""
        return {
            "Profile": self.profile,
            "Kind": self.kind,
            "Owner": self.owner,
            "Expiration": self.record.expiry_text,
            "SecondsLeft": int(self.record.expiry - time.time()),
        }


def run(options: argparse.Namespace) -> int:
    """Print what is valid."""
    if options.prompt:
        sys.stdout.write(_prompt())
        return 0
    rows = list(_rows(read_config()))
    if options.json:
        sys.stdout.write(f"{json.dumps([row.to_dict() for row in rows], indent=4)}\n")
    elif rows:
        sys.stdout.write(_table(rows))
    else:
        warn(
            "no credentials are in the cache; whatever needs some fetches them, as does: xacct credentials PROFILE"
        )
    return 0


def _rows(config: Mapping[str, Any]) -> Iterator[_Row]:
    """The MFA sessions, each once, and then the roles, in the order of the file."""
    cache = record_cache(config, os.environ, warn)
    inventory = Inventory(config, os.environ, cache)
    roles, sessions = [], {}
    for entry in inventory:
        if entry.record:
            owner = f"{entry.account} {entry.role_name}"
            roles.append(_Row(_ROLE, entry.profile, owner, entry.record))
        if entry.session:
            sessions[entry.session.access_key] = entry.session
    for name, options in config["profiles"].items():
        if is_mfa_user(options):
            session = cache.read(_session_record(inventory, name))
            if session:
                sessions[session.access_key] = session
    for session in sessions.values():
        about = session.metadata
        yield _Row(_SESSION, str(about.get("profile", "")), str(about.get("device", "")), session)
    yield from roles


def _session_record(inventory: Inventory, name: str) -> str:
    try:
        return inventory.records_of(name)[0]
    except ProfileError:
        return ""  # there is no record of that name


def _table(rows: list[_Row]) -> str:
    from ..tables import local_time, remaining, table

    lines = [
        [row.profile, row.kind, row.owner, remaining(row.record), local_time(row.record.expiry)]
        for row in rows
    ]
    return table(["PROFILE", "KIND", "OWNER", "LASTS", "UNTIL"], lines)


def _prompt() -> str:
    """What `warm.prompt` says, with the files read. A prompt complains of nothing: it would, each time."""
    profile = fastpath.profile_in_use(os.environ)
    if not profile:
        return ""
    try:
        return fastpath.prompt_line(profile, resolve(profile).memo)
    except (XacctError, OSError):
        return f"{fastpath.harmless(profile)} ?\n"
