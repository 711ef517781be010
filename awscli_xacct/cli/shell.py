"""The user's shell with a profile's credentials, for ``xacct exec`` without a command.

A variable tells the shell's prompt, and `xacct` itself, whose credentials it has. Shells that are known get a prompt
that begins with it, unless theirs does already.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from .. import settings
from ..errors import XacctError
from ..messages import printable
from .formats import quote_fish

FILES = Path(__file__).parent / "shells"
_ZDOTDIR, _OWN_ZDOTDIR = "ZDOTDIR", "_XACCT_ZDOTDIR"


def check_not_nested(environment: Mapping[str, str]) -> None:
    """Raise `XacctError` in a shell that has a profile's credentials already."""
    if settings.SHELL_VARIABLE in environment:
        name = environment[settings.SHELL_VARIABLE].partition(" ")[2]
        raise XacctError(
            f"this shell has the credentials of profile {printable(name)} already. Leave it first: exit",
            code="UsageError",
            profile=name,
            fix="exit",
        )


def make_shell(
    profile: str, expiration: str, environment: Mapping[str, str], *, narrowed: bool = False
) -> tuple[list[str], dict[str, str]]:
    """Return the command for the user's shell, and the variables that it needs besides `environment`.

    `expiration` is that of its credentials, or empty if they do not end; `narrowed` is said in the prompt.
    """
    seconds = 0
    if expiration:
        seconds = int(datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp())
    mark = settings.SHELL_NARROWED if narrowed else ""
    variables = {settings.SHELL_VARIABLE: f"{seconds}{mark} {profile}"}
    if os.name == "nt":
        return [environment.get("COMSPEC") or "cmd.exe"], variables
    shell = environment.get("SHELL") or "/bin/sh"
    name = os.path.basename(shell)  # noqa: PTH119 - no file
    if name == "bash":
        return [shell, "--rcfile", str(FILES / "bashrc")], variables
    if name == "zsh":
        own = {_OWN_ZDOTDIR: environment[_ZDOTDIR]} if environment.get(_ZDOTDIR) else {}
        return [shell], {**variables, **own, _ZDOTDIR: str(FILES / "zsh")}
    if name == "fish":
        return [shell, "--init-command", f"source {quote_fish(str(FILES / 'init.fish'))}"], variables
    return [shell], variables
