"""What a source gives, or whose fault it is that it gives nothing.

A source is the user's: a program, a token file, a metadata service. What it does wrong is told as its own, in one
line; botocore's providers let the JSON decoder's errors, or the system's, go as they are, and those were taken for a
fault of this package: the program ran a second time, which may be a second login in a browser. Nothing of what a
program writes to stdout is shown: it may be a secret. Its stderr is, for that is where it says what is wrong.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from typing import Any

from botocore.compat import compat_shell_split
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidConfigError,
    PartialCredentialsError,
)

from ..errors import XacctError
from ..messages import printable, profile_option
from ..profiles.source import Source
from .recursion_guard import MarkedPrograms
from .sts import Keys, is_usable

_LONGEST = 600
"""Characters of what others say that are shown."""
_CONFIG_ERRORS = (InvalidConfigError, PartialCredentialsError)
_PROCESS = "credential_process"


def source_keys(
    load: Callable[[], Any], profile: str, source: Source, settings: Mapping[str, Any], programs: object
) -> Keys:
    """The keys of `source`, which `load` gives as botocore's credentials, for the sake of `profile`.

    `settings` are those of the source's own profile, `programs` what starts its program. Raises botocore's
    errors, with the profile's name in them, whatever a source does.
    """
    started = programs if isinstance(programs, MarkedPrograms) else None
    if started:
        started.last = None
    program = str(settings.get(_PROCESS, "")) if started else ""
    try:
        keys = _frozen(load())
        # Of keys in a file, STS says what is wrong with them, as it does to the stock CLI.
        written = "aws_access_key_id" in settings
        if None in keys[:2] or not (written or all(is_usable(part) for part in keys if part is not None)):
            raise TypeError("not credentials")
    except XacctError:
        raise
    except Exception as error:
        ran = started.last if started else None
        if program and (ran is not None or not isinstance(error, (BotoCoreError, ClientError))):
            told = f"{_program_fault(error, program, ran)}. Give it another with: {_mended(source)}"
        elif isinstance(error, (BotoCoreError, ClientError)):
            # What is wrong with the config is told in the words of stock.
            if not isinstance(error, _CONFIG_ERRORS) and f"profile {profile}" not in str(error):
                error.args = (f"{_line(str(error))} ({_place(profile, source)})", *error.args[1:])
            raise
        else:
            told = _fault(error)
        raise CredentialRetrievalError(provider=_place(profile, source), error_msg=told) from None
    return keys


def fault_of(error: Exception, profile: str, source: Source) -> CredentialRetrievalError:
    """The error that says that `source`, looked for for the sake of `profile`, is at fault."""
    return CredentialRetrievalError(provider=_place(profile, source), error_msg=_fault(error))


def _frozen(credentials: Any) -> Keys:
    """What has just been loaded. To ask for it in botocore's way may load it again: near its end it "renews"."""
    frozen = getattr(credentials, "_frozen_credentials", None) or credentials.get_frozen_credentials()
    return Keys(frozen.access_key, frozen.secret_key, frozen.token)


def _program_fault(error: Exception, command: str, ran: Any) -> str:
    name = f"its {_PROCESS} {_first_word(command)}"
    if ran is None:
        return f"{name} cannot be started: {_fault(error)}"
    if ran.returncode:
        said = _line(str(getattr(error, "kwargs", {}).get("error_msg", "")))
        return f"{name} {_ended(ran.returncode)}{f': {said}' if said else ''}".rstrip(". ")
    if isinstance(error, json.JSONDecodeError):
        return f"{name} printed {'something that is no JSON' if error.doc.strip() else 'nothing'}"
    missing = isinstance(error, CredentialRetrievalError) and "required key" in str(error)
    return (
        f"{name} printed {'JSON that lacks a key it must have' if missing else 'no credentials of Version 1'}"
    )


def _ended(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _fault(error: Exception) -> str:
    """What may be shown of an error that nobody wrote for people: its text may be anything."""
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return _line(f"{error.strerror}{where}")
    return f"what it gives cannot be used ({type(error).__name__})"


def _place(profile: str, source: Source) -> str:
    if source.profile is None:
        return f"credential_source {source.name} of profile {printable(profile)}"
    own = f"profile {printable(source.profile)}"
    return own if source.profile == profile else f"{own}, the source of profile {printable(profile)}"


def _mended(source: Source) -> str:
    return f"aws configure set {_PROCESS} COMMAND {printable(profile_option(source.name))}"


def _first_word(command: str) -> str:
    """The program; what follows may be a password."""
    try:
        words = compat_shell_split(command)
    except ValueError:
        words = command.split()
    return _line(words[0] if words else "")


def _line(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
