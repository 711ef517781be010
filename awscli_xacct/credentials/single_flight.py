"""Single flight: of all processes and threads that need the same credentials, one fetches them.

Reading takes no lock. A process that finds no good record takes the lock of that record, looks again, fetches, and
writes; the others wait for the record or the lock, whichever comes first: a hundred processes that had to take the lock
in turn, only to find the record, took seconds. A lock dies with its owner. Nothing is fetched without the lock, unless
the disk has no locks.

Locks nest from a role to what it is assumed from, never the other way, because a cache key includes that of its source:
no two processes can wait for each other.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from .. import settings
from ..errors import BusyError, CacheError
from ..storage.cache import Cache, Record, Warn
from ..storage.files import exists
from ..storage.locks import FileLock, NoLocksError
from ..storage.markers import Markers

LOG = logging.getLogger(__name__)

Obtain = Callable[[bool], Record]
Until = Callable[[], bool]
DueAt = Callable[[Record], float]
"""Returns when a record should be refreshed, in seconds since the epoch."""

_process_locks: dict[str, threading.Lock] = {}
if hasattr(os, "register_at_fork"):
    # A lock that another thread held at the fork would never be released in the child.
    os.register_at_fork(after_in_child=_process_locks.clear)


def by_its_own_rule(record: Record) -> float:
    """Return when a record says that it should be refreshed."""
    return record.refresh_at


def presigning_due(record: Record) -> float:
    """Return when a session should be refreshed before it signs something that claims to be good for 15 minutes."""
    lifetime = record.expiry - float(record.metadata.get("obtained", 0))
    wanted = min(settings.REFRESH_SECONDS, lifetime - settings.PRESIGNING_SECONDS)
    return min(record.refresh_at, record.expiry - wanted)


def purpose_of(profile: str) -> str:
    """Return what a process that waits for a role session is told that it waits for."""
    return f"credentials of profile {profile}"


class SingleFlight:
    """Gets records through the cache. `warn` prints one line for the user.

    A process that waits for a lock warns after `notice_after` seconds, and gives up after `timeout` more. `obtained` is
    called with each record that was fetched.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        clock: Callable[[], float] = time.time,
        warn: Warn,
        notice_after: float = settings.LOCK_SILENT_SECONDS,
        timeout: float = settings.LOCK_WAIT_SECONDS,
        obtained: Callable[[Record], None] | None = None,
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._warn = warn
        self._notice_after = notice_after
        self._timeout = timeout
        self._obtained = obtained
        self._warned = False
        self._own: dict[str, Record] = {}
        self._failed = Markers(cache.current_directory, "retry", clock)

    def get(self, name: str, purpose: str, obtain: Obtain, *, due_at: DueAt = by_its_own_rule) -> Record:
        """Return a good record of that name, fetched with `obtain` if there is none.

        `obtain` is called with whether this is a refresh: then the old record is still valid, is used if the fetch
        fails, and the call should be quick. `purpose` is shown by waiting processes, such as ``credentials of profile
        prod``. Raises what `obtain` raises, and `BusyError`.
        """
        record = self.look(name)
        while record is None or self._is_due(name, record, due_at):
            arrived = partial(self._has_arrived, name, due_at, refreshed=record is not None)
            at_most = None if record is None else settings.REFRESH_WAIT_SECONDS
            with self.locked(name, purpose, at_most=at_most, until=arrived) as acquired:
                record = self.look(name)
                if acquired and record is None:
                    return self._store(name, obtain(False))
                if acquired and record is not None and self._is_due(name, record, due_at):
                    return self._refresh(name, record, obtain)
            if record is not None:
                return record
            # Another process was refreshing a record that has expired meanwhile: now it is worth waiting for.
        return record

    def wait_for_others(self, name: str, purpose: str) -> None:
        """Wait for a process that is fetching the record of that name, if there is one. Raises `BusyError`.

        It costs a look at a file, so that a caller can leave what only a fetch needs until it has to fetch itself.
        """
        if self._cache.directory and exists(self._cache.directory / f"{name}.owner"):
            valid = self.look(name) is not None
            arrived = partial(self._has_arrived, name, by_its_own_rule, refreshed=valid)
            at_most = settings.REFRESH_WAIT_SECONDS if valid else None
            with self.locked(name, purpose, at_most=at_most, until=arrived):
                pass

    def refresh(self, name: str, purpose: str, obtain: Obtain) -> Record:
        """Return a record fetched now, which replaces what is cached."""
        with self.locked(name, purpose):
            return self._store(name, obtain(False))

    def look(self, name: str) -> Record | None:
        """Return the record on disk or, where the disk cannot store it, in this process."""
        record, own = self._cache.read(name), self._own.get(name)
        if own is None or own.expiry <= self._clock():
            return record
        return own if record is None or record.expiry < own.expiry else record

    def drop(self, name: str, access_key: str) -> None:
        """Drop a record that a service has refused, unless another process has replaced it."""
        record = self.look(name)
        if record is not None and record.access_key == access_key:
            self._own.pop(name, None)
            try:
                self._cache.remove(name)
            except CacheError as error:
                self._warn(str(error))

    def _has_arrived(self, name: str, due_at: DueAt, *, refreshed: bool) -> bool:
        """Return whether there is a record by now, with `refreshed` one that is not due, so that waiting is over."""
        record = self.look(name)
        return record is not None and not (refreshed and self._is_due(name, record, due_at))

    def _is_due(self, name: str, record: Record, due_at: DueAt) -> bool:
        if self._clock() < due_at(record):
            return False
        failed = self._failed.read(name)
        return failed is None or failed[0] >= settings.RETRY_SECONDS

    def _refresh(self, name: str, record: Record, obtain: Obtain) -> Record:
        try:
            return self._store(name, obtain(True))
        except Exception as error:
            if record.expiry <= self._clock():
                raise
            LOG.debug("%r is used to its end, refreshing it failed: %s", record, type(error).__name__)
            self._failed.write(name)
            return record

    def _store(self, name: str, record: Record) -> Record:
        self._own[name] = record
        self._cache.write(name, record)
        if self._obtained is not None:
            self._obtained(record)
        return record

    @contextlib.contextmanager
    def locked(
        self, name: str, purpose: str, *, at_most: float | None = None, until: Until | None = None
    ) -> Iterator[bool]:
        """Hold the lock of `name`; yields False if others hold it for `at_most` seconds, or `until` becomes true.

        Where no lock file can be made (a read-only disk) it holds among this process's threads only. They wait for
        each other without a limit, because what they wait for is this very process. Raises `BusyError`.
        """
        among_threads = _process_locks.setdefault(f"{self._cache.directory}/{name}", threading.Lock())
        if not among_threads.acquire(timeout=-1 if at_most is None else at_most):
            yield False
            return
        try:
            if until is not None and until():
                yield False
                return
            lock = self._lock_file(name)
            acquired = lock is None or self._acquire(lock, purpose, at_most, until)
            try:
                yield acquired
            finally:
                if lock is not None:
                    lock.release()
        finally:
            among_threads.release()

    def _lock_file(self, name: str) -> FileLock | None:
        """Return the lock of `name`, not acquired yet; None where this disk has none for us."""
        if self._cache.directory is None:
            return None
        try:
            return FileLock(self._cache.make_directory() / f"{name}.lock")
        except OSError as error:
            LOG.debug("No lock in %s: %s", self._cache.directory, error)
            return None

    def _acquire(self, lock: FileLock, purpose: str, at_most: float | None, until: Until | None) -> bool:
        """Return whether to go on: the lock is held, or this disk has none for us."""
        try:
            if not (lock.try_acquire() or self._wait_for(lock, purpose, at_most, until)):
                return False
        except NoLocksError as error:
            if not self._warned:
                self._warned = True
                self._warn(
                    f"{lock.path.parent} is on a file system without locks ({error.strerror}), so commands "
                    f"that run at the same time do not wait for each other"
                )
            return True
        except OSError as error:
            LOG.debug("No lock at %s: %s", lock.path, error)
            return True
        lock.write_owner()
        return True

    def _wait_for(self, lock: FileLock, purpose: str, at_most: float | None, until: Until | None) -> bool:
        """Wait for a lock; return False if `until` becomes true first, or after `at_most` seconds.

        Raises `BusyError` and `OSError`.
        """
        started = time.monotonic()
        holder = ""
        next_attempt = 0.0
        record_file = lock.path.with_suffix(".json")
        seen = None
        while True:
            waited = time.monotonic() - started
            # A look at the file is one system call, all else thirty; a hundred who wait should not be felt.
            version = _version(record_file)
            if version != seen or waited >= next_attempt:
                if until is not None and until():
                    return False
                if waited >= next_attempt:
                    if lock.try_acquire():
                        return True
                    next_attempt = waited + min(
                        settings.LOCK_POLL_SECONDS + waited / 4, settings.LOCK_RETRY_SECONDS
                    )
                seen = version
            if at_most is not None:
                if waited >= at_most:
                    return False
            elif waited >= self._notice_after and not holder:
                holder = lock.describe_owner()
                self._warn(f"waiting for {holder}, which is getting {purpose}")
            elif waited >= self._notice_after + self._timeout:
                raise BusyError(
                    f"{holder} has been getting {purpose} for more than {self._timeout:.0f} s. Answer its prompt or "
                    f"end it, then run the command again"
                )
            time.sleep(settings.LOCK_POLL_SECONDS)


def _version(path: Path) -> tuple[int, int] | None:
    """Return what differs between a file and the one that replaces it; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
