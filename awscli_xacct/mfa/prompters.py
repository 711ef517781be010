"""Where a code is prompted for: the terminal, else a dialog, else nowhere. ``mfa_prompt`` chooses or forbids."""

import os
from collections.abc import Callable
from typing import NamedTuple

from .. import settings
from ..errors import CannotPromptError
from . import dialog, terminal, terminal_child, windows_console


class PromptMethod(NamedTuple):
    """One way of prompting a person: whether it is available here, and how it is done."""

    available: Callable[[], bool]
    ask: Callable[[str], str]


def _ask_terminal(prompt: str) -> str:
    if os.name == "nt":
        return windows_console.ask(prompt)
    return terminal_child.ask(prompt) if terminal_child.is_needed() else terminal.ask(prompt)


def _ask_dialog(prompt: str) -> str:
    found = dialog.find()
    if found is None:
        raise CannotPromptError("there is no dialog program to ask with")
    return found.ask(prompt, os.environ)


_ON_TERMINAL = PromptMethod(lambda: os.name == "nt" or terminal.is_available(), _ask_terminal)
_IN_DIALOG = PromptMethod(lambda: dialog.find() is not None, _ask_dialog)

# What each value of `mfa_prompt` allows; the first that is available is used.
PROMPT_METHODS = {
    "auto": (_ON_TERMINAL, _IN_DIALOG),
    "tty": (_ON_TERMINAL,),
    "gui": (_IN_DIALOG,),
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


def prompter(mode: str, setting: str = settings.MFA_PROMPT) -> Callable[[str], str]:
    """Return what prompts a person as `mode` allows; it raises `CannotPromptError` where no one can be prompted.

    `setting` is the mode with the place that it comes from.
    """

    def ask(prompt: str) -> str:
        for method in () if _silent else PROMPT_METHODS[mode]:
            if method.available():
                return method.ask(prompt)
        raise CannotPromptError(_silent[0] if _silent else _WHY[mode].format(setting=setting))

    return ask
