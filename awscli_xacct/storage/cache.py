"""Temporary credentials on disk: one record a file, shared by all of a user's processes.

Reading takes no lock. Writing replaces the file whole, so a reader finds an old record or a new one.
Who may write, and when, is decided in `credentials.single_flight`; a record only says what it holds.

A record is three lines of UTF-8:

    xacct 2 NAME OBTAINED EXPIRY RENEW CHECKSUM   NAME: the file's own, so that a copy elsewhere is no record
    {"Version": 1, "AccessKeyId": …}              exactly what a ``credential_process`` prints
    {"profile": …, "source": …}                   for people and for `list`

The times are seconds since the epoch by the local clock. The file's name is a digest of everything that
makes the credentials what they are (`key_name`) and tells a reader nothing. The first line is all that it
takes to judge a record (`stored`); ``xacct credentials`` then hands out the second as it is.

Whatever is damaged, forged, foreign, expired or of another format is no record; the next write heals it.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from .. import settings
from ..errors import CacheError
from .files import replace, sweep
from .record import RecordHeader, expanded, place, read_private, split

Clock = Callable[[], float]
Warn = Callable[[str], None]


class Record(NamedTuple):
    """Temporary credentials with their times (seconds since the epoch, local clock) and their story.

    A dataclass would cost every warm command three times as much to define.
    """

    access_key: str
    secret_key: str
    token: str
    expiry: float
    renew: float
    account: str | None = None
    about: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        return f"Record({self.about.get('profile')!r}, expiry={self.expiry:.0f})"

    @property
    def expiry_text(self) -> str:
        """The expiry as ISO 8601 in UTC, whole seconds."""
        moment = datetime.fromtimestamp(int(self.expiry), timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def document(self) -> dict[str, Any]:
        """The ``credential_process`` document."""
        document: dict[str, Any] = {
            "Version": 1,
            "AccessKeyId": self.access_key,
            "SecretAccessKey": self.secret_key,
            "SessionToken": self.token,
            "Expiration": self.expiry_text,
        }
        if self.account:
            document["AccountId"] = self.account
        return document


def key_name(identity: Mapping[str, Any]) -> str:
    """The file name for everything that makes credentials what they are. Not reversible."""
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()


def is_key_name(text: str) -> bool:
    """Whether that could be `key_name`'s: whatever is called otherwise in the cache's directory is none of ours."""
    return len(text) == 64 and not text.strip("0123456789abcdef")


class Cache:
    """The records in one directory, or nowhere. `warn` is told at most once, however often a disk fails."""

    def __init__(self, directory: Path | None, *, clock: Clock = time.time, warn: Warn) -> None:
        """`directory` is the one that is named; `self.directory` is where the records are."""
        self._named = directory
        self.directory = directory and Path(place(str(directory), settings.CACHE_KIND))
        self._clock = clock
        self._warn = warn
        self._warned = False
        self._swept = False

    def read(self, name: str) -> Record | None:
        """The record of that name while it is valid; None for anything else."""
        if self.directory is None:
            return None
        try:
            data = read_private(self._path(self.directory, name))
            if data is None:
                return None
            head, record = _decode(name, data)
        except PermissionError as error:
            from .places import trouble

            why = trouble(self.directory)
            self._tell(
                f"credentials cannot be cached: {why}"
                if why
                else f"a cached record in {self.directory} is not used: {error}; it is replaced by a new one"
            )
            return None
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
        return record if head.is_valid(self._clock()) else None

    def write(self, name: str, record: Record) -> None:
        """Keep a record. A disk that cannot is a warning: the credentials themselves are good."""
        if self.directory is None:
            self._tell(
                "credentials cannot be cached: there is no home directory, or cache_dir is no absolute path. Set "
                "AWS_XACCT_CACHE_DIR to one"
            )
            return
        try:
            directory = self.make()
            path = self._path(directory, name)
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            sweep(directory, path.name)
            replace(path, _encode(name, record))
        except OSError as error:
            from .places import trouble

            why = trouble(self.directory)
            hint = f"To have them cached elsewhere: export {settings.variable(settings.CACHE_DIR)}=DIRECTORY"
            self._tell(
                f"credentials cannot be cached: {why}"
                if why
                else f"credentials cannot be cached in {self.directory}: {error.strerror or error}. {hint}"
            )
        else:
            self._sweep(directory)

    def where(self) -> Path | None:
        """`self.directory`, as it is now: it changes once if the place that is named cannot be kept private."""
        return self.directory

    def make(self) -> Path:
        """Make the directory of the records, which may turn out to be another one; it is `self.directory` then.

        Raises `OSError`. There has to be a directory that is named.
        """
        from .places import make

        if self._named is None:
            raise FileNotFoundError("no directory is named")
        self.directory = make(self._named, settings.CACHE_KIND, self._warn)
        return self.directory

    def names(self) -> list[str]:
        """The names of all records there are, good or not. Raises `CacheError` if they cannot be looked at."""
        if self.directory is None:
            return []
        try:
            paths = [self.directory / name for name in os.listdir(self.directory)]  # noqa: PTH208 - glob hides errors
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _fault("looked at", self.directory, error) from None
        return sorted(path.stem for path in paths if path.suffix == ".json" and is_key_name(path.stem))

    def remove(self, name: str) -> bool:
        """Drop a record; whether there was one. Raises `CacheError` if it stays."""
        if self.directory is None:
            return False
        try:
            self._path(self.directory, name).unlink()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return False
        except OSError as error:
            raise _fault("dropped", self.directory, error) from None
        return True

    def remove_all(self, names: Iterable[str]) -> int:
        """Drop records; how many there were. Raises `CacheError`, once all have been tried, if any stays."""
        dropped, faults = 0, []
        for name in names:
            try:
                dropped += self.remove(name)
            except CacheError as fault:
                faults.append(fault)
        if faults:
            raise faults[0]
        return dropped

    def _sweep(self, directory: Path) -> None:
        if not self._swept:
            self._swept = True
            from .sweeping import sweep_old  # what writes no record has no use for it

            sweep_old(directory, self._clock())

    @staticmethod
    def _path(directory: Path, name: str) -> Path:
        return directory / f"{name}.json"

    def _tell(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn(message)


def _fault(done: str, directory: Path, error: OSError) -> CacheError:
    from .places import mend

    return CacheError(f"the sessions in {directory} cannot be {done}: {mend(directory, error)}")


def _encode(name: str, record: Record) -> bytes:
    about = dict(record.about)
    # A record that does not say when it was obtained is none: nothing is true of a NaN.
    head = RecordHeader(float(about.pop("obtained", "nan")), float(record.expiry), float(record.renew))
    body = f"{json.dumps(record.document())}\n{json.dumps(about)}\n".encode()
    return head.line(name, body) + body


def _decode(name: str, data: bytes) -> tuple[RecordHeader, Record]:
    """A record and its head. Raises whatever reading a text that is no record raises."""
    head, body = split(name, data)
    credentials, about = (json.loads(line) for line in body.decode("utf-8").splitlines())
    key, secret, token = (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    account = credentials.get("AccountId")
    if not all(isinstance(text, str) and text for text in (key, secret, token, account or "none")):
        raise ValueError("not credentials")
    story = {**about, "obtained": head.obtained}
    return head, Record(key, secret, token, head.expiry, head.renew, account, story)


def cache_directory(configured: str | None) -> Path | None:
    """Where records are to be kept; None where there is no home directory to keep them in.

    Nor is a relative path one: it would put credentials into whatever directory a command is run in.
    """
    found = expanded(configured or settings.DEFAULT_CACHE_DIRECTORY)
    return Path(found) if found else None
