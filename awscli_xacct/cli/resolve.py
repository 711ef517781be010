"""Resolving a profile from the two config files, without botocore: which cache record has its credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__, settings
from ..configfile import sections, store
from ..errors import XacctError
from ..messages import unknown_profile
from ..profiles.cache_keys import CacheKeys, setting
from ..profiles.source import is_mfa_user, is_role
from . import fastpath
from .exported_settings import export_settings
from .memo import ConfigSnapshot


@dataclass(frozen=True)
class Resolved:
    """A resolved profile. `config` is what botocore's ``session.full_config`` would be."""

    profile: str
    config: Mapping[str, Any]
    memo: fastpath.Memo
    memoizable: bool = True
    """Whether the memo follows from nothing but what `fastpath.fingerprint` covers."""

    @property
    def options(self) -> Mapping[str, Any]:
        return self.config["profiles"][self.profile]  # type: ignore[no-any-return]


def resolve(profile: str, tick: float = settings.MEMO_TICK) -> Resolved:
    """Resolve `profile` and write its memo; for `tick` see `memo.ConfigSnapshot`.

    Raises `ConfigFileError` and `EditError` for files that cannot be read, `ProfileError` for a profile that
    cannot work and `XacctError` for one that does not exist.
    """
    try:
        snapshot = ConfigSnapshot(profile, __version__, tick)
    except (OSError, ValueError):
        snapshot = None  # reading the files reports what is wrong with them
    resolved = resolve_in(read_config(), profile)
    if snapshot and resolved.memoizable:
        snapshot.remember(resolved.memo)
    return resolved


def resolve_in(config: Mapping[str, Any], profile: str) -> Resolved:
    """Resolve `profile` in a config that has been read. Raises `ProfileError` and `XacctError`."""
    if profile not in config["profiles"]:
        raise XacctError(unknown_profile(profile, config["profiles"]))
    exported = export_settings(config, profile, os.environ)
    memo = fastpath.Memo(
        _find_record(profile, config),
        setting(config, settings.CACHE_DIR, os.environ) or settings.DEFAULT_CACHE_DIRECTORY,
        get_region(config["profiles"][profile]),
        exported.variables,
    )
    return Resolved(profile, config, memo, exported.memoizable)


def read_config(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Read the two files as one config. Raises `ConfigFileError` and `EditError`."""
    config, credentials = settings.config_paths(environment)
    texts = [store.read(Path(path)) for path in (config, credentials)]
    return sections.full_config(*texts, paths=(config, credentials))


def get_region(options: Mapping[str, Any]) -> str:
    """Return a profile's own region, or an empty string."""
    region = options.get(settings.REGION)
    return region if isinstance(region, str) else ""


def _find_record(profile: str, config: Mapping[str, Any]) -> str:
    """Return the name of the cache record for a profile's credentials; empty if they are not cached."""
    options = config["profiles"][profile]
    return CacheKeys(config, profile, os.environ).all()[0] if is_role(options) or is_mfa_user(options) else ""
