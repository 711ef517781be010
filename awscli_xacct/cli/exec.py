"""``xacct exec PROFILE [-- CMD]``: a command, or a shell, with a profile's credentials."""

import argparse
import json
import os

from ..errors import UsageError
from ..reporter import OPTION, take_option
from . import for_once
from .launch import become, build_environment
from .shell import check_not_nested, make_shell

HELP = "Run a command, or a shell, with the credentials and the region of a profile in its environment."


INSTEAD = {
    "--region": "The region is the profile's. For another one: "
    "xacct exec PROFILE -- env AWS_REGION=REGION AWS_DEFAULT_REGION=REGION CMD"
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = (
        "xacct exec [-h] [--serve] [--read-only | --policy-arns ARN] [--policy POLICY] PROFILE [[--] CMD ...]"
    )
    parser.add_argument("profile", metavar="PROFILE", help="any profile, with or without a role")
    parser.add_argument(
        "--serve",
        action="store_true",
        help="serve the credentials to the command's AWS SDKs, which get new ones in time, and put none into its "
        "environment",
    )
    for_once.add_options(parser)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split after the profile and the options: there the command comes, with or without a ``--`` before it.

    Options may follow the profile, also those that there are not: the parser names them.
    """
    arguments, form = take_option(
        arguments, with_command=True, valued=(for_once.POLICY, for_once.POLICY_ARNS)
    )
    given, words = for_once.take(arguments, with_command=True)
    end = words.index("--") if "--" in words else len(words)
    place = next((at for at, word in enumerate(words[:end]) if not word.startswith("-")), end)
    options = [*(given.words if given else []), *([] if form is None else [f"{OPTION}={form}"])]
    end = min(place + 1, end)
    while end < len(words) and words[end].startswith("-") and words[end] != "--":
        end += 1
    return [*options, *words[:end]], words[end:]


def run(options: argparse.Namespace) -> int:
    """Become the command, or serve it. Returns an exit code only if that fails, or when a served command has ended."""
    command = get_command(options.command)
    inherited = dict(os.environ)  # now, because importing awscli sets a variable of its own
    given = for_once.parse(options)
    if options.serve:
        from .renewal import find_memo
        from .served_command import run_served

        return run_served(command, options.profile, given, find_memo(options.profile, given), inherited)
    from .fetch import fetch
    from .resolve import resolve

    resolved = resolve(options.profile, for_once=given)
    document = json.loads(fetch(resolved, given))
    environment = build_environment(document, resolved.memo, inherited)
    if not command:
        command, variables = make_shell(
            resolved.profile, document.get("Expiration", ""), inherited, narrowed=resolved.memo.narrowed
        )
        environment.update(variables)
    return become(command, environment)


def get_command(words: list[str]) -> list[str]:
    """Return the command at the end of a command line, empty for a shell. Raises `XacctError` for a wrong one."""
    if not words:
        check_not_nested(os.environ)
        return []
    command = words[1:] if words[0] == "--" else words
    if not command:
        raise UsageError("no command given. Usage: xacct exec PROFILE -- CMD")
    return command
