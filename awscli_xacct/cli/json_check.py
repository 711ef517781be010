"""Whether a text that comes in pieces is a JSON document, in the memory that one piece takes.

The document itself is never built: an output of gigabytes takes its place in a report as it is.

https://www.rfc-editor.org/rfc/rfc8259
"""

import re

_BLANK = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'(?:[^"\\\x00-\x1f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_SCALAR = re.compile(r"[-+.0-9A-Za-z]+")
_VALUE = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_MAX_DEPTH, _MAX_SCALAR = 500, 1000
"""Deeper documents, and longer numbers, are more than most parsers take, so they count as text."""
_ESCAPE = 6
"""The length of the longest escape in a string, which may be in two pieces."""

_ANY, _FIRST, _NAME, _FIRST_NAME, _COLON, _NEXT, _END = range(7)
"""What may come: a value; it, or the end of a list; a name; it, or the end of an object; a colon; a comma or an end."""


class JsonCheck:
    """Reads a document by `feed`; then `is_complete` tells whether it was one."""

    def __init__(self) -> None:
        self._expected = _ANY
        self._open: list[str] = []
        self._in_string = False
        self._rest = ""
        self._failed = False

    def feed(self, piece: str) -> bool:
        """Read a piece. Return whether it can still be JSON."""
        if not self._failed:
            text = self._rest + piece
            place = self._read(text, final=False)
            self._failed = place < 0
            self._rest = "" if self._failed else text[place:]
        return not self._failed

    def is_complete(self) -> bool:
        """Return whether all pieces together are one JSON document."""
        if self._failed:
            return False
        place = self._read(f"{self._rest}\n", final=True)
        return place >= 0 and self._expected == _END and not self._in_string

    def _read(self, text: str, *, final: bool) -> int:
        """Read as much as is certain, and return where that ends; -1 if it is not JSON."""
        place = 0
        while place < len(text):
            if self._in_string:
                place = _end_of(_STRING, text, place)
                if text[place : place + 1] == '"':
                    self._in_string = False
                    place += 1
                elif place < len(text):
                    # An escape may go on in the next piece.
                    return place if text[place] == "\\" and len(text) - place < _ESCAPE and not final else -1
                continue
            place = _end_of(_BLANK, text, place)
            if place == len(text):
                break
            scalar = _SCALAR.match(text, place)
            if scalar is None:
                if not self._take(text[place]):
                    return -1
                place += 1
                continue
            if scalar.end() == len(text):
                return place if len(scalar[0]) <= _MAX_SCALAR else -1
            if self._expected not in (_ANY, _FIRST) or not _VALUE.fullmatch(scalar[0]):
                return -1
            self._close_value()
            place = scalar.end()
        return place

    def _take(self, mark: str) -> bool:
        """Read a bracket, a quote, a comma or a colon. Return whether it may come here."""
        expected = self._expected
        if mark == '"' and expected in (_ANY, _FIRST, _NAME, _FIRST_NAME):
            self._in_string = True
            if expected in (_NAME, _FIRST_NAME):
                self._expected = _COLON
            else:
                self._close_value()
        elif mark in "[{" and expected in (_ANY, _FIRST) and len(self._open) < _MAX_DEPTH:
            self._open.append("]" if mark == "[" else "}")
            self._expected = _FIRST if mark == "[" else _FIRST_NAME
        elif mark in "]}" and self._open[-1:] == [mark] and expected in (_NEXT, _FIRST, _FIRST_NAME):
            self._open.pop()
            self._close_value()
        elif mark == "," and expected == _NEXT:
            self._expected = _ANY if self._open[-1] == "]" else _NAME
        elif mark == ":" and expected == _COLON:
            self._expected = _ANY
        else:
            return False
        return True

    def _close_value(self) -> None:
        self._expected = _NEXT if self._open else _END


def _end_of(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place
