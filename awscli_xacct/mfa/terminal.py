"""Asking on the controlling terminal itself, whatever stdin, stdout and stderr are.

What comes in on stdin is never taken for a code, and the prompt is never mixed into a command's output.
The code is not echoed. However the question ends (an answer, Ctrl-C, Ctrl-Z and back, SIGTERM, SIGHUP,
SIGQUIT), the terminal is left as it was found.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from ..errors import CannotAsk

TERMINAL = "/dev/tty"
NOCTTY = getattr(os, "O_NOCTTY", 0)  # Windows has neither; there `console` asks
_LONGEST_ANSWER = 1024


def available() -> bool:
    """Whether this process has a controlling terminal."""
    try:
        os.close(os.open(TERMINAL, os.O_RDWR | NOCTTY))
    except OSError:
        return False
    return True


def ask(prompt: str, *, abandoned: int | None = None) -> str:
    """One line from the terminal, without its line end and not echoed.

    `abandoned` is a descriptor at whose end nobody waits for the answer any more. Raises `CannotAsk` then, and
    where there is no terminal or it ends (Ctrl-D, hang-up), `KeyboardInterrupt` on Ctrl-C.
    """
    try:
        terminal = os.open(TERMINAL, os.O_RDWR | NOCTTY)
    except OSError:
        raise CannotAsk("there is no terminal to ask on") from None
    try:
        with _unechoed(terminal, lambda: _say(terminal, prompt)):
            _say(terminal, prompt)
            try:
                _wait(terminal, abandoned)
                answer = os.read(terminal, _LONGEST_ANSWER)
            finally:
                with contextlib.suppress(OSError):
                    _say(terminal, "\n")
    except OSError:
        raise CannotAsk("the terminal is gone") from None
    finally:
        os.close(terminal)
    if not answer:
        raise CannotAsk("no code was given")
    return answer.decode("ascii", "replace").rstrip("\r\n")


def _wait(terminal: int, abandoned: int | None) -> None:
    """Wait for a line, if there is a reason not to wait for ever. Raises `CannotAsk`."""
    if abandoned is not None and abandoned in select.select([terminal, abandoned], [], [])[0]:
        raise CannotAsk("nobody waits for the answer")


def say(text: str, end: str = "\n") -> None:
    """A line for the person at the terminal; nothing where there is none."""
    with contextlib.suppress(OSError):
        terminal = os.open(TERMINAL, os.O_WRONLY | NOCTTY)
        try:
            _say(terminal, f"{text}{end}")
        finally:
            os.close(terminal)


def _say(terminal: int, text: str) -> None:
    os.write(terminal, text.encode("utf-8", "replace"))


@contextlib.contextmanager
def _unechoed(terminal: int, prompt_again: Callable[[], None]) -> Iterator[None]:
    """Turn echo off for the block, and on again before anything can end or stop this process.

    Signal handlers can be set in the main thread only. In another, where `asking` can make no process for the
    question, echo stays on: a code is worth less than the terminal of someone who was interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    import termios

    try:
        found = termios.tcgetattr(terminal)
    except termios.error as error:
        raise OSError(*error.args) from None
    hidden = [*found[:3], found[3] & ~termios.ECHO, *found[4:]]

    def restore() -> None:
        with contextlib.suppress(termios.error):  # a terminal that is gone has no echo to turn on
            termios.tcsetattr(terminal, termios.TCSANOW, found)

    def hide() -> None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)

    with _handled(restore, hide, prompt_again):
        hide()
        try:
            yield
        finally:
            restore()


@contextlib.contextmanager
def _handled(
    restore: Callable[[], None], hide: Callable[[], None], again: Callable[[], None]
) -> Iterator[None]:
    """While the block runs, signals that end or stop the process call `restore` first."""
    previous: dict[signal.Signals, Any] = {}

    def pass_on(number: int, _frame: FrameType | None) -> None:
        """Let the signal do what it does without us; a stop comes back here."""
        restore()
        ours = signal.signal(number, previous[signal.Signals(number)])
        os.kill(os.getpid(), number)
        # Only a stopped and continued process, or one whose own handler returned, gets here.
        signal.signal(number, ours)
        hide()
        again()

    watched = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
    try:
        for number in watched:
            if signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, pass_on)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
