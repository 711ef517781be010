"""The history on disk: no line is lost or breaks another, whatever happens to the processes that write them."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from awscli_xacct import settings
from awscli_xacct.history import log
from tests.support.commands import mode_of
from tests.support.file_systems import without_locks

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
NOBODY = 65534

# Adds lines of up to 20 kB, each of one letter and its length, with a limit that the test sets.
WRITER = """
import resource, signal, sys
from awscli_xacct import settings
from awscli_xacct.history import log
name, count, settings.MAX_HISTORY_BYTES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for number in range(count):
    log.append(f"{name} {number} {'x' * (number * 977 % 20000)}".encode())
    if number == 0:
        print("writing", flush=True)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def path(home: Path) -> Path:
    return home / ".aws" / "xacct" / "history.jsonl"


def start(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *map(str, arguments)],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are killed if the test fails."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def lines() -> list[str]:
    return [line.decode() for line in log.read_lines()]


# -- many writers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("locks", [True, False])
def test_history_of_twenty_writers_has_every_line(
    path: Path, running: list[subprocess.Popen[str]], locks: bool
) -> None:
    """They fill one file and half of the next, so that one of them has to rename it under the others."""
    writers, count = 20 if locks else 8, 20
    total = sum(number * 977 % 20000 + 6 for number in range(count)) * writers
    limit = total * 2 // 3
    environment = {} if locks else without_locks(37)
    running += [start(f"{name:02}", count, limit, environment=environment) for name in range(writers)]
    assert [process.wait(120) for process in running] == [0] * writers
    written = [f"{name:02} {number}" for name in range(writers) for number in range(count)]
    found = lines()
    assert sorted(line.rpartition(" ")[0] for line in found) == sorted(written)
    assert all(len(line.split(" ")[2]) == int(line.split(" ")[1]) * 977 % 20000 for line in found)
    assert sorted(each.name for each in path.parent.iterdir()) == ["history.jsonl", "history.jsonl.1"]


def test_history_survives_killed_writers(path: Path, running: list[subprocess.Popen[str]]) -> None:
    for name in range(4):
        process = start(name, 10**9, 10**9)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(120) == -signal.SIGKILL
        log.append(b"after")
    found = lines()
    assert [line for line in found if line == "after"] == ["after"] * 4
    assert path.read_bytes().endswith(b"\nafter\n")


def test_history_ends_the_line_of_a_killed_writer(path: Path) -> None:
    log.append(b"one")
    with path.open("ab") as file:
        file.write(b"hal")
    log.append(b"two")
    assert path.read_bytes() == b"one\nhal\ntwo\n"


def test_history_is_written_while_a_stopped_process_holds_the_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "HISTORY_WAIT_SECONDS", 0.02)
    monkeypatch.setattr(settings, "MAX_HISTORY_BYTES", 8)
    log.append(b"one")
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        log.append(b"two")
        assert path.read_bytes() == b"one\ntwo\n"
        log.append(b"three")
    assert lines() == ["one", "two", "three"]
    assert path.read_bytes() == b"three\n"


# -- limits ----------------------------------------------------------------------------------------


def test_history_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAX_HISTORY_BYTES", 100)
    for number in range(100):
        log.append(f"line {number:03}".encode())
    assert lines() == [f"line {number:03}" for number in range(100 - len(lines()), 100)]
    assert 10 < len(lines()) < 25
    assert [mode_of(each) for each in path.parent.iterdir()] == [0o600, 0o600]


def test_history_that_another_process_is_renaming_is_written_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "MAX_HISTORY_BYTES", 4)
    log.append(b"one")
    mark = path.with_name("history.jsonl.renaming")
    mark.touch()
    log.append(b"two")
    assert path.read_bytes() == b"one\ntwo\n"
    os.utime(mark, (0, 0))  # whoever left it was killed
    log.append(b"three")
    log.append(b"four")
    assert (lines(), path.read_bytes()) == (["one", "two", "three", "four"], b"four\n")
    assert sorted(each.name for each in path.parent.iterdir()) == ["history.jsonl", "history.jsonl.1"]


def test_history_read_while_it_is_renamed_has_every_line_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MAX_HISTORY_BYTES", 8)
    log.append(b"one")
    log.append(b"two")
    opened = log._open_if_there

    def rename_meanwhile(*arguments: object) -> int | None:
        monkeypatch.setattr(log, "_open_if_there", opened)
        found = opened(*arguments)  # type: ignore[arg-type]
        log.append(b"three")
        return found

    monkeypatch.setattr(log, "_open_if_there", rename_meanwhile)
    assert lines() == ["one", "two", "three"]


def test_history_on_a_full_disk_keeps_no_part_of_a_line(path: Path) -> None:
    log.append(b"one")
    program = """
import resource, signal, sys
from awscli_xacct.history import log
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    log.append(b"x" * 100)
except OSError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, path.read_bytes()) == ("only 6 bytes could be written\n", b"one\n")


# -- other users -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("open_umask")
def test_history_is_private_whatever_the_umask(path: Path) -> None:
    log.append(b"one")
    assert (mode_of(path), mode_of(path.parent)) == (0o600, 0o700)


@as_root
def test_history_of_another_user_is_neither_read_nor_written(path: Path) -> None:
    log.append(b"one")
    os.chown(path, NOBODY, NOBODY)
    for use in (lines, lambda: log.append(b"two")):
        with pytest.raises(PermissionError, match="it belongs to another user"):
            use()
    assert path.read_bytes() == b"one\n"
    assert "another user" in str(log.find_problem())


@pytest.mark.parametrize("kind", ["readable", "symlink", "fifo", "directory"])
def test_history_that_is_no_private_file_is_neither_read_nor_written(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, mode=0o700)
    target = path.with_name("target")
    target.write_bytes(b"one\n")
    if kind == "readable":
        path.write_bytes(b"one\n")
        path.chmod(0o644)
    elif kind == "symlink":
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    else:
        path.mkdir()
    for use in (lines, lambda: log.append(b"two")):
        with pytest.raises(OSError, match=r"regular|levels|directory|access|device"):
            use()
    assert target.read_bytes() == b"one\n"
    assert log.find_problem() is not None


def test_history_in_an_open_directory_is_in_a_private_one_inside(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o755)
    log.append(b"one")
    inner = path.parent / f"xacct-history-{os.geteuid()}"
    assert (inner / path.name).read_bytes() == b"one\n"
    assert (mode_of(inner), mode_of(path.parent)) == (0o700, 0o755)
    assert lines() == ["one"]


def test_history_without_a_home_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    with pytest.raises(FileNotFoundError, match="no home directory"):
        log.append(b"one")
    assert lines() == []


def test_history_that_does_not_exist_is_empty(path: Path) -> None:
    assert (lines(), log.find_problem(), path.parent.exists()) == ([], None, False)
