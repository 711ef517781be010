"""What was found out before: a profile's credentials from the cache, with no config file read.

Resolving a profile means reading two files and, whatever their size, loading what can read them. What came of
it is remembered (`memo` writes that): which record the credentials are in. It holds while everything it
follows from is as it was, and that is what is compared here: the profile, this package's version, the machine,
the variables of `settings.RESOLUTION_VARIABLES`, the encoding that text files have, and the two files, by what
the file system says of them. Nothing is believed that another user could have written, and of two versions of a
file that the file system cannot tell apart no memo is made.

The record itself is judged as `cache.Cache` judges it. Whatever is amiss, the answer is None: there is a longer
way, and that one tells what is wrong. This module loads what a bare interpreter has loaded, and `zlib`.
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
if TYPE_CHECKING:  # the real one is in a module, which would have to be found and read
    from collections.abc import Mapping, Sequence

FORMAT = "xacct-memo 2"
NO_FILE = "-"
_BEGINNING = b'{"Version": 1, "AccessKeyId": "'


class Memo:
    """What a profile was resolved to. `record` is empty for one whose credentials are in no record of ours.

    `directory` is the cache's as it is configured, not expanded; `region` is empty if the profile has none;
    `handed` are the environment variables for commands, as ``NAME=value``, see handed.py.
    """

    def __init__(self, record: str, directory: str, region: str, handed: "Sequence[str]" = ()) -> None:
        self.record = record
        self.directory = directory
        self.region = region
        self.handed = handed

    def fresh_document(self, now: float) -> "bytes | None":
        """The ``credential_process`` document of the record, a line, while it need not be renewed."""
        kept = self.valid_document(now)
        return kept[1] if kept and now < kept[0].refresh_at else None

    def valid_document(self, now: float) -> "tuple[RecordHeader, bytes] | None":
        """The record's head and document, while the credentials are valid."""
        if not self.record:
            return None
        directory = expand_path(self.directory)
        if not directory:
            return None  # there is no home directory, or this is none
        try:
            directory = locate_private(directory, settings.CACHE_KIND)
            data = read_private(os.path.join(directory, f"{self.record}.json"))
            if data is None:
                return None
            head, body = split_record(self.record, data)
        except (OSError, ValueError):
            return None
        document, *rest = body.split(b"\n")
        whole = len(rest) == 2 and not rest[1] and document.startswith(_BEGINNING)
        return (head, document + b"\n") if whole and head.is_valid(now) else None


def recall(profile: str, version: str) -> "Memo | None":
    """What `profile` was last resolved to, if nothing has changed since."""
    try:
        paths = settings.config_paths()
        path = memo_path(profile, paths)
        data = read_private(path) if path else None
        if data is None:
            return None
        head, _, body = data.partition(b"\n")
        beginning = fingerprint(profile, version, paths, [signature(path) for path in paths])
        if head != checksum_line(body) or not body.startswith(beginning):
            return None
        record, directory, region, *handed = decoded(body[len(beginning) :]).split("\0")
    except (OSError, ValueError):
        return None
    return Memo(record, directory, region, handed)


def document(profile: str, version: str) -> "bytes | None":
    """The ``credential_process`` document of `profile`, a line, if it can be had without doing any work."""
    memo = recall(profile, version)
    return memo.fresh_document(time.time()) if memo else None


def fields(document: bytes) -> "dict[str, str] | None":
    """What stands in a ``credential_process`` document of ours, if it is as plain as they are."""
    text = document.decode("ascii")
    pairs = [pair.split('": ') for pair in text[2:-2].split(', "')]
    if "\\" in text or any(len(pair) != 2 for pair in pairs):
        return None
    return {name: value.strip('"') for name, value in pairs}


def prompt(environment: "Mapping[str, str]", version: str) -> "str | None":
    """A line for a shell's prompt: the profile in use, and how long its credentials last. Empty if there is none."""
    profile = profile_in_use(environment)
    if not profile:
        return ""
    memo = recall(profile, version)
    return prompt_line(profile, memo) if memo else None


def profile_in_use(environment: "Mapping[str, str]") -> str:
    """The profile that the environment names; of two variables the one that botocore asks first."""
    return environment.get("AWS_DEFAULT_PROFILE") or environment.get("AWS_PROFILE") or ""


def prompt_line(profile: str, memo: Memo) -> str:
    """What the prompt says of a profile: nothing but its name if it needs no session, ``-`` if it has none."""
    name = harmless(profile)
    if not memo.record:
        return f"{name}\n"
    now = time.time()
    kept = memo.valid_document(now)
    return f"{name} {_short(kept[0].expiry - now) if kept else '-'}\n"


def harmless(name: str) -> str:
    """A profile's name with a ``?`` for whatever drives a terminal, or is more than itself in a shell's prompt.

    zsh looks for ``%`` in what a prompt's command has printed, and a PS1 that is put together by PROMPT_COMMAND is
    expanded once more, ``$(…)`` in it run.
    """
    return "".join(c if c.isprintable() and c not in "%\\$`!" else "?" for c in name)


def _short(seconds: float) -> str:
    """A time as short as it can be read: ``3h05m``, ``52m``, ``40s``; never more than there is."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m" if minutes else f"{rest}s"


# -- what memos are made of --------------------------------------------------------------------------


def memo_path(profile: str, paths: "list[str]") -> str:
    """The file in which is remembered what `profile` comes to. Two profiles may share one, and take turns.

    Empty where there is no home directory.
    """
    directory = expand_path(settings.MEMO_DIRECTORY)
    if not directory:
        return ""
    directory = locate_private(directory, settings.MEMO_KIND)
    return os.path.join(directory, memo_name(profile, paths))


def memo_name(profile: str, paths: "list[str]") -> str:
    """What the file of a profile's memo is called."""
    name = "\0".join([profile, *paths])
    return f"{zlib.crc32(encoded(name)):08x}.memo"


def signature(path: str) -> str:
    """What the file system says of a file: another text for another version of it. Raises `OSError`."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return NO_FILE
    if not stat.S_ISREG(found.st_mode):
        return NO_FILE  # as botocore has it
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def fingerprint(profile: str, version: str, paths: "list[str]", signatures: "list[str]") -> bytes:
    """Everything that an answer follows from, each part ended by a NUL, which none of them can have."""
    variables = [_noted(name, os.environ.get(name)) for name in settings.RESOLUTION_VARIABLES]
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
    return encoded("\0".join(parts))


def _noted(name: str, value: "str | None") -> str:
    if value is None:
        return NO_FILE
    return f"={zlib.crc32(encoded(value)):08x}" if name in settings.SECRET_VARIABLES else f"={value}"


def checksum_line(body: bytes) -> bytes:
    """The line before a memo's body, against damage."""
    return encoded(f"{FORMAT} {zlib.crc32(body):08x}")


def encoded(text: str) -> bytes:
    """Arguments and variables need not be text. Raises `ValueError` where they are nothing that can be kept."""
    return text.encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
