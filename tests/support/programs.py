"""Optional programs of the host. A test asks for them when it runs: they may still be in the course of installation."""

from __future__ import annotations

import shutil

import pytest


def need(*names: str) -> str:
    """Return the path of the first of these programs; skip the test, with the reason, unless all are installed."""
    paths = {name: shutil.which(name) for name in names}
    missing = [name for name, path in paths.items() if path is None]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} on this machine")
    return str(paths[names[0]])


def need_one(*names: str) -> str:
    """Return the path of the first of these programs that is installed; skip the test if none is."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"there is none of {', '.join(names)} on this machine")
    return found
