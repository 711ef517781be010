"""Which program asked for a session, by the names of executables alone: arguments may be secrets."""

import os
import sys
from pathlib import Path

from .. import settings

_SHELLS = ("ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "nu", "pwsh", "sh", "tcsh", "zsh")
_MAX_LENGTH = 64


def name_asking_program() -> str:
    """Return the name of this program, after that of the one that started it unless that is a shell.

    So ``aws``, ``kubectl > aws`` or ``terraform > xacct``; and what fetches for a server is named as that, with its
    command: ``xacct serve``, ``make > xacct exec``.
    """
    if server := os.environ.get(settings.PROGRAM_VARIABLE):
        return _clean(server)
    own, parent = _own_name(), _parent_name()
    return f"{parent} > {own}" if parent and parent not in _SHELLS and parent != own else own


def name_server(command: str) -> None:
    """Have the processes that this one starts name it, and its `command`, as the program."""
    os.environ[settings.PROGRAM_VARIABLE] = f"{name_asking_program()} {command}"


def _own_name() -> str:
    """Return the name of the script that runs, of the package that ``-m`` runs, or of Python itself."""
    script = Path(sys.argv[0]) if sys.argv else Path()
    if script.name == "__main__.py":
        script = script.parent
    name = script.name
    return _clean(Path(sys.executable).name if name in ("", "-", "-c") else name.removesuffix(".exe"))


def _parent_name() -> str:
    """Return the name of the executable of the process that started this one; empty where that cannot be known.

    Not what the process calls itself, because some put their arguments there.
    """
    try:
        return _clean(Path(f"/proc/{os.getppid()}/exe").readlink().name)
    except (OSError, AttributeError):
        return ""


def _clean(name: str) -> str:
    name = name.removesuffix(" (deleted)")  # its package has been updated since it was started
    return "".join(each if each.isprintable() else "?" for each in name)[:_MAX_LENGTH]
