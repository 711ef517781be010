"""From a command line to a command, and from whatever that raises to a message and an exit code.

A command is a module of this package, named as it is typed, with

    HELP                what it does, in one line
    configure(parser)   declares its options for `argparse`
    run(options)        does the work and returns the exit code

and, if another command ends its own command line,

    split(arguments)    returns what is to be parsed, and that command, which becomes `options.command`

and, if people expect what it does not have,

    INSTEAD             what to do instead of an option, in a sentence, by option
    STRAY               what to do instead of naming another profile, in a sentence

In ``examples/NAME.txt`` are command lines and what they are for, which help shows below the options.

Only the module of the command that runs is imported. Results go to stdout, through `results.write_result`; a command
that fails has printed none.
"""

import argparse
import io
import re
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from .. import __version__, settings
from ..errors import UsageError, XacctError
from ..messages import COMMANDS, HELP, XACCT_ROLE, spell_role_command
from ..reporter import JSON, OPTION, Reporter
from ..results import write_result
from ..slips import find_xacct_command
from ..storage.files import is_file
from ..typed import note_typed, typed_bare
from ..wrapping import fill, page_width, wrap_to
from .help import HelpFormatter

_MAY_WRITE_NOTHING = ("exec", "role")
"""What these run decides whether it needs stdout. The others fail before they do what nobody would see."""

_PROFILE = ("--profile", "-p")
"""How `aws` and other tools name a profile."""

_ENABLED = re.compile(rb"^[^#;\n][^=:\n]*[=:][ \t]*awscli_xacct[ \t\r]*$", re.MULTILINE)

_UNKNOWN = "unrecognized arguments: "
"""What `argparse` says first of options that a command does not have."""
_MIN_LIKENESS = 0.75
"""How like another option one must be to be taken for a slip of the pen: --region is not --json."""


class Parser(argparse.ArgumentParser):
    """A parser that raises its errors, so that they are reported like all others, and takes options anywhere."""

    _words: Sequence[str] = ()
    instead: Mapping[str, str] = {}
    """What to do instead of an option that a command does not have."""
    stray = ""
    """What to do instead of the words that it does not take."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse words, also ``keys store --yes PROFILE``: argparse's own way misses an optional word at the end."""
        self._words = args or ()
        positional = [action for action in self._actions if not action.option_strings]
        if len(positional) > 1:
            return self.parse_intermixed_args(args, namespace)
        return super().parse_args(args, namespace)

    def format_help(self) -> str:
        name = self.prog.removeprefix("xacct ")
        self.epilog = f"examples:\n{read_examples(name)}"
        return super().format_help()

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help; argparse's own way says nothing where it cannot be written."""
        write_result(message) if file in (None, sys.stdout) else super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        # With its name and value in one word, argparse misses the profile before it comes to the option.
        glued = [word for word in self._words if word.startswith(f"{_PROFILE[0]}=")]
        message = f"{_UNKNOWN}{glued[0]}" if glued else message
        unknown = message.removeprefix(_UNKNOWN)
        if unknown != message:
            name = unknown.split()[0].partition("=")[0]
            near = get_close_matches(name, self._option_string_actions, n=1, cutoff=_MIN_LIKENESS)
            message += f" (did you mean {near[0]}?)" if near else ""
            hint = self.instead.get(name) or self._find_hint(name)
            if hint:
                raise UsageError(f"{message}. {hint}")
        raise UsageError(f"{message}. See: {self.prog} --help")

    def _find_hint(self, name: str) -> str:
        """Return what to do instead of something that a command does not have, in a sentence; or nothing."""
        if not name.startswith("-"):
            return self.stray
        takes_profile = any(action.dest in ("profile", "profiles", "patterns") for action in self._actions)
        return (
            f"The profile comes without an option: {typed_bare(name)}"
            if takes_profile and name in _PROFILE
            else ""
        )


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    line = split_line(arguments)
    note_typed(["xacct", *arguments])
    if line.name != "enable" and not _is_enabled():
        spell_role_command(XACCT_ROLE)
    reporter = make_reporter(line)
    try:
        if sys.stdout is None and line.name not in _MAY_WRITE_NOTHING:
            raise XacctError("there is no standard output to write to")
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A character that the terminal cannot show must not hide the rest.
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            reporter.check()
            code = _run_command(line, reporter)
        except SystemExit as ended:  # after help, or by a signal
            code = int(ended.code or 0)
        # Writing what is left in the buffer may still fail, which is an error like any other.
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - users get a message, not a traceback
        return reporter.report(error, "xacct: ")
    return code


