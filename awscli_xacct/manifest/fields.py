"""What may stand in a role of a manifest, key by key, and reading it from the nodes of the file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from .. import settings
from ..errors import Location, Problem
from ..profiles.role import KEYS
from ..profiles.tags import MAX_TAGS
from ..profiles.values import account_fault
from . import yaml_nodes
from .yaml_nodes import Listing, Node, Scalar, shortened

ACCOUNT, ROLE = "account", "role"
ROLE_KEYS = (ACCOUNT, ROLE, *KEYS)
NOT_IN_DEFAULTS = (settings.ROLE_ARN,)
_NEVER_NULL = (ACCOUNT, ROLE, settings.ROLE_ARN)

_LONGEST_NEAR = 100
MAX_TEXT_LENGTH = 20_000
"""Characters of one setting; 50 session tags of full length take that."""


@dataclass
class Settings:
    """Settings by their keys, as texts (None: not to be there), and the nodes they were read from.

    `unread` are keys that are there and could not be read.
    """

    texts: dict[str, str | None] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    @property
    def given(self) -> set[str]:
        return {*self.texts, *self.unread}

    def over(self, defaults: Settings, *, without: Iterable[str]) -> Settings:
        """These settings, and of the defaults those that are not given here; some of the defaults left out."""
        left = {*without, *self.given}
        return Settings(
            {**{key: text for key, text in defaults.texts.items() if key not in left}, **self.texts},
            {**{key: node for key, node in defaults.nodes.items() if key not in left}, **self.nodes},
            self.unread | (defaults.unread - left),
        )


class Values:
    """Reads values; what is wrong with them goes to `problems`."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self._path = path
        self._problems = problems

    def fault(self, node: Node, text: str) -> None:
        self._problems.append(Problem(text, location=Location(self._path, node.line, node.column)))

    def unknown(self, key: Scalar, known: Collection[str], what: str) -> None:
        near = get_close_matches(key.text, known, n=1) if len(key.text) <= _LONGEST_NEAR else []
        hint = f"did you mean {near[0]}?" if near else f"the keys of {what} are {', '.join(known)}"
        self.fault(key, f"unknown key {shortened(key.text)}; {hint}")

    def mapping(self, node: Node, what: str) -> yaml_nodes.Mapping | None:
        """A mapping and all it merges, or None."""
        if not isinstance(node.value, yaml_nodes.Mapping):
            self.fault(node, f"{what} is a mapping of keys and values, and this is {_shown(node.value)}")
            return None
        for key, value in node.value.pairs:
            if yaml_nodes.is_merge(key) and not _mergeable(value):
                self.fault(
                    value, f"<< merges a mapping or a list of mappings, and this is {_shown(value.value)}"
                )
        return node.value

    def key_fault(self, key: Scalar) -> str | None:
        """What keeps a key from being a name, or None."""
        if key.taken_for:
            return f"{key.text or 'this'} has to be quoted to be a name, or YAML takes it for {key.taken_for}"
        return None if len(key.text) <= MAX_TEXT_LENGTH else "a name has not that many characters"

    def setting(self, read: Settings, key: str, node: Node) -> None:
        """Read one setting into `read`."""
        read.nodes[key] = node
        if isinstance(node, Scalar) and node.is_null and node.text and key not in _NEVER_NULL:
            read.texts[key] = None
            return
        text: str | None
        if key == settings.SESSION_TAGS and isinstance(node, yaml_nodes.Mapping):
            text = self._tags(node)
        elif key == settings.TRANSITIVE_SESSION_TAGS and isinstance(node, Listing):
            text = self._keys(node)
        elif key == settings.DURATION_SECONDS and isinstance(node, Scalar) and not node.is_null:
            text = self._short(
                node, key
            )  # a number, however it is written: the rules for it say what is wrong
        elif key == ACCOUNT and isinstance(node, Scalar) and node.taken_for == "a number":
            self.fault(node, _number_for_id(node.text))
            text = None
        elif key == settings.MFA_SERIAL and isinstance(node, Scalar) and node.text in ("auto", "none"):
            self.fault(
                node, f"mfa_serial {node.text} is for the command line; null says that there is to be none"
            )
            text = None
        else:
            text = self.text(node, key)
        if text is None:
            read.unread.add(key)
        else:
            read.texts[key] = text

    def text(self, node: Node, what: str) -> str | None:
        """A text, or None if it is none."""
        if not isinstance(node, Scalar):
            self.fault(node, f"{what} is a text, and this is {node.kind}")
            return None
        if node.is_null:
            never = what in _NEVER_NULL or what not in ROLE_KEYS
            hint = "" if never else "; null says that there is to be none"
            self.fault(node, f"{what} has no value{hint}")
            return None
        if node.taken_for:
            self.fault(
                node,
                f'{what} {node.text} has to be quoted, or YAML takes it for {node.taken_for}: "{node.text}"',
            )
            return None
        if not node.text:
            self.fault(node, f"{what} is an empty text; null says that there is to be none")
            return None
        return self._short(node, what)

    def account_id(self, node: Node) -> str | None:
        """Twelve digits in quotes, or None."""
        if isinstance(node, Scalar) and node.taken_for == "a number":
            self.fault(node, _number_for_id(node.text))
            return None
        text = self.text(node, "the account id")
        fault = account_fault(text) if text is not None else None
        if fault:
            self.fault(node, fault)
            return None
        return text

    def _short(self, node: Scalar, what: str) -> str | None:
        if len(node.text) <= MAX_TEXT_LENGTH:
            return node.text
        self.fault(node, f"{what} has {len(node.text)} characters, more than any value can have")
        return None

    def _tags(self, node: yaml_nodes.Mapping) -> str | None:
        """Tags as a config line has them. What such a line cannot hold is a fault; the rest is for the rules."""
        self.mapping(node, settings.SESSION_TAGS)
        entries = node.entries()
        if len(entries) > MAX_TAGS:
            self.fault(node, f"{len(entries)} tags are more than {MAX_TAGS}")
            return None
        tags = []
        for name, (key, value) in entries.items():
            fault = self.key_fault(key) or _tag_fault(name, key=True)
            if fault:
                self.fault(key, fault)
            blank = isinstance(value, Scalar) and not value.plain and not value.text
            text = "" if blank else self.text(value, f"tag {shortened(name)}:")
            fault = _tag_fault(text, key=False) if text is not None else None
            if fault:
                self.fault(value, fault)
            tags.append(None if fault or text is None else f"{name}={text}")
        return ",".join(filter(None, tags)) if tags and all(tags) else None

    def _keys(self, node: Listing) -> str | None:
        if not 0 < len(node.items) <= MAX_TAGS:
            self.fault(
                node, f"a list of 1 to {MAX_TAGS} tag keys is meant; null says that there is to be none"
            )
            return None
        keys = []
        for item in node.items:
            text = self.text(item.value, "a tag's key")
            fault = _tag_fault(text, key=True) if text is not None else None
            if fault:
                self.fault(item, fault)
            keys.append(None if fault else text)
        return ",".join(filter(None, keys)) if all(keys) else None


