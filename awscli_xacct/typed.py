"""The command line that this process runs, for messages whose fix is to run it again with another option."""

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from . import settings

_WITH_MANY = ("--policy-arns", "--policy-arn", "--session-tags", "--transitive-session-tags", "--ou-id")
"""Options that take all values up to the next option."""
_WITH_COMMAND = (("xacct", "each"), ("xacct", "exec"))
"""What runs the command after ``--``; elsewhere that ends the options, so that a name may begin with a hyphen."""
_words: list[str] = []
_unwritten: list[str] = []


def note_typed(words: Iterable[str]) -> None:
    """Note the command line that this process runs."""
    _words[:] = words


def typed_again(options: str = "", *, without: str = "") -> str:
    """Return the command line that this process runs, quoted for a shell, with more options, quoted already.

    An option that is repeated, or is `without`, is left out of the old ones with its value; and ``--dry-run`` always,
    also where it is abbreviated, as `aws` allows. ``CMD`` stands for a command to run, which may hold a password.
    """
    end = _words.index("--") if "--" in _words else len(_words)
    own, rest = _words[:end], _words[end:]
    if rest and tuple(own[:2]) in _WITH_COMMAND:
        rest[1:] = ["CMD"]
    dropped = without or options.partition(" ")[0]
    while dropped and dropped in own:
        place = own.index(dropped)
        end = place + 2
        while dropped in _WITH_MANY and end < len(own) and not own[end].startswith("-"):
            end += 1
        own[place:end] = []
    own = [word for word in own if not (_is_dry_run(word) or (dropped and word.startswith(f"{dropped}=")))]
    return " ".join(filter(None, [shlex.join(own), options, shlex.join(rest)]))


def typed_bare(name: str) -> str:
    """Return the command line that this process runs, quoted for a shell, with the value of an option but not its name.

    A command to run is ``CMD``, as above.
    """
    own = [word.removeprefix(f"{name}=") for word in _words if word != name]
    if "--" in own:
        own[own.index("--") + 1 :] = ["CMD"]
    elif own[1:2] == ["exec"]:
        profile = next((at for at, word in enumerate(own) if at > 1 and not word.startswith("-")), len(own))
        own[profile + 1 :] = ["--", "CMD"] if own[profile + 1 :] else []
    return shlex.join(own)


def _is_dry_run(word: str) -> bool:
    return word.startswith("--dr") and "--dry-run".startswith(word)


def find_naming_variable(profile: str) -> str | None:
    """Return the environment variable that names a profile, if the command line does not."""
    # First, so that a long command line is not read for each profile in it.
    name = next((name for name in settings.PROFILE_VARIABLES if os.environ.get(name) == profile), None)
    if name is None or not _words or any(word == profile or word.endswith(f"={profile}") for word in _words):
        return None
    return name


@contextmanager
def while_unwritten(profile: str) -> Iterator[None]:
    """Have `messages.role_command` repeat what was typed: `profile` is being written, and is not in the config yet."""
    _unwritten[:] = [profile]
    try:
        yield
    finally:
        _unwritten.clear()


def is_unwritten(profile: str) -> bool:
    """Whether this process is about to write a profile, whose other settings only the command line has."""
    return bool(_words) and profile in _unwritten
