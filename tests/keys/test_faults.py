"""A key store, a disk and an IAM that fail in the middle: the key is somewhere, and works."""

from __future__ import annotations

import json
from pathlib import Path

import keyring.core
import pytest

from awscli_xacct.keys.key_store import KeyStore
from awscli_xacct.keys.model import AccessKey, KeyStoreError, KeyStoreSilentError
from tests.sts import User
from tests.support import file_keyring
from tests.support.commands import WHOAMI, respecting_modes, run
from tests.support.home import XACCT, Home

from .conftest import KeyStoreFile

STORE, RESTORE, ROTATE = (("keys", action, "default", "--yes") for action in ("store", "restore", "rotate"))
FAULTS = [
    file_keyring.LOCKED,
    file_keyring.READ_ONLY,
    file_keyring.FORGETFUL,
    file_keyring.TRUNCATING,
    file_keyring.SWAPPING,
    file_keyring.BROKEN,
    file_keyring.GONE,
]


def broken(fault: str) -> dict[str, str]:
    return {file_keyring.FAULT_VARIABLE: fault}


def in_store(home: Home) -> tuple[str, str]:
    """Return the id and the secret that the profile gets from the key store."""
    outcome = home.xacct("keys", "get", "default")
    assert outcome.code == 0, outcome
    key = json.loads(outcome.stdout)
    return key["AccessKeyId"], key["SecretAccessKey"]


def active(user: User) -> list[tuple[str, str]]:
    return [(key.id, key.secret) for key in user.keys if key.active]


@pytest.mark.parametrize("fault", FAULTS)
def test_key_store_that_fails_in_a_rotation_has_a_key_that_works(
    home: Home, user: User, key_store: KeyStoreFile, fault: str
) -> None:
    assert home.xacct(*STORE).code == 0
    outcome = home.xacct(*ROTATE, environment=broken(fault))
    assert outcome.code == 253
    assert "Traceback" not in outcome.stderr
    assert not any(key.secret in f"{outcome}" for key in user.keys)
    assert in_store(home) in active(user)
    assert home.xacct(*ROTATE).code == 0
    assert [in_store(home)] == active(user)
    assert [*json.loads(key_store.path.read_text("utf-8"))] == ["awscli-xacct/default"]


@pytest.mark.parametrize("fault", FAULTS)
def test_key_store_that_fails_in_a_move_leaves_everything_as_it_was(
    home: Home, user: User, key_store: KeyStoreFile, fault: str
) -> None:
    before = home.config.read_bytes(), home.credentials.read_bytes()
    outcome = home.xacct(*STORE, environment=broken(fault))
    assert outcome.code == 253
    assert user.secret_key not in f"{outcome}"
    assert (home.config.read_bytes(), home.credentials.read_bytes()) == before
    assert home.xacct(*STORE).code == 0
    assert key_store.ids() == {"default": user.access_key}


def test_key_store_that_is_gone_while_a_key_is_restored_is_cleared_by_the_next_run(
    home: Home, user: User, key_store: KeyStoreFile
) -> None:
    assert home.xacct(*STORE).code == 0
    content = key_store.path.read_bytes()
    assert home.xacct(*RESTORE).code == 0
    key_store.path.write_bytes(content)  # as if it had been killed before its last step
    outcome = home.xacct(*RESTORE)
    assert (outcome.code, outcome.stdout) == (0, f"the key of profile default is in {home.credentials}\n")
    assert key_store.ids() == {}
    assert user.secret_key in home.credentials.read_text("utf-8")


def test_key_in_the_file_that_is_another_one_leaves_the_key_store_alone(
    home: Home, user: User, key_store: KeyStoreFile
) -> None:
    """The file may have been written by hand, or be an old backup: the key store may have the only one that works."""
    assert home.xacct(*STORE).code == 0
    home.credentials.write_text(
        "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n", "utf-8"
    )
    before = home.config.read_bytes(), home.credentials.read_bytes(), key_store.path.read_bytes()
    for command in (RESTORE, STORE, ROTATE):
        outcome = home.xacct(*command)
        assert outcome.code == 253, command
        assert (
            home.config.read_bytes(),
            home.credentials.read_bytes(),
            key_store.path.read_bytes(),
        ) == before
    assert user.access_key in home.xacct(*RESTORE).stderr
    fix = home.xacct(*RESTORE).lines[-1].split()
    assert fix[-3:] == ["del", "awscli-xacct", "default"]


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyStore:
    """A key store that waits for a password that nobody enters, whenever something is written."""
    monkeypatch.setenv(file_keyring.PATH_VARIABLE, str(tmp_path / "store.json"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.support.file_keyring.FileKeyring")
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    KeyStore().write("default", AccessKey("AKIAIOSFODNN7EXAMPLE", "old"))
    monkeypatch.setenv(file_keyring.FAULT_VARIABLE, file_keyring.SILENT)
    return KeyStore(0.5)


def test_key_store_that_does_not_answer_is_given_up_with_a_key_in_it(silent: KeyStore) -> None:
    with pytest.raises(KeyStoreSilentError, match=r"^Test Keyring has not answered within 0.5 s\. "):
        silent.write("default", AccessKey("AKIAI44QH8DHBEXAMPLE", "new"))
    assert silent.read("default") == AccessKey("AKIAI44QH8DHBEXAMPLE", "new")


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_key_store_that_keeps_nothing_is_none(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    with pytest.raises(KeyStoreError, match=r"^this system has no key store"):
        KeyStore()


# -- the disk ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [STORE, RESTORE, ROTATE], ids=lambda words: words[1])
def test_directory_that_cannot_be_written_keeps_the_key(
    home: Home, user: User, key_store: KeyStoreFile, command: tuple[str, ...]
) -> None:
    if command == RESTORE:
        assert home.xacct(*STORE).code == 0
    before = home.config.read_bytes(), home.credentials.read_bytes(), key_store.ids()
    home.aws_dir.chmod(0o500)
    outcome = run(home, *respecting_modes(), str(XACCT), *command)
    home.aws_dir.chmod(0o700)
    assert outcome.code == 255
    assert "Traceback" not in outcome.stderr
    assert (home.config.read_bytes(), home.credentials.read_bytes(), key_store.ids()) == before
    assert active(user) == [(user.access_key, user.secret_key)]
    assert home.aws(*WHOAMI).code == 0
