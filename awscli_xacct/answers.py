"""Waiting for an answer on a terminal, which Ctrl-C must end at any moment."""

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator

MAX_SIGNALS = 1024
"""How many bytes to read at most from the descriptor of `woken_by_signals`; each signal writes one."""


@contextlib.contextmanager
def woken_by_signals() -> Iterator[int | None]:
    """While the block runs, make the descriptor that it gets ready when a signal has come; None in other threads.

    Python calls handlers between two instructions, and forgets to when a signal comes just before a call that waits: a
    Ctrl-C at once after the prompt did nothing until a key was pressed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield None
        return
    reading, writing = os.pipe()
    try:
        for end in (reading, writing):
            os.set_blocking(end, False)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(before)
    finally:
        os.close(reading)
        os.close(writing)


def wait_for_line() -> None:
    """Wait until a line can be read from stdin without waiting, if it is a terminal. Raises `KeyboardInterrupt`.

    A terminal gives one line at a time, so that none is in Python's buffers meanwhile.
    """
    if os.name == "nt" or not sys.stdin.isatty():
        return
    try:
        terminal = sys.stdin.fileno()
    except (OSError, ValueError):  # a program that embeds the AWS CLI may have put something else there
        return
    with woken_by_signals() as woken:
        watched = [terminal, *([] if woken is None else [woken])]
        while woken in select.select(watched, [], [])[0]:
            os.read(watched[-1], MAX_SIGNALS)  # Python calls their handlers before the next line
