"""``xacct exec PROFILE -- CMD``: a command with a profile's credentials."""

from __future__ import annotations

import argparse
import json
import os

from ..errors import XacctError
from .fetch import fetch
from .launch import become, build_environment
from .resolve import resolve

HELP = "Run a command with the credentials and the region of a profile in its environment."
EXAMPLES = """\
  xacct exec prod -- terraform plan
  xacct exec prod -- sh -c 'echo "$AWS_CREDENTIAL_EXPIRATION"'
  xacct exec prod python report.py"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = "xacct exec [-h] PROFILE [--] CMD ..."
    parser.add_argument("profile", metavar="PROFILE", help="any profile, with or without a role")


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split at the profile: the command comes after it, with or without a ``--`` between them."""
    place = next((at for at, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
    return arguments[: place + 1], arguments[place + 1 :]


def run(options: argparse.Namespace) -> int:
    """Become the command. Returns an exit code only if that fails."""
    command = get_command(options.command)
    inherited = dict(os.environ)  # now, because importing awscli sets a variable of its own
    resolved = resolve(options.profile)
    return become(command, build_environment(json.loads(fetch(resolved)), resolved.memo, inherited))


def get_command(words: list[str]) -> list[str]:
    """Return the command at the end of a command line. Raises `XacctError` if there is none."""
    command = words[1:] if words[:1] == ["--"] else words
    if not command or (command is words and command[0].startswith("-")):
        raise XacctError("no command given. Usage: xacct exec PROFILE -- CMD")
    return command
