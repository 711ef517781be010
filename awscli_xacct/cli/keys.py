"""``xacct keys``: where long-term keys rest, moving them into the system's key store and back, and rotating them."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import settings
from ..confirm import Change, Consent, confirm_and_apply
from ..errors import ProfileError, UsageError
from ..keys.journal import hold_key
from ..keys.key_store import KeyStore
from ..keys.model import AccessKey, KeyChangedError, KeyStoreError
from ..keys.place import Files, Place, find_place, find_sharers, no_key, write_key
from ..keys.transfer import (
    check_not_elsewhere,
    finish_restoring,
    is_half_moved,
    require_stored,
    restore_key,
    store_key,
)
from ..messages import listed, print_message
from ..profiles.cache_keys import keeps_history
from ..profiles.credential_process import make_key_command
from ..profiles.key_places import FILE, KEY_STORE
from ..xacct_program import find_program
from .key_status import explaining_refusals, make_clients, show_status
from .output import add_format_options, print_result
from .resolve import read_config

HELP = "Show where long-term keys rest, keep them in the system's key store, and rotate them."
EXAMPLES = """\
  xacct keys status                where each key rests, its age, and its last use
  xacct keys store default         move the key of a profile from the credentials file into the key store
  xacct keys restore default       move it back
  xacct keys rotate default        make a new key and disable the old one
  xacct keys rotate default --yes --delete-old
  xacct keys get default           print it, as the profile's credential_process"""

_ACTIONS = ("status", "store", "restore", "rotate", "get")
_LOCK_SECONDS = 300.0
_ROTATE = "xacct keys rotate"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", metavar="ACTION", choices=_ACTIONS, help="one of %(choices)s")
    parser.add_argument("profile", metavar="PROFILE", nargs="?", help="the profile with the key")
    parser.add_argument("--yes", action="store_true", help="do not ask (store, restore, rotate)")
    parser.add_argument(
        "--delete-old",
        action="store_true",
        help="delete the old key at once, not with the next rotation (rotate)",
    )
    add_format_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run one of the actions."""
    action: str = options.action
    for name, unused, actions in (
        ("output", "text", ("status",)),
        ("delete_old", False, ("rotate",)),
        ("yes", False, ("store", "restore", "rotate")),
    ):
        if getattr(options, name) != unused and action not in actions:
            raise UsageError(
                f"--{name.replace('_', '-')} has no meaning with {action}. See: xacct keys --help"
            )
    if action == "status":
        return show_status(options.profile, as_json=options.output == "json")
    if not options.profile:
        raise UsageError(f"no profile given: xacct keys {action} PROFILE")
    if action == "get":
        print_result(f"{require_stored(options.profile, KeyStore()).to_document()}\n")
        return 0
    consent = Consent.given_in(options)
    if action == "store":
        return _store(options.profile, consent)
    if action == "restore":
        return _restore(options.profile, consent)
    return _rotate(options.profile, consent, delete_old=options.delete_old)


# -- store and restore -------------------------------------------------------------------------------------------------


def _store(profile: str, consent: Consent) -> int:
    files = Files.current()
    place, key = find_place(profile, files)
    check_not_elsewhere(place)
    if place.kind == KEY_STORE:
        key_store = KeyStore()
        require_stored(profile, key_store)
        print_message(f"the key of profile {profile} is in {key_store.name} already")
        return 0
    if key is None:
        raise no_key(place)
    own = _program_of(profile)
    if own and not is_half_moved(place, own):
        text = f"profile {profile} has a credential_process beside its key: {own}"
        raise ProfileError(profile, text, "remove one of the two")
    key_store = KeyStore()

    def apply() -> int:
        command = make_key_command(find_program(), profile)
        with explaining_refusals(profile), _holding(place, key, files):
            store_key(place, key, files, key_store, make_clients(profile), command)
        print_result(f"the key {key.id} of profile {profile} is in {key_store.name} now\n")
        for other in find_sharers(place, key, files):
            print_message(f"profile {other} has the same key, which is still in the clear")
        return 0

    return _confirm(
        f"Move the key {key.id} of profile {profile} from {place.path} into {key_store.name}?", apply, consent
    )


def _restore(profile: str, consent: Consent) -> int:
    files = Files.current()
    place, key = find_place(profile, files)
    check_not_elsewhere(place)
    if place.kind not in (FILE, KEY_STORE):
        raise no_key(place)
    if key is not None:
        return _finish_restoring(place, key, files, consent)
    key_store = KeyStore()
    stored = require_stored(profile, key_store)

    def apply() -> int:
        with _holding(place, None, files):
            if require_stored(profile, key_store) != stored:
                raise _changed(profile)
            file = restore_key(place, stored, files, key_store)
        print_result(f"the key {stored.id} of profile {profile} is in {file.path} now\n")
        _warn_of_readers(file.path)
        return 0

    where = f"from {key_store.name} into {files.credentials}, in the clear"
    question = f"Move the key {stored.id} of profile {profile} {where}?"
    return _confirm(question, apply, consent)


def _finish_restoring(place: Place, key: AccessKey, files: Files, consent: Consent) -> int:
    """Complete a move into a file, where the key is; wherever it was interrupted, the key store may have it, too."""
    profile = place.profile
    is_half = is_half_moved(place, _program_of(profile))
    key_store = None
    with contextlib.nullcontext() if is_half else contextlib.suppress(KeyStoreError):
        key_store = KeyStore()
        is_half = is_half or key_store.read(profile) == key
    if key_store is None or not is_half:
        print_message(f"the key of profile {profile} is in {place.path} already")
        return 0
    known = key_store

    def finish() -> int:
        with _holding(place, key, files):
            finish_restoring(place, key, files, known)
        print_result(f"the key of profile {profile} is in {place.path}\n")
        return 0

    return _confirm(f"Remove the key of profile {profile} from {known.name}?", finish, consent)


def _program_of(profile: str) -> str:
    return str(read_config()["profiles"][profile].get(settings.CREDENTIAL_PROCESS) or "")


@contextlib.contextmanager
def _holding(place: Place, key: AccessKey | None, files: Files) -> Iterator[None]:
    """Hold a profile's key in the block. Raises `KeyChangedError` if it is not where it was by now."""
    with hold_key(place.profile, _LOCK_SECONDS):
        if find_place(place.profile, files) != (place, key):
            raise _changed(place.profile)
        yield


