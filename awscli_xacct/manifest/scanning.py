"""The scanner of ruamel.yaml, kept from what takes it for ever: it meets texts that nobody has looked at.

What it makes tokens of is the same. A comment is passed over in one step and not letter by letter, and what goes
deeper than a manifest can is refused where it stands: of brackets within brackets it would look at each again for
each that follows.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml.scanner import RoundTripScanner, ScannerError

TOO_DEEP = "this stands deeper than anything in a manifest"
DEPTH = 10
"""How many collections within one another a manifest may have."""

_BOM = "\ufeff"
_LINE_END = re.compile("[\n\r\0\x85\u2028\u2029]")


class BoundedScanner(RoundTripScanner):
    """Reads as `RoundTripScanner` does, without the comments, which nothing here asks for."""

    def scan_to_next_token(self) -> None:
        """Pass over blanks, comments and line ends, as `Scanner` does."""
        reader = self.reader
        if reader.index == 0 and reader.peek() == _BOM:
            reader.forward()
        blanks = " \t" if self.flow_level > 0 else " "
        while True:
            while reader.peek() in blanks:
                reader.forward()
            comment = reader.peek() == "#"
            if comment:
                _pass_over(reader, _LINE_END)
            if not self.scan_line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True
            # `RoundTripScanner` lets tabs stand on lines that are empty otherwise.
            while not comment and reader.peek() == "\n":
                while self.scan_line_break(empty_line=True):
                    pass

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 - its name there
        if self.flow_level + len(self.indents) >= DEPTH:
            raise ScannerError(None, None, TOO_DEEP, self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


def _pass_over(reader: Any, end: re.Pattern[str]) -> None:
    """What `reader.forward` would do, up to where `end` is found; there is no line end before."""
    found = end.search(reader.buffer, reader.pointer)
    assert found is not None  # noqa: S101 - the reader puts a NUL at the end of all
    length = found.start() - reader.pointer
    reader.column += length - reader.buffer.count(_BOM, reader.pointer, found.start())
    reader.pointer += length
    reader.index += length
