"""Locks between processes: the kernel's own, which die with their owner, or none at all.

filelock takes a file's being there for a lock where the file system has no locks (Lustre without flock): such
a lock outlives its owner, and a file that was made beforehand is one that nobody ever releases.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

from .files import PRIVATE_FILE


def file_lock(path: Path) -> BaseFileLock:
    """The lock whose file is `path`, not yet taken."""
    from filelock import FileLock

    try:
        return FileLock(path, mode=PRIVATE_FILE, fallback_to_soft=False)
    except TypeError:  # older ones know no soft locks here, and say that the file system has none
        return FileLock(path, mode=PRIVATE_FILE)


def taken(lock: BaseFileLock) -> bool:
    """Whether the lock could be had at once. Raises `OSError`; `ENOSYS` where the file system has no locks."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    except NotImplementedError as error:
        raise OSError(errno.ENOSYS, str(error)) from None
    return True
