"""A minimal shell with job control: `python -m tests.mfa.shell PROGRAM`, with a terminal as its stdin.

It makes the terminal its session's controlling terminal and runs the Python program in the foreground. The program's
stdin is a pipe with something in it, and its stdout and stderr are pipes too: the terminal is all that a person sees.
On its own stdout the shell reports what happens to the program, as lines of JSON. When the program stops, the terminal
is the shell's again; SIGUSR1 is its `fg`.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import select
import signal
import sys
import termios
from typing import Any

PIPED = "999999\n"
"""What is on the program's stdin."""
_SIGNALS = (signal.SIGCHLD, signal.SIGUSR1)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    # The shell survives its terminal, to report what happened to the program.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Waited for, not handled: a handler would not run for a signal that comes just before a call that waits.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    stdin, stdout = _pipe(PIPED.encode()), _pipe()
    child = os.fork()
    if child == 0:
        _become(sys.argv[1], stdin[0], stdout[1])
    os.close(stdout[1])
    tell(pid=child)
    while True:
        if signal.sigwait(_SIGNALS) == signal.SIGUSR1:
            _to_foreground(child)
            continue
        changed, status = os.waitpid(child, os.WUNTRACED | os.WNOHANG)
        if not changed:
            continue
        if not os.WIFSTOPPED(status):
            break
        os.tcsetpgrp(0, os.getpgrp())
        tell(stopped=os.WSTOPSIG(status))
    with os.fdopen(stdout[0], "rb") as output:
        tell(code=os.waitstatus_to_exitcode(status), output=output.read().decode())
    # Until the test closes the terminal: the end of its session would take it from a child that is about to restore it.
    terminal = select.poll()
    terminal.register(0, 0)
    terminal.poll()


def _to_foreground(group: int) -> None:
    os.tcsetpgrp(0, group)
    os.killpg(group, signal.SIGCONT)


def tell(**news: Any) -> None:
    print(json.dumps(news), flush=True)


def _pipe(content: bytes = b"") -> tuple[int, int]:
    pipe = os.pipe()
    os.write(pipe[1], content)
    if content:
        os.close(pipe[1])
    return pipe


def _become(program: str, stdin: int, stdout: int) -> None:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in (signal.SIGTTOU, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(stdout, 2)
    os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - no shell is what is wanted


if __name__ == "__main__":
    main()
