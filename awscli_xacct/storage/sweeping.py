"""Clearing the cache directory of what has been of no use for a day: sessions long ended, notes, leftovers.

Done by whoever has just written a record, which a call to STS came before, once in a process and for a bounded
number of files. A lock's file stays: unlinking one would part those who wait from those who come. So does
whatever is not ours by its name: ``cache_dir`` may be a directory in which a person keeps other things.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from .. import settings
from .record import read_private, split

# Records; notes and the names of locks' owners, good for an hour at most; and what killed writers have left.
_OURS = re.compile(r"[0-9a-f]{64}\.(json|code|too-long|retry|owner)|\.[0-9a-f]{64}\.\w[\w-]*\.xacct-\w+\.tmp")


def sweep_old(directory: Path, now: float) -> None:
    """Remove what ended more than `settings.SWEEP_SECONDS` before `now`, in seconds since the epoch."""
    names = []
    with contextlib.suppress(OSError):
        names = [path.name for path in directory.iterdir() if _OURS.fullmatch(path.name)]
    # Each time at another place, so that of very many none is never looked at.
    start = int(now) % len(names) if names else 0
    for name in (names[start:] + names[:start])[: settings.SWEEP_FILES]:
        path = directory / name
        with contextlib.suppress(OSError):  # the next one tries again
            # What was written since cannot have ended before; the others are few, and worth reading.
            if path.lstat().st_mtime < now - settings.SWEEP_SECONDS and not _lasts(path, now):
                path.unlink()


def _lasts(path: Path, now: float) -> bool:
    """Whether an old file is a record that ended only lately. One that is damaged never lasted."""
    if path.suffix != ".json":
        return False
    try:
        head, _ = split(path.stem, read_private(path) or b"")
    except (PermissionError, ValueError):
        return False
    return head.expiry > now - settings.SWEEP_SECONDS