def _changed(profile: str) -> KeyChangedError:
    return KeyChangedError(
        f"the key of profile {profile} was moved or replaced meanwhile. See where it is:\n"
        f"  xacct keys status {shlex.quote(profile)}"
    )


def _warn_of_readers(path: Path) -> None:
    """Say so if other users can read a file that has a key now. Its mode is the user's business."""
    if os.name != "nt" and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        print_message(f"other users can read {path}. To stop that:\n  chmod 600 {shlex.quote(str(path))}")


# -- rotate ------------------------------------------------------------------------------------------------------------


def _rotate(profile: str, consent: Consent, *, delete_old: bool) -> int:
    files = Files.current()
    place, key = locate_key(profile, files)
    if is_half_moved(place, _program_of(profile)):
        raise ProfileError(
            profile,
            f"the key of profile {profile} was on its way into the key store or back",
            f"complete that first:\n  xacct keys store {shlex.quote(profile)}",
        )
    sharers = find_sharers(place, key, files)

    def apply() -> int:
        from ..keys.journal import RotationJournal
        from ..keys.rotation import Rotation

        with explaining_refusals(profile), hold_key(profile, _LOCK_SECONDS):
            place, current = locate_key(profile, files)
            if current != key:
                print_message(
                    f"another process has rotated the key of profile {profile} meanwhile: it is {current.id}"
                )
                return 0

            def store(new: AccessKey) -> None:
                if place.kind == FILE:
                    write_key(place, new, current.id)
                else:
                    KeyStore().write(profile, new)

            rotation = Rotation(
                make_clients(profile),
                current,
                RotationJournal.read(files.config, profile),
                store,
                lambda: _find_id(profile, files),
                print_message,
            )
            new = rotation.run(delete_old=delete_old)
            _record(profile, new)
        old = "" if new == key else f"; {key.id} is {'deleted' if delete_old else 'disabled'}"
        print_result(f"the key of profile {profile} is {new.id}, in {place}{old}\n")
        for other in find_sharers(place, key, files) if new != key else ():
            print_message(f"profile {other} still has the old key, {key.id}. Give it the new one")
        if place.kind == FILE:
            _warn_of_readers(place.path)
        return 0

    others = f" (and of {listed(sharers)})" if sharers else ""
    question = f"Replace the key {key.id} of profile {profile}{others}, in {place}, with a new one?"
    return _confirm(question, apply, consent)


def _find_id(profile: str, files: Files) -> str | None:
    """Return the id of the key that a profile has by now; None if it has none. Raises `XacctError`."""
    try:
        return locate_key(profile, files)[1].id
    except ProfileError:
        return None


def _record(profile: str, key: AccessKey) -> None:
    """Note a rotation in the history, without the key's secret. Whatever fails here, the key is in use."""
    from ..history import log
    from ..history.entry import Entry, format_time

    with contextlib.suppress(OSError, ProfileError):
        if keeps_history(read_config(), os.environ):
            entry = Entry(
                Time=format_time(time.time()),
                Profile=profile,
                Role=None,
                Account=None,
                Caller=None,
                SessionName=None,
                AccessKeyId=key.id,
                Expiration=None,
                Mfa=None,
                Policy=None,
                Program=_ROTATE,
            )
            log.append(entry.line())


def locate_key(profile: str, files: Files) -> tuple[Place, AccessKey]:
    """Return where the key of a profile rests, and the key. Raises `XacctError` if a program keeps it, or nobody."""
    place, key = find_place(profile, files)
    check_not_elsewhere(place)
    if place.kind == KEY_STORE:
        key = require_stored(profile, KeyStore())
    if key is None:
        raise no_key(place)
    return place, key


def _confirm(question: str, apply: Any, consent: Consent) -> int:
    return confirm_and_apply(Change(question=question, declined="nothing was changed", apply=apply), consent)
