"""Private directories: where this package keeps its own files, and where it may create them.

A configured directory is used as it is if it belongs to the user and nobody else can look into it. One that others can
use, such as /tmp, a project's directory or a container's volume, gets a private directory inside, ``xacct-KIND-UID``.
On a drive without Unix modes (such as WSL's /mnt/c) that one does not become private either, so a directory on the
machine's own drive is used instead. The one that was created stays: by it, processes that only look know to follow.

The mode of a directory that was there before is never changed, and nothing is created in another user's home: what
root creates there is out of its owner's reach.
"""

import contextlib
import os
import shlex
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import settings
from .record import HAS_POSIX_OWNERS, expand_path, is_ours, is_private

PRIVATE_DIRECTORY = 0o700
ROOT = 0


def find_substitute(directory: str, kind: str) -> str:
    """Return the directory used for one that may not be private, without creating any; see `record.locate_private`."""
    if _is_usable(directory) or not os.path.isdir(directory):
        return directory
    inner = os.path.join(directory, _name(kind))
    if _is_usable(inner) or not os.path.lexists(inner):
        return inner
    return next((str(path) for path in _local(kind) if _is_usable(path)), inner)


def provide_private(directory: Path, kind: str, warn: Callable[[str], None] | None = None) -> Path:
    """Create the private directory that is used for `directory`, and return it. Raises `OSError`.

    `warn` gets a message when a directory on another drive is created for it.
    """
    if not os.path.isdir(directory):
        make_private_directory(directory)
    if _is_usable(directory):
        return directory
    found = directory.lstat()
    if stat.S_ISLNK(found.st_mode) and not is_ours(found) and found.st_uid != ROOT:
        raise PermissionError(f"{directory} is a link that belongs to another user")
    inner = directory / _name(kind)
    try:
        make_private_directory(inner)
    except OSError:
        if not os.path.lexists(inner):
            raise
    if _is_usable(inner):
        return inner
    for path in _local(kind):
        if _is_usable(path):
            return path
    for path in _local(kind):
        if _make_usable(path):
            if warn:
                warn(
                    f"other users can read whatever is in {directory} (a drive without Unix modes?), so sessions "
                    f"are cached in {path}. Choose that, or another directory, with: "
                    f"export {settings.VARIABLES[settings.CACHE_DIR]}={shlex.quote(str(path))}"
                )
            return path
    raise PermissionError(f"other users can look into {inner}, and no other directory is private")


def provide_own(place: str, kind: str) -> Path:
    """Do the same for a directory of this package's own, such as `settings.STATE_DIRECTORY`. Raises `OSError`."""
    directory = expand_path(place)
    if not directory:
        from .homes import describe_missing_home  # rare, so loaded only then

        raise FileNotFoundError(describe_missing_home())
    return provide_private(Path(directory), kind)


def make_private_directory(path: Path) -> None:
    """Create `path` and the parents it lacks, 0700. One that exists keeps its mode: it may be a home, or /tmp.

    A link to a directory is accepted if both belong to the user, because the owner of a link decides where it leads.
    Raises `OSError`; `PermissionError` if the directory belongs to another user or would be created in that user's.
    """
    check_may_make(path)
    if not os.path.exists(path.parent):
        # Not mkdir(parents=True), which leaves the parents as open as the umask allows.
        make_private_directory(path.parent)
    try:
        path.mkdir(mode=PRIVATE_DIRECTORY)
    except FileExistsError:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            if not is_ours(found):
                raise PermissionError(f"{path} is a link that belongs to another user") from None
            try:
                found = path.stat()
            except OSError as error:
                why = error.strerror or error
                raise NotADirectoryError(f"{path} is a link that leads to no directory: {why}") from None
        if not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(f"{path} is not a directory") from None
        if not is_ours(found):
            raise PermissionError(f"{path} belongs to another user") from None


def check_may_make(path: Path) -> None:
    """Raise `PermissionError` if `path` would be created in another user's directory, by root's power or by chance."""
    foreign = _foreign_directory(path) if HAS_POSIX_OWNERS else None
    if foreign:
        raise PermissionError(_refusal(foreign))


def find_obstacle(directory: Path) -> tuple[str, str] | None:
    """Return why another user's directory keeps this user out of `directory`, and the command that fixes it."""
    if not HAS_POSIX_OWNERS:
        return None
    state = Path(expand_path(settings.STATE_DIRECTORY) or os.devnull)
    for place in _existing_from_home(directory):
        owner, is_state = place.stat().st_uid, state in (place, *place.parents)
        if is_state and owner != os.geteuid():
            if can_take_over(place):
                me, name = shlex.quote(_user_name(os.geteuid())), shlex.quote(str(place))
                return _ownership(place), f"sudo chown -R {me} {name}"
            return _refusal(place) + _find_way_out(place), choose_elsewhere()
        if owner not in (os.geteuid(), ROOT):
            break
    foreign = _foreign_directory(directory)
    return None if foreign is None else (_refusal(foreign) + _find_way_out(foreign), choose_elsewhere())


