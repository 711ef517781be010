"""What a program is told about an error: its code, and the exit code of the command that ends with it.

The exit codes are those of AWS CLI v2: https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html
"""

from collections.abc import Iterable
from typing import NamedTuple

FAILED = 255
"""The exit code of a command that failed for several reasons, or for none that has a code of its own."""


class ErrorCode(NamedTuple):
    """A code, the exit code that goes with it, and what it means, in a sentence for the docs."""

    name: str
    exit_code: int
    meaning: str


CODES = (
    ErrorCode("UsageError", 252, "The command line is wrong, or an option has a value that it cannot have."),
    ErrorCode("ProfileNotFound", 253, "There is no profile of that name."),
    ErrorCode("ProfileInvalid", 253, "A profile, or the config file, is wrong."),
    ErrorCode("PolicyInvalid", 253, "A session policy is wrong, or its file cannot be read."),
    ErrorCode("NoCredentials", 253, "The source of a profile gives no credentials."),
    ErrorCode("LoginRequired", 253, "Somebody has to log in, and there is nobody to ask."),
    ErrorCode("AccessDenied", 254, "AWS denied the call: a policy does not allow it."),
    ErrorCode("Throttled", 254, "AWS answered that there are too many calls. Try again later."),
    ErrorCode("ServiceError", 254, "AWS refused the call for another reason."),
    ErrorCode("Unreachable", 255, "AWS cannot be reached, or does not answer."),
    ErrorCode("Busy", 255, "Another process has held a lock for too long. Try again later."),
    ErrorCode("FileChanged", 255, "A file was changed by another program at the same time. Try again."),
    ErrorCode("InternalError", FAILED, "Anything else, such as a full disk, or a bug."),
    ErrorCode("Interrupted", 130, "The command was interrupted, by Ctrl-C or SIGINT."),
)
"""All codes. Of several problems with one request, the one that comes first here gives the code."""

_EXIT_CODES = {code.name: code.exit_code for code in CODES}
_ORDER = [code.name for code in CODES]


def exit_code_of(code: str) -> int:
    """Return the exit code of a command that ends with an error of this code."""
    return _EXIT_CODES[code]


def first_of(codes: Iterable[str]) -> str:
    """Return the code of a request that has several problems. There must be one."""
    return min(codes, key=_ORDER.index)


def common_exit_code(exit_codes: Iterable[int]) -> int:
    """Return the exit code of a command that did several things, of which some failed: their common one, else 255."""
    failed = {code for code in exit_codes if code}
    return failed.pop() if len(failed) == 1 else FAILED if failed else 0
