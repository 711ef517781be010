"""Commands that print credentials for a ``credential_process``: ours and that of AWS CLI v2.

SDKs run them in different ways: botocore splits them as a shell does, others give them to a shell.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence


def make_command(program: Sequence[str], profile: str, *, windows: bool = os.name == "nt") -> str:
    """Return the ``credential_process`` that gives the credentials of `profile`, quoted as SDKs split it."""
    words = [*program, "credentials", *(["--"] if profile.startswith("-") else []), profile]
    return _join(words, windows=windows)


def find_requested(command: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return the profile whose credentials a ``credential_process`` asks `xacct` or the AWS CLI for."""
    if "credentials" not in command:
        return None
    try:
        words = _split(command, windows=windows)
    except ValueError:
        return None
    at = _find_profile(words)
    return None if at is None else words[at].removeprefix("--profile=")


def redirect(command: str, profile: str, *, windows: bool = os.name == "nt") -> str:
    """Return a ``credential_process`` that asks for another profile, and is else the same."""
    words = _split(command, windows=windows)
    at = _find_profile(words)
    if at is None:
        return command
    if words[at].startswith("--profile="):
        words[at] = f"--profile={profile}"
    else:
        words[at] = profile
        if profile.startswith("-") and "--" not in words and "export-credentials" not in words:
            words.insert(at, "--")
    return _join(words, windows=windows)


def _find_profile(words: Sequence[str]) -> int | None:
    """Return which word of a command names the profile whose credentials it prints; None if none does."""
    program = words[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe") if words else ""
    start = 0
    if program.startswith("python") and list(words[1:3]) == ["-m", "awscli_xacct"]:
        program, start = "xacct", 2
    if program == "aws" and "export-credentials" in words:
        for at, word in enumerate(words):
            if word.startswith("--profile="):
                return at
            if word == "--profile":
                return at + 1 if at + 1 < len(words) else None
        return None
    if program != "xacct" or list(words[start + 1 : start + 2]) != ["credentials"]:
        return None
    found: list[int] = []
    only_profiles = False
    for at in range(start + 2, len(words)):
        if words[at] == "--" and not only_profiles:
            only_profiles = True
        elif words[at - 1] != "--format" and (only_profiles or not words[at].startswith("-")):
            found.append(at)
    return found[0] if len(found) == 1 else None


def _split(command: str, *, windows: bool) -> list[str]:
    """Split a command line as SDKs do. Raises `ValueError`."""
    if not windows:
        return shlex.split(command)
    lexer = shlex.shlex(command, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    lexer.quotes = '"'
    return list(lexer)


def _join(words: Sequence[str], *, windows: bool) -> str:
    if not windows:
        return shlex.join(words)
    from subprocess import list2cmdline

    return list2cmdline(words)
