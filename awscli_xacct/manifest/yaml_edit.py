"""Edit mappings in a YAML text by splicing it: every byte that no edit concerns stays as it is.

Edits are requested by the nodes of the text and made all at once. A value that is set keeps the quotes and the
anchor of the old one; what is added goes after what is there, in the same style.
"""

import json
import re
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any

from .yaml_nodes import MERGE, Collection, Listing, Mapping, Node, Scalar

MAX_LINE_LENGTH = 110
"""Characters up to which an entry is written on one line."""

YamlEntry = AnyMapping[str, Any]
"""A role or the defaults as YAML has them: texts, whole numbers, mappings and lists of texts, None for null."""

# Texts that every version of YAML reads as strings, in a flow mapping too.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+@-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_ANCHOR = re.compile(r"&\S+\s+")
_LINE_END = re.compile(r"\r\n|\r|\n")


def to_flow(item: Any, quote: str | None = None) -> str:
    """Return a value in flow style, on one line, quoted where it needs to be; a text in `quote` if that is given."""
    if item is None:
        return "null"
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, int):
        return str(item)
    if isinstance(item, AnyMapping):
        return f"{{{', '.join(flow_pairs(item))}}}"
    if isinstance(item, list):
        return f"[{', '.join(map(to_flow, item))}]"
    if quote == "'":
        return "'" + str(item).replace("'", "''") + "'"
    plain = _PLAIN.fullmatch(item) and item.lower() not in _WORDS
    return str(item) if plain and quote is None else json.dumps(item, ensure_ascii=False)


def flow_pairs(entry: YamlEntry) -> list[str]:
    """Return each ``key: value`` of a mapping in flow style."""
    return [f"{to_flow(key)}: {to_flow(item)}" for key, item in entry.items()]


def entry_lines(name: str, item: Any, indent: int = 2, step: int = 2, *, spread: bool = False) -> list[str]:
    """Return an item under its name: on one line, or a mapping on several if it is long or to be `spread`."""
    head = f"{' ' * indent}{to_flow(name)}:"
    line = f"{head} {to_flow(item)}"
    if not isinstance(item, AnyMapping) or (len(line) <= MAX_LINE_LENGTH and not (spread and item)):
        return [line]
    return [head, *(" " * (indent + step) + pair for pair in flow_pairs(item))]


@dataclass
class _FlowEdit:
    """What to remove from a mapping in flow style, by the numbers of its pairs, and what to add."""

    mapping: Mapping
    removed: set[int] = field(default_factory=set)
    added: list[str] = field(default_factory=list)


