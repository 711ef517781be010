"""Apply changes to a config file's lines by splicing them; nothing else is rewritten.

Only the lines of changed options change, and comments stay, even if their section or value is removed.

Indentation decides what a line means: one that is indented deeper than the option above it continues that
option's value, even if it looks like a header. So a new option is indented exactly as the last one of its
section.
"""

from itertools import pairwise

from ..errors import EditError
from ..messages import printable
from .parser import (
    COMMENT,
    DEFAULTS,
    DELIMITER,
    ParsedConfig,
    Section,
    Sections,
    Value,
    ending_of,
    indent_of,
    is_comment,
)


class Changes:
    """Changes to one section: options to set (None: to remove), a new name, or its removal."""

    def __init__(self) -> None:
        self.options: dict[str, str | None] = {}
        self.name: str | None = None
        self.removed = False

    def __bool__(self) -> bool:
        return bool(self.options) or self.name is not None or self.removed

    def new_options(self, section: Section) -> dict[str, str]:
        """Return the options to set that `section` does not have yet."""
        return {
            key: text for key, text in self.options.items() if text is not None and key not in section.options
        }


class EditedLines:
    """The lines of `parsed` with `changes` made to its sections, and the sections `added` at its end."""

    def __init__(
        self, parsed: ParsedConfig, changes: dict[Section, Changes], added: dict[str, dict[str, str]]
    ) -> None:
        self._parsed = parsed
        self._changes = {section: asked for section, asked in changes.items() if asked}
        self._kept = [
            part for part in parsed.parts if part not in self._changes or not self._changes[part].removed
        ]
        self._added = added

    @property
    def changed(self) -> bool:
        return bool(self._changes or self._added)

    def expected_sections(self) -> Sections:
        """Return what botocore must read from `lines`.

        Raises `ConfigFileError` where a change makes botocore read an invalid block in ``[DEFAULT]``.
        """
        expected: Sections = {}
        for part in self._kept:
            if part.name != DEFAULTS:
                changes = self._changes.get(part)
                expected[(changes and changes.name) or part.name] = self._options(part, changes)
        for name, added in self._added.items():
            expected[name] = self._parsed.with_defaults(dict(added))
        return expected

    def lines(self) -> list[str]:
        """Return all lines. Raises `EditError` where a change would alter other settings, too."""
        self._check_depths()
        parts = self._parsed.parts
        lines = self._parsed.lines[: parts[0].header if parts else None]
        below = dict(pairwise([*self._kept, None]))
        for part in parts:
            changes = self._changes.get(part)
            if changes is None:
                lines += self._parsed.lines[part.header : part.end]
            elif changes.removed:
                lines += lines_kept_after_removal(self._parsed, part)
            else:
                lines += changed_lines(self._parsed, part, changes, below[part])
        for name, options in self._added.items():
            _append_section(lines, name, options, self._parsed.newline)
        return lines

    def _options(self, part: Section, changes: Changes | None) -> dict[str, Value]:
        if changes is None:
            return self._parsed.options(part)
        values: dict[str, Value] = {
            key: self._parsed.value(line) for key, line in part.options.items() if key not in changes.options
        }
        values.update({key: text for key, text in changes.options.items() if text is not None})
        return self._parsed.with_defaults(values)

    def _check_depths(self) -> None:
        """Refuse a removal after which an indented header would continue the value above it."""
        if len(self._kept) == len(self._parsed.parts):
            return
        for above, part in pairwise(self._kept):
            if would_absorb_header(self._parsed, above, self._changes.get(above), part):
                raise EditError(
                    f"{self._parsed.path}, line {part.header + 1}: [{printable(part.name)}] is indented so far that "
                    f"it would become part of [{printable(above.name)}]; nothing was written. Remove the spaces "
                    f"before it"
                )


