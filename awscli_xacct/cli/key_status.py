"""``xacct keys status``: where each long-term key rests, its age, and its last use."""

import os
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import settings
from ..aws_errors import is_denied, is_expired_or_unknown_caller
from ..errors import ProfileError, XacctError
from ..keys.key_store import KeyStore
from ..keys.model import AccessKey
from ..keys.place import Files, KeyPlaces, Place, no_key
from ..keys.transfer import require_stored
from ..messages import print_message, printable, warn
from ..mfa.prompters import be_silent
from ..profiles.key_places import FILE, KEY_STORE, PROGRAM
from ..results import write_json, write_result
from ..storage.cache import format_time
from .user_key import make_clients

if TYPE_CHECKING:
    from ..keys.clients import KeyClients

_DAY = 86400


class _Row(NamedTuple):
    """One key. Times are UTC; None where they are unknown, and why in `problem`."""

    profile: str
    key: str | None
    place: str
    created: datetime | None = None
    last_used: datetime | None = None
    problem: str | None = None

    @property
    def days(self) -> int | None:
        if self.created is None:
            return None
        return int((datetime.now(timezone.utc) - self.created).total_seconds() // _DAY)

    def to_dict(self) -> dict[str, Any]:
        return {
            "Profile": self.profile,
            "AccessKeyId": self.key,
            "RestsIn": self.place,
            "Created": self.created and format_time(self.created.timestamp()),
            "LastUsed": self.last_used and format_time(self.last_used.timestamp()),
            "AgeDays": self.days,
            "Problem": self.problem,
        }


def show_status(profile: str | None, *, as_json: bool) -> int:
    # A look is not worth an MFA code, neither here nor in a credential_process.
    os.environ[settings.VARIABLES[settings.MFA_PROMPT]] = "none"
    be_silent("this command does not ask for one")
    places = KeyPlaces(Files.current())
    rows = []
    for name in places.profiles if profile is None else [profile]:
        try:
            place, key = places.find(name)
        except ProfileError as error:
            if profile is not None:
                raise
            if _has_half_a_key(places.profiles[name]):
                rows.append(_Row(name, None, FILE, problem=error.problem.text))
            continue
        if place.kind in (FILE, KEY_STORE, PROGRAM):
            rows.append(_examine(place, key))
        elif profile is not None:
            raise no_key(place)
    if as_json:
        write_json([row.to_dict() for row in rows])
    elif rows:
        write_result(_format_table(rows))
    else:
        warn("there are no long-term keys. Add one: aws configure")
    for advice in () if as_json else _advise(rows):
        print_message(advice)
    return 0


def _has_half_a_key(options: Mapping[str, Any]) -> bool:
    has_part = any(key in options for key in (settings.ACCESS_KEY_ID, settings.SECRET_ACCESS_KEY))
    return has_part and settings.ROLE_ARN not in options and settings.SESSION_TOKEN not in options


def _examine(place: Place, key: AccessKey | None) -> _Row:
    """Return what is known of a key; a program that keeps one is not run."""
    shown = str(place)
    if place.kind == PROGRAM:
        return _Row(place.profile, None, shown)
    try:
        if place.kind == KEY_STORE:
            key_store = KeyStore()
            shown = key_store.name
            key = require_stored(place.profile, key_store)
        if key is None:
            raise no_key(place)
        known = _ask_iam(make_clients(place.profile), key)
    except Exception as error:  # noqa: BLE001 - one key's trouble does not hide the others
        return _Row(place.profile, key and key.id, shown, problem=_explain(error))
    return _Row(place.profile, key.id, shown, known.created, known.last_used)


def _ask_iam(clients: "KeyClients", key: AccessKey) -> Any:
    """Ask IAM about a key: through the MFA session if there is one, else with the key itself."""
    from ..keys.rotation import find_key

    try:
        return find_key(clients.iam(key), key.id)
    except XacctError:
        return find_key(clients.iam_of(key), key.id)


def _explain(error: Exception) -> str:
    if is_denied(error):
        return "unknown: allow the user iam:ListAccessKeys and iam:GetAccessKeyLastUsed"
    if is_expired_or_unknown_caller(error):
        return "unknown: AWS does not accept this key, which may have been disabled or deleted"
    return (
        str(error).splitlines()[0] if isinstance(error, XacctError) else f"unknown: {printable(str(error))}"
    )


def _format_table(rows: list[_Row]) -> str:
    from ..tables import counted, table

    lines = []
    for row in rows:
        age = "unknown" if row.days is None else counted(row.days, "day")
        used = "unknown" if row.created is None else "never"
        if row.last_used is not None:
            used = f"{row.last_used.astimezone():%Y-%m-%d}"
        if row.place.startswith(f"{PROGRAM} "):
            age = used = "-"
        lines.append([row.profile, row.key or "-", row.place, age, used])
    return table(["PROFILE", "KEY", "RESTS IN", "AGE", "LAST USED"], lines)


def _advise(rows: list[_Row]) -> Iterator[str]:
    for row in rows:
        if row.problem:
            yield f"profile {row.profile}: {row.problem}"
        if row.days is not None and row.days > settings.MAX_KEY_AGE_DAYS:
            command = f"xacct keys rotate {shlex.quote(row.profile)}"
            yield f"the key of profile {row.profile} is {row.days} days old. Rotate it:\n  {command}"
