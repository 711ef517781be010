"""How a command that failed says so: in words for people, or as one JSON object for a program; and its exit code.

A program asks for the object with the switch of AWS CLI v2: ``--cli-error-format json``, ``AWS_CLI_ERROR_FORMAT``, or
``cli_error_format`` in the profile or in ``[default]``. It is the last line on stderr.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-error-format.html
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from . import settings
from .aws_errors import is_denied, is_throttled, service_code
from .error_codes import common_exit_code, exit_code_of
from .errors import UsageError, XacctError, annotate, facts_of
from .messages import abandon, print_message, printable, spelled, write_message
from .problems import one_line

JSON = "json"
OPTION = "--cli-error-format"

Profiles = Mapping[str, Mapping[str, Any]]

_CODES_OF_CLASSES = {
    "ArgParseException": "UsageError",
    "ParamError": "UsageError",
    "ParamSyntaxError": "UsageError",
    "ParamValidationError": "UsageError",
    "UnknownArgumentError": "UsageError",
    "ProfileNotFound": "ProfileNotFound",
    "ConfigNotFound": "ProfileInvalid",
    "ConfigParseError": "ProfileInvalid",
    "ConfigurationError": "ProfileInvalid",
    "EndpointVariantError": "ProfileInvalid",
    "InvalidConfigError": "ProfileInvalid",
    "InvalidDefaultsMode": "ProfileInvalid",
    "InvalidEndpointConfigurationError": "ProfileInvalid",
    "InvalidProxiesConfigError": "ProfileInvalid",
    "InvalidRegionError": "ProfileInvalid",
    "InvalidRetryConfigurationError": "ProfileInvalid",
    "InvalidSTSRegionalEndpointsConfigError": "ProfileInvalid",
    "NoRegionError": "ProfileInvalid",
    "UnknownCredentialError": "ProfileInvalid",
    "UnknownRegionError": "ProfileInvalid",
    "CredentialRetrievalError": "NoCredentials",
    "NoAuthTokenError": "NoCredentials",
    "NoCredentialsError": "NoCredentials",
    "PartialCredentialsError": "NoCredentials",
    "LoginError": "LoginRequired",
    "RefreshWithMFAUnsupportedError": "LoginRequired",
    "SSOError": "LoginRequired",
    "TokenRetrievalError": "LoginRequired",
    "PaginationError": "ServiceError",
    "ResponseParserError": "ServiceError",
    "WaiterError": "ServiceError",
    "ConnectionError": "Unreachable",
    "HTTPClientError": "Unreachable",
    "MetadataRetrievalError": "Unreachable",
    "BrokenPipeError": "InternalError",  # a ConnectionError, but of a pipe
    "KeyboardInterrupt": "Interrupted",
}
"""The codes of errors of awscli and botocore, by the names of their classes: nothing here imports either of them."""


_LIST_PROFILES = "aws configure role list"
"""What helps wherever a profile does not exist, also where the message suggests another name instead."""


class Failure(NamedTuple):
    """What a program is told about an error; None is what is not known. `message` is not escaped."""

    code: str
    message: str
    profile: str | None = None
    hop: str | None = None
    fix: str | None = None

    def to_json(self) -> str:
        """Return the object, always with the same keys, in one line."""
        from .redaction import without_passwords  # loads modules that a command that works does without

        texts = (self.message, self.profile, self.hop, self.fix)
        message, profile, hop, fix = (text if text is None else without_passwords(text) for text in texts)
        return json.dumps(
            {
                "Code": self.code,
                "Message": message and spelled(message),
                "Profile": profile,
                "Hop": hop,
                "Fix": fix and spelled(fix),
            }
        )


def describe(error: BaseException) -> Failure:
    """Return what a program is told about an error."""
    facts = facts_of(error)
    if isinstance(error, KeyboardInterrupt):
        facts["message"] = "interrupted"
    # `str` of our own errors is escaped for a terminal.
    message = facts.get("message") or (error.args[0] if isinstance(error, XacctError) else str(error))
    code = code_of(error)
    return Failure(
        code,
        str(message).strip() or type(error).__name__,
        facts.get("profile"),
        facts.get("hop"),
        facts.get("fix") or (_LIST_PROFILES if code == "ProfileNotFound" else None),
    )


def code_of(error: BaseException) -> str:
    """Return the code of an error, one of `error_codes.CODES`."""
    known = facts_of(error).get("code")
    if known:
        return str(known)
    if service_code(error):
        return "Throttled" if is_throttled(error) else "AccessDenied" if is_denied(error) else "ServiceError"
    names = (kind.__name__ for kind in type(error).__mro__)
    return next(filter(None, map(_CODES_OF_CLASSES.get, names)), "InternalError")


def combine(failures: Sequence[Failure], text: str = "") -> XacctError:
    """Return the error of a command that did several things, of which these failed.

    `text` is for people; empty: they have been told already. Programs get a line for each failure.
    """
    codes = list(dict.fromkeys(failure.code for failure in failures))
    exit_codes = {exit_code_of(code) for code in codes}
    message = "\n".join(one_line(failure.message) for failure in failures)
    error = XacctError(
        text or message,
        code=codes[0] if len(exit_codes) == 1 else None,
        profile=_common(failure.profile for failure in failures),
        hop=_common(failure.hop for failure in failures),
        fix=next(filter(None, (failure.fix for failure in failures)), None),
    )
    annotate(error, message=message)
    error.exit_code, error.is_told = common_exit_code(exit_codes), not text
    return error


def _common(facts: Iterable[str | None]) -> str | None:
    """Return the fact that all these are; None if they differ."""
    found = set(facts)
    return found.pop() if len(found) == 1 else None


class Reporter:
    """Reports how a command failed, in the form that its user asks for.

    `words` are those of the command line that are the command's own, later without the option. `read_profiles` returns
    the profiles of the config, and may raise anything; it is called only if neither the option nor the variable says
    anything. `asked_for` is the profile that the command is about, once that is known.
    """

    def __init__(
        self,
        words: Iterable[str],
        read_profiles: Callable[[], Profiles],
        environment: Mapping[str, str] = os.environ,
        profile: str | None = None,
    ) -> None:
        """`profile` is the one that the command uses if the words name no other."""
        self.words, self._given = take_option(words)
        self.asked_for: str | None = None
        self._read_profiles = read_profiles
        self._environment = environment
        self._profile = profile

    def check(self) -> None:
        """Raise `UsageError` if what the user asks for is no form."""
        place, value = next(iter(self._asked()), ("", JSON))
        if value.lower() not in settings.ERROR_FORMATS:
            raise UsageError(f"{place} {value!r} must be one of {', '.join(settings.ERROR_FORMATS)}")

    def use(self, form: str | None) -> None:
        """Use the form that a parser found in the command line, unless that is None."""
        self._given = form or self._given

    def report(self, error: BaseException, text: str) -> int:
        """Print an error and return the exit code. `text` is for people, who need not be told if it is empty."""
        failure = describe(error)
        if self.wants_json():
            write_message(f"{failure._replace(profile=failure.profile or self.asked_for).to_json()}\n")
        elif text and not getattr(error, "is_told", False):
            print_message(text)
        return getattr(error, "exit_code", None) or exit_code_of(failure.code)

    def wants_json(self) -> bool:
        """Whether a program reads the errors. What is no form is passed over: `check` reports it."""
        forms = (value.lower() for _, value in self._asked())
        return next((form for form in forms if form in settings.ERROR_FORMATS), "") == JSON

    def _asked(self) -> Iterable[tuple[str, str]]:
        """Yield what is asked for, with the place where; what comes first counts."""
        if self._given is not None:
            yield OPTION, self._given
        variable = settings.ERROR_FORMAT_VARIABLE
        if value := self._environment.get(variable):
            yield variable, value
        else:
            yield from self._configured()

    def _configured(self) -> Iterable[tuple[str, str]]:
        try:
            profiles = self._read_profiles()
        except Exception:  # noqa: BLE001 - the command itself reports what is wrong with the config
            return
        named = [word for word in self.words if word in profiles]
        found = configured_format(profiles, *named, self._profile)
        if found:
            yield f"{settings.ERROR_FORMAT} of profile {printable(found[0])}", found[1]


def write_result(result: str | bytes) -> None:
    """Write a result to stdout; bytes as they are, without the CR that text would get on Windows.

    Raises `BrokenPipeError`, and `XacctError` for other failures. With Python's own buffer, they may come at its flush.
    """
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


def configured_format(profiles: Profiles, *names: str | None) -> tuple[str, str] | None:
    """Return the first of these profiles, or else ``default``, that sets `settings.ERROR_FORMAT`, and the value."""
    for name in [*filter(None, names), "default"]:
        value = profiles.get(name, {}).get(settings.ERROR_FORMAT)
        if isinstance(value, str) and value:
            return name, value
    return None


def take_option(
    words: Iterable[str], *, with_command: bool = False, valued: Sequence[str] = ()
) -> tuple[list[str], str | None]:
    """Return a command line without ``--cli-error-format FORMAT``, and the format; an empty one if it is missing.

    Nothing is taken from what follows ``--``, nor, `with_command`, from what follows the profile and its options.
    `valued` are the other options that have values.
    """
    kept: list[str] = []
    given, profiles = None, 0
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--" or (with_command and profiles and not word.startswith("-")):
            kept += [word, *left]
            break
        if word == OPTION:
            given = left.pop(0) if left else ""
        elif word.startswith(f"{OPTION}="):
            given = word.partition("=")[2]
        elif word in valued and left:
            kept += [word, left.pop(0)]
        else:
            kept.append(word)
            profiles += not word.startswith("-")
    return kept, given
