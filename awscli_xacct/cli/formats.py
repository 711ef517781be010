"""Credentials for programs and shells: the formats of ``aws configure export-credentials`` in AWS CLI v2.

Real credentials (letters, digits and ``+/=:-``) look as they do there. Anything else is quoted, so that evaluating the
text only sets variables, or refused if the shell has no way to quote it.

Unlike there, a shell that evaluates the text keeps nothing of another identity: no profile, no region, and no token
where the new credentials have none. With the token of a role, a user's keys would be refused.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..errors import XacctError
from .launch import ACCOUNT, CREDENTIAL_VARIABLES, PROFILES, REGIONS, STALE, removed, to_variables

Quote = Callable[[str], str]
_EMPTY_IS_NONE = (*CREDENTIAL_VARIABLES, *STALE, ACCOUNT[0], "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
"""Variables that SDKs ignore if they are empty, but for `PROFILES`."""

_HARMLESS = re.compile(r"[A-Za-z0-9_+/=:,.@-]*")


class Shell(NamedTuple):
    """How a shell sets and unsets variables, and how a comment begins."""

    assignment: str
    quote: Quote
    unset: Callable[[list[str]], str]
    comment: str = "#"

    def format(self, variables: Mapping[str, str], stale: Iterable[str]) -> str:
        """Return one line per variable, after what unsets the `stale` ones."""
        lines = (
            f"{self.assignment.format(name=name, value=self.quote(_check(value)))}\n"
            for name, value in variables.items()
        )
        return self.unset([name for name in dict.fromkeys(stale) if name not in variables]) + "".join(lines)

    def format_document(self, document: Mapping[str, Any], region: str) -> str:
        """Return the same for a ``credential_process`` document and the profile's region, "" if it has none."""
        variables = to_variables(document) | (dict.fromkeys(REGIONS, region) if region else {})
        return self.format(variables, [*STALE, ACCOUNT[0], *CREDENTIAL_VARIABLES, *REGIONS, *removed])


def _unset_by(template: str) -> Callable[[list[str]], str]:
    """Return what unsets variables by a line for each of them."""
    return lambda names: "".join(f"{template.format(name=name)}\n" for name in names)


def _unset_in_sh(names: list[str]) -> str:
    # Without -v it would unset a function of that name.
    return f"unset -v {' '.join(names)}\n"


def _unset_in_fish(names: list[str]) -> str:
    """Unset global variables; what is universal belongs to all sessions, and is exported even if a global one hides it.

    So that is made empty here if SDKs take it for none then. They do not do so with a profile.
    """
    lines = []
    for name in names:
        line = f"set -eg {name}"
        if name in PROFILES:
            text = (
                f"xacct: {name} is a universal variable, which programs still get. Erase it: set -eU {name}"
            )
            line += f"; if set -qU {name}; echo '{text}' >&2; end"
        elif name in _EMPTY_IS_NONE:
            line += f"; if set -qU {name}; set -gx {name} ''; end"
        else:
            line += "; or true"  # it fails if there is nothing to erase
        lines.append(f"{line}\n")
    return "".join(lines)


def _unset_what_is_set(names: list[str]) -> str:
    """Unset what is in the environment, so that there is nothing but assignments where nothing is.

    Those are read by other programs, too: ``docker run --env-file``, ``env $(…)``.
    """
    found = [name for name in names if name in os.environ or name in removed]
    return _unset_in_sh(found) if found else ""


def _check(value: str) -> str:
    if "\0" in value:
        raise XacctError("the credentials contain a NUL, which no environment variable can")
    return value


def _quote_powershell(value: str) -> str:
    # PowerShell ends a string at typographic quotes, too.
    return '"{}"'.format(re.sub('([`$"\u201c\u201d\u201e])', r"`\1", value))


def quote_fish(value: str) -> str:
    """Quote a word for fish."""
    return '"{}"'.format(re.sub(r'([\\$"])', r"\\\1", value))


def _quote_cmd(value: str) -> str:
    """Refuse what would need quotes: neither quotes nor carets reliably keep cmd from expanding ``%``."""
    if not _HARMLESS.fullmatch(value):
        raise XacctError("the values contain characters that cmd cannot quote; use another --format")
    return value


SHELLS = {
    "env": Shell("export {name}={value}", shlex.quote, _unset_in_sh),
    "env-no-export": Shell("{name}={value}", shlex.quote, _unset_what_is_set),
    "powershell": Shell(
        "$Env:{name}={value}", _quote_powershell, _unset_by("Remove-Item Env:{name} -ErrorAction Ignore")
    ),
    "windows-cmd": Shell("set {name}={value}", _quote_cmd, _unset_by("set {name}="), "rem"),
    "fish": Shell("set -gx {name} {value}", quote_fish, _unset_in_fish),
}
"""The formats for shells by name."""
