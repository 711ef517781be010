"""``xacct credentials PROFILE``: the ``credential_process`` for boto3, Terraform, CDK and any other SDK."""

from __future__ import annotations

import argparse
import json
import sys

from .fetch import obtain
from .formats import FORMATS

HELP = "Print the credentials of a profile, for a program (credential_process) or a shell."
EXAMPLES = """\
  xacct credentials prod
  eval "$(xacct credentials prod --format env)"
  xacct credentials prod --format fish | source

  In ~/.aws/config, for SDKs that know nothing of xacct; a profile with a role_arn would not be asked:

  [profile prod-for-sdks]
  credential_process = xacct credentials prod"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("profile", metavar="PROFILE", help="the profile, a role or not")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="process",
        help="one of %(choices)s, as in AWS CLI v2's export-credentials; %(default)s if not given",
        metavar="FORMAT",
    )


def run(options: argparse.Namespace) -> int:
    """Print the credentials."""
    document = obtain(options.profile)
    if options.format != "process":
        document = FORMATS[options.format](json.loads(document)).encode("utf-8", "surrogatepass")
    # As bytes: a shell on Windows would take the CR of a line end for a part of the value.
    sys.stdout.buffer.write(document)
    return 0
