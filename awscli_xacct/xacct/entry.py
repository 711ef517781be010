"""Where the ``xacct`` script begins. What it can answer from what was found out before, it answers at once.

That takes hardly longer than starting Python, and only as long as hardly anything is imported. So no module on
this way has a ``from __future__ import annotations``: that is a module, too, and has to be found and read.
"""

import sys

from .. import __version__
from . import warm


def main(arguments: "list[str] | None" = None) -> int:
    """Run one command line; gives its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        answer = _answer(arguments)
        if answer is not None and sys.stdout is not None:
            sys.stdout.buffer.write(answer)
            sys.stdout.flush()
            return 0
    except (OSError, KeyboardInterrupt) as error:
        from .dispatch import failed

        return failed(error)
    from .dispatch import run

    return run(arguments)


def _answer(arguments: "list[str]") -> "bytes | None":
    """What a command line prints, if no work has to be done for it."""
    if len(arguments) == 2 and arguments[0] == "credentials" and not arguments[1].startswith("-"):
        return warm.document(arguments[1], __version__)
    return None
