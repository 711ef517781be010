"""Damaged cache records: a miss, a new record, and never another identity."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sts import Role, Sts
from tests.support.commands import WHOAMI, caller_arn, caller_of, is_session_of, operations, read_record
from tests.support.home import Home


def truncate(record: Path) -> None:
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])


def fill_with_garbage(record: Path) -> None:
    record.write_bytes(os.urandom(2000))


def change_one_letter(record: Path) -> None:
    record.write_bytes(record.read_bytes().replace(b"SessionToken", b"SessionTokem", 1))


def empty(record: Path) -> None:
    record.write_bytes(b"")


def replace_by_directory(record: Path) -> None:
    record.unlink()
    record.mkdir()


def replace_by_full_directory(record: Path) -> None:
    replace_by_directory(record)
    (record / "file").write_text("mine")


def replace_by_link(record: Path) -> None:
    """Replace the record by a link to the intact record elsewhere."""
    elsewhere = record.parent.parent / "elsewhere"
    record.rename(elsewhere)
    record.symlink_to(elsewhere)


def replace_by_fifo(record: Path) -> None:
    record.unlink()
    os.mkfifo(record, 0o600)


def open_to_others(record: Path) -> None:
    record.chmod(0o644)


def give_away(record: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    os.chown(record, 54321, 54321)


def fill_up(record: Path) -> None:
    """Make the record far larger than any real one; it must not be read into memory."""
    with record.open("ab") as file:
        file.truncate(2**30)


@pytest.mark.parametrize(
    "damage",
    [
        *(truncate, fill_with_garbage, change_one_letter, empty, fill_up),
        *(replace_by_directory, replace_by_link, replace_by_fifo),
        *(open_to_others, give_away),
    ],
    ids=lambda damage: damage.__name__.replace("_", " "),
)
def test_record_damaged_is_a_miss_and_is_replaced(
    home: Home, sts: Sts, role: Role, prod: str, damage: Callable[[Path], None]
) -> None:
    caller_of(home, prod)
    (record,) = home.records()
    damage(record)

    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert is_session_of(role, caller_arn(outcome))
    assert len(outcome.stderr.splitlines()) <= 1, outcome.stderr
    assert len(sts.calls_of("AssumeRole")) == 2

    assert home.records() == [record]
    healed = read_record(record)
    assert healed is not None
    assert healed.access_key == sts.calls_of("GetCallerIdentity")[1].access_key
    assert (record.is_symlink(), record.stat().st_mode & 0o777) == (False, 0o600)


def test_record_path_that_is_a_full_directory_is_kept(home: Home, sts: Sts, role: Role, prod: str) -> None:
    caller_of(home, prod)
    (record,) = home.records()
    replace_by_full_directory(record)
    for calls in (2, 3):
        outcome = home.aws(*WHOAMI, "--profile", prod)
        assert is_session_of(role, caller_arn(outcome))
        assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
        assert len(sts.calls_of("AssumeRole")) == calls
    assert (record / "file").read_text() == "mine"


def test_record_under_another_name_is_ignored(home: Home, sts: Sts, role: Role, prod: str) -> None:
    """Records copied or exchanged by hand, a sync tool or an attacker: each profile keeps its identity."""
    other = sts.add_role("Other", trusts=role.trusts)
    home.add_role("other", other.arn)
    caller_of(home, prod)
    (mine,) = home.records()
    caller_of(home, "other")
    (others,) = set(home.records()) - {mine}
    shutil.copy2(others, mine)

    assert is_session_of(role, caller_of(home, prod))
    assert len(sts.calls_of("AssumeRole")) == 3

    aside = mine.with_suffix(".aside")
    mine.rename(aside)
    others.rename(mine)
    aside.rename(others)
    assert is_session_of(other, caller_of(home, "other"))
    assert is_session_of(role, caller_of(home, prod))
    assert len(sts.calls_of("AssumeRole")) == 5


def test_records_of_the_stock_cli_are_neither_read_nor_written(home: Home, sts: Sts, prod: str) -> None:
    caller_of(home, prod, environment={"AWS_XACCT_DISABLE": "1"})
    (stock,) = (home.aws_dir / "cli" / "cache").iterdir()
    before = stock.read_bytes(), stock.stat().st_mtime_ns
    caller_of(home, prod)
    assert operations(sts).count("AssumeRole") == 2
    assert (stock.read_bytes(), stock.stat().st_mtime_ns) == before