def can_take_over(path: Path) -> bool:
    """Whether another user's file may become this user's: what is around it is, from the home directory on.

    In another user's home it is that user's, with all sessions in it.
    """
    around = [path.parent, Path(expand_path("~") or os.devnull), *_existing_from_home(path.parent)]
    return all(is_ours(place.stat()) for place in around if os.path.exists(place))


def is_under_sudo() -> bool:
    """Whether this is root by sudo, perhaps with the HOME of the user who ran it."""
    return HAS_POSIX_OWNERS and os.geteuid() == ROOT and "SUDO_UID" in os.environ


def choose_elsewhere() -> str:
    """Return the command that has sessions cached in a directory of this user's own, which may not exist yet.

    HOME may be another user's, so it is below the home in the user database or else the temporary directory.
    """
    from tempfile import gettempdir

    from .homes import find_other_home

    home = find_other_home()
    place = home / ".cache" / "xacct" if home else Path(gettempdir()) / _name(settings.CACHE_KIND)
    return f"export {settings.VARIABLES[settings.CACHE_DIR]}={shlex.quote(str(place))}"


def explain_obstacle(directory: Path, error: OSError | None, hint: str = "", *, is_cache: bool = True) -> str:
    """Say why `directory` cannot be used, and what to do about it: the obstacle, else `error` and `hint`.

    Only the cache can be elsewhere; for other directories `is_cache` is false.
    """
    obstacle = find_obstacle(directory)
    if obstacle and not is_cache and not obstacle[1].startswith("sudo"):
        return f"{obstacle[0]}. Run the command as that user"
    if obstacle:
        return "{}. Fix it with: {}".format(*obstacle)
    name = shlex.quote(str(directory))
    if not hint:
        hint = f"Look at it with: ls -ld {name}"
        # What is in a directory that may not be looked into is not seen, so that one is the first that is.
        seen = next((place for place in (directory, *directory.parents) if os.path.lexists(place)), None)
        with contextlib.suppress(OSError):
            found = (seen or directory).stat()
            is_closed = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_IRWXU != stat.S_IRWXU
            if HAS_POSIX_OWNERS and is_ours(found) and is_closed:
                hint = f"Make it writable with: chmod u+rwx {shlex.quote(str(seen))}"
    return f"{getattr(error, 'strerror', None) or error}. {hint}"


def _is_usable(path: str | Path) -> bool:
    """Whether a directory is private, or is our own link to one that is."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode) and is_ours(found):
            found = os.stat(path)
    except OSError:
        return False
    return is_private(found)


def _name(kind: str) -> str:
    return f"xacct-{kind}-{os.geteuid() if HAS_POSIX_OWNERS else ROOT}"


def _local(kind: str) -> Iterator[Path]:
    """Yield the directories on this machine's own drive that may replace one on a drive without modes."""
    name = _name(kind)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime) and _is_usable(runtime) and kind not in settings.LASTING_KINDS:
        yield Path(runtime) / name
    cache = expand_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    if cache:
        yield Path(cache) / name
    from tempfile import gettempdir

    yield Path(gettempdir()) / name


def _make_usable(path: Path) -> bool:
    """Create a directory if it can be made private; whether it is."""
    existed = os.path.lexists(path)
    with contextlib.suppress(OSError):
        make_private_directory(path)
        if _is_usable(path):
            return True
        if not existed:
            path.rmdir()
    return False


def _existing_from_home(path: Path) -> list[Path]:
    """Return the home directory and what exists of `path` below it, in this order; nothing for a path elsewhere."""
    home = Path(expand_path("~") or os.devnull)
    line = (*reversed(path.parents), path)
    if home == home.parent or home not in line:
        return []
    return [place for place in line[line.index(home) :] if os.path.exists(place)]


def _foreign_directory(path: Path) -> Path | None:
    """Return the directory of another user in which `path` would be created; None if this user may create it."""
    below_home = _existing_from_home(path)
    if below_home:
        return next((each for each in below_home if each.stat().st_uid not in (os.geteuid(), ROOT)), None)
    above = next((each for each in (path, *path.parents) if os.path.exists(each)), None)
    return above if above and _needs_root_power(above) else None


def _needs_root_power(path: Path) -> bool:
    """Whether this process can write in a directory only because it is root's."""
    found = path.stat()
    if os.geteuid() != ROOT or found.st_uid == ROOT or found.st_mode & stat.S_IWOTH:
        return False
    return not (found.st_mode & stat.S_IWGRP and found.st_gid in (os.getegid(), *os.getgroups()))


def _ownership(path: Path) -> str:
    return f"{path} belongs to {_user_name(path.stat().st_uid)}"


def _find_way_out(path: Path) -> str:
    """Return how else to run a command that another user's directory is in the way of."""
    if is_under_sudo():
        return " (sudo -H sets root's own home)"
    return f" (run it as {_user_name(path.stat().st_uid)}, or with a HOME of your own)"


def _refusal(path: Path) -> str:
    return f"{_ownership(path)}, and nothing is created in another user's directory"


def _user_name(number: int) -> str:
    """Return the name of a user, for people and for ``chown``; the number if it has none."""
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)