def changed_lines(
    parsed: ParsedConfig, section: Section, changes: Changes, below: Section | None
) -> list[str]:
    """Return a section's lines with `changes` made; `below` is the section that will follow it."""
    lines = parsed.lines[section.header : section.end]
    new = changes.new_options(section)
    if new:
        last = parsed.end_of_options(section) - section.header
        _insert(lines, last, _indent_for(parsed, section, below), new, parsed.newline)
    # Backwards, so that line numbers stay valid.
    for key in sorted(
        changes.options.keys() & section.options, key=section.options.__getitem__, reverse=True
    ):
        first, text = section.options[key] - section.header, changes.options[key]
        after = parsed.last(section.options[key]) + 1 - section.header
        option = [] if text is None else [_with_value(lines[first], text)]
        lines[first:after] = option + _comments(lines[first + 1 : after])
    if changes.name is not None:
        name = lines[0].index("[") + 1
        lines[0] = lines[0][:name] + changes.name + lines[0][name + len(section.name) :]
    return lines


def lines_kept_after_removal(parsed: ParsedConfig, section: Section) -> list[str]:
    """Return what remains of a removed section: its comments, and the blank lines after it."""
    lines = parsed.lines[section.header : section.end]
    after = parsed.end_of_options(section) + 1 - section.header
    comments, rest = _comments(lines[1:after]), lines[after:]
    remark = lines[0].rpartition("]")[2].lstrip()
    if is_comment(remark):
        comments.insert(0, remark)
    above_is_blank = section.header == 0 or not parsed.lines[section.header - 1].strip()
    while above_is_blank and not comments and rest and not rest[0].strip():
        rest.pop(0)
    return comments + rest


def _append_section(lines: list[str], name: str, options: dict[str, str], newline: str) -> None:
    """Append a new section to `lines`, after a blank line."""
    if lines and not ending_of(lines[-1]):
        lines[-1] += newline
    if lines and lines[-1].strip():
        lines.append(newline)
    lines.append(f"[{name}]{newline}")
    lines.extend(f"{key} = {text}".rstrip() + newline for key, text in options.items())


def would_absorb_header(
    parsed: ParsedConfig, above: Section, changes: Changes | None, below: Section
) -> bool:
    """Return whether `below`'s header would become part of a value if it followed `above` directly."""
    options = changes.options if changes else {}
    if changes and changes.new_options(above):
        deepest = _indent_for(parsed, above, below)
    else:
        left = [line for key, line in above.options.items() if options.get(key, "") is not None]
        if not left:
            return False
        deepest = indent_of(parsed.lines[max(left)])
    return len(indent_of(parsed.lines[below.header])) > len(deepest)


def check_name(path: str, name: str) -> None:
    """Raise `EditError` for a section name that some reader would not find between its brackets."""
    _check_text(path, name)
    if name == DEFAULTS or not name or "]" in name:
        raise EditError(f"{path}: [{name}] cannot be written as a section; nothing was written")


def check_option(path: str, key: str, value: str) -> None:
    """Raise `EditError` for what would not be read back as this option with this value."""
    _check_text(path, key)
    _check_text(path, value)
    if not key or key != key.lower() or DELIMITER.search(key) or key.startswith(("[", *COMMENT)):
        raise EditError(f"{path}: {key!r} cannot be written as an option; nothing was written")


def _check_text(path: str, text: str) -> None:
    if not text.replace("\t", " ").isprintable():
        raise EditError(f"{path}: {text!r} contains an unprintable character; nothing was written")
    if text != text.strip():
        raise EditError(f"{path}: {text!r} begins or ends with a space; nothing was written")


def _insert(lines: list[str], last: int, indent: str, options: dict[str, str], newline: str) -> None:
    """Insert options into a section's lines, after line `last`."""
    own = ending_of(lines[last])
    ending = own or ending_of(lines[0]) or newline
    added = [f"{indent}{key} = {text}".rstrip() + ending for key, text in options.items()]
    if not own:  # the file does not end in a line break, and must not afterwards
        lines[last] += ending
        added[-1] = added[-1].removesuffix(ending)
    lines[last + 1 : last + 1] = added


def _indent_for(parsed: ParsedConfig, section: Section, below: Section | None) -> str:
    if section.options:
        return indent_of(parsed.lines[max(section.options.values())])
    # The first option: the header below must not be indented deeper than it.
    return indent_of(parsed.lines[below.header]) if below else ""


def _with_value(line: str, value: str) -> str:
    """Return an option's line with another value and nothing else changed."""
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
