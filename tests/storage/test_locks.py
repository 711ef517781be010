"""Locks between processes whose files are removed with each release: still one owner at a time, and nothing left."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct.storage.cache import Cache
from awscli_xacct.storage.locks import make_lock, release, try_acquire, write_owner
from awscli_xacct.storage.sweep import sweep_old

posix = pytest.mark.skipif(os.name != "posix", reason="forks, and Windows removes no file that is open")

NAME = "a" * 64
PROCESSES, TURNS = 8, 25


def take_turns(path: Path, counter: Path) -> None:
    """Add one to a counter `TURNS` times, each time under the lock, in two steps that a second owner would break."""
    for _ in range(TURNS):
        lock = make_lock(path)
        while not try_acquire(lock):
            time.sleep(0)
        write_owner(lock)
        number = int(counter.read_text())
        time.sleep(0)
        counter.write_text(str(number + 1))
        release(lock)


@posix
def test_lock_removed_at_each_release_has_one_owner_at_a_time(tmp_path: Path) -> None:
    """A process that opens the file just before it is removed locks a file that nobody else will look at."""
    counter, path = tmp_path / "counter", tmp_path / "locks" / f"{NAME}.lock"
    path.parent.mkdir()
    counter.write_text("0")
    import filelock  # noqa: F401 - so that none of the processes has to

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
    codes, turns = run(Race(str(path), chance.randrange(1 << 32), 100, 8, 1, spared))
    assert codes == [0] * spared + [-signal.SIGKILL] * (100 - spared)
    assert turns >= 8 * spared
    lock = make_lock(path)
    assert try_acquire(lock)
    release(lock)
    assert [left.name for left in tmp_path.iterdir()] == ["witness"]


@posix
@pytest.mark.parametrize("command", ["sweep", "logout --all"])
def test_lock_file_of_a_killed_process_is_removed_and_a_held_one_is_not(tmp_path: Path, command: str) -> None:
    left, held, other = (tmp_path / f"{name}.lock" for name in ("b" * 64, "c" * 64, "package"))
    for path in (left, held, other):
        path.touch(0o600)
        os.utime(path, (0, 0))
    lock = make_lock(held)
    assert try_acquire(lock)
    if command == "sweep":
        sweep_old(tmp_path, time.time())
    else:
        Cache(tmp_path, warn=sys.exit).remove_locks()
    assert sorted(tmp_path.iterdir()) == sorted([held, other])
    release(lock)


@posix
def test_lock_file_in_use_lately_is_not_swept(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.lock"
    path.touch(0o600)
    sweep_old(tmp_path, time.time())
    assert path.exists()


class OtherLock:
    """A lock of a filelock that keeps its descriptor where nobody knows."""

    def __init__(self, path: Path) -> None:
        self.lock_file = str(path)
        self.held = False

    def acquire(self, timeout: float) -> None:
        assert timeout == 0
        self.held = True

    def release(self) -> None:
        self.held = False


def test_lock_file_stays_where_filelock_does_not_say_which_it_has(tmp_path: Path) -> None:
    """Its locks could not be compared with the file of that name, so nobody may remove it."""
    path = tmp_path / f"{NAME}.lock"
    path.touch(0o600)
    lock: Any = OtherLock(path)
    assert try_acquire(lock)
    assert lock.held
    release(lock)
    assert (lock.held, path.exists()) == (False, True)
