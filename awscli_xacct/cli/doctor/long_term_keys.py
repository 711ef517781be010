"""Where the long-term keys of profiles rest, and whether the system's key store has those that are expected there."""

import shlex
from collections.abc import Iterator

from ... import settings
from ...errors import ProfileError, XacctError
from ...keys.key_store import KeyStore
from ...keys.place import Files, KeyPlaces, Place
from ...keys.transfer import is_half_moved, require_stored
from ...profiles.key_places import FILE, KEY_STORE
from .report import DoctorContext, Finding, fault, ok, warning


def check(context: DoctorContext) -> Iterator[Finding]:
    """Say where each key rests. Only those in the key store are read."""
    try:
        places = KeyPlaces(Files.current(context.environment))
    except XacctError:
        return  # the check of files has said why
    for name in places.profiles:
        try:
            place, _ = places.find(name)
        except ProfileError:
            continue  # a role, or what the check of profiles finds
        if place.kind == FILE:
            yield _check_file(place, str(places.profiles[name].get(settings.CREDENTIAL_PROCESS) or ""))
        elif place.kind == KEY_STORE:
            yield _check_stored(name)


def _check_file(place: Place, command: str) -> Finding:
    if is_half_moved(place, command):
        text = f"profile {place.profile}: its key is in {place.path}, and may be in the key store as well"
        return warning(text, f"xacct keys store {shlex.quote(place.profile)}")
    return ok(f"profile {place.profile}: its key is in {place.path}, in the clear")


def _check_stored(profile: str) -> Finding:
    try:
        key_store = KeyStore()
        require_stored(profile, key_store)
    except XacctError as error:
        text, _, fix = str(error).partition("\n")
        return fault(f"profile {profile}: {text}", fix.strip())
    return ok(f"profile {profile}: its key is in {key_store.name}")
