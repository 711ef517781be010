"""One fetch for all: processes and threads that race, owners that are killed, disks that cannot be written."""

from __future__ import annotations

import errno
import inspect
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct import settings
from awscli_xacct.credentials.single_flight import SingleFlight
from awscli_xacct.errors import BusyError
from awscli_xacct.storage.cache import Cache, Record
from awscli_xacct.storage.directories import choose_elsewhere
from awscli_xacct.storage.homes import describe_missing_home
from tests.credentials.racer import NAME, PURPOSE, Task, race, record

posix = pytest.mark.skipif(os.name == "nt", reason="the processes of a race are forked")
linux = pytest.mark.skipif(sys.platform != "linux", reason="uses /proc as a disk that takes nothing")

NOW = 1_800_000_000.0
UNWRITABLE = Path("/proc/self/task")
"""A directory of the user's own in which not even root can create anything."""


class Alone:
    """A single flight with a stopped clock, its warnings, and a fetch that counts its calls."""

    def __init__(self, directory: Path | None, *, now: float = NOW, **options: Any) -> None:
        self.now = now
        self.warnings: list[str] = []
        self.quick_calls: list[bool] = []
        self.error: BaseException | None = None
        self.cache = Cache(directory, clock=self.clock, warn=self.warnings.append)
        self.flight = SingleFlight(self.cache, clock=self.clock, warn=self.warnings.append, **options)

    def clock(self) -> float:
        return self.now

    def obtain(self, quick: bool) -> Record:
        self.quick_calls.append(quick)
        if self.error:
            raise self.error
        return record(f"ASIA{len(self.quick_calls)}", self.now)

    def get(self) -> str:
        return self.flight.get(NAME, PURPOSE, self.obtain).access_key


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def alone(directory: Path) -> Alone:
    return Alone(directory)


@pytest.fixture
def task(tmp_path: Path, directory: Path) -> Task:
    log, gate, warnings, outcomes = (str(tmp_path / name) for name in ("log", "gate", "warnings", "outcomes"))
    return Task(str(directory), log, gate, warnings, outcomes)


def write(directory: Path, key: str, **times: float) -> None:
    """Write a record into the cache of processes, whose clock is the real one."""
    Cache(directory, warn=pytest.fail).write(NAME, record(key, time.time() - 1000, **times))


# -- processes -------------------------------------------------------------------------------------


@posix
def test_processes_fetch_once(task: Task) -> None:
    with race(replace(task, processes=12)) as running:
        [fetch] = running.fetches()
        outcomes = running.finish()
        assert running.fetches() == [fetch]
    assert [outcome["key"] for outcome in outcomes] == [f"ASIA{fetch['pid']}"] * 12
    assert fetch["quick"] is False


@posix
def test_wait_names_the_process_and_the_purpose(task: Task, directory: Path) -> None:
    with race(task) as owner:
        [fetch] = owner.fetches()
        alone = Alone(directory, now=time.time(), notice_after=0.05)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(alone.get)
            wait_until(lambda: alone.warnings)
            owner.finish()
            assert waiting.result(120) == f"ASIA{fetch['pid']}"
    assert alone.warnings == [f"waiting for process {fetch['pid']}, which is getting {PURPOSE}"]
    assert alone.quick_calls == []


def test_wait_has_a_notice_and_a_timeout() -> None:
    """A second, and five minutes: the process that holds the lock may be prompting a person."""
    options = inspect.signature(SingleFlight).parameters
    assert (options["notice_after"].default, options["timeout"].default) == (1, 300)
    assert (settings.LOCK_SILENT_SECONDS, settings.LOCK_WAIT_SECONDS) == (1, 300)


@posix
def test_wait_timeout_names_the_process(task: Task, directory: Path) -> None:
    with race(task) as owner:
        [fetch] = owner.fetches()
        alone = Alone(directory, now=time.time(), notice_after=0, timeout=0.1)
        with pytest.raises(BusyError) as caught:
            alone.get()
    assert str(caught.value) == (
        f"process {fetch['pid']} has been getting {PURPOSE} for more than 0 s. Answer its prompt or end it, "
        f"then run the command again"
    )
    assert alone.quick_calls == []


