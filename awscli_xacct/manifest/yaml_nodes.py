"""YAML as a tree whose every node knows where it stands, and nothing that YAML would make of it.

Built from the parser's events: texts stay as they are written (``012345678901`` is no octal number here), so
what a plain one would be taken for elsewhere can be said. Tags, a second document and anything deeper or
larger than a manifest can be are refused, an alias counting as often as it is used.

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

from ..errors import Location, Problem
from ..messages import printable
from .scanning import DEPTH, TOO_DEEP, BoundedScanner

EXPANDED = 16 * 1024 * 1024
"""Characters that a manifest may come to with its aliases written out."""

MERGE = "<<"
_INTEGER = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_BOOLEANS = ("true", "True", "TRUE", "false", "False", "FALSE")
_NULLS = ("", "~", "null", "Null", "NULL")


class UnreadableError(Exception):
    """The text is no YAML that a manifest can be."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class Node:
    """Any node: from `start` to before `end` in the text, at line and column from 1.

    `size` is how many characters it comes to, aliases written out, and `depth` how deep it goes.
    """

    kind = ""
    depth = 1
    size = 1

    def __init__(self, mark: Any, end: int) -> None:
        self.start, self.end = mark.index, end
        self.line, self.column = mark.line + 1, mark.column + 1

    @property
    def value(self) -> Node:
        """The node itself, or what an alias stands for."""
        return self


class Scalar(Node):
    """A text as it is read, and whether it stands there without quotes."""

    kind = "a text"

    def __init__(self, event: Any) -> None:
        super().__init__(event.start_mark, event.end_mark.index)
        self.text: str = event.value
        self.plain: bool = event.implicit[0] and event.style is None
        self.style: str | None = event.style
        self.size = 1 + len(self.text)

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULLS

    @property
    def taken_for(self) -> str | None:
        """What YAML takes a plain text for instead of a text, or None."""
        if not self.plain:
            return None
        if self.text in _NULLS:
            return "nothing"
        if _INTEGER.fullmatch(self.text) or _FLOAT.fullmatch(self.text):
            return "a number"
        return "true or false" if self.text in _BOOLEANS else None


class Collection(Node):
    """A mapping or a list, written in flow style or in lines."""

    def __init__(self, event: Any) -> None:
        super().__init__(event.start_mark, event.end_mark.index)
        self.flow: bool = bool(event.flow_style)
        self.items: list[Node] = []

    def close(self, end: int) -> None:
        """Take the measure of all that is inside; lines end where their last item does."""
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
        """Its own keys and values, as they are written."""
        return list(zip(self.items[::2], self.items[1::2], strict=True))

    @cached_property
    def _entries(self) -> dict[str, tuple[Scalar, Node]]:
        found: dict[str, tuple[Scalar, Node]] = {}
        for key, value in self.pairs:
            if isinstance(key, Scalar) and not is_merge(key):
                found.setdefault(key.text, (key, value.value))
        for merged in self._merged():
            for text, entry in merged.entries().items():
                found.setdefault(text, entry)
        return found

    def entries(self) -> dict[str, tuple[Scalar, Node]]:
        """Keys and values with those it merges (``<<``): its own come first, of the others the first."""
        return self._entries

    def own(self) -> dict[str, tuple[Scalar, Node]]:
        """Its own keys and values, an alias being one."""
        return {key.text: (key, value) for key, value in self.pairs if isinstance(key, Scalar)}

    def _merged(self) -> Iterator[Mapping]:
        for key, value in self.pairs:
            if is_merge(key):
                named = value.value
                listed = named.items if isinstance(named, Listing) else [named]
                yield from (each.value for each in listed if isinstance(each.value, Mapping))


class Alias(Node):
    """A place where an anchored node is meant again."""

    def __init__(self, event: Any, target: Node) -> None:
        super().__init__(event.start_mark, event.end_mark.index)
        self.target = target
        self.kind, self.size, self.depth = target.kind, target.size, target.depth + 1

    @property
    def value(self) -> Node:
        """What it stands for."""
        return self.target.value


