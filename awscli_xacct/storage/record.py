"""What a stored record says of itself, and a private file read: all that serving a record as it is takes.

`cache` and xacct's warm path both judge records with this, so that they cannot differ. It loads nothing that a
bare interpreter has not loaded, but for `zlib`.
"""

import os
import stat
import zlib

from .. import settings

FORMAT = "xacct 2"
RECORD_LIMIT = 64 * 1024
"""Bytes; a session token may have some 4,096 characters, a record a few times that."""

GROUP_OTHER_BITS = 0o077
HAS_POSIX_OWNERS = hasattr(os, "geteuid")

_LONGEST = settings.MAX_SESSION_DURATION + settings.CLOCK_SLACK


class RecordHeader:
    """The first line of a record: when it was obtained, ends and is to be renewed, in seconds since the epoch."""

    def __init__(self, obtained: float, expiry: float, renew: float) -> None:
        self.obtained = obtained
        self.expiry = expiry
        self.renew = renew

    def line(self, name: str, body: bytes) -> bytes:
        """The line itself, to stand before `body` in the record called `name`."""
        head = f"{FORMAT} {name} {self.obtained!r} {self.expiry!r} {self.renew!r}"
        return f"{head} {_checksum(head, body)}\n".encode("ascii")

    def is_valid(self, now: float) -> bool:
        """Whether the credentials may be used at `now`."""
        # No comparison is true of a NaN, so each has to hold.
        possible = self.obtained - 1 < self.renew <= self.expiry <= self.obtained + _LONGEST
        # Obtained in the future: the clock has been set back since, and the expiry cannot be trusted.
        return possible and self.obtained <= now + settings.CLOCK_SLACK and now < self.expiry


def split(name: str, data: bytes) -> tuple[RecordHeader, bytes]:
    """The head of the record called `name`, and what follows it. Raises `ValueError` if it is none, or damaged."""
    first, _, body = data.partition(b"\n")
    head, _, checksum = first.decode("ascii").rpartition(" ")
    if checksum != _checksum(head, body):
        raise ValueError("damaged")
    product, version, own_name, obtained, expiry, renew = head.split(" ")
    if f"{product} {version}" != FORMAT or own_name != name:
        raise ValueError("another format, or a copy of another record")
    return RecordHeader(float(obtained), float(expiry), float(renew)), body


def _checksum(head: str, body: bytes) -> str:
    """Against damage, not against malice: whoever can write the file can write its checksum."""
    return f"{zlib.crc32(head.encode() + body):08x}"


def expanded(path: str) -> str:
    """`path` with its variables and its ``~`` replaced; empty unless that makes it absolute.

    A ``~`` stays where there is neither HOME nor an entry in the user database (with an empty HOME, it would be the
    root directory), and a relative path means another
    directory wherever a command is run: a checkout, say, into which sessions would be committed.
    """
    if path.startswith("~") and os.environ.get("HOME") == "":
        return ""
    found = os.path.expanduser(os.path.expandvars(path))
    return found if os.path.isabs(found) else ""


def is_private(found: os.stat_result) -> bool:
    """Whether that is a directory which only this user can look into."""
    return (
        stat.S_ISDIR(found.st_mode)
        and is_ours(found)
        and not (HAS_POSIX_OWNERS and found.st_mode & GROUP_OTHER_BITS)
    )


def place(directory: str, kind: str) -> str:
    """Where what is meant for `directory` really is: there, if nobody else can look into it; else see `places`.

    Nothing is made. `kind` is part of the name of the directory used instead, such as ``cache``.
    """
    try:
        found = os.lstat(directory)
    except OSError:
        return directory  # yet to be made, or whoever uses it is told why it cannot be
    if is_private(found):
        return directory
    from .places import elsewhere  # rare enough to be loaded then

    return elsewhere(directory, kind)


def machine_name() -> str:
    """What this machine calls itself; another one may have the same home directory."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def is_ours(found: os.stat_result) -> bool:
    """Whether a file belongs to this user."""
    return not HAS_POSIX_OWNERS or found.st_uid == os.geteuid()


def read_private(path: "str | os.PathLike[str]") -> bytes | None:
    """The bytes of a small file that only this user can have written, or None if there is no such file.

    Raises `PermissionError` with the reason where there is a file that cannot be believed.
    """
    try:
        # Neither a symlink is followed nor a FIFO waited for. Windows would translate line ends.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PermissionError(error.strerror or "it cannot be read") from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise PermissionError("it is not a regular file")
        if not is_ours(found):
            raise PermissionError("it belongs to another user")
        if HAS_POSIX_OWNERS and found.st_mode & GROUP_OTHER_BITS:
            raise PermissionError("other users have access to it")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(RECORD_LIMIT)
    except OSError as error:
        raise PermissionError(error.strerror or str(error)) from None
    finally:
        os.close(descriptor)
