"""The journal of what `setup` made for a profile, so that this can be completed and undone, and nothing else is.

An entry is written before the call it is about: a killed process or a lost answer leaves one entry too many and never
one too few. Undoing compares each entry with what exists.

The kinds of entry, by ``kind``, and what else they have:

    role        name, mark (in the description it was created with), id (once it is known)
    trust       statements added to the role's trust policy
    attachment  arn of a policy attached to the role
    maximum     before and after, in seconds
    caller      owner and policy (names), statements added, made (whether the policy is new)
    profile     before and after (options; None for a missing one), made (whether the profile is new)
"""

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
from ..storage.homes import choose_home, describe_missing_home
from ..storage.locks import locked
from ..storage.record import expand_path, locate_private, read_private

JournalEntry = dict[str, Any]

_VERSION = 1
_WAIT = 1.0
"""Seconds to wait for another setup of the same profile, which may be asking a person."""


class Journal:
    """The entries of one profile. `metadata` names the role, accounts and profiles that they are about."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metadata: dict[str, Any] = {}
        self.entries: list[JournalEntry] = []

    @classmethod
    @contextlib.contextmanager
    def open(cls, config: Path, profile: str) -> "Iterator[Journal]":
        """Open the journal of a profile of a config file, locked against other processes to the end of the block.

        Raises `XacctError` if it cannot be read, and `BusyError`.
        """
        directory = expand_path(settings.SETUP_DIRECTORY)
        if not directory:
            raise XacctError(
                f"setup keeps its journal in your home directory, but {describe_missing_home()}. "
                f"Set it: {choose_home()}"
            )
        name = hashlib.sha256(json.dumps([str(config.absolute()), profile]).encode()).hexdigest()[:32]
        journal = cls(Path(locate_private(directory, settings.SETUP_KIND)) / f"{name}.json")
        with locked(Path(directory) / journal.path.name, _WAIT):
            journal._read()
            yield journal

    def find(self, kind: str) -> list[JournalEntry]:
        return [entry for entry in self.entries if entry["kind"] == kind]

    def first(self, kind: str) -> JournalEntry | None:
        return next(iter(self.find(kind)), None)

    def statements(self, kind: str) -> list[Any]:
        """Return the statements added by entries of a kind."""
        return [statement for entry in self.find(kind) for statement in entry["statements"]]

    def add(self, entry: JournalEntry) -> None:
        """Add an entry for what is about to be made; it replaces an earlier one about the same thing."""
        self.entries = [*(each for each in self.entries if _subject(each) != _subject(entry)), entry]
        self._write()

    def remove(self, entry: JournalEntry) -> None:
        """Take an entry out; the file is deleted with the last one."""
        self.entries = [each for each in self.entries if each != entry]
        self._write()

    def restore(self, entries: list[JournalEntry]) -> None:
        """Restore the entries from before `add`: nothing was made after all."""
        self.entries = entries
        self._write()

    def _read(self) -> None:
        try:
            data = read_private(self.path)
            if data is None:
                return
            held = json.loads(data)
            if held["version"] != _VERSION:
                raise ValueError("written by another version of this plugin")
            self.metadata, self.entries = dict(held["about"]), [dict(entry) for entry in held["entries"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise XacctError(
                f"cannot read setup's journal {self.path}: {error}. Look at the file: "
                "without it, setup can undo nothing"
            ) from None

    def _write(self) -> None:
        try:
            if not self.entries:
                self.path.unlink(missing_ok=True)
                return
            directory = provide_private(Path(expand_path(settings.SETUP_DIRECTORY)), settings.SETUP_KIND)
            self.path = directory / self.path.name
            held = {"version": _VERSION, "about": self.metadata, "entries": self.entries}
            replace(self.path, json.dumps(held, indent=1).encode())
        except OSError as error:
            raise XacctError(
                f"cannot write setup's journal {self.path}: {error.strerror or error}. Nothing is changed that "
                f"cannot be recorded there"
            ) from None


def _subject(entry: JournalEntry) -> tuple[Any, ...]:
    """Return what identifies the subject of an entry; a role has one trust policy and one maximum."""
    return entry["kind"], entry.get("arn"), entry.get("owner"), entry.get("policy")
