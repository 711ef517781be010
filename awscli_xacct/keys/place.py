"""Where the long-term key of a profile rests: in one of the two files, in the key store, or with a program.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, make_header, parse_header
from ..errors import ProfileError
from ..messages import profile_option, unknown_profile
from ..profiles.credential_process import first_word
from ..profiles.key_places import FILE, KEY_STORE, NOWHERE, PROGRAM, find_kind, name_program
from ..profiles.source import has_static_keys, is_role
from .model import AccessKey, KeyChangedError


@dataclass(frozen=True)
class Files:
    """The two config files. `config` is the one with profiles, `credentials` the one with keys."""

    config: Path
    credentials: Path

    @classmethod
    def current(cls, environment: Mapping[str, str] = os.environ) -> "Files":
        """Return the files in use."""
        return cls(*map(Path, settings.config_paths(environment)))


@dataclass(frozen=True)
class Place:
    """Where a profile's key rests.

    `kind` is one of those in `key_places`: for FILE, there are the path and its section's header, and for PROGRAM the
    ``credential_process``.
    """

    profile: str
    kind: str
    path: Path = Path()
    header: str = ""
    command: str = ""

    @property
    def program(self) -> str:
        """The first word of its ``credential_process``."""
        return first_word(self.command)

    def __str__(self) -> str:
        if self.kind == FILE:
            return str(self.path)
        if self.kind == KEY_STORE:
            return f"the {KEY_STORE}"
        return name_program(self.command) if self.kind == PROGRAM else self.kind


class KeyPlaces:
    """Where the keys of all profiles rest, read from the two files once."""

    def __init__(self, files: Files) -> None:
        """Read the files. Raises `EditError` and `ConfigFileError`."""
        self._config, self._credentials = (
            store.read_document(path) for path in (files.config, files.credentials)
        )
        self.profiles = MergedProfiles(self._config, self._credentials)
        self._headers = [set(document.names()) for document in (self._credentials, self._config)]

    def find(self, profile: str) -> tuple[Place, AccessKey | None]:
        """Return where a profile's key rests, and the key if that is a file.

        Raises `ProfileError` for a profile that has no long-term key of its own, such as a role, or half a key.
        """
        if profile not in self.profiles:
            raise ProfileError(profile, unknown_profile(profile, self.profiles), code="ProfileNotFound")
        options = self.profiles[profile]
        _check_user(profile, options)
        places = (self._credentials, profile), (self._config, self.profiles.header(profile) or "")
        for (document, header), headers in zip(places, self._headers, strict=True):
            section = document.section(header) if header in headers else {}
            if has_static_keys(section):
                return Place(profile, FILE, Path(document.path), header), _key_in(profile, header, document)
        command = str(options.get(settings.CREDENTIAL_PROCESS, ""))
        return Place(profile, find_kind(profile, options), command=command), None

    def in_the_clear(self) -> list[str]:
        """Return the profiles with a key in a file, in order."""
        found = []
        for profile in self.profiles:
            with contextlib.suppress(ProfileError):
                if self.find(profile)[0].kind == FILE:
                    found.append(profile)
        return found


def find_place(profile: str, files: Files) -> tuple[Place, AccessKey | None]:
    """Return what `KeyPlaces.find` does for one profile."""
    return KeyPlaces(files).find(profile)


def no_key(place: Place) -> ProfileError:
    """Return the error for a profile without a key of its own."""
    text, fix = f"profile {place.profile} has no long-term key", "name the profile of an IAM user"
    if place.kind == NOWHERE:
        fix = f"add one:\n  aws configure {profile_option(place.profile)}"
    else:
        text += f": its credentials come from {place}"
    return ProfileError(place.profile, text, fix, code="NoCredentials")


def write_key(place: Place, key: AccessKey, instead_of: str | None) -> None:
    """Write a key into a file, in place of the key with the id `instead_of`; None if there is none.

    Both lines are replaced at once, and those of all profiles in the file that have the same key. Raises
    `KeyChangedError` if the file has another key by now, and what `store.edit` raises.
    """
    key.check()

    def change(document: Document) -> None:
        found = document.section(place.header) if place.header in document.names() else {}
        if found.get(settings.ACCESS_KEY_ID) not in (instead_of, key.id):
            raise KeyChangedError(f"{place.path} has another key of profile {place.profile} by now")
        for header in {place.header, *_headers_with(document, instead_of)}:
            document.set(header, settings.ACCESS_KEY_ID, key.id)
            document.set(header, settings.SECRET_ACCESS_KEY, key.secret)

    store.edit(place.path, change, is_secret=True)


def remove_key(place: Place, key: AccessKey) -> None:
    """Remove the two lines of a key from a file. Raises what `write_key` does."""

    def change(document: Document) -> None:
        found = document.section(place.header) if place.header in document.names() else {}
        if found.get(settings.ACCESS_KEY_ID, key.id) != key.id:
            raise KeyChangedError(f"{place.path} has another key of profile {place.profile} by now")
        document.remove(place.header, settings.ACCESS_KEY_ID)
        document.remove(place.header, settings.SECRET_ACCESS_KEY)

    store.edit(place.path, change, is_secret=True)  # it may have other keys


def find_sharers(place: Place, key: AccessKey, files: Files) -> list[str]:
    """Return the other profiles with the same key in a file, in order. Those in the file of `place` come first."""
    found: dict[str, None] = {}
    for path in sorted((files.credentials, files.config), key=lambda path: path != place.path):
        document = store.read_document(path)
        for header in _headers_with(document, key.id):
            name = header if path == files.credentials else parse_header(header)
            if name not in (None, place.profile):
                found[str(name)] = None
    return list(found)


def _headers_with(document: Document, key_id: str | None) -> list[str]:
    """Return the headers of the sections that have the key with this id."""
    if key_id is None:
        return []
    return [
        header
        for header, options in document.sections().items()
        if options.get(settings.ACCESS_KEY_ID) == key_id and settings.SESSION_TOKEN not in options
    ]


def set_option(profile: str, files: Files, key: str, value: str | None) -> None:
    """Set an option of a profile in the config file; None removes it. Raises what `store.edit` does.

    A section that has no options then goes as well, if the credentials file has one of that profile.
    """

    def change(document: Document) -> None:
        credentials = store.read_document(files.credentials)
        header = MergedProfiles(document, credentials).header(profile) or make_header(profile)
        if value is not None:
            document.set(header, key, value)
        elif header in document.names():
            document.remove(header, key)
            if set(document.section(header)) <= {key} and profile in credentials.names():
                document.remove_section(header)

    store.edit(files.config, change)


def _check_user(profile: str, options: Mapping[str, Any]) -> None:
    if is_role(options):
        text = f"profile {profile} assumes a role, and has no key of its own"
        raise ProfileError(profile, text, "name the profile that its role is assumed from")
    if settings.SESSION_TOKEN in options:
        text = f"the key of profile {profile} is temporary: it has a session token"
        raise ProfileError(profile, text, "name a profile with the long-term key of an IAM user")


def _key_in(profile: str, header: str, document: Document) -> AccessKey:
    section: Mapping[str, Any] = document.section(header)
    names = (settings.ACCESS_KEY_ID, settings.SECRET_ACCESS_KEY)
    try:
        key = AccessKey(*(section[name] for name in names))
        key.check()
    except (KeyError, ValueError) as error:
        reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        text = f"the key of profile {profile} in {document.path} cannot work: {reason}"
        raise ProfileError(
            profile, text, f"write it again:\n  aws configure {profile_option(profile)}"
        ) from None
    if not all(_has_own(document, header, name) for name in names):
        text = f"profile {profile} has inherited its key from [DEFAULT] in {document.path}"
        raise ProfileError(profile, text, f"move the two lines to [{header}] there")
    return key


def _has_own(document: Document, header: str, key: str) -> bool:
    """Return whether a section has an option itself: it also inherits those of ``[DEFAULT]``."""
    try:
        document.line_of(header, key)
    except KeyError:
        return False
    return True
