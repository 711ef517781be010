"""What a child writes, line by line, until it has ended: no matter who else holds its pipes, or how long a line is."""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import IO

GRACE = 1
"""Seconds in which what is left in a child's pipes has to come out after its end, though others hold them open."""

LEFT = 2**21
"""Bytes that are taken after its end at most. What it wrote itself is less: pipes hold 1 MiB and no more."""

LONGEST_LINE = 2**20
"""Bytes after which a line is handed on as if it ended there; that much is kept for each stream of each child."""

_PIECE = 2**16
_LOOK = 0.1
"""Seconds between two looks at whether a child has ended whose pipes are held open."""


def follow(child: subprocess.Popen[bytes], hear: Callable[[bool, bytes], None]) -> int:
    """Hear a child out, and give its exit code. Raises what `hear` raises, and what reading raises.

    `hear` is told whether a line was on stderr, and the line, with its end if it has one.
    """
    begun: dict[bool, list[bytes]] = {False: [], True: []}
    length = {False: 0, True: 0}
    for is_error, part in _pieces_of(child):
        line = begun[is_error]
        *whole, rest = part.split(b"\n")
        for end in whole:
            hear(is_error, b"".join([*line, end, b"\n"]))
            line.clear()
            length[is_error] = 0
        if rest:
            line.append(rest)
            length[is_error] += len(rest)
        if length[is_error] >= LONGEST_LINE:
            hear(is_error, b"".join(line))
            line.clear()
            length[is_error] = 0
    for is_error, line in begun.items():
        if line:
            hear(is_error, b"".join(line))
    return child.wait()


class _Left:
    """What may still come after a child's end. Only waiting takes time: whoever is slow to take it misses none."""

    def __init__(self) -> None:
        self._seconds = float(GRACE)
        self._bytes = LEFT

    @property
    def seconds(self) -> float:
        return max(self._seconds, 0)

    def take(self, seconds: float, piece: bytes) -> bool:
        """Whether more may come after so many seconds of waiting for this piece."""
        self._seconds -= seconds
        self._bytes -= len(piece)
        return self._seconds > 0 and self._bytes > 0


def _pieces_of(child: subprocess.Popen[bytes]) -> Iterator[tuple[bool, bytes]]:
    """What a child writes, and whether it was on stderr. It ends when the child and its pipes have.

    What the child has started may hold the pipes for longer, or even go on writing, and is not waited for.
    """
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    assert child.stderr is not None  # noqa: S101 - it is a pipe
    return (_by_threads if os.name == "nt" else _by_poll)(child, child.stdout, child.stderr)


def _by_poll(
    child: subprocess.Popen[bytes], stdout: IO[bytes], stderr: IO[bytes]
) -> Iterator[tuple[bool, bytes]]:
    with stdout, stderr:
        is_error = {stdout.fileno(): False, stderr.fileno(): True}
        poll = select.poll()
        for descriptor in is_error:
            poll.register(descriptor, select.POLLIN)
        left, more = _Left(), True
        while is_error and more:
            running = child.poll() is None
            begin = time.monotonic()
            ready = poll.poll(1000 * (_LOOK if running else left.seconds))
            waited = time.monotonic() - begin
            more = running or bool(ready)
            for descriptor, _ in ready:
                piece = os.read(descriptor, _PIECE)
                if not running:
                    more = left.take(waited, piece)
                    waited = 0
                if piece:
                    yield is_error[descriptor], piece
                else:
                    poll.unregister(descriptor)
                    del is_error[descriptor]


def _by_threads(
    child: subprocess.Popen[bytes], stdout: IO[bytes], stderr: IO[bytes]
) -> Iterator[tuple[bool, bytes]]:
    """The same where nothing else can wait for two pipes at once."""
    pieces: Queue[tuple[bool, bytes | OSError] | None] = Queue(2)
    abandoned = threading.Event()

    def read(is_error: bool, stream: IO[bytes]) -> None:
        with stream:
            piece: bytes | OSError = b"-"
            while piece and not abandoned.is_set():
                try:
                    piece = os.read(stream.fileno(), _PIECE)
                except OSError as error:
                    pieces.put((is_error, error))
                    return
                pieces.put((is_error, piece))

    def await_end() -> None:
        child.wait()
        pieces.put(None)

    for is_error, stream in ((False, stdout), (True, stderr)):
        threading.Thread(target=read, args=(is_error, stream), daemon=True).start()
    threading.Thread(target=await_end, daemon=True).start()
    running, pipes, left, more = True, 2, _Left(), True
    while (running or pipes) and more:
        begin = time.monotonic()
        try:
            found = pieces.get(timeout=None if running else left.seconds)
        except Empty:
            break
        if found is None:
            running = False
            continue
        is_error, piece = found
        if isinstance(piece, OSError):
            raise piece
        if not running:
            more = left.take(time.monotonic() - begin, piece)
        pipes -= not piece
        if piece:
            yield is_error, piece
    abandoned.set()
