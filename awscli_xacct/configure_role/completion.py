"""Shell completion after ``aws configure role``, and of profile names after ``--profile`` of any command.

awscli's completer knows two levels of commands and their options, takes an option's value for a command, and has no
hook. So its class is extended, in the completer's own process only, to complete the third level: subcommands, their
options and the values of these, and profile names.
"""

import re
from collections.abc import Iterable
from typing import Any

from .. import settings
from ..manifest import FORMATS
from ..profiles.edit import AUTO, NONE
from ..profiles.source import is_role
from .role import RoleCommand

# A word of a command line, where a backslash escapes a space; and the characters that need a backslash.
_WORD = re.compile(r"(?:\\.|\S)+")
_TO_ESCAPE = re.compile(r"[^\w.,:=@/+-]")
_PREFIX = ["configure", RoleCommand.NAME]
_PROFILE = "--profile"
# Arguments that are profiles.
_PROFILES = ("profile", "old")
# Options of the CLI itself that take no value.
_FLAGS = ("debug", "no-verify-ssl", "no-paginate", "version", "no-sign-request", "v2-debug")


def extend(completer_class: Any) -> None:
    """Make awscli's ``Completer`` complete as described above, and leave everything else to it."""
    stock = completer_class.complete

    def complete(self: Any, cmdline: str, point: int | None = None) -> Any:
        line = cmdline[:point]
        words = _WORD.findall(line)
        current = words.pop() if words and line.endswith(words[-1]) else ""
        if current.startswith(f"{_PROFILE}="):
            # For bash, the word to complete begins after the sign.
            words, current = [*words, _PROFILE], current.removeprefix(f"{_PROFILE}=")
        if words[-1:] == [_PROFILE]:
            names = _escape(self.driver.session.full_config["profiles"])
            return [name for name in names if name.startswith(current)]
        if _without_options(self, words[1:])[:2] != _PREFIX:
            return stock(self, cmdline, point) if line.strip() else []
        return [name for name in _candidates(self, words, current) if name.startswith(current)]

    completer_class.complete = complete


def _candidates(completer: Any, words: list[str], current: str) -> Iterable[str]:
    """Return what may follow `words`, where `current` is the beginning of the next word."""
    session = completer.driver.session
    profiles = session.full_config["profiles"]
    command = RoleCommand(session)
    subcommands = command.create_help_command_table()
    arguments = _without_options(completer, words[1:], command)[2:]
    name = arguments[0] if arguments else None
    chosen = subcommands.get(name, command)
    if _takes_value(completer, words[-1], chosen):
        return _values(words[-1], profiles)
    if current.startswith("-"):
        own = completer._get_documented_completions(chosen.arg_table)
        return [f"--{name}" for name in [*own, *completer.main_options] if f"--{name}" not in words]
    if name is None:
        return [*subcommands, *_escape(profiles)]
    if _takes_profile(chosen, arguments):
        roles = _escape(other for other in profiles if is_role(profiles[other]))
        return [role for role in roles if role not in arguments]
    return []


def _takes_profile(command: Any, arguments: list[str]) -> bool:
    """Whether a profile that exists may follow: that of `role` itself need not."""
    found = (each for each in command.arg_table.values() if each.positional_arg and each.name in _PROFILES)
    argument = next(found, None)
    is_free = argument is not None and (argument.nargs == "*" or len(arguments) == 1)
    return is_free and command.name != RoleCommand.NAME


def _values(option: str, profiles: Iterable[str]) -> Iterable[str]:
    """Return the values that an option may have."""
    return {
        "--source-profile": _escape(profiles),
        "--account-profile": _escape(profiles),
        "--home-admin-profile": _escape(profiles),
        "--credential-source": settings.CREDENTIAL_SOURCES,
        "--mfa-serial": (AUTO, NONE),
        "--format": FORMATS,
        "--output": ("json", "text", "table"),
    }.get(option, ())


def _escape(profiles: Iterable[str]) -> list[str]:
    """Escape profile names for the shell, and omit those with control characters."""
    return [_TO_ESCAPE.sub(r"\\\g<0>", name) for name in profiles if name.isprintable()]


def _without_options(completer: Any, words: list[str], command: Any = None) -> list[str]:
    """Return the words that are neither options nor values of options."""
    before = ["", *words]
    return [
        word
        for previous, word in zip(before, words, strict=False)
        if not word.startswith("-") and not _takes_value(completer, previous, command)
    ]


def _takes_value(completer: Any, word: str, command: Any) -> bool:
    """Whether `word` is an option whose value is the next word."""
    name = word.removeprefix("--")
    if name == word:
        return False
    if name in completer.main_options:
        return name not in _FLAGS
    argument = command.arg_table.get(name) if command else None
    return argument is not None and argument.cli_type_name != "boolean"
