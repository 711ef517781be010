"""Prompting on the terminal from a thread other than the main one: in a child process.

A transfer's worker refreshes its credentials in the middle of ``aws s3 sync``. Signal handlers can be set in the main
thread only, so a prompt from there echoed the code, and Ctrl-C waited for Enter. A child has a main thread, is in the
terminal's foreground with its parent, and gets Ctrl-C and Ctrl-Z as the parent does. It holds no secret and ends with
its parent: the pipe that carried the prompt is closed then.
"""

import subprocess
import sys
import threading
from pathlib import Path

from ..errors import CannotPromptError
from . import terminal
from .interruption import end_aws

_PACKAGES = Path(__file__).parents[2]
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from awscli_xacct.mfa import terminal_child; "
    "sys.exit(terminal_child.main())"
)
_ANSWERED, _NO_ANSWER, _INTERRUPTED = 0, 10, 130


def is_needed() -> bool:
    """Return whether a child has to prompt, because this thread cannot, and an interpreter can be started for it.

    In a frozen program, which the AWS CLI v2 may be, ``sys.executable`` is the program itself.
    """
    elsewhere = threading.current_thread() is not threading.main_thread()
    return elsewhere and bool(sys.executable) and not getattr(sys, "frozen", False)


def ask(prompt: str) -> str:
    """Prompt as `terminal.ask` does; Ctrl-C interrupts the main thread, and is a `CannotPromptError` here."""
    child = subprocess.Popen(  # noqa: S603 - this interpreter, and this module in it
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(_PACKAGES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with child:
        assert child.stdin is not None  # noqa: S101 - both are pipes
        assert child.stdout is not None  # noqa: S101
        try:
            child.stdin.write(f"{prompt}\n".encode("utf-8", "replace"))
            child.stdin.flush()  # not closed: it stays open as long as this process lives
        except BrokenPipeError:
            pass  # it could not start, as its exit code tells
        answer = child.stdout.read().decode("utf-8", "replace")
    if child.returncode == _ANSWERED:
        return answer
    if child.returncode == _NO_ANSWER:
        raise CannotPromptError(answer)
    if child.returncode in (_INTERRUPTED, -2):
        end_aws()
        raise CannotPromptError("the prompt was interrupted")
    return terminal.ask(prompt)


def main() -> int:
    """Run the child: read the prompt as a line on stdin, and write the answer to stdout."""
    prompt = sys.stdin.readline().removesuffix("\n")
    try:
        sys.stdout.write(terminal.ask(prompt, abandoned=sys.stdin.fileno()))
    except CannotPromptError as error:
        sys.stdout.write(str(error))
        return _NO_ANSWER
    except KeyboardInterrupt:
        return _INTERRUPTED
    return _ANSWERED
