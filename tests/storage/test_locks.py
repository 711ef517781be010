"""Locks between processes whose files are removed with each release: still one owner at a time, and nothing left."""

from __future__ import annotations

import errno
import os
import random
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from awscli_xacct.storage.cache import Cache
from awscli_xacct.storage.locks import FileLock
from awscli_xacct.storage.sweep import sweep_old

posix = pytest.mark.skipif(os.name != "posix", reason="forks, and Windows removes no file that is open")

NAME = "a" * 64
PROCESSES, TURNS = 8, 25


def take_turns(path: Path, counter: Path) -> None:
    """Add one to a counter `TURNS` times, each time under the lock, in two steps that a second owner would break."""
    for _ in range(TURNS):
        lock = FileLock(path)
        while not lock.try_acquire():
            time.sleep(0)
        lock.write_owner()
        number = int(counter.read_text())
        time.sleep(0)
        counter.write_text(str(number + 1))
        lock.release()


@posix
def test_lock_removed_at_each_release_has_one_owner_at_a_time(tmp_path: Path) -> None:
    """A process that opens the file just before it is removed locks a file that nobody else will look at."""
    counter, path = tmp_path / "counter", tmp_path / "locks" / f"{NAME}.lock"
    path.parent.mkdir()
    counter.write_text("0")
    children = []
    for _ in range(PROCESSES):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                take_turns(path, counter)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * PROCESSES
    assert int(counter.read_text()) == PROCESSES * TURNS
    assert list(path.parent.iterdir()) == []


@posix
def test_lock_whose_owners_are_killed_at_any_step_has_one_owner_at_a_time(
    tmp_path: Path, chance: random.Random
) -> None:
    """A hundred processes with eight threads each; ninety die as they take the lock, remove its files or unlock it."""
    from tests.storage.lock_race import Race, run

    path, spared = tmp_path / f"{NAME}.lock", 10
    outcome = run(Race(str(path), chance.randrange(1 << 32), 100, 8, 1, spared))
    assert outcome.shared == []
    assert outcome.codes == [0] * spared + [-signal.SIGKILL] * (100 - spared)
    assert outcome.turns >= 8 * spared
    lock = FileLock(path)
    assert lock.try_acquire()
    lock.release()
    assert [left.name for left in tmp_path.iterdir()] == ["journal"]


@posix
@pytest.mark.parametrize("command", ["sweep", "logout --all"])
def test_lock_file_of_a_killed_process_is_removed_and_a_held_one_is_not(tmp_path: Path, command: str) -> None:
    left, held, other = (tmp_path / f"{name}.lock" for name in ("b" * 64, "c" * 64, "package"))
    for path in (left, held, other):
        path.touch(0o600)
        os.utime(path, (0, 0))
    lock = FileLock(held)
    assert lock.try_acquire()
    if command == "sweep":
        sweep_old(tmp_path, time.time())
    else:
        Cache(tmp_path, warn=sys.exit).remove_locks()
    assert sorted(tmp_path.iterdir()) == sorted([held, other])
    lock.release()


@posix
def test_lock_file_in_use_lately_is_not_swept(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.lock"
    path.touch(0o600)
    sweep_old(tmp_path, time.time())
    assert path.exists()


@posix
def test_lock_belongs_to_the_process_that_acquired_it_and_not_to_its_forks(tmp_path: Path) -> None:
    """A program that forks during a fetch, such as multiprocessing, had kept the lock for as long as its child ran."""
    held, other = (FileLock(tmp_path / f"{NAME}.lock") for _ in range(2))
    assert held.try_acquire()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        held.release()
        os._exit(0 if not held.is_held else 1)
    os.close(reading)
    assert not other.try_acquire()
    held.release()
    assert other.try_acquire()
    os.close(writing)
    assert os.waitpid(child, 0)[1] == 0
    assert other.path.exists(), "the child has removed nothing that is not its own"
    assert not FileLock(other.path).try_acquire()
    other.release()


@posix
def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.lock"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"1" if FileLock(path).try_acquire() else b"0")
        signal.pause()
    assert os.read(reading, 1) == b"1"
    assert not FileLock(path).try_acquire()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    lock = FileLock(path)
    assert lock.try_acquire()
    lock.release()


def test_lock_keeps_other_threads_out(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.lock")
    assert lock.try_acquire()
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(FileLock(lock.path).try_acquire).result()
        lock.release()
        second = FileLock(lock.path)
        assert pool.submit(second.try_acquire).result()
    second.release()
    second.release()
    assert not second.is_held


@posix
def test_lock_file_is_private_and_no_link_is_followed(tmp_path: Path, open_umask: None) -> None:  # noqa: ARG001
    lock, target = FileLock(tmp_path / "a.lock"), tmp_path / "target"
    assert lock.try_acquire()
    assert lock.path.stat().st_mode & 0o777 == 0o600
    lock.release()
    lock.path.symlink_to(target)
    with pytest.raises(OSError, match=re.escape(os.strerror(errno.ELOOP))):
        lock.try_acquire()
    assert not target.exists()
