"""File systems that this machine lacks, simulated by a library that is loaded before the C library."""

from __future__ import annotations

from pathlib import Path

from .preloaded import build_library


def without_modes(top: Path, *, chmod_fails: bool = False) -> dict[str, str]:
    """Return the environment of a process for which `top` is on a drive without Unix modes."""
    fails = {"XACCT_CHMOD_FAILS": "1"} if chmod_fails else {}
    return {"LD_PRELOAD": str(build_library()), "XACCT_MODELESS": str(top), **fails}


def without_locks(fault: int) -> dict[str, str]:
    """Return the environment of a process that can lock no file."""
    return {"LD_PRELOAD": str(build_library()), "XACCT_FLOCK": str(fault)}
