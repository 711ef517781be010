"""What has been of no use for a day goes, a bounded number at a time; all else stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from awscli_xacct import settings
from awscli_xacct.storage.cache import Cache, Record, key_name, sweep_old

DAY = 86400
NOW = float(int(time.time()))


def keep(directory: Path, name: str, *, ended: float) -> Path:
    """Put a record of an hour into the cache that ended so many seconds ago."""
    begun = NOW - ended - 3600
    cache = Cache(directory, clock=lambda: begun, warn=pytest.fail)
    cache.write(
        name, Record("key", "secret", "token", begun + 3600, begun + 3000, metadata={"obtained": begun})
    )
    return aged(directory / f"{name}.json", ended + 3600)


def aged(path: Path, seconds: float) -> Path:
    """Make a file, if it is not there, and make it as old as that."""
    path.touch(0o600)
    os.utime(path, (NOW - seconds, NOW - seconds))
    return path


def test_records_that_ended_more_than_a_day_ago_go_and_others_stay(tmp_path: Path) -> None:
    gone = [keep(tmp_path, key_name({"n": n}), ended=DAY + n) for n in (1, 1000, 100 * DAY)]
    kept = [keep(tmp_path, key_name({"n": n}), ended=n) for n in (-3000, 0, 3600, DAY - 10)]
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
    ],
)
def test_old_leftovers_and_damaged_records_go(tmp_path: Path, name: str) -> None:
    old, young = aged(tmp_path / name.format(A), DAY + 10), aged(tmp_path / name.format(B), DAY - 10)
    sweep_old(tmp_path, NOW)
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.parametrize(
    "name",
    ["{}.lock", "package.json", "notes.tmp", "qr.code", "json", "{}.json.bak", "0{}.json", ".notes.tmp"],
)
def test_locks_and_what_is_not_ours_stay(tmp_path: Path, name: str) -> None:
    """Unlinking a lock would part those who wait for it from those who come; and a person's files are theirs."""
    path = aged(tmp_path / name.format(A), 1000 * DAY)
    sweep_old(tmp_path, NOW)
    assert path.exists()


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    target = aged(tmp_path / "mine", 1000 * DAY)
    link = tmp_path / "cache" / f"{A}.json"
    link.symlink_to(target)
    os.utime(link, (0, 0), follow_symlinks=False)
    sweep_old(tmp_path / "cache", NOW)
    assert (link.is_symlink(), target.exists()) == (False, True)


def test_what_cannot_be_removed_is_no_error_and_keeps_nothing_else(tmp_path: Path) -> None:
    obstacle = tmp_path / f"{A}.json"
    obstacle.mkdir()
    (obstacle / "mine").touch()
    os.utime(obstacle, (0, 0))
    others = [aged(tmp_path / f"{key_name({'n': n})}.json", 2 * DAY) for n in range(3)]
    sweep_old(tmp_path, NOW)
    sweep_old(tmp_path / "nowhere", NOW)
    assert (obstacle / "mine").exists()
    assert [path.exists() for path in others] == [False] * 3


def test_of_very_many_each_has_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SWEEP_FILES", 10)
    for number in range(25):
        aged(tmp_path / f"{key_name({'n': number})}.code", 2 * DAY)
    left = []
    for moment in range(3):
        sweep_old(tmp_path, NOW + moment)
        left.append(len(list(tmp_path.iterdir())))
    assert left == [15, 5, 0]


def test_writing_a_record_sweeps_once_and_reading_never(tmp_path: Path) -> None:
    cache = Cache(tmp_path, clock=lambda: NOW, warn=pytest.fail)
    record = Record("key", "secret", "token", NOW + 3600, NOW + 3000, metadata={"obtained": NOW})
    old = aged(tmp_path / f"{A}.json", 2 * DAY)
    cache.read("name")
    assert old.exists()
    cache.write("name", record)
    assert not old.exists()
    aged(tmp_path / f"{A}.json", 2 * DAY)
    cache.write("name", record)
    assert old.exists()
