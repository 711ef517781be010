"""A backend for keyring that keeps passwords in a file, for tests without a desktop, and that can be made to fail."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordSetError

PATH_VARIABLE = "XACCT_TEST_KEYRING"
LOCKED, READ_ONLY, FORGETFUL = "locked", "read-only", "forgetful"
"""What `XACCT_TEST_KEYRING_FAULT` may be."""


class FileKeyring(KeyringBackend):
    """Passwords by service and name, as JSON."""

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
        if os.environ.get("XACCT_TEST_KEYRING_FAULT") == READ_ONLY:
            raise PasswordSetError("no write access")
        if os.environ.get("XACCT_TEST_KEYRING_FAULT") != FORGETFUL:
            self._write({**self._read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        rest = self._read()
        del rest[f"{service}/{username}"]
        self._write(rest)

    def _check(self) -> None:
        if os.environ.get("XACCT_TEST_KEYRING_FAULT") == LOCKED:
            raise KeyringLocked("locked")

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
