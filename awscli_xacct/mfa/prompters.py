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
        raise CannotPromptError(_WHY["gui"])
    return found.ask(prompt, os.environ)


TERMINAL = PromptMethod(lambda: os.name == "nt" or terminal.is_available(), _ask_terminal)
DIALOG = PromptMethod(lambda: dialog.find() is not None, _ask_dialog)

# What each value of `mfa_prompt` allows; the first that is available is used.
PROMPT_METHODS = {"auto": (TERMINAL, DIALOG), "tty": (TERMINAL,), "gui": (DIALOG,), "none": ()}

_WHY = {
    "auto": "there is no terminal to ask on, and no dialog program",
    "tty": "there is no terminal to ask on",
    "gui": "there is no dialog program to ask with",
    "none": f"{settings.MFA_PROMPT} = none forbids asking",
}


def prompter(mode: str) -> Callable[[str], str]:
    """Return what prompts a person as `mode` allows; it raises `CannotPromptError` where no one can be prompted."""

    def ask(prompt: str) -> str:
        for method in PROMPT_METHODS[mode]:
            if method.available():
                return method.ask(prompt)
        raise CannotPromptError(_WHY[mode])

    return ask
