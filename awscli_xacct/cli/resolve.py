"""Resolving a profile from the two config files, without botocore: which cache record has its credentials."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__, settings
from ..configfile import sections, store
from ..credentials import resolution
from ..credentials.resolution import Resolved
from .for_once import ForOnce


def resolve(profile: str, *, for_once: ForOnce | None = None) -> Resolved:
    """Resolve `profile`, perhaps narrowed `for_once`, and write its memo.

    Raises `ConfigFileError` and `EditError` for files that cannot be read, `ProfileError` for a profile that
    cannot work, `ValidationError` for one that cannot be narrowed, and `XacctError` for one that does not exist.
    """
    if for_once is None:
        return resolution.resolve(profile, __version__, read_config, find_botocore=find_botocore)
    if not for_once.memoizable:
        return resolve_in(read_config(), profile, for_once)
    return resolution.resolve(
        profile,
        __version__,
        lambda paths: for_once.narrow(read_config(paths), profile),
        find_botocore=find_botocore,
        memo_key=for_once.memo_key(profile),
    )


def resolve_in(config: Mapping[str, Any], profile: str, for_once: ForOnce | None = None) -> Resolved:
    """Do the same in a config that has been read, and write no memo."""
    narrowed = for_once.narrow(config, profile) if for_once else config
    return resolution.resolve_in(narrowed, profile, find_botocore)


def read_config(paths: Sequence[str] | None = None) -> dict[str, Any]:
    """Read the two files, by default those in use, as one config. Raises `ConfigFileError` and `EditError`."""
    config, credentials = settings.config_paths() if paths is None else paths
    texts = [store.read(Path(path)) for path in (config, credentials)]
    return sections.full_config(*texts, paths=(config, credentials))


def find_botocore() -> None:
    """Import awscli, which decides since 1.46 what `import botocore` means, and makes it work."""
    with contextlib.suppress(ImportError):
        import awscli  # noqa: F401
