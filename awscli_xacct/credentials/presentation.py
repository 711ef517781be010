"""What the AWS CLI is to print of an error: it prints the text of any exception as it is, whoever raised it."""

import sys
from collections.abc import Mapping
from typing import Any

from ..failures import describe
from ..messages import printable_lines, wrap_message
from ..reporter import Reporter


def present(error: Exception, profiles: Mapping[str, Mapping[str, Any]], profile: str) -> None:
    """Give an error the text that the AWS CLI should print: wrapped for people, or with a program's object at its end.

    `profile` is the session's. Other programs get the text as it is, and so do our own commands, which report errors
    themselves.
    """
    ours = "awscli_xacct.configure_role.role" in sys.modules
    if "awscli.clidriver" not in sys.modules or ours or vars(error).get("presented"):
        return
    vars(error)["presented"] = True  # a source that has failed raises the same one again
    text = printable_lines(str(error))  # botocore puts what stands in a file into its errors as it is
    if Reporter([], lambda: profiles, profile).wants_json():
        failure = describe(error)
        text = f"{text}\n{failure._replace(profile=failure.profile or profile).to_json()}"
    else:
        text = wrap_message(text)
    error.args = (text, *error.args[1:])
