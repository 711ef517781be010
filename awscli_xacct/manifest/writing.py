"""Values as a manifest has them, and as YAML writes them: the same wherever they come to stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .. import settings
from ..profiles.tags import parse_keys, parse_tags
from .reader import VERSION

LINE = 110
"""Characters up to which a role is written on one line."""

Entry = Mapping[str, Any]
"""A role or the defaults as YAML has them: texts, whole numbers, mappings and lists of texts, None for null."""

# Texts that no version of YAML takes for anything else, in a flow mapping either.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+@-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def value(key: str, text: str | None) -> Any:
    """What a manifest has for a config key's value."""
    if text is None:
        return None
    if key == settings.DURATION_SECONDS and text.isascii() and text.isdigit():
        return int(text)
    if key == settings.SESSION_TAGS:
        tags, faults = parse_tags(text)
        return text if faults else tags
    if key == settings.TRANSITIVE_SESSION_TAGS:
        return parse_keys(text)
    return text


def flow(item: Any, quote: str | None = None) -> str:
    """A value on one line, in quotes where it needs them; a text in `quote`, where that is given."""
    if item is None:
        return "null"
    if isinstance(item, int):
        return str(item)
    if isinstance(item, Mapping):
        return f"{{{', '.join(f'{flow(key)}: {flow(each)}' for key, each in item.items())}}}"
    if isinstance(item, list):
        return f"[{', '.join(map(flow, item))}]"
    if quote == "'":
        return "'" + str(item).replace("'", "''") + "'"
    plain = _PLAIN.fullmatch(item) and item.lower() not in _WORDS
    return str(item) if plain and quote is None else json.dumps(item, ensure_ascii=False)


def role_lines(name: str, entry: Entry, indent: int, step: int = 2) -> list[str]:
    """A role under its name: one line if it is short, else one for each setting."""
    head = f"{' ' * indent}{flow(name)}:"
    line = f"{head} {flow(entry)}"
    if len(line) <= LINE:
        return [line]
    return [head, *_lines(entry, indent + step)]


def whole(defaults: Entry, accounts: Mapping[str, str], roles: Mapping[str, Entry]) -> str:
    """A manifest of its own."""
    lines = [f"version: {VERSION}"]
    for title, entries in (("defaults", defaults), ("accounts", accounts)):
        if entries:
            lines += ["", f"{title}:", *_lines(entries, 2)]
    lines += ["", "roles:"] if roles else ["", "roles: {}"]
    for name, entry in roles.items():
        lines += role_lines(name, entry, 2)
    return "".join(f"{line}\n" for line in lines)


def shared(entries: Iterable[Entry], but: Iterable[str]) -> dict[str, Any]:
    """The settings that all of several entries have, `but` some; nothing where there are not several."""
    found = list(entries)
    if len(found) < 2:
        return {}
    first, *rest = found
    return {
        key: item
        for key, item in first.items()
        if key not in but and all(key in entry and entry[key] == item for entry in rest)
    }


def _lines(entry: Entry, indent: int) -> list[str]:
    return [f"{' ' * indent}{flow(key)}: {flow(item)}" for key, item in entry.items()]
