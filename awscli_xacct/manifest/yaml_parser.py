"""Parse a manifest's YAML into a tree of nodes.

Built from the parser's events. Refused are tags, directives, a second document, and whatever is nested deeper or,
with its aliases expanded, larger than a manifest may be.
"""

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML, events
from ruamel.yaml.error import YAMLError, YAMLStreamError
from ruamel.yaml.scanner import RoundTripScanner, ScannerError

from ..errors import ValidationError
from ..messages import printable
from ..problems import Location, Problem
from .yaml_nodes import Alias, Collection, Listing, Mapping, Node, Scalar, locate, quoted

MAX_EXPANDED_SIZE = 16 * 1024 * 1024
"""Characters that a manifest may have with its aliases expanded."""
MAX_DEPTH = 10
"""How many levels of collections a manifest may have."""
_TOO_DEEP = "this is nested deeper than anything in a manifest"
_BOM = "\ufeff"
_LINE_END = re.compile("[\n\r\0\x85\u2028\u2029]")


def parse(text: str, path: str) -> tuple[Node | None, list[Problem]]:
    """Return the root of the text's one document (None: it has none), and invalid keys in it.

    `path` is for messages. Raises `ValidationError` for a text that is not YAML as a manifest is.
    """
    return _Builder(path).build(text)


class BoundedScanner(RoundTripScanner):
    """ruamel.yaml's scanner, bounded: it reads texts from anywhere, and some of them would keep it busy for minutes.

    Its tokens are the same. A comment is skipped in one step instead of letter by letter (one of 8 MiB took a minute),
    and nesting deeper than a manifest's is refused at once (at each bracket it looks at all those that enclose it).
    """

    def scan_to_next_token(self) -> None:
        """Skip spaces, comments and line ends, as `Scanner` does."""
        reader = self.reader
        if reader.index == 0 and reader.peek() == _BOM:
            reader.forward()
        blanks = " \t" if self.flow_level > 0 else " "
        while True:
            while reader.peek() in blanks:
                reader.forward()
            comment = reader.peek() == "#"
            if comment:
                _skip_comment(reader)
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True
            # `RoundTripScanner` allows tabs on lines that are otherwise empty.
            while not comment and reader.peek() == "\n":
                while self.scan_line_break(empty_line=True):
                    pass

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 - its name there
        if self.flow_level + len(self.indents) >= MAX_DEPTH:
            raise ScannerError(None, None, _TOO_DEEP, self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


def _skip_comment(reader: Any) -> None:
    """Do what `reader.forward` does, up to the end of the line."""
    found = _LINE_END.search(reader.buffer, reader.pointer)
    assert found is not None  # noqa: S101 - the reader ends every text with a NUL
    length = found.start() - reader.pointer
    reader.column += length - reader.buffer.count(_BOM, reader.pointer, found.start())
    reader.pointer += length
    reader.index += length


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
                if isinstance(event, events.DocumentStartEvent):
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
        if isinstance(event, events.ScalarEvent):
            self._add(Scalar(event, self._path), event)
        elif isinstance(event, events.AliasEvent):
            target = self._anchors.get(event.anchor)
            if target is None:
                raise self._refusal(event.start_mark, f"the alias *{event.anchor} has no anchor before it")
            if target in self._open:
                raise self._refusal(
                    event.start_mark, f"the alias *{event.anchor} is inside the node it refers to"
                )
            self._add(Alias(event, self._path, target), event)
        elif isinstance(event, (events.MappingStartEvent, events.SequenceStartEvent)):
            if len(self._open) >= MAX_DEPTH:
                raise self._refusal(event.start_mark, _TOO_DEEP)
            made = (Mapping if isinstance(event, events.MappingStartEvent) else Listing)(event, self._path)
            self._add(made, event)
            self._open.append(made)
        elif isinstance(event, (events.MappingEndEvent, events.SequenceEndEvent)):
            closed = self._open.pop()
            closed.close(event.end_mark.index)
            if closed.size > MAX_EXPANDED_SIZE or closed.depth > MAX_DEPTH:
                raise self._refusal(
                    event.end_mark, "the aliases up to here expand to more than a manifest may contain"
                )
            if isinstance(closed, Mapping):
                self._problems += _key_problems(closed)

    def _add(self, node: Node, event: Any) -> None:
        if getattr(event, "anchor", None) and not isinstance(node, Alias):
            self._anchors[event.anchor] = node
        if self._open:
            items = self._open[-1].items
            if node.start == node.end and items:
                # An empty value, which YAML reports where the next node begins.
                node.location = items[-1].location
            items.append(node)
        else:
            self._root = node

    def _refusal(self, mark: Any, text: str) -> ValidationError:
        return _refusal(locate(mark, self._path), text)

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


def _key_problems(mapping: Mapping) -> Iterator[Problem]:
    known: dict[str, int] = {}
    for key, _ in mapping.pairs:
        if not isinstance(key, Scalar):
            yield Problem(f"a key must be a string, not {key.kind}", location=key.location)
        elif key.text in known:
            first = f"it is on line {known[key.text]} already"
            yield Problem(f"duplicate key {quoted(key.text)}", first, location=key.location)
        else:
            known[key.text] = key.location.line
