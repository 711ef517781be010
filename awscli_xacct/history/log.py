"""The history on disk: lines of JSON in a private file, one for each session obtained.

Every process of the user adds lines, with one write each to the end of the file. It holds a lock on the file meanwhile,
the kernel's own, which dies with its owner. Whoever finds the file longer than `settings.MAX_HISTORY_BYTES` renames it,
which replaces the one before it, and begins another. Where there are no locks, or another process holds one for too
long, a line is added all the same, and the file gets twice as long. A line that a process did not finish, because it
was killed or the disk was full, is ended by the next one, and left out by readers.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from .. import settings
from ..storage.directories import provide_private
from ..storage.files import PRIVATE_FILE
from ..storage.record import GROUP_OTHER_BITS, HAS_POSIX_OWNERS, expand_path, is_ours, locate_private

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_MAX_ATTEMPTS = 10
"""How often to open the file again because another process has renamed it meanwhile."""
_POLL_SECONDS = 0.005
_UNLOCKED = 2
"""How many times as long a file gets before it is renamed without a lock: two processes might do it at once."""


def history_path() -> Path | None:
    """Return the path of the history; None without a home directory."""
    directory = expand_path(settings.STATE_DIRECTORY)
    return (
        Path(locate_private(directory, settings.HISTORY_KIND)) / settings.HISTORY_FILE if directory else None
    )


def older_path(path: Path) -> Path:
    """Return the path of the history that was renamed last."""
    return path.with_name(f"{path.name}.1")


def append(line: bytes) -> None:
    """Add a line, which has no line end yet, to the history. Raises `OSError` with the reason if that is impossible."""
    directory = expand_path(settings.STATE_DIRECTORY)
    if not directory:
        raise FileNotFoundError("there is no home directory")
    path = provide_private(Path(directory), settings.HISTORY_KIND) / settings.HISTORY_FILE
    for _ in range(_MAX_ATTEMPTS):
        descriptor = _open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            locked = _lock(descriptor)
            in_place = _is_in_place(descriptor, path)
            size = os.fstat(descriptor).st_size
            is_full = size >= settings.MAX_HISTORY_BYTES * (1 if locked else _UNLOCKED)
            if in_place and not is_full:
                _write(descriptor, line, size, locked=locked)
                return
            if in_place and fcntl:
                path.replace(older_path(path))
        finally:
            os.close(descriptor)
        if in_place and not fcntl:  # Windows renames no open file
            path.replace(older_path(path))
    raise BlockingIOError("other processes rename it all the time")


def read_lines() -> Iterator[bytes]:
    """Yield the lines of the history, the oldest first; the last one may not be finished.

    Raises `OSError`, with the reason if it is not private.
    """
    path = history_path()
    if path is None:
        return
    with contextlib.ExitStack() as stack:
        for _ in range(_MAX_ATTEMPTS):
            stack.close()
            newer, older = (_open_if_there(each, stack) for each in (path, older_path(path)))
            # Renamed in between, the newer one would be read twice or not at all.
            if newer is None or _is_in_place(newer, path):
                break
        for descriptor in (older, newer):
            if descriptor is not None:
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    yield from (line for line in file.read().split(b"\n") if line)


def find_problem() -> OSError | None:
    """Return why nothing can be added to the history; None if nothing is known to prevent it. Creates nothing."""
    path = history_path()
    if path is None:
        return None
    try:
        os.close(_open(path, os.O_WRONLY | os.O_APPEND))
    except FileNotFoundError:
        existing = next(each for each in path.parents if os.path.lexists(each))
        return (
            None
            if os.access(existing, os.W_OK | os.X_OK)
            else PermissionError(f"{existing} cannot be written")
        )
    except OSError as error:
        return error
    return None


def _open(path: Path, flags: int) -> int:
    """Open a file that only this user can read or have written. Raises `OSError`."""
    # Do not follow a symlink or wait for a FIFO.
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, PRIVATE_FILE)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError("it is not a regular file")
        if not is_ours(found):
            raise PermissionError("it belongs to another user")
        if HAS_POSIX_OWNERS and found.st_mode & GROUP_OTHER_BITS:
            raise PermissionError("other users have access to it")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _open_if_there(path: Path, stack: contextlib.ExitStack) -> int | None:
    try:
        descriptor = _open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    stack.callback(os.close, descriptor)
    return descriptor


def _lock(descriptor: int) -> bool:
    """Lock a file against other writers, and return whether that was possible."""
    if fcntl is None:
        return False
    until = time.monotonic() + settings.HISTORY_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_SECONDS)
        except OSError:
            return False
        else:
            return True


def _is_in_place(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _write(descriptor: int, line: bytes, size: int, *, locked: bool) -> None:
    if size and _last_byte(descriptor, size) != b"\n":
        line = b"\n" + line
    written = os.write(descriptor, line + b"\n")
    if written <= len(line):
        # The disk is full. Nobody else has written meanwhile, if the file is locked.
        if locked:
            os.ftruncate(descriptor, size)
        raise OSError(f"only {written} bytes could be written")


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)
