"""Markers: found by the next process, however soon it comes."""

from __future__ import annotations

from pathlib import Path

from awscli_xacct.storage.markers import Markers

NAME = "0" * 64


def test_marker_is_found_in_the_same_second(tmp_path: Path) -> None:
    """Its time was once rounded up: for half a second, the marker was from the future and did not count."""
    Markers(tmp_path, "code", clock=lambda: 1000.6).write(NAME, "word")
    found = Markers(tmp_path, "code", clock=lambda: 1000.7).read(NAME)
    assert found is not None
    assert found[1] == "word"
    assert 0 <= found[0] < 1


def test_marker_from_the_future_is_ignored(tmp_path: Path) -> None:
    Markers(tmp_path, "code", clock=lambda: 1000.0).write(NAME)
    assert Markers(tmp_path, "code", clock=lambda: 999.0).read(NAME) is None
