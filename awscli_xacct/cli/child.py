"""A command that runs as if it had replaced this process, which stays to serve it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from ..messages import warn
from .launch import explain_exec_error, resolve_program
from .signal_wait import SignalWait

_FROM_TERMINAL = ("SIGINT", "SIGQUIT")
"""Signals that a terminal sends to this process and to the command."""
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
_ENDED = "SIGCHLD"


def run_child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `command` and return its exit code: negative for a signal that ended it, 126 or 127 if it cannot be run."""

    def start() -> subprocess.Popen[bytes]:
        words = resolve_program(command, environment.get("PATH"))
        return subprocess.Popen(words, env=dict(environment))  # noqa: S603 - the user's own command

    try:
        return run_to_end(start).returncode
    except OSError as error:
        code, text = explain_exec_error(command, error)
        warn(text)
        return code


def run_to_end(start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Start a process and return it when it has ended. Raises what `start` raises.

    What is sent to this process is passed on. Ctrl-C is not: the terminal sends it to the other one itself, which may
    have the terminal to restore, so that this one must not end before it.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int) -> None:
        name = signal.Signals(number).name
        if name == _ENDED or (name in _FROM_TERMINAL and _is_in_foreground()):
            return
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    with SignalWait((*_FROM_TERMINAL, *_PASSED_ON, _ENDED), pass_on) as signals:
        process = start()
        for number in early:
            process.send_signal(number)
        while process.poll() is None:
            signals.wait()
        return process


def _is_in_foreground() -> bool:
    """Return whether the terminal sends Ctrl-C to this process, and so to the command."""
    if os.name == "nt":
        return True
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def end_like(code: int) -> int:
    """End this process by the signal that ended a command (a negative `code`), or return the exit code."""
    if code >= 0 or os.name == "nt":
        return code
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the command has left its core, if any
    with contextlib.suppress(OSError, ValueError):  # SIGKILL has no handler
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
    return 128 - code  # the signal is blocked
