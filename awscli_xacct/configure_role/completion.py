"""Shell completion of what stands behind ``aws configure role``.

awscli's completer knows two levels of commands and their options, and has no place to hook into. So in the
completer's own process, and there alone, its class is taught the third level: subcommands, their options,
and profile names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .. import settings
from ..manifest import FORMATS
from ..profiles.edit import AUTO, NONE
from ..profiles.source import is_role
from .role import RoleCommand

# A word of a command line, in which a backslash keeps a blank from ending it; and what needs one.
_WORD = re.compile(r"(?:\\.|\S)+")
_ODD = re.compile(r"[^\w.,:=@/+-]")
_BEFORE = ["configure", RoleCommand.NAME]
# The subcommands that take one profile or several; `role` itself takes one, that need not be there yet.
_TAKES_ONE = ("show", "login", "rename", "setup")
_TAKES_MANY = ("verify", "logout", "remove")
# The CLI's own options that stand alone.
_FLAGS = ("debug", "no-verify-ssl", "no-paginate", "version", "no-sign-request", "v2-debug")


def extend(completer_class: Any) -> None:
    """Let awscli's ``Completer`` complete behind ``aws configure role``, and leave all else to it."""
    stock = completer_class.complete

    def complete(self: Any, cmdline: str, point: int | None = None) -> Any:
        line = cmdline[:point]
        words = _WORD.findall(line)
        current = words.pop() if words and line.endswith(words[-1]) else ""
        if _without_options(self, words[1:])[:2] != _BEFORE:
            return stock(self, cmdline, point) if line.strip() else []
        return [name for name in _candidates(self, words, current) if name.startswith(current)]

    completer_class.complete = complete


def _candidates(completer: Any, words: list[str], current: str) -> Iterable[str]:
    """What may come after `words`; `current` is how it begins."""
    session = completer.driver.session
    profiles = session.full_config["profiles"]
    command = RoleCommand(session)
    subcommands = command.create_help_command_table()
    behind = _without_options(completer, words[1:], command)[2:]
    name = behind[0] if behind else None
    chosen = subcommands.get(name, command)
    if _takes_value(completer, words[-1], chosen):
        return _values(words[-1], profiles)
    if current.startswith("-"):
        own = completer._get_documented_completions(chosen.arg_table)
        return [f"--{name}" for name in [*own, *completer.main_options] if f"--{name}" not in words]
    if name is None:
        return [*subcommands, *_written(profiles)]
    if name in _TAKES_MANY or (name in _TAKES_ONE and len(behind) == 1):
        roles = _written(other for other in profiles if is_role(profiles[other]))
        return [role for role in roles if role not in behind]
    return []


def _values(option: str, profiles: Iterable[str]) -> Iterable[str]:
    """What may come after an option."""
    return {
        "--profile": _written(profiles),
        "--source-profile": _written(profiles),
        "--account-profile": _written(profiles),
        "--home-admin-profile": _written(profiles),
        "--credential-source": settings.CREDENTIAL_SOURCES,
        "--mfa-serial": (AUTO, NONE),
        "--format": FORMATS,
        "--output": ("json", "text", "table"),
    }.get(option, ())


def _written(profiles: Iterable[str]) -> list[str]:
    """Profile names as they are typed. One with a control character is not for a completer to write."""
    return [_ODD.sub(r"\\\g<0>", name) for name in profiles if name.isprintable()]


def _without_options(completer: Any, words: list[str], command: Any = None) -> list[str]:
    """The words that are neither options nor the values of options."""
    before = ["", *words]
    return [
        word
        for previous, word in zip(before, words, strict=False)
        if not word.startswith("-") and not _takes_value(completer, previous, command)
    ]


def _takes_value(completer: Any, word: str, command: Any) -> bool:
    """Whether an option wants the next word."""
    name = word.removeprefix("--")
    if name == word:
        return False
    if name in completer.main_options:
        return name not in _FLAGS
    argument = command.arg_table.get(name) if command else None
    return argument is not None and argument.cli_type_name != "boolean"
