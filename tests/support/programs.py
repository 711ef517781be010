"""Optional programs of the host. CI installs some beside the tests; those that need them are marked as `late`."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

INSTALLING = "XACCT_TEST_INSTALLING"
"""The variable that names a file, which is locked until everything is installed."""


def wait_for_installation() -> None:
    """Wait until CI has installed what it installs beside the tests. A program may be there before its libraries."""
    if path := os.environ.get(INSTALLING):
        with Path(path).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)


def need(*names: str) -> str:
    """Return the path of the first of these programs; skip the test, with the reason, unless all are installed."""
    paths = {name: shutil.which(name) for name in names}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} on this machine")
    return str(paths[names[0]])


def settle_fish(home: Path) -> None:
    """Keep fish, in a home that is new to it, from reading all manuals of the machine: it takes a minute for that."""
    (home / ".local" / "share" / "fish" / "generated_completions").mkdir(parents=True)


def need_one(*names: str) -> str:
    """Return the path of the first of these programs that is installed; skip the test if none is."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"there is none of {', '.join(names)} on this machine")
    return found
