"""The sweep of the cache: what has been useless for a day is removed, some files at a time; all else is kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from awscli_xacct import settings
from awscli_xacct.storage.cache import Cache, Record, key_name
from awscli_xacct.storage.sweep import sweep_old

DAY = 86400
NOW = float(int(time.time()))


def write_expired(directory: Path, name: str, *, ended: float) -> Path:
    """Write a record of an hour to the cache that expired `ended` seconds ago."""
    begun = NOW - ended - 3600
    cache = Cache(directory, clock=lambda: begun, warn=pytest.fail)
    cache.write(
        name, Record("key", "secret", "token", begun + 3600, begun + 3000, metadata={"obtained": begun})
    )
    return make_old(directory / f"{name}.json", ended + 3600)


def make_old(path: Path, seconds: float) -> Path:
    """Create a file unless it exists, and make it `seconds` old."""
    path.touch(0o600)
    os.utime(path, (NOW - seconds, NOW - seconds))
    return path


def test_sweep_removes_records_that_expired_more_than_a_day_ago(tmp_path: Path) -> None:
    gone = [write_expired(tmp_path, key_name({"n": n}), ended=DAY + n) for n in (1, 1000, 100 * DAY)]
    kept = [write_expired(tmp_path, key_name({"n": n}), ended=n) for n in (-3000, 0, 3600, DAY - 10)]
    sweep_old(tmp_path, NOW)
    assert [path.exists() for path in gone] == [False] * 3
    assert [path.exists() for path in kept] == [True] * 4


A, B = key_name({"n": "a"}), key_name({"n": "b"})


@pytest.mark.parametrize(
    "name",
    [
        "{}.code",
        "{}.too-long",
        "{}.retry",
        "{}.owner",
        ".{}.json.xacct-1234_a.tmp",
        ".{}.too-long.xacct-x.tmp",
        "{}.json",
        "{}.lock",
    ],
)
def test_sweep_removes_old_leftovers_and_damaged_records(tmp_path: Path, name: str) -> None:
    old, young = make_old(tmp_path / name.format(A), DAY + 10), make_old(tmp_path / name.format(B), DAY - 10)
    sweep_old(tmp_path, NOW)
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.parametrize(
    "name",
    ["package.json", "package.lock", "notes.tmp", "qr.code", "json", "{}.json.bak", "0{}.json", ".notes.tmp"],
)
def test_sweep_keeps_files_of_others(tmp_path: Path, name: str) -> None:
    path = make_old(tmp_path / name.format(A), 1000 * DAY)
    sweep_old(tmp_path, NOW)
    assert path.exists()


def test_sweep_removes_a_link_but_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    target = make_old(tmp_path / "mine", 1000 * DAY)
    link = tmp_path / "cache" / f"{A}.json"
    link.symlink_to(target)
    os.utime(link, (0, 0), follow_symlinks=False)
    sweep_old(tmp_path / "cache", NOW)
    assert (link.is_symlink(), target.exists()) == (False, True)


def test_sweep_goes_on_after_a_file_it_cannot_remove(tmp_path: Path) -> None:
    obstacle = tmp_path / f"{A}.json"
    obstacle.mkdir()
    (obstacle / "mine").touch()
    os.utime(obstacle, (0, 0))
    others = [make_old(tmp_path / f"{key_name({'n': n})}.json", 2 * DAY) for n in range(3)]
    sweep_old(tmp_path, NOW)
    sweep_old(tmp_path / "nowhere", NOW)
    assert (obstacle / "mine").exists()
    assert [path.exists() for path in others] == [False] * 3


def test_sweep_of_very_many_files_reaches_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SWEEP_FILES", 10)
    for number in range(25):
        make_old(tmp_path / f"{key_name({'n': number})}.code", 2 * DAY)
    left = []
    for moment in range(3):
        sweep_old(tmp_path, NOW + moment)
        left.append(len(list(tmp_path.iterdir())))
    assert left == [15, 5, 0]


def test_sweep_runs_at_the_first_write_only(tmp_path: Path) -> None:
    cache = Cache(tmp_path, clock=lambda: NOW, warn=pytest.fail)
    record = Record("key", "secret", "token", NOW + 3600, NOW + 3000, metadata={"obtained": NOW})
    old = make_old(tmp_path / f"{A}.json", 2 * DAY)
    cache.read("name")
    assert old.exists()
    cache.write("name", record)
    assert not old.exists()
    make_old(tmp_path / f"{A}.json", 2 * DAY)
    cache.write("name", record)
    assert old.exists()
