"""One session in the history: the line that is written for it, and what is read from one.

A line is a JSON object with the keys of `HistoryEntry`, in this order. It holds no secret, no argument of a command,
and nothing of a policy but its name: an inline one may have been given on a command line, so it is there as its digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ..arn import Arn
from ..storage.cache import Record, format_time


class HistoryEntry(NamedTuple):
    """A session. The fields are the keys of its line; what is not known, or does not apply, is None.

    Time, Expiration   when it was obtained, and when it ends, in UTC
    Profile            the profile it was obtained for; of a shared MFA session, the user's
    Role, Account      the role's ARN, None for a shared MFA session; the account it is in
    Caller             who called for it: the ARN if it is known, else the access key id
    SessionName        what CloudTrail calls the role session
    AccessKeyId        what its calls are found by in CloudTrail
    Mfa                the device whose code it was obtained with, itself or through the shared MFA session
    Policy             the session policies: ARNs, and the digest of an inline one
    Program            which program asked; see `program`
    """

    Time: str
    Profile: str | None = None
    Role: str | None = None
    Account: str | None = None
    Caller: str | None = None
    SessionName: str | None = None
    AccessKeyId: str = ""
    Expiration: str | None = None
    Mfa: str | None = None
    Policy: list[str] | None = None
    Program: str | None = None

    def line(self) -> bytes:
        """Return the entry as a line of the history, without a line end."""
        return json.dumps(self._asdict()).encode("ascii")

    @property
    def moment(self) -> float:
        """When the session was obtained, in seconds since the epoch."""
        return _parse_time(self.Time)


def entry_of(record: Record, program: str) -> HistoryEntry:
    """Return the entry of a session that has just been obtained."""
    about = record.metadata
    serial = Arn.parse(str(about.get("mfa")))
    return HistoryEntry(
        Time=format_time(float(about["obtained"])),
        Profile=about.get("profile"),
        Role=about.get("role"),
        Account=record.account or (serial.account if serial else None),
        Caller=about.get("caller"),
        SessionName=about.get("session_name"),
        AccessKeyId=record.access_key,
        Expiration=record.expiry_text,
        Mfa=about.get("mfa"),
        Policy=about.get("policy"),
        Program=program,
    )


def name_policies(request: Mapping[str, Any]) -> list[str] | None:
    """Return what a history calls the session policies of a request to STS; None if it has none."""
    names = [str(each["arn"]) for each in request.get("PolicyArns", ())]
    if "Policy" in request:
        names.append(f"sha256:{hashlib.sha256(str(request['Policy']).encode()).hexdigest()}")
    return names or None


def parse_line(line: bytes) -> HistoryEntry | None:
    """Return the entry in a line; None if it is not a whole one, or not one of ours.

    Keys that a later version may write are ignored, and those of an earlier one may be missing.
    """
    try:
        found = json.loads(line)
        entry = HistoryEntry(**{name: found.get(name) for name in HistoryEntry._fields})
        _parse_time(entry.Time)
        known = _is_text(entry.AccessKeyId) and all(
            value is None or (_are_texts(value) if name == "Policy" else _is_text(value))
            for name, value in entry._asdict().items()
        )
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return entry if known else None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(_is_text, value))


def _parse_time(text: str) -> float:
    """Return a time in seconds since the epoch. Raises `ValueError` and `TypeError`."""
    if not text.endswith("Z"):
        raise ValueError("not in UTC")
    # Ten times as fast as `strptime`, and there are tens of thousands.
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc).timestamp()
