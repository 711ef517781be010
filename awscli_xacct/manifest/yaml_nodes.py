"""YAML as a tree of nodes with locations, without YAML's own conversions.

Built from the parser's events: text stays as it is written (``012345678901`` is no octal number here), so that
messages can tell what a plain one would be read as elsewhere. Refused are tags, directives, a second document,
and whatever is nested deeper or, with its aliases expanded, larger than a manifest may be.

https://yaml.org/spec/1.2.2/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError, YAMLStreamError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ..errors import ValidationError
from ..messages import printable
from ..problems import Location, Problem
from .scanning import MAX_DEPTH, TOO_DEEP, BoundedScanner

MAX_EXPANDED_SIZE = 16 * 1024 * 1024
"""Characters that a manifest may have with its aliases expanded."""

MERGE = "<<"
_NUMBER = re.compile(
    r"[-+]?[0-9]+(?:_[0-9]+)*|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_BOOLEANS = ("true", "True", "TRUE", "false", "False", "FALSE")
_NULLS = ("", "~", "null", "Null", "NULL")


class Node:
    """Any node: from `start` to before `end` in the text.

    `size` is how many characters it has with its aliases expanded, and `depth` how many levels.
    """

    kind = ""
    depth = 1
    size = 1

    def __init__(self, event: Any, path: str) -> None:
        self.start, self.end = event.start_mark.index, event.end_mark.index
        self.location = _location(event.start_mark, path)

    @property
    def value(self) -> Node:
        """The node itself, or what an alias refers to."""
        return self


class Scalar(Node):
    """A string as it is read, and whether it is `plain`, that is without quotes."""

    kind = "a string"

    def __init__(self, event: Any, path: str) -> None:
        super().__init__(event, path)
        self.text: str = event.value
        self.plain: bool = event.implicit[0] and event.style is None
        self.style: str | None = event.style
        self.size = 1 + len(self.text)

    @property
    def read_as(self) -> str | None:
        """What YAML reads a plain string as instead, or None."""
        if not self.plain:
            return None
        if self.text in _NULLS:
            return "null"
        if _NUMBER.fullmatch(self.text):
            return "a number"
        return "a boolean" if self.text in _BOOLEANS else None


class Collection(Node):
    """A mapping or a list, in flow style or one item per line."""

    def __init__(self, event: Any, path: str) -> None:
        super().__init__(event, path)
        self.flow: bool = bool(event.flow_style)
        self.items: list[Node] = []

    def close(self, end: int) -> None:
        """Measure what is inside; a collection in lines ends where its last item does."""
        self.end = end if self.flow or not self.items else self.items[-1].end
        self.size = 1 + sum(item.size for item in self.items)
        self.depth = 1 + max((item.depth for item in self.items), default=0)


class Listing(Collection):
    """A YAML sequence."""

    kind = "a list"


class Mapping(Collection):
    """A YAML mapping; `items` are its keys and values in turn."""

    kind = "a mapping"

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """Its own keys and values as they are written."""
        return list(zip(self.items[::2], self.items[1::2], strict=True))

    @cached_property
    def entries(self) -> dict[str, tuple[Scalar, Node]]:
        """Keys and values with those it merges (``<<``): its own take precedence, then the first."""
        found: dict[str, tuple[Scalar, Node]] = {}
        for key, value in self.pairs:
            if isinstance(key, Scalar) and not is_merge(key):
                found.setdefault(key.text, (key, value.value))
        for merged in self._merged():
            for text, entry in merged.entries.items():
                found.setdefault(text, entry)
        return found

    def own(self) -> dict[str, tuple[Scalar, Node]]:
        """Return its own keys and values; an alias is one."""
        return {key.text: (key, value) for key, value in self.pairs if isinstance(key, Scalar)}

    def _merged(self) -> Iterator[Mapping]:
        for key, value in self.pairs:
            if is_merge(key):
                yield from (each for each in merge_sources(value) if isinstance(each, Mapping))


class Alias(Node):
    """A reference to an anchored node."""

    def __init__(self, event: Any, path: str, target: Node) -> None:
        super().__init__(event, path)
        self.target = target
        self.kind, self.size, self.depth = target.kind, target.size, target.depth + 1

    @property
    def value(self) -> Node:
        return self.target.value


def is_merge(key: Node) -> bool:
    return isinstance(key, Scalar) and key.plain and key.text == MERGE


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.read_as == "null"


def merge_sources(node: Node) -> list[Node]:
    """Return what the value of a ``<<`` names: one node, or each of a list."""
    value = node.value
    return [each.value for each in value.items] if isinstance(value, Listing) else [value]


def parse(text: str, path: str) -> tuple[Node | None, list[Problem]]:
    """Return the root of the text's one document (None: it has none), and invalid keys in it.

    `path` is for messages. Raises `ValidationError` for a text that is not YAML as a manifest is.
    """
    return _Builder(path).build(text)


class _Builder:
    def __init__(self, path: str) -> None:
        self._path = path
        self._anchors: dict[str, Node] = {}
        self._open: list[Collection] = []
        self._root: Node | None = None
        self._problems: list[Problem] = []

    def build(self, text: str) -> tuple[Node | None, list[Problem]]:
        documents = 0
        try:
            yaml = YAML(typ="rt", pure=True)
            yaml.Scanner = BoundedScanner
            for event in yaml.parse(text):
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self._refusal(event.start_mark, "a manifest cannot have a second document")
                    if event.version not in (None, (1, 2)) or event.tags:
                        raise self._refusal(
                            event.start_mark, "a manifest is plain YAML 1.2 and cannot have directives"
                        )
                else:
                    self._take(event)
        except (YAMLError, YAMLStreamError) as error:
            raise self._parser_refusal(error, text) from None
        return self._root, self._problems

    def _take(self, event: Any) -> None:
        if getattr(event, "tag", None) is not None:
            raise self._refusal(event.start_mark, f"a manifest cannot have tags, and this is {event.tag}")
        if isinstance(event, ScalarEvent):
            self._add(Scalar(event, self._path), event)
        elif isinstance(event, AliasEvent):
            target = self._anchors.get(event.anchor)
            if target is None:
                raise self._refusal(event.start_mark, f"the alias *{event.anchor} has no anchor before it")
            if target in self._open:
                raise self._refusal(
                    event.start_mark, f"the alias *{event.anchor} is inside the node it refers to"
                )
            self._add(Alias(event, self._path, target), event)
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            if len(self._open) >= MAX_DEPTH:
                raise self._refusal(event.start_mark, TOO_DEEP)
            made = (Mapping if isinstance(event, MappingStartEvent) else Listing)(event, self._path)
            self._add(made, event)
            self._open.append(made)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            closed = self._open.pop()
            closed.close(event.end_mark.index)
            if closed.size > MAX_EXPANDED_SIZE or closed.depth > MAX_DEPTH:
                raise self._refusal(
                    event.end_mark, "the aliases up to here expand to more than a manifest may be"
                )
            if isinstance(closed, Mapping):
                self._problems += _key_problems(closed)

    def _add(self, node: Node, event: Any) -> None:
        if getattr(event, "anchor", None) and not isinstance(node, Alias):
            self._anchors[event.anchor] = node
        if self._open:
            items = self._open[-1].items
            if (
                node.start == node.end and items
            ):  # an empty value, which YAML reports where the next node begins
                node.location = items[-1].location
            items.append(node)
        else:
            self._root = node

    def _refusal(self, mark: Any, text: str) -> ValidationError:
        return _refusal(_location(mark, self._path), text)

    def _parser_refusal(self, error: Any, text: str) -> ValidationError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is not None:
            reason = getattr(error, "problem", None) or getattr(error, "context", None) or "this is not YAML"
            return self._refusal(mark, str(reason))
        position = getattr(error, "position", 0)
        line = 1 + text.count("\n", 0, position)
        location = Location(self._path, line, position - text.rfind("\n", 0, position))
        return _refusal(location, f"the character {text[position : position + 1]!r} is not allowed in YAML")


def _refusal(location: Location, text: str) -> ValidationError:
    return ValidationError("this is not a manifest, because", [Problem(printable(text), location=location)])


def _location(mark: Any, path: str) -> Location:
    return Location(path, mark.line + 1, mark.column + 1)


def _key_problems(mapping: Mapping) -> Iterator[Problem]:
    known: dict[str, int] = {}
    for key, _ in mapping.pairs:
        if not isinstance(key, Scalar):
            yield Problem(f"a key must be a string, not {key.kind}", location=key.location)
        elif key.text in known:
            first = f"it is on line {known[key.text]} already"
            yield Problem(f"duplicate key {shortened(key.text)}", first, location=key.location)
        else:
            known[key.text] = key.location.line


def shortened(text: str) -> str:
    """Return a text as messages quote it: all of it, or its beginning."""
    return repr(text if len(text) <= 80 else f"{text[:80]}…")
