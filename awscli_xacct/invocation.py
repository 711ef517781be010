"""How the commands that messages name are written, so that they do what they are named for, pasted into a shell.

A profile may be called ``list``, or ``-x``, or anything else that a command line takes for something other than
a profile's name. Its plain form is the shorter one and is used wherever it will do.
"""

from __future__ import annotations

import shlex

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
"""What the first word after ``aws configure role`` may be besides a profile; commands/role.py has their code."""

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
