"""Where a code is prompted for: the terminal, else a dialog, else nowhere. ``mfa_prompt`` chooses or forbids."""

import os
from collections.abc import Callable
from functools import partial

from .. import settings
from ..errors import CannotPromptError
from . import dialog, terminal, terminal_child, windows_console

Prompt = Callable[[str], str]
"""Prompts a person for one line. Raises `CannotPromptError` where no one can be prompted."""


def find_terminal() -> Prompt | None:
    """Return what prompts on the terminal; None if there is none."""
    if os.name == "nt":
        return windows_console.ask
    if not terminal.is_available():
        return None
    return terminal_child.ask if terminal_child.is_needed() else terminal.ask


def find_dialog() -> Prompt | None:
    """Return what prompts in a window; None if no dialog program can be shown here."""
    found = dialog.find()
    return None if found is None else partial(found.ask, environment=os.environ)


# What each value of `mfa_prompt` allows; the first that is available is used.
PROMPT_METHODS = {
    "auto": (find_terminal, find_dialog),
    "tty": (find_terminal,),
    "gui": (find_dialog,),
    "none": (),
}

_WHY = {
    "auto": "there is no terminal to ask on, and no dialog program",
    "tty": "there is no terminal to ask on, and {setting} allows nothing else",
    "gui": "there is no dialog program to ask with, and {setting} allows nothing else",
    "none": "{setting} forbids asking",
}
_silent: list[str] = []
"""Why this process asks for no codes, whatever the setting says."""


def be_silent(why: str) -> Callable[[], None]:
    """Ask for no codes in this process, because `why`. Return what ends that."""
    _silent.append(why)
    return _silent.clear


def prompter(mode: str, setting: str = settings.MFA_PROMPT) -> Prompt:
    """Return what prompts a person as `mode` allows; it raises `CannotPromptError` where no one can be prompted.

    `setting` is the mode with the place that it comes from.
    """

    def ask(prompt: str) -> str:
        for method in () if _silent else PROMPT_METHODS[mode]:
            if found := method():
                return found(prompt)
        raise CannotPromptError(_silent[0] if _silent else _WHY[mode].format(setting=setting))

    return ask
