"""What failed, for programs: the code of each error, and the object that describes it."""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .aws_errors import is_denied, is_throttled, service_code
from .error_codes import common_exit_code, exit_code_of
from .errors import XacctError, annotate, facts_of
from .messages import spelled
from .problems import one_line

_CLASSES_OF_CODES = {
    "UsageError": "ArgParseException ParamError ParamSyntaxError ParamValidationError UnknownArgumentError",
    "ProfileNotFound": "ProfileNotFound",
    "ProfileInvalid": """
        ConfigNotFound ConfigParseError ConfigurationError EndpointVariantError InvalidConfigError
        InvalidDefaultsMode InvalidEndpointConfigurationError InvalidProxiesConfigError
        InvalidRegionError InvalidRetryConfigurationError InvalidSTSRegionalEndpointsConfigError
        NoRegionError UnknownCredentialError UnknownRegionError
    """,
    "NoCredentials": "CredentialRetrievalError NoAuthTokenError NoCredentialsError PartialCredentialsError",
    "LoginRequired": "LoginError RefreshWithMFAUnsupportedError SSOError TokenRetrievalError",
    "ServiceError": "PaginationError ResponseParserError WaiterError",
    "Unreachable": "ConnectionError HTTPClientError MetadataRetrievalError",
    "Interrupted": "KeyboardInterrupt",
    "InternalError": "BrokenPipeError",  # a ConnectionError, but of a pipe
}
"""The errors of awscli and botocore by code, as the names of their classes: nothing here imports either of them."""
_CODES_OF_CLASSES = {name: code for code, names in _CLASSES_OF_CODES.items() for name in names.split()}
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


def describe(error: BaseException, profile: str | None = None) -> Failure:
    """Return what a program is told about an error; that of one `profile` among several begins with its name."""
    facts = facts_of(error)
    if isinstance(error, KeyboardInterrupt):
        facts["message"] = "interrupted"
    # `str` of our own errors is escaped for a terminal.
    message = facts.get("message") or (error.args[0] if isinstance(error, XacctError) else str(error))
    text = str(message).strip() or type(error).__name__
    code = code_of(error)
    return Failure(
        code,
        f"{profile}: {text}" if profile else text,
        profile or facts.get("profile"),
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
