"""What people mean who type a word that is no command here: it may be one of the other face, or of another tool.

What is suggested is the whole command, ready to run, because a newcomer does not know which part of it is wrong.
"""

import shlex
from collections.abc import Collection, Container, Sequence
from difflib import get_close_matches
from itertools import takewhile
from typing import NamedTuple

from . import settings
from .arn import Arn
from .messages import COMMANDS, ROLE_COMMAND, SUBCOMMANDS, XACCT_ROLE, option

_ROLE_ARN = option(settings.ROLE_ARN)
_GLOBALS = (option(settings.REGION), "--profile")
"""Options of `aws` itself: with these alone it is not known what the words before them are."""
_ROLE_WORDS = {
    **dict.fromkeys(("ls", "profiles", "roles", "list-profiles", "list-roles"), "list"),
    **dict.fromkeys(("get", "cat", "info", "describe"), "show"),
    **dict.fromkeys(("rm", "del", "delete", "unset"), "remove"),
    **dict.fromkeys(("mv", "move"), "rename"),
    **dict.fromkeys(("test", "check", "validate"), "verify"),
    **dict.fromkeys(("add", "create", "new", "set", "edit", "update"), ""),
}
"""Words for what ``aws configure role`` does, and the subcommand; an empty one creates and changes a profile."""
_XACCT_WORDS = {
    **dict.fromkeys(("run", "shell"), "exec"),
    **dict.fromkeys(("assume", "switch"), "use"),
    **dict.fromkeys(("env", "creds"), "credentials --format env"),
    **dict.fromkeys(("web", "browser"), "console --open"),
    **dict.fromkeys(("version", "-v", "-V"), "--version"),
}
"""The same for `xacct`, from aws-vault, granted and awsume."""
_MIN_LIKENESS = 0.75
"""How like `role` a word must be to mean it: `rol` and `roles` are, `profile` is not."""


class Slip(NamedTuple):
    """What is wrong with a command line, and the one that is meant."""

    text: str
    command: str


def find_slip(words: Sequence[str], profiles: Container[str]) -> Slip | None:
    """Return what ``aws configure role WORDS…`` is likely to mean, which could not be parsed; None if nobody knows."""
    names = list(takewhile(lambda word: not word.startswith("-"), words))
    rest = words[len(names) :]
    first = words[0] if words else ""
    meant = None if first in profiles else find_role_command(first, words[1:])
    if meant:
        return Slip(f"unknown subcommand {first}", meant)
    if len(names) == 2 and Arn.parse(names[1]):
        command = _line(ROLE_COMMAND, "", [names[0], _ROLE_ARN, names[1], *rest])
        return Slip(f"{names[1]} needs {_ROLE_ARN} before it", command)
    if len(names) > 1 and any(word.startswith("--") and word not in _GLOBALS for word in rest):
        return Slip("a name with blanks needs quotes", _line(ROLE_COMMAND, "", [" ".join(names), *rest]))
    return None


def find_arn_as_name(words: Sequence[str]) -> Slip | None:
    """Return what is meant if the first of `words` is an ARN in the place of a profile's name, or None."""
    first = words[0] if words else ""
    if not Arn.parse(first):
        return None
    return Slip(f"{first} is no name for a profile", _line(ROLE_COMMAND, "", ["PROFILE", _ROLE_ARN, *words]))


def find_role_command(word: str, rest: Sequence[str]) -> str | None:
    """Return the command line that ``aws configure role WORD REST…`` is likely to mean, or None."""
    known = word.lower().removeprefix("--")
    if known in SUBCOMMANDS:
        return _line(ROLE_COMMAND, known, rest)
    if known in _ROLE_WORDS:
        is_command = _ROLE_WORDS[known] or rest
        return _line(ROLE_COMMAND, _ROLE_WORDS[known], rest) if is_command else None
    if word in COMMANDS or word in _XACCT_WORDS:
        return find_xacct_command(word, rest, ())
    near = get_close_matches(word, SUBCOMMANDS, n=1)
    return _line(ROLE_COMMAND, near[0], rest) if near else None


def find_xacct_command(word: str, rest: Sequence[str], profiles: Collection[str]) -> str | None:
    """Return the command line that ``xacct WORD REST…`` is likely to mean, or None."""
    if word in profiles:
        return _line("xacct", "exec", [word, *rest])
    if word in COMMANDS or word in _XACCT_WORDS:
        return _line("xacct", _XACCT_WORDS.get(word, word), rest)
    if word in SUBCOMMANDS or word in _ROLE_WORDS:
        return _line(XACCT_ROLE, _ROLE_WORDS.get(word, word), rest)
    if word == "configure" and rest:
        return _line(XACCT_ROLE, "", rest[1:] if rest[0] == "role" else rest)
    near = get_close_matches(word, COMMANDS, n=1)
    if near:
        return _line("xacct", near[0], rest)
    near = get_close_matches(word, profiles, n=1)
    return _line("xacct", "exec", [near[0], *rest]) if near else None


def find_aws_command(words: Sequence[str]) -> str | None:
    """Return the command line that ``aws WORDS…`` is likely to mean, which has no ``configure``; or None."""
    if words[0] == "xacct":
        return _line("xacct", "", words[1:]) if words[1:] else "xacct --help"
    if words[0] == "role":
        return _line(ROLE_COMMAND, "", words[1:] or ["help"])
    return find_configure_command(words)


def find_configure_command(words: Sequence[str]) -> str | None:
    """Return the command line that ``aws configure WORDS…`` is likely to mean, or None."""
    first, *rest = words
    if first in SUBCOMMANDS:
        return _line(ROLE_COMMAND, first, rest)
    if first == "roles" and not rest:
        return f"{ROLE_COMMAND} list"
    is_role = get_close_matches(first, ["role"], cutoff=_MIN_LIKENESS)
    return _line(ROLE_COMMAND, "", rest or ["help"]) if is_role else None


def show_command(words: Sequence[str]) -> str:
    """Return the command at the end of a command line; ``CMD`` stands for one with arguments, such as a password."""
    return shlex.join(words) if len(words) == 1 else "CMD"


def _line(program: str, command: str, rest: Sequence[str]) -> str:
    own = list(rest)
    end = own.index("--") if "--" in own else len(own)
    if command == "exec":
        profile = next((at for at, word in enumerate(own[:end]) if not word.startswith("-")), end)
        end = min(profile + 1, end)  # its command may come without the two hyphens
    own, run = own[:end], own[end:]
    run = run[1:] if run[:1] == ["--"] else run
    tail = ["--", show_command(run)] if run else []
    return " ".join(filter(None, [program, command, shlex.join(own), *tail]))
