"""What the tests of `xacct` do again and again."""

from __future__ import annotations

import time

from awscli_xacct.settings import MEMO_TICK
from tests.support.home import Home


def grow_old(home: Home) -> None:
    """Wait until the config files are too old to be changed once more and look the same."""
    changed = max(path.stat().st_ctime for path in (home.config, home.credentials))
    while time.time() <= changed + MEMO_TICK:
        time.sleep(0.05)
