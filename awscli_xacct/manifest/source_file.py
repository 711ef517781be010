"""Find the manifest that a command line names, read it up to a limit, and make it a request."""

import os
import stat
import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import settings
from ..errors import ValidationError
from ..problems import Location, Problem
from ..profiles.source import Profiles
from . import extend_switch_roles, other_tools, reader
from .model import RolesRequest

STDIN = "-"
_HEADING = "nothing was changed, because"
_BOM = "\ufeff"


@dataclass(frozen=True)
class Text:
    """A file's text without a byte order mark, its path for messages, and its resolved path if it has one."""

    text: str
    path: str
    resolved: str | None = None
    has_bom: bool = False

    def encode(self, text: str) -> bytes:
        """Return a new text as the bytes of this file."""
        return (_BOM * self.has_bom + text).encode()


def load(name: str) -> Text:
    """Return the text of a file, or of stdin if the name is ``-``. Raises `ValidationError`."""
    data = read_bytes(name)
    # Not pathlib's resolve, which raises for a link that leads back to itself.
    return decode(data, "stdin") if name == STDIN else decode(data, name, os.path.realpath(name))


def read_bytes(name: str) -> bytes:
    """Return the content of a file, or of stdin, up to a byte more than the limit. Raises `ValidationError`."""
    if name != STDIN:
        return _read(name)
    if sys.stdin is None:
        raise ValidationError(_HEADING, [Problem("stdin is closed")])
    return sys.stdin.buffer.read(settings.MAX_MANIFEST_BYTES + 1)


def request_of(
    source: Text,
    profiles: Container[str],
    *,
    prune: bool = False,
    adopt: bool = False,
    xacct: Sequence[str] = ("xacct",),
) -> tuple[RolesRequest, list[str]]:
    """Return what a manifest, in YAML or the browser extension's format, asks for, and notes for the user.

    `profiles` are the names of those that the config has, and `xacct` the words that run `xacct`. The request has the
    problems of the file; where no role of it can be read, raises `ValidationError` with them.
    """
    if extend_switch_roles.looks_like(source.text):
        specs = extend_switch_roles.read(source.text, source.path, profiles)
    else:
        specs = reader.read(source.text, source.path)
    mark = specs.name or source.resolved or STDIN
    text = None
    if not mark.isprintable() or mark != mark.strip():
        text = "its path cannot be written to a config file"
    elif mark == STDIN and prune:
        text = "--prune needs the name of a manifest that comes from stdin"
    if text:
        fix = "give the manifest a name, as in name: team"
        specs.problems.append(Problem(text, fix, location=Location(source.path)))
    if specs.problems and not specs.roles:
        raise ValidationError(_HEADING, specs.problems, "ProfileInvalid")
    return RolesRequest(specs, mark, prune=prune, adopt=adopt, xacct=xacct), specs.notes


def request_from(
    tool: str, name: str, profiles: Profiles, *, is_own: bool, adopt: bool
) -> tuple[RolesRequest, list[str]]:
    """Return what the config of another tool asks for, and notes for the user. Raises `ValidationError`.

    `profiles` are those of the user's own config; `is_own` if the tool reads that file, too.
    """
    path = "stdin" if name == STDIN else name
    data = read_bytes(name)
    _check_size(data, path)
    specs = other_tools.read(data, path, tool, profiles, is_own=is_own)
    return RolesRequest(specs, "", adopt=adopt), specs.notes


def _read(name: str) -> bytes:
    path, shown = Path(name), Location(name)
    try:
        # A pipe that nobody writes to would block.
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind):
            problem = Problem(f"{shown} is not a regular file", f"send it to stdin, and name it {STDIN}")
            if stat.S_ISDIR(kind):
                problem = Problem(f"{shown} is a directory")
            raise ValidationError(_HEADING, [problem])
        with path.open("rb") as file:
            return file.read(settings.MAX_MANIFEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ValidationError(_HEADING, [Problem(f"{shown} cannot be read: {reason}")]) from None


def decode(data: bytes, path: str, resolved: str | None = None) -> Text:
    """Return the text in a file's bytes. Raises `ValidationError`."""
    _check_size(data, path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        location = Location(path, 1 + before.count("\n"), len(before) - before.rfind("\n"))
        invalid = Problem(f"byte 0x{data[error.start]:02x} is not UTF-8 text", location=location)
        raise ValidationError(_HEADING, [invalid], "ProfileInvalid") from None
    return Text(text.removeprefix(_BOM), path, resolved, text.startswith(_BOM))


def _check_size(data: bytes, path: str) -> None:
    if len(data) > settings.MAX_MANIFEST_BYTES:
        limit = settings.MAX_MANIFEST_BYTES // 1024 // 1024
        large = Problem(f"{Location(path)} is larger than {limit} MiB, the limit for a manifest")
        raise ValidationError(_HEADING, [large])