@posix
@pytest.mark.parametrize("attempt", range(6))
def test_owner_killed_leaves_the_fetch_to_another(task: Task, attempt: int, chance: random.Random) -> None:
    """At a random moment of its fetch, or of writing the record."""
    with race(replace(task, processes=5)) as running:
        [fetch] = running.fetches()
        if attempt % 2:
            Path(task.gate).touch()
        time.sleep(chance.uniform(0, 0.02))
        with suppress(ProcessLookupError):  # it was quicker
            os.kill(fetch["pid"], signal.SIGKILL)
        outcomes = running.finish()
        fetches = running.fetches()
    keys = {
        outcome.get("key", outcome.get("error")) for outcome in outcomes if outcome["pid"] != fetch["pid"]
    }
    assert len(keys) == 1
    assert keys <= {f"ASIA{fetch['pid']}" for fetch in fetches}
    assert len(fetches) <= 2


@posix
def test_refresh_elsewhere_uses_the_old_record(task: Task, directory: Path) -> None:
    write(directory, "ASIAOLD", left=3500)
    with race(task) as owner:
        [fetch] = owner.fetches()
        assert fetch["quick"] is True
        others = [Alone(directory, now=time.time(), timeout=1) for _ in range(3)]
        for other in others:
            assert (other.get(), other.warnings, other.quick_calls) == ("ASIAOLD", [], [])
        owner.finish()
        assert [other.get() for other in others] == [f"ASIA{fetch['pid']}"] * 3


@posix
def test_race_leaves_private_files(task: Task, directory: Path) -> None:
    """And no lock files, which would pile up: their names change with the caller's access key."""
    before = os.umask(0)
    try:
        with race(replace(task, processes=3)) as running:
            running.fetches()
            owner_file = directory / f"{NAME}.owner"
            wait_until(owner_file.exists)
            modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in directory.iterdir()}
            assert modes == {f"{NAME}.lock": "0o600", f"{NAME}.owner": "0o600"}
            running.finish()
    finally:
        os.umask(before)
    assert [path.name for path in directory.iterdir()] == [f"{NAME}.json"]


class Sleeper:
    """The time of a process that does nothing but sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@posix
def test_wait_looks_at_the_record_file_and_rarely_at_the_rest(
    task: Task, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nineteen polls a second with 27 system calls each: a hundred who wait for one code were a load."""
    looks: list[float] = []
    sleeper = Sleeper()

    def look() -> bool:
        looks.append(sleeper.now)
        return False

    with race(task) as owner:
        owner.fetches()
        monkeypatch.setattr("awscli_xacct.credentials.single_flight.time", sleeper)
        alone = Alone(directory, now=time.time())
        with alone.flight.locked(NAME, PURPOSE, at_most=20, until=look) as acquired:
            assert acquired is False
    pauses = [later - earlier for earlier, later in pairwise(looks[1:])]
    assert len(pauses) < 40
    assert max(pauses) <= settings.LOCK_RETRY_SECONDS + settings.LOCK_POLL_SECONDS


FORK = """
import os, signal, threading
from awscli_xacct.storage.cache import Cache
from awscli_xacct.credentials.single_flight import SingleFlight

flight = SingleFlight(Cache(None, warn=print), warn=print)
held, done = threading.Event(), threading.Event()

def hold():
    with flight.locked("record", "credentials"):
        held.set()
        done.wait()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    with flight.locked("record", "credentials"):
        os._exit(10)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
done.set()
thread.join()
"""


@posix
def test_fork_during_a_fetch_leaves_no_lock_in_the_child() -> None:
    """Multiprocessing does that. Between processes only the lock file counts, and there is none here."""
    outcome = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=120, check=False
    )
    assert (outcome.stdout, outcome.stderr) == ("10\n", "")


# -- a hundred processes with eight threads each ---------------------------------------------------

PROCESSES, THREADS = 100, 8


@pytest.fixture
def crowd(task: Task) -> Task:
    return replace(task, processes=PROCESSES, threads=THREADS)


@posix
def test_crowd_without_a_record_fetches_once_with_one_notice_each(
    crowd: Task,
) -> None:
    """The fetch lasts until every process has warned, as it does with a person who looks for the device."""
    with race(crowd) as running:
        [fetch] = running.fetches()
        warnings = running.warnings(PROCESSES - 1)
        outcomes = running.finish()
        assert running.fetches() == [fetch]
        assert len(running.warnings(0)) == PROCESSES - 1
    assert {line["line"] for line in warnings} == {
        f"waiting for process {fetch['pid']}, which is getting {PURPOSE}"
    }
    assert len({line["pid"] for line in warnings} - {fetch["pid"]}) == PROCESSES - 1
    assert [outcome["key"] for outcome in outcomes] == [f"ASIA{fetch['pid']}"] * PROCESSES * THREADS


@posix
def test_crowd_with_a_good_record_fetches_nothing(crowd: Task, directory: Path) -> None:
    write(directory, "ASIAGOOD")
    with race(crowd) as running:
        outcomes = running.finish()
        assert (running.fetches(0), running.warnings(0)) == ([], [])
    assert [outcome["key"] for outcome in outcomes] == ["ASIAGOOD"] * PROCESSES * THREADS
    assert [path.name for path in directory.iterdir()] == [f"{NAME}.json"]


