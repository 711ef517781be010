"""``xacct exec PROFILE -- CMD``: a command with a profile's credentials."""

from __future__ import annotations

import argparse
import json
import os

from ..errors import XacctError
from .fetch import obtain_resolved
from .launch import become, environment
from .resolve import resolve

HELP = "Run a command with the credentials and the region of a profile in its environment."
EXAMPLES = """\
  xacct exec prod -- terraform plan
  xacct exec prod -- sh -c 'echo "$AWS_CREDENTIAL_EXPIRATION"'
  xacct exec prod python report.py"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = "xacct exec [-h] PROFILE [--] CMD ..."
    parser.add_argument("profile", metavar="PROFILE", help="the profile, a role or not")


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The command begins after the profile, with or without a ``--`` before it."""
    place = next((at for at, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
    return arguments[: place + 1], arguments[place + 1 :]


def run(options: argparse.Namespace) -> int:
    """Become the command; gives an exit code only where that fails."""
    command = command_of(options.command)
    # Before anything is imported: awscli leaves a variable of its own there.
    inherited = dict(os.environ)
    resolved = resolve(options.profile)
    document = json.loads(obtain_resolved(resolved))
    return become(command, environment(document, resolved.memo.region, inherited, resolved.memo.handed))


def command_of(words: list[str]) -> list[str]:
    """The command that a command line ends with. Raises `XacctError` where there is none."""
    command = words[1:] if words[:1] == ["--"] else words
    if not command or (command is words and command[0].startswith("-")):
        raise XacctError("which command is to be run? It comes last: xacct exec PROFILE -- CMD")
    return command
