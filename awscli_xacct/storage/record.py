"""The header of a cache record, and how a private file is read: all it takes to print a record's credentials.

`cache` and `memo` both judge records with this module, so they cannot differ. It loads only what a bare interpreter has
loaded, and `zlib`.
"""

import os
import stat
import zlib

from .. import settings

FORMAT = "xacct 2"
MAX_RECORD = 64 * 1024
"""Bytes; a session token may have 4,096 characters, a record a few times that."""

GROUP_OTHER_BITS = 0o077
HAS_POSIX_OWNERS = hasattr(os, "geteuid")

_MAX_LIFE = settings.MAX_SESSION_DURATION + settings.CLOCK_SLACK


class RecordHeader:
    """The first line of a record: when its session was obtained, when it expires and when to refresh it.

    Times are in seconds since the epoch.
    """

    def __init__(self, obtained: float, expiry: float, refresh_at: float) -> None:
        self.obtained = obtained
        self.expiry = expiry
        self.refresh_at = refresh_at

    def line(self, name: str, body: bytes) -> bytes:
        """Return the line itself, which goes before `body` in the record called `name`."""
        head = f"{FORMAT} {name} {self.obtained!r} {self.expiry!r} {self.refresh_at!r}"
        return f"{head} {_checksum(head, body)}\n".encode("ascii")

    def is_valid(self, now: float) -> bool:
        """Whether the credentials may be used at `now`."""
        # No comparison with NaN is true, so all of these have to be.
        possible = self.obtained - 1 < self.refresh_at <= self.expiry <= self.obtained + _MAX_LIFE
        # Obtained in the future: the clock has been set back since, and the expiry cannot be trusted.
        return possible and self.obtained <= now + settings.CLOCK_SLACK and now < self.expiry


def split_record(name: str, data: bytes) -> tuple[RecordHeader, bytes]:
    """Return the header of the record called `name`, and the rest. Raises `ValueError` if it is not one, or damaged."""
    first, _, body = data.partition(b"\n")
    head, _, checksum = first.decode("ascii").rpartition(" ")
    if checksum != _checksum(head, body):
        raise ValueError("damaged")
    product, version, own_name, obtained, expiry, refresh_at = head.split(" ")
    if f"{product} {version}" != FORMAT or own_name != name:
        raise ValueError("another format, or a copy of another record")
    return RecordHeader(float(obtained), float(expiry), float(refresh_at)), body


def _checksum(head: str, body: bytes) -> str:
    """Return a checksum against damage, not malice: whoever can write the file can write its checksum."""
    return f"{zlib.crc32(head.encode() + body):08x}"


def expand_path(path: str) -> str:
    """Return `path` with variables and ``~`` expanded; empty unless the result is absolute.

    ``~`` stays as it is if neither HOME nor the user database has a directory; an empty HOME would make it the root
    directory. A relative path means another directory wherever a command is run: a checkout, say, into which sessions
    would be committed.
    """
    if path.startswith("~") and os.environ.get("HOME") == "":
        return ""
    found = os.path.expanduser(os.path.expandvars(path))
    return found if os.path.isabs(found) else ""


def is_private(found: os.stat_result) -> bool:
    """Whether this is a directory that only this user can look into."""
    return (
        stat.S_ISDIR(found.st_mode)
        and is_ours(found)
        and not (HAS_POSIX_OWNERS and found.st_mode & GROUP_OTHER_BITS)
    )


def locate_private(directory: str, kind: str) -> str:
    """Return the private directory that is used for `directory`: itself if it is private, else see `directories`.

    Nothing is created. `kind`, such as ``cache``, becomes part of the name of a directory used instead.
    """
    try:
        found = os.lstat(directory)
    except OSError:
        return directory  # not created yet, or its user learns why it cannot be
    if is_private(found):
        return directory
    from .directories import find_substitute  # rare, so loaded only then

    return find_substitute(directory, kind)


def machine_name() -> str:
    """Return what this machine calls itself; another machine may have the same home directory."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def is_ours(found: os.stat_result) -> bool:
    """Whether a file belongs to this user."""
    return not HAS_POSIX_OWNERS or found.st_uid == os.geteuid()


def check_private_file(descriptor: int) -> None:
    """Raise `PermissionError`, with the reason, unless only this user can read or have written an open file."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise PermissionError("it is not a regular file")
    if not is_ours(found):
        raise PermissionError("it belongs to another user")
    if HAS_POSIX_OWNERS and found.st_mode & GROUP_OTHER_BITS:
        raise PermissionError("other users have access to it")


def read_private(path: "str | os.PathLike[str]") -> bytes | None:
    """Return the bytes of a small file that only this user can have written; None if there is no such file.

    Raises `PermissionError` with the reason if the file cannot be trusted.
    """
    try:
        # Do not follow a symlink or wait for a FIFO. Windows would translate line ends.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PermissionError(error.strerror or "it cannot be read") from None
    try:
        check_private_file(descriptor)
        data = b""
        while more := os.read(descriptor, MAX_RECORD - len(data)):  # a file object costs ten times as much
            data += more
        return data
    except OSError as error:
        raise PermissionError(error.strerror or str(error)) from None
    finally:
        os.close(descriptor)
