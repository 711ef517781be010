"""Keeping the output of many commands in one temporary file, and next to nothing of it in memory.

The output may be secret: only its user can open the file, and where the system allows it the file has no name.
"""

import codecs
import json
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any

from ..errors import XacctError
from .json_check import JsonCheck

_PIECE = 2**16
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


class OutputSpool:
    """Several outputs, each with a name. For use in threads. Raises `XacctError` when the disk is full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buffers: dict[Any, bytearray] = {}
        self._extents: dict[Any, list[tuple[int, int]]] = {}
        self._file: IO[bytes] | None = None

    def add(self, name: Any, data: bytes) -> None:
        """Append to the output of `name`."""
        with self._lock:
            buffer = self._buffers.setdefault(name, bytearray())
            buffer += data
            if len(buffer) >= _PIECE:
                self._write(name, buffer)

    def flush(self, name: Any) -> None:
        """Move what is left of an output from memory to the file."""
        with self._lock:
            buffer = self._buffers.pop(name, None)
            if buffer:
                self._write(name, buffer)

    def discard(self, name: Any) -> None:
        """Forget an output: the command runs again."""
        with self._lock:
            self._buffers.pop(name, None)
            self._extents.pop(name, None)

    def _write(self, name: Any, buffer: bytearray) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="xacct-")  # noqa: SIM115 - closed by `close`
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(buffer)
            self._file.flush()
        except OSError as error:
            raise XacctError(
                f"cannot keep the commands' output in a temporary file: {error.strerror or error}. Set TMPDIR to a "
                "directory with more space"
            ) from None
        self._extents.setdefault(name, []).append((start, len(buffer)))
        buffer.clear()

    def read(self, name: Any) -> Iterator[bytes]:
        """Yield an output in pieces."""
        self.flush(name)
        for start, length in self._extents.get(name, ()):
            assert self._file is not None  # noqa: S101 - the extents are in it
            self._file.seek(start)
            for at in range(0, length, _PIECE):
                yield self._file.read(min(_PIECE, length - at))

    def to_string(self, name: Any) -> Iterator[str]:
        """Yield an output as a JSON string, in pieces. Bytes that are not UTF-8 are replaced."""
        yield '"'
        for text in self._decode(name, "replace"):
            yield json.dumps(text)[1:-1]
        yield '"'

    def to_value(self, name: Any, indent: str) -> Iterator[str]:
        """Yield an output as the JSON value that it is, in pieces; one that is no JSON as a string.

        A value is written as it was, but for its indentation.
        """
        if not self._is_json(name):
            yield from self.to_string(name)
            return
        blank, is_first = "", True
        for piece in self._decode(name, "strict"):
            text = blank + (piece.lstrip() if is_first else piece)
            is_first = is_first and not text
            written = text.rstrip()
            blank = text[len(written) :]
            # Not ASCII are only characters in strings, where they can be escaped.
            yield _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], written).replace(
                "\n", f"\n{indent}"
            )

    def _is_json(self, name: Any) -> bool:
        check = JsonCheck()
        try:
            return all(map(check.feed, self._decode(name, "strict"))) and check.is_complete()
        except UnicodeDecodeError:
            return False

    def _decode(self, name: Any, errors: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors)
        for part in self.read(name):
            yield decoder.decode(part)
        yield decoder.decode(b"", final=True)

    def close(self) -> None:
        """Delete the file."""
        if self._file is not None:
            self._file.close()
