"""The file with the changes made: its lines, what they must be read as, and the part that proves it."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import EditError
from ..messages import printable
from . import line_edits
from .line_edits import Changes
from .parser import DEFAULTS, Reading, Section, Sections, Value


class EditedLines:
    """What `reading` becomes with `changes` made to its sections and the sections `added` at its end."""

    def __init__(
        self, reading: Reading, changes: dict[Section, Changes], added: dict[str, dict[str, str]]
    ) -> None:
        self._reading = reading
        self._parts = reading.parts
        self._changes = {section: asked for section, asked in changes.items() if asked}
        self._removed = {section for section, asked in self._changes.items() if asked.removed}
        self._added = added

    @property
    def changed(self) -> bool:
        return bool(self._changes or self._added)

    def meant(self, *, excerpt: bool) -> Sections:
        """What `lines` must be read as, or `excerpt`.

        Raises `ConfigFileError` where a change makes botocore look at a faulty block in ``[DEFAULT]``.
        """
        meant: Sections = {}
        for number in self._excerpted() if excerpt else range(len(self._parts)):
            part = self._parts[number]
            if part.name != DEFAULTS and part not in self._removed:
                changes = self._changes.get(part)
                meant[(changes and changes.name) or part.name] = self._options(part, changes)
        for name, added in self._added.items():
            meant[name] = self._reading.with_defaults(dict(added))
        return meant

    def lines(self) -> list[str]:
        """All lines. Raises `EditError` where more would have to be altered than was asked."""
        self._check_depths()
        lines = self._reading.lines[: self._parts[0].header if self._parts else None]
        for number in range(len(self._parts)):
            lines += self._written(number)
        return self._with_added(lines)

    def excerpt(self) -> list[str]:
        """Of `lines` those that a change could have an effect on, to be read on their own.

        They are the changed sections, their neighbours, whose headers a change must not swallow, and
        the defaults they inherit. All else are lines of the old file, and a header puts a reader back
        to where it began: hence also the empty ``[DEFAULT]`` between sections that are not neighbours.
        """
        lines: list[str] = []
        above = -1
        for number in self._excerpted():
            if number != above + 1:
                lines.append(f"[{DEFAULTS}]{self._reading.newline}")
            lines += self._written(number)
            above = number
        return self._with_added(lines)

    def _options(self, part: Section, changes: Changes | None) -> dict[str, Value]:
        if changes is None:
            return self._reading.options(part)
        values: dict[str, Value] = {
            key: self._reading.value(line) for key, line in part.options.items() if key not in changes.options
        }
        values.update({key: text for key, text in changes.options.items() if text is not None})
        return self._reading.with_defaults(values)

    def _excerpted(self) -> list[int]:
        """The places of `excerpt`'s sections among all."""
        places = [number for number, part in enumerate(self._parts) if part in self._changes]
        if self._added:
            places.append(len(self._parts))
        excerpted = {number + step for number in places for step in (-1, 0, 1)}
        excerpted.update(number for number, part in enumerate(self._parts) if part.name == DEFAULTS)
        return sorted(excerpted & set(range(len(self._parts))))

    def _written(self, number: int) -> list[str]:
        part = self._parts[number]
        changes = self._changes.get(part)
        if changes is None:
            return self._reading.lines[part.header : part.end]
        if changes.removed:
            return line_edits.lines_kept_after_removal(self._reading, part)
        return line_edits.changed(self._reading, part, changes, next(self._left(number + 1), None))

    def _with_added(self, lines: list[str]) -> list[str]:
        for name, options in self._added.items():
            line_edits.append(lines, name, options, self._reading.newline)
        return lines

    def _left(self, start: int) -> Iterator[Section]:
        """The sections from place `start` that are not removed."""
        for number in range(start, len(self._parts)):
            if self._parts[number] not in self._removed:
                yield self._parts[number]

    def _check_depths(self) -> None:
        """Refuse to take away what keeps an indented header from being read as part of a value."""
        if not self._removed:
            return
        above: Section | None = None
        for part in self._left(0):
            if above and line_edits.would_absorb_header(self._reading, above, self._changes.get(above), part):
                raise EditError(
                    f"{self._reading.path}, line {part.header + 1}: [{printable(part.name)}] stands so deep that "
                    f"it would become part of [{printable(above.name)}]; nothing was written. Take the blanks "
                    f"before it away"
                )
            above = part
