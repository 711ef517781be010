"""``xacct credentials PROFILE``: the ``credential_process`` for boto3, Terraform, CDK and any other SDK."""

import argparse
import json

from ..results import write_result
from . import for_once
from .fetch import fetch
from .formats import SHELLS
from .resolve import resolve

HELP = "Print the credentials of a profile for a program (credential_process) or a shell."
_PROCESS = "process"
STRAY = "To run a command: xacct exec PROFILE -- CMD"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE", help="any profile, with or without a role")
    parser.add_argument(
        "--format",
        choices=(_PROCESS, *SHELLS),
        default=_PROCESS,
        help="one of %(choices)s, as in export-credentials of AWS CLI v2 (default: %(default)s)",
        metavar="FORMAT",
    )
    for_once.add_options(parser)


split = for_once.split


def run(options: argparse.Namespace) -> int:
    given = for_once.parse(options)
    resolved = resolve(options.profile, for_once=given)
    document = fetch(resolved, given)
    if options.format != _PROCESS:
        text = SHELLS[options.format].format_document(json.loads(document), resolved.memo.region)
        document = text.encode("utf-8", "surrogatepass")
    write_result(document)
    return 0
