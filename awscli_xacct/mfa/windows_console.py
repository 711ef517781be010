"""Prompting on a Windows console, whatever stdin, stdout and stderr are.

``msvcrt`` reads the keyboard of the console itself and echoes nothing, so there is nothing to restore.
"""

from collections.abc import Callable

from ..errors import CannotPromptError
from ..wrapping import wrap

_ENTER = "\r\n"
_CONTROL_C, _CONTROL_D, _CONTROL_Z, _BACKSPACE = "\x03", "\x04", "\x1a", "\b"


def ask(prompt: str) -> str:
    """Read one line from the console without echoing it. Raises `CannotPromptError` where there is none."""
    import msvcrt

    try:
        with open("CON", "w", encoding="utf-8") as console:  # noqa: PTH123 - a device, not a path
            console.write(wrap(prompt, console))
            console.flush()
            try:
                return read_line(msvcrt.getwch)  # type: ignore[attr-defined,unused-ignore]
            finally:
                console.write("\n")
    except OSError:
        raise CannotPromptError("there is no console to ask on") from None


def read_line(read: Callable[[], str]) -> str:
    """Read a line with `read`, which returns one character at a time as they are typed.

    Raises `KeyboardInterrupt` on Ctrl-C and `CannotPromptError` on Ctrl-Z or Ctrl-D.
    """
    typed: list[str] = []
    while True:
        character = read()
        if character in _ENTER:
            return "".join(typed)
        if character == _CONTROL_C:
            raise KeyboardInterrupt
        if character in (_CONTROL_D, _CONTROL_Z):
            raise CannotPromptError("no code was given")
        if character == _BACKSPACE:
            del typed[-1:]
        else:
            typed.append(character)
