"""``xacct history``: the sessions that were obtained, and how CloudTrail shows what each of them did."""

import argparse
import os
import re
import shlex
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from .. import settings
from ..arn import Arn
from ..errors import UsageError, XacctError
from ..history import log
from ..history.entry import HistoryEntry, parse_line
from ..messages import print_message, printable, profile_option, unknown_profile, warn
from ..profiles.cache_keys import describe_setting, keeps_history
from ..profiles.partitions import load_partitions
from ..profiles.regions import find_region
from ..profiles.source import Profiles
from ..results import write_json, write_result
from .output import add_format_options
from .resolve import read_config

HELP = "Show which sessions were obtained, by whom, for what, and how to see what they did."

_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_AGE = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
_CLOUDTRAIL = "aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue="


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE", nargs="?", help="only sessions of this profile")
    parser.add_argument(
        "--since", metavar="AGE", help="only sessions of the last 30m, 12h, 1d or 2w, or since a day or time"
    )
    add_format_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print the sessions, the oldest first."""
    since = parse_since(options.since, time.time()) if options.since is not None else 0.0
    recent = [entry for entry in _read() if entry.moment >= since]
    entries = [entry for entry in recent if options.profile in (None, entry.Profile)]
    profiles, is_kept = _read_config()
    if (
        not entries
        and options.profile is not None
        and profiles is not None
        and options.profile not in profiles
    ):
        raise XacctError(
            unknown_profile(options.profile, profiles), code="ProfileNotFound", profile=options.profile
        )
    if options.output == "json":
        write_json([entry._asdict() for entry in entries])
    elif entries:
        write_result(_format(entries, profiles or {}))
    else:
        whose = "" if options.profile is None else f" of profile {options.profile}"
        warn(f"no session{whose} is recorded" + (" since then" if since else ""))
    for name in _find_earlier_names(options.profile, recent, profiles or {}):
        warn(
            f"there is no profile {name} any more, but sessions of the same role are recorded for it. See them with: "
            f"xacct history {shlex.quote(name)}"
        )
    if not is_kept:
        named = describe_setting(settings.HISTORY, os.environ, settings.HISTORY_MODES[1])
        warn(f"sessions are not recorded: {named}")
    return 0


def _find_earlier_names(
    profile: str | None, entries: Sequence[HistoryEntry], profiles: Profiles
) -> list[str]:
    """Return the names under which a profile's role has sessions and there is no profile: it was renamed, perhaps."""
    role = profiles.get(profile or "", {}).get(settings.ROLE_ARN)
    names = [entry.Profile for entry in entries if role and entry.Role == role]
    return [name for name in dict.fromkeys(names) if name is not None and name not in profiles]


def _read_config() -> tuple[Profiles | None, bool]:
    """Return the profiles, None if the config cannot be read, and whether sessions are recorded.

    What is wrong with the config is a warning: it is no reason to withhold what was recorded before.
    """
    profiles = None
    try:
        config = read_config()
        profiles = config["profiles"]
        return profiles, keeps_history(config, os.environ)
    except XacctError as error:
        print_message(f"xacct: {error}")
        return profiles, True


def parse_since(text: str, now: float) -> float:
    """Return the time (seconds since the epoch) that is an age before `now`, or a day or time in the local zone.

    Raises `UsageError`.
    """
    age = _AGE.fullmatch(text)
    if age:
        return now - int(age[1]) * _UNITS[age[2]]
    try:
        # Before Python 3.11 it does not know the Z.
        return datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text)).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {text!r} is neither an age, such as 30m, 12h, 1d or 2w, nor a time, such as 2026-11-25 or "
            f"2026-11-25T09:30. See: xacct history --help"
        ) from None


def _read() -> Iterator[HistoryEntry]:
    """Yield what is recorded, the oldest first; whatever cannot be read is counted in a warning."""
    damaged = 0
    try:
        for line in log.read_lines():
            entry = parse_line(line)
            if entry:
                yield entry
            else:
                damaged += 1
    except OSError as error:
        reason = error.strerror or error
        raise XacctError(f"the history in {log.history_path()} cannot be read: {reason}") from None
    if damaged:
        lines, them = ("1 line is", "it") if damaged == 1 else (f"{damaged} lines are", "them")
        warn(f"{lines} left out, because no session can be read from {them}: {log.history_path()}")


def _format(entries: Sequence[HistoryEntry], profiles: Profiles) -> str:
    """Return a table with, below each row, the command that shows what CloudTrail knows of the session."""
    from ..tables import local_time, table

    rows = [
        [
            local_time(entry.moment),
            entry.Profile or "",
            _owner(entry),
            _short(entry.Caller),
            entry.SessionName or "",
            entry.Program or "",
        ]
        for entry in entries
    ]
    titles = ["TIME", "PROFILE", "OWNER", "CALLER", "SESSION", "PROGRAM"]
    return table(titles, rows, below=[_look_up(entry, profiles) for entry in entries])


def _owner(entry: HistoryEntry) -> str:
    """Return whose session it is: account and role, or the device of an MFA session."""
    if entry.Role is None:
        return _short(entry.Mfa)
    arn = Arn.parse(entry.Role)
    name = f"{arn.account} {arn.role_name}" if arn else entry.Role
    return f"{name} (narrowed)" if entry.Policy else name


def _short(name: str | None) -> str:
    """Return an ARN without what is the same in most: ``user/dev``; what is no ARN as it is."""
    arn = Arn.parse(name or "")
    return arn.resource if arn else name or ""


def _look_up(entry: HistoryEntry, profiles: Profiles) -> str:
    """Return the command that shows the calls made with a session, which CloudTrail keeps for 90 days."""
    profile = _find_profile(entry, profiles)
    options = [profile_option(profile)] if profile is not None else []
    # Each region has events of its own; calls of global services are in the first of each partition.
    own = entry.Profile if entry.Profile in profiles else profile
    if profile is None or own != profile or not profiles[profile].get(settings.REGION):
        region = find_region(profiles, own or "") or _first_region(entry)
        options.append(f"--region {region}")
    return f"  {_CLOUDTRAIL}{printable(entry.AccessKeyId)} {printable(' '.join(options))}"


def _find_profile(entry: HistoryEntry, profiles: Profiles) -> str | None:
    """Return a profile that can look into the account: the session's or, if that has another role now, another."""
    same = [name for name, each in profiles.items() if each.get(settings.ROLE_ARN) == entry.Role]
    if entry.Profile in same or (entry.Profile in profiles and not (entry.Role and same)):
        return entry.Profile
    return same[0] if entry.Role and same else None


def _first_region(entry: HistoryEntry) -> str:
    arn = Arn.parse(entry.Role or entry.Mfa or "")
    partitions = load_partitions()
    found = partitions.default_region(arn.partition) if arn and partitions else None
    return found or settings.DEFAULT_REGION
