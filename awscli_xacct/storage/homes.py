"""Homes: what is said, and can be done, where HOME names no directory for this package's files."""

import os
import shlex
from pathlib import Path

from .record import expand_path, is_ours


def describe_missing_home() -> str:
    """Return why there is no home directory to keep files in."""
    named = os.environ.get("HOME")
    return "HOME is not an absolute path" if named else "there is no home directory"


def choose_home() -> str:
    """Return the command that sets HOME to a directory of this user's own, a new one if they have no other."""
    home = find_other_home()
    return f"export HOME={shlex.quote(str(home))}" if home else 'export HOME="$(mktemp -d)"'


def find_other_home() -> Path | None:
    """Return this user's own home by the user database, if HOME is another directory."""
    try:
        import pwd

        home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
        own = is_ours(home.stat()) and os.access(home, os.W_OK)
    except (ImportError, KeyError, OSError):
        return None
    return (
        home if own and os.path.realpath(home) != os.path.realpath(expand_path("~") or os.devnull) else None
    )
