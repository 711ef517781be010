"""Private directories that are removed with their process, or by the next one."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct import settings
from awscli_xacct.storage import files, locks, scratch
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
    with make_scratch_directory(settings.SERVE_DIRECTORY, settings.SERVE_KIND, {}) as directory:
        assert swept
        assert directory.is_relative_to(tmp_path)
        assert not locks.FileLock(directory.with_suffix(".lock")).try_acquire()


def test_scratch_directory_on_a_full_disk_is_made_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its directory could still be made, but nothing written there: `exec --serve` ended with "[Errno 28]"."""
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    def write(directory: Path, *rest: Any) -> Path:
        if directory.is_relative_to(home):
            raise OSError(errno.ENOSPC, "No space left on device")
        return files.write_temporary(directory, *rest)

    monkeypatch.setattr(scratch, "write_temporary", write)
    with make_scratch_directory(
        settings.SERVE_DIRECTORY, settings.SERVE_KIND, {"config": b"mine"}
    ) as directory:
        assert directory.parent == temporary
        assert (directory / "config").read_bytes() == b"mine"
        assert oct((directory / "config").stat().st_mode & 0o777) == "0o400"
    assert list(temporary.iterdir()) == []
    assert [path for path in home.rglob("*") if path.is_file()] == []
