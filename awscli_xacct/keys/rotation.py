"""Rotate a user's long-term key: a new one is made, proved and stored before the old one is disabled.

What can be interrupted, at any point, and what the next run does:

    before IAM makes the key          nothing has happened
    before the new key is stored      the old one is in use; the new one is an orphan, and is deleted
    before the old one is disabled    the new one is in use; the old one is disabled
    after that                        done

A user may have two keys, so a key that nobody here has made stops a rotation, and is never touched. What is our own
orphan is known by the journal: its id was noted and it has never been stored, or it was made within minutes of the
note and never used. A key that has been stored is no orphan, even if the file has another one by now: somebody may
have copied it. Nor is the old one touched if somebody has enabled it again.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ..aws_errors import is_expired_or_unknown_caller, is_over_quota, is_rejected_request
from ..errors import XacctError
from ..messages import printable, profile_option
from .journal import RotationJournal
from .model import AccessKey, KeyStoreSilentError

if TYPE_CHECKING:
    from .clients import KeyClients  # loads botocore, which is not there before awscli is

NEW_KEY_SECONDS = 60.0
"""How long a new key may take until it works; IAM says seconds."""
_POLL_SECONDS = 1.0

_MAX_CREATION_SECONDS, _MAX_SKEW_SECONDS = 900, 5
"""How long botocore may go on asking IAM for a key, with all its retries; how far IAM's own clocks may be apart."""


def call_patiently(call: Callable[[], Any], wait: float) -> Any:
    """Call AWS with a key that may be too new; it may be refused again after it was accepted. Raises botocore's errors.

    Servers learn of a new key one after the other: for up to `wait` seconds a refusal is asked again.
    """
    until = time.monotonic() + wait
    while True:
        try:
            return call()
        except Exception as error:
            if time.monotonic() >= until or not is_expired_or_unknown_caller(error):
                raise
        time.sleep(_POLL_SECONDS)


@dataclass(frozen=True)
class KnownKey:
    """A key as IAM lists it. `last_used` is None for one that was never used."""

    id: str
    is_active: bool
    created: datetime
    last_used: datetime | None


def list_keys(iam: Any) -> list[KnownKey]:
    """Return the keys of the user that calls, each with its last use. Raises botocore's errors."""
    found = []
    for page in iam.get_paginator("list_access_keys").paginate():
        for each in page["AccessKeyMetadata"]:
            key = each["AccessKeyId"]
            used = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
            found.append(
                KnownKey(key, each["Status"] == "Active", each["CreateDate"], used.get("LastUsedDate"))
            )
    return found


def find_key(iam: Any, key: str) -> KnownKey:
    """Return what IAM knows of a key of its caller. Raises botocore's errors, and `XacctError` if there is none."""
    found = next((each for each in list_keys(iam) if each.id == key), None)
    if found is None:
        raise _unlisted(key)
    return found


