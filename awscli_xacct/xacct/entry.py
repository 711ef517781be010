"""Where the ``xacct`` script begins. It loads next to nothing: what it can answer at once, it does.

No ``from __future__ import annotations`` here: that is a module, too, and has to be found and read.
"""

import sys


def main(arguments: "list[str] | None" = None) -> int:
    """Run one command line; gives its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    from .dispatch import run

    return run(arguments)
