"""From a command line to the one command it names, and from whatever that raises to an exit code.

A command is a module of this package with

    HELP                what it does, in one line
    EXAMPLES            command lines with what they are for, shown below its options
    configure(parser)   declares its options, for `argparse`
    run(options)        does it, and gives the exit code

and, if it runs another command that ends its own command line,

    split(arguments)    gives what is to be parsed, and that command, which becomes `options.command`

Only the module of the command that is run is imported. Results go to stdout; a command that fails has
written none.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

from .. import __version__
from ..errors import XacctError
from ..messages import SUBCOMMANDS, abandon, print_message

COMMANDS = {
    "credentials": "credentials",
    "exec": "exec",
    "each": "each",
    "console": "console",
    "status": "status",
    "enable": "enable",
    "disable": "disable",
    "doctor": "doctor",
    "completion": "completion",
}
"""The commands by name, in the order in which help lists them, and the module of each."""

FAILED = 255
"""The exit code of a command that could not do what it was asked; the AWS CLI's own."""
INTERRUPTED = 130

_USAGE = "xacct COMMAND …"


class UsageError(XacctError):
    """A command line that cannot be understood."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, so that they are told as all others are."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See: {self.prog} --help")


def run(arguments: Sequence[str]) -> int:
    """Run one command line; gives its exit code."""
    try:
        if sys.stdout is None:
            raise XacctError("there is no standard output to write to")
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A name that the terminal cannot show is no reason to show nothing.
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            code = _command(arguments)
        except SystemExit as ended:  # after help, or by a signal
            code = int(ended.code or 0)
        # What is left in the buffer may still fail, and that has to be told as well.
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - nobody is to see a traceback
        return failed(error)
    return code


def failed(error: BaseException) -> int:
    """Say what went wrong, and give the exit code for it."""
    if isinstance(error, KeyboardInterrupt):
        if sys.stdout is not None:
            abandon(sys.stdout)  # whoever reads it may be gone by the same Ctrl-C, or never read it
        return INTERRUPTED
    unwritten = _unwritten()
    if isinstance(error, BrokenPipeError):
        return FAILED  # whoever read this has seen enough
    text = str(error) or type(error).__name__
    if isinstance(error, OSError) and unwritten:
        text = f"the output cannot be written: {error.strerror or error}"
    elif not _is_meant(error):
        text = f"unexpected {type(error).__name__}: {text}"
    print_message(f"xacct: {text}")
    return FAILED


def _unwritten() -> bool:
    """Whether something is left that stdout does not take. It is given up, or the interpreter would complain."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        abandon(sys.stdout)
        return True
    return False


def _command(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else "--help"
    if name in ("--help", "-h", "help"):
        sys.stdout.write(_overview())
        return 0
    if name == "--version":
        sys.stdout.write(f"xacct {__version__}\n")
        return 0
    if name not in COMMANDS:
        if name in SUBCOMMANDS:
            raise UsageError(f"there is no command {name} here; did you mean aws configure role {name}?")
        near = get_close_matches(name, COMMANDS, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else "see: xacct --help"
        raise UsageError(f"there is no command {name}; {hint}")
    command = load(name)
    own, others = list(arguments[1:]), []
    if hasattr(command, "split"):
        own, others = command.split(own)
    return int(command.run(parser_of(name).parse_args(own, argparse.Namespace(command=others))))


def parser_of(name: str) -> Parser:
    """What reads a command's own words."""
    command = load(name)
    parser = Parser(
        prog=f"xacct {name}",
        description=command.HELP,
        epilog=f"examples:\n{command.EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.configure(parser)
    return parser


def load(name: str) -> Any:
    """The module of a command."""
    return import_module(f".{COMMANDS[name]}", __package__)


def _overview() -> str:
    width = max(map(len, COMMANDS), default=0)
    lines = [f"  {name:<{width}}  {load(name).HELP}" for name in COMMANDS]
    return "\n".join(
        [
            f"usage: {_USAGE}",
            "",
            "One IAM user, all your AWS accounts, for programs other than aws.",
            "",
            *lines,
            "",
            "Profiles are made, checked, listed and logged in to by: aws configure role help",
            "xacct COMMAND --help tells more of one of them, with examples; xacct --version tells which this is.",
            "",
        ]
    )


def _is_meant(error: BaseException) -> bool:
    """Whether an error's text was written for a person: ours, the system's, or botocore's."""
    if isinstance(error, (XacctError, OSError)):
        return True
    exceptions = sys.modules.get("botocore.exceptions")
    return exceptions is not None and isinstance(error, (exceptions.BotoCoreError, exceptions.ClientError))
