"""A profile resolved from the two files, without botocore: which record its credentials are in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__, settings
from ..configfile import sections, store
from ..errors import XacctError
from ..messages import unknown_profile, warn
from ..profiles.cache_keys import CacheKeys, record_cache, setting
from ..profiles.inventory import Inventory
from ..profiles.source import is_mfa_user, is_role
from . import fastpath
from .exported_settings import export_settings
from .memo import ConfigSnapshot


@dataclass(frozen=True)
class Resolved:
    """What a profile comes to. `config` is what botocore's ``session.full_config`` would be."""

    profile: str
    config: Mapping[str, Any]
    memo: fastpath.Memo
    lasting: bool = True
    """Whether the memo holds as long as what `warm.question` asks does."""

    @property
    def options(self) -> Mapping[str, Any]:
        return self.config["profiles"][self.profile]  # type: ignore[no-any-return]


def resolve(profile: str, tick: float = settings.MEMO_TICK) -> Resolved:
    """Resolve `profile` and remember what it came to; for `tick` see `memo.ConfigSnapshot`.

    Raises `ConfigFileError` and `EditError` for files that cannot be read, `ProfileError` for a profile that
    cannot work and `XacctError` for one that is not there.
    """
    try:
        snapshot = ConfigSnapshot(profile, __version__, tick)
    except (OSError, ValueError):
        snapshot = None  # reading the files tells what is wrong with them
    resolved = resolve_in(read_config(), profile)
    if snapshot and resolved.lasting:
        snapshot.remember(resolved.memo)
    return resolved


def resolve_in(config: Mapping[str, Any], profile: str) -> Resolved:
    """Resolve `profile` in a config that is read already. Raises `ProfileError` and `XacctError`."""
    if profile not in config["profiles"]:
        raise XacctError(unknown_profile(profile, config["profiles"]))
    handed = export_settings(config, profile, os.environ)
    memo = fastpath.Memo(
        _record(profile, config),
        setting(config, settings.CACHE_DIR, os.environ) or settings.DEFAULT_CACHE_DIRECTORY,
        region_of(config["profiles"][profile]),
        handed.variables,
    )
    return Resolved(profile, config, memo, handed.lasting)


def read_config() -> dict[str, Any]:
    """The two files as one config. Raises `ConfigFileError` and `EditError`."""
    config, credentials = settings.config_paths()
    texts = [store.read(Path(path)) for path in (config, credentials)]
    return sections.full_config(*texts, paths=(config, credentials))


def inventory(config: Mapping[str, Any]) -> Inventory:
    """The role profiles of `config`, with what is cached for them."""
    return Inventory(config, os.environ, record_cache(config, os.environ, warn))


def region_of(options: Mapping[str, Any]) -> str:
    """A profile's own region, or nothing."""
    region = options.get(settings.REGION)
    return region if isinstance(region, str) else ""


def _record(profile: str, config: Mapping[str, Any]) -> str:
    """The name of the record that holds a profile's credentials; nothing if they are in none of ours."""
    options = config["profiles"][profile]
    return CacheKeys(config, profile, os.environ).all()[0] if is_role(options) or is_mfa_user(options) else ""
