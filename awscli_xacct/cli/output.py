"""Results on stdout. Messages go to stderr, by `messages.warn` and `messages.print_message`."""

import argparse
import os
import select
import stat
import sys
from typing import TextIO

from ..errors import XacctError
from ..results import describe_output_failure


def add_format_options(parser: argparse.ArgumentParser) -> None:
    """Declare ``--output``, and ``--json`` for short."""
    parser.add_argument(
        "--output", choices=("text", "json"), default="text", help="text for people (default), or json"
    )
    parser.add_argument("--json", action="store_const", const="json", dest="output", help="--output json")


def is_pipe(stream: TextIO | None) -> bool:
    """Whether another process reads what is written to a stream."""
    try:
        mode = os.fstat(stream.fileno()).st_mode if stream is not None else 0
    except (OSError, ValueError):
        return False  # closed, or not a file
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def relay(line: bytes, *, is_error: bool) -> None:
    """Write a line of another command to stdout, or to stderr.

    It bypasses the stream's buffer: a thread that blocks in there holds a lock that no signal, not even the end of
    the process, gets past. Raises `BrokenPipeError`, and `XacctError` for other failures.
    """
    stream = sys.stderr if is_error else sys.stdout
    if stream is None:
        return
    raw = getattr(stream.buffer, "raw", stream.buffer)
    left = memoryview(line)
    while left:
        try:
            written = raw.write(left)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise XacctError(describe_output_failure(error)) from None
        if written is None:
            # Another process that shares the stream has made it non-blocking.
            select.select([], [raw], [])
        left = left[written or 0 :]
