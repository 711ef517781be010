"""Choosing a profile on the terminal: with fzf where it is installed, else from a list that shrinks as one types.

A dumb terminal shows the list again after each line that is typed.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn

from ..errors import XacctError
from ..messages import warn
from ..wrapping import columns, is_dumb

_TERMINAL = "/dev/tty"
_PROMPT = "profile> "
_ROWS = 10
_ESCAPE_SECONDS = 0.1
"""How long after the Escape key's byte the rest of another key's sequence may come."""
_ENDS = ("\x1b", "\x03", "\x04", "\x07")
"""Escape, Ctrl-C, Ctrl-D, Ctrl-G."""
_UP = ("\x1b[A", "\x1bOA", "\x10")
_DOWN = ("\x1b[B", "\x1bOB", "\x0e", "\t")
_BACKSPACE = ("\x7f", "\x08")
_CLEAR = "\x15"
_ENTER = ("\r", "\n")
_LINE = 4096
"""Bytes; a terminal gives one line at a time, which is no longer."""


def choose_profile(names: Sequence[str]) -> str:
    """Return one of `names`, as a person chooses it.

    Raises `KeyboardInterrupt` if they do not, and `XacctError` without a terminal or names.
    """
    shown = [name for name in names if name.isprintable()]  # others could drive the terminal
    if not shown:
        raise XacctError("there are no profiles to choose from. Add one: aws configure", code="NoCredentials")
    try:
        terminal = os.open(_TERMINAL, os.O_RDWR | getattr(os, "O_NOCTTY", 0))
    except OSError:
        raise XacctError(
            "there is no terminal to choose a profile on. Name one: xacct use PROFILE", code="UsageError"
        ) from None
    try:
        if is_dumb():
            return _choose_by_line(terminal, shown)
        return _choose_by_fzf(shown) or _choose_from_list(terminal, shown)
    finally:
        os.close(terminal)


def _choose_by_fzf(names: Sequence[str]) -> str | None:
    """Return what fzf returns; None where there is no fzf that works."""
    program = shutil.which("fzf")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - found on the PATH, as a shell would
            [program, "--no-multi", "--prompt", _PROMPT],
            input="".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape"),
            stdout=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        warn(f"fzf cannot be started: {error.strerror or error}")
        return None
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    if done.returncode in (1, 130):  # nothing matches, or Escape
        raise KeyboardInterrupt
    return None  # it has said why


def _choose_by_line(terminal: int, names: Sequence[str]) -> str:
    """Return the one name that a typed line matches, for terminals without a list. While more match, print them."""
    found = list(names)
    while True:
        _write(terminal, "".join(f"  {name}\n" for name in found) + _PROMPT)
        line = os.read(terminal, _LINE).decode("utf-8", "replace")
        typed = line.strip()
        if not line.endswith("\n") or not typed:
            raise KeyboardInterrupt
        if typed in names:
            return typed
        found = find_matches(names, typed)
        if len(found) == 1:
            return found[0]
        if not found:
            _write(terminal, "no profile matches\n")
            found = list(names)


def _choose_from_list(terminal: int, names: Sequence[str]) -> str:
    typed, place = "", 0
    with _raw(terminal):
        try:
            while True:
                found = find_matches(names, typed)
                place = max(0, min(place, len(found) - 1))
                _draw(terminal, typed, found, place)
                key = _read_key(terminal)
                if key in _ENTER and found:
                    return found[place]
                if not key or key in _ENDS:
                    raise KeyboardInterrupt
                if key in _UP:
                    place -= 1
                elif key in _DOWN:
                    place += 1
                elif key in _BACKSPACE:
                    typed, place = typed[:-1], 0
                elif key == _CLEAR:
                    typed, place = "", 0
                elif key.isprintable():
                    typed, place = typed + key, 0
        finally:
            _write(terminal, "\r\x1b[J")


def find_matches(names: Sequence[str], typed: str) -> list[str]:
    """Return the names that have every typed word in them, those that begin with the first one first."""
    words = typed.lower().split()
    found = [name for name in names if all(word in name.lower() for word in words)]
    return sorted(found, key=lambda name: bool(words) and not name.lower().startswith(words[0]))


def _draw(terminal: int, typed: str, found: Sequence[str], place: int) -> None:
    """Draw the list below the line with what is typed, and leave the cursor there."""
    try:
        available, lines = os.get_terminal_size(terminal)
    except OSError:
        available, lines = 80, 24
    rows = max(1, min(_ROWS, lines - 2))
    first = max(0, min(place - rows + 1, len(found) - rows))
    text = [_fit(f"{_PROMPT}{typed}", available - 1)]
    for number, name in enumerate(found[first : first + rows], first):
        text.append(f"{'>' if number == place else ' '} {_fit(name, available - 3)}")
    if len(found) > rows:
        text.append(f"  {len(found)} profiles")
    elif not found:
        text.append("  no profile matches")
    back = f"\x1b[{len(text) - 1}A\r\x1b[{columns(text[0])}C"
    _write(terminal, "\r\x1b[J" + "\r\n".join(text) + back)


def _fit(text: str, available: int) -> str:
    """Return as much of a text as fits, or the terminal would take another line for it."""
    while text and columns(text) > max(available, 1):
        text = text[:-1]
    return text


def _read_key(terminal: int) -> str:
    """Return a character, or the sequence of a key without one; empty if the terminal is gone."""
    data = os.read(terminal, 1)
    if data == b"\x1b":
        while select.select([terminal], [], [], _ESCAPE_SECONDS)[0]:
            data += os.read(terminal, 1)
            if (data[2:] and data[-1:].isalpha()) or data[-1:] == b"~":
                break
    while data[0:1] >= b"\xc0" and len(data) < 4:  # more bytes of a character
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("utf-8")
        data += os.read(terminal, 1)
    return data.decode("utf-8", "replace")


@contextlib.contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Read each key as it comes, and leave the terminal as it was, also if the program is terminated."""
    if os.name == "nt":
        raise XacctError("choosing from a list needs fzf here. Name a profile: xacct use PROFILE")
    import termios
    import tty

    def end(number: int, _frame: object) -> NoReturn:
        sys.exit(128 + number)

    before = termios.tcgetattr(terminal)
    handlers = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setraw(terminal, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _write(terminal: int, text: str) -> None:
    os.write(terminal, text.encode("utf-8", "replace"))
