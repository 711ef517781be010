"""``xacct keys``: where long-term keys rest, moving them into the system's key store and back, and rotating them."""

import argparse
import contextlib
import shlex
from collections.abc import Iterator

from ..confirm import Consent
from ..errors import ProfileError, UsageError
from ..keys import transfer
from ..keys.journal import hold_key
from ..keys.key_store import KeyStore
from ..keys.model import AccessKey, KeyChangedError, KeyStoreError
from ..keys.place import Files, Place, find_place, find_sharers, no_key
from ..messages import print_message
from ..profiles.credential_process import first_word, make_key_command
from ..profiles.key_places import FILE, KEY_STORE
from ..results import write_lines, write_result
from ..xacct_program import find_program
from . import user_key
from .key_rotation import rotate
from .key_status import show_status
from .moved_sessions import keeping_sessions
from .output import add_format_options

HELP = "Show where long-term keys rest, keep them in the system's key store, and rotate them."

_ACTIONS = ("status", "store", "restore", "rotate", "get")


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
                f"--{name.replace('_', '-')} cannot be used with {action}. See: xacct keys --help"
            )
    if action == "status":
        return show_status(options.profile, as_json=options.output == "json")
    if not options.profile:
        raise UsageError(f"no profile given: xacct keys {action} PROFILE")
    if action == "get":
        write_result(f"{transfer.require_stored(options.profile, KeyStore()).to_document()}\n")
        return 0
    consent = Consent.given_in(options)
    if action == "store":
        return _store(options.profile, consent)
    if action == "restore":
        return _restore(options.profile, consent)
    return rotate(options.profile, consent, delete_old=options.delete_old)


def _store(profile: str, consent: Consent) -> int:
    files = Files.current()
    place, key = find_place(profile, files)
    transfer.check_not_elsewhere(place)
    if place.kind == KEY_STORE:
        key_store = KeyStore()
        transfer.require_stored(profile, key_store)
        print_message(f"the key of profile {profile} is in {key_store.name} already")
        return 0
    if key is None:
        raise no_key(place)
    own = user_key.program_of(profile)
    if own and not transfer.is_half_moved(place, own):
        # Its arguments may be secret.
        text = f"profile {profile} has a credential_process beside its key, which runs {first_word(own)}"
        raise ProfileError(profile, text, "remove one of the two")
    key_store = KeyStore()

    def apply() -> int:
        command = make_key_command(find_program(), profile)
        with user_key.explaining_refusals(profile), _holding(place, key, files), keeping_sessions(profile):
            transfer.store_key(place, key, files, key_store, user_key.make_clients(profile), command)
        write_lines(f"the key {key.id} of profile {profile} is in {key_store.name} now")
        for other in find_sharers(place, key, files):
            print_message(f"profile {other} has the same key, which is still in the clear")
        return 0

    return user_key.confirm(
        f"Move the key {key.id} of profile {profile} from {place.path} into {key_store.name}?", apply, consent
    )


def _restore(profile: str, consent: Consent) -> int:
    files = Files.current()
    place, key = find_place(profile, files)
    transfer.check_not_elsewhere(place)
    if place.kind not in (FILE, KEY_STORE):
        raise no_key(place)
    if key is not None:
        return _finish_restoring(place, key, files, consent)
    key_store = KeyStore()
    stored = transfer.require_stored(profile, key_store)

    def apply() -> int:
        with _holding(place, None, files), keeping_sessions(profile):
            if transfer.require_stored(profile, key_store) != stored:
                raise _changed(profile)
            file = transfer.restore_key(place, stored, files, key_store)
        write_lines(f"the key {stored.id} of profile {profile} is in {file.path} now")
        user_key.warn_of_readers(file.path)
        return 0

    where = f"from {key_store.name} into {files.credentials}, in the clear"
    question = f"Move the key {stored.id} of profile {profile} {where}?"
    return user_key.confirm(question, apply, consent)


def _finish_restoring(place: Place, key: AccessKey, files: Files, consent: Consent) -> int:
    """Complete a move into a file, where the key is; wherever it was interrupted, the key store may have it, too."""
    profile = place.profile
    is_half = transfer.is_half_moved(place, user_key.program_of(profile))
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
            transfer.finish_restoring(place, key, files, known)
        write_lines(f"the key of profile {profile} is in {place.path}")
        return 0

    return user_key.confirm(f"Remove the key of profile {profile} from {known.name}?", finish, consent)


@contextlib.contextmanager
def _holding(place: Place, key: AccessKey | None, files: Files) -> Iterator[None]:
    """Hold a profile's key in the block. Raises `KeyChangedError` if it is not where it was by now."""
    with hold_key(place.profile):
        if find_place(place.profile, files) != (place, key):
            raise _changed(place.profile)
        yield


def _changed(profile: str) -> KeyChangedError:
    return KeyChangedError(
        f"the key of profile {profile} was moved or replaced meanwhile. See where it is:\n"
        f"  xacct keys status {shlex.quote(profile)}"
    )
