"""Prompting on the controlling terminal itself, whatever stdin, stdout and stderr are.

Nothing on stdin is ever taken for a code, and the prompt is never mixed into a command's output. The code is not
echoed. However the prompt ends (an answer, Ctrl-C, Ctrl-Z and back, SIGTERM, SIGHUP, SIGQUIT), the terminal is left as
it was found.
"""

import contextlib
import os
import re
import select
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from ..answers import MAX_SIGNALS, woken_by_signals
from ..errors import CannotPromptError
from ..wrapping import columns, terminal_width, wrap

TERMINAL = "/dev/tty"
NOCTTY = getattr(os, "O_NOCTTY", 0)  # Windows has neither: see windows_console.py
_MAX_ANSWER = 1024
"""Bytes of a line that are read."""
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def is_available() -> bool:
    """Return whether this process has a controlling terminal."""
    try:
        os.close(os.open(TERMINAL, os.O_RDWR | NOCTTY))
    except OSError:
        return False
    return True


def ask(prompt: str, *, abandoned: int | None = None) -> str:
    """Read one line from the terminal, without echoing it, and return it without its line end.

    `abandoned` is a descriptor that closes when the answer is no longer needed. Raises `CannotPromptError` then, where
    there is no terminal or it closes (Ctrl-D, hang-up), and in the background; `KeyboardInterrupt` on Ctrl-C.
    """
    try:
        terminal = os.open(TERMINAL, os.O_RDWR | NOCTTY)
    except OSError:
        raise CannotPromptError("there is no terminal to ask on") from None
    try:
        if not _in_foreground(terminal):
            # A process that reads from there is stopped silently, and holds up all that wait for the answer.
            raise CannotPromptError("this command runs in the background")
        prompt = wrap(prompt, terminal)
        with _unechoed(terminal, lambda: _say(terminal, prompt)):
            try:
                _say(terminal, prompt)
                answer = _read_line(terminal, abandoned)
            finally:
                with contextlib.suppress(OSError):
                    _say(terminal, "\n")
    except OSError:
        raise CannotPromptError("the terminal is gone") from None
    finally:
        os.close(terminal)
    if not answer:
        raise CannotPromptError("no code was given")
    return answer.decode("ascii", "replace").rstrip("\r\n")


def _in_foreground(terminal: int) -> bool:
    """Return whether this process is in the terminal's foreground group. Raises `OSError`."""
    return os.tcgetpgrp(terminal) == os.getpgrp()


