"""Files that belong to one user: made private, replaced whole, never believed when a stranger could have
written them.

On Windows ownership and modes are not what protects a file; the checks there come down to "a regular
file", and the profile directory's own access list does the rest.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from .record import is_ours

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700


def make_private_directory(path: Path) -> None:
    """Make `path` and the parents it lacks, 0700. One that is there keeps its mode, whatever that is: it may be a
    person's home, or /tmp. (`places` sees to it that what has to be private is put into a private one.)

    A link to a directory will do if both are this user's own: whoever owns a link decides where it leads.
    Raises `OSError`; `PermissionError` where the directory is not this user's own, or would be made in a home
    that is not.
    """
    from .places import check_may_make  # only who makes something needs it

    check_may_make(path)
    if not path.parent.exists():
        # Not mkdir(parents=True): that makes the parents as open as the umask has it.
        make_private_directory(path.parent)
    try:
        path.mkdir(mode=PRIVATE_DIRECTORY)
    except FileExistsError:
        found = _followed(path)
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(f"{path} is not a directory") from None
        if not is_ours(found):
            raise PermissionError(f"{path} belongs to another user") from None


def _followed(path: Path) -> os.stat_result:
    """What is at `path`, through a link if that is ours. Raises `OSError`."""
    found = path.lstat()
    if not stat.S_ISLNK(found.st_mode):
        return found
    if not is_ours(found):
        raise PermissionError(f"{path} is a link that belongs to another user")
    try:
        return path.stat()
    except OSError as error:
        why = error.strerror or error
        raise NotADirectoryError(f"{path} is a link that leads to no directory: {why}") from None


def replace(path: Path, data: bytes) -> None:
    """Write a private file so that whoever reads it finds the old bytes or the new ones, whole.

    Not flushed to disk: what is lost with the power is fetched again. Raises `OSError`.
    """
    temporary = write_temporary(path.parent, path.name, data)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_temporary(directory: Path, name: str, data: bytes, *, flush: bool = False) -> Path:
    """A new file in `directory`, 0600 from its creation, holding `data`; gone again if that fails."""
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=temporary_prefix(name), suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if flush:
                file.flush()
                os.fsync(file.fileno())
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return Path(temporary)


def temporary_prefix(name: str) -> str:
    return f".{name}.xacct-"


def sweep(directory: Path, name: str) -> None:
    """Remove the temporary files that killed writers of `name` left. The caller holds the lock of `name`."""
    prefix = temporary_prefix(name)
    with contextlib.suppress(OSError):
        for left in directory.iterdir():
            if left.name.startswith(prefix) and left.suffix == ".tmp":
                discard(left)


def discard(temporary: Path) -> None:
    """Remove a temporary file; if that fails, the next writer's `sweep` tries again."""
    with contextlib.suppress(OSError):
        temporary.unlink()


def flush_directory(path: Path) -> None:
    """Make a rename in `path` survive a power cut, where the platform can."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return  # Windows opens no directories
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems refuse it; the rename itself is done
    finally:
        os.close(descriptor)
