"""``xacct keys rotate``: a new key in the place of the old one, noted in the history."""

import contextlib
import os
import shlex
import time

from ..confirm import Consent
from ..errors import ProfileError
from ..keys.journal import hold_key
from ..keys.key_store import KeyStore
from ..keys.model import AccessKey
from ..keys.place import Files, find_sharers, write_key
from ..keys.transfer import is_half_moved
from ..messages import listed, print_message
from ..profiles.cache_keys import keeps_history
from ..profiles.key_places import FILE
from ..results import write_lines
from ..storage.cache import format_time
from . import user_key
from .resolve import read_config

_ROTATE = "xacct keys rotate"


def rotate(profile: str, consent: Consent, *, delete_old: bool) -> int:
    """Ask for `consent`, rotate the key of a profile, and return the exit code."""
    files = Files.current()
    place, key = user_key.locate_key(profile, files)
    if is_half_moved(place, user_key.program_of(profile)):
        raise ProfileError(
            profile,
            f"the key of profile {profile} was on its way into the key store or back",
            f"complete that first:\n  xacct keys store {shlex.quote(profile)}",
        )
    sharers = find_sharers(place, key, files)

    def apply() -> int:
        from ..keys.journal import RotationJournal
        from ..keys.rotation import Rotation

        with user_key.explaining_refusals(profile), hold_key(profile):
            place, current = user_key.locate_key(profile, files)
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
                user_key.make_clients(profile),
                current,
                RotationJournal.read(files.config, profile),
                store,
                lambda: _find_id(profile, files),
                print_message,
            )
            new = rotation.run(delete_old=delete_old)
            _record(profile, new)
        old = "" if new == key else f"; {key.id} is {'deleted' if delete_old else 'disabled'}"
        write_lines(f"the key of profile {profile} is {new.id}, in {place}{old}")
        for other in find_sharers(place, key, files) if new != key else ():
            print_message(f"profile {other} still has the old key, {key.id}. Give it the new one")
        if place.kind == FILE:
            user_key.warn_of_readers(place.path)
        return 0

    others = f" (and of {listed(sharers)})" if sharers else ""
    question = f"Replace the key {key.id} of profile {profile}{others}, in {place}, with a new one?"
    return user_key.confirm(question, apply, consent)


def _find_id(profile: str, files: Files) -> str | None:
    """Return the id of the key that a profile has by now; None if it has none. Raises `XacctError`."""
    try:
        return user_key.locate_key(profile, files)[1].id
    except ProfileError:
        return None


def _record(profile: str, key: AccessKey) -> None:
    """Note a rotation in the history, without the key's secret. Whatever fails here, the key is in use."""
    from ..history import log
    from ..history.entry import HistoryEntry

    with contextlib.suppress(OSError, ProfileError):
        if keeps_history(read_config(), os.environ):
            now = format_time(time.time())
            entry = HistoryEntry(Time=now, Profile=profile, AccessKeyId=key.id, Program=_ROTATE)
            log.append(entry.line())
