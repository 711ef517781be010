"""A code from the user's own program: the ``mfa_process`` key.

The program is run without a shell. What it prints is the code and is never shown; its stdin and stderr are the real
terminal, so that it may ask for a PIN or a touch.
"""

import contextlib
import os
import shlex
import subprocess
from collections.abc import Sequence

from .. import settings
from ..child_output import read_pieces
from ..errors import MfaProcessError
from ..messages import describe_end, role_command
from .terminal import NOCTTY, TERMINAL

_MAX_OUTPUT = 1024
"""Bytes of the output that are kept: it is six digits."""

_GRACE = 0.1
"""Seconds to wait for the end of the output, after a program's end, while another process holds it open."""

_INTERRUPT_SECONDS = 0.25
"""How long a program may take to end after Ctrl-C."""


def read_code(command: str, profile: str, seconds: float = settings.MFA_PROCESS_SECONDS) -> str:
    """Run the program and return what it prints, trimmed. Raises `MfaProcessError`, which names its exit code only."""
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise failure(profile, f"cannot be split into words ({error})") from None
    if not words:
        raise failure(profile, "is empty")
    terminal = _open_terminal()
    try:
        exit_code, output = _run(words, terminal, seconds)
    except subprocess.TimeoutExpired:
        raise failure(profile, f"printed no code within {seconds:.0f} s") from None
    except OSError as error:
        raise failure(profile, f"cannot be run: {error.strerror}") from None
    finally:
        if terminal is not None:
            os.close(terminal)
    if exit_code:
        raise failure(profile, describe_end(exit_code))
    code = output.decode("ascii", "replace").strip()
    if not code:
        raise failure(profile, "printed nothing")
    return code


def failure(profile: str, why: str) -> MfaProcessError:
    """Return the error for a program that provided no code. What it printed is never part of it."""
    fix = role_command(profile, '--mfa-process ""')
    return MfaProcessError(
        f"the mfa_process of profile {profile} {why}. Run it by itself to see what is wrong, or remove it:\n  {fix}",
        hop=profile,
        fix=fix,
    )


def _run(words: Sequence[str], terminal: int | None, seconds: float) -> tuple[int, bytes]:
    """Return a program's exit code and what it has printed by its end.

    A process it leaves running may hold its stdout open, as an agent does that keeps a PIN: that is not waited for.
    Raises `OSError`, and `subprocess.TimeoutExpired` once it is killed.
    """
    with subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
        words,
        stdin=terminal if terminal is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=terminal,
    ) as child:
        output = b""
        try:
            for _, piece in read_pieces(child, seconds, _GRACE):
                output = (output + piece)[:_MAX_OUTPUT]
        except KeyboardInterrupt:
            # The program was interrupted as well, and may have a terminal to restore.
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_INTERRUPT_SECONDS)
            child.kill()
            raise
        except BaseException:
            child.kill()
            raise
        return child.wait(), output


def _open_terminal() -> int | None:
    try:
        return os.open(TERMINAL, os.O_RDWR | NOCTTY)
    except OSError:
        return None
