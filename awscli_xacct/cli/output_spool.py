"""Keeping the output of many commands in one temporary file, and next to nothing of it in memory.

The output may be secret: only its user can open the file, and where the system allows it the file has no name.
"""

from __future__ import annotations

import codecs
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any

from ..errors import XacctError

_PIECE = 2**16


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

    def to_json(self, name: Any) -> Iterator[str]:
        """Yield an output as a JSON string, in pieces. Bytes that are not UTF-8 are replaced."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        yield '"'
        for part in self.read(name):
            yield json.dumps(decoder.decode(part))[1:-1]
        yield json.dumps(decoder.decode(b"", final=True))[1:-1]
        yield '"'

    def close(self) -> None:
        """Delete the file."""
        if self._file is not None:
            self._file.close()