def is_merge(key: Node) -> bool:
    return isinstance(key, Scalar) and key.plain and key.text == MERGE


def tree(text: str, path: str) -> tuple[Node | None, list[Problem]]:
    """The text's one document (None: it has none), and the keys in it that cannot be. Raises `UnreadableError`."""
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
                        raise self._refused(event.start_mark, "a second document; a manifest is one")
                    if event.version not in (None, (1, 2)) or event.tags:
                        raise self._refused(
                            event.start_mark, "a directive; a manifest is plain YAML 1.2 without any"
                        )
                else:
                    self._take(event)
        except (YAMLError, YAMLStreamError) as error:
            raise UnreadableError(self._from_parser(error, text)) from None
        return self._root, self._problems

    def _take(self, event: Any) -> None:
        if getattr(event, "tag", None) is not None:
            raise self._refused(event.start_mark, f"the tag {event.tag}; a manifest has none")
        if isinstance(event, ScalarEvent):
            self._add(Scalar(event), event)
        elif isinstance(event, AliasEvent):
            target = self._anchors.get(event.anchor)
            if target is None:
                raise self._refused(event.start_mark, f"the alias *{event.anchor} has no anchor before it")
            if target in self._open:
                raise self._refused(
                    event.start_mark, f"the alias *{event.anchor} stands inside what it means"
                )
            self._add(Alias(event, target), event)
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            if len(self._open) >= DEPTH:
                raise self._refused(event.start_mark, TOO_DEEP)
            made = (Mapping if isinstance(event, MappingStartEvent) else Listing)(event)
            self._add(made, event)
            self._open.append(made)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            closed = self._open.pop()
            closed.close(event.end_mark.index)
            if closed.size > EXPANDED or closed.depth > DEPTH:
                raise self._refused(
                    event.end_mark, "the aliases before this come to more than a manifest can be"
                )
            if isinstance(closed, Mapping):
                self._problems += _key_problems(closed, self._path)

    def _add(self, node: Node, event: Any) -> None:
        if getattr(event, "anchor", None) and not isinstance(node, Alias):
            self._anchors[event.anchor] = node
        if self._open:
            items = self._open[-1].items
            if node.start == node.end and items:  # nothing, which YAML lets stand where the next thing does
                node.line, node.column = items[-1].line, items[-1].column
            items.append(node)
        else:
            self._root = node

    def _refused(self, mark: Any, text: str) -> UnreadableError:
        return UnreadableError(
            Problem(printable(text), location=Location(self._path, mark.line + 1, mark.column + 1))
        )

    def _from_parser(self, error: Any, text: str) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        if mark is not None:
            said = getattr(error, "problem", None) or getattr(error, "context", None) or "this is no YAML"
            return Problem(
                printable(str(said)), location=Location(self._path, mark.line + 1, mark.column + 1)
            )
        position = getattr(error, "position", 0)
        line = 1 + text.count("\n", 0, position)
        column = position - text.rfind("\n", 0, position)
        return Problem(
            f"a character that YAML does not allow, {text[position : position + 1]!r}",
            location=Location(self._path, line, column),
        )


def _key_problems(mapping: Mapping, path: str) -> Iterator[Problem]:
    known: dict[str, Node] = {}
    for key, _ in mapping.pairs:
        place = Location(path, key.line, key.column)
        if not isinstance(key, Scalar):
            yield Problem(f"a key has to be a text, and this is {key.kind}", location=place)
        elif key.text in known:
            first = known[key.text].line
            yield Problem(
                f"{shortened(key.text)} a second time; it is on line {first} already", location=place
            )
        else:
            known[key.text] = key


def shortened(text: str) -> str:
    """A text as a message quotes it: whole, or its beginning."""
    return repr(text if len(text) <= 80 else f"{text[:80]}…")
