"""Changing mappings in a YAML text by splicing it: every byte that no change is about stays as it is.

Edits are asked for by the nodes of the text, and made all at once. What is set keeps the quotes and the anchor
of what stood there; what is added goes behind what is there, in the same style.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from . import yaml_nodes
from .writing import Entry, flow, role_lines
from .yaml_nodes import Listing, Mapping, Node, Scalar

_ANCHOR = re.compile(r"&\S+\s+")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass
class _Flow:
    """What is asked of a mapping in flow style: its pairs to remove, by number, and pairs to add."""

    mapping: Mapping
    removed: set[int] = field(default_factory=set)
    added: list[str] = field(default_factory=list)


class Splices:
    """Edits of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[tuple[int, int, str]] = []
        # What becomes of mappings in flow style, whose commas depend on all of it.
        self._flows: dict[int, _Flow] = {}
        found = _LINE_END.search(text)
        self._newline = found[0] if found else "\n"

    def text(self) -> str:
        """The text with all edits made."""
        edits = [*self._edits, *(edit for flow_ in self._flows.values() for edit in self._of_flow(flow_))]
        parts, place = [], 0
        # Stable: what is added at one place comes in the order in which it was asked for.
        for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
            parts += [self._text[place:start], new]
            place = end
        return "".join([*parts, self._text[place:]])

    def set(self, mapping: Mapping, key: str, item: Any) -> None:
        """Set one of the mapping's own keys."""
        own = mapping.own()
        if key not in own:
            self.add(mapping, key, item)
            return
        node = own[key][1]
        if isinstance(node, Mapping) and isinstance(item, dict):
            self._set_inside(mapping, key, node, item)
            return
        start, end = node.start, self._end(node)
        anchor = _ANCHOR.match(self._text, start, end)
        quote = self._text[node.end - 1] if isinstance(node, Scalar) and node.style in ("'", '"') else None
        # A list below its key may stand no deeper than that, and what comes in its place has to.
        deeper = "  " if isinstance(node, Listing) and not node.flow else ""
        self._edits.append((anchor.end() if anchor else start, end, deeper + flow(item, quote)))

    def add(self, mapping: Mapping, key: str, item: Any) -> None:
        """Add a key that the mapping does not have of its own."""
        self._add(mapping, f"{flow(key)}: {flow(item)}")

    def remove(self, mapping: Mapping, key: str) -> None:
        """Remove one of the mapping's own keys, and what stands on its line."""
        pairs = mapping.pairs
        number = next(n for n, (name, _) in enumerate(pairs) if isinstance(name, Scalar) and name.text == key)
        name, value = pairs[number]
        if mapping.flow:
            self._flow(mapping).removed.add(number)
            return
        start = self._line_start(name.start)
        end = self._line_end(self._end(value))
        self._edits.append((start, end + len(self._line_break(end)), ""))

    def add_role(self, roles: Mapping, name: str, entry: Entry) -> None:
        """Add a role behind the others, in the style of the last one."""
        if roles.flow:
            self._add(roles, f"{flow(name)}: {flow(entry)}")
            return
        indent = roles.items[0].column - 1
        last = roles.items[-1]
        lines = isinstance(last, Mapping) and not last.flow and bool(last.items)
        step = last.items[0].column - 1 - indent if isinstance(last, Mapping) and lines else 2
        written = role_lines(name, entry, indent, max(step, 1))
        if lines and len(written) == 1 and entry:
            pad = " " * (indent + max(step, 1))
            written = [
                f"{' ' * indent}{flow(name)}:",
                *(f"{pad}{flow(k)}: {flow(v)}" for k, v in entry.items()),
            ]
        self._add_lines(roles, written)

    def replace(self, node: Node, text: str) -> None:
        """Put a text in a node's place: on its line, or, where it begins with a line end, below that."""
        start, end = node.start, self._end(node)
        if start == end:  # nothing, which is said to stand where the next thing does
            start = end = len(self._text[:start].rstrip())
        elif text.startswith("\n"):
            start = len(self._text[:start].rstrip(" \t"))
        self._edits.append((start, end, text.replace("\n", self._newline)))

    def insert_line(self, before: Node, text: str) -> None:
        """Add lines above the one a node stands on."""
        start = self._line_start(before.start)
        self._edits.append((start, start, text.replace("\n", self._newline)))

    def append(self, text: str) -> None:
        """Add lines at the end."""
        lead = self._newline if self._text and not self._text.endswith(("\n", "\r")) else ""
        end = len(self._text)
        self._edits.append((end, end, lead + text.replace("\n", self._newline)))

    def _set_inside(self, mapping: Mapping, key: str, node: Mapping, item: dict[str, str]) -> None:
        own = node.own()
        if not item:
            self.remove(mapping, key)
            return
        if not set(own) & set(item):
            self.replace(node, flow(item))
            return
        for inner in own:
            if inner not in item and inner != yaml_nodes.MERGE:
                self.remove(node, inner)
        for inner, text in item.items():
            if inner not in own or getattr(own[inner][1].value, "text", None) != text:
                self.set(node, inner, text)

    def _add(self, mapping: Mapping, pair: str) -> None:
        if mapping.flow:
            self._flow(mapping).added.append(pair)
        else:
            self._add_lines(mapping, [" " * (mapping.items[0].column - 1) + pair])

    def _add_lines(self, mapping: Mapping, lines: list[str]) -> None:
        end = self._line_end(self._end(mapping))
        line_break = self._line_break(end)
        if line_break:
            end += len(line_break)
            self._edits.append((end, end, "".join(f"{line}{self._newline}" for line in lines)))
        else:
            self._edits.append((end, end, "".join(f"{self._newline}{line}" for line in lines)))

    def _flow(self, mapping: Mapping) -> _Flow:
        return self._flows.setdefault(id(mapping), _Flow(mapping))

    def _of_flow(self, asked: _Flow) -> Iterator[tuple[int, int, str]]:
        """The edits of a mapping in flow style. What stands behind the last of it that stays goes as a whole."""
        pairs = asked.mapping.pairs
        kept = [number for number in range(len(pairs)) if number not in asked.removed]
        added = ", ".join(asked.added)
        if not kept:
            start = pairs[0][0].start if pairs else asked.mapping.end - 1
            yield start, self._end(pairs[-1][1]) if pairs else start, added
            return
        for number in asked.removed:
            if number < kept[-1]:
                yield pairs[number][0].start, pairs[number + 1][0].start, ""
        end = self._end(pairs[kept[-1]][1])
        behind = self._end(pairs[-1][1]) if kept[-1] + 1 < len(pairs) else end
        yield end, behind, f", {added}" if added else ""

    def _end(self, node: Node) -> int:
        """Where what is to be seen of a node ends: some go on over the blank lines below them."""
        if isinstance(node, yaml_nodes.Collection) and not node.flow and node.items:
            return self._end(node.items[-1])
        end = node.end
        while end > node.start and self._text[end - 1].isspace():
            end -= 1
        return end

    def _line_start(self, place: int) -> int:
        return max(self._text.rfind("\n", 0, place), self._text.rfind("\r", 0, place)) + 1

    def _line_end(self, place: int) -> int:
        found = _LINE_END.search(self._text, place)
        return found.start() if found else len(self._text)

    def _line_break(self, place: int) -> str:
        found = _LINE_END.match(self._text, place)
        return found[0] if found else ""
