"""Temporary credentials on disk: one record per file, shared by all of a user's processes.

Reading takes no lock. Writing replaces the whole file, so a reader finds an old record or a new one. Who may write,
and when, is decided in `credentials.single_flight`; a record only holds credentials.

A record is three lines of UTF-8:

    xacct 2 NAME OBTAINED EXPIRY REFRESH CHECKSUM   NAME: the file's own, so that a copy under another name is invalid
    {"Version": 1, "AccessKeyId": …}                exactly what a ``credential_process`` prints
    {"profile": …, "source": …}                     metadata, for people and for `list`

Times are seconds since the epoch by the local clock. The file name is a digest of everything the credentials depend on
(`key_name`) and tells a reader nothing. The first line is enough to judge a record (`storage.record`);
``xacct credentials`` then prints the second as it is.

Anything damaged, forged, expired or in another format is a cache miss; the next write replaces it.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from .. import settings
from ..errors import CacheError
from .files import is_directory, replace
from .record import RecordHeader, expand_path, locate_private, read_private, split_record

_swept: dict[Path, object] = {}
"""The directories this process has swept: once is enough, however many profiles and threads it has."""

Clock = Callable[[], float]
Warn = Callable[[str], None]


class Record(NamedTuple):
    """Temporary credentials with their times (seconds since the epoch, local clock) and metadata.

    A dataclass would cost every command three times as much to define.
    """

    access_key: str
    secret_key: str
    token: str
    expiry: float
    refresh_at: float
    account: str | None = None
    metadata: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        return f"Record({self.metadata.get('profile')!r}, expiry={self.expiry:.0f})"

    @property
    def expiry_text(self) -> str:
        """The expiry for programs; see `format_time`."""
        return format_time(self.expiry)

    def payload(self) -> dict[str, Any]:
        """Return what a ``credential_process`` prints for these credentials."""
        payload: dict[str, Any] = {
            "Version": 1,
            "AccessKeyId": self.access_key,
            "SecretAccessKey": self.secret_key,
            "SessionToken": self.token,
            "Expiration": self.expiry_text,
        }
        if self.account:
            payload["AccountId"] = self.account
        return payload


def format_time(moment: float) -> str:
    """Return a time, in seconds since the epoch, for programs: ISO 8601 in UTC, whole seconds."""
    return datetime.fromtimestamp(int(moment), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_name(cache_key: Mapping[str, Any]) -> str:
    """Return the file name for a cache key, which is everything the credentials depend on. Not reversible."""
    canonical = json.dumps(cache_key, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()


def is_key_name(text: str) -> bool:
    """Whether `key_name` could have made `text`. Other files in the cache directory are not ours."""
    return len(text) == 64 and not text.strip("0123456789abcdef")


class Cache:
    """The records in one directory; with no directory, an empty cache that warns when written to.

    `warn` is called at most once, however often the disk fails.
    """

    def __init__(
        self, directory: Path | None, *, clock: Clock = time.time, warn: Warn, named: str = ""
    ) -> None:
        """`directory` is the configured one, by the setting `named`; the records are in `self.directory`."""
        self._configured = directory
        self.directory = directory and Path(locate_private(str(directory), settings.CACHE_KIND))
        self._clock = clock
        self._warn = warn
        self._named = named
        self.has_warned = False

    def read(self, name: str) -> Record | None:
        """Return the record of that name if it is valid, else None."""
        if self.directory is None:
            return None
        try:
            data = read_private(self._path(self.directory, name))
            if data is None:
                return None
            header, record = _decode(name, data)
        except PermissionError as error:
            from .directories import explain_obstacle, find_obstacle

            if find_obstacle(self.directory):
                text = f"credentials cannot be cached: {explain_obstacle(self.directory, error)}"
            elif not os.path.lexists(self._path(self.directory, name)):
                text = f"credentials cannot be cached in {self.directory}: {explain_obstacle(self.directory, error)}"
            else:
                text = f"a cached record in {self.directory} is ignored: {error}; a new one will replace it"
            self._warn_once(text)
            return None
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None
        return record if header.is_valid(self._clock()) else None

    def write(self, name: str, record: Record) -> None:
        """Store a record. If the disk refuses, only warn: the credentials themselves are good."""
        if self.directory is None:
            from .directories import choose_elsewhere
            from .homes import describe_missing_home

            variable = settings.VARIABLES[settings.CACHE_DIR]
            reason = f"{self._named} is not an absolute path" if self._named else describe_missing_home()
            fix = f"unset {variable}" if self._named == variable else choose_elsewhere()
            self._warn_once(f"credentials cannot be cached: {reason}. Fix it with: {fix}")
            return
        try:
            directory = self.make_directory()
            path = self._path(directory, name)
            if is_directory(path) and not path.is_symlink():
                path.rmdir()
            replace(path, _encode(name, record))
        except OSError as error:
            from .directories import choose_elsewhere, explain_obstacle, find_obstacle

            where = "" if find_obstacle(self.directory) else f" in {self.directory}"
            hint = f"Cache them elsewhere with: {choose_elsewhere()}"
            self._warn_once(
                f"credentials cannot be cached{where}: {explain_obstacle(self.directory, error, hint)}"
            )
        else:
            first = object()
            if _swept.setdefault(directory, first) is first:  # true in one thread only
                # Few commands write a record, and all with a role load this module.
                from .sweep import sweep_old

                sweep_old(directory, self._clock(), path.name)

    def current_directory(self) -> Path | None:
        """Return `self.directory` as it is now: it changes if the configured one cannot be kept private."""
        return self.directory

    def make_directory(self) -> Path:
        """Create the directory of the records, and return it: `self.directory`, which may be another one from now on.

        Raises `OSError`.
        """
        from .directories import provide_private

        if self._configured is None:
            raise FileNotFoundError("no cache directory")
        self.directory = provide_private(self._configured, settings.CACHE_KIND, self._warn)
        return self.directory

    def names(self) -> list[str]:
        """Return the names of all records, valid or not. Raises `CacheError` if the directory cannot be read."""
        if self.directory is None:
            return []
        try:
            paths = [self.directory / name for name in os.listdir(self.directory)]  # noqa: PTH208 - glob hides errors
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _cache_error("listed", self.directory, error) from None
        return sorted(path.stem for path in paths if path.suffix == ".json" and is_key_name(path.stem))

    def remove(self, name: str) -> bool:
        """Delete a record, and return whether there was one. Raises `CacheError` if it stays."""
        if self.directory is None:
            return False
        try:
            self._path(self.directory, name).unlink()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return False
        except OSError as error:
            raise _cache_error("deleted", self.directory, error) from None
        return True

    def remove_locks(self) -> None:
        """Remove the lock files that killed processes left."""
        if self.directory is not None:
            from .locks import remove_if_free

            for path in self.directory.glob("*.lock"):
                if is_key_name(path.stem):
                    with suppress(OSError):  # a lock file is only clutter
                        remove_if_free(path)

    def remove_all(self, names: Iterable[str]) -> int:
        """Delete records, and return how many there were. Raises `CacheError`, after trying all, if any stays."""
        removed, errors = 0, []
        for name in names:
            try:
                removed += self.remove(name)
            except CacheError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return removed

    @staticmethod
    def _path(directory: Path, name: str) -> Path:
        return directory / f"{name}.json"

    def _warn_once(self, message: str) -> None:
        if not self.has_warned:
            self.has_warned = True
            self._warn(message)


def _cache_error(done: str, directory: Path, error: OSError) -> CacheError:
    from .directories import explain_obstacle

    return CacheError(f"the sessions in {directory} cannot be {done}: {explain_obstacle(directory, error)}")


def _encode(name: str, record: Record) -> bytes:
    metadata = dict(record.metadata)
    # Without the time it was obtained a record is never valid: no comparison with NaN is true.
    obtained = float(metadata.pop("obtained", "nan"))
    body = f"{json.dumps(record.payload())}\n{json.dumps(metadata)}\n".encode()
    return RecordHeader(obtained, float(record.expiry), float(record.refresh_at)).line(name, body) + body


def _decode(name: str, data: bytes) -> tuple[RecordHeader, Record]:
    """Return a record and its header. Raises whatever error reading another text raises."""
    header, body = split_record(name, data)
    credentials, metadata = (json.loads(line) for line in body.decode("utf-8").splitlines())
    key, secret, token = (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    account = credentials.get("AccountId")
    if not all(isinstance(text, str) and text for text in (key, secret, token, account or "none")):
        raise ValueError("not credentials")
    metadata = {**metadata, "obtained": header.obtained}
    return header, Record(key, secret, token, header.expiry, header.refresh_at, account, metadata)


def cache_directory(configured: str | None) -> Path | None:
    """Return the directory for records: the configured one or the default; None without a home directory.

    Also None for a relative path, which would put credentials into whatever directory a command is run in.
    """
    found = expand_path(configured or settings.DEFAULT_CACHE_DIRECTORY)
    return Path(found) if found else None
