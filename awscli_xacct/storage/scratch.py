"""Private directories that last as long as the process that made them.

A process holds the lock of a file beside its directory. One that was killed left both; the next process that makes a
directory finds the lock free and removes them.
"""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from .directories import PRIVATE_DIRECTORY, provide_own
from .files import write_temporary
from .locks import FileLock, NoLocksError

_LOCK_NAME = re.compile(r"[0-9a-f]{16}\.lock")
_READ_ONLY = 0o400
"""What is written into a file that ends with the process is lost: it had better fail."""
_MAX_SWEPT = 100
"""How many directories are looked at each time."""


@contextlib.contextmanager
def make_scratch_directory(place: str, kind: str, files: Mapping[str, bytes]) -> Iterator[Path]:
    """Provide a new private directory inside `place` for the block, with read-only `files` in it.

    For `kind` see storage/directories.py. Where nothing can be written in `place` (a container's read-only home, a full
    disk), it is made among the temporary files, whose leftovers the system removes. Raises `OSError`.
    """
    with contextlib.ExitStack() as stack:
        try:
            directory = _make_in(place, kind, stack)
            _fill(directory, files)
        except OSError:
            stack.close()
            from tempfile import mkdtemp

            directory = Path(mkdtemp(prefix="xacct-"))
            stack.callback(_remove, directory)
            _fill(directory, files)
        yield directory


def _make_in(place: str, kind: str, stack: contextlib.ExitStack) -> Path:
    """Make a directory in `place`, which `stack` removes. Raises `OSError`."""
    parent = provide_own(place, kind)
    _sweep(parent)
    directory, lock = _lock_new(parent)
    stack.callback(_release, lock)
    directory.mkdir(mode=PRIVATE_DIRECTORY)
    stack.callback(_remove, directory)
    return directory


def _fill(directory: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = write_temporary(directory, name, data).replace(directory / name)
        if os.name != "nt":  # where such a file could not be deleted
            path.chmod(_READ_ONLY)


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
