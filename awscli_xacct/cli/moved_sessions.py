"""Cached sessions of a long-term key that moves: their names depend on where it rests, but they themselves do not."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from .. import settings
from ..errors import ProfileError
from ..messages import warn
from ..profiles.cache_keys import CacheKeys, record_cache
from .resolve import read_config

_MOVED = (settings.ACCESS_KEY_ID, settings.SECRET_ACCESS_KEY, settings.CREDENTIAL_PROCESS)


@contextlib.contextmanager
def keeping_sessions(profile: str) -> Iterator[None]:
    """Keep the cached sessions of a profile's key in use, which the block moves: nobody is asked for a new MFA code."""
    before = read_config()["profiles"][profile]
    yield
    with contextlib.suppress(Exception):  # the key has moved; at worst, a code is asked for again
        _rename_records(profile, before)


def _rename_records(profile: str, before: Mapping[str, Any]) -> None:
    """Move the records of all profiles to the names that they have now; `before` is the section with the key then."""
    config = read_config()
    profiles = config["profiles"]
    # Only the key has moved. Whatever else was edited meanwhile selects other sessions.
    section = {key: value for key, value in profiles.get(profile, {}).items() if key not in _MOVED}
    section.update({key: before[key] for key in _MOVED if key in before})
    old = _find_names({**config, "profiles": {**profiles, profile: section}})
    cache = record_cache(config, os.environ, warn)
    new = _find_names(config)
    in_use = {name for names in new.values() for name in names}
    for owner, names in new.items():
        for former, current in zip(old.get(owner, []), names, strict=False):
            record = cache.read(former) if former != current else None
            if record is None:
                continue
            if cache.read(current) is None:
                cache.write(current, record)
            if former not in in_use:  # or it would outlive a logout, until the key moves back
                cache.remove(former)


def _find_names(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the names of the records of each profile that can have any."""
    found = {}
    for profile in config["profiles"]:
        with contextlib.suppress(ProfileError):
            found[profile] = CacheKeys(config, profile, os.environ).all()
    return found
