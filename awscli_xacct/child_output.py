"""Reading what a child writes until it has ended, whoever else holds its pipes open."""

import contextlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from math import inf
from queue import Empty, Queue
from typing import IO

GRACE = 1.0
"""Seconds to wait, after a child's end, for what is left in its pipes while others hold them open."""

ANSWER_GRACE = 0.25
"""The same for a child whose answer is all that counts: it is in the pipe by then."""

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
    for is_error, piece in read_pieces(child):
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


class Program(subprocess.Popen[bytes]):
    """A child that prints one answer. What it leaves running, such as an agent, is not waited for."""

    def communicate(
        self,
        input: bytes | None = None,  # noqa: A002 - as the base class calls it
        timeout: float | None = None,
    ) -> tuple[bytes, bytes]:
        """Return what the child wrote on stdout and stderr by its end."""
        if input is not None or self.stdin is not None:
            return super().communicate(input, timeout)
        written: dict[bool, list[bytes]] = {False: [], True: []}
        try:
            for is_error, piece in read_pieces(self, inf if timeout is None else timeout, ANSWER_GRACE):
                written[is_error].append(piece)
        except KeyboardInterrupt:
            # It was interrupted as well, and may have a terminal to restore.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(ANSWER_GRACE)
            raise
        return b"".join(written[False]), b"".join(written[True])


class _Limits:
    """How long a child may run, and what is read after its end. Only waiting costs time: slow readers lose nothing."""

    def __init__(self, child: subprocess.Popen[bytes], seconds: float, grace: float) -> None:
        self._child = child
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._grace = grace
        self._bytes = MAX_LEFT

    def get_wait(self, *, running: bool) -> float:
        """Return how long to wait for the next piece. Raises `subprocess.TimeoutExpired`."""
        if not running:
            return max(self._grace, 0)
        left = self._end - time.monotonic()
        if left <= 0:
            raise subprocess.TimeoutExpired(self._child.args, self._seconds)
        return min(left, _POLL_SECONDS)

    def await_end(self) -> None:
        """Wait for the child, which may have closed its pipes before its end. Raises `subprocess.TimeoutExpired`."""
        self._child.wait(None if self._end == inf else max(self._end - time.monotonic(), 0))

    def take(self, seconds: float, piece: bytes) -> bool:
        """Count a piece that took so many seconds to come after the end. Return whether to go on reading."""
        self._grace -= seconds
        self._bytes -= len(piece)
        return self._grace > 0 and self._bytes > 0


def read_pieces(
    child: subprocess.Popen[bytes], seconds: float = inf, grace: float = GRACE
) -> Iterator[tuple[bool, bytes]]:
    """Yield what a child writes, each piece with whether it was on stderr, until child and pipes have ended.

    The end of a pipe is an empty piece. Processes that the child has started may hold its pipes for longer, or even go
    on writing: they are waited for no longer than `grace` seconds. Raises `subprocess.TimeoutExpired` if the child has
    not ended after `seconds`.
    """
    pipes = {pipe: pipe is child.stderr for pipe in (child.stdout, child.stderr) if pipe is not None}
    return (_read_by_threads if os.name == "nt" else _read_by_poll)(
        child, pipes, _Limits(child, seconds, grace)
    )


def _read_by_poll(
    child: subprocess.Popen[bytes], pipes: dict[IO[bytes], bool], limits: _Limits
) -> Iterator[tuple[bool, bytes]]:
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        is_error = {stack.enter_context(pipe).fileno(): found for pipe, found in pipes.items()}
        for descriptor in is_error:
            poll.register(descriptor, select.POLLIN)
        more = True
        while is_error and more:
            running = child.poll() is None
            begin = time.monotonic()
            ready = poll.poll(1000 * limits.get_wait(running=running))
            waited = time.monotonic() - begin
            more = running or bool(ready)
            for descriptor, _ in ready:
                piece = os.read(descriptor, _PIECE)
                if not running:
                    more = limits.take(waited, piece)
                    waited = 0
                yield is_error[descriptor], piece
                if not piece:
                    poll.unregister(descriptor)
                    del is_error[descriptor]
    limits.await_end()


def _read_by_threads(
    child: subprocess.Popen[bytes], pipes: dict[IO[bytes], bool], limits: _Limits
) -> Iterator[tuple[bool, bytes]]:
    """Read on Windows, where only threads can wait for two pipes at once."""
    pieces: Queue[tuple[bool, bytes | OSError]] = Queue(2)
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

    for pipe, is_error in pipes.items():
        threading.Thread(target=read, args=(is_error, pipe), daemon=True).start()
    left, more = len(pipes), True
    try:
        while left and more:
            running = child.poll() is None
            begin = time.monotonic()
            try:
                is_error, piece = pieces.get(timeout=limits.get_wait(running=running))
            except Empty:
                more = running
                continue
            if isinstance(piece, OSError):
                raise piece
            if not running:
                more = limits.take(time.monotonic() - begin, piece)
            left -= not piece
            yield is_error, piece
    finally:
        abandoned.set()
    limits.await_end()
