"""Edit an AWS config file by splicing its bytes, so that all others stay the same.

`parser` reads the text, `line_edits` writes the changes.
"""

import locale
import re
from collections.abc import Mapping

from ..errors import ConfigFileError, EditError
from . import line_edits
from .line_edits import Changes, EditedLines
from .parser import ParsedConfig, Section, Sections, Value

__all__ = ["Document", "Sections", "Value"]

_LINE_END = re.compile("\r\n|\r|\n")


def parse_sections(data: bytes, path: str) -> Sections:
    """Return what botocore's ``raw_config_parse`` would for a file with these bytes. Raises `ConfigFileError`."""
    return Document(data, path).sections()


class Document:
    """A config file that can be edited. `path` is for messages.

    Raises `ConfigFileError` if botocore would not read the file.
    """

    def __init__(self, data: bytes, path: str = "config", encoding: str | None = None) -> None:
        self.path = path
        # botocore opens the file in text mode without naming an encoding.
        self._encoding = encoding or locale.getpreferredencoding(False)
        self._data = data
        self._parsed = ParsedConfig(self._decode(data), path)
        # Sections by their current name, the changes to them, and new ones.
        self._present = dict(self._parsed.sections)
        self._changes: dict[Section, Changes] = {}
        self._added: dict[str, dict[str, str]] = {}

    # -- the file as it was read -------------------------------------------------------------------

    def sections(self) -> Sections:
        """Return the file as read, as botocore's ``raw_config_parse`` would."""
        return {name: self._parsed.options(section) for name, section in self._parsed.sections.items()}

    def names(self) -> list[str]:
        """Return the names of all sections, in the order of the file."""
        return list(self._parsed.sections)

    def section(self, name: str) -> dict[str, Value]:
        """Return one section of `sections`. Raises `KeyError`."""
        return self._parsed.options(self._parsed.sections[name])

    def line_of(self, section: str, key: str | None = None) -> int:
        """Return the line, from 1, of a section's header or of one of its own options. Raises `KeyError`."""
        found = self._parsed.sections[section]
        return 1 + (found.header if key is None else found.options[key])

    # -- edits: each sees the ones before it --------------------------------------------------------

    def set(self, section: str, key: str, value: str) -> None:
        """Set an option; a new section is added at the end of the file.

        Raises `EditError` for text that a config file cannot hold.
        """
        line_edits.check_option(self.path, key, value)
        found = self._present.get(section)
        if found is None:
            line_edits.check_name(self.path, section)
            self._added.setdefault(section, {})[key] = value
        elif key in found.options and self._parsed.value(found.options[key]) == value:
            self._changes_of(found).options.pop(key, None)
        else:
            self._changes_of(found).options[key] = value

    def remove(self, section: str, key: str) -> None:
        """Remove an option, if the section has it."""
        found = self._present.get(section)
        if found is None:
            added = self._added.get(section, {})
            added.pop(key, None)
            if not added:
                self._added.pop(section, None)
        elif key in found.options:
            self._changes_of(found).options[key] = None
        else:
            self._changes_of(found).options.pop(key, None)

    def change(self, section: str, options: Mapping[str, str | None]) -> None:
        """Set options and, where the value is None, remove them."""
        for key, value in options.items():
            if value is None:
                self.remove(section, key)
            else:
                self.set(section, key, value)

    def remove_section(self, section: str) -> None:
        """Remove a section's header and options; its comments stay. Raises `KeyError`."""
        if self._added.pop(section, None) is None:
            self._changes_of(self._present.pop(section)).removed = True

    def rename_section(self, section: str, name: str) -> None:
        """Rename a section and change nothing else of it.

        Raises `KeyError`, and `EditError` if the name is taken or cannot be written.
        """
        if section not in self._present and section not in self._added:
            raise KeyError(section)
        if name == section:
            return
        line_edits.check_name(self.path, name)
        if name in self._present or name in self._added:
            raise EditError(f"{self.path} already has a section [{name}]; nothing was written")
        if section in self._added:
            self._added = {name if old == section else old: options for old, options in self._added.items()}
        else:
            found = self._present[name] = self._present.pop(section)
            self._changes_of(found).name = None if name == found.name else name

    # -- the edited file ---------------------------------------------------------------------------

    def expected_sections(self) -> Sections:
        """Return what botocore must read from `render`'s bytes. Raises `ConfigFileError` as `render` does."""
        return self._edited().expected_sections()

    def render(self) -> bytes:
        """Return the file's bytes with the changes made; without changes, the very bytes it was read from.

        Raises `EditError` where a change would alter other settings, too, and `ConfigFileError`
        where it makes botocore read an invalid block in ``[DEFAULT]`` that it ignored before.
        """
        edited = self._edited()
        if not edited.changed:
            return self._data
        edited.expected_sections()
        if self._encode(self._parsed.lines) != self._data:
            raise EditError(
                f"{self.path}: its {self._encoding} text cannot be preserved byte for byte; nothing was written"
            )
        return self._encode(edited.lines())

    # -- implementation ----------------------------------------------------------------------------

    def _changes_of(self, section: Section) -> Changes:
        return self._changes.setdefault(section, Changes())

    def _edited(self) -> EditedLines:
        return EditedLines(self._parsed, self._changes, self._added)

    def _decode(self, data: bytes) -> str:
        try:
            return data.decode(self._encoding)
        except UnicodeDecodeError as error:
            line = 1 + len(_LINE_END.findall(data[: error.start].decode(self._encoding)))
            raise ConfigFileError(
                self.path, line, f"byte 0x{data[error.start]:02x} is not {self._encoding} text"
            ) from None

    def _encode(self, lines: list[str]) -> bytes:
        try:
            return "".join(lines).encode(self._encoding)
        except UnicodeEncodeError as error:
            raise EditError(
                f"{self.path}: {error.object[error.start : error.end]!r} cannot be written in the file's "
                f"encoding, {self._encoding}; nothing was written"
            ) from None
