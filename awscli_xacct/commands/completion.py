"""Shell completion of what stands behind ``aws configure role``.

awscli's completer knows two levels of commands and their options, and has no place to hook into. So in the
completer's own process, and there alone, its class is taught the third level: subcommands, their options,
and profile names.
"""

from __future__ import annotations

from typing import Any

from .role import RoleCommand

_BEFORE = ["configure", RoleCommand.NAME]
_TAKES_PROFILE = ("--profile", "--source-profile")


def extend(completer_class: Any) -> None:
    """Let awscli's ``Completer`` complete behind ``aws configure role``, and leave all else to it."""
    stock = completer_class.complete

    def complete(self: Any, cmdline: str, point: int | None = None) -> Any:
        line = cmdline[:point]
        words = line.split()
        current = "" if line[-1:].isspace() else words.pop()
        plain = [word for word in words[1:] if not word.startswith("-")]
        if plain[:2] != _BEFORE:
            return stock(self, cmdline, point)
        return _candidates(self, words, plain[2:], current)

    completer_class.complete = complete


def _candidates(completer: Any, words: list[str], behind: list[str], current: str) -> list[str]:
    """What `current` may become, after `words` on the line, of which `behind` follow ``role``."""
    session = completer.driver.session
    profiles = list(session.full_config["profiles"])
    if words[-1] in _TAKES_PROFILE:
        return [name for name in profiles if name.startswith(current)]
    command = RoleCommand(session)
    subcommands = command.create_help_command_table()
    chosen = subcommands.get(behind[0]) if behind else None
    if current.startswith("-"):
        own = completer._get_documented_completions((chosen or command).arg_table)
        names = [f"--{name}" for name in [*own, *completer.main_options]]
        return [name for name in names if name.startswith(current) and name not in words]
    names = [*([] if behind else subcommands), *profiles]
    return [name for name in names if name.startswith(current)]
