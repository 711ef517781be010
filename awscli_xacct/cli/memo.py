"""Writing the memo of a resolved profile, which `fastpath` reads.

None is written while one of the two config files is so new that it could change again and look the same: same size,
same times. Git calls such index entries racily clean: https://git-scm.com/docs/racy-git
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
    """The state of the two config files before they are read. What is read afterwards is at least as new."""

    def __init__(
        self,
        profile: str,
        version: str,
        tick: float = settings.MEMO_TICK,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`tick` is the number of seconds within which two versions of a file may have equal times.

        Raises `OSError` if a file's status cannot be read, and `ValueError` for a name that no file can have.
        """
        self.paths = settings.config_paths()
        self._profile = profile
        self._tick = tick
        self._clock = clock
        self._when = clock()
        signatures = [fastpath.file_signature(path) for path in self.paths]
        self._changed = max(map(_get_change_time, signatures))
        self._fingerprint = fastpath.fingerprint(profile, version, self.paths, signatures)

    def remember(self, memo: fastpath.Memo) -> None:
        """Write the memo, unless the files are too new. A disk that cannot keep it is no error."""
        if self._may_change_unseen(0):
            return
        body = self._fingerprint + fastpath.encode(
            "\0".join([memo.record, memo.directory, memo.region, *memo.exported])
        )
        directory = expand_path(settings.MEMO_DIRECTORY)
        if not directory:
            return
        with contextlib.suppress(OSError):
            path = provide_private(Path(directory), settings.MEMO_KIND) / fastpath.get_memo_name(
                self._profile, self.paths
            )
            sweep(path.parent, path.name)
            temporary = write_temporary(path.parent, path.name, fastpath.checksum_line(body) + b"\n" + body)
            try:
                # A file server stamps files by its own clock, which may be behind this machine's.
                behind = max(self._clock() - temporary.stat().st_mtime, 0)
                if not self._may_change_unseen(behind):
                    temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    def _may_change_unseen(self, behind: float) -> bool:
        return self._when - behind < self._changed + self._tick


def _get_change_time(signature: str) -> float:
    """Return when a file with this signature last changed, in seconds since the epoch; 0 for no file."""
    if signature == fastpath.NO_FILE:
        return 0
    return max(int(times) for times in signature.split(" ")[-2:]) / 1e9