def _is_enabled() -> bool:
    """Whether the config file names the plugin, so that `aws` is likely to have the commands that messages quote.

    A guess: `plugin_section.is_enabled` knows, but loads a parser, and reads nothing of a damaged file.
    """
    path = Path(settings.config_paths()[0])
    try:
        return is_file(path) and bool(_ENABLED.search(path.read_bytes()))
    except OSError:
        return True  # the command reports what is wrong with the file


def make_reporter(line: "_CommandLine") -> Reporter:
    """Return what reports how a command line failed."""
    # The option of `role` is among the words of the command that it runs.
    words = [*line.own, *line.command] if line.name == "role" else line.own
    return Reporter(words, _read_profiles)


def _run_command(line: "_CommandLine", reporter: Reporter) -> int:
    name, topic = line.name, line.own[:1]
    if name in ("--help", "-h", HELP) or (topic == [HELP] and not (line.command or HELP in _read_names())):
        asked_for = name if name in COMMANDS else "".join(topic)
        write_result(make_parser(asked_for).format_help() if asked_for in COMMANDS else _format_overview())
        return 0
    if name == "--version":
        write_result(f"xacct {__version__}\n")
        return 0
    if name not in COMMANDS:
        raise _unknown_command(name, line.own)
    options = make_parser(name).parse_args(line.own, argparse.Namespace(command=line.command))
    reporter.asked_for = getattr(options, "profile", None)
    return int(load_command(name).run(options))


def _unknown_command(name: str, rest: Sequence[str]) -> UsageError:
    if name == "aws":
        hint = "leave out xacct, as in: aws sts get-caller-identity --profile PROFILE"
        return UsageError(f"unknown command aws; {hint}")
    meant = find_xacct_command(name, rest, _read_names())
    return UsageError(
        f"unknown command {name}; {f'did you mean: {meant}' if meant else 'see: xacct --help'}", fix=meant
    )


class _CommandLine(NamedTuple):
    """The name of a command, the words that are its own, and those of the command at its end."""

    name: str
    own: list[str]
    command: list[str]


def split_line(arguments: Sequence[str]) -> _CommandLine:
    name, *words = arguments or ["--help"]
    split = getattr(load_command(name), "split", None) if name in COMMANDS else None
    return _CommandLine(name, *(split(words) if split else (words, [])))


def _read_profiles() -> Mapping[str, Mapping[str, Any]]:
    """Return all profiles, if any says how errors are printed: others need not be parsed for it."""
    paths = settings.config_paths()
    if not any(
        settings.ERROR_FORMAT.encode() in Path(path).read_bytes().lower()
        for path in paths
        if is_file(Path(path))
    ):
        return {}
    from .resolve import read_config

    return read_config(paths)["profiles"]  # type: ignore[no-any-return]


def _read_names() -> list[str]:
    """Return the names of all profiles, for suggestions; none if the config cannot be read."""
    from .resolve import read_config

    try:
        return list(read_config()["profiles"])
    except XacctError:
        return []


def make_parser(name: str) -> Parser:
    """Return the parser for a command's options."""
    command = load_command(name)
    parser = Parser(prog=f"xacct {name}", description=command.HELP, allow_abbrev=False)
    parser.instead, parser.stray = getattr(command, "INSTEAD", {}), getattr(command, "STRAY", "")
    command.configure(parser)
    parser.add_argument(
        OPTION,
        metavar="FORMAT",
        choices=settings.ERROR_FORMATS,
        help="json: print an error as one JSON object, on the last line of stderr. "
        f"The others print it in words: {', '.join(form for form in settings.ERROR_FORMATS if form != JSON)}",
    )
    parser.formatter_class = HelpFormatter  # now, because argparse makes one for each option that is declared
    return parser


def read_examples(name: str) -> str:
    """Return the examples of a command. Only its help reads them."""
    return (Path(__file__).with_name("examples") / f"{name}.txt").read_text("utf-8").rstrip()


def load_command(name: str) -> Any:
    """Import the module of a command."""
    return import_module(f".{name}", __package__)


def _format_overview() -> str:
    width = max(map(len, COMMANDS))
    indent = " " * (width + 4)
    lines = [f"  {name:<{width}}  {load_command(name).HELP}" for name in COMMANDS]
    available = page_width(sys.stdout)
    commands = "\n".join(fill(line, available, indent) for line in lines)
    start = wrap_to("One IAM user, all your AWS accounts, for programs other than aws.", available)
    end = wrap_to(
        "Options and examples of a command: xacct COMMAND --help\nVersion: xacct --version", available
    )
    return f"""\
usage: xacct COMMAND …

{start}

{commands}

{end}
"""
