"""Results for people by default, and in the CLI's own formats where ``--output`` or ``--query`` asks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ..messages import printable

SECRETS = frozenset({"aws_secret_access_key", "aws_session_token", "aws_security_token"})
"""Settings whose values are nobody's business, even on the user's own screen."""
HIDDEN = "(hidden)"


def print_result(session: Any, parsed_globals: Any, name: str, result: Any, text: Callable[[], str]) -> None:
    """Print a result: `text` for people, `result` formatted where the command line asks for a format."""
    if parsed_globals.output is None and parsed_globals.query is None:
        sys.stdout.write(text())
        return
    from awscli.formatter import get_formatter  # xacct shows tables where there may be no awscli to import

    output = parsed_globals.output or session.get_config_variable("output") or "json"
    # JSON has escapes of its own, and a program that reads it gets what there is.
    get_formatter(output, parsed_globals)(name, result if output == "json" else _escaped(result))


def _escaped(result: Any) -> Any:
    """A result with the control characters in all its strings escaped."""
    if isinstance(result, str):
        return printable(result)
    if isinstance(result, dict):
        return {key: _escaped(value) for key, value in result.items()}
    if isinstance(result, list):
        return [_escaped(item) for item in result]
    return result
