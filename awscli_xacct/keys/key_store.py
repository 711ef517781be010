"""The key store of the operating system: Secret Service, macOS Keychain, Windows Credential Manager, or another one.

It is reached through keyring, an optional dependency that takes 65 ms to import. So this module is loaded by the
``xacct keys`` commands only, never by `aws` or by a command that finds its credentials in the cache.

A key that replaces another is written twice: first to an entry of its own, then over the old one. For no key store
promises to replace an entry at once (that of macOS is deleted and added again), and whoever is killed in between, or
refused, would have lost both keys.

https://keyring.readthedocs.io
"""

import contextlib
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from ..xacct_program import install_command
from .model import AccessKey, KeyStoreError, KeyStoreSilentError

_SERVICE, _NEXT = "awscli-xacct", "awscli-xacct-next"
"""The entry of a profile, and the one of a key that is about to replace it, read where that one is missing."""

MAX_SECONDS = 120.0
"""How long a key store may take, which may ask its owner for a password first."""


def _keyring_command() -> str:
    # Installed by pipx, or into an environment that is not active, it is not on the PATH.
    return "keyring" if shutil.which("keyring") else shlex.join([sys.executable, "-m", "keyring"])


class KeyStore:
    """The keys of all profiles, by profile, in the key store that keyring chooses for this system."""

    def __init__(self, max_seconds: float = MAX_SECONDS) -> None:
        """Raise `KeyStoreError` if there is no key store."""
        try:
            import keyring
            from keyring import errors
        except ImportError:
            raise KeyStoreError(
                f"the keyring package, which reaches the key store, is missing. Install it:\n"
                f"  {install_command('keyring')}"
            ) from None
        self._errors = errors
        self._max_seconds = max_seconds
        self.name = "the key store"
        self._backend: Any = self._ask(keyring.get_keyring)
        if self._ask(lambda: self._backend.priority <= 0):
            raise KeyStoreError(
                "this system has no key store, or it cannot be reached from here (over ssh, or without a desktop "
                f"session). See which ones keyring finds:\n  {_keyring_command()} --list-backends"
            )
        self.name = str(self._backend.name)
        """Such as ``SecretService Keyring``."""

    def read(self, profile: str) -> AccessKey | None:
        """Return the key of a profile, or None. Raises `KeyStoreError`."""
        is_spoilt = False
        for entry in (_SERVICE, _NEXT):
            text = self._get(entry, profile)
            if text is not None:
                try:
                    return AccessKey.from_document(text)
                except ValueError:
                    is_spoilt = True
        if not is_spoilt:
            return None
        raise KeyStoreError(
            f"what {self.name} has for profile {profile} is not an access key. Remove it:\n"
            f"  {self.removal_command(profile)}"
        )

    def write(self, profile: str, key: AccessKey) -> None:
        """Write the key of a profile, and read it back.

        Raises `KeyStoreError`. It has the old key then, or if not even that could be written again, the new one.
        `KeyStoreSilentError`: it has one of them.
        """
        text = key.to_document()
        old = self._get(_SERVICE, profile)
        if old == text:
            return
        try:
            if old is not None:
                self._set(_NEXT, profile, text)
            self._set(_SERVICE, profile, text)
        except KeyStoreSilentError:
            raise
        except BaseException:
            if self._put_back(profile, old) and old is not None:
                self._clear(_NEXT, profile)
            raise
        self._clear(_NEXT, profile)

    def delete(self, profile: str) -> None:
        """Delete the key of a profile, if there is one. Raises `KeyStoreError`."""
        for entry in (_NEXT, _SERVICE):
            self._delete(entry, profile)

    def removal_command(self, profile: str) -> str:
        """Return keyring's own command that deletes the key of a profile. Raises `KeyStoreError`."""
        entry = _NEXT if self._get(_SERVICE, profile) is None else _SERVICE
        return f"{_keyring_command()} {shlex.join(['del', entry, profile])}"

    def _put_back(self, profile: str, old: str | None) -> bool:
        """Return whether the entry of a profile is what it was, after writing it again if it is not."""
        try:
            if old is None:
                self._clear(_SERVICE, profile)
            elif self._get(_SERVICE, profile) != old:
                self._set(_SERVICE, profile, old)
        except KeyStoreError:
            return False
        return True

    def _clear(self, entry: str, profile: str) -> None:
        """Delete an entry that nobody needs; one that stays does no harm."""
        with contextlib.suppress(KeyStoreError):
            self._delete(entry, profile)

    def _delete(self, entry: str, profile: str) -> None:
        if self._get(entry, profile) is not None:
            self._ask(self._backend.delete_password, entry, profile, is_change=True)

    def _get(self, entry: str, profile: str) -> str | None:
        found: str | None = self._ask(self._backend.get_password, entry, profile)
        return found

    def _set(self, entry: str, profile: str, text: str) -> None:
        """Write an entry, and read it back. Raises `KeyStoreError`."""
        self._ask(self._backend.set_password, entry, profile, text, is_change=True)
        if self._get(entry, profile) != text:
            raise KeyStoreError(
                f"{self.name} did not keep the key of profile {profile}. See which other ones keyring finds:\n"
                f"  {_keyring_command()} --list-backends"
            )

    def _ask(self, call: Callable[..., Any], *words: str, is_change: bool = False) -> Any:
        """Call the backend, and turn what it raises, and endless waiting, into a `KeyStoreError`.

        It may wait in C for a dialog that nobody sees, out of the reach of Ctrl-C, so it runs in a thread of its own.
        A change is waited for even then, because it is known only afterwards what there is to undo.
        """
        answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

        def run() -> None:
            try:
                answers.put((call(*words), None))
            except BaseException as error:  # noqa: BLE001 - a backend raises whatever its bus or its system does
                answers.put((None, error))

        Thread(target=run, daemon=True).start()
        try:
            try:
                found, error = answers.get(timeout=self._max_seconds)
            except KeyboardInterrupt:
                if is_change:
                    self._settle(answers)
                raise
        except Empty:
            raise KeyStoreSilentError(
                f"{self.name} has not answered within {self._max_seconds:g} s. It may be waiting for its password. "
                f"Unlock it, then run the command again"
            ) from None
        if error is None:
            return found
        if isinstance(error, self._errors.KeyringLocked):
            raise KeyStoreError("the key store is locked. Unlock it, then run the command again")
        raise KeyStoreError(f"the key store failed: {self._describe(error, words)}")

    def _settle(self, answers: SimpleQueue[Any]) -> None:
        """Wait for the end of a call. Raises `Empty`, also if that is interrupted."""
        try:
            answers.get(timeout=self._max_seconds)
        except KeyboardInterrupt:
            raise Empty from None

    def _describe(self, error: BaseException, words: Sequence[str]) -> str:
        """Return the text of an error of keyring, which is for people. That of others may quote what it was given."""
        text = str(error)
        is_told = isinstance(error, self._errors.KeyringError)
        for document in words[2:]:
            with contextlib.suppress(ValueError):
                is_told = is_told and AccessKey.from_document(document).secret not in text
        return text if is_told else type(error).__name__