class YamlEdits:
    """Edits of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[tuple[int, int, str]] = []
        # By the mapping's id; the commas of flow style depend on all edits of a mapping.
        self._flow_edits: dict[int, _FlowEdit] = {}
        found = _LINE_END.search(text)
        self._newline = found[0] if found else "\n"

    def apply(self) -> str:
        """Return the text with all edits made."""
        edits = [*self._edits, *(edit for each in self._flow_edits.values() for edit in self._of_flow(each))]
        parts, position = [], 0
        # The sort is stable: additions at one position stay in the order in which they were requested.
        for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
            parts += [self._text[position:start], new]
            position = end
        return "".join([*parts, self._text[position:]])

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
        # A list may be indented no deeper than its key; what replaces it may not.
        deeper = "  " if isinstance(node, Listing) and not node.flow else ""
        self._edits.append((anchor.end() if anchor else start, end, deeper + to_flow(item, quote)))

    def add(self, mapping: Mapping, key: str, item: Any) -> None:
        """Add a key that is not one of the mapping's own."""
        [pair] = flow_pairs({key: item})
        if mapping.flow:
            self._flow_edit(mapping).added.append(pair)
        else:
            self._add_lines(mapping, [" " * (mapping.items[0].location.column - 1) + pair])

    def remove(self, mapping: Mapping, key: str) -> None:
        """Remove one of the mapping's own keys with its value and the rest of its line."""
        number = next(n for n, (name, _) in enumerate(mapping.pairs) if getattr(name, "text", None) == key)
        if mapping.flow:
            self._flow_edit(mapping).removed.add(number)
            return
        name, value = mapping.pairs[number]
        end = self._line_end(self._end(value))
        self._edits.append((self._line_start(name.start), end + len(self._line_break(end)), ""))

    def add_entry(self, mapping: Mapping, name: str, item: Any) -> None:
        """Add a key after the others, its value in the style of the last one."""
        if mapping.flow:
            self.add(mapping, name, item)
            return
        indent, step, last = mapping.items[0].location.column - 1, 2, mapping.items[-1]
        spread = isinstance(last, Mapping) and not last.flow and bool(last.items)
        if isinstance(last, Mapping) and spread:
            step = max(last.items[0].location.column - 1 - indent, 1)
        self._add_lines(mapping, entry_lines(name, item, indent, step, spread=spread))

    def replace(self, node: Node, text: str) -> None:
        """Replace a node: on its line, or, where the text begins with a line end, below that."""
        start, end = node.start, self._end(node)
        if start == end:  # an empty value, which YAML reports where the next node begins
            start = end = len(self._text[:start].rstrip())
        elif text.startswith("\n"):
            start = len(self._text[:start].rstrip(" \t"))
        self._edits.append((start, end, text.replace("\n", self._newline)))

    def insert_above(self, node: Node, text: str) -> None:
        """Insert lines above the one on which a node begins."""
        start = self._line_start(node.start)
        self._edits.append((start, start, text.replace("\n", self._newline)))

    def append(self, text: str) -> None:
        """Append lines to the text."""
        lead = self._newline if self._text and not self._text.endswith(("\n", "\r")) else ""
        end = len(self._text)
        self._edits.append((end, end, lead + text.replace("\n", self._newline)))

    def _set_inside(self, mapping: Mapping, key: str, node: Mapping, item: dict[str, str]) -> None:
        own = node.own()
        if not item:
            self.remove(mapping, key)
            return
        if not set(own) & set(item):
            self.replace(node, to_flow(item))
            return
        for inner in own:
            if inner not in item and inner != MERGE:
                self.remove(node, inner)
        for inner, text in item.items():
            if inner not in own or getattr(own[inner][1].value, "text", None) != text:
                self.set(node, inner, text)

    def _add_lines(self, mapping: Mapping, lines: list[str]) -> None:
        end = self._line_end(self._end(mapping))
        line_break = self._line_break(end)
        if line_break:
            end += len(line_break)
            new = "".join(f"{line}{self._newline}" for line in lines)
        else:
            new = "".join(f"{self._newline}{line}" for line in lines)
        self._edits.append((end, end, new))

    def _flow_edit(self, mapping: Mapping) -> _FlowEdit:
        return self._flow_edits.setdefault(id(mapping), _FlowEdit(mapping))

    def _of_flow(self, edit: _FlowEdit) -> Iterator[tuple[int, int, str]]:
        """Yield the splices for a mapping in flow style. What follows its last pair that stays goes as a whole."""
        old = edit.mapping.pairs
        kept = [number for number in range(len(old)) if number not in edit.removed]
        added = ", ".join(edit.added)
        if not kept:
            start = old[0][0].start if old else edit.mapping.end - 1
            yield start, self._end(old[-1][1]) if old else start, added
            return
        for number in edit.removed:
            if number < kept[-1]:
                yield old[number][0].start, old[number + 1][0].start, ""
        end = self._end(old[kept[-1]][1])
        rest = self._end(old[-1][1]) if kept[-1] + 1 < len(old) else end
        yield end, rest, f", {added}" if added else ""

    def _end(self, node: Node) -> int:
        """Return where the visible part of a node ends: some go on over the blank lines below them."""
        if isinstance(node, Collection) and not node.flow and node.items:
            return self._end(node.items[-1])
        end: int = node.start + len(self._text[node.start : node.end].rstrip())
        return end

    def _line_start(self, position: int) -> int:
        return 1 + max(self._text.rfind("\n", 0, position), self._text.rfind("\r", 0, position))

    def _line_end(self, position: int) -> int:
        found = _LINE_END.search(self._text, position)
        return found.start() if found else len(self._text)

    def _line_break(self, position: int) -> str:
        found = _LINE_END.match(self._text, position)
        return found[0] if found else ""
