"""A clock that tests set, so that none waits for a session to expire, or has to be done before it does."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

from tests.sts import Sts

from .home import Home
from .preloaded import build_library

_SIZE = 8
"""Bytes of the number of seconds in the file."""


class Clock:
    """The clock of an STS and of the processes that are started in a home from now on, also of those that run."""

    def __init__(self, home: Home, sts: Sts, path: Path) -> None:
        """`path` is a new file."""
        self._sts = sts
        self._ahead = 0
        path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)
        home.environment.update(LD_PRELOAD=str(build_library()), XACCT_CLOCK=str(path))

    def advance(self, seconds: int) -> None:
        """Let so many seconds pass, in the STS first: it accepts no call from the future."""
        self._ahead += seconds
        self._sts.clock_offset += seconds
        self._map[:] = self._ahead.to_bytes(_SIZE, sys.byteorder)
