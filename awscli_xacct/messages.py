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
    """Print one line for the user, after the name of this package."""
    print_message(f"xacct: {printable(message)}")


def print_message(message: str) -> None:
    """Print lines for the user on stderr, as stdout belongs to results, and wrap them on a terminal."""
    import sys

    write_message(f"{wrap(printable_lines(message), sys.stderr)}\n")


def warn_once(message: str) -> None:
    """`warn`, but only the first time this process has that message: an edit may have to start over."""
    if message not in _warned:
        _warned.add(message)
        warn(message)


_warned: set[str] = set()


def write_message(text: str) -> None:
    """Write a text on stderr as it is.

    A stderr that is closed or on a full disk does not fail the command, whose work may be done by now.
    """
    import sys

    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except (OSError, ValueError):
        abandon(sys.stderr)


def wrap_error(error: Exception) -> None:
    """Wrap the text of an error that the AWS CLI prints as it is, in a command of its own.

    A program that catches the error gets its text in one piece, and so do our own commands.
    """
    import sys

    if "awscli.clidriver" in sys.modules and "awscli_xacct.configure_role.role" not in sys.modules:
        error.args = (wrap(str(error), sys.stderr), *error.args[1:])


def wrap(text: str, stream: TextIO | None) -> str:
    """Wrap `text` at words to the width of the terminal that `stream` writes to; leave it as it is without one.

    Commands and paths are not broken, because they are copied. A command that ends a line too long gets a line of
    its own. Indented lines hold commands, JSON or differences and stay as they are, except the items of a list.
    """
    width = terminal_width(stream)
    lines = text.split("\n")
    if not width or all(len(line) <= width for line in lines):
        return text
    return "\n".join(_wrap_line(line, width) for line in lines)


def _wrap_line(line: str, width: int) -> str:
    import re
    from textwrap import TextWrapper

    indent = line[: len(line) - len(line.lstrip())]
    if len(line) <= width or (indent and not line.startswith("- ", len(indent))):
        return line
    inner = f"{indent}  "
    line = re.sub(
        r"(?<=:) (?=(?:aws|xacct|sudo|export|unset|chmod|ls|pip|python3?) )", f"\n{inner}", line, count=1
    )
    prose, *command = line.split("\n")
    # In a path with spaces each word but the first has a separator inside.
    path = r"(?<!\S)(?:[~/]|[A-Za-z]:\\)\S*(?: [^\s/\\]+[/\\]\S*)+"
    prose = re.sub(path, lambda found: found[0].replace(" ", "\0"), prose)
    wrapper = TextWrapper(width, subsequent_indent=inner, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*(each.replace("\0", " ") for each in wrapper.wrap(prose)), *command])


def terminal_width(stream: TextIO | None) -> int:
    """Return the columns of the terminal that a stream writes to; 0 if it writes to none."""
    import os
    import shutil

    try:
        if stream is None or not stream.isatty():
            return 0
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:
        columns = 0
    except ValueError:
        return 0  # closed
    # COLUMNS may be another terminal's: it counts only where this one does not know its size.
    return columns or shutil.get_terminal_size().columns


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
