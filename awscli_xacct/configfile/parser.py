"""Parse a config file as botocore does, and find the lines of each section and option.

The rules are those of Python's ``RawConfigParser`` with its default settings, with which botocore reads these files,
and of botocore's nested blocks (``s3 =``): the same texts are accepted and refused, with the same meaning, which a
property test checks. In short:

* Lines end in LF, CRLF or CR. A line whose first visible character is ``#`` or ``;`` is a comment.
* A line indented deeper than the line its option began on continues that option's value, even if it
  looks like a header.
* ``[`` begins a header that reaches to the *last* ``]`` of the line; what follows is ignored.
* Any other line is an option, split at its first ``=`` or ``:``; names are lower-cased.
* A duplicate header or option, text before the first header, and an option without ``=`` are refused.
  ``[DEFAULT]`` may be repeated; every other section inherits its options.
* A value that begins on the line below its option is a block, and each of its lines needs a ``=``. A
  block in ``[DEFAULT]`` is read only if some section lacks that option.
"""

import io
import re
from sys import intern
from typing import NoReturn

from ..errors import ConfigFileError
from ..messages import printable

Value = str | dict[str, str]
Sections = dict[str, dict[str, Value]]

DEFAULTS = "DEFAULT"
COMMENT = ("#", ";")
DELIMITER = re.compile("[=:]")


class Section:
    """One section: the line of its header, the line it ends before, and the line each option begins on."""

    __slots__ = ("end", "header", "name", "options")

    def __init__(self, name: str, header: int) -> None:
        self.name = name
        self.header = header
        self.end = header + 1
        self.options: dict[str, int] = {}


class ParsedConfig:
    """A parsed config file: `lines` with their endings, `parts` (all sections in the order of the file, including
    ``[DEFAULT]``) and `sections` (by name, without it). Lines count from 0.

    Raises `ConfigFileError` if botocore would not read the text. `path` is for messages.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.lines = list(io.StringIO(text, newline=""))
        self.parts: list[Section] = []
        self.sections: dict[str, Section] = {}
        self._defaults: dict[str, int] = {}
        self._last: dict[int, int] = {}  # the first line of an option to its last, if it has several
        self._read()
        self._check_blocks()

    @property
    def newline(self) -> str:
        """The line ending for new lines: that of the first line."""
        return (ending_of(self.lines[0]) if self.lines else "") or "\n"

    def options(self, section: Section) -> dict[str, Value]:
        """Return a section's options as botocore does: its own and inherited ones."""
        return self.with_defaults({key: self.value(line) for key, line in section.options.items()})

    def with_defaults(self, options: dict[str, Value]) -> dict[str, Value]:
        """Return `options` with inherited ones added. Raises `ConfigFileError`."""
        for key, line in self._defaults.items():
            if key not in options:
                options[key] = self.value(line)
        return options

    def last(self, line: int) -> int:
        """Return the last line of the option that begins on `line`."""
        return self._last.get(line, line)

    def end_of_options(self, section: Section) -> int:
        """Return the last line of a section's last option, or of its header if it has none."""
        return self.last(max(section.options.values(), default=section.header))

    def value(self, line: int) -> Value:
        """Return the value of the option that begins on `line`."""
        text = DELIMITER.split(self.lines[line], maxsplit=1)[1].strip()
        last = self._last.get(line)
        if last is None:
            return text
        rest = {number: self.lines[number].strip() for number in range(line + 1, last + 1)}
        rest = {number: part for number, part in rest.items() if not part.startswith(COMMENT)}
        return "\n".join([text, *rest.values()]) if text else self._block(rest)

    def _block(self, lines: dict[int, str]) -> dict[str, str]:
        block = {}
        for number, text in lines.items():
            for line in text.splitlines():  # splits at more characters than a file does, as botocore does
                if line.strip():
                    name, equals, value = line.partition("=")
                    if not equals:
                        self._refuse(number, "a line without a = in an indented block")
                    block[name.strip()] = value.strip()
        return block

    def _read(self) -> None:
        section: Section | None = None
        options: dict[str, int] = {}
        key = ""
        level = 0
        for number, line in enumerate(self.lines):
            text = line.strip()
            if not text or text[0] in COMMENT:
                continue
            indent = line.index(text[0])
            if key and indent > level:
                self._last[options[key]] = number
                continue
            level = indent
            if text[0] == "[" and (end := text.rfind("]")) > 1:
                section = self._open(text[1:end], number)
                options, key = section.options, ""
                continue
            if section is None:
                self._refuse(number, "text before the first [section]; a byte order mark counts as text")
            delimiter = DELIMITER.search(text)
            if delimiter is None:
                self._refuse(number, "neither a [section], an option nor a comment: an option needs a =")
            key = intern(text[: delimiter.start()].rstrip().lower())
            if not key:
                self._refuse(number, "an option without a name")
            known = self._defaults if section.name == DEFAULTS else options
            if key in known:
                where = f"[{printable(section.name)}]; it is on line {known[key] + 1} already"
                self._refuse(number, f"duplicate option {printable(key)} in {where}")
            known[key] = options[key] = number
        if section is not None:
            section.end = len(self.lines)

    def _open(self, name: str, number: int) -> Section:
        if name in self.sections:
            first = self.sections[name].header + 1
            self._refuse(number, f"duplicate section [{printable(name)}]; it is on line {first} already")
        section = Section(name, number)
        if name != DEFAULTS:
            self.sections[name] = section
        if self.parts:
            self.parts[-1].end = number
        self.parts.append(section)
        return section

    def _check_blocks(self) -> None:
        """Parse every value that may be an invalid block and that botocore parses too."""
        inherited = {line: key for key, line in self._defaults.items()}
        for line in self._last:
            key = inherited.get(line)
            if key is None or any(key not in section.options for section in self.sections.values()):
                self.value(line)

    def _refuse(self, number: int, reason: str) -> NoReturn:
        raise ConfigFileError(self.path, number + 1, reason)


def is_comment(line: str) -> bool:
    return line.strip().startswith(COMMENT)


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def ending_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
