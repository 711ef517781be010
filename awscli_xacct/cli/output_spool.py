"""Keeping what many write until it is wanted, in hardly any memory: in one file, which has no name.

A command's output may be secret: where the system can, the file is unlinked as soon as it is there, and it is for
its user alone from the beginning.
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
    """The outputs of many, each by its name. For use in threads. Raises `XacctError` if the disk is full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Any, bytearray] = {}
        self._places: dict[Any, list[tuple[int, int]]] = {}
        self._file: IO[bytes] | None = None

    def add(self, name: Any, data: bytes) -> None:
        """Add to what `name` has written."""
        with self._lock:
            held = self._held.setdefault(name, bytearray())
            held += data
            if len(held) >= _PIECE:
                self._put(name, held)

    def settle(self, name: Any) -> None:
        """Say that `name` has come to its end for now: nothing of it need stay in memory."""
        with self._lock:
            held = self._held.get(name)
            if held:
                self._put(name, held)
            self._held.pop(name, None)

    def _put(self, name: Any, held: bytearray) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="xacct-")  # noqa: SIM115 - it is open as long as this
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(held)
            self._file.flush()
        except OSError as error:
            raise XacctError(
                f"what the commands write cannot be kept in a temporary file: {error.strerror or error}. Name a "
                "directory with more space in TMPDIR"
            ) from None
        self._places.setdefault(name, []).append((start, len(held)))
        held.clear()

    def parts(self, name: Any) -> Iterator[bytes]:
        """What `name` has written, in parts."""
        self.settle(name)
        for start, length in self._places.get(name, ()):
            assert self._file is not None  # noqa: S101 - the places are in it
            self._file.seek(start)
            for at in range(0, length, _PIECE):
                yield self._file.read(min(_PIECE, length - at))

    def json(self, name: Any) -> Iterator[str]:
        """The same as a JSON string, in parts; what is not UTF-8 is replaced."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        yield '"'
        for part in self.parts(name):
            yield json.dumps(decoder.decode(part))[1:-1]
        yield json.dumps(decoder.decode(b"", final=True))[1:-1]
        yield '"'

    def close(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.close()
