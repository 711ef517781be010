"""The memo of a profile: what it was resolved to the last time, so that no config file has to be read again.

Resolving a profile means reading two files and, however small they are, loading the code that reads them. So what it
leads to, such as the name of the cache record, is written down (by `snapshot`). It is valid while everything that it
depends on is unchanged, and this module compares all of that: the profile, this package's version, the machine, the
variables in `settings.RESOLUTION_VARIABLES`, the encoding of text files, and what the file system says of the two
files, and of any others that were read. A memo that another user could have written is ignored, and none is written
while a file could still change without the file system showing it.

The record is judged as `cache.Cache` judges it. Every problem is a miss (None): the slow way then reports it. Both
``xacct credentials`` and every `aws` command with a role ask here first, so this module loads only what a bare
interpreter has loaded, and `zlib`.
"""

import os
import stat
import sys
import time
import zlib

from .. import settings
from .record import RecordHeader, expand_path, locate_private, machine_name, read_private, split_record

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing's own is in a module, which Python would have to find and read
    from collections.abc import Mapping, Sequence
    from typing import Any

FORMAT = "xacct-memo 4"
NO_FILE = "-"
ROLE_FEATURE = "CREDENTIALS_STS_ASSUME_ROLE"
"""The feature of a memo whose credentials are a role's, and not those of a user with an MFA session."""
_SECRETS = (settings.SECRET_ACCESS_KEY, settings.SESSION_TOKEN)
_NARROWED = "narrowed"
_DOCUMENT_START = b'{"Version": 1, "AccessKeyId": "'


class Memo:
    """What a profile was resolved to.

    record     the name of its cache record, empty if its credentials are in none
    directory  the cache directory as configured, not expanded
    region     its region, empty if it has none
    exported   its settings for commands, as ``NAME=value``; see credentials/exported_settings.py
    features   what botocore counts calls with its credentials as; empty if only botocore can tell whether its source
               has any, so that `aws` has to look
    config     the `config_checksum` of the config that it was resolved in
    files      what was read besides the two config files: the `file_signature` before that of each path
    narrowed   whether session policies let its sessions do less than its role
    """

    def __init__(
        self,
        record: str,
        directory: str,
        region: str,
        exported: "Sequence[str]" = (),
        features: "Sequence[str]" = (),
        config: str = "",
        files: "Mapping[str, str]" = {},  # noqa: B006 - nobody changes it
        *,
        narrowed: bool = False,
    ) -> None:
        self.record = record
        self.directory = directory
        self.region = region
        self.exported = exported
        self.features = features
        self.config = config
        self.files = files
        self.narrowed = narrowed

    def to_bytes(self, resolved_from: bytes) -> bytes:
        """Return the content of the memo's file; `resolved_from` is a `fingerprint`."""
        narrowed = _NARROWED if self.narrowed else ""
        fields = [self.record, self.directory, self.region, " ".join(self.features), self.config, narrowed]
        files = [part for pair in self.files.items() for part in pair]
        body = resolved_from + _encode("\0".join([*fields, str(len(self.files)), *files, *self.exported]))
        return _checksum_line(body) + b"\n" + body

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
        path = _get_path(profile, paths)
        data = read_private(path) if path else None
        if data is None:
            return None
        head, _, body = data.partition(b"\n")
        expected = fingerprint(profile, version, paths, [file_signature(path) for path in paths])
        if head != _checksum_line(body) or not body.startswith(expected):
            return None
        return _parse(body[len(expected) :])
    except (OSError, ValueError):
        return None


def _parse(fields: bytes) -> "Memo | None":
    """Return the memo, None if one of its other files has changed. Raises `OSError` and `ValueError`."""
    text = fields.decode("utf-8", "surrogateescape")
    record, directory, region, features, config, narrowed, count, *rest = text.split("\0")
    end = 2 * int(count)
    files = dict(zip(rest[0:end:2], rest[1:end:2], strict=True))
    if any(file_signature(path) != known for path, known in files.items()):
        return None
    exported = rest[end:]
    return Memo(
        record, directory, region, exported, features.split(), config, files, narrowed=narrowed == _NARROWED
    )


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


# -- what a memo depends on --------------------------------------------------------------------------


def _get_path(profile: str, paths: "list[str]") -> str:
    """Return the path of a profile's memo; empty without a home directory."""
    directory = expand_path(settings.MEMO_DIRECTORY)
    if not directory:
        return ""
    return os.path.join(locate_private(directory, settings.MEMO_KIND), get_memo_name(profile, paths))


def get_memo_name(profile: str, paths: "list[str]") -> str:
    """Return the file name of a profile's memo: a checksum of the profile and the config files' `paths`.

    Two profiles may take turns in a file.
    """
    return f"{zlib.crc32(_encode(chr(0).join([profile, *paths]))):08x}.memo"


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
    return _encode("\0".join(parts))


def _describe_variable(name: str, value: "str | None") -> str:
    if value is None:
        return NO_FILE
    return f"={zlib.crc32(_encode(value)):08x}" if name in settings.SECRET_VARIABLES else f"={value}"


def config_checksum(config: "Mapping[str, Any]", profile: str) -> str:
    """Return a checksum of all that `profile` is resolved from in `config`, botocore's ``session.full_config``.

    A process that has read the files itself compares it, because it may have read them before they changed.
    """
    chain: dict[str, object] = {}
    name = profile
    while name in config["profiles"] and name not in chain:
        options = config["profiles"][name]
        chain[name] = sorted(item for item in options.items() if item[0] not in _SECRETS)
        name = str(options.get(settings.SOURCE_PROFILE))
    # An older botocore has no key for what a file has none of.
    others = [config.get(key) or {} for key in ("services", "sso_sessions", settings.CONFIG_SECTION)]
    return f"{zlib.crc32(repr([chain, others]).encode('utf-8', 'backslashreplace')):08x}"


def _checksum_line(body: bytes) -> bytes:
    """Return the line before a memo's body that detects damage."""
    return _encode(f"{FORMAT} {zlib.crc32(body):08x}")


def _encode(text: str) -> bytes:
    """Encode arguments and variables, which need not be valid text. Raises `ValueError` if even that fails."""
    return text.encode("utf-8", "surrogateescape")
