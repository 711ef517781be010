"""Files that belong to one user: private from their creation, and replaced as a whole.

On Windows modes do not protect a file; the access list of the profile directory does.
"""

import contextlib
import errno
import os
from pathlib import Path

PRIVATE_FILE = 0o600
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)


def replace(path: Path, data: bytes, *, flush: bool = False) -> None:
    """Write a private file so that a reader finds either all of the old bytes or all of the new ones.

    Without `flush`, a power cut may lose it: most of what is kept can be fetched again. Raises `OSError`.
    """
    temporary = write_temporary(path.parent, path.name, data, flush=flush)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_temporary(directory: Path, name: str, data: bytes, *, flush: bool = False) -> Path:
    """Write `data` to a new file in `directory`, 0600 from its creation, and return its path; removed on failure."""
    # Not by `tempfile`, which loads five modules, some for archives: on the way to credentials nothing else needs them.
    temporary = directory / f"{temporary_prefix(name)}{os.urandom(8).hex()}.tmp"
    descriptor = os.open(temporary, _NEW_FILE, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if flush:
                file.flush()
                _flush_to_disk(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _flush_to_disk(descriptor: int) -> None:
    """Flush a file where the file system can: some of those in user space cannot, as little as a pipe."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise


def temporary_prefix(name: str) -> str:
    """Return how the names of all temporary files for `name` begin."""
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
        pass  # some network file systems refuse; the rename itself is done
    finally:
        os.close(descriptor)


def exists(path: Path) -> bool:
    """Whether there is anything at `path` that this user can see.

    Unlike the methods of `Path`, this and the next two raise nothing where a directory may not be looked into.
    """
    return os.path.exists(path)  # noqa: PTH110


def is_file(path: Path) -> bool:
    """Whether there is a file at `path` that this user can see."""
    return os.path.isfile(path)  # noqa: PTH113


def is_directory(path: Path) -> bool:
    """Whether there is a directory at `path` that this user can see."""
    return os.path.isdir(path)  # noqa: PTH112
