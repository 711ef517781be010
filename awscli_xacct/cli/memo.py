"""Remembering what a profile was resolved to, for `warm`.

A memo is not made while one of the two files is so new that it could change once more and look the same: same
size, same times. Git treats its index in that way, and calls such entries racily clean:
https://git-scm.com/docs/racy-git
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from .. import settings
from ..storage.directories import provide_private
from ..storage.files import sweep, write_temporary
from ..storage.record import expand_path
from . import fastpath


class ConfigSnapshot:
    """The state of the two files before they are read; what is read then is no older than that."""

    def __init__(
        self,
        profile: str,
        version: str,
        tick: float = settings.MEMO_TICK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`tick` is how far, in seconds, times of files have to lie apart to tell versions apart.

        Raises `OSError` where a file cannot be looked at, `ValueError` for names no file can have.
        """
        self.paths = settings.config_paths()
        self._profile = profile
        self._tick = tick
        self._clock = clock
        self._when = clock()
        signatures = [fastpath.signature(path) for path in self.paths]
        self._changed = max(map(_changed, signatures))
        self._fingerprint = fastpath.fingerprint(profile, version, self.paths, signatures)

    def remember(self, memo: fastpath.Memo) -> None:
        """Keep what the profile was resolved to, unless the files are too new. A disk that cannot is no fault."""
        if self._may_change_unseen(0):
            return
        body = self._fingerprint + fastpath.encoded(
            "\0".join([memo.record, memo.directory, memo.region, *memo.handed])
        )
        named = expand_path(settings.MEMO_DIRECTORY)
        if not named:
            return
        with contextlib.suppress(OSError):
            path = provide_private(Path(named), settings.MEMO_KIND) / fastpath.memo_name(
                self._profile, self.paths
            )
            sweep(path.parent, path.name)
            temporary = write_temporary(path.parent, path.name, fastpath.checksum_line(body) + b"\n" + body)
            try:
                # A file server stamps by its own clock, which may be behind this one.
                behind = max(self._clock() - temporary.stat().st_mtime, 0)
                if not self._may_change_unseen(behind):
                    temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    def _may_change_unseen(self, behind: float) -> bool:
        return self._when - behind < self._changed + self._tick


def _changed(signature: str) -> float:
    """When a file with this signature was last changed, in seconds since the epoch."""
    if signature == fastpath.NO_FILE:
        return 0
    return max(int(times) for times in signature.split(" ")[-2:]) / 1e9
