"""What a rotation notes before each call that makes or replaces a key, so that the next one can complete it.

It holds ids of keys only, which are no secrets, in a private file.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .. import settings
from ..errors import XacctError
from ..storage.directories import explain_obstacle, provide_private
from ..storage.files import replace, sweep
from ..storage.homes import choose_home, describe_missing_home
from ..storage.locks import locked
from ..storage.record import expand_path, read_private

_VERSION = 1
_LOCK_SECONDS = 300.0
"""How long to wait for another process that moves or replaces the same key."""


@dataclass
class RotationJournal:
    """What a rotation knows of the keys of its user.

    known       the ids of the keys that there were before it made one; empty if IAM has refused to make one
    noted       when that was, by IAM's clock, in seconds since the epoch
    replaced    the id of the key that it replaces
    created     the id of the key that it has made; None before that, or if it was killed before it could note it
    is_stored   whether that one has been written to where the replaced one rested
    is_retired  whether the replaced one has been disabled
    """

    path: Path
    known: list[str] = field(default_factory=list)
    noted: float = 0
    replaced: str | None = None
    created: str | None = None
    is_stored: bool = False
    is_retired: bool = False

    @classmethod
    def read(cls, config: Path, profile: str) -> "RotationJournal":
        """Return the journal of a profile of a config file. The caller holds the lock of `hold_key`."""
        path = _directory() / f"{_digest(os.path.realpath(config), profile)}.json"
        sweep(path.parent, path.name)
        return cls(path, **_read(path))

    def note(self, **changes: Any) -> None:
        """Change the journal on disk, whole or not at all. Raises `OSError`."""
        for key, value in changes.items():
            setattr(self, key, value)
        content = {key: value for key, value in asdict(self).items() if key != "path"}
        replace(self.path, json.dumps({"version": _VERSION, **content}).encode("ascii"), flush=True)


@contextlib.contextmanager
def hold_key(profile: str) -> Iterator[None]:
    """Hold the key of a profile to the end of the block: nobody else moves or rotates it meanwhile.

    It is the key of that profile of all config files, because they share the key store. Raises `BusyError`, and
    `XacctError` where there can be no notes.
    """
    with locked(_directory() / _digest(profile), _LOCK_SECONDS):
        yield


def _directory() -> Path:
    directory = expand_path(settings.KEYS_DIRECTORY)
    if not directory:
        raise XacctError(
            f"notes about keys are kept in your home directory, but {describe_missing_home()}. Set it:\n"
            f"  {choose_home()}"
        )
    try:
        return provide_private(Path(directory), settings.KEYS_KIND)
    except OSError as error:
        reason = explain_obstacle(Path(directory), error, is_cache=False)
        raise XacctError(f"notes about keys cannot be kept in {directory}: {reason}") from None


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode("ascii")).hexdigest()[:32]


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a journal; an unreadable one says nothing, so that no key is taken for our own."""
    try:
        found = json.loads(read_private(path) or b"{}")
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or found.pop("version", None) != _VERSION:
        return {}
    names = RotationJournal.__dataclass_fields__
    return {key: value for key, value in found.items() if key in names and key != "path"}
