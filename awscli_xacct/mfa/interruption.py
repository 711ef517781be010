"""Ctrl-C at a prompt ends an ``aws`` command by the signal, as a shell and its scripts expect.

The CLI's own way is to print an empty line on stdout. Where that is a pipe (``aws … | cat``), the same Ctrl-C has ended
its reader, and the command ended in a traceback and with exit code 1.

Everything is unwound first: what was begun reports how far it got. A program other than ``aws`` that uses this package
gets its `KeyboardInterrupt` and nothing else.
"""

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from ..messages import abandon


@contextlib.contextmanager
def ending_aws() -> Iterator[None]:
    """While the block prompts, let a `KeyboardInterrupt`, which is raised on, end ``aws`` by SIGINT."""
    try:
        yield
    except KeyboardInterrupt:
        end_aws()
        raise


def end_aws() -> None:
    """Make ``aws``, if this process is one, end by SIGINT once it is done, and print nothing more until then."""
    if not _is_aws():
        return
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - a device, until the end
    else:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        abandon(sys.stdout)
    if os.name != "nt":
        atexit.register(_die)


def _is_aws() -> bool:
    """Return whether the CLI is what was started, and not a program that uses it."""
    specification = getattr(sys.modules.get("__main__"), "__spec__", None)
    started = os.path.splitext(os.path.basename(sys.argv[0]))[0] if sys.argv else ""  # noqa: PTH119, PTH122 - no file
    return "awscli.clidriver" in sys.modules and (
        started == "aws" or getattr(specification, "parent", None) == "awscli"
    )


def _die() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
