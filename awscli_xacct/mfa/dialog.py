"""Prompting in a window, where there is a display and no terminal.

The first program that is installed and has a display is used. The prompt contains names from the config file: it is
passed as one argument or in the environment, never as part of a script, and escaped for programs that look for more
than text in it (accelerators, escapes, markup).
"""

import html
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import CannotPromptError

_PROMPT = "AWS_XACCT_PROMPT"
HERE = "{prompt}"
_TITLE = "AWS MFA code"

_APPLESCRIPT = (
    "-e",
    "on run argv",
    "-e",
    f'return text returned of (display dialog (item 1 of argv) default answer "" with title "{_TITLE}" '
    "with hidden answer)",
    "-e",
    "end run",
)
_POWERSHELL = (
    "Add-Type -AssemblyName Microsoft.VisualBasic; "
    f"[Microsoft.VisualBasic.Interaction]::InputBox($env:{_PROMPT}, '{_TITLE}')"
)


@dataclass(frozen=True)
class Dialog:
    """One program that can prompt. `platform` is where it is used; `escape` makes the prompt show as it is.

    `arguments` contain `HERE` in place of the prompt, as an argument or at the end of one.
    """

    program: str
    platform: str
    arguments: tuple[str, ...]
    escape: Callable[[str], str] = str

    def is_available(self, environment: Mapping[str, str], platform: str = sys.platform) -> bool:
        """Return whether the program is on the PATH and has a display."""
        if self.platform == "display":
            has_display = bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
        else:
            has_display = platform == self.platform
        return has_display and shutil.which(self.program, path=environment.get("PATH")) is not None

    def ask(self, prompt: str, environment: Mapping[str, str]) -> str:
        """Return what the person enters. Raises `CannotPromptError` if the window is closed, or cannot be shown."""
        words = [argument.replace(HERE, self.escape(prompt)) for argument in self.arguments]
        program = shutil.which(self.program, path=environment.get("PATH")) or self.program
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program, and no shell
                [program, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**environment, _PROMPT: prompt},
                check=False,
            )
        except OSError as error:
            raise CannotPromptError(f"{self.program} cannot be run: {error.strerror}") from None
        answer = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode or not answer:
            raise CannotPromptError("the dialog was closed without a code")
        return answer


def _escape_for_zenity(prompt: str) -> str:
    """Escape backslashes, and underscores, which mark accelerators."""
    return prompt.replace("\\", "\\\\").replace("_", "__")


def _escape_for_kdialog(prompt: str) -> str:
    """Return the prompt as HTML without markup: Qt shows as HTML what looks like it. Backslashes are escaped, too."""
    return f"<qt>{html.escape(prompt)}</qt>".replace("\\", "&#92;")


DIALOGS = (
    Dialog(
        "zenity",
        "display",
        ("--entry", "--hide-text", f"--title={_TITLE}", f"--text={HERE}"),
        _escape_for_zenity,
    ),
    Dialog("kdialog", "display", ("--title", _TITLE, "--password", HERE), _escape_for_kdialog),
    Dialog("osascript", "darwin", (*_APPLESCRIPT, HERE)),
    Dialog("powershell", "win32", ("-NoProfile", "-NonInteractive", "-Command", _POWERSHELL)),
)


def find(environment: Mapping[str, str] | None = None) -> Dialog | None:
    """Return the first dialog that can be shown here, or None."""
    environment = os.environ if environment is None else environment
    return next((dialog for dialog in DIALOGS if dialog.is_available(environment)), None)
