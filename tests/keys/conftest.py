"""A key store in a file, and a home whose programs use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.file_keyring import PATH_VARIABLE
from tests.support.home import XACCT, Home

ROOT = Path(__file__).resolve().parents[2]


class KeyStoreFile:
    """What the key store holds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ids(self) -> dict[str, str]:
        """Return the ids of the keys by profile."""
        found = json.loads(self.path.read_text("utf-8")) if self.path.exists() else {}
        return {name.partition("/")[2]: json.loads(text)["AccessKeyId"] for name, text in found.items()}


@pytest.fixture
def key_store(home: Home) -> KeyStoreFile:
    """The key store of `home`, and `xacct` on its PATH."""
    path = home.path / "key-store.json"
    # Not by PYTHON_KEYRING_BACKEND and PYTHONPATH, with which no command could be forked.
    config = home.path / ".config" / "python_keyring" / "keyringrc.cfg"
    config.parent.mkdir(parents=True)
    config.write_text(
        f"[backend]\ndefault-keyring = tests.support.file_keyring.FileKeyring\nkeyring-path = {ROOT}\n",
        "utf-8",
    )
    home.environment.update(
        {PATH_VARIABLE: str(path), "PATH": f"{XACCT.parent}{os.pathsep}{os.environ['PATH']}"}
    )
    return KeyStoreFile(path)
