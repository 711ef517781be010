"""Steps that the tests of `xacct` share."""

from __future__ import annotations

import time

from awscli_xacct.settings import MEMO_TICK
from tests.support.home import Home


def age_config_files(home: Home) -> None:
    """Wait until the config files are old enough for a memo: a change would show in their times."""
    changed = max(path.stat().st_ctime for path in (home.config, home.credentials))
    while time.time() <= changed + MEMO_TICK:
        time.sleep(0.05)
