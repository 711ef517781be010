"""Resolving a profile in a config that has been read: the name of its cache record, and all else that a memo holds.

It loads no botocore, because `xacct` needs none to serve what is cached.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .. import settings
from ..errors import XacctError
from ..messages import unknown_profile
from ..profiles.cache_keys import CacheKeys, setting
from ..storage.memo import Memo, config_checksum
from ..storage.snapshot import ConfigSnapshot
from . import features
from .exported_settings import export_settings

ReadConfig = Callable[[list[str]], Mapping[str, Any]]
"""Reads the config file and the credentials file at these paths as one config."""
FindBotocore = Callable[[], object]
"""Makes it possible to import botocore, in a process that has not done so; few profiles need it."""


class Resolved(NamedTuple):
    """A resolved profile. `config` is what botocore's ``session.full_config`` would be."""

    profile: str
    config: Mapping[str, Any]
    memo: Memo
    memoizable: bool = True
    """Whether the memo follows from nothing but what `storage.memo` compares."""

    @property
    def options(self) -> Mapping[str, Any]:
        return self.config["profiles"][self.profile]  # type: ignore[no-any-return]


def resolve(
    profile: str,
    version: str,
    read_config: ReadConfig,
    *,
    find_botocore: FindBotocore = lambda: None,
    memo_key: str = "",
) -> Resolved:
    """Resolve `profile` in the config files, and write its memo, under `memo_key` if `read_config` changes anything.

    `version` is this package's. Raises what `read_config` and `resolve_in` raise.
    """
    try:
        snapshot = ConfigSnapshot(memo_key or profile, version)
    except (OSError, ValueError):
        snapshot = None  # reading the files reports what is wrong with them
    config = read_config(snapshot.paths if snapshot else settings.config_paths())
    resolved = resolve_in(config, profile, find_botocore)
    if snapshot and resolved.memoizable:
        snapshot.remember(resolved.memo)
    return resolved


def resolve_in(
    config: Mapping[str, Any], profile: str, find_botocore: FindBotocore = lambda: None
) -> Resolved:
    """Resolve `profile`. Raises `ProfileError` if it cannot work, and `XacctError` if it does not exist."""
    if profile not in config["profiles"]:
        raise XacctError(unknown_profile(profile, config["profiles"]), code="ProfileNotFound")
    region = config["profiles"][profile].get(settings.REGION)
    exported = export_settings(config, profile, os.environ, find_botocore)
    keys = CacheKeys(config, profile, os.environ)
    records = keys.all()
    narrowed = bool(keys.hops) and keys.role.narrowed
    files = keys.sign_policy_files()
    memoizable = exported.memoizable and files is not None and not (records and keys.depend_on_directory)
    memo = Memo(
        records[0] if records else "",
        setting(config, settings.CACHE_DIR, os.environ) or settings.DEFAULT_CACHE_DIRECTORY,
        region if isinstance(region, str) else "",
        exported.variables,
        features.of_memo(keys) if records else (),
        config_checksum(config, profile),
        files or {},
        narrowed=narrowed,
    )
    return Resolved(profile, config, memo, memoizable)
