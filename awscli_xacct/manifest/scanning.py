"""ruamel.yaml's scanner, bounded: it reads texts from anywhere, and some of them would keep it busy for minutes.

Its tokens are the same. A comment is skipped in one step instead of letter by letter (one of 8 MiB took a minute),
and nesting deeper than a manifest's is refused at once (at each bracket it looks at all those that enclose it).
"""

import re
from typing import Any

from ruamel.yaml.scanner import RoundTripScanner, ScannerError

TOO_DEEP = "this is nested deeper than anything in a manifest"
MAX_DEPTH = 10
"""How many levels of collections a manifest may have."""

_BOM = "\ufeff"
_LINE_END = re.compile("[\n\r\0\x85\u2028\u2029]")


class BoundedScanner(RoundTripScanner):
    """Reads as `RoundTripScanner` does, without the comments, which are not needed here."""

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
                _skip_to(reader, _LINE_END)
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
            raise ScannerError(None, None, TOO_DEEP, self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


def _skip_to(reader: Any, end: re.Pattern[str]) -> None:
    """Do what `reader.forward` does, up to a match of `end`; no line ends before it."""
    found = end.search(reader.buffer, reader.pointer)
    assert found is not None  # noqa: S101 - the reader ends every text with a NUL
    length = found.start() - reader.pointer
    reader.column += length - reader.buffer.count(_BOM, reader.pointer, found.start())
    reader.pointer += length
    reader.index += length
