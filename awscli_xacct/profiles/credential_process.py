"""Commands that print credentials for a ``credential_process``: ours and that of AWS CLI v2.

SDKs run them in different ways: botocore splits them as a shell does, others give them to a shell.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import settings
from ..storage.files import is_file

IS_WINDOWS = os.name == "nt"
_GET_KEY = ("keys", "get")


def make_command(program: Sequence[str], profile: str) -> str:
    """Return the ``credential_process`` that gives the credentials of `profile`, quoted as SDKs split it."""
    return _join([*program, "credentials", *_name(profile)])


def make_key_command(program: Sequence[str], profile: str) -> str:
    """Return the ``credential_process`` that gets the long-term key of `profile` from the key store."""
    return _join([*program, *_GET_KEY, *_name(profile)])


def _name(profile: str) -> list[str]:
    return ["--", profile] if profile.startswith("-") else [profile]


def gets_key_of(command: str, profile: str) -> bool:
    """Return whether a ``credential_process`` is what `make_key_command` returns for `profile`, with any program."""
    words = _split(command)
    start = _after_xacct(words)
    return start is not None and [word for word in words[start:] if word != "--"] == [*_GET_KEY, profile]


def runs_xacct(command: object) -> bool:
    """Return whether a ``credential_process`` is a command of `xacct`."""
    return isinstance(command, str) and _after_xacct(_split(command)) is not None


def first_word(command: str) -> str:
    """Return the program of a ``credential_process``. Its arguments may hold a password."""
    words = _split(command) or command.split()
    return words[0] if words else ""


_WITH_VALUE = ("--format", "--policy", "--policy-arns")
"""The options of ``xacct credentials`` with a value; the last one may have more, which are ARNs."""


def find_requested(command: object) -> str | None:
    """Return the profile whose credentials a ``credential_process`` asks `xacct` or the AWS CLI for.

    None if it asks for none, or is missing, or is no text but a block.
    """
    if not isinstance(command, str) or "credentials" not in command:
        return None
    words = _split(command)
    at = _find_profile(words)
    return None if at is None else words[at].removeprefix("--profile=")


def asks_xacct(command: object) -> bool:
    """Return whether a ``credential_process`` asks `xacct` for a profile's credentials, and not the AWS CLI."""
    return find_requested(command) is not None and _after_xacct(split_command(str(command))) is not None


DIRECTORY = "directory"
"""What identifies a program, among other things, whose command names a file by a relative path."""
_SECRETS = (settings.SECRET_ACCESS_KEY, settings.SESSION_TOKEN)


def identify_program(
    command: object, profiles: Mapping[str, Mapping[str, Any]], sso_sessions: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what besides a ``credential_process`` itself determines whose credentials it prints.

    A relative path names another file in another directory. And where the command asks `xacct` or the AWS CLI for the
    credentials of another profile, these are what that profile's settings say, and those of its sources.
    """
    asked: dict[str, Any] = {}
    name: object = find_requested(command)
    while isinstance(name, str) and name in profiles and name not in asked:
        options = profiles[name]
        asked[name] = {key: value for key, value in options.items() if key not in _SECRETS}
        if settings.SSO_SESSION in options:
            asked[name][settings.SSO_SESSION] = sso_sessions.get(str(options[settings.SSO_SESSION]))
        name = options.get(settings.SOURCE_PROFILE) or find_requested(
            options.get(settings.CREDENTIAL_PROCESS)
        )
    found: dict[str, Any] = {"asks": asked} if asked else {}
    if _names_a_relative_path(command):
        with contextlib.suppress(OSError):  # the directory is gone, and with it the file
            found[DIRECTORY] = str(Path.cwd())
    return found


def _names_a_relative_path(command: object) -> bool:
    """Return whether a ``credential_process`` runs or reads a file whose name depends on the current directory."""
    if not isinstance(command, str):
        return False
    try:
        program, *words = split_command(command)
    except ValueError:
        return False
    path = Path(program)
    if path.name != program and not path.is_absolute():
        return True
    # The words of `sh -c` are in one, and an option may be joined to its value.
    parts = [part.rpartition("=")[2] for word in words for part in word.split()]
    return any(is_file(Path(part)) for part in parts if not Path(part).is_absolute())


def redirect(command: str, profile: str) -> str:
    """Return a ``credential_process`` that asks for another profile, and is else the same."""
    words = split_command(command)
    at = _find_profile(words)
    if at is None:
        return command
    if words[at].startswith("--profile="):
        words[at] = f"--profile={profile}"
    else:
        words[at] = profile
        if profile.startswith("-") and "--" not in words and "export-credentials" not in words:
            words.insert(at, "--")
    return _join(words)


def _program_of(words: Sequence[str]) -> str:
    return words[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe") if words else ""


def _after_xacct(words: Sequence[str]) -> int | None:
    """Return which word of a command is the first one after what runs `xacct`; None if nothing does."""
    program = _program_of(words)
    if program.startswith("python") and list(words[1:3]) == ["-m", "awscli_xacct"]:
        return 3
    return 1 if program == "xacct" else None


def _find_profile(words: Sequence[str]) -> int | None:
    """Return which word of a command names the profile whose credentials it prints; None if none does."""
    if _program_of(words) == "aws" and "export-credentials" in words:
        for at, word in enumerate(words):
            if word.startswith("--profile="):
                return at
            if word == "--profile":
                return at + 1 if at + 1 < len(words) else None
        return None
    start = _after_xacct(words)
    if start is None or list(words[start : start + 1]) != ["credentials"]:
        return None
    found: list[int] = []
    only_profiles = False
    for at in range(start + 1, len(words)):
        if words[at] == "--" and not only_profiles:
            only_profiles = True
        elif words[at - 1] not in _WITH_VALUE and (only_profiles or not words[at].startswith(("-", "arn:"))):
            found.append(at)
    return found[0] if len(found) == 1 else None


def split_command(command: str) -> list[str]:
    """Return the words of a ``credential_process``, split as SDKs do. Raises `ValueError`."""
    if not IS_WINDOWS:
        return shlex.split(command)
    lexer = shlex.shlex(command, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    lexer.quotes = '"'
    return list(lexer)


def _split(command: str) -> list[str]:
    """Return the words of a ``credential_process``; none if a quote in it is not closed."""
    try:
        return split_command(command)
    except ValueError:
        return []


def _join(words: Sequence[str]) -> str:
    if not IS_WINDOWS:
        return shlex.join(words)
    from subprocess import list2cmdline

    return list2cmdline(words)
