"""A backend for keyring that keeps passwords in a file, for tests without a desktop, and that can be made to fail."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordSetError

PATH_VARIABLE, FAULT_VARIABLE = "XACCT_TEST_KEYRING", "XACCT_TEST_KEYRING_FAULT"
LOCKED, READ_ONLY, FORGETFUL, TRUNCATING = "locked", "read-only", "forgetful", "truncating"
SWAPPING, BROKEN, GONE, SILENT = "swapping", "broken", "gone", "silent"
"""What the fault may be. READ_ONLY and SILENT: it has deleted the entry before it finds that it cannot add it again."""


class FileKeyring(KeyringBackend):
    """Passwords by service and name, as JSON. An entry is replaced in two steps, as in the Keychain of macOS."""

    priority = 1

    @property
    def name(self) -> str:
        return "Test Keyring"

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        found: str | None = self._read().get(f"{service}/{username}")
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        name, rest = f"{service}/{username}", self._read()
        fault = os.environ.get(FAULT_VARIABLE)
        replaces = rest.pop(name, None) is not None
        if replaces:
            self._write(rest)
        if fault == READ_ONLY:
            raise PasswordSetError("no write access")
        if fault == BROKEN:
            raise RuntimeError(f"cannot send {password} over the bus")
        if fault == SILENT and replaces:
            threading.Event().wait()
        if fault != FORGETFUL:
            kept = {TRUNCATING: password[:-5], SWAPPING: password.replace("AKIA", "AKIB")}
            self._write({**rest, name: kept.get(str(fault), password)})

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        rest = self._read()
        del rest[f"{service}/{username}"]
        self._write(rest)

    def _check(self) -> None:
        if os.environ.get(FAULT_VARIABLE) == LOCKED:
            raise KeyringLocked("locked")
        if os.environ.get(FAULT_VARIABLE) == GONE:
            raise ConnectionRefusedError("the bus is gone")

    @property
    def _path(self) -> Path:
        return Path(os.environ[PATH_VARIABLE])

    def _read(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        return found

    def _write(self, content: dict[str, str]) -> None:
        temporary = self._path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(content), "utf-8")
        temporary.replace(self._path)
