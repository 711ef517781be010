"""Recording a session that has just been obtained. Whatever fails here, the session is good and is used."""

import logging
from collections.abc import Mapping
from typing import Any

from .. import settings
from ..errors import ProfileError
from ..messages import warn_once
from ..profiles.cache_keys import keeps_history
from ..storage.cache import Cache, Record
from ..storage.directories import find_obstacle
from . import log
from .entry import entry_of
from .program import name_asking_program

LOG = logging.getLogger(__name__)


def record_session(
    config: Mapping[str, Any], environment: Mapping[str, str], cache: Cache, record: Record
) -> None:
    """Add a session to the history, unless `config` turns it off. If that fails, warn once.

    If the disk has refused the `cache` too, its warning is enough.
    """
    try:
        if keeps_history(config, environment):
            log.append(entry_of(record, name_asking_program()).line())
    except ProfileError as error:
        warn_once(f"this session is not recorded: {error.problem.text}")
    except OSError as error:
        LOG.debug("Not recorded: %s", error)
        path = log.history_path()
        if path is not None and not cache.has_warned:
            obstacle = find_obstacle(path.parent)
            reason = obstacle[0] if obstacle else error.strerror or error
            warn_once(
                f"this session is not recorded in {path}: {reason}. Find the fix with: xacct doctor. Or record none: "
                f"export {settings.VARIABLES[settings.HISTORY]}=off"
            )
    except Exception as bug:  # noqa: BLE001 - a bug in here must not take the credentials with it
        LOG.debug("Not recorded: %s", type(bug).__name__)
