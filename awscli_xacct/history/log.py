"""The history on disk: lines of JSON in a private file, one for each session obtained.

Every process of the user adds lines, with one write each to the end of the file. It holds a lock on the file meanwhile,
the kernel's own, which dies with its owner. Where there are no locks, or another process holds one for too long, a line
is added all the same. A line that a process did not finish, because it was killed or the disk was full, is ended by the
next one, and left out by readers.

Whoever finds the file longer than `settings.MAX_HISTORY_BYTES` renames it, which replaces the one before it, and begins
another. Of two processes that renamed it at once, the second would rename the new one: so whoever does it creates
another file meanwhile, which works without locks too.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from .. import settings
from ..storage.directories import provide_own
from ..storage.files import PRIVATE_FILE
from ..storage.record import check_private_file, expand_path, locate_private

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_MAX_ATTEMPTS = 10
"""How often to open the file again because another process has renamed it meanwhile."""
_POLL_SECONDS = 0.005
_RENAME_SECONDS = 60
"""After this long, whoever was to rename the file is taken for killed."""


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
    path = provide_own(settings.STATE_DIRECTORY, settings.HISTORY_KIND) / settings.HISTORY_FILE
    is_renamed = True
    for _ in range(_MAX_ATTEMPTS):
        descriptor = _open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            locked = _lock(descriptor)
            found = os.fstat(descriptor)
            if not _is_in_place(found, path):
                continue
            if found.st_size < settings.MAX_HISTORY_BYTES or not is_renamed:
                _write(descriptor, line, found.st_size, locked=locked)
                return
        finally:
            os.close(descriptor)
        is_renamed = _set_aside(path, found)
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
            if newer is None or _is_in_place(os.fstat(newer), path):
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
        check_private_file(descriptor)
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


def _is_in_place(found: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(found, path.stat())
    except FileNotFoundError:
        return False


def _set_aside(path: Path, found: os.stat_result) -> bool:
    """Rename the history if it is still the file that was found. Return False if another process is about to.

    No process has the file open for that: Windows would not rename it.
    """
    mark = path.with_name(f"{path.name}.renaming")
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))
    except FileExistsError:
        with contextlib.suppress(FileNotFoundError):
            if time.time() - mark.lstat().st_mtime > _RENAME_SECONDS:
                mark.unlink()
        return False
    try:
        if _is_in_place(found, path):
            path.replace(older_path(path))
    finally:
        mark.unlink(missing_ok=True)
    return True


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
