"""``xacct role …``: ``aws configure role …`` where no plugin is on, or none can be.

It runs the driver of the AWS CLI in this Python, with no plugin but ours: what ``[plugins]`` names may be missing here.
"""

import argparse
import shlex
import sys
from typing import Any

from .. import register
from ..errors import XacctError
from ..messages import ROLE_COMMAND, SUBCOMMANDS, XACCT_ROLE, spell_role_command

HELP = "Create, check and list role profiles, and log in: aws configure role, for an aws without the plugin."


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = "xacct role [-h] PROFILE|SUBCOMMAND ..."
    parser.add_argument(
        "profile",
        metavar="PROFILE",
        nargs="?",
        help=f"the profile to create or change, or a subcommand: {', '.join(SUBCOMMANDS)}",
    )


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Leave everything to the AWS CLI, but the question for help that is asked of every `xacct` command."""
    return (arguments, []) if arguments in (["--help"], ["-h"]) else ([], arguments)


def run(options: argparse.Namespace) -> int:
    """Run ``aws configure role`` and return its exit code."""
    try:
        from awscli import clidriver
        from awscli import help as help_pages
        from botocore.exceptions import ConfigParseError
    except ImportError:
        fix = f"{shlex.quote(sys.executable)} -m pip install 'awscli>=1.45'"
        text = f"xacct role needs the AWS CLI as a Python package, which {sys.executable} does not have. Install it:"
        raise XacctError(f"{text}\n  {fix}", fix=fix) from None
    load_plugins = clidriver.load_plugins

    def load_ours(_: Any, event_hooks: Any) -> Any:
        emitter = load_plugins({}, event_hooks=event_hooks)
        register(emitter)
        return emitter

    get_renderer = help_pages.get_renderer

    def get_spelling_renderer() -> Any:
        renderer = get_renderer()
        render = renderer.render
        renderer.render = lambda page: render(page.replace(ROLE_COMMAND.encode(), XACCT_ROLE.encode()))
        return renderer

    help_pages.get_renderer = get_spelling_renderer
    clidriver.load_plugins = load_ours
    spell_role_command(XACCT_ROLE)
    sys.argv = ["aws", *ROLE_COMMAND.split()[1:], *options.command]
    try:
        return int(clidriver.main() or 0)  # it returns None after help
    except ConfigParseError:
        from .resolve import read_config

        read_config()  # raises an error that says what is wrong with which line
        raise
