"""YAML as a tree of nodes with locations, without YAML's own conversions; `yaml_parser` builds it.

Text stays as it is written (``012345678901`` is no octal number here), so that messages can tell what a plain one
would be read as elsewhere.

https://yaml.org/spec/1.2.2/
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ..problems import Location

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
        self.location = locate(event.start_mark, path)

    @property
    def value(self) -> "Node":
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

    def _merged(self) -> "Iterator[Mapping]":
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


def quoted(text: str) -> str:
    """Return a text as messages quote it: all of it, or its beginning."""
    return repr(text if len(text) <= 80 else f"{text[:80]}…")


def locate(mark: Any, path: str) -> Location:
    """Return the location of a mark of ruamel's."""
    return Location(path, mark.line + 1, mark.column + 1)
