"""Edit a config file on disk: find it, lock it, read it, edit it, verify the result, replace it.

Guarantees: at any instant the file is the old one or the new one, whole, whatever happens to this process; no other
byte changes; no edit of concurrent editors is lost; and the new file, read with the reader that the caller trusts,
means exactly what was intended.

Only the user's own regular file is replaced, and never through a link into another user's directory: the owner of a
directory decides what is in it.
"""

import contextlib
import errno
import os
import shlex
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .. import settings
from ..errors import EditError
from ..messages import warn_once
from ..storage.directories import can_take_over, check_may_make, make_private_directory
from ..storage.files import discard, exists, flush_directory, sweep, write_temporary
from ..storage.locks import locked
from ..storage.record import is_ours
from .document import Document, Sections, parse_sections

MakeEdit = Callable[[Document], object]
Reader = Callable[[str], Sections]

_ATTEMPTS = 20


class Edit(NamedTuple):
    """The result of an edit: the file's bytes before and after."""

    path: Path
    before: bytes
    after: bytes

    @property
    def changed(self) -> bool:
        return self.before != self.after


def locate(configured: str | None, default: str) -> Path:
    """Return the path that botocore derives from a ``config_file`` or ``credentials_file`` setting."""
    # Path.expanduser raises where os.path's leaves a "~" that it cannot expand.
    return Path(os.path.expanduser(os.path.expandvars(default if configured is None else configured)))  # noqa: PTH111


def read_sections(path: str) -> Sections:
    """Read a file without botocore, to the same result."""
    return parse_sections(Path(path).read_bytes(), path)


def read(path: Path) -> bytes:
    """Return the file's bytes, none where botocore finds no file. Raises `EditError` if it cannot be read."""
    try:
        # botocore ignores a device or a pipe; many scripts use /dev/null as an empty config.
        return path.read_bytes() if stat.S_ISREG(path.stat().st_mode) else b""
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise _unreadable(path, error) from None


def read_document(path: Path) -> Document:
    """Return the file as a document, an empty one where botocore finds no file. Raises `ConfigFileError` too."""
    return Document(read(path), str(path))


def preview(path: Path, change: MakeEdit) -> Edit:
    """Return what `edit` would do, without writing or locking. Raises what `edit` does."""
    before = read(_find_replaceable(path))
    return Edit(path, before, _changed(path, before, change).render())


def edit(
    path: Path,
    change: MakeEdit,
    reader: Reader = read_sections,
    *,
    wait: float = settings.LOCK_WAIT_SECONDS,
    is_secret: bool = False,
) -> Edit:
    """Make `change` in the file at `path`; it may be called more than once, each time with the current content.

    An edit that changes nothing writes nothing. If `change` raises, the file is unchanged. Waits for another editor
    for at most `wait` seconds. If the new text `is_secret`, the temporary file stays private, and the file gets its
    mode back when it is in place. Raises `EditError`, `ConfigFileError` and `BusyError`.
    """

    def prepare(real: Path, before: bytes) -> tuple[bytes, Callable[[Path], None]]:
        document = _changed(path, before, change)
        return document.render(), partial(_verify, real, document, reader)

    return _edit(path, prepare, wait, is_secret=is_secret)


def rewrite(
    path: Path, change: Callable[[bytes], bytes], *, wait: float = settings.LOCK_WAIT_SECONDS
) -> Edit:
    """Replace the bytes of a file of any kind by what `change` returns for them, as `edit` does.

    `change` may be called more than once, and verifies its own result. Raises `EditError` and `BusyError`.
    """
    return _edit(path, lambda _, before: (change(before), lambda _: None), wait)


def _edit(
    path: Path,
    prepare: Callable[[Path, bytes], tuple[bytes, Callable[[Path], None]]],
    wait: float,
    *,
    is_secret: bool = False,
) -> Edit:
    """Replace a file's bytes by those that `prepare` returns, once the function it returns has verified them."""
    for _ in range(_ATTEMPTS):
        real = _find_replaceable(path)
        with locked(real, wait):
            sweep(real.parent, real.name)
            _find_replaceable(path)  # may have changed while waiting
            before = read(real)
            after, verify = prepare(real, before)
            edit = Edit(path, before, after)
            if not edit.changed or _replace(edit, real, verify, is_secret=is_secret):
                return edit
    text = f"{path} keeps being rewritten by another program; nothing was written"
    raise EditError(text, code="FileChanged")


def _changed(path: Path, data: bytes, change: MakeEdit) -> Document:
    document = Document(data, str(path))
    change(document)
    return document