@dataclass
class Rotation:
    """One rotation. `say` tells the user what was done.

    `store` writes a key where the old one rests, and `find_stored` returns the id of the key that rests there.
    """

    clients: "KeyClients"
    key: AccessKey
    journal: RotationJournal
    store: Callable[[AccessKey], None]
    find_stored: Callable[[], str | None]
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self._iam = self.clients.iam(self.key)

    def run(self, *, delete_old: bool) -> AccessKey:
        """Rotate the key, or complete a rotation that was interrupted. Return the key that is in use afterwards.

        Raises `XacctError` and botocore's errors; the key in use works then.
        """
        if self._complete(list_keys(self._iam), delete_old=delete_old):
            return self.key
        key = self._create()
        self._retire(self.key.id, key, delete_old=delete_old)
        return key

    def _complete(self, keys: list[KnownKey], *, delete_old: bool) -> bool:
        """Clear up after the last rotation. Return whether there is nothing more to do."""
        journal = self.journal
        if self.key.id not in {each.id for each in keys}:
            raise _unlisted(self.key.id)
        if self.key.id == journal.created and not journal.is_stored:
            journal.note(is_stored=True)
        done = False
        for other in keys:
            if other.id == self.key.id:
                continue
            if other.id == journal.replaced and self.key.id == journal.created:
                if other.is_active and journal.is_retired:
                    raise self._foreign(other)
                if other.is_active:
                    self.say(
                        f"completing the last rotation, which was interrupted: {other.id} is still active"
                    )
                    self._retire(other.id, self.key, delete_old=delete_old)
                    done = True
                else:
                    self._delete(other.id)
                    self.say(f"deleted {other.id}, which the last rotation had disabled")
            elif self._is_orphan(other):
                self._delete(other.id)
                self.say(f"deleted {other.id}, which an interrupted rotation had made and nobody has used")
            else:
                raise self._foreign(other)
        return done

    def _is_orphan(self, other: KnownKey) -> bool:
        journal = self.journal
        if journal.created is not None:
            return other.id == journal.created and not journal.is_stored
        is_new = bool(journal.known) and other.id not in journal.known
        since = other.created.timestamp() - journal.noted
        return is_new and other.last_used is None and -_MAX_SKEW_SECONDS <= since <= _MAX_CREATION_SECONDS

    def _foreign(self, other: KnownKey) -> XacctError:
        used = f"last used {other.last_used:%Y-%m-%d}" if other.last_used else "never used"
        state = "active" if other.is_active else "inactive"
        key = printable(other.id)
        fix = f"aws iam delete-access-key --access-key-id {key} {profile_option(self.clients.profile)}"
        return XacctError(
            f"the user has a second key, {key} ({state}, created {other.created:%Y-%m-%d}, {used}), and two is the "
            f"most that IAM allows. If nothing uses it, delete it, then rotate again:\n  {fix}",
            code="ServiceError",
            fix=fix,
        )

    def _create(self) -> AccessKey:
        """Make a key, prove it, and store it. If that fails, it is deleted again, unless it may have been stored."""
        listed = self._iam.list_access_keys()
        known = [each["AccessKeyId"] for each in listed["AccessKeyMetadata"]]
        self.journal.note(
            known=known,
            noted=_time_of(listed),
            replaced=self.key.id,
            created=None,
            is_stored=False,
            is_retired=False,
        )
        try:
            made = self._iam.create_access_key()["AccessKey"]
        except Exception as error:
            if is_over_quota(error):
                # botocore asks again if an answer is lost: the key that is one too many may be ours.
                raise self._too_many(known) from None
            if is_rejected_request(error):
                self.journal.note(known=[])  # whoever makes a key now, it is not ours
            raise
        key = AccessKey(made["AccessKeyId"], made["SecretAccessKey"])
        try:
            self.journal.note(created=key.id)
            self.clients.caller_arn(key, wait=NEW_KEY_SECONDS)
            self.store(key)
            self.journal.note(is_stored=True)
        except KeyStoreSilentError:
            raise
        except BaseException:
            with contextlib.suppress(Exception):  # the next rotation finds out what to do with it
                if self.find_stored() != key.id:
                    self._delete(key.id)
            raise
        return key

    def _retire(self, old: str, key: AccessKey, *, delete_old: bool) -> None:
        """Disable a key that has been replaced by `key`, and delete it if that is wanted now."""
        self.clients.caller_arn(key, wait=NEW_KEY_SECONDS)
        iam = self.clients.iam(key)
        call_patiently(partial(iam.update_access_key, AccessKeyId=old, Status="Inactive"), NEW_KEY_SECONDS)
        self.journal.note(is_retired=True)
        if delete_old:
            call_patiently(partial(iam.delete_access_key, AccessKeyId=old), NEW_KEY_SECONDS)

    def _delete(self, key: str) -> None:
        self._iam.delete_access_key(AccessKeyId=key)

    def _too_many(self, known: list[str]) -> XacctError:
        fix = f"aws iam list-access-keys {profile_option(self.clients.profile)}"
        return XacctError(
            f"IAM allows the user no further key, although it lists {' and '.join(map(printable, known))} only. A key "
            f"that was made just now may be missing in its list. Look again in a minute, then rotate again:\n  {fix}",
            code="ServiceError",
            fix=fix,
        )


def _unlisted(key: str) -> XacctError:
    return XacctError(f"IAM does not list the key {key} for its user", code="ServiceError")


def _time_of(answer: Any) -> float:
    """Return when AWS gave an answer, by its own clock: that of this machine may be wrong."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return time.time()
