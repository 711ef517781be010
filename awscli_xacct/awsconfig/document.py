"""An AWS config file as its own lines, which an edit splices and never renders anew.

The reading rules are those of Python's ``RawConfigParser`` with its default settings, which is what
botocore reads these files with, and of botocore's nested blocks (``s3 =``): the same texts are
accepted and refused, with the same meaning. A property test holds the three equal.

What the rules come to:

* Lines end in LF, CRLF or CR. A line whose first visible character is ``#`` or ``;`` is a comment.
* A line that stands deeper than the line its option began on continues that option's value, even if
  it looks like a header.
* ``[`` begins a header that reaches to the *last* ``]`` of the line; what follows is ignored.
* Any other line is an option, split at its first ``=`` or ``:``; names are lower-cased.
* A header or option that comes twice, text before the first header, and an option without ``=`` are
  refused. ``[DEFAULT]`` gives every other section its options.
"""

from __future__ import annotations

import io
import locale
import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from ..errors import ConfigRefused, EditRefused, printable

Value = str | dict[str, str]
Sections = dict[str, dict[str, Value]]

DEFAULTS = "DEFAULT"
_COMMENT = ("#", ";")
_DELIMITER = re.compile("[=:]")


class Span(NamedTuple):
    """The lines of one option: from `first` up to and including `last`."""

    first: int
    last: int


class Section:
    """One section: the lines from its header up to `end`, where its options stand, what is asked of it."""

    __slots__ = ("changes", "end", "header", "name", "options", "removed", "renamed")

    def __init__(self, name: str, header: int) -> None:
        self.name = name
        self.header = header
        self.end = header + 1
        self.options: dict[str, Span] = {}
        self.changes: dict[str, str | None] = {}
        self.removed = False
        self.renamed: str | None = None

    @property
    def touched(self) -> bool:
        return bool(self.changes) or self.removed or self.renamed is not None


