"""How a changed section is written: its own lines, spliced.

A line is taken over as it stands unless the change is about it, and what a person wrote as a comment
stays, also where what it stood in goes.

Depth decides what a line means: one that stands deeper than the option above it is part of that
option's value, be it a header. So a new option stands exactly as deep as the last one of its section.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import EditError
from .parser import COMMENT, DEFAULTS, DELIMITER, Reading, Section, ending_of, indent_of, is_comment


@dataclass
class Changes:
    """What is asked of one section: options to set or, with None, to remove; another name; its end."""

    options: dict[str, str | None] = field(default_factory=dict)
    name: str | None = None
    removed: bool = False

    def __bool__(self) -> bool:
        return bool(self.options) or self.name is not None or self.removed

    def fresh(self, section: Section) -> dict[str, str]:
        """The options to set that are not there yet."""
        return {
            key: text for key, text in self.options.items() if text is not None and key not in section.options
        }


def changed(reading: Reading, section: Section, changes: Changes, below: Section | None) -> list[str]:
    """The lines of a section with `changes` made; `below` is the section that is going to follow it."""
    lines = reading.lines[section.header : section.end]
    fresh = changes.fresh(section)
    if fresh:
        last = reading.end_of_options(section) - section.header
        _insert(lines, last, _indent_for(reading, section, below), fresh, reading.newline)
    # From the end to the beginning, so that the line numbers found in reading stay true.
    for key in sorted(
        changes.options.keys() & section.options, key=section.options.__getitem__, reverse=True
    ):
        first, text = section.options[key] - section.header, changes.options[key]
        behind = reading.last(section.options[key]) + 1 - section.header
        option = [] if text is None else [_with_value(lines[first], text)]
        lines[first:behind] = option + _comments(lines[first + 1 : behind])
    if changes.name is not None:
        name = lines[0].index("[") + 1
        lines[0] = lines[0][:name] + changes.name + lines[0][name + len(section.name) :]
    return lines


def lines_kept_after_removal(reading: Reading, section: Section) -> list[str]:
    """What a removed section leaves: its comments, and what sets off whatever follows it."""
    lines = reading.lines[section.header : section.end]
    behind = reading.end_of_options(section) + 1 - section.header
    comments, rest = _comments(lines[1:behind]), lines[behind:]
    remark = lines[0].rpartition("]")[2].lstrip()
    if is_comment(remark):
        comments.insert(0, remark)
    above_is_blank = section.header == 0 or not reading.lines[section.header - 1].strip()
    while above_is_blank and not comments and rest and not rest[0].strip():
        rest.pop(0)
    return comments + rest


def append(lines: list[str], name: str, options: dict[str, str], newline: str) -> None:
    """Add a new section to `lines`, a blank line before it."""
    if lines and not ending_of(lines[-1]):
        lines[-1] += newline
    if lines and lines[-1].strip():
        lines.append(newline)
    lines.append(f"[{name}]{newline}")
    lines.extend(f"{key} = {text}".rstrip() + newline for key, text in options.items())


def would_absorb_header(reading: Reading, above: Section, changes: Changes | None, below: Section) -> bool:
    """Whether `below`'s header would become part of a value, if it came directly behind `above`."""
    options = changes.options if changes else {}
    if changes and changes.fresh(above):
        deepest = _indent_for(reading, above, below)
    else:
        left = [line for key, line in above.options.items() if options.get(key, "") is not None]
        if not left:
            return False
        deepest = indent_of(reading.lines[max(left)])
    return len(indent_of(reading.lines[below.header])) > len(deepest)


def check_name(path: str, name: str) -> None:
    """Refuse a section name that not every reader of such files finds between its brackets."""
    _check_text(path, name)
    if name == DEFAULTS or not name or "]" in name:
        raise EditError(f"{path}: [{name}] cannot be written as a section; nothing was written")


def check_option(path: str, key: str, value: str) -> None:
    """Refuse what would not be read as this option with this value."""
    _check_text(path, key)
    _check_text(path, value)
    if not key or key != key.lower() or DELIMITER.search(key) or key.startswith(("[", *COMMENT)):
        raise EditError(f"{path}: {key!r} cannot be written as an option; nothing was written")


def _check_text(path: str, text: str) -> None:
    if not text.replace("\t", " ").isprintable():
        raise EditError(f"{path}: {text!r} has a character that cannot be printed; nothing was written")
    if text != text.strip():
        raise EditError(f"{path}: {text!r} begins or ends with a blank; nothing was written")


def _insert(lines: list[str], last: int, indent: str, options: dict[str, str], newline: str) -> None:
    """Add options to a section's lines, behind line `last`."""
    own = ending_of(lines[last])
    ending = own or ending_of(lines[0]) or newline
    added = [f"{indent}{key} = {text}".rstrip() + ending for key, text in options.items()]
    if not own:  # the end of the file, which goes on having no line end
        lines[last] += ending
        added[-1] = added[-1].removesuffix(ending)
    lines[last + 1 : last + 1] = added


def _indent_for(reading: Reading, section: Section, below: Section | None) -> str:
    if section.options:
        return indent_of(reading.lines[max(section.options.values())])
    # It is the first option, and the header below may stand as deep as it likes: not deeper than this.
    return indent_of(reading.lines[below.header]) if below else ""


def _with_value(line: str, value: str) -> str:
    """An option's line with another value, all else of the line as it was."""
    ending = ending_of(line)
    delimiter = DELIMITER.search(line)
    assert delimiter is not None, "an option's line has a delimiter"  # noqa: S101
    head, tail = line[: delimiter.end()], line[delimiter.end() : len(line) - len(ending)]
    old = tail.strip()
    if old:
        before, _, after = tail.partition(old)
        return f"{head}{before}{value}{after}{ending}"
    blank = tail or (" " if head[-2:-1].isspace() else "")
    return f"{head}{blank}{value}{ending}"


def _comments(lines: list[str]) -> list[str]:
    return [line for line in lines if is_comment(line)]