@posix
def test_crowd_with_a_due_record_refreshes_it_once(crowd: Task, directory: Path) -> None:
    """Only the one thread that refreshes has to wait: the gate opens when all others are done."""
    write(directory, "ASIAOLD", left=3500)
    with race(crowd) as running:
        [fetch] = running.fetches()
        assert fetch["quick"] is True
        running.outcomes(PROCESSES * THREADS - 1)
        outcomes = running.finish()
        assert (running.fetches(), running.warnings(0)) == ([fetch], [])
    keys = [outcome["key"] for outcome in outcomes]
    assert sorted(set(keys)) == sorted({"ASIAOLD", f"ASIA{fetch['pid']}"})
    assert keys.count("ASIAOLD") == PROCESSES * THREADS - 1


class Counting(Cache):
    """A cache that sets an event once it has been read a number of times."""

    def __init__(self, directory: Path, reads: int, reached: threading.Event) -> None:
        super().__init__(directory, warn=pytest.fail)
        self._left = reads
        self._reached = reached

    def read(self, name: str) -> Record | None:
        self._left -= 1
        if self._left == 0:
            self._reached.set()
        return super().read(name)


@posix
def test_refresh_elsewhere_is_waited_for_briefly(
    task: Task, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two `aws eks get-token` at once: a token claims to last 14 minutes, the old session may have five."""
    monkeypatch.setattr(settings, "REFRESH_WAIT_SECONDS", 60)
    write(directory, "ASIAOLD", left=3500)
    waits = threading.Event()
    late = SingleFlight(Counting(directory, 4, waits), warn=pytest.fail)
    with race(task) as owner, ThreadPoolExecutor(1) as pool:
        [fetch] = owner.fetches()
        waiting = pool.submit(late.get, NAME, PURPOSE, lambda _: pytest.fail("it is being renewed"))
        assert waits.wait(120)
        owner.finish()
        assert waiting.result(120).access_key == f"ASIA{fetch['pid']}"


@posix
def test_crowd_survives_killed_owners(crowd: Task, chance: random.Random) -> None:
    """Six in a row, at random moments of their fetch; the last may be writing the record."""
    killed = set()
    with race(crowd) as running:
        for number in range(1, 7):
            owner = running.fetches(number)[-1]["pid"]
            time.sleep(chance.uniform(0, 0.02))
            os.kill(owner, signal.SIGKILL)
            killed.add(owner)
        last = running.fetches(7)[-1]["pid"]
        Path(crowd.gate).touch()
        time.sleep(chance.uniform(0, 0.01))
        with suppress(ProcessLookupError):  # it was quicker
            os.kill(last, signal.SIGKILL)
            killed.add(last)
        outcomes = running.finish()
        fetches = running.fetches()
    survivors = [outcome for outcome in outcomes if outcome["pid"] not in killed]
    assert len(survivors) == (PROCESSES - len(killed)) * THREADS
    keys = {outcome.get("key", outcome.get("error")) for outcome in survivors}
    assert len(keys) == 1
    assert keys <= {f"ASIA{fetch['pid']}" for fetch in fetches}
    assert len(fetches) in (7, 8)


# -- threads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "shared"),
    [
        pytest.param(True, True, id="one flight"),
        pytest.param(True, False, id="a flight each"),
        pytest.param(False, True, id="one flight without a disk"),
    ],
)
def test_threads_of_a_process_fetch_once(directory: Path, kept: bool, shared: bool) -> None:
    begun, gate, fetches = threading.Barrier(9), threading.Event(), []

    def obtain(quick: bool) -> Record:
        fetches.append(quick)
        gate.wait(120)
        return record("ASIAONE", NOW)

    first = Alone(directory if kept else None)

    def get(_: int) -> str:
        alone = first if shared else Alone(directory)
        begun.wait(120)
        return alone.flight.get(NAME, PURPOSE, obtain).access_key

    with ThreadPoolExecutor(8) as pool:
        results = pool.map(get, range(8))
        begun.wait(120)
        wait_until(lambda: fetches)
        gate.set()
        assert list(results) == ["ASIAONE"] * 8
    assert fetches == [False]


def test_lock_is_per_record(alone: Alone) -> None:
    with alone.flight.locked("another", PURPOSE):
        assert alone.get() == "ASIA1"


def test_locks_nest_from_a_role_to_its_source(alone: Alone) -> None:
    def obtain(_hurry: bool) -> Record:
        return record("ASIAOUTER", NOW)._replace(token=alone.get())

    outer = alone.flight.get("outer", PURPOSE, obtain)
    assert (outer.access_key, outer.token) == ("ASIAOUTER", "ASIA1")


class Ending(Cache):
    """A cache whose record is valid when first read and expired when read again."""

    def __init__(self, *arguments: Any, ended: threading.Event, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._ended = ended
        self._looks = 0

    def read(self, name: str) -> Record | None:
        self._looks += 1
        if self._looks == 1:
            return record("ASIAOLD", NOW, left=3600)
        if self._looks == 2:
            self._ended.set()
            return None
        return super().read(name)


def test_refresh_elsewhere_of_an_expired_record_is_waited_for(alone: Alone, directory: Path) -> None:
    """It must not fetch at the same time: that would be a second prompt, or a second call."""
    held, ended = threading.Event(), threading.Event()

    def obtain(_hurry: bool) -> Record:
        held.set()
        assert ended.wait(120)
        return record("ASIANEW", NOW)

    cache = Ending(directory, clock=alone.clock, warn=pytest.fail, ended=ended)
    late = SingleFlight(cache, clock=alone.clock, warn=pytest.fail)
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(Alone(directory).flight.get, NAME, PURPOSE, obtain)
        assert held.wait(120)
        assert late.get(NAME, PURPOSE, alone.obtain).access_key == "ASIANEW"
        assert renewing.result(120).access_key == "ASIANEW"
    assert alone.quick_calls == []


# -- one process -----------------------------------------------------------------------------------


def test_good_record_takes_no_lock(alone: Alone, directory: Path) -> None:
    alone.cache.write(NAME, record("ASIAKEPT", NOW))
    assert (alone.get(), alone.quick_calls) == ("ASIAKEPT", [])
    assert [path.name for path in directory.iterdir()] == [f"{NAME}.json"]


def test_record_is_refreshed_when_due(alone: Alone) -> None:
    """Return the ten minutes before the end of this hour."""
    outcomes = []
    for moment in (0, 2999, 3000, 5999, 6000):
        alone.now = NOW + moment
        outcomes.append(alone.get())
    assert outcomes == ["ASIA1", "ASIA1", "ASIA2", "ASIA2", "ASIA3"]
    assert alone.quick_calls == [False, True, True]


def test_refresh_failed_uses_the_old_record_and_retries_later(alone: Alone) -> None:
    alone.get()
    alone.error = OSError("STS cannot be reached")
    fetches = []
    for moment in (3000, 3001, 3029, 3030, 3059, 3599):
        alone.now = NOW + moment
        assert alone.get() == "ASIA1"
        fetches.append(len(alone.quick_calls) - 1)
    assert fetches == [1, 1, 1, 2, 2, 3]
    assert settings.RETRY_SECONDS == 30
    assert alone.warnings == []
    alone.error = None
    alone.now = NOW + 3599.5
    assert alone.get() == "ASIA1"


def test_refresh_failed_is_known_to_other_processes(alone: Alone, directory: Path) -> None:
    """With a hanging STS each command of the last ten minutes waited for it."""
    alone.get()
    alone.error = OSError("STS cannot be reached")
    alone.now = NOW + 3000
    assert alone.get() == "ASIA1"
    other = Alone(directory, now=NOW + 3029)
    assert (other.get(), other.quick_calls) == ("ASIA1", [])
    other.now = NOW + 3031
    assert other.get() == "ASIA1"
    assert other.quick_calls == [True]


def test_fetch_failed_with_an_expired_record_is_an_error(alone: Alone) -> None:
    alone.get()
    alone.error = OSError("STS cannot be reached")
    alone.now = NOW + 3600
    with pytest.raises(OSError, match="STS cannot be reached"):
        alone.get()
    alone.error = None
    assert alone.get() == "ASIA3"


def test_refresh_failed_after_the_end_of_the_old_record_is_an_error(alone: Alone) -> None:
    """While STS did not answer the old session ended, and botocore said that the refreshed one has expired."""
    alone.get()
    alone.now = NOW + 3595

    def hang(_: bool) -> Record:
        alone.now = NOW + 3611
        raise OSError("STS cannot be reached")

    with pytest.raises(OSError, match="STS cannot be reached"):
        alone.flight.get(NAME, PURPOSE, hang)


@pytest.mark.parametrize("left", [600, 3600], ids=["fetching", "renewing"])
def test_ctrl_c_ends_the_fetch_and_releases_the_lock(alone: Alone, left: float) -> None:
    if left == 3600:
        alone.cache.write(NAME, record("ASIAOLD", NOW, left=left))
    alone.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        alone.get()
    with alone.flight.locked(NAME, PURPOSE, at_most=0) as mine:
        assert mine
    alone.error = None
    assert alone.get() == "ASIA2"


def test_drop_makes_the_next_get_fetch(alone: Alone, directory: Path) -> None:
    assert alone.get() == "ASIA1"
    alone.flight.drop(NAME, "ASIA1")
    assert not (directory / f"{NAME}.json").exists()
    assert alone.flight.look(NAME) is None
    assert alone.get() == "ASIA2"


def test_drop_leaves_a_record_of_another_process(alone: Alone, directory: Path) -> None:
    assert alone.get() == "ASIA1"
    another = Alone(directory)
    another.cache.write(NAME, record("ASIANEW", NOW + 1))
    alone.flight.drop(NAME, "ASIA1")
    assert (alone.get(), alone.quick_calls) == ("ASIANEW", [False])


def test_drop_of_a_missing_record_is_silent(alone: Alone) -> None:
    alone.flight.drop(NAME, "ASIA1")
    assert alone.warnings == []


def test_refresh_fetches_whatever_is_cached(alone: Alone) -> None:
    assert alone.get() == "ASIA1"
    assert alone.flight.refresh(NAME, PURPOSE, alone.obtain).access_key == "ASIA2"
    assert (alone.get(), alone.quick_calls) == ("ASIA2", [False, False])


def test_directory_missing_keeps_the_record_in_this_process() -> None:
    homeless = Alone(None)
    assert [homeless.get(), homeless.get()] == ["ASIA1", "ASIA1"]
    assert homeless.warnings == [
        f"credentials cannot be cached: {describe_missing_home()}. Fix it with: {choose_elsewhere()}"
    ]
    homeless.now = NOW + 3600
    assert homeless.get() == "ASIA2"
    homeless.flight.drop(NAME, "ASIA2")
    assert homeless.flight.look(NAME) is None


@linux
def test_directory_unwritable_keeps_the_record_in_this_process_with_one_warning() -> None:
    alone = Alone(UNWRITABLE)
    assert [alone.get(), alone.get()] == ["ASIA1", "ASIA1"]
    [warning] = alone.warnings
    assert warning.startswith(f"credentials cannot be cached in {UNWRITABLE}/xacct-cache-")


class FullDisk(Cache):
    """A cache whose old records stay, because the disk is full."""

    def write(self, name: str, record: Record) -> None:
        pass


def test_disk_full_uses_the_refreshed_record(alone: Alone, directory: Path) -> None:
    alone.cache.write(NAME, record("ASIAOLD", NOW - 3500))
    flight = SingleFlight(
        FullDisk(directory, clock=alone.clock, warn=pytest.fail), clock=alone.clock, warn=pytest.fail
    )
    keys = [flight.get(NAME, PURPOSE, alone.obtain).access_key for _ in range(3)]
    assert (keys, alone.quick_calls) == (["ASIA1"] * 3, [True])


@posix
def test_file_system_without_locks_is_used_with_a_warning(
    alone: Alone, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lustre without flock."""
    import fcntl

    def no_such_call(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", no_such_call)
    assert (alone.get(), alone.get()) == ("ASIA1", "ASIA1")
    assert alone.warnings == [
        f"{directory} is on a file system without locks (Function not implemented), so commands that run at the same "
        f"time do not wait for each other"
    ]
    assert Alone(directory).get() == "ASIA1"


def _directory(lock: Path) -> None:
    lock.mkdir()


def _dangling_link(lock: Path) -> None:
    lock.symlink_to(lock.with_name("nowhere"))


def _link_in_a_circle(lock: Path) -> None:
    lock.symlink_to(lock)


@pytest.mark.parametrize("make", [_directory, _dangling_link, _link_in_a_circle])
def test_lock_file_unusable_does_not_prevent_a_fetch(
    alone: Alone, directory: Path, make: Callable[[Path], None]
) -> None:
    directory.mkdir(mode=0o700)
    make(directory / f"{NAME}.lock")
    assert (alone.get(), alone.get(), alone.warnings) == ("ASIA1", "ASIA1", [])


@posix
@pytest.mark.parametrize("text", ["", "no number", "12\n34"])
def test_owner_unknown_is_another_process(task: Task, directory: Path, text: str) -> None:
    with race(task) as owner:
        owner.fetches()
        (directory / f"{NAME}.owner").write_text(text, "ascii")
        with pytest.raises(BusyError, match="another process has been getting"):
            Alone(directory, notice_after=0, timeout=0).get()


def wait_until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)
