"""A shell with job control, as small as can be: `python -m tests.mfa.shell PROGRAM`, a terminal being its stdin.

It takes the terminal as the controlling one of its session and runs the Python program in the foreground, whose
stdin is a pipe with something in it and whose stdout and stderr are pipes too: the terminal is the one thing a
person sees. On its own stdout it tells as lines of JSON what becomes of the program. When that stops, the
terminal is the shell's again; SIGUSR1 is its `fg`.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import sys
import termios
from typing import Any

PIPED = "999999\n"
"""What happens to be on the program's stdin."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    # The shell lives on when its terminal is gone, to tell what became of the program.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stdin, stdout = _pipe(PIPED.encode()), _pipe()
    child = os.fork()
    if child == 0:
        _become(sys.argv[1], stdin[0], stdout[1])
    os.close(stdout[1])
    signal.signal(signal.SIGUSR1, lambda *_: _to_foreground(child))
    tell(pid=child)
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.tcsetpgrp(0, os.getpgrp())
        tell(stopped=os.WSTOPSIG(status))
    with os.fdopen(stdout[0], "rb") as output:
        tell(code=os.waitstatus_to_exitcode(status), output=output.read().decode())


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
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(stdout, 2)
    os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606 - no shell is what is wanted


if __name__ == "__main__":
    main()
