"""The user's two files and the cache: whose they are, who else can reach them, and whether they can be used."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from ... import settings
from ...configfile import store
from ...configfile.document import Document
from ...errors import ConfigFileError, XacctError
from ...profiles.cache_keys import setting
from ...storage.cache import cache_directory
from ...storage.directories import find_obstacle
from ...storage.files import write_temporary
from ...storage.record import GROUP_OTHER_BITS, HAS_POSIX_OWNERS, is_ours, locate_private
from .report import FAULT, FILES, OK, UNCHECKED, WARNING, DoctorContext, Finding

_OTHERS_WRITE = 0o022
_SECRETS = (settings.SECRET_ACCESS_KEY, settings.SESSION_TOKEN)
_TRIAL = b"\0" * 16384
"""About what a handful of records take."""


def check_config(context: DoctorContext) -> Iterator[Finding]:
    """The config and the credentials file."""
    for variable in FILES:
        path = context.path(variable)
        if not path.exists():
            if variable in context.environment and str(path) != os.devnull:
                yield Finding(
                    WARNING, f"{variable} names {path}, and there is no such file", f"unset {variable}"
                )
            continue
        document, faults = _read(path)
        private = variable == settings.CREDENTIALS_FILE_VARIABLE or _holds_keys(document)
        found = [*faults, *_access(path, private=private)]
        yield from found or [Finding(OK, f"{path} is yours, and can be read")]


def _access(path: Path, *, private: bool) -> Iterator[Finding]:
    if not HAS_POSIX_OWNERS or not path.is_file():
        return
    name = shlex.quote(str(path))
    found = path.stat()
    if not is_ours(found):
        yield Finding(FAULT, f"{path} belongs to another user", f'sudo chown "$(id -u)" {name}')
    if private and found.st_mode & GROUP_OTHER_BITS:
        yield Finding(FAULT, f"{path} holds keys, and other users can read it", f"chmod 600 {name}")
    elif found.st_mode & _OTHERS_WRITE:
        yield Finding(FAULT, f"other users can write {path}", f"chmod go-w {name}")
    if found.st_nlink > 1:
        yield Finding(
            WARNING,
            f"{path} has {found.st_nlink} names (hard links): an edit puts a new file in the place of this one, and "
            f"the others keep what was in it",
            f"link it by name instead: ln -sf THE_OTHER_NAME {name}",
        )
    above = path.resolve().parent
    if above.stat().st_mode & _OTHERS_WRITE and not above.stat().st_mode & stat.S_ISVTX:
        yield Finding(
            FAULT,
            f"other users can write in {above}, and so replace {path.name}",
            f"chmod go-w {shlex.quote(str(above))}",
        )


def _read(path: Path) -> tuple[Document | None, list[Finding]]:
    try:
        return Document(store.read(path), str(path)), []
    except ConfigFileError as refused:
        line = f"+{refused.line} " if refused.line else ""
        fix = f"${{EDITOR:-vi}} {line}{shlex.quote(str(path))}"
        return None, [Finding(FAULT, f"{refused}. Every aws command ends in an error because of it", fix)]
    except XacctError as error:
        return None, [Finding(FAULT, str(error))]


def _holds_keys(document: Document | None) -> bool:
    sections = document.sections() if document else {}
    return any(key in options for options in sections.values() for key in _SECRETS)


def _is_relative(directory: str) -> bool:
    """Whether a directory is another one in each place a command is run in."""
    try:
        return not Path(os.path.expandvars(directory)).expanduser().is_absolute()
    except RuntimeError:  # no home, which is told as that
        return False


def check_cache(context: DoctorContext) -> Iterator[Finding]:
    """The directory in which sessions are kept: private, and with room for some."""
    configured = setting(context.config or {}, settings.CACHE_DIR, context.environment)
    variable = settings.variable(settings.CACHE_DIR)
    elsewhere = f"export {variable}=DIRECTORY"
    if configured and _is_relative(configured):
        in_variable = context.environment.get(variable)
        where = variable if in_variable else f"[{settings.CONFIG_SECTION}] {settings.CACHE_DIR}"
        yield Finding(
            FAULT,
            f"{where} {configured!r} is not the whole path of a directory, so no session is kept",
            f"unset {variable}" if in_variable else elsewhere,
        )
        return
    named = cache_directory(configured)
    if named is None:
        yield Finding(FAULT, "there is no home directory to keep sessions in", elsewhere)
        return
    strange = find_obstacle(named)
    if strange:
        yield Finding(FAULT, f"sessions cannot be kept in {named}: {strange[0]}", strange[1])
        return
    directory = Path(locate_private(str(named), settings.CACHE_KIND))
    if directory.parent == named and not configured:
        text = f"other users have access to {named}, so sessions are kept in {directory}"
        yield Finding(WARNING, text, f"chmod 700 {shlex.quote(str(named))}")
    try:
        there = next(place for place in (directory, *directory.parents) if os.path.lexists(place))
        found = there.stat()
        if not stat.S_ISDIR(found.st_mode):
            yield Finding(
                FAULT, f"{there} is no directory, and sessions cannot be kept in {directory}", elsewhere
            )
            return
        if there == directory and not is_ours(found):
            yield Finding(
                FAULT, f"{directory} belongs to another user, so nothing in it is believed", elsewhere
            )
            return
        write_temporary(there, "doctor", _TRIAL, flush=True).unlink()
    except OSError as error:
        fix = f"df -h {shlex.quote(str(there))}" if error.errno in (errno.ENOSPC, errno.EDQUOT) else elsewhere
        yield Finding(FAULT, f"sessions cannot be kept in {directory}: {error.strerror or error}", fix)
        return
    except StopIteration:
        yield Finding(UNCHECKED, f"{directory}: nothing of its path is there")
        return
    yield Finding(OK, f"sessions are kept in {directory}")
