"""Writing results to stdout, and what is said where that fails."""

import json
import sys
from typing import Any

from .errors import XacctError
from .messages import abandon, printable_lines


def write_result(result: str | bytes) -> None:
    """Write a result to stdout; bytes as they are, without the CR that text would get on Windows.

    Raises `BrokenPipeError`, and `XacctError` for other failures. With Python's own buffer, they may come at its flush.
    """
    if not result:
        return  # writing nothing fails, too, where nothing can be written
    if sys.stdout is None:
        raise XacctError("there is no standard output to write to")
    try:
        if isinstance(result, bytes):
            sys.stdout.buffer.write(result)
        else:
            sys.stdout.write(result)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise XacctError(describe_output_failure(error)) from None


def write_json(value: Any) -> None:
    """Write a result for programs to stdout, indented as by the AWS CLI."""
    write_result(f"{json.dumps(value, indent=4)}\n")


def write_lines(text: str) -> None:
    """Write lines for a person to stdout, escaped. On a terminal they are wrapped. Raises as `write_result`."""
    from .wrapping import wrap  # programs, which most results are for, have no use for it

    write_result(f"{wrap(printable_lines(text), sys.stdout)}\n")


def describe_output_failure(error: OSError) -> str:
    """Describe why stdout or stderr could not be written."""
    return f"cannot write the output: {error.strerror or error}"


def flush_or_abandon() -> bool:
    """Flush stdout and return whether that worked. If not, drop the rest, or the interpreter would complain too."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        abandon(sys.stdout)
        return False
    return True
