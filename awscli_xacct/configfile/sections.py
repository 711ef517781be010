"""Find the profiles among sections by botocore's rules, and merge those of both files."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .document import Document, Sections, parse_sections

_OTHER_KINDS = ("sso-session", "services")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.@/+-]+").fullmatch


def full_config(
    config: bytes, credentials: bytes = b"", *, paths: tuple[str, str] = ("config", "credentials")
) -> dict[str, dict[str, Any]]:
    """Return what ``botocore.session.Session.full_config`` is for files with these contents.

    Raises `ConfigFileError`, which names one of `paths`.
    """
    sections = parse_sections(config, paths[0])
    profiles = by_name(sections)
    others = {header: options for header, options in sections.items() if not _is_named(header)}
    for name, options in parse_sections(credentials, paths[1]).items():
        profiles.setdefault(name, {}).update(options)
    return {
        **others,
        "profiles": profiles,
        "sso_sessions": _of_kind("sso-session", sections),
        "services": _of_kind("services", sections),
    }


def _is_named(header: str) -> bool:
    """Return whether botocore looks for a name in a header."""
    return header == "default" or header.startswith(("profile", *_OTHER_KINDS))


def _of_kind(kind: str, sections: Sections) -> dict[str, dict[str, Any]]:
    """Return the sections of a kind by the name in their header, by botocore's rule."""
    found = {}
    for header, options in sections.items():
        name = _second_word(header) if header.startswith(kind) else None
        if name is not None:
            found[name] = dict(options)
    return found


def by_name(sections: Sections) -> dict[str, dict[str, Any]]:
    """Return the profiles among a config file's sections; if two headers name one, the later counts."""
    profiles: dict[str, dict[str, Any]] = {}
    for header, options in sections.items():
        name = parse_header(header)
        if name is not None:
            profiles[name] = dict(options)
    return profiles


def parse_header(header: str) -> str | None:
    """Return the profile that a section header names, by botocore's rule, or None."""
    if header == "default":
        return header
    if not header.startswith("profile"):
        return None
    word, _, name = header.partition(" ")
    if word == "profile" and _PLAIN_NAME(name):
        return name  # as shlex would, 15 µs faster, which counts for 10,000 headers
    return _second_word(header)


def _second_word(header: str) -> str | None:
    """Return the second word of a header of two words, quoted or not, or None."""
    try:
        parts = shlex.split(header)
    except ValueError:
        return None
    return parts[1] if len(parts) == 2 else None


def find_headers(headers: Iterable[str], name: str) -> list[str]:
    """Return all headers that name a profile, in order; the last one counts."""
    return group_headers(headers).get(name, [])


def group_headers(headers: Iterable[str]) -> dict[str, list[str]]:
    """Return the headers of each profile, as `find_headers` does for one."""
    found: dict[str, list[str]] = {}
    for header in headers:
        name = parse_header(header)
        if name is not None:
            found.setdefault(name, []).append(header)
    return found


def make_header(name: str) -> str:
    """Return the header for a new profile, quoted only if it would not name that profile otherwise."""
    if name == "default":
        return name
    plain = f"profile {name}"
    return plain if parse_header(plain) == name else f"profile {shlex.quote(name)}"


class MergedProfiles(Mapping[str, Mapping[str, Any]]):
    """What ``botocore.session.Session.full_config["profiles"]`` would hold; `changed` ones take precedence.

    Profiles are looked up one at a time: a file of 10,000 is edited for the sake of one, and a dict of each would
    cost more than the edit.
    """

    def __init__(self, config: Document, credentials: Document) -> None:
        self._config = config
        self._headers = {}
        for header in config.names():
            name = parse_header(header)
            if name is not None:
                self._headers[name] = header
        self._credentials = credentials.sections()
        self._credentials_document = credentials
        self.changed: dict[str, Mapping[str, Any]] = {}

    def header(self, name: str) -> str | None:
        """Return the section header that counts for a profile, or None if the config file has none."""
        return self._headers.get(name)

    def find_overridden(self, name: str, wanted: Mapping[str, str | None]) -> dict[str, str]:
        """Return why some of the `wanted` settings would have no effect, by key: the credentials file differs.

        That file takes precedence, and is never modified.
        """
        found = self._credentials.get(name, {})
        return {
            key: f"{key} of {name} is also set in {self._credentials_document.path}, line "
            f"{self._credentials_document.line_of(name, key)}, which takes precedence; remove it there"
            for key, text in wanted.items()
            if key in found and found[key] != text
        }

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name in self.changed:
            return self.changed[name]
        if name not in self:
            raise KeyError(name)
        header = self._headers.get(name)
        options = dict(self._config.section(header)) if header is not None else {}
        return options | self._credentials.get(name, {})

    def __contains__(self, name: object) -> bool:
        return name in self._headers or name in self._credentials or name in self.changed

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._headers, *self._credentials, *self.changed]))

    def __len__(self) -> int:
        return sum(1 for _ in self)
