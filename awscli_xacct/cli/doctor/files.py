"""The two config files and the cache directory: who owns and can access them, and whether they can be used."""

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from ... import settings
from ...configfile import store
from ...configfile.document import Document
from ...errors import ConfigFileError, ProfileError, XacctError
from ...history import log
from ...profiles.cache_keys import describe_setting, keeps_history, setting
from ...storage.cache import cache_directory
from ...storage.directories import can_take_over, choose_elsewhere, find_obstacle, is_under_sudo
from ...storage.files import exists, is_directory, is_file, write_temporary
from ...storage.homes import describe_missing_home
from ...storage.record import GROUP_OTHER_BITS, HAS_POSIX_OWNERS, is_ours, locate_private
from .report import DoctorContext, Finding, fault, ok, unchecked, warning

_VARIABLES = (settings.CONFIG_FILE_VARIABLE, settings.CREDENTIALS_FILE_VARIABLE)
GROUP_OTHER_WRITE = 0o022
_SECRETS = (settings.SECRET_ACCESS_KEY, settings.SESSION_TOKEN)
_WITHOUT_HISTORY = f"export {settings.VARIABLES[settings.HISTORY]}=off"
_TRIAL = b"\0" * 16384
"""About as large as a handful of records."""


def check_config(context: DoctorContext) -> Iterator[Finding]:
    """Check the config file and the credentials file."""
    for variable, name in zip(_VARIABLES, settings.config_paths(context.environment), strict=True):
        path = Path(name)
        if not exists(path) and not _is_out_of_sight(path):
            if path.is_symlink():
                text = f"{path} is a link to {path.readlink()}, where there is nothing, so nothing is read from it"
                yield warning(text, f"ls -l {shlex.quote(str(path))}")
            elif variable in context.environment and name != os.devnull:
                yield warning(f"{variable} names {path}, which does not exist", f"unset {variable}")
            continue
        if exists(path) and not is_file(path) and name != os.devnull:
            kind = "a directory" if is_directory(path) else "no regular file"
            text = f"{path} is {kind}, so nothing is read from it, and nothing written there"
            yield fault(text, _another_file(variable, path, context))
            continue
        document, problems = _read(path)
        private = variable == settings.CREDENTIALS_FILE_VARIABLE or _contains_keys(document)
        found = [*problems, *_check_access(path, private=private)]
        yield from found or [ok(f"{path} belongs to you and can be read")]


def _another_file(variable: str, path: Path, context: DoctorContext) -> str:
    """Return the command that has another file used than the one at `path`, or moves what is in its place."""
    name = shlex.quote(str(path))
    return f"unset {variable}" if variable in context.environment else f"mv {name} {name}.old"


def _is_out_of_sight(path: Path) -> bool:
    """Whether a directory above `path` may not be looked into, so that nobody can say whether there is a file."""
    try:
        path.stat()
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR)
    return False


def _check_access(path: Path, *, private: bool) -> Iterator[Finding]:
    if not HAS_POSIX_OWNERS or not is_file(path):
        return
    name = shlex.quote(str(path))
    status = path.stat()
    if not is_ours(status):
        yield _explain_owner(path, status.st_uid)
    if private and status.st_mode & GROUP_OTHER_BITS:
        yield fault(f"{path} contains keys, and other users can read it", f"chmod 600 {name}")
    elif status.st_mode & GROUP_OTHER_WRITE:
        yield fault(f"other users can change {path}", f"chmod go-w {name}")
    if status.st_nlink > 1:
        yield warning(
            f"{path} has {status.st_nlink} names (hard links): an edit replaces the file under this name only, and "
            f"the others keep the old content",
            f"make all but one symbolic links, after finding them with: find ~ -xdev -samefile {name}",
        )
    parent = path.resolve().parent
    if can_others_replace_in(parent):
        yield fault(
            f"other users can write in {parent}, and so replace {path.name}",
            f"chmod go-w {shlex.quote(str(parent))}",
        )


def _explain_owner(path: Path, owner: int) -> Finding:
    """Return what to do about a file of another user's. In that user's own directory it must stay theirs."""
    home = Path("~").expanduser()
    if not can_take_over(path):
        foreign = home if is_directory(home) and home.stat().st_uid == owner else path.resolve().parent
        also = f", and so does {foreign}" if not is_ours(foreign.stat()) else ""
        text = f"{path} belongs to another user{also}: nothing is written there"
        fix = "run this as that user" + (", without sudo" if is_under_sudo() else "")
        return warning(text, fix)
    return fault(f"{path} belongs to another user", f'sudo chown "$(id -u)" {shlex.quote(str(path))}')


