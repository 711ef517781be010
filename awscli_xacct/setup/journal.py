"""What `setup` has made for a profile, so that it can be completed, and taken back, and nothing else is.

An entry is written before the call it is about: a process that is killed, or an answer that is lost, leaves
an entry too many and never one too few. Whoever takes things back compares each entry with what is there.

The kinds of entry, by ``kind``, and what else they hold:

    role        name, mark (part of the description it was made with), id (once it is known)
    trust       statements that were added to the role's trust policy
    attachment  arn of a policy that was attached to the role
    maximum     before and after, in seconds
    caller      owner and policy (names), statements that were added, made (whether the policy is new)
    profile     before and after (options; None is not there), made (whether the profile is new)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import settings
from ..errors import XacctError
from ..storage.directories import provide_private
from ..storage.files import replace
from ..storage.locks import locked
from ..storage.record import expand_path, locate_private, read_private

Entry = dict[str, Any]

_VERSION = 1
_WAIT = 1.0
"""Seconds to wait for another setup of the same profile, which may be asking a person."""


class Journal:
    """The entries of one profile. `about` says what they are about: role, accounts, profiles."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.about: dict[str, Any] = {}
        self.entries: list[Entry] = []

    @classmethod
    @contextlib.contextmanager
    def opened(cls, config: Path, profile: str) -> Iterator[Journal]:
        """The journal of a profile of a config file; no other process has it until the end of the block.

        Raises `XacctError`: `BusyError`, or that it cannot be believed.
        """
        directory = expand_path(settings.SETUP_DIRECTORY)
        if not directory:
            raise XacctError(
                "setup notes what it makes in your home directory, and there is none. Name it: export HOME=DIRECTORY"
            )
        name = hashlib.sha256(json.dumps([str(config.absolute()), profile]).encode()).hexdigest()[:32]
        journal = cls(Path(locate_private(directory, settings.SETUP_KIND)) / f"{name}.json")
        with locked(Path(directory) / journal.path.name, _WAIT):
            journal._read()
            yield journal

    def find(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry["kind"] == kind]

    def statements(self, kind: str) -> list[Any]:
        """The statements that were added by entries of a kind."""
        return [statement for entry in self.find(kind) for statement in entry["statements"]]

    def add(self, entry: Entry) -> None:
        """Note what is about to be made; a second entry about the same thing takes the place of the first."""
        self.entries = [*(each for each in self.entries if _thing(each) != _thing(entry)), entry]
        self._write()

    def remove(self, entry: Entry) -> None:
        """Forget an entry; the file goes with the last one."""
        self.entries = [each for each in self.entries if each != entry]
        self._write()

    def restore(self, entries: list[Entry]) -> None:
        """Hold what it held before: nothing was made after all."""
        self.entries = entries
        self._write()

    def _read(self) -> None:
        try:
            data = read_private(self.path)
            if data is None:
                return
            held = json.loads(data)
            if held["version"] != _VERSION:
                raise ValueError("another version of this plugin has written it")
            self.about, self.entries = dict(held["about"]), [dict(entry) for entry in held["entries"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise XacctError(
                f"{self.path} says what setup has made and cannot be read: {error}. Look at it; without it "
                f"setup takes nothing back"
            ) from None

    def _write(self) -> None:
        try:
            if not self.entries:
                self.path.unlink(missing_ok=True)
                return
            directory = provide_private(Path(expand_path(settings.SETUP_DIRECTORY)), settings.SETUP_KIND)
            self.path = directory / self.path.name
            held = {"version": _VERSION, "about": self.about, "entries": self.entries}
            replace(self.path, json.dumps(held, indent=1).encode())
        except OSError as error:
            raise XacctError(
                f"{self.path} cannot be written: {error.strerror or error}. Setup notes there what it makes, "
                f"and makes nothing that it cannot note"
            ) from None


def _thing(entry: Entry) -> tuple[Any, ...]:
    """What an entry is about; a role has one trust policy and one maximum."""
    return entry["kind"], entry.get("arn"), entry.get("owner"), entry.get("policy")
