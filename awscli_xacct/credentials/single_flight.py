"""One fetch for everybody: of all processes and threads that need the same credentials one gets them.

Reading takes no lock. Who finds no good record takes the lock of that record, looks again, fetches, and
writes; the others wait for the record or the lock, whichever comes first: a hundred processes that had to take
the lock in turn, to find what is there by then, took seconds. A lock dies with its owner, and its file is
never unlinked, which would split those who wait from those who come. Nothing is fetched without the lock,
except where the disk has none to give.

Locks nest from a role to what it is assumed from, never the other way, because a record's name is made
of the name of its source: no two processes can wait for each other.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import settings
from ..errors import BusyError, CacheError
from ..storage.cache import Cache, Record
from ..storage.files import PRIVATE_FILE
from ..storage.locks import NoLocksError, describe_owner, make_lock, release, try_acquire, write_owner
from ..storage.markers import Markers

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOG = logging.getLogger(__name__)

Obtain = Callable[[bool], Record]
Warn = Callable[[str], None]

_process_locks: dict[str, threading.Lock] = {}
if hasattr(os, "register_at_fork"):
    # A lock that another thread held at the fork would never be released in the child.
    os.register_at_fork(after_in_child=_process_locks.clear)


class SingleFlight:
    """Gets records through the cache. `warn` says one line to the user.

    Who waits for a lock says so after `silent` seconds and gives up after `patience` more.
    """

    def __init__(
        self,
        cache: Cache,
        *,
        clock: Callable[[], float] = time.time,
        warn: Warn,
        silent: float = settings.LOCK_SILENT_SECONDS,
        patience: float = settings.LOCK_WAIT_SECONDS,
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._tell = warn
        self._silent = silent
        self._patience = patience
        self._warned = False
        self._kept: dict[str, Record] = {}
        self._failed = Markers(cache.current_directory, "retry", clock)

    def get(self, name: str, purpose: str, obtain: Obtain, *, spare: float | None = None) -> Record:
        """A good record of that name, fetched with `obtain` if there is none.

        `obtain` is told whether it only renews: then the old record is still good, is used if the fetch
        fails, and nobody should wait long. `purpose` is what waiting processes are told, such as
        ``credentials of profile prod``. With `spare` a record is good to so many seconds before its end, whatever
        it says itself. Raises what `obtain` raises, and `BusyError`.
        """
        record = self.look(name)
        while record is None or self._due(name, record, spare):
            renewed = partial(self._come, name, spare, renewed=record is not None)
            at_most = None if record is None else settings.REFRESH_WAIT_SECONDS
            with self.locked(name, purpose, at_most=at_most, unless=renewed) as mine:
                record = self.look(name)
                if mine and record is None:
                    return self._keep(name, obtain(False))
                if mine and record is not None and self._due(name, record, spare):
                    return self._renew(name, record, obtain)
            if record is not None:
                return record
            # Somebody else was renewing a record that has ended meanwhile: now it is worth waiting for.
        return record

    def refresh(self, name: str, purpose: str, obtain: Obtain) -> Record:
        """A record fetched now, whatever there is, in the place of what there is."""
        with self.locked(name, purpose):
            return self._keep(name, obtain(False))

    def look(self, name: str) -> Record | None:
        """The record as it stands, on disk or, where the disk cannot keep it, in this process."""
        record, kept = self._cache.read(name), self._kept.get(name)
        if kept is None or kept.expiry <= self._clock():
            return record
        return kept if record is None or record.expiry < kept.expiry else record

    def drop(self, name: str, access_key: str) -> None:
        """Forget a record that a service has refused, unless another process has put a new one in its place."""
        record = self.look(name)
        if record is not None and record.access_key == access_key:
            self._kept.pop(name, None)
            try:
                self._cache.remove(name)
            except CacheError as fault:
                self._tell(str(fault))

    def _come(self, name: str, spare: float | None, *, renewed: bool) -> bool:
        """Whether there is a record by now, or a renewed one, or none to be had, so that nobody has to wait for it."""
        record = self.look(name)
        return record is not None and not (renewed and self._due(name, record, spare))

    def _due(self, name: str, record: Record, spare: float | None) -> bool:
        if self._clock() < (
            record.refresh_at if spare is None else max(record.refresh_at, record.expiry - spare)
        ):
            return False
        failed = self._failed.read(name)
        return failed is None or failed[0] >= settings.RETRY_SECONDS

    def _renew(self, name: str, record: Record, obtain: Obtain) -> Record:
        try:
            return self._keep(name, obtain(True))
        except Exception as error:  # noqa: BLE001 - the old credentials are good, whatever went wrong
            LOG.debug("%r is used to its end, renewing it failed: %s", record, type(error).__name__)
            self._failed.write(name)
            return record

    def _keep(self, name: str, record: Record) -> Record:
        self._kept[name] = record
        self._cache.write(name, record)
        return record

    @contextlib.contextmanager
    def locked(
        self,
        name: str,
        purpose: str,
        *,
        at_most: float | None = None,
        unless: Callable[[], bool] | None = None,
    ) -> Iterator[bool]:
        """Hold the lock of `name`; yields False if it is held elsewhere for `at_most` seconds, or `unless` comes true.

        Where no lock file can be had (a read-only disk) it holds among this process's threads only.
        Among them it is waited for without a bound: what they wait for is this very process. Raises `BusyError`.
        """
        among_threads = _process_locks.setdefault(f"{self._cache.directory}/{name}", threading.Lock())
        if not among_threads.acquire(timeout=-1 if at_most is None else at_most):
            yield False
            return
        try:
            if unless is not None and unless():
                yield False
                return
            lock = self._lock_file(name)
            mine = lock is None or self._acquire(lock, purpose, at_most, unless)
            try:
                yield mine
            finally:
                if lock is not None and lock.is_locked:
                    release(lock)
        finally:
            among_threads.release()

    def _lock_file(self, name: str) -> BaseFileLock | None:
        """The lock file of `name`, not yet locked; None where this disk has none for us."""
        if self._cache.directory is None:
            return None
        try:
            path = self._cache.make_directory() / f"{name}.lock"
            path.touch(PRIVATE_FILE)
        except OSError as error:
            LOG.debug("No lock in %s: %s", self._cache.directory, error)
            return None
        return make_lock(path)

    def _acquire(
        self, lock: BaseFileLock, purpose: str, at_most: float | None, unless: Callable[[], bool] | None
    ) -> bool:
        """Whether to go on: the lock is held, or this disk has none for us."""
        try:
            if not (try_acquire(lock) or self._wait_for(lock, purpose, at_most, unless)):
                return False
        except NoLocksError as error:
            if not self._warned:
                self._warned = True
                self._tell(
                    f"{Path(lock.lock_file).parent} is on a file system without locks ({error.strerror}), so commands "
                    f"that run at the same time do not wait for each other"
                )
            return True
        except OSError as error:
            LOG.debug("No lock at %s: %s", lock.lock_file, error)
            return True
        write_owner(lock)
        return True

    def _wait_for(
        self, lock: BaseFileLock, purpose: str, at_most: float | None, unless: Callable[[], bool] | None
    ) -> bool:
        """Wait for a lock; False if `unless` has come true before, or `at_most` seconds are over.

        Raises `BusyError` and `OSError`.
        """
        begun = time.monotonic()
        holder = ""
        while not (unless is not None and unless()):
            waited = time.monotonic() - begun
            if at_most is not None and waited >= at_most:
                return False
            if at_most is None and waited >= self._silent and not holder:
                holder = describe_owner(lock)
                self._tell(f"waiting for {holder}, which is getting {purpose}")
            if at_most is None and waited >= self._silent + self._patience:
                raise BusyError(
                    f"{holder} has been getting {purpose} for more than {self._patience:.0f} s. Answer its "
                    f"question or end it, then run the command again"
                )
            time.sleep(settings.LOCK_POLL_SECONDS)
            if try_acquire(lock):
                return True
        return False
