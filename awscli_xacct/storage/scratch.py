"""Private directories that last as long as the process that made them.

A process holds the lock of a file beside its directory. One that was killed left both; the next process that makes a
directory finds the lock free and removes them.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from .directories import PRIVATE_DIRECTORY, provide_own
from .locks import FileLock, NoLocksError

_LOCK_NAME = re.compile(r"[0-9a-f]{16}\.lock")
_MAX_SWEPT = 100
"""How many directories are looked at each time."""


@contextlib.contextmanager
def make_scratch_directory(place: str, kind: str) -> Iterator[Path]:
    """Provide a new private directory inside `place` for the block; for `kind` see storage/directories.py.

    Where nothing can be written in `place` (a container's read-only home), it is made among the temporary files, whose
    leftovers the system removes. Raises `OSError`.
    """
    lock = None
    try:
        parent = provide_own(place, kind)
        _sweep(parent)
        directory, lock = _lock_new(parent)
        directory.mkdir(mode=PRIVATE_DIRECTORY)
    except OSError:
        from tempfile import mkdtemp

        directory = Path(mkdtemp(prefix="xacct-"))
    try:
        yield directory
    finally:
        _remove(directory)
        if lock is not None:
            _release(lock)


def _lock_new(parent: Path) -> tuple[Path, FileLock]:
    """Return the path of a new directory and its lock, acquired where there are locks. Raises `OSError`."""
    while True:
        directory = parent / os.urandom(8).hex()
        lock = FileLock(directory.with_suffix(".lock"))
        with contextlib.suppress(NoLocksError):  # then nobody else gets it either
            if not lock.try_acquire():
                continue  # a process that sweeps was quicker, and removes the file
        return directory, lock


def _remove(directory: Path) -> None:
    try:
        for path in list(directory.iterdir()):
            path.unlink()
        directory.rmdir()
    except OSError:
        from shutil import rmtree  # loads modules for archives

        rmtree(directory, ignore_errors=True)


def _release(lock: FileLock) -> None:
    lock.release()
    with contextlib.suppress(OSError):
        lock.path.unlink(missing_ok=True)  # Windows removes no file that is open


def _sweep(parent: Path) -> None:
    """Remove the directories of processes that were killed."""
    with os.scandir(parent) as entries:
        names = [entry.name for entry in entries if _LOCK_NAME.fullmatch(entry.name)]
    for name in names[:_MAX_SWEPT]:
        lock = FileLock(parent / name)
        with contextlib.suppress(OSError):
            if lock.try_acquire():
                _remove(lock.path.with_suffix(""))
                _release(lock)
