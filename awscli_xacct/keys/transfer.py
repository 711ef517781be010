"""Move a key from a file into the key store, and back.

At any moment at least one place has a key that works, and the place that is asked first has the right one: botocore
prefers the lines of a file to a ``credential_process``. So the way into the key store ends with removing the lines,
and the way back begins with writing them. Interrupted anywhere, either can be run again.
"""

import contextlib
import subprocess
from typing import TYPE_CHECKING

from .. import settings
from ..errors import ProfileError, XacctError
from ..messages import describe_end, profile_option
from ..profiles.credential_process import gets_key_of, split_command
from ..profiles.key_places import FILE, PROGRAM
from .key_store import MAX_SECONDS, KeyStore
from .model import AccessKey, KeyChangedError, KeyStoreError
from .place import Files, Place, find_place, remove_key, set_option, write_key

if TYPE_CHECKING:
    from .clients import KeyClients  # loads botocore, which is not there before awscli is

_GET_SECONDS = MAX_SECONDS + 30


def store_key(
    place: Place, key: AccessKey, files: Files, key_store: KeyStore, clients: "KeyClients", command: str
) -> None:
    """Move the key of a profile from the file at `place` into the key store.

    It is proved to work, as the profile's ``credential_process`` prints it, before the lines are removed from the
    file. If that fails, everything is as it was. `command` is that ``credential_process``. Raises `XacctError` and
    botocore's errors. The caller holds the key.
    """
    profile = place.profile
    known = key_store.read(profile)
    if known not in (None, key):
        raise KeyStoreError(
            f"{key_store.name} has another key of a profile {profile} already: {known.id}. If no other config file "
            f"needs it either, remove it:\n  {key_store.removal_command(profile)}"
        )
    try:
        key_store.write(profile, key)
        set_option(profile, files, settings.CREDENTIAL_PROCESS, command)
        _prove(command, key)
        clients.caller_arn(key)
        remove_key(place, key)
    except BaseException:
        with contextlib.suppress(Exception):  # what is left of a move is completed by the next one
            _undo_storing(place, key, files, key_store)
        raise


def _undo_storing(place: Place, key: AccessKey, files: Files, key_store: KeyStore) -> None:
    """Undo a move into the key store, unless its copy is the last one, because the file was edited meanwhile."""
    found, in_file = find_place(place.profile, files)
    if found.kind == FILE:
        set_option(place.profile, files, settings.CREDENTIAL_PROCESS, None)
        if in_file == key:
            key_store.delete(place.profile)


def restore_key(place: Place, key: AccessKey, files: Files, key_store: KeyStore) -> Place:
    """Move the key of a profile from the key store back into the credentials file. Return the file as a place.

    Raises `XacctError`. The caller holds the key.
    """
    file = Place(place.profile, FILE, files.credentials, place.profile)
    write_key(file, key, None)
    finish_restoring(file, key, files, key_store)
    return file


def is_half_moved(place: Place, command: str) -> bool:
    """Return whether a move of this key was interrupted: it is in the file, and the profile asks the key store."""
    return place.kind == FILE and gets_key_of(command, place.profile)


def finish_restoring(place: Place, key: AccessKey, files: Files, key_store: KeyStore) -> None:
    """Complete an interrupted move into the file at `place`, where the key is already.

    Raises `XacctError`, and leaves alone what the key store has, if that is not the key in the file.
    """
    profile = place.profile
    stored = key_store.read(profile)
    if stored not in (None, key):
        raise KeyStoreError(
            f"{key_store.name} has another key of profile {profile} than {place.path}: {stored.id}. If nothing needs "
            f"it, remove it:\n  {key_store.removal_command(profile)}"
        )
    if find_place(profile, files) != (place, key):
        raise KeyChangedError(f"{place.path} has another key of profile {profile} by now")
    set_option(profile, files, settings.CREDENTIAL_PROCESS, None)
    key_store.delete(profile)


def require_stored(profile: str, key_store: KeyStore) -> AccessKey:
    """Return the key that the key store has for a profile. Raises `KeyStoreError` if it has none."""
    key = key_store.read(profile)
    if key is None:
        raise KeyStoreError(
            f"{key_store.name} has no key of profile {profile}. Write a new one to the credentials file:\n"
            f"  aws configure set {settings.CREDENTIAL_PROCESS} '' {profile_option(profile)}\n"
            f"  aws configure {profile_option(profile)}"
        )
    return key


def check_not_elsewhere(place: Place) -> None:
    """Raise `ProfileError` if another program keeps the key: only that program can move or replace it."""
    if place.kind == PROGRAM:
        text = (
            f"a program keeps the key of profile {place.profile}: its credential_process runs {place.program}"
        )
        raise ProfileError(place.profile, text, f"use {place.program} for that")


def _prove(command: str, key: AccessKey) -> None:
    """Run a ``credential_process``, and raise `XacctError` unless it prints the key."""
    reason = "it printed another key"
    try:
        done = subprocess.run(  # noqa: S603 - the command that was just written
            split_command(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=_GET_SECONDS,
            check=False,
        )
        if done.returncode:
            reason = f"it {describe_end(done.returncode)}"
        elif AccessKey.from_document(done.stdout) == key:
            return
    except OSError as error:
        reason = f"it cannot be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        reason = f"it did not end within {_GET_SECONDS} s"
    except ValueError:
        reason = "it printed no key"
    raise XacctError(f"the new credential_process does not work: {command}: {reason}. Nothing was changed")
