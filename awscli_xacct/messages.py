"""Messages on stderr, text from outside made safe to show, and the commands that messages quote.

A profile may be called ``list``, or ``-x``, or anything else that a command line takes for something other than
a profile's name. The commands do what they are named for, pasted into a shell; a name's plain form is the shorter
one and is used wherever it will do.
"""

from __future__ import annotations

import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one is in a module, which every `aws` command would load
    from typing import TextIO

SUBCOMMANDS = (
    "list",
    "show",
    "verify",
    "login",
    "logout",
    "remove",
    "rename",
    "import",
    "export",
    "discover",
    "setup",
)
"""What the first word after ``aws configure role`` may be besides a profile; configure_role/role.py has their code."""

HELP = "help"
"""The word that is asked for help with, wherever a profile may stand."""


def role_command(profile: str, options: str = "") -> str:
    """``aws configure role PROFILE`` with some options, which are quoted already."""
    plain = profile not in SUBCOMMANDS
    return " ".join(filter(None, ["aws configure role", _named(profile, plain=plain), options]))


def subcommand(name: str, profile: str) -> str:
    """``aws configure role NAME PROFILE``, for a subcommand that takes a profile."""
    return f"aws configure role {name} {_named(profile)}"


def option(key: str) -> str:
    """The command line option of a config key."""
    return f"--{key.replace('_', '-')}"


def profile_option(profile: str) -> str:
    """``--profile PROFILE``, as any `aws` command takes it."""
    return shlex.join(profile_words(profile))


def profile_words(profile: str) -> list[str]:
    """The words of ``--profile PROFILE``."""
    return [f"--profile={profile}"] if profile.startswith("-") else ["--profile", profile]


def _named(profile: str, *, plain: bool = True) -> str:
    """A profile as a positional argument, or, where that would not do, as an option."""
    # What has a "://" in it, the CLI takes for a file or an address to read the argument from.
    odd = profile.startswith("-") or profile == HELP or "://" in profile
    return shlex.quote(profile) if plain and not odd else shlex.quote(f"--profile={profile}")


def warn(message: str) -> None:
    """One line to the user, on stderr: stdout belongs to the command."""
    write_message(f"xacct: {printable(message)}\n")


def warn_once(message: str) -> None:
    """`warn`, but only the first time this process has that message: an edit may have to start over."""
    if message not in _warned:
        _warned.add(message)
        warn(message)


_warned: set[str] = set()


def write_message(text: str) -> None:
    """Write on stderr; that it is closed, or on a full disk, fails no command, whose work may be done by now."""
    import sys

    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except (OSError, ValueError):
        abandon(sys.stderr)


def abandon(stream: TextIO) -> None:
    """Let what is left in a stream's buffer, and what comes, go nowhere: the interpreter writes it at its end,
    and complains, or fails, if it still cannot."""
    import os

    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # closed, or no file at all


def printable(text: str) -> str:
    """`text` with control characters escaped, so that nothing from outside drives the terminal, and without the
    passwords of its URLs."""
    if "://" in text and "@" in text:
        from .redaction import without_passwords  # needs a module that a warm command does without

        text = without_passwords(text)
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def printable_lines(text: str) -> str:
    """A text of several lines with all other control characters escaped."""
    return "\n".join(printable(line) for line in text.split("\n"))
