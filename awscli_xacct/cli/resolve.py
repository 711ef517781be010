"""Resolving a profile from the two config files, without botocore: which cache record has its credentials."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__, settings
from ..configfile import sections, store
from ..credentials import resolution
from ..credentials.resolution import Resolved


def resolve(profile: str, tick: float = settings.MEMO_TICK) -> Resolved:
    """Resolve `profile` and write its memo; for `tick` see `storage.snapshot`.

    Raises `ConfigFileError` and `EditError` for files that cannot be read, `ProfileError` for a profile that
    cannot work and `XacctError` for one that does not exist.
    """
    return resolution.resolve(profile, __version__, read_config, find_botocore=find_botocore, tick=tick)


def resolve_in(config: Mapping[str, Any], profile: str) -> Resolved:
    """Resolve `profile` in a config that has been read. Raises `ProfileError` and `XacctError`."""
    return resolution.resolve_in(config, profile, find_botocore)


def read_config(paths: Sequence[str] | None = None) -> dict[str, Any]:
    """Read the two files, by default those in use, as one config. Raises `ConfigFileError` and `EditError`."""
    config, credentials = settings.config_paths() if paths is None else paths
    texts = [store.read(Path(path)) for path in (config, credentials)]
    return sections.full_config(*texts, paths=(config, credentials))


def find_botocore() -> None:
    """Import awscli, which decides since 1.46 what `import botocore` means, and makes it work."""
    with contextlib.suppress(ImportError):
        import awscli  # noqa: F401