def _replace(planned: Edit, real: Path, verify: Callable[[Path], None], *, is_secret: bool) -> bool:
    """Replace the file; return False if another program has changed it meanwhile."""
    try:
        if not exists(real.parent):
            make_private_directory(real.parent)
        temporary = write_temporary(real.parent, real.name, planned.after, flush=True)
    except OSError as error:
        fix = f"ls -ld {shlex.quote(str(real.parent))}"
        raise EditError(
            f"{real} cannot be written: {error.strerror or error}; it is unchanged. Look at its directory with: {fix}",
            fix=fix,
        ) from None
    try:
        old = _stat(real)
        if not is_secret:
            _keep_mode(old, temporary, real)
        verify(temporary)
        if _resolve(planned.path) != real or read(real) != planned.before:
            return False
        temporary.replace(real)
    except OSError as error:
        raise EditError(f"{real} cannot be replaced: {_why(error)}; it is unchanged") from None
    finally:
        discard(temporary)
    with contextlib.suppress(OSError):  # the new file is in place, whatever is wrong with the disk
        if is_secret:
            _keep_mode(old, real, real)
        flush_directory(real.parent)
    return True


def _why(error: OSError) -> str:
    if error.errno == errno.EBUSY:
        # Containers are given single files that way, and a mount point cannot be replaced by renaming.
        return "it is a mount point. Edit the file where it is mounted from, or mount its directory instead"
    return error.strerror or str(error)


def _verify(real: Path, document: Document, reader: Reader, temporary: Path) -> None:
    """Read back what is about to become the user's file, and compare it with what was intended. Raises `EditError`."""
    try:
        found = reader(str(temporary))
    except Exception as error:  # noqa: BLE001 - whatever the reader raises, it cannot read the text
        raise EditError(f"{real}: the edited file would not be readable ({error}); it is unchanged") from None
    if found != document.expected_sections():
        raise EditError(f"{real}: the edited file would not read as intended; it is unchanged")


def _resolve(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _find_replaceable(path: Path) -> Path:
    """Return the file at `path`, its links resolved. Raises `EditError` if this user may not replace it."""
    real = _resolve(path)
    if os.fspath(path).startswith("~"):
        from ..storage.homes import choose_home  # rare

        raise EditError(
            f"{path}: the home directory is unknown; nothing was written. Set it with: {choose_home()}"
        )
    try:
        found = _stat(real)
        directory = next((parent for parent in real.parents if exists(parent)), real.parent)
        above = directory.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise _unusable(f"{path} is not a regular file; nothing was written", path)
    if found is not None and not is_ours(found):
        text = f"{path} belongs to another user; nothing was written"
        if not can_take_over(real):
            raise EditError(f"{text}. Run the command as that user", code="ProfileInvalid")
        fix = f'sudo chown "$(id -u)" {shlex.quote(str(real))}'
        raise EditError(f"{text}. Fix it with: {fix}", code="ProfileInvalid", fix=fix)
    linked = os.path.abspath(path) != os.fspath(real)  # noqa: PTH100 - Path.resolve follows the links
    if linked and not (is_ours(above) or above.st_uid == 0):
        raise _unusable(f"{path} is a link into another user's directory; nothing was written", directory)
    try:
        check_may_make(real.parent)
    except OSError as error:
        raise EditError(f"{real}: {error}; nothing was written. Run the command as that user") from None
    return real


def _keep_mode(old: os.stat_result | None, new: Path, real: Path) -> None:
    """Give `new`, which replaces the file at `real`, the mode and the group that `old` had. Raises `OSError`.

    If this user is not in that group, the file gets another one, with the rights of all other users.
    """
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
            warn_once(f"{real}: its mode {mode:03o} cannot be kept ({error.strerror}); it is {made:03o} now")


def _stat(real: Path) -> os.stat_result | None:
    try:
        return real.stat()
    except FileNotFoundError:
        return None


def _unreadable(path: Path, error: OSError) -> EditError:
    """Return the error for a file that cannot be read. If a directory is closed, that is the one to look at."""
    problem = f"{path} cannot be read: {error.strerror}"
    above = [*reversed(_resolve(path).parents)] if isinstance(error, PermissionError) else []
    closed = next((each for each in above if not os.access(each, os.X_OK)), None)
    if closed is None:
        return _unusable(problem, path)
    fix = f"ls -ld {shlex.quote(str(closed))}"
    text = f"{problem}, because {closed} is closed to you. Look at it with: {fix}"
    return EditError(text, code="ProfileInvalid", fix=fix)


def _unusable(problem: str, path: Path) -> EditError:
    """Return the error for a file that cannot be read or must not be replaced; `path` is the one to look at."""
    fix = f"ls -ld {shlex.quote(str(path))}"
    return EditError(f"{problem}. Look at it with: {fix}", code="ProfileInvalid", fix=fix)
