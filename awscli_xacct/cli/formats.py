"""Credentials for programs and shells: the formats of ``aws configure export-credentials`` in AWS CLI v2.

Real credentials (letters, digits and ``+/=:-``) look as they do there. Anything else is quoted, so that evaluating the
text only sets variables, or refused if the shell has no way to quote it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import XacctError
from .launch import to_variables

Quote = Callable[[str], str]

_HARMLESS = re.compile(r"[A-Za-z0-9_+/=:,.@-]*")


def _format_json(document: Mapping[str, Any]) -> str:
    return f"{json.dumps(document)}\n"


def _format_lines(template: str, quote: Quote) -> Callable[[Mapping[str, Any]], str]:
    """Return a format with one line per variable."""

    def format_document(document: Mapping[str, Any]) -> str:
        return "".join(
            f"{template.format(name=name, value=quote(_check(value)))}\n"
            for name, value in to_variables(document).items()
        )

    return format_document


def _check(value: str) -> str:
    if "\0" in value:
        raise XacctError("the credentials contain a NUL, which no environment variable can")
    return value


def _quote_powershell(value: str) -> str:
    # PowerShell ends a string at typographic quotes, too.
    return '"{}"'.format(re.sub('([`$"\u201c\u201d\u201e])', r"`\1", value))


def _quote_fish(value: str) -> str:
    return '"{}"'.format(re.sub(r'([\\$"])', r"\\\1", value))


def _quote_cmd(value: str) -> str:
    """Refuse what would need quotes: neither quotes nor carets reliably keep cmd from expanding ``%``."""
    if not _HARMLESS.fullmatch(value):
        raise XacctError("the credentials contain characters that cmd cannot quote; use another --format")
    return value


FORMATS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "process": _format_json,
    "env": _format_lines("export {name}={value}", shlex.quote),
    "env-no-export": _format_lines("{name}={value}", shlex.quote),
    "powershell": _format_lines("$Env:{name}={value}", _quote_powershell),
    "windows-cmd": _format_lines("set {name}={value}", _quote_cmd),
    "fish": _format_lines("set -gx {name} {value}", _quote_fish),
}
"""The formats by name. Each turns a ``credential_process`` document into text."""
