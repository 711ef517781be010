"""Locks between processes: the kernel's own, which die with their owner, or none at all.

filelock takes a file's being there for a lock where the file system has no locks (Lustre without flock): such
a lock outlives its owner, and a file that was made beforehand is one that nobody ever releases.

Who holds a lock says so in a file beside the lock's, for those who wait.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

from .files import PRIVATE_FILE

# NFS without a lock daemon says ENOLCK, FUSE EOPNOTSUPP or ENOSYS, and others EINVAL. They mean the same.
_NONE_HERE = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}


class NoLocksError(OSError):
    """The file system has no locks."""


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
