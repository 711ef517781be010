"""Reading what a child writes, line by line, until it has ended, whoever else holds its pipes open."""

import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, Queue
from typing import IO

GRACE = 1
"""Seconds to wait, after a child's end, for what is left in its pipes while others hold them open."""

MAX_LEFT = 2**21
"""Bytes to read after a child's end. What it wrote itself is less: a pipe holds 1 MiB at most."""

MAX_LINE = 2**20
"""Bytes after which a line is passed on in parts; up to that much is kept per stream."""

_PIECE = 2**16
_POLL_SECONDS = 0.1
"""How often to check whether a child has ended while its pipes are held open."""


def read_lines(child: subprocess.Popen[bytes], add_line: Callable[[bool, bytes], None]) -> int:
    """Read everything a child writes and return its exit code. Raises what `add_line` and reading raise.

    `add_line` gets whether a line was on stderr, and the line, with its line end if it has one.
    """
    unfinished: dict[bool, list[bytes]] = {False: [], True: []}
    length = {False: 0, True: 0}
    for is_error, piece in _read_pieces(child):
        line = unfinished[is_error]
        *whole, rest = piece.split(b"\n")
        for end in whole:
            add_line(is_error, b"".join([*line, end, b"\n"]))
            line.clear()
            length[is_error] = 0
        if rest:
            line.append(rest)
            length[is_error] += len(rest)
        if length[is_error] >= MAX_LINE:
            add_line(is_error, b"".join(line))
            line.clear()
            length[is_error] = 0
    for is_error, line in unfinished.items():
        if line:
            add_line(is_error, b"".join(line))
    return child.wait()


class _Leftovers:
    """The limits of what is read after a child's end. Only waiting costs time, so a slow reader loses nothing."""

    def __init__(self) -> None:
        self._seconds = float(GRACE)
        self._bytes = MAX_LEFT

    @property
    def seconds(self) -> float:
        return max(self._seconds, 0)

    def take(self, seconds: float, piece: bytes) -> bool:
        """Count a piece that took so many seconds to come. Return whether to go on reading."""
        self._seconds -= seconds
        self._bytes -= len(piece)
        return self._seconds > 0 and self._bytes > 0


def _read_pieces(child: subprocess.Popen[bytes]) -> Iterator[tuple[bool, bytes]]:
    """Yield what a child writes, each piece with whether it was on stderr, until child and pipes have ended.

    Processes that the child has started may hold its pipes for longer, or even go on writing: they are not waited for.
    """
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    assert child.stderr is not None  # noqa: S101 - it is a pipe
    return (_read_by_threads if os.name == "nt" else _read_by_poll)(child, child.stdout, child.stderr)


def _read_by_poll(
    child: subprocess.Popen[bytes], stdout: IO[bytes], stderr: IO[bytes]
) -> Iterator[tuple[bool, bytes]]:
    with stdout, stderr:
        is_error = {stdout.fileno(): False, stderr.fileno(): True}
        poll = select.poll()
        for descriptor in is_error:
            poll.register(descriptor, select.POLLIN)
        leftovers, more = _Leftovers(), True
        while is_error and more:
            running = child.poll() is None
            begin = time.monotonic()
            ready = poll.poll(1000 * (_POLL_SECONDS if running else leftovers.seconds))
            waited = time.monotonic() - begin
            more = running or bool(ready)
            for descriptor, _ in ready:
                piece = os.read(descriptor, _PIECE)
                if not running:
                    more = leftovers.take(waited, piece)
                    waited = 0
                if piece:
                    yield is_error[descriptor], piece
                else:
                    poll.unregister(descriptor)
                    del is_error[descriptor]


def _read_by_threads(
    child: subprocess.Popen[bytes], stdout: IO[bytes], stderr: IO[bytes]
) -> Iterator[tuple[bool, bytes]]:
    """Read on Windows, where only threads can wait for two pipes at once."""
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
    running, pipes, leftovers, more = True, 2, _Leftovers(), True
    while (running or pipes) and more:
        begin = time.monotonic()
        try:
            found = pieces.get(timeout=None if running else leftovers.seconds)
        except Empty:
            break
        if found is None:
            running = False
            continue
        is_error, piece = found
        if isinstance(piece, OSError):
            raise piece
        if not running:
            more = leftovers.take(time.monotonic() - begin, piece)
        pipes -= not piece
        if piece:
            yield is_error, piece
    abandoned.set()
