"""What a rotation notes before each call that makes or replaces a key, so that the next one can complete it.

It holds ids of keys only, which are no secrets, in a private file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .. import settings
from ..errors import XacctError
from ..storage.directories import provide_private
from ..storage.files import replace
from ..storage.locks import locked
from ..storage.record import expand_path, read_private

_VERSION = 1


@dataclass
class RotationJournal:
    """The ids of keys that a rotation knows.

    known     the keys that there were before it made one
    replaced  the key that it replaces
    created   the key that it has made; None before that, or if it was killed between IAM's answer and the note
    """

    path: Path
    known: list[str] = field(default_factory=list)
    replaced: str | None = None
    created: str | None = None

    @classmethod
    @contextlib.contextmanager
    def open(cls, config: Path, profile: str, wait: float) -> Iterator[RotationJournal]:
        """Open the journal of a profile of a config file, locked to the end of the block.

        Waits for another process for up to `wait` seconds. Raises `BusyError`, and `XacctError` without a home.
        """
        directory = expand_path(settings.KEYS_DIRECTORY)
        if not directory:
            raise XacctError(
                "a rotation keeps its notes in your home directory, and there is none. Set it:\n"
                "  export HOME=DIRECTORY"
            )
        name = hashlib.sha256(json.dumps([str(config.absolute()), profile]).encode()).hexdigest()[:32]
        path = provide_private(Path(directory), settings.KEYS_KIND) / f"{name}.json"
        with locked(path, wait):
            yield cls(path, **_read(path))

    def note(self, **changes: Any) -> None:
        """Change the journal on disk, whole or not at all. Raises `OSError`."""
        for key, value in changes.items():
            setattr(self, key, value)
        content = {key: value for key, value in asdict(self).items() if key != "path"}
        replace(self.path, json.dumps({"version": _VERSION, **content}).encode("ascii"))


def _read(path: Path) -> dict[str, Any]:
    """Return the content of a journal; an unreadable one says nothing, so that no key is taken for our own."""
    try:
        found = json.loads(read_private(path) or b"{}")
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or found.pop("version", None) != _VERSION:
        return {}
    return {key: found[key] for key in ("known", "replaced", "created") if key in found}