class Document:
    """A config file that can be changed. `path` is used in messages only.

    Raises `ConfigRefused` where botocore would not read the file.
    """

    def __init__(self, data: bytes, path: str = "config", encoding: str | None = None) -> None:
        self._path = path
        # botocore opens the file in text mode without naming an encoding.
        self._encoding = encoding or locale.getpreferredencoding(False)
        self._data = data
        text = self._decode(data)
        self._lines = list(io.StringIO(text, newline=""))
        self._parts: list[Section] = []
        self._sections: dict[str, Section] = {}
        self._added: dict[str, dict[str, str]] = {}
        self._parse()

    # -- reading -----------------------------------------------------------------------------------

    def sections(self) -> Sections:
        """The file as botocore's ``raw_config_parse`` gives it, without the changes asked for."""
        inherited = self._inherited()
        return {name: self._options(section, inherited) for name, section in self._sections.items()}

    def meant(self, *, touched_only: bool = False) -> Sections:
        """What botocore must read from `render`'s bytes: the old sections with the changes made.

        With `touched_only`, what it must read from `excerpt`'s.
        """
        inherited = self._inherited()
        meant: Sections = {}
        for name, section in self._sections.items():
            if section.removed or (touched_only and not section.touched):
                continue
            options = self._options(section, inherited)
            for key, value in section.changes.items():
                if value is not None:
                    options[key] = value
                elif key in inherited:
                    options[key] = inherited[key]
                else:
                    options.pop(key, None)
            meant[section.renamed or name] = options
        for name, added in self._added.items():
            meant[name] = {**inherited, **added}
        return meant

    def names(self) -> list[str]:
        """The names of all sections, in their order, without the changes asked for."""
        return list(self._sections)

    def section(self, name: str) -> dict[str, Value]:
        """One section as `sections` gives it. Raises `KeyError`."""
        return self._options(self._sections[name], self._inherited())

    def line_of(self, section: str, key: str | None = None) -> int:
        """The line, counted from 1, where a section's header or one of its options stands."""
        found = self._sections[section]
        return 1 + (found.header if key is None else found.options[key].first)

    # -- changing ----------------------------------------------------------------------------------

    def set(self, section: str, key: str, value: str) -> None:
        """Set an option; the section is added at the end of the file if it is not there."""
        _check(self._path, section, key, value)
        known = self._sections.get(section)
        if known is None or known.removed:
            self._added.setdefault(section, {})[key] = value
        elif key not in known.options or self._value(known.options[key]) != value:
            known.changes[key] = value
        else:
            known.changes.pop(key, None)

    def remove(self, section: str, key: str) -> None:
        """Remove an option; nothing happens if it is not there."""
        self._added.get(section, {}).pop(key, None)
        known = self._sections.get(section)
        if known is not None:
            known.changes.pop(key, None)
            if key in known.options:
                known.changes[key] = None

    def remove_section(self, section: str) -> None:
        """Remove a section's header and options. Comments stay where they are: a person wrote them."""
        self._sections[section].removed = True

    def rename_section(self, section: str, name: str) -> None:
        """Give a section another header and leave all else of it as it is."""
        _check(self._path, name, "", "")
        self._sections[section].renamed = name

    def render(self) -> bytes:
        """The bytes of the file with the changes made: the very same ones where there are none."""
        if not self._added and not any(section.touched for section in self._parts):
            return self._data
        lines = self._lines[: self._parts[0].header if self._parts else len(self._lines)]
        for section in self._parts:
            lines += self._rendered(section) if section.touched else self._lines[section.header : section.end]
        self._append(lines)
        return self._encode(lines)

    def excerpt(self) -> bytes:
        """The sections that `render` renders anew, and the defaults they inherit, alone.

        All else of `render`'s bytes are the old file's, and a header takes a reader back to where it
        began; so what this reads as is what these sections read as in the whole.
        """
        lines: list[str] = []
        for section in self._parts:
            if section.touched or section.name == DEFAULTS:
                lines += self._rendered(section)
        self._append(lines)
        return self._encode(lines)

    # -- how it is done ----------------------------------------------------------------------------

    def _decode(self, data: bytes) -> str:
        try:
            text = data.decode(self._encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigRefused(
                self._path, line, f"byte 0x{data[error.start]:02x} is not {self._encoding} text"
            ) from None
        if text.encode(self._encoding) != data:
            raise ConfigRefused(self._path, 0, f"its {self._encoding} text cannot be kept byte for byte")
        return text

    def _encode(self, lines: list[str]) -> bytes:
        try:
            return "".join(lines).encode(self._encoding)
        except UnicodeEncodeError as error:
            raise EditRefused(
                f"{self._path}: {error.object[error.start : error.end]!r} cannot be written in the file's "
                f"encoding, {self._encoding}; nothing was written"
            ) from None

    def _parse(self) -> None:
        section: Section | None = None
        options: dict[str, Span] = {}
        defaults: set[str] = set()
        key = ""
        level = 0
        for number, line in enumerate(self._lines):
            text = line.strip()
            if not text or text[0] in _COMMENT:
                continue
            indent = len(line) - len(line.lstrip())
            if key and indent > level:
                options[key] = Span(options[key].first, number)
                continue
            level = indent
            if text[0] == "[" and (end := text.rfind("]")) > 1:
                if section is not None:
                    section.end = number
                section = self._open(text[1:end], number)
                options, key = section.options, ""
                continue
            if section is None:
                self._refuse(number, "text before the first [section]; a byte order mark counts as text")
            found = _DELIMITER.search(text)
            if found is None:
                self._refuse(number, "neither a [section], an option nor a comment: an option needs a =")
            key = text[: found.start()].rstrip().lower()
            if not key:
                self._refuse(number, "an option without a name")
            if key in (defaults if section.name == DEFAULTS else options):
                self._refuse(number, f"option {key!r} a second time in [{section.name}]")
            if section.name == DEFAULTS:
                defaults.add(key)
            options[key] = Span(number, number)
        if section is not None:
            section.end = len(self._lines)
        for span in self._spans_in_use():
            if span.last > span.first:
                self._value(span)

    def _spans_in_use(self) -> Iterator[Span]:
        """The options botocore looks at: a default that every section overrides is never read."""
        for part in self._parts:
            for key, span in part.options.items():
                if part.name != DEFAULTS or any(
                    key not in known.options for known in self._sections.values()
                ):
                    yield span

    def _open(self, name: str, number: int) -> Section:
        section = Section(name, number)
        if name in self._sections:
            first = self._sections[name].header + 1
            self._refuse(number, f"[{name}] a second time; it is on line {first} already")
        if name != DEFAULTS:
            self._sections[name] = section
        self._parts.append(section)
        return section

    def _inherited(self) -> dict[str, Value]:
        if not self._sections:
            return {}
        return {
            key: self._value(span)
            for part in self._parts
            if part.name == DEFAULTS
            for key, span in part.options.items()
        }

    def _options(self, section: Section, inherited: dict[str, Value]) -> dict[str, Value]:
        options = {key: self._value(span) for key, span in section.options.items()}
        return inherited | options if inherited else options

    def _value(self, span: Span) -> Value:
        text = _DELIMITER.split(self._lines[span.first], maxsplit=1)[1].strip()
        if span.last == span.first:
            return text
        parts = [text]
        for number in range(span.first + 1, span.last + 1):
            part = self._lines[number].strip()
            if not part.startswith(_COMMENT):
                parts.append(part)
        value = "\n".join(parts).rstrip()
        return self._nested(span, value) if value.startswith("\n") else value

    def _nested(self, span: Span, value: str) -> dict[str, str]:
        nested = {}
        for line in value.splitlines():
            if line.strip():
                name, equals, text = line.partition("=")
                if not equals:
                    self._refuse(span.first, f"in the block that begins here, {line.strip()!r} has no =")
                nested[name.strip()] = text.strip()
        return nested

    def _rendered(self, section: Section) -> list[str]:
        """The lines of one section with the changes asked of it."""
        lines = self._lines[section.header : section.end]
        if section.removed:
            return self._without(section, lines)
        fresh = [
            (key, text)
            for key, text in section.changes.items()
            if text is not None and key not in section.options
        ]
        if fresh:
            self._insert(section, lines, fresh)
        # From the end to the beginning, so that the line numbers found in parsing stay true.
        for key in sorted(
            section.changes.keys() & section.options.keys(), key=section.options.get, reverse=True
        ):
            first, last = (number - section.header for number in section.options[key])
            text = section.changes[key]
            option = [] if text is None else [_with_value(lines[first], text)]
            lines[first : last + 1] = option + _comments(lines[first + 1 : last + 1])
        if section.renamed is not None:
            before, bracket, rest = lines[0].partition("[")
            lines[0] = before + bracket + section.renamed + rest[len(section.name) :]
        return lines

    def _insert(self, section: Section, lines: list[str], fresh: list[tuple[str, str]]) -> None:
        """Add options to a section's lines, behind its last one."""
        last = max((span.last for span in section.options.values()), default=section.header) - section.header
        indent = self._indent_for(section)
        ending = _ending(lines[0]) or self._newline()
        added = [f"{indent}{key} = {text}{ending}" for key, text in fresh]
        if not _ending(lines[last]):
            lines[last] += ending
            added[-1] = added[-1].removesuffix(ending)
        lines[last + 1 : last + 1] = added

    def _without(self, section: Section, lines: list[str]) -> list[str]:
        """A removed section's comments, and what sets off whatever follows it."""
        last = max((span.last for span in section.options.values()), default=section.header) - section.header
        rest = lines[last + 1 :]
        if section.header == 0 or not self._lines[section.header - 1].strip():
            while rest and not rest[0].strip():
                rest.pop(0)
        return _comments(lines[: last + 1]) + rest

    def _indent_for(self, section: Section) -> str:
        """The indentation a new option of `section` needs to be one, and to leave what follows as it is."""
        if section.options:
            return _indent(self._lines[max(section.options.values()).first])
        # With an option now before it, a header that stands deeper would become part of its value.
        return _indent(self._lines[section.end]) if section.end < len(self._lines) else ""

    def _append(self, lines: list[str]) -> None:
        """Add the new sections at the end, a blank line before each."""
        ending = self._newline()
        for name, options in self._added.items():
            if lines and not _ending(lines[-1]):
                lines[-1] += ending
            if lines and lines[-1].strip():
                lines.append(ending)
            lines.append(f"[{name}]{ending}")
            lines.extend(f"{key} = {text}{ending}" for key, text in options.items())

    def _newline(self) -> str:
        return (_ending(self._lines[0]) if self._lines else "") or "\n"

    def _refuse(self, number: int, reason: str) -> NoReturn:
        raise ConfigRefused(self._path, number + 1, reason)


def _check(path: str, section: str, key: str, value: str) -> None:
    """Refuse what could not stand on one line as one option of one section."""
    for text in (section, key, value):
        if any(not (character.isprintable() or character == "\t") for character in text):
            raise EditRefused(f"{path}: {printable(text)!r} has a control character; nothing was written")
        if text != text.strip():
            raise EditRefused(f"{path}: {text!r} begins or ends with a blank; nothing was written")
    if section == DEFAULTS or not section or "]" in section:
        raise EditRefused(f"{path}: [{section}] cannot be written as a section; nothing was written")
    if key != key.lower() or _DELIMITER.search(key) or key.startswith(("[", *_COMMENT)):
        raise EditRefused(f"{path}: {key!r} cannot be written as an option; nothing was written")


def _comments(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip().startswith(_COMMENT)]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _with_value(line: str, value: str) -> str:
    """An option's line with another value, all else of the line as it was."""
    ending = _ending(line)
    delimiter = _DELIMITER.search(line)
    assert delimiter is not None, "an option's line has a delimiter"  # noqa: S101
    head, tail = line[: delimiter.end()], line[delimiter.end() : len(line) - len(ending)]
    old = tail.strip()
    if old:
        before, _, after = tail.partition(old)
        return f"{head}{before}{value}{after}{ending}"
    blank = tail or (" " if head[-2:-1].isspace() else "")
    return f"{head}{blank}{value}{ending}"
