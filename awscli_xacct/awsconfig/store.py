"""A config file on disk: found, locked, read, edited, proved, replaced.

What is promised: the file is the old one or the new one, whole, at any instant, whatever happens to
this process; no other byte changes; of many editors at once none is lost; and the new file reads, with
the reader the caller trusts, as exactly what was meant.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import settings
from ..errors import Busy, EditRefused
from ..files import (
    PRIVATE_FILE,
    flush_directory,
    is_ours,
    make_private_directory,
    temporary_prefix,
    write_temporary,
)
from .document import Document, Sections

Change = Callable[[Document], None]
Reader = Callable[[str], Sections]

_ATTEMPTS = 20


@dataclass(frozen=True)
class Edit:
    """The outcome of an edit: the file's bytes before and after."""

    path: Path
    before: bytes
    after: bytes

    @property
    def changed(self) -> bool:
        return self.before != self.after


def locate(configured: str | None, default: str) -> Path:
    """The path botocore means by a ``config_file`` or ``credentials_file`` setting."""
    return Path(os.path.expandvars(configured or default)).expanduser()


def own_reader(path: str) -> Sections:
    """Reads a file without botocore, to the same result."""
    return Document(Path(path).read_bytes(), path).sections()


def read(path: Path) -> bytes:
    """The file's bytes; nothing if there is none. Raises `EditRefused` where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise EditRefused(
            f"{path} cannot be read: {error.strerror}. Look at it with: ls -ld {path}"
        ) from None


def preview(path: Path, change: Change) -> Edit:
    """What `edit` would do, with nothing written and no lock taken."""
    before = read(path)
    document = Document(before, str(path))
    change(document)
    return Edit(path, before, document.render())


def edit(path: Path, change: Change, reader: Reader = own_reader) -> Edit:
    """Make `change` in the file at `path`; it may be called more than once, each time on fresh content.

    An edit that changes nothing writes nothing. What `change` raises leaves the file as it was.
    Raises `EditRefused`, `ConfigRefused` and `Busy`.
    """
    real = Path(os.path.realpath(path))
    with _locked(real):
        _sweep(real)
        for _ in range(_ATTEMPTS):
            _check_target(path, real)
            before = read(real)
            document = Document(before, str(path))
            change(document)
            after = document.render()
            if after == before or _replace(real, before, after, document, reader):
                return Edit(path, before, after)
    raise EditRefused(f"{path} is being rewritten by another program all the time; nothing was written")


def _replace(real: Path, before: bytes, after: bytes, document: Document, reader: Reader) -> bool:
    """Put `after` in place of `before`; False if somebody else has changed the file meanwhile."""
    try:
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = write_temporary(real.parent, real.name, after, flush=True)
    except OSError as error:
        raise EditRefused(
            f"{real} cannot be written: {error.strerror}; it is as it was. Look at its directory with: "
            f"ls -ld {real.parent}"
        ) from None
    try:
        _keep_mode(real, temporary)
        _prove(real, temporary, document, reader)
        if read(real) != before:
            return False
        temporary.replace(real)
    except OSError as error:
        raise EditRefused(f"{real} cannot be replaced: {error.strerror}; it is as it was") from None
    finally:
        temporary.unlink(missing_ok=True)
    flush_directory(real.parent)
    return True


def _prove(real: Path, temporary: Path, document: Document, reader: Reader) -> None:
    """Read back what is about to become the user's file, and compare it with what was meant.

    Raises `EditRefused`. Of a file beyond `settings.PROOF_LIMIT` the sections that changed are read.
    """
    whole = temporary.stat().st_size <= settings.PROOF_LIMIT
    excerpt = None if whole else write_temporary(real.parent, real.name, document.excerpt())
    try:
        found = reader(str(excerpt or temporary))
    except Exception as error:  # noqa: BLE001 - a reader that refuses the text, with whatever error it has
        raise EditRefused(
            f"{real}: the edited file would not be readable ({error}); it is as it was"
        ) from None
    finally:
        if excerpt:
            excerpt.unlink()
    if found != document.meant(touched_only=not whole):
        raise EditRefused(f"{real}: the edited file would not mean what was asked; it is as it was")


def _keep_mode(real: Path, temporary: Path) -> None:
    try:
        found = real.stat()
    except FileNotFoundError:
        temporary.chmod(PRIVATE_FILE)
        return
    if hasattr(os, "chown") and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        # Where the group cannot be kept, the mode still is.
        with contextlib.suppress(PermissionError):
            os.chown(temporary, found.st_uid, found.st_gid)
    temporary.chmod(stat.S_IMODE(found.st_mode))


def _check_target(path: Path, real: Path) -> None:
    try:
        found = real.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise EditRefused(
            f"{path} cannot be read: {error.strerror}. Look at it with: ls -ld {path}"
        ) from None
    if not stat.S_ISREG(found.st_mode):
        raise EditRefused(
            f"{path} is not a regular file; nothing was written. Look at it with: ls -ld {path}"
        )
    if not is_ours(found):
        raise EditRefused(
            f"{path} belongs to another user; nothing was written. Look at it with: ls -lL {path}"
        )


def _sweep(real: Path) -> None:
    """Remove what editors that were killed have left; whoever holds the lock is the only live one."""
    with contextlib.suppress(OSError):
        for left in real.parent.glob(f"{glob.escape(temporary_prefix(real.name))}*.tmp"):
            left.unlink()


@contextlib.contextmanager
def _locked(real: Path) -> Iterator[None]:
    """One editor at a time, by a lock file in our own directory: none is left beside the user's file."""
    from filelock import FileLock, Timeout

    name = f"config-{hashlib.sha256(os.fsencode(real)).hexdigest()[:16]}.lock"
    try:
        directory = Path(settings.STATE_DIRECTORY).expanduser()
        make_private_directory(directory)
    except (OSError, RuntimeError):
        directory = real.parent
    lock = FileLock(directory / name, timeout=settings.LOCK_WAIT_SECONDS, mode=PRIVATE_FILE)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(
            f"{real} has been locked by another xacct command for {settings.LOCK_WAIT_SECONDS} s; nothing was "
            f"written. End that command, then try again"
        ) from None
    except OSError as error:
        raise EditRefused(f"{real} cannot be locked: {error.strerror}; nothing was written") from None
    try:
        yield
    finally:
        lock.release()
