"""Keep secrets out of ``--debug``: botocore logs whole requests and responses, with session tokens in them.

There are two filters, because neither finds everything: values after the names that secrets have, and the very
secrets that the command knows, after any name. Passwords in URLs are hidden too, also in messages. Responses to the
user's own command are searched for those names and values only.
"""

import logging
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

HIDDEN = "(hidden by xacct)"
SECRETS = ("aws_secret_access_key", "aws_session_token", "aws_security_token")
"""Settings whose values are never shown, not even on the user's own screen."""
SHORTEST = 8
"""Anything shorter is not a key or a token, and may be a word of any message."""

_NAMES = "|".join(
    (
        "SecretAccessKey",
        "SessionToken",
        "TokenCode",
        "X-Amz-Security-Token",
        # In botocore's arguments, the credentials file and the environment.
        *SECRETS,
        "secret_key",
        # Sent and received by credential sources: IAM Identity Center, `aws login`, web identity, containers.
        "Access_?Token",
        "Refresh_?Token",
        "Id_?Token",
        "Client_?Secret",
        "X-Amz-Sso_Bearer_Token",
        "WebIdentityToken",
        "SAMLAssertion",
        "SigninToken",
        "X-aws-ec2-metadata-token",
    )
)
# As XML, as a header, as a form field, or as a Python or JSON value, that again inside a string:
# `<Name>…`, `Name:…`, `Name=…`, `'Name': b'…'`, `\"Name\": \"…\"`.
_SECRET = re.compile(rf"((?:{_NAMES})(?:>|\\*['\"]?\s*[:=]\s*b?\\*['\"]?))([^<>'\"&,}}\s\\]+)", re.IGNORECASE)
_VARIABLES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_SECRET_KEY",
    "AMAZON_SECRET_ACCESS_KEY",
    "AMAZON_SESSION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
# A bearer token is enough to call with; a signature is worthless without its request.
_BEARER = re.compile(
    r"(\bBearer\s+|\bAuthorization['\"]?\s*[:=]\s*b?['\"]?Basic\s+)([\w.~+/=-]{8,})", re.IGNORECASE
)
# A password may contain what would end a URL's host. Digits up to the path are a port, not a password.
_LOGIN = re.compile(r"(://)(?:[^\s/?#\"<>@:]*:(?!\d+[/?#])[^\s\"<>]+|[^\s/?#\"<>]+)@")
# A parameter of a URL by its name: a proxy's or a gateway's token.
_PARAMETER = re.compile(
    r"((?:^|[?&])[^\s=&\"'<>]*(?:token|secret|passw|pwd|api.?key|access.?key|signature|auth|credential)[^\s=&\"'<>]*=)"
    rf"(?!{re.escape(HIDDEN)})[^\s&\"'<>#]+",
    re.IGNORECASE | re.MULTILINE,  # botocore logs what it signs, and there they begin a line
)


def redact(text: str) -> str:
    """Return `text` with the secrets of requests and responses, and passwords in URLs, hidden."""
    # Logs have the paths of requests by themselves, too.
    text = _PARAMETER.sub(rf"\1{HIDDEN}", _SECRET.sub(rf"\1{HIDDEN}", text))
    return without_passwords(_BEARER.sub(rf"\1{HIDDEN}", text))


def without_passwords(text: str) -> str:
    """Return `text` with the ``user:password@`` of URLs hidden, and parameters of theirs like ``token=``."""
    if "://" not in text:
        return text
    return _PARAMETER.sub(rf"\1{HIDDEN}", _LOGIN.sub(rf"\1{HIDDEN}@", text))


class Redaction(logging.Formatter):
    """A formatter that hides secrets in what another formatter returns, tracebacks included."""

    def __init__(self, formatter: logging.Formatter, session: Any = None) -> None:
        """The credentials of `session`, a botocore session, are hidden by value once it has some."""
        super().__init__()
        self.inner = formatter
        self._session = session
        self._known = set(_of_environment())

    def format(self, record: logging.LogRecord) -> str:
        text = self.inner.format(record)
        # The session has none at first, and others after a refresh; the old ones may still be logged.
        self._known.update(_of_session(self._session))
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return redact(text)


def protect(session: Any = None) -> None:
    """Hide secrets in everything that is logged from now on. For ``--debug``, whose handlers exist by now."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):  # a placeholder has no handlers
            if not isinstance(handler.formatter, Redaction):
                handler.setFormatter(Redaction(handler.formatter or logging.Formatter(), session))


def _of_environment() -> Iterator[str]:
    """Yield secrets from the environment, such as that of a command run by ``xacct exec``."""
    for name, value in os.environ.items():
        if name in _VARIABLES or name.startswith("AWS_BEARER_TOKEN_"):
            yield from _spellings(value)


def _of_session(session: Any) -> Iterator[str]:
    """Yield the session's current secrets. Its attributes are read directly: the properties would refresh them."""
    credentials = getattr(session, "_credentials", None)
    for refreshable, plain in (("_secret_key", "secret_key"), ("_token", "token")):
        known = getattr(credentials, "__dict__", {})
        yield from _spellings(known.get(refreshable, known.get(plain)))


def _spellings(secret: Any) -> Iterator[str]:
    """Yield a secret as it is, and as it is quoted in a URL."""
    if isinstance(secret, str) and len(secret) >= SHORTEST:
        yield secret
        yield quote(secret, safe="")
