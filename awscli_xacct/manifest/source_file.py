"""A manifest as it is named on a command line: found, read to a bound, and made a request."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .. import settings
from ..errors import Location, Problem, ValidationError
from . import extend_switch_roles, reader
from .model import Request, RoleSpec

STDIN = "-"
_REFUSED = "nothing was changed, because"
_BOM = "\ufeff"


@dataclass(frozen=True)
class Text:
    """A file's text without a byte order mark, what messages call it, and its resolved path if it has one."""

    text: str
    path: str
    resolved: str | None = None
    has_bom: bool = False


def load(name: str, stdin: BinaryIO | None = None) -> Text:
    """The text of a file, or of stdin if the name is ``-``. Raises `ValidationError`."""
    if name == STDIN:
        if stdin is None and sys.stdin is None:
            raise ValidationError(_REFUSED, [Problem("there is no stdin to read")])
        data = (stdin or sys.stdin.buffer).read(settings.MAX_MANIFEST_BYTES + 1)
        return decoded(data, "stdin")
    # Not pathlib's resolve, which raises for a link that leads round in a circle.
    return decoded(_read(name), name, os.path.realpath(name))


def request_of(
    source: Text, profiles: Container[str], *, prune: bool = False, adopt: bool = False
) -> tuple[Request, list[str]]:
    """What a manifest, in YAML or the browser extension's dialect, asks for; and what is to be said about it.

    `profiles` are the names of those that the config has.

    Problems of the file itself are in the request. Raises `ValidationError` where nothing of it can be read.
    """
    notes: list[str] = []
    roles: list[RoleSpec]
    if extend_switch_roles.looks_like(source.text):
        extended = extend_switch_roles.read(source.text, source.path, profiles)
        roles, problems, where, name, notes = (
            extended.roles,
            extended.problems,
            extended.where,
            None,
            extended.notes,
        )
    else:
        found = reader.read(source.text, source.path)
        roles, problems, where, name = found.roles, found.problems, found.where, found.name
    mark = name or source.resolved or STDIN
    if not mark.isprintable() or mark != mark.strip():
        unfit = "its path cannot be written to a config file; give the manifest a name, as in name: team"
        problems = [*problems, Problem(unfit, location=Location(source.path))]
    if mark == STDIN and prune:
        nameless = "what comes on stdin needs a name for --prune to know it by, as in name: team"
        problems = [*problems, Problem(nameless, location=Location(source.path))]
    if problems and not roles:
        raise ValidationError(_REFUSED, problems)
    return Request(roles, mark, where, prune=prune, adopt=adopt, problems=tuple(problems)), notes


def _read(name: str) -> bytes:
    path = Path(name)
    try:
        # A pipe that nobody writes to would be waited for.
        if not stat.S_ISREG(path.stat().st_mode):
            what = (
                "a directory"
                if path.is_dir()
                else "no regular file; send what it gives to stdin, and name it -"
            )
            raise ValidationError(_REFUSED, [Problem(f"{Location(name)} is {what}")])
        with path.open("rb") as file:
            return file.read(settings.MAX_MANIFEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValidationError(_REFUSED, [Problem(f"{Location(name)} cannot be read: {reason}")]) from None


def decoded(data: bytes, path: str, resolved: str | None = None) -> Text:
    """The text in a file's bytes. Raises `ValidationError`."""
    if len(data) > settings.MAX_MANIFEST_BYTES:
        limit = settings.MAX_MANIFEST_BYTES // 1024 // 1024
        raise ValidationError(
            _REFUSED, [Problem(f"{Location(path)} is larger than {limit} MiB, more than a manifest can be")]
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        place = Location(path, 1 + before.count("\n"), len(before) - before.rfind("\n"))
        raise ValidationError(
            _REFUSED, [Problem(f"byte 0x{data[error.start]:02x} is not UTF-8 text", location=place)]
        ) from None
    return Text(text.removeprefix(_BOM), path, resolved, text.startswith(_BOM))
