"""Private directories that are removed with their process, or by the next one."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from awscli_xacct import settings
from awscli_xacct.storage import locks
from awscli_xacct.storage.scratch import make_scratch_directory


def test_scratch_directory_whose_lock_another_process_sweeps_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the creation of the lock file and its lock. Without a lock, nobody would remove the directory."""
    lock = locks._lock
    swept: list[int] = []

    def sweep_first(descriptor: int) -> None:
        if not swept:
            swept.append(descriptor)
            raise BlockingIOError(errno.EAGAIN, "locked")
        lock(descriptor)

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(locks, "_lock", sweep_first)
    with make_scratch_directory(settings.SERVE_DIRECTORY, settings.SERVE_KIND) as directory:
        assert swept
        assert directory.is_relative_to(tmp_path)
        assert not locks.FileLock(directory.with_suffix(".lock")).try_acquire()
