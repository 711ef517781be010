"""A code from the user's own program: the ``mfa_process`` key.

The program is run without a shell. What it prints is the code and is shown to nobody; its terminal input
and its messages are on the real terminal, so that it may ask for a PIN or a touch.
"""

from __future__ import annotations

import os
import shlex
import subprocess

from .. import settings
from ..errors import CodeProgramFailed
from ..invocation import role_command
from .terminal import NOCTTY, TERMINAL


def ask(command: str, profile: str, seconds: float = settings.MFA_PROCESS_SECONDS) -> str:
    """What the program prints, trimmed. Raises `CodeProgramFailed`, which tells its exit code only."""
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise failed(profile, f"cannot be split into words ({error})") from None
    if not words:
        raise failed(profile, "is empty")
    terminal = _open_terminal()
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, and no shell
            words,
            stdin=terminal if terminal is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=terminal,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise failed(profile, f"gave no code within {seconds:.0f} s") from None
    except OSError as error:
        raise failed(profile, f"cannot be run: {error.strerror}") from None
    finally:
        if terminal is not None:
            os.close(terminal)
    if done.returncode:
        raise failed(profile, f"failed with exit code {done.returncode}")
    code = done.stdout.decode("ascii", "replace").strip()
    if not code:
        raise failed(profile, "printed nothing")
    return code


def _open_terminal() -> int | None:
    try:
        return os.open(TERMINAL, os.O_RDWR | NOCTTY)
    except OSError:
        return None


def failed(profile: str, why: str) -> CodeProgramFailed:
    """The error for a program that gave no code. What it printed is never part of it."""
    return CodeProgramFailed(
        f"the mfa_process of profile {profile} {why}. Run it by itself to see what is wrong, or do without it:\n  "
        + role_command(profile, '--mfa-process ""')
    )
