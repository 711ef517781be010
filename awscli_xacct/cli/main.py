"""Where the ``xacct`` script begins. What it can answer from what was found out before, it answers at once.

That takes hardly longer than starting Python, and only as long as hardly anything is imported. So no module on
this way has a ``from __future__ import annotations``: that is a module, too, and has to be found and read.
"""

import os
import sys
import time

from .. import __version__, settings
from . import fastpath


def main(arguments: "list[str] | None" = None) -> int:
    """Run one command line; gives its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if settings.HANDED_VARIABLE in os.environ:
            from . import launch

            launch.take_back(os.environ)
        code = _at_once(arguments)
        if code is not None:
            return code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nobody is to see a traceback
        from .dispatch import failed

        return failed(error)
    from .dispatch import run

    return run(arguments)


def _at_once(arguments: "list[str]") -> "int | None":
    """Run a command line for which no work has to be done; None for any other."""
    if arguments == ["status", "--prompt"] and sys.stdout is not None:
        line = fastpath.prompt(os.environ, __version__)
        return _print(None if line is None else line.encode())
    command, profile, *rest = [*arguments, "", ""][: max(len(arguments), 2)]
    if profile.startswith("-"):
        return None
    if command == "credentials" and not rest and sys.stdout is not None:
        return _print(fastpath.document(profile, __version__))
    if command == "exec" and rest[:1] == ["--"] and len(rest) > 1:
        return _become(rest[1:], profile)
    return None


def _print(document: "bytes | None") -> "int | None":
    if document is None:
        return None
    sys.stdout.buffer.write(document)
    sys.stdout.flush()
    return 0


def _become(command: "list[str]", profile: str) -> "int | None":
    memo = fastpath.recall(profile, __version__)
    found = memo and memo.fresh_document(time.time())
    credentials = fastpath.fields(found) if found else None
    if memo is None or credentials is None:
        return None
    from . import launch

    return launch.become(command, launch.environment(credentials, memo.region, os.environ, memo.handed))
