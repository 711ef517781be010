"""Answering from the memo of the last run, without reading a config file.

Resolving a profile means reading two files and, however small they are, loading the code that reads them. So `memo`
writes down the result: which cache record holds the profile's credentials. The memo is valid while everything the
result depends on is unchanged. This module compares all of it: the profile, this package's version, the machine, the
variables in `settings.RESOLUTION_VARIABLES`, the encoding of text files, and what the file system says of the two
files. A memo that another user could have written is ignored, and none is written while a file could still change
without the file system showing it.

The record is judged as `cache.Cache` judges it. Every problem is a miss (None): the slow path then reports it. This
module loads only what a bare interpreter has loaded, and `zlib`.
"""

import os
import stat
import sys
import time
import zlib

from .. import settings
from ..storage.record import (
    RecordHeader,
    expand_path,
    locate_private,
    machine_name,
    read_private,
    split_record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing's own is in a module, which Python would have to find and read
    from collections.abc import Mapping, Sequence

FORMAT = "xacct-memo 2"
NO_FILE = "-"
_DOCUMENT_START = b'{"Version": 1, "AccessKeyId": "'


class Memo:
    """What a profile was resolved to.

    `record` is the name of its cache record, empty if its credentials are in none. `directory` is the cache
    directory as configured, not expanded. `region` is empty if the profile has none. `exported` holds the profile's
    settings for commands, as ``NAME=value``, see exported_settings.py.
    """

    def __init__(self, record: str, directory: str, region: str, exported: "Sequence[str]" = ()) -> None:
        self.record = record
        self.directory = directory
        self.region = region
        self.exported = exported

    def fresh_document(self, now: float) -> "bytes | None":
        """Return the record's ``credential_process`` document, one line, unless it is due for a refresh."""
        found = self.valid_document(now)
        return found[1] if found and now < found[0].refresh_at else None

    def valid_document(self, now: float) -> "tuple[RecordHeader, bytes] | None":
        """Return the record's header and document while the credentials are valid."""
        if not self.record:
            return None
        directory = expand_path(self.directory)
        if not directory:
            return None  # no home directory, or a relative path
        try:
            directory = locate_private(directory, settings.CACHE_KIND)
            data = read_private(os.path.join(directory, f"{self.record}.json"))
            if data is None:
                return None
            head, body = split_record(self.record, data)
        except (OSError, ValueError):
            return None
        document, *rest = body.split(b"\n")
        whole = len(rest) == 2 and not rest[1] and document.startswith(_DOCUMENT_START)
        return (head, document + b"\n") if whole and head.is_valid(now) else None


def read_memo(profile: str, version: str) -> "Memo | None":
    """Return the memo of `profile`; None if there is none or anything has changed since it was written."""
    try:
        paths = settings.config_paths()
        path = get_memo_path(profile, paths)
        data = read_private(path) if path else None
        if data is None:
            return None
        head, _, body = data.partition(b"\n")
        expected = fingerprint(profile, version, paths, [file_signature(path) for path in paths])
        if head != checksum_line(body) or not body.startswith(expected):
            return None
        record, directory, region, *exported = decode(body[len(expected) :]).split("\0")
    except (OSError, ValueError):
        return None
    return Memo(record, directory, region, exported)


def read_document(profile: str, version: str) -> "bytes | None":
    """Return the ``credential_process`` document of `profile`, one line, if memo and cache have a fresh one."""
    memo = read_memo(profile, version)
    return memo.fresh_document(time.time()) if memo else None


def parse_document(document: bytes) -> "dict[str, str] | None":
    """Return the fields of a ``credential_process`` document of ours; None if it needs a real JSON parser."""
    text = document.decode("ascii")
    pairs = [pair.split('": ') for pair in text[2:-2].split(', "')]
    if "\\" in text or any(len(pair) != 2 for pair in pairs):
        return None
    return {name: value.strip('"') for name, value in pairs}


def read_prompt(environment: "Mapping[str, str]", version: str) -> "str | None":
    """Return the line for a shell's prompt, empty without a profile in use; None if there is no memo."""
    profile = find_current_profile(environment)
    if not profile:
        return ""
    memo = read_memo(profile, version)
    return format_prompt(profile, memo) if memo else None


def find_current_profile(environment: "Mapping[str, str]") -> str:
    """Return the profile that the environment names, in botocore's order of precedence, or an empty string."""
    return environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE") or ""


def format_prompt(profile: str, memo: Memo) -> str:
    """Format a profile and the time its credentials have left: ``-`` for expired, nothing if it uses no record."""
    name = escape_for_prompt(profile)
    if not memo.record:
        return f"{name}\n"
    now = time.time()
    found = memo.valid_document(now)
    return f"{name} {_format_short(found[0].expiry - now) if found else '-'}\n"


def escape_for_prompt(name: str) -> str:
    """Replace by ``?`` whatever drives a terminal or is expanded in a shell's prompt.

    zsh expands ``%`` in what a prompt's command prints. A PS1 that PROMPT_COMMAND puts together is expanded once
    more, so a ``$(…)`` in it would run.
    """
    return "".join(c if c.isprintable() and c not in "%\\$`!" else "?" for c in name)


def _format_short(seconds: float) -> str:
    """Format a time as ``3h05m``, ``52m`` or ``40s``, rounded down."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m" if minutes else f"{rest}s"


# -- the parts of a memo -----------------------------------------------------------------------------


def get_memo_path(profile: str, paths: "list[str]") -> str:
    """Return the path of a profile's memo; empty without a home directory. Two profiles may take turns in a file."""
    directory = expand_path(settings.MEMO_DIRECTORY)
    if not directory:
        return ""
    directory = locate_private(directory, settings.MEMO_KIND)
    return os.path.join(directory, get_memo_name(profile, paths))


def get_memo_name(profile: str, paths: "list[str]") -> str:
    """Return the file name of a profile's memo: a checksum of the profile and the config files' `paths`."""
    name = "\0".join([profile, *paths])
    return f"{zlib.crc32(encode(name)):08x}.memo"


def file_signature(path: str) -> str:
    """Return a text that differs for another version of the file at `path`. Raises `OSError`."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return NO_FILE
    if not stat.S_ISREG(found.st_mode):
        return NO_FILE  # botocore ignores such a file, too
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def fingerprint(profile: str, version: str, paths: "list[str]", signatures: "list[str]") -> bytes:
    """Return everything a resolved profile depends on. Each part ends with a NUL, which none can contain."""
    variables = [_describe_variable(name, os.environ.get(name)) for name in settings.RESOLUTION_VARIABLES]
    parts = [
        version,
        machine_name(),
        sys.getfilesystemencoding(),
        profile,
        *paths,
        *variables,
        *signatures,
        "",
    ]
    return encode("\0".join(parts))


def _describe_variable(name: str, value: "str | None") -> str:
    if value is None:
        return NO_FILE
    return f"={zlib.crc32(encode(value)):08x}" if name in settings.SECRET_VARIABLES else f"={value}"


def checksum_line(body: bytes) -> bytes:
    """Return the line before a memo's body that detects damage."""
    return encode(f"{FORMAT} {zlib.crc32(body):08x}")


def encode(text: str) -> bytes:
    """Encode arguments and variables, which need not be valid text. Raises `ValueError` if even that fails."""
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Undo `encode`."""
    return data.decode("utf-8", "surrogateescape")