def _tag_fault(text: str, *, key: bool) -> str | None:
    """What the config's own form, ``key=value,key=value``, leaves no place for."""
    found = [sign for sign in (",", "=") if sign in text and (key or sign == ",")]
    if found:
        return f"the tag {'key' if key else 'value'} {shortened(text)} has a {found[0]}, which no config file can hold"
    return f"{shortened(text)} begins or ends with a blank" if text != text.strip() else None


def _mergeable(node: Node) -> bool:
    value = node.value
    listed = value.items if isinstance(value, Listing) else [value]
    return all(isinstance(each.value, yaml_nodes.Mapping) for each in listed)


def _shown(node: Node) -> str:
    return shortened(node.text) if isinstance(node, Scalar) and node.text else node.kind


def _number_for_id(text: str) -> str:
    """Why an account id that is not quoted is none: YAML's number may have lost the zeros it began with."""
    if text.isdigit() and len(text) == 12:
        return f'the account id {text} has to be quoted, or YAML takes it for a number: "{text}"'
    if text.isdigit() and len(text) < 12:
        return (
            f"the account id {text} is a number of {len(text)} digits, and an id has 12; a number loses the zeros "
            f'it begins with: is "{text.zfill(12)}" meant?'
        )
    return f'the account id {shortened(text)} is a number; an id is 12 digits in quotes, as in "222222222222"'
