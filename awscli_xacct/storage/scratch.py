"""Private directories that last as long as the process that made them.

A process holds the kernel's lock on a file beside its directory. One that was killed left both; the next process that
makes a directory finds the lock free and removes them. Windows deletes no file that is open, which serves as the lock.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from .directories import provide_own
from .files import PRIVATE_FILE

if os.name != "nt":
    import fcntl

_NAME = re.compile(r"[0-9a-f]{16}(\.lock)?")
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
        name = os.urandom(8).hex()
        lock = _lock(parent / f"{name}.lock")
        directory = parent / name
        directory.mkdir(mode=0o700)
    except OSError:
        from tempfile import mkdtemp

        directory = Path(mkdtemp(prefix="xacct-"))
    try:
        yield directory
    finally:
        _remove(directory)
        if lock is not None:
            _unlock(*lock)


def _remove(directory: Path) -> None:
    try:
        for path in list(directory.iterdir()):
            path.unlink()
        directory.rmdir()
    except OSError:
        from shutil import rmtree  # loads modules for archives

        rmtree(directory, ignore_errors=True)


def _lock(path: Path) -> tuple[Path, int]:
    """Create a lock file and lock it, where the file system has locks; elsewhere nobody else gets the lock either."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    if os.name != "nt":
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return path, descriptor


def _unlock(path: Path, descriptor: int) -> None:
    if os.name == "nt":
        os.close(descriptor)
    with contextlib.suppress(OSError):
        path.unlink()
    if os.name != "nt":
        os.close(descriptor)


def _sweep(parent: Path) -> None:
    """Remove the directories of processes that were killed."""
    with os.scandir(parent) as entries:
        names = [entry.name for entry in entries if _NAME.fullmatch(entry.name)]
    locks = [name for name in names if name.endswith(".lock")]
    for name in locks[:_MAX_SWEPT]:
        with contextlib.suppress(OSError):
            _remove_if_free(parent / name)


def _remove_if_free(lock: Path) -> None:
    """Remove a lock file and its directory if the lock is free. Raises `OSError` if it is not."""
    descriptor = -1
    if os.name != "nt":
        descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if os.name != "nt":
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            lock.unlink()
        _remove(lock.with_suffix(""))
        lock.unlink(missing_ok=True)
    finally:
        if descriptor >= 0:
            os.close(descriptor)
