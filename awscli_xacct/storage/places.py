"""Where this package keeps its own files, and whether it may: private places only, and the mode of nothing that
was there before is changed.

A directory that is named is used as it is if it is the user's own and nobody else can look into it. One that
others can use, such as /tmp, a project's directory or a volume of a container, gets a private directory in it,
called ``xacct-KIND-UID``. Where a directory that was made private is not (a drive without Unix modes, such as
WSL's /mnt/c), there is no private place on that drive, and one of this machine's own takes its place. The
directory that was made there stays: by it, those who only look find the way that those who make took.

Nothing is made in the home directory of another user: what root makes there is out of its owner's reach.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import settings
from .files import make_private_directory
from .record import HAS_POSIX_OWNERS, expanded, is_ours, is_private

ROOT = 0


def elsewhere(directory: str, kind: str) -> str:
    """What is used in the place of a directory that is not plainly private; nothing is made.

    For those who look there often `record.place` asks the first question itself.
    """
    if _usable(directory) or not os.path.isdir(directory):
        return directory
    inner = os.path.join(directory, _name(kind))
    if _usable(inner) or not os.path.lexists(inner):
        return inner
    return next((str(path) for path in _local(kind) if _usable(path)), inner)


def make(directory: Path, kind: str, warn: Callable[[str], None] | None = None) -> Path:
    """Make the private directory that is used for `directory`, and give it. Raises `OSError`.

    `warn` is told when it has to be on another drive, at the time it is made there.
    """
    if not os.path.isdir(directory):
        make_private_directory(directory)
    if _usable(directory):
        return directory
    _check_link(directory)
    inner = directory / _name(kind)
    try:
        make_private_directory(inner)
    except OSError:
        if not os.path.lexists(inner):
            raise
    if _usable(inner):
        return inner
    other = _make_local(kind)
    if other is None:
        raise PermissionError(
            f"other users can look into {inner}, and there is no private directory elsewhere"
        )
    path, made = other
    if made and warn:
        warn(
            f"nothing in {directory} can be kept from other users (a drive without Unix modes?): sessions are cached "
            f"in {path} instead. To choose another directory, set {settings.variable(settings.CACHE_DIR)}"
        )
    return path


def check_may_make(path: Path) -> None:
    """Raise `PermissionError` where `path` would be made in what is another user's, by root's power or by chance."""
    strange = _strange(path) if HAS_POSIX_OWNERS else None
    if strange:
        raise PermissionError(f"{_whose(strange)}, and nothing is made in another user's directory")


def obstacle(directory: Path) -> tuple[str, str] | None:
    """Whose directory keeps this user from `directory`, in words, and the command that mends it; None if none does."""
    if not HAS_POSIX_OWNERS:
        return None
    state = Path(expanded(settings.STATE_DIRECTORY) or os.devnull)
    for place in _from_home(directory):
        owner, own = _owner(place), place == state or state in place.parents
        if own and owner != os.geteuid():
            me, name = shlex.quote(_user(os.geteuid())), shlex.quote(str(place))
            return _whose(place), f"sudo chown -R {me} {name}"
        if owner not in (os.geteuid(), ROOT):
            break
    strange = _strange(directory)
    if strange is None:
        return None
    sudo = "sudo -H instead of sudo, or " if os.geteuid() == ROOT and "SUDO_UID" in os.environ else ""
    return (
        f"{_whose(strange)}, and nothing is made in another user's directory",
        f"{sudo}export {settings.variable(settings.CACHE_DIR)}=DIRECTORY",
    )


def trouble(directory: Path) -> str:
    """The same as one text, which is empty if there is none."""
    found = obstacle(directory)
    return "{}. Mend it with: {}".format(*found) if found else ""


def mend(directory: Path, error: OSError) -> str:
    """Why `directory` cannot be used, and the command to begin with."""
    why = trouble(directory)
    if why:
        return why
    name = shlex.quote(str(directory))
    with contextlib.suppress(OSError):
        found = directory.stat()
        if is_ours(found) and HAS_POSIX_OWNERS and found.st_mode & stat.S_IRWXU != stat.S_IRWXU:
            return f"{error.strerror or error}. Make it writable with: chmod u+rwx {name}"
    return f"{error.strerror or error}. Look at it with: ls -ld {name}"


def _usable(path: str | Path) -> bool:
    """Whether a directory is private; through a link if that is ours."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode) and is_ours(found):
            found = os.stat(path)
    except OSError:
        return False
    return is_private(found)


def _check_link(directory: Path) -> None:
    """A link decides where things are made; only this user's and the system's may. Raises `PermissionError`."""
    found = directory.lstat()
    if stat.S_ISLNK(found.st_mode) and not is_ours(found) and found.st_uid != ROOT:
        raise PermissionError(f"{directory} is a link that belongs to another user")


def _name(kind: str) -> str:
    return f"xacct-{kind}-{os.geteuid()}"


def _local(kind: str) -> Iterator[Path]:
    """The directories of this machine's own that may take the place of one on a drive without modes."""
    name = _name(kind)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and _usable(runtime) and kind not in settings.LASTING_KINDS:
        yield Path(runtime) / name
    cache = expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    if cache:
        yield Path(cache) / name
    yield Path(tempfile.gettempdir()) / name


def _make_local(kind: str) -> tuple[Path, bool] | None:
    """The first of those that is private, or can be made so, and whether it was made now."""
    for path in _local(kind):
        if _usable(path):
            return path, False
    for path in _local(kind):
        there = os.path.lexists(path)
        with contextlib.suppress(OSError):
            make_private_directory(path)
            if _usable(path):
                return path, True
            if not there:
                path.rmdir()
    return None


def _from_home(path: Path) -> list[Path]:
    """The home directory and what there is of a path below it, in this order; nothing for a path elsewhere."""
    home = Path(expanded("~") or os.devnull)
    if home == home.parent or not (path == home or home in path.parents):
        return []
    return [
        place
        for place in (*reversed(path.parents), path)
        if home in (place, *place.parents) and os.path.exists(place)
    ]


def _owner(path: Path) -> int:
    return path.stat().st_uid


def _strange(path: Path) -> Path | None:
    """The directory of another user in which `path` would be made, if it is not ours to make anything in."""
    places = _from_home(path)
    if places:
        return next((place for place in places if _owner(place) not in (os.geteuid(), ROOT)), None)
    above = next((place for place in (path, *path.parents) if os.path.exists(place)), path)
    return above if os.path.exists(above) and _only_by_power(above) else None


def _only_by_power(path: Path) -> bool:
    """Whether only root's power lets this process write in a directory."""
    found = path.stat()
    if os.geteuid() != ROOT or found.st_uid == ROOT or found.st_mode & stat.S_IWOTH:
        return False
    return not (found.st_mode & stat.S_IWGRP and found.st_gid in (os.getegid(), *os.getgroups()))


def _whose(place: Path) -> str:
    return f"{place} belongs to {_user(_owner(place))}"


def _user(number: int) -> str:
    """The name of a user, for people and for ``chown``; the number if there is no name."""
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)
