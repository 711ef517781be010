"""``xacct status``: which credentials are valid, for how long, and whose they are. Uses no network.

All sessions in the cache are shown: besides those that the profiles would use as they are now, those that were narrowed
for one command, and those of profiles that have been changed or removed since. What these are is in their records.
"""

import argparse
import functools
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .. import settings
from ..arn import Arn
from ..errors import ProfileError, UsageError, XacctError
from ..messages import warn
from ..profiles import policies
from ..profiles.cache_keys import CacheKeys, record_cache
from ..profiles.inventory import Inventory
from ..profiles.source import is_mfa_user
from ..results import write_json, write_result
from ..storage.cache import Record
from .output import add_format_options
from .prompt import escape_for_prompt, format_prompt
from .resolve import read_config, resolve

HELP = "Show which credentials are valid, for how long, and whose they are."

_ROLE, _SESSION = "role", "mfa-session"
_GONE, _OTHER = "profile is gone", "other settings"
_INLINE = "sha256:"
"""What the digest of an inline policy begins with in a record, among the ARNs of managed ones."""
STRAY = "For one profile: xacct whoami PROFILE"


def configure(parser: argparse.ArgumentParser) -> None:
    add_format_options(parser)
    parser.add_argument(
        "--prompt",
        action="store_true",
        help="print one short line for a shell's prompt, for the profile in AWS_PROFILE; nothing without one",
    )


class _Row(NamedTuple):
    kind: str
    profile: str
    owner: str
    record: Record
    options: Mapping[str, Any] = {}
    """The profile's, if it is a role's; else what its record tells of them."""
    note: str = ""
    """Why the profile would not use the session; empty if it would."""

    def to_dict(self) -> dict[str, Any]:
        """Return the row for programs: the times in UTC and in whole seconds."""
        return {
            "Profile": self.profile,
            "Kind": self.kind,
            "Owner": self.owner,
            **policies.to_dict(self.options),
            "Current": not self.note,
            "Expiration": self.record.expiry_text,
            "SecondsLeft": int(self.record.expiry - time.time()),
        }


def run(options: argparse.Namespace) -> int:
    """Print what is valid."""
    if options.prompt and options.output == "json":
        raise UsageError("--prompt and --output json cannot be used together. Use one of them")
    if options.prompt:
        write_result(_format_prompt())
        return 0
    rows = list(_list_rows(read_config()))
    if options.output == "json":
        write_json([row.to_dict() for row in rows])
    elif rows:
        write_result(_format_table(rows))
    else:
        warn(
            "no credentials are cached; commands fetch them when they need them, as does: xacct credentials PROFILE"
        )
    return 0


def _list_rows(config: Mapping[str, Any]) -> Iterator[_Row]:
    """Yield each MFA session once, then the roles in the order of the file, and then whatever else there is."""
    cache = record_cache(config, os.environ, warn)
    names, read = cache.names(), functools.cache(cache.read)
    roles, sessions = [], {}
    for entry in Inventory(config, os.environ, read):
        if entry.record:
            owner = f"{entry.account} {entry.role_name}"
            roles.append(_Row(_ROLE, entry.profile, owner, entry.record, entry.options))
        if entry.session:
            sessions[entry.session.access_key] = entry.session
    for name, options in config["profiles"].items():
        if is_mfa_user(options):
            session = read(_find_session_key(config, name))
            if session:
                sessions[session.access_key] = session
    for session in sessions.values():
        metadata = session.metadata
        yield _Row(_SESSION, str(metadata.get("profile", "")), str(metadata.get("device", "")), session)
    yield from roles
    shown = {*sessions, *(row.record.access_key for row in roles)}
    others = [found for name in names if (found := read(name)) and found.access_key not in shown]
    rows = [_describe(record, config["profiles"]) for record in others]
    yield from sorted(rows, key=lambda row: (row.profile, row.record.expiry))


def _describe(record: Record, profiles: Mapping[str, Any]) -> _Row:
    """Return the row of a session that no profile would use, from what its record says."""
    about = record.metadata
    profile = str(about.get("profile", ""))
    note = _OTHER if profile in profiles else _GONE
    if "device" in about:
        return _Row(_SESSION, profile, str(about["device"]), record, note=note)
    text = str(about.get("role", ""))
    arn = Arn.parse(text)
    owner = f"{arn.account} {arn.role_name}" if arn else text
    sent = [str(policy) for policy in about.get("policy") or ()]
    options = {
        settings.POLICY: "".join(policy for policy in sent if policy.startswith(_INLINE)),
        settings.POLICY_ARNS: ",".join(policy for policy in sent if not policy.startswith(_INLINE)),
    }
    return _Row(_ROLE, profile, owner, record, options, note)


def _find_session_key(config: Mapping[str, Any], name: str) -> str:
    try:
        return CacheKeys(config, name, os.environ).all()[0]
    except ProfileError:
        return ""  # which no record has


def _format_table(rows: list[_Row]) -> str:
    from ..tables import add_column, local_time, remaining, table

    lines = [
        [row.profile, row.kind, row.owner, remaining(row.record), local_time(row.record.expiry)]
        for row in rows
    ]
    titles = ["PROFILE", "KIND", "OWNER", "LASTS", "UNTIL"]
    add_column(
        titles, lines, "POLICY", [policies.describe_narrowing(row.options) for row in rows], before="LASTS"
    )
    # The last, because that is what a narrow terminal shows below the rest.
    add_column(titles, lines, "NOTE", [row.note for row in rows])
    return table(titles, lines)


def _format_prompt() -> str:
    """Return what `prompt.read_prompt` does, but from the config files. An error is a ``?``, no message."""
    profile = settings.find_current_profile(os.environ)
    if not profile:
        return ""
    try:
        return format_prompt(profile, resolve(profile).memo)
    except (XacctError, OSError):
        return f"{escape_for_prompt(profile)} ?\n"
