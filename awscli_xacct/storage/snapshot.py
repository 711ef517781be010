"""Writing the memo of a resolved profile, which `memo` reads.

None is written while one of its files is so new that it could change again and look the same: same size, same times.
Git calls such index entries racily clean: https://git-scm.com/docs/racy-git
"""

import contextlib
import os
import time
from collections.abc import Callable

from .. import settings
from .files import sweep, write_temporary
from .memo import NO_FILE, Memo, file_signature, fingerprint, get_memo_name

_MEASUREMENTS = 3
"""How often to ask how far a file server's clock is behind: a process that is held up meanwhile finds too much."""


class ConfigSnapshot:
    """The state of the two config files before they are read. What is read afterwards is at least as new."""

    def __init__(self, profile: str, version: str, clock: Callable[[], float] = time.time) -> None:
        """Raises `OSError` if a file's status cannot be read, and `ValueError` for a name that no file can have."""
        self.paths = settings.config_paths()
        self._clock = clock
        self._when = clock()
        signatures = [file_signature(path) for path in self.paths]
        self._changed = max(map(_get_change_time, signatures))
        self._name = get_memo_name(profile, self.paths)
        self._fingerprint = fingerprint(profile, version, self.paths, signatures)

    @property
    def is_too_new(self) -> bool:
        """Whether `remember` would write nothing, because one of the config files has just been written."""
        return self._may_have_changed_unseen(self._changed, 0)

    def remember(self, memo: Memo) -> None:
        """Write the memo, unless a file is too new. A disk that cannot keep it is no error."""
        changed = max([self._changed, *map(_get_change_time, memo.files.values())])
        if self._may_have_changed_unseen(changed, 0):
            return
        from .directories import provide_own  # only to write

        data = memo.to_bytes(self._fingerprint)
        with contextlib.suppress(OSError):
            parent = provide_own(settings.MEMO_DIRECTORY, settings.MEMO_KIND)
            sweep(parent, self._name)
            temporary = write_temporary(parent, self._name, data)
            try:
                for _ in range(_MEASUREMENTS):
                    # A file server stamps files by its own clock, which may be behind this machine's.
                    behind = max(self._clock() - temporary.stat().st_mtime, 0)
                    if not self._may_have_changed_unseen(changed, behind):
                        temporary.replace(parent / self._name)
                        break
                    os.utime(temporary)
            finally:
                temporary.unlink(missing_ok=True)

    def _may_have_changed_unseen(self, changed: float, behind: float) -> bool:
        return self._when - behind < changed + settings.MEMO_TICK


def _get_change_time(signature: str) -> float:
    """Return when a file with this signature last changed, in seconds since the epoch; 0 for no file."""
    if signature == NO_FILE:
        return 0
    return max(int(times) for times in signature.split(" ")[-2:]) / 1e9
