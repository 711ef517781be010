"""``xacct completion SHELL``: the script that completes ``xacct`` in a shell, and the answers it asks for.

It also defines the function with which ``xacct use`` changes the shell; see use.py.

The scripts know no commands, options or profiles: they pass on the words that are typed, and this module finds what
may come next, from the commands' own parsers. zsh and fish quote what they are given; for bash that is done here.
What follows ``--`` is another command, which the shell completes as it always does.
"""

import argparse
from collections.abc import Iterable, Sequence

from ..errors import UsageError, XacctError
from ..messages import COMMANDS, SUBCOMMANDS
from ..profiles.source import is_role
from ..results import write_result
from . import bash_words, dispatch
from .shell import FILES

_SCRIPTS = {
    "bash": ("completion.bash", "use.sh"),
    "zsh": ("completion.zsh", "use.sh"),
    "fish": ("completion.fish", "use.fish"),
}
"""The files of each shell's script: the completion, and the function for ``xacct use``."""

HELP = "Print the script with which bash, zsh or fish complete commands, options and profiles, and xacct use works."

_PROFILE, _PATTERN = "PROFILE", "PATTERN"
_NEXT = "--next"
_HELP = ("--help", "-h")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", nargs="?", choices=_SCRIPTS, help="one of %(choices)s")
    # The scripts ask: what may come after these words, the last of which is being typed …
    parser.add_argument(_NEXT, action="store_true", help=argparse.SUPPRESS)
    # … or at the end of this line of bash, given the characters that end a word there.
    parser.add_argument("--line", nargs=2, help=argparse.SUPPRESS)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split off the words to complete, which are not this command's own."""
    return ([_NEXT], arguments[1:]) if arguments[:1] == [_NEXT] else (arguments, [])


def run(options: argparse.Namespace) -> int:
    """Print a script, or the candidates, one per line."""
    if options.next:
        _print(find_candidates(options.command))
    elif options.line is not None:
        breaks, text = options.line
        line = bash_words.split(text)
        _print(line.complete(find_candidates(line.words[1:]), breaks))
    elif options.shell:
        write_result(read_script(options.shell))
    else:
        raise UsageError(f"no shell given; name one of {', '.join(_SCRIPTS)}: xacct completion bash")
    return 0


def read_script(shell: str) -> str:
    """Return what a shell evaluates."""
    return "".join((FILES / name).read_text("utf-8") for name in _SCRIPTS[shell])


def find_candidates(words: Sequence[str]) -> Iterable[str]:
    """Return what the last of `words`, the words after ``xacct``, may be."""
    *before, current = words or [""]
    if not before:
        return [*COMMANDS, *(["--help", "--version"] if current.startswith("-") else [])]
    name, *before = before
    if name not in COMMANDS or "--" in before:
        return []
    if name == "role":
        return _complete_role(before, current)
    parser = dispatch.make_parser(name)
    options = {option: action for action in parser._actions for option in action.option_strings}
    previous = options.get(before[-1]) if before else None
    if previous and previous.nargs != 0:
        return _list_values(previous)
    if current.startswith("-"):
        shown = [option for option, action in options.items() if action.help != argparse.SUPPRESS]
        return [option for option in shown if option not in before and option not in _HELP[1:]]
    given = _find_positional(before, options)
    positional = [action for action in parser._actions if not action.option_strings]
    if not positional:
        return []
    action = positional[min(len(given), len(positional) - 1)]
    if len(given) >= len(positional) and action.nargs not in ("*", "+"):
        return []
    return [value for value in _list_values(action) if value not in given]


def _complete_role(before: Sequence[str], current: str) -> Iterable[str]:
    """Return the subcommands and profiles; only the AWS CLI knows the rest."""
    if current.startswith("-"):
        return []
    return _list_profiles(only_roles=True) if before else [*SUBCOMMANDS, *_list_profiles(only_roles=False)]


def _find_positional(before: Sequence[str], options: dict[str, argparse.Action]) -> list[str]:
    """Return the words that are neither options nor values of options."""
    given = []
    for previous, word in zip(["", *before], before, strict=False):
        is_value = previous in options and options[previous].nargs != 0
        if not word.startswith("-") and not is_value:
            given.append(word)
    return given


def _list_values(action: argparse.Action) -> Iterable[str]:
    if action.choices:
        return list(action.choices)
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    return _list_profiles(only_roles=metavar == _PATTERN) if metavar in (_PROFILE, _PATTERN) else []


def _list_profiles(*, only_roles: bool) -> Iterable[str]:
    """Return the names of profiles; none if the files cannot be read, which other commands report."""
    from .resolve import read_config

    try:
        profiles = read_config()["profiles"]
    except (XacctError, OSError):
        return []
    return [name for name, options in profiles.items() if is_role(options) or not only_roles]


def _print(candidates: Iterable[str]) -> None:
    """Print candidates without control characters and line ends, which a shell could not insert safely."""
    write_result("".join(f"{name}\n" for name in candidates if name and name.isprintable()))
