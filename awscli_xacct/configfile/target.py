"""The file that an edit replaces: whether it is the user's to replace, one editor at a time, what stays.

Only the user's own regular file is replaced, and none is made or replaced through a link into a
directory of another user: whoever owns a directory decides what stands in it.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import shlex
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import settings
from ..errors import BusyError, EditError
from ..messages import warn
from ..storage.files import make_private_directory, temporary_prefix
from ..storage.locks import NoLocksError, file_lock, owner, release, sign, taken
from ..storage.places import check_may_make, trouble
from ..storage.record import expanded, is_ours

if TYPE_CHECKING:
    from filelock import BaseFileLock


_said: set[str] = set()


def check(path: Path, real: Path) -> None:
    """Raises `EditError` where `real`, which is `path` with its links resolved, is not ours to replace."""
    if os.fspath(path).startswith("~"):
        raise EditError(
            f"{path} is in no home directory, because none is known here; nothing was written. Name it: export "
            f"HOME=DIRECTORY"
        )
    try:
        found = _look(real)
        directory = next((parent for parent in real.parents if parent.exists()), real.parent)
        above = directory.stat()
    except OSError as error:
        raise EditError(f"{path} cannot be read: {error.strerror}. {_look_at(path)}") from None
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise EditError(f"{path} is not a regular file; nothing was written. {_look_at(path)}")
    if found is not None and not is_ours(found):
        raise EditError(f"{path} belongs to another user; nothing was written. {_look_at(real)}")
    linked = os.path.abspath(path) != os.fspath(real)  # noqa: PTH100 - Path.resolve follows the links
    if linked and not (is_ours(above) or above.st_uid == 0):
        raise EditError(
            f"{path} leads into a directory of another user; nothing was written. {_look_at(directory)}"
        )
    try:
        check_may_make(real.parent)
    except OSError as error:
        raise EditError(f"{real}: {error}; nothing was written. Run the command as that user") from None


def make_directory(directory: Path) -> Path:
    """Make `directory`, 0700, if it is not there yet. Raises `OSError`."""
    if not directory.exists():
        make_private_directory(directory)
    return directory


def keep_mode(real: Path, new: Path) -> None:
    """Give the file that will replace `real` its mode and group. Raises `OSError`.

    A group that this user is not in cannot be given; its members then have what all others have.
    """
    old = _look(real)
    if old is None:
        return  # made 0600, as it should be
    mode = stat.S_IMODE(old.st_mode)
    if hasattr(os, "chown") and new.stat().st_gid != old.st_gid:
        try:
            os.chown(new, -1, old.st_gid)
        except OSError:
            mode = mode & ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3
    made = stat.S_IMODE(new.stat().st_mode)
    if made == mode:
        return  # as on a drive without modes, where chmod may be refused
    try:
        new.chmod(mode)
    except OSError as error:
        if made & ~mode:
            _warn(f"{real}: its mode {mode:03o} cannot be kept ({error.strerror}); it is {made:03o} now")


def sweep(real: Path) -> None:
    """Remove what editors that were killed have left; whoever holds the lock is the only live one."""
    with contextlib.suppress(OSError):
        for left in real.parent.glob(f"{glob.escape(temporary_prefix(real.name))}*.tmp"):
            discard(left)


def discard(temporary: Path) -> None:
    """Remove a temporary file; where that fails, the next edit's `sweep` tries again."""
    with contextlib.suppress(OSError):
        temporary.unlink()


@contextlib.contextmanager
def locked(real: Path, wait: float) -> Iterator[None]:
    """One editor at a time, for at most `wait` seconds. Raises `BusyError` and `EditError`."""
    lock = _acquire(real, wait)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the edit is done or not by now; the lock ends with the process
            if lock:
                release(lock)


def _acquire(real: Path, wait: float) -> BaseFileLock | None:
    """The lock, taken; None where file systems have none, and nothing but the look before the rename is left."""
    name = f"config-{hashlib.sha256(os.fsencode(real)).hexdigest()[:16]}.lock"
    fault: OSError | None = None
    # In our own directory, so that none is left beside the user's file, unless that cannot be written.
    for made in (_own_directory, lambda: make_directory(real.parent)):
        try:
            lock = file_lock(made() / name)
            _take(lock, real, wait)
        except NoLocksError as error:
            _warn(
                f"{real.parent}: no file can be locked here ({error.strerror}). Let no two commands edit {real} at "
                f"the same time"
            )
            return None
        except OSError as error:
            fault = error
        else:
            sign(lock)
            return lock
    why = trouble(real.parent)
    if why:
        raise EditError(f"{real} cannot be locked, and nothing was written: {why}")
    raise EditError(
        f"{real} cannot be locked: {getattr(fault, 'strerror', None) or fault}; nothing was written. "
        f"{_look_at(real.parent)}"
    )


def _take(lock: BaseFileLock, real: Path, wait: float) -> None:
    """Wait for a lock, and say so after a second. Raises `BusyError` after `wait` seconds, and `OSError`."""
    begun = time.monotonic()
    said = False
    while not taken(lock):
        waited = time.monotonic() - begun
        if waited >= wait:
            holder = owner(lock)
            raise BusyError(
                f"{real} has been locked by {holder} for {wait:g} s; nothing was written. Answer its question or end "
                f"it, then run the command again"
            )
        if waited >= settings.LOCK_SILENT_SECONDS and not said:
            said = True
            warn(f"waiting for {owner(lock)}, which is at work on {real}")
        time.sleep(settings.LOCK_POLL_SECONDS)


def _own_directory() -> Path:
    directory = expanded(settings.STATE_DIRECTORY)
    if not directory:
        raise FileNotFoundError("there is no home directory")
    make_private_directory(Path(directory))
    return Path(directory)


def _warn(message: str) -> None:
    """Say something once, however often an edit has to start over."""
    if message not in _said:
        _said.add(message)
        warn(message)


def _look(real: Path) -> os.stat_result | None:
    try:
        return real.stat()
    except FileNotFoundError:
        return None


def _look_at(path: Path) -> str:
    return f"Look at it with: ls -ld {shlex.quote(str(path))}"
