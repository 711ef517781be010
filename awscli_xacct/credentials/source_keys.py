"""The keys that a chain begins with, from botocore's own providers, or an error that names the source.

A source is the user's: a program, a token file, a metadata service. What it does wrong is reported as its own error, in
one line; botocore's providers let the errors of the JSON decoder or the system through, and those were taken for a bug
in this package: the program ran a second time, which may be a second login in a browser. What a program writes to
stdout is never shown, because it may be a secret. Its stderr is, because that is where it says what is wrong, without
what looks like a secret there.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidConfigError,
    PartialCredentialsError,
)

from .. import settings
from ..errors import XacctError, annotate
from ..messages import describe_end, printable, profile_option
from ..profiles.credential_process import first_word
from ..profiles.role import Role
from ..profiles.source import Source
from .recursion_guard import PROGRAM_METHOD, MarkedPrograms, check
from .sts import Keys, is_usable

_MAX_SHOWN = 600
"""Characters of a foreign message that are shown."""
_CONFIG_ERRORS = (InvalidConfigError, PartialCredentialsError)


class SourceKeys:
    """Gets the keys of sources through `provider`, ours in a botocore session.

    A source that has failed is not asked again for a while: in a command of many requests each would run its program.
    """

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._failed: dict[str, tuple[float, Exception]] = {}

    def get(self, profile: str, source: Source) -> Keys:
        """Return the keys of `source`, to assume the role of `profile` with.

        Raises botocore's errors, with the profile's name in them, whatever a source does.
        """
        provider = self._provider
        config = provider._loaded_config = provider._load_config()
        if source.profile is None:
            load = partial(provider._resolve_credentials_from_source, source.credential_source, profile)
        else:
            load = partial(provider._resolve_credentials_from_profile, source.profile)
        failed = self._failed.get(source.name)
        if failed is not None and time.monotonic() < failed[0] + settings.RETRY_SECONDS:
            raise failed[1]
        options = config["profiles"].get(source.profile, {})
        try:
            return _load_keys(load, profile, source, options, provider._profile_provider_builder)
        except (BotoCoreError, ClientError) as error:
            self._failed[source.name] = time.monotonic(), error
            raise


class _EndedError(Exception):
    """A program has printed a session that has ended."""


def load_own_keys(session: Any, profile: str, options: Mapping[str, Any]) -> tuple[Keys, Any]:
    """Return the keys of the session's profile, which is no role, and the botocore credentials they are from.

    `options` are the profile's. Raises botocore's errors, as `SourceKeys.get` does, and `XacctError` if there are none.
    """
    check([profile], os.environ)
    programs = MarkedPrograms(None, [profile])
    session.get_component("credential_provider").get_provider(PROGRAM_METHOD)._popen = programs.start
    loaded = None

    def load() -> Any:
        nonlocal loaded
        loaded = session.get_credentials()
        if loaded is None:
            fix = f"aws configure {profile_option(profile)}"
            text = f"profile {profile} has no credentials. Add some:\n  {fix}"
            raise XacctError(text, code="NoCredentials", fix=fix)
        end = getattr(loaded, "_expiry_time", None)
        if programs.last is not None and end is not None and end <= datetime.now(timezone.utc):
            raise _EndedError
        return loaded

    return _load_keys(load, profile, Source(profile, None, {}), options, programs), loaded


def _load_keys(
    load: Callable[[], Any], profile: str, source: Source, options: Mapping[str, Any], programs: object
) -> Keys:
    """Return the keys of the botocore credentials that `load` returns; `options` are the source profile's."""
    started = programs if isinstance(programs, MarkedPrograms) else None
    if started:
        started.last = None
    program = str(options.get(settings.CREDENTIAL_PROCESS, "")) if started else ""
    try:
        keys = _frozen(load())
        # Of keys in a file, STS says what is wrong with them, as it does to the stock CLI.
        written = settings.ACCESS_KEY_ID in options
        if None in keys[:2] or not (written or all(is_usable(part) for part in keys if part is not None)):
            raise TypeError("not credentials")
    except XacctError:
        raise
    except Exception as error:
        ran, fix = started.last if started else None, None
        if program and (ran is not None or not isinstance(error, (BotoCoreError, ClientError))):
            fix = f"aws configure set {settings.CREDENTIAL_PROCESS} COMMAND {printable(profile_option(source.name))}"
            reason = _program_problem(error, program, ran)
            if fix not in reason:  # an `xacct` that was asked for its own credentials has named it
                reason = f"{reason}. Set another one with: {fix}"
        elif isinstance(error, (BotoCoreError, ClientError)):
            # What is wrong with the config is reported in botocore's words.
            annotate(error, hop=profile)
            if not isinstance(error, _CONFIG_ERRORS) and f"profile {profile}" not in str(error):
                error.args = (f"{_one_line(str(error))} ({_location(profile, source)})", *error.args[1:])
            raise
        else:
            reason = _reason(error)
        failed = CredentialRetrievalError(provider=_location(profile, source), error_msg=reason)
        annotate(failed, hop=profile, fix=fix)
        raise failed from None
    return keys


def source_error(error: Exception, profile: str, source: Role | Source) -> CredentialRetrievalError:
    """Return `error` as one of `source`, which was asked for the credentials of `profile`."""
    failed = CredentialRetrievalError(provider=_location(profile, source), error_msg=_reason(error))
    annotate(failed, hop=profile)
    return failed


def _frozen(credentials: Any) -> Keys:
    """Return what has just been loaded. Asking in botocore's way may load it again: near their end they refresh."""
    frozen = getattr(credentials, "_frozen_credentials", None) or credentials.get_frozen_credentials()
    return Keys(frozen.access_key, frozen.secret_key, frozen.token)


def _program_problem(error: Exception, command: str, ran: Any) -> str:
    name = f"its {settings.CREDENTIAL_PROCESS} {_one_line(first_word(command))}"
    if ran is None:
        return f"{name} cannot be started: {_reason(error)}"
    if ran.returncode:
        from ..redaction import redact  # loads a module that most commands do without

        stderr = _one_line(redact(str(getattr(error, "kwargs", {}).get("error_msg", ""))))
        return f"{name} {describe_end(ran.returncode)}{f': {stderr}' if stderr else ''}".rstrip(". ")
    if isinstance(error, json.JSONDecodeError):
        return f"{name} printed {'something that is not JSON' if error.doc.strip() else 'nothing'}"
    if isinstance(error, _EndedError):
        return f"{name} printed a session that has ended"
    missing = isinstance(error, CredentialRetrievalError) and "required key" in str(error)
    return f"{name} printed {'JSON without a required key' if missing else 'no credentials of Version 1'}"


def _reason(error: Exception) -> str:
    """Return what may be shown of an error that was not written for people: its text may be anything."""
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return _one_line(f"{error.strerror}{where}")
    return f"its answer cannot be used ({type(error).__name__})"


def _location(profile: str, source: Role | Source) -> str:
    if source.profile is None:
        return f"credential_source {source.name} of profile {printable(profile)}"
    own = f"profile {printable(source.profile)}"
    return own if source.profile == profile else f"{own}, the source of profile {printable(profile)}"


def _one_line(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= _MAX_SHOWN else f"{line[:_MAX_SHOWN]}…"
