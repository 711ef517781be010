"""Credentials as a program or a shell reads them: the formats of ``aws configure export-credentials`` of v2.

What real credentials consist of (letters, digits and ``+/=:-``) looks as it does there. Anything else is quoted,
so that evaluating the text does nothing but set variables; where a shell has no way to quote it, it is refused.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import XacctError
from .launch import variables

Quote = Callable[[str], str]

_PLAIN = re.compile(r"[A-Za-z0-9_+/=:,.@-]*")


def _process(document: Mapping[str, Any]) -> str:
    return f"{json.dumps(document)}\n"


def _lines(form: str, quote: Quote) -> Callable[[Mapping[str, Any]], str]:
    """One line for each variable."""

    def text(document: Mapping[str, Any]) -> str:
        return "".join(
            f"{form.format(name=name, value=quote(_checked(value)))}\n"
            for name, value in variables(document).items()
        )

    return text


def _checked(value: str) -> str:
    if "\0" in value:
        raise XacctError("the credentials hold a NUL, which no environment variable can")
    return value


def _powershell(value: str) -> str:
    # The typographic ones end a string there as the plain one does.
    return '"{}"'.format(re.sub('([`$"\u201c\u201d\u201e])', r"`\1", value))


def _fish(value: str) -> str:
    return '"{}"'.format(re.sub(r'([\\$"])', r"\\\1", value))


def _cmd(value: str) -> str:
    """Neither quotes nor carets keep cmd from expanding ``%``, so there is nothing that helps always."""
    if not _PLAIN.fullmatch(value):
        raise XacctError(
            "the credentials hold characters that cmd has no way to quote; take another --format"
        )
    return value


FORMATS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "process": _process,
    "env": _lines("export {name}={value}", shlex.quote),
    "env-no-export": _lines("{name}={value}", shlex.quote),
    "powershell": _lines("$Env:{name}={value}", _powershell),
    "windows-cmd": _lines("set {name}={value}", _cmd),
    "fish": _lines("set -gx {name} {value}", _fish),
}
"""The formats by name; each makes a text of a ``credential_process`` document."""
