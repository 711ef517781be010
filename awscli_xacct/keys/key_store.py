"""The key store of the operating system: Secret Service, macOS Keychain, Windows Credential Manager, or another one.

It is reached through keyring, an optional dependency that takes 65 ms to import. So this module is loaded by the
``xacct keys`` commands only, never by `aws` or by a command that finds its credentials in the cache.

https://keyring.readthedocs.io
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .model import AccessKey, KeyStoreError

_SERVICE = "awscli-xacct"
_INSTALL = "Install it, into the environment of xacct:\n  pip install 'awscli-xacct[keyring]'"


def removal_command(profile: str) -> str:
    """Return keyring's own command that deletes the key of a profile."""
    return shlex.join(["keyring", "del", _SERVICE, profile])


class KeyStore:
    """The keys of all profiles, by profile, in the key store that keyring chooses for this system."""

    def __init__(self) -> None:
        """Raise `KeyStoreError` if there is no key store."""
        try:
            import keyring
            from keyring import errors
        except ImportError:
            raise KeyStoreError(
                f"the keyring package, which reaches the key store, is missing. {_INSTALL}"
            ) from None
        self._errors = errors
        with self._explained():
            self._backend: Any = keyring.get_keyring()
        if self._backend.priority <= 0:
            raise KeyStoreError(
                "this system has no key store, or it cannot be reached from here (over ssh, or without a desktop "
                "session). See which ones keyring finds:\n  keyring --list-backends"
            )

    @property
    def name(self) -> str:
        """The key store's name, such as ``SecretService Keyring``."""
        return str(self._backend.name)

    def read(self, profile: str) -> AccessKey | None:
        """Return the key of a profile, or None. Raises `KeyStoreError`."""
        with self._explained():
            text = self._backend.get_password(_SERVICE, profile)
        if text is None:
            return None
        try:
            return AccessKey.from_document(text)
        except ValueError:
            raise KeyStoreError(
                f"what {self.name} has for profile {profile} is not an access key. Remove it:\n"
                f"  {removal_command(profile)}"
            ) from None

    def write(self, profile: str, key: AccessKey) -> None:
        """Write the key of a profile, and read it back. Raises `KeyStoreError`."""
        with self._explained():
            self._backend.set_password(_SERVICE, profile, key.to_document())
        if self.read(profile) != key:
            raise KeyStoreError(f"{self.name} did not keep the key of profile {profile}")

    def delete(self, profile: str) -> None:
        """Delete the key of a profile, if there is one. Raises `KeyStoreError`."""
        if self.read(profile) is not None:
            with self._explained():
                self._backend.delete_password(_SERVICE, profile)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what a key store raises into a `KeyStoreError`."""
        try:
            yield
        except self._errors.KeyringLocked:
            raise KeyStoreError("the key store is locked. Unlock it, then run the command again") from None
        except self._errors.KeyringError as error:
            raise KeyStoreError(f"the key store failed: {error}") from None
        except Exception as error:  # noqa: BLE001 - a backend raises whatever its bus or its system does
            raise KeyStoreError(f"the key store failed: {type(error).__name__}") from None