def _read_line(terminal: int, abandoned: int | None) -> bytes:
    """Return a line, or as much of it as came before the end. Raises `CannotPromptError` and `OSError`."""
    answer = b""
    with woken_by_signals() as woken:
        watched = [each for each in (terminal, abandoned, woken) if each is not None]
        while len(answer) < _MAX_ANSWER and not answer.endswith((b"\n", b"\r")):
            # In the background, the attempt to read stops this process, as a shell and its user expect.
            waits = abandoned is not None or _in_foreground(terminal)
            ready = select.select(watched, [], [])[0] if waits else []
            if woken in ready:
                os.read(ready[-1], MAX_SIGNALS)  # Python calls their handlers before the next line
                continue
            if abandoned in ready:
                raise CannotPromptError("the command that needs the code has ended")
            read = os.read(terminal, _MAX_ANSWER)
            if not read:
                break
            answer += read
    return answer


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """While the block runs, show nothing that is typed, and do not take it as an answer to the next prompt."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            terminal = os.open(TERMINAL, os.O_RDWR | NOCTTY)
            stack.callback(os.close, terminal)
            if _in_foreground(terminal):
                stack.enter_context(_unechoed(terminal, lambda: None))
        yield


def draw(picture: str) -> bool:
    """Print a picture of lines as they are, if the terminal is wide enough for it. Return whether it is."""
    with contextlib.suppress(OSError):
        terminal = os.open(TERMINAL, os.O_WRONLY | NOCTTY)
        try:
            wide = max(columns(_COLOUR.sub("", line)) for line in picture.splitlines())
            if wide <= terminal_width(terminal):
                _say(terminal, f"{picture}\n")
                return True
        finally:
            os.close(terminal)
    return False


def say(text: str, end: str = "\n") -> None:
    """Print a line on the terminal; do nothing where there is none."""
    with contextlib.suppress(OSError):
        terminal = os.open(TERMINAL, os.O_WRONLY | NOCTTY)
        try:
            # A line that replaces the one before must be one line.
            fitted = text[: terminal_width(terminal)] if text.startswith("\r") else wrap(text, terminal)
            _say(terminal, f"{fitted}{end}")
        finally:
            os.close(terminal)


def _say(terminal: int, text: str) -> None:
    os.write(terminal, text.encode("utf-8", "replace"))


@contextlib.contextmanager
def _unechoed(terminal: int, prompt_again: Callable[[], None]) -> Iterator[None]:
    """Turn echo off for the block, and on again before anything can end or stop this process.

    Signal handlers can be set in the main thread only. In another, where `terminal_child` can start no process, echo
    stays on: a code is worth less than the terminal of a person who was interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    import termios

    try:
        found = termios.tcgetattr(terminal)
    except termios.error as error:
        raise OSError(*error.args) from None
    # A pager that reads our output may have taken lines and Ctrl-C away: `aws … | less`.
    lines = [
        found[0] | termios.ICRNL,
        found[1],
        found[2],
        found[3] | termios.ICANON | termios.ISIG,
        *found[4:],
    ]
    hidden = [*lines[:3], lines[3] & ~termios.ECHO, *lines[4:]]

    def change(when: int, attributes: list[Any]) -> None:
        # Without this a process that changes the terminal from the background is stopped.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
        try:
            termios.tcsetattr(terminal, when, attributes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    ours: list[Any] = []

    def hide() -> None:
        with contextlib.suppress(OSError, termios.error):
            if _in_foreground(terminal):
                change(termios.TCSAFLUSH, hidden)
                ours[:] = termios.tcgetattr(terminal)

    def restore() -> None:
        # Stopped, or in the background by now: it belongs to another process, unless it is still as we left it.
        with contextlib.suppress(OSError, termios.error):  # a terminal that is gone has no echo to turn on
            if _in_foreground(terminal) or termios.tcgetattr(terminal) == ours:
                change(termios.TCSANOW, found)

    def resume() -> None:
        if _in_foreground(terminal):
            hide()
            prompt_again()

    with _handling_signals(restore, resume):
        try:  # Ctrl-C may come at any time from here on
            hide()
            yield
        finally:
            restore()


@contextlib.contextmanager
def _handling_signals(restore: Callable[[], None], resume: Callable[[], None]) -> Iterator[None]:
    """While the block runs, call `restore` before a signal ends or stops the process.

    `resume` is called when the prompt is back: after `fg`, or after a handler of the program's own.
    """
    previous: dict[signal.Signals, Any] = {}
    delivering: list[int] = []

    def deliver(number: int, _frame: FrameType | None) -> None:
        """Let the signal do what it does without us."""
        restore()
        delivering.append(number)
        ours = signal.signal(number, previous[signal.Signals(number)])
        os.kill(os.getpid(), number)
        # Only a stopped and continued process, or one whose own handler returned, gets here.
        signal.signal(number, ours)
        delivering.pop()
        resume()

    def continued(number: int, frame: FrameType | None) -> None:
        """Resume after SIGSTOP, or a stop for reading in the background; after the others `deliver` does."""
        if not delivering:
            resume()
        if callable(previous[signal.SIGCONT]):
            previous[signal.SIGCONT](number, frame)

    watched = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
    try:
        for number in watched:
            if signal.getsignal(number) is not signal.SIG_IGN:
                previous[number] = signal.signal(number, deliver)
        previous[signal.SIGCONT] = signal.signal(signal.SIGCONT, continued)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # A script's background job; now that a person is prompted, Ctrl-C must work.
            previous[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
