"""``xacct completion SHELL``: a script that lets a shell complete ``xacct``, and what that script asks for.

The scripts know nothing of commands, options and profiles: they hand over the words that are typed, and what
may come next is decided here, from the commands' own parsers. zsh and fish quote what they are given as it has
to be; bash does not, so for it that is done here, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence

from ..errors import XacctError
from ..profiles.source import is_role
from . import bash_words, dispatch

_BASH = """\
_xacct() {
    local i line=${COMP_LINE:0:COMP_POINT}
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            elif ((i == COMP_CWORD - 1)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$2")
            fi
            return
        fi
    done
    mapfile -t COMPREPLY < <(command xacct completion --line "$COMP_WORDBREAKS" "$line" 2>/dev/null)
}
complete -o bashdefault -o default -F _xacct xacct
"""

_ZSH = """\
#compdef xacct
_xacct() {
    local -i dashes=${words[(i)--]}
    if ((dashes < CURRENT)); then
        shift $dashes words
        ((CURRENT -= dashes))
        _normal
        return
    fi
    local -a found
    found=("${(@f)$(command xacct completion --next "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    if [[ -n $found[1] ]]; then
        compadd -a found
    else
        _files
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _xacct "$@"
else
    compdef _xacct xacct
fi
"""

_FISH = """\
function __xacct_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found (command xacct completion --next $words[2..-1] "$current" 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
function __xacct_command
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1..(contains -i -- -- $words)]
    complete -C (string join ' ' -- (string escape -- $words) "$current")
end
complete -c xacct -f -n 'not contains -- -- (commandline -opc)' -a '(__xacct_candidates)'
complete -c xacct -f -n 'contains -- -- (commandline -opc)' -a '(__xacct_command)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}

HELP = "Print what lets bash, zsh or fish complete commands, options and profile names."
EXAMPLES = """\
  In ~/.bashrc:                   eval "$(xacct completion bash)"
  In ~/.zshrc, after compinit:    eval "$(xacct completion zsh)"
  In ~/.config/fish/config.fish:  xacct completion fish | source"""

_PROFILE, _PATTERN = "PROFILE", "PATTERN"
_NEXT = "--next"
_HELP = ("--help", "-h")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("shell", metavar="SHELL", nargs="?", choices=SCRIPTS, help="one of %(choices)s")
    # What the scripts ask: what may come after these words, of which the last is being typed …
    parser.add_argument(_NEXT, action="store_true", help=argparse.SUPPRESS)
    # … or at the end of this line of bash, given what ends a word there.
    parser.add_argument("--line", nargs=2, help=argparse.SUPPRESS)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The words that are asked about are not this command's own."""
    return ([_NEXT], arguments[1:]) if arguments[:1] == [_NEXT] else (arguments, [])


def run(options: argparse.Namespace) -> int:
    """Print the script, or what may come next: one candidate a line."""
    if options.next:
        _print(candidates(options.command))
    elif options.line is not None:
        breaks, text = options.line
        line = bash_words.split(text)
        _print(line.completed(candidates(line.words[1:]), breaks))
    elif options.shell:
        sys.stdout.write(SCRIPTS[options.shell])
    else:
        raise dispatch.UsageError(
            f"which shell is meant? Name one of {', '.join(SCRIPTS)}: xacct completion bash"
        )
    return 0


def candidates(words: Sequence[str]) -> Iterable[str]:
    """What may stand in the place of the last of `words`, which are those after ``xacct``."""
    *before, current = words or [""]
    if not before:
        return [*dispatch.COMMANDS, *(["--help", "--version"] if current.startswith("-") else [])]
    name, *before = before
    if name not in dispatch.COMMANDS or "--" in before:
        return []
    parser = dispatch.parser_of(name)
    options = {option: action for action in parser._actions for option in action.option_strings}
    wanted = options.get(before[-1]) if before else None
    if wanted and wanted.nargs != 0:
        return _values(wanted)
    if current.startswith("-"):
        shown = [option for option, action in options.items() if action.help != argparse.SUPPRESS]
        return [option for option in shown if option not in before and option not in _HELP[1:]]
    positional = [action for action in parser._actions if not action.option_strings]
    given = _positional(before, options)
    many = [action for action in positional if action.nargs in ("*", "+")]
    action = positional[len(given)] if len(given) < len(positional) else None
    if many and (action is None or positional.index(many[0]) <= len(given)):
        action = many[0]
    return [value for value in _values(action) if value not in given] if action else []


def _positional(before: Sequence[str], options: dict[str, argparse.Action]) -> list[str]:
    """The words that are neither options nor the values of options."""
    given = []
    for previous, word in zip(["", *before], before, strict=False):
        taken = previous in options and options[previous].nargs != 0
        if not word.startswith("-") and not taken:
            given.append(word)
    return given


def _values(action: argparse.Action) -> Iterable[str]:
    if action.choices:
        return list(action.choices)
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    return _profiles(roles=metavar == _PATTERN) if metavar in (_PROFILE, _PATTERN) else []


def _profiles(*, roles: bool) -> Iterable[str]:
    """The names of profiles; none where the files cannot be read, which is for other commands to say."""
    from .resolve import read_config

    try:
        profiles = read_config()["profiles"]
    except (XacctError, OSError):
        return []
    return [name for name, options in profiles.items() if is_role(options) or not roles]


def _print(found: Iterable[str]) -> None:
    """One with a control character, or a line end, is not for a shell to write."""
    sys.stdout.writelines(f"{name}\n" for name in found if name and name.isprintable())
