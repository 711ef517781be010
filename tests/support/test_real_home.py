"""Whether tests are kept away from the real home."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from . import real_home

HOME = "/nowhere/the-real-home"


@pytest.mark.parametrize("environment", [{"A": "b"}, {"HOME": HOME}, {b"HOME": HOME.encode()}])
def test_real_home_is_not_that_of_a_program(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = real_home.guard(HOME)
    monkeypatch.setattr(real_home, "_reached", [])
    with pytest.raises(PermissionError, match="started"):
        guard("subprocess.Popen", ("aws", ["aws"], None, environment))
    guard("subprocess.Popen", ("aws", ["aws"], None, {"HOME": "/elsewhere"}))
    guard("subprocess.Popen", ("aws", ["unshare", f"{real_home.OWN_USER_ID}1", "aws"], None, environment))


def test_real_home_cannot_be_read_or_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    if real_home.find_home() is None:
        pytest.skip("this user has no home")
    reached: list[str] = []
    monkeypatch.setattr(real_home, "_reached", reached)
    monkeypatch.delenv("HOME")
    home = Path("~").expanduser()
    for touch in (
        lambda: (home / ".aws" / "config").read_bytes(),
        lambda: (home / ".aws").mkdir(),
        lambda: list((home / ".aws" / "xacct").iterdir()),
        lambda: subprocess.run(["true"], check=True),
        lambda: os.posix_spawn("/bin/true", ["true"], {"A": "b"}),
    ):
        with pytest.raises(PermissionError, match="must not reach"):
            touch()
    assert len(reached) == 5
