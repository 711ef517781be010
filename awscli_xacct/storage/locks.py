"""Locks between processes: the kernel's own, which die with their owner, or none at all.

Where the file system has no locks (Lustre without flock), nothing replaces them: if the existence of a file were the
lock, it would outlive its owner, and a file created beforehand would never be released. They are made here because
importing filelock cost a command that fetches 2.5 % of its instructions, and most of the code was there to stop it from
doing that.

The owner of a lock writes its process id into a file beside the lock file, for those who wait. Both files are removed
before the lock is released, or they would pile up: names change with the caller's access key. So whoever acquires a
lock makes sure that its file is still the one of that name; if not, nobody else waits for it, and it is not the lock.
"""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .. import settings
from ..errors import BusyError, EditError
from ..messages import warn, warn_once
from .directories import explain_obstacle, make_private_directory
from .files import PRIVATE_FILE, exists
from .record import expand_path

# NFS without a lock daemon raises ENOLCK, FUSE EOPNOTSUPP or ENOSYS, others EINVAL. All mean that it has no locks.
_UNSUPPORTED = {
    *(errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL),
    *(errno.ENOTTY, errno.EPERM),  # other drivers, and the filter of a sandbox
}


class NoLocksError(OSError):
    """The file system has no locks."""


class FileLock:
    """A lock, not acquired yet, whose file is `path`. It keeps other threads out as well as other processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        return self._descriptor is not None

    def try_acquire(self) -> bool:
        """Acquire the lock without waiting, and return whether that worked. Raises `OSError` and `NoLocksError`."""
        descriptor, is_new = self._open()
        try:
            _lock(descriptor)
            # The last owner may have removed the file after it was opened here.
            if os.path.samestat(os.fstat(descriptor), self.path.stat()):
                _held[self] = self._descriptor = descriptor
        except (BlockingIOError, FileNotFoundError):
            pass  # another process has it
        except OSError as error:
            if is_new:  # of no use to anybody, and it may be beside the user's own file
                with contextlib.suppress(OSError):
                    self.path.unlink()
            if error.errno in _UNSUPPORTED:
                raise NoLocksError(*error.args) from None
            raise
        finally:
            if not self.is_held:
                os.close(descriptor)
        return self.is_held

    def _open(self) -> tuple[int, bool]:
        """Open the file, and return its descriptor and whether it is new."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            return os.open(self.path, flags | os.O_EXCL, PRIVATE_FILE), True
        except FileExistsError:
            return os.open(self.path, flags, PRIVATE_FILE), False

    def release(self) -> None:
        """Remove the files of the lock, and release it."""
        if self._descriptor is not None:
            # Windows removes no file that is open.
            for path in [self._owner_file, *([] if sys.platform == "win32" else [self.path])]:
                with contextlib.suppress(OSError):
                    path.unlink()
            del _held[self]
            descriptor, self._descriptor = self._descriptor, None
            _unlock(descriptor)
            os.close(descriptor)

    def write_owner(self) -> None:
        """Let processes that wait for the lock know that this one holds it."""
        with contextlib.suppress(OSError):
            self._owner_file.touch(PRIVATE_FILE)
            self._owner_file.write_bytes(b"%d\n" % os.getpid())

    def describe_owner(self) -> str:
        """Return who holds the lock, in words."""
        try:
            return f"process {int(self._owner_file.read_bytes())}"
        except (OSError, ValueError):
            return "another process"

    @property
    def _owner_file(self) -> Path:
        return self.path.with_suffix(".owner")


_held: dict[FileLock, int] = {}
"""The descriptors of the locks that this process holds."""


def _forget_held() -> None:
    """Leave the locks to the process that has been forked: with a copy of the descriptor, this one holds them too."""
    for lock, descriptor in _held.items():
        lock._descriptor = None
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_held)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from None

    def _unlock(descriptor: int) -> None:
        with contextlib.suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        """Lock an open file. Raises `BlockingIOError` if it is locked already, and `OSError`."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        """Unlock an open file, even if a process that was forked has a copy of the descriptor."""
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def remove_if_free(path: Path) -> None:
    """Remove a lock file that a killed process left, unless another process holds the lock. Raises `OSError`."""
    lock = FileLock(path)
    if lock.try_acquire():
        lock.release()


@contextlib.contextmanager
def locked(path: Path, wait: float) -> Iterator[None]:
    """Edit the file at `path` (no link) one process at a time, after waiting for at most `wait` seconds.

    Raises `BusyError`, and `EditError` where no lock file can be made. On a file system without locks it warns.
    """
    lock = _acquire(path, wait)
    try:
        yield
    finally:
        if lock:
            lock.release()


def _acquire(path: Path, wait: float) -> FileLock | None:
    """Return the lock for `path`, acquired; None where the file system has no locks."""
    import hashlib  # loads OpenSSL

    name = f"config-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.lock"
    last_error: OSError | None = None
    # In our own directory, so that none is left beside the user's file, unless that cannot be written.
    own = expand_path(settings.STATE_DIRECTORY)
    for directory in (*([Path(own)] if own else []), path.parent):
        try:
            if directory != path.parent or not exists(directory):
                make_private_directory(directory)
            lock = FileLock(directory / name)
            _wait_for(lock, path, wait)
        except NoLocksError as error:
            warn_once(
                f"{path.parent} is on a file system without locks ({error.strerror}), so do not edit {path} with two "
                f"commands at once"
            )
            return None
        except OSError as error:
            last_error = error
        else:
            lock.write_owner()
            return lock
    reason = explain_obstacle(path.parent, last_error, is_cache=False)
    raise EditError(f"{path} cannot be locked, so nothing was written: {reason}")


def _wait_for(lock: FileLock, path: Path, wait: float) -> None:
    """Acquire a lock, with a message after a second. Raises `BusyError` after `wait` seconds, and `OSError`."""
    begun = time.monotonic()
    reported = False
    while not lock.try_acquire():
        waited = time.monotonic() - begun
        if waited >= wait:
            holder = lock.describe_owner()
            raise BusyError(
                f"{path} has been locked by {holder} for {wait:g} s; nothing was written. Answer its prompt or end "
                f"it, then run the command again"
            )
        if waited >= settings.LOCK_SILENT_SECONDS and not reported:
            reported = True
            warn(f"waiting for {lock.describe_owner()}, which is editing {path}")
        time.sleep(settings.LOCK_POLL_SECONDS)
