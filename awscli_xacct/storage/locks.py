"""Locks between processes: the kernel's own, which die with their owner, or none at all.

Where the file system has no locks (Lustre without flock), filelock would take the existence of a file for a lock. Such
a lock outlives its owner, and a file created beforehand is a lock that is never released.

The owner of a lock writes its process id into a file beside the lock file, for those who wait. Both files are removed
before the lock is released, or they would pile up: names change with the caller's access key. So whoever acquires a
lock makes sure that its file is still the one of that name; if not, nobody else waits for it, and it is not the lock.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import settings
from ..errors import BusyError, EditError
from ..messages import warn, warn_once
from .directories import explain, make_private_directory
from .files import PRIVATE_FILE
from .record import expand_path

if TYPE_CHECKING:
    from filelock import BaseFileLock

# NFS without a lock daemon raises ENOLCK, FUSE EOPNOTSUPP or ENOSYS, others EINVAL. All mean that it has no locks.
_UNSUPPORTED = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}


class NoLocksError(OSError):
    """The file system has no locks."""


@contextlib.contextmanager
def locked(path: Path, wait: float) -> Iterator[None]:
    """Edit the file at `path` (no link) one process at a time, after waiting for at most `wait` seconds.

    Raises `BusyError`, and `EditError` where no lock file can be made. On a file system without locks it warns.
    """
    lock = _acquire(path, wait)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the edit is done or not by now; the lock ends with the process
            if lock:
                release(lock)


def make_lock(path: Path) -> BaseFileLock:
    """Return a lock, not acquired yet, whose file is `path`."""
    from filelock import FileLock

    # Older versions lack the argument. Given a wrong one, their locks print a traceback when they are deleted.
    if "fallback_to_soft" in FileLock.__init__.__code__.co_varnames:
        return FileLock(path, mode=PRIVATE_FILE, fallback_to_soft=False)
    return FileLock(path, mode=PRIVATE_FILE)


def try_acquire(lock: BaseFileLock) -> bool:
    """Acquire a lock without waiting, and return whether that worked. Raises `OSError` and `NoLocksError`."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
        if not _is_in_place(lock):
            lock.release()
            return False
    except Timeout:
        _check_locks(lock)
        return False
    except NotImplementedError:
        raise NoLocksError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    except OSError as error:
        raise _to_no_locks(error) from None
    return True


def _is_in_place(lock: BaseFileLock) -> bool:
    """Whether the file of a lock that is held still has its name: the last owner may have removed it meanwhile."""
    descriptor = _descriptor(lock)
    try:
        return descriptor is None or os.path.samestat(os.fstat(descriptor), Path(lock.lock_file).stat())
    except FileNotFoundError:
        return False


def _descriptor(lock: BaseFileLock) -> int | None:
    """Return the descriptor of the file of a lock that is held; None where the file must stay.

    Windows removes no file that is open, and another filelock may not say which file it has locked.
    """
    found = getattr(getattr(lock, "_context", None), "lock_file_fd", None)
    return found if os.name == "posix" else None


def write_owner(lock: BaseFileLock) -> None:
    """Let processes that wait for a lock know that this one holds it."""
    path = _owner_file(lock)
    with contextlib.suppress(OSError):
        path.touch(PRIVATE_FILE)
        path.write_text(f"{os.getpid()}\n", encoding="ascii")


def release(lock: BaseFileLock) -> None:
    """Remove the files of a lock, and release it. Raises `OSError`."""
    files = [_owner_file(lock), *([] if _descriptor(lock) is None else [Path(lock.lock_file)])]
    for path in files:
        with contextlib.suppress(OSError):
            path.unlink()
    lock.release()


def remove_if_free(path: Path) -> None:
    """Remove a lock file that a killed process left, unless another process holds the lock. Raises `OSError`."""
    lock = make_lock(path)
    if try_acquire(lock):
        release(lock)


def describe_owner(lock: BaseFileLock) -> str:
    """Return who holds a lock, in words."""
    try:
        return f"process {int(_owner_file(lock).read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"


def _acquire(path: Path, wait: float) -> BaseFileLock | None:
    """Return the lock for `path`, acquired; None where the file system has no locks."""
    name = f"config-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.lock"
    last_error: OSError | None = None
    # In our own directory, so that none is left beside the user's file, unless that cannot be written.
    own = expand_path(settings.STATE_DIRECTORY)
    for directory in (*([Path(own)] if own else []), path.parent):
        try:
            if directory != path.parent or not directory.exists():
                make_private_directory(directory)
            lock = make_lock(directory / name)
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
            write_owner(lock)
            return lock
    raise EditError(f"{path} cannot be locked, so nothing was written: {explain(path.parent, last_error)}")


def _wait_for(lock: BaseFileLock, path: Path, wait: float) -> None:
    """Acquire a lock, with a message after a second. Raises `BusyError` after `wait` seconds, and `OSError`."""
    begun = time.monotonic()
    reported = False
    while not try_acquire(lock):
        waited = time.monotonic() - begun
        if waited >= wait:
            holder = describe_owner(lock)
            raise BusyError(
                f"{path} has been locked by {holder} for {wait:g} s; nothing was written. Answer its prompt or end "
                f"it, then run the command again"
            )
        if waited >= settings.LOCK_SILENT_SECONDS and not reported:
            reported = True
            warn(f"waiting for {describe_owner(lock)}, which is editing {path}")
        time.sleep(settings.LOCK_POLL_SECONDS)


def _owner_file(lock: BaseFileLock) -> Path:
    return Path(lock.lock_file).with_suffix(".owner")


def _to_no_locks(error: OSError) -> OSError:
    return NoLocksError(*error.args) if error.errno in _UNSUPPORTED else error


def _check_locks(lock: BaseFileLock) -> None:
    """Raise `NoLocksError` where no lock is possible: older filelocks take any refusal for another process's lock."""
    try:
        import fcntl
    except ImportError:
        return  # Windows always has locks
    try:
        descriptor = os.open(lock.lock_file, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            raise _to_no_locks(error) from None
    finally:
        os.close(descriptor)
