"""Locks between processes: the kernel's own, which die with their owner, or none at all.

filelock takes a file's being there for a lock where the file system has no locks (Lustre without flock): such
a lock outlives its owner, and a file that was made beforehand is one that nobody ever releases.

Who holds a lock says so in a file beside the lock's, for those who wait.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import settings
from ..errors import BusyError, EditError
from ..messages import warn, warn_once
from .files import PRIVATE_FILE, make_private_directory
from .places import trouble
from .record import expanded

if TYPE_CHECKING:
    from filelock import BaseFileLock

# NFS without a lock daemon says ENOLCK, FUSE EOPNOTSUPP or ENOSYS, and others EINVAL. They mean the same.
_NONE_HERE = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}


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


def file_lock(path: Path) -> BaseFileLock:
    """The lock whose file is `path`, not yet taken."""
    from filelock import FileLock

    # Older ones know no soft locks here. Made with a wrong argument, theirs print a traceback when they go.
    if "fallback_to_soft" in FileLock.__init__.__code__.co_varnames:
        return FileLock(path, mode=PRIVATE_FILE, fallback_to_soft=False)
    return FileLock(path, mode=PRIVATE_FILE)


def taken(lock: BaseFileLock) -> bool:
    """Whether the lock could be had at once. Raises `OSError`; `NoLocksError` where the file system has none."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        _check_locks(lock)
        return False
    except NotImplementedError:
        raise NoLocksError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    except OSError as error:
        raise _meant(error) from None
    return True


def sign(lock: BaseFileLock) -> None:
    """Tell those who wait for a lock that this process holds it."""
    path = _signature(lock)
    with contextlib.suppress(OSError):
        path.touch(PRIVATE_FILE)
        path.write_text(f"{os.getpid()}\n", encoding="ascii")


def release(lock: BaseFileLock) -> None:
    """Give back a lock that was signed. Raises `OSError`."""
    with contextlib.suppress(OSError):
        _signature(lock).unlink()
    lock.release()


def owner(lock: BaseFileLock) -> str:
    """Who holds a lock, in words."""
    try:
        return f"process {int(_signature(lock).read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"


def _acquire(path: Path, wait: float) -> BaseFileLock | None:
    """Return the lock for `path`, acquired; None where the file system has no locks."""
    name = f"config-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.lock"
    fault: OSError | None = None
    # In our own directory, so that none is left beside the user's file, unless that cannot be written.
    own = expanded(settings.STATE_DIRECTORY)
    for directory in (*([Path(own)] if own else []), path.parent):
        try:
            if directory != path.parent or not directory.exists():
                make_private_directory(directory)
            lock = file_lock(directory / name)
            _wait_for(lock, path, wait)
        except NoLocksError as error:
            warn_once(
                f"{path.parent}: no file can be locked here ({error.strerror}). Let no two commands edit {path} at "
                f"the same time"
            )
            return None
        except OSError as error:
            fault = error
        else:
            sign(lock)
            return lock
    why = trouble(path.parent)
    if why:
        raise EditError(f"{path} cannot be locked, and nothing was written: {why}")
    raise EditError(
        f"{path} cannot be locked: {getattr(fault, 'strerror', None) or fault}; nothing was written. "
        f"Look at it with: ls -ld {shlex.quote(str(path.parent))}"
    )


def _wait_for(lock: BaseFileLock, path: Path, wait: float) -> None:
    """Acquire a lock, with a message after a second. Raises `BusyError` after `wait` seconds, and `OSError`."""
    begun = time.monotonic()
    reported = False
    while not taken(lock):
        waited = time.monotonic() - begun
        if waited >= wait:
            holder = owner(lock)
            raise BusyError(
                f"{path} has been locked by {holder} for {wait:g} s; nothing was written. Answer its question or end "
                f"it, then run the command again"
            )
        if waited >= settings.LOCK_SILENT_SECONDS and not reported:
            reported = True
            warn(f"waiting for {owner(lock)}, which is at work on {path}")
        time.sleep(settings.LOCK_POLL_SECONDS)


def _signature(lock: BaseFileLock) -> Path:
    return Path(lock.lock_file).with_suffix(".owner")


def _meant(error: OSError) -> OSError:
    return NoLocksError(*error.args) if error.errno in _NONE_HERE else error


def _check_locks(lock: BaseFileLock) -> None:
    """Raise `NoLocksError` where nobody can hold a lock: older filelocks take any refusal for another's lock."""
    try:
        import fcntl
    except ImportError:
        return  # Windows, where a lock is there or not
    try:
        descriptor = os.open(lock.lock_file, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NONE_HERE:
            raise _meant(error) from None
    finally:
        os.close(descriptor)
