"""A used code is recognized before it is sent, by every process, until the device shows another."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from awscli_xacct.mfa.codes import UsedCodes

DEVICE, OTHER = "arn:aws:iam::111111111111:mfa/dev", "arn:aws:iam::111111111111:mfa/other"
STEP_BEGINS = 1_800_000_000.0  # a multiple of 30


class Clock:
    """A clock that is set manually, in seconds since the epoch."""

    def __init__(self) -> None:
        self.now = STEP_BEGINS

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("later", "wait"),
    [(0, 30.0), (10, 20.0), (29.5, 0.5), (30, 0.0), (59, 0.0), (60, None), (-1, None)],
    ids=lambda value: f"{value}",
)
def test_wait_lasts_until_the_next_step(tmp_path: Path, later: float, wait: float | None) -> None:
    clock = Clock()
    UsedCodes(tmp_path, clock).remember(DEVICE, "123456")
    clock.now += later
    assert UsedCodes(tmp_path, clock).wait(DEVICE, "123456") == wait


def test_other_code_or_device_is_unused(tmp_path: Path) -> None:
    used = UsedCodes(tmp_path, Clock())
    used.remember(DEVICE, "123456")
    assert used.wait(DEVICE, "654321") is None
    assert used.wait(OTHER, "123456") is None


def test_file_is_private_and_does_not_contain_the_code(tmp_path: Path) -> None:
    UsedCodes(tmp_path / "cache", Clock()).remember(DEVICE, "123456")
    (file,) = (tmp_path / "cache").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "123456" not in file.name + file.read_text(encoding="ascii")


@pytest.mark.parametrize("text", ["", "garbage", "1 2 3 4", "nan a b", "not-a-number salt digest"])
def test_damaged_file_means_unused(tmp_path: Path, text: str) -> None:
    used = UsedCodes(tmp_path, Clock())
    used.remember(DEVICE, "123456")
    (file,) = tmp_path.iterdir()
    file.write_text(text, encoding="ascii")
    assert used.wait(DEVICE, "123456") is None


def test_file_writable_by_others_is_ignored(tmp_path: Path) -> None:
    used = UsedCodes(tmp_path, Clock())
    used.remember(DEVICE, "123456")
    (file,) = tmp_path.iterdir()
    file.chmod(0o666)
    assert UsedCodes(tmp_path, Clock()).wait(DEVICE, "123456") is None


@pytest.mark.parametrize("place", ["nowhere", "a file"])
def test_unwritable_directory_remembers_in_this_process(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").touch()
    used = UsedCodes(None if place == "nowhere" else tmp_path / place, Clock())
    used.remember(DEVICE, "123456")
    assert used.wait(DEVICE, "123456") == 30.0