def can_others_replace_in(directory: Path) -> bool:
    """Return whether other users can replace a file of this user's in a directory."""
    mode = directory.stat().st_mode
    return bool(HAS_POSIX_OWNERS and mode & GROUP_OTHER_WRITE and not mode & stat.S_ISVTX)


def _read(path: Path) -> tuple[Document | None, list[Finding]]:
    try:
        return store.read_document(path), []
    except ConfigFileError as error:
        line = f"+{error.line} " if error.line else ""
        fix = f"${{EDITOR:-vi}} {line}{shlex.quote(str(path))}"
        return None, [fault(f"{error}. Every aws command fails because of it", fix)]
    except XacctError as error:
        return None, [fault(str(error))]


def _contains_keys(document: Document | None) -> bool:
    sections = document.sections() if document else {}
    return any(key in options for options in sections.values() for key in _SECRETS)


def check_cache(context: DoctorContext) -> Iterator[Finding]:
    """Check the cache directory: that it is private, and that something can be written there."""
    configured = setting(context.config or {}, settings.CACHE_DIR, context.environment)
    variable = settings.VARIABLES[settings.CACHE_DIR]
    elsewhere = choose_elsewhere()
    if configured and _is_relative(configured):
        in_variable = context.environment.get(variable)
        name = describe_setting(settings.CACHE_DIR, context.environment, configured)
        yield fault(
            f"{name} is not an absolute path, so nothing is cached",
            f"unset {variable}" if in_variable else elsewhere,
        )
        return
    named = cache_directory(configured)
    if named is None:
        yield fault(f"{describe_missing_home()}, so nothing is cached", elsewhere)
        return
    problem = find_obstacle(named)
    if problem:
        yield fault(f"nothing can be cached in {named}: {problem[0]}", problem[1])
        return
    directory = Path(locate_private(str(named), settings.CACHE_KIND))
    if directory.parent == named and not configured:
        text = f"other users can access {named}, so sessions are cached in {directory} instead"
        yield warning(text, f"chmod 700 {shlex.quote(str(named))}")
    yield _try_to_write(directory, elsewhere)


def check_history(context: DoctorContext) -> Iterator[Finding]:
    """Check the history of sessions: that a line can be added."""
    try:
        is_kept = keeps_history(context.config or {}, context.environment)
    except ProfileError:
        return  # which is a finding about settings
    path = log.history_path()
    if not is_kept or path is None:
        return
    name = shlex.quote(str(path))
    text = f"sessions are not recorded in {path}: "
    obstacle, problem = find_obstacle(path.parent), log.find_problem()
    if obstacle:
        by_owner = obstacle[1].startswith("sudo")
        yield warning(text + obstacle[0], obstacle[1] if by_owner else _WITHOUT_HISTORY)
    elif problem is None:
        yield ok(f"sessions are recorded in {path}")
    elif not os.path.lexists(path):
        yield warning(f"{text}{problem.strerror or problem}", _WITHOUT_HISTORY)
    else:
        own = is_file(path) and not path.is_symlink() and is_ours(path.stat())
        fix = f"chmod 600 {name}" if own else f"mv {name} {name}.old"
        yield warning(f"{text}{problem.strerror or problem}", fix)


def _is_relative(directory: str) -> bool:
    """Whether a path depends on the working directory."""
    try:
        return not Path(os.path.expandvars(directory)).expanduser().is_absolute()
    except RuntimeError:  # no home directory, which is reported as that
        return False


def _try_to_write(directory: Path, elsewhere: str) -> Finding:
    """Write to the cache directory, or to the one it will be created in."""
    existing = next((path for path in (directory, *directory.parents) if os.path.lexists(path)), None)
    if existing is None:
        return unchecked(f"{directory}: no part of this path exists")
    try:
        if _is_out_of_sight(directory):
            directory.stat()  # whose name is too long, say
        status = existing.stat()
        if not stat.S_ISDIR(status.st_mode):
            text = f"{existing} is not a directory, so nothing can be cached in {directory}"
            return fault(text, elsewhere)
        if existing == directory and not is_ours(status):
            return fault(f"{directory} belongs to another user, so its content is ignored", elsewhere)
        write_temporary(existing, "doctor", _TRIAL, flush=True).unlink()
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        fix = f"df -h {shlex.quote(str(existing))}" if full else elsewhere
        return fault(f"nothing can be cached in {directory}: {error.strerror or error}", fix)
    return ok(f"sessions are cached in {directory}")
