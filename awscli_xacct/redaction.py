"""Keeping secrets out of ``--debug``: botocore logs requests and answers, and with them session tokens, whole.

Two nets, as neither holds everything: what stands after a name that secrets go by, and the very secrets that the
command has, by whatever name. Passwords in URLs are a third, and are hidden from messages as well.

Standard library only. The answers that the user's own command gets are not looked at, but for those names.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

HIDDEN = "(hidden by xacct)"
SHORTEST = 8
"""What is shorter is no key and no token, and might be a word of any message."""

_NAMES = "|".join(
    (
        "SecretAccessKey",
        "SessionToken",
        "TokenCode",
        "X-Amz-Security-Token",
        # As botocore's arguments, the credentials file and the environment have them.
        "aws_secret_access_key",
        "aws_session_token",
        "aws_security_token",
        "secret_key",
        # What sources of credentials send and get: IAM Identity Center, `aws login`, web identity, containers.
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
# As XML, as a header, as a form field, or as a Python or JSON value, that again inside of a string:
# `<Name>…`, `Name:…`, `Name=…`, `'Name': b'…'`, `\"Name\": \"…\"`.
_SECRET = re.compile(rf"((?:{_NAMES})(?:>|\\*['\"]?\s*[:=]\s*b?\\*['\"]?))([^<>'\"&,}}\s\\]+)", re.IGNORECASE)
_VARIABLES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
# A bearer's token is all there is to it; a signature is worth nothing without its request.
_BEARER = re.compile(
    r"(\bBearer\s+|\bAuthorization['\"]?\s*[:=]\s*b?['\"]?Basic\s+)([\w.~+/=-]{8,})", re.IGNORECASE
)
# A password may hold what ends a URL's host; a port, which it is not, is digits up to the path.
_LOGIN = re.compile(r"(://)(?:[^\s/?#\"<>@:]*:(?!\d+[/?#])[^\s\"<>]+|[^\s/?#\"<>]+)@")


def redact(text: str) -> str:
    """`text` with the secrets of requests and answers, and passwords in URLs, hidden."""
    text = _SECRET.sub(rf"\1{HIDDEN}", text)
    return without_passwords(_BEARER.sub(rf"\1{HIDDEN}", text))


def without_passwords(text: str) -> str:
    """`text` with what stands in URLs before the host, ``user:password@``, hidden."""
    return _LOGIN.sub(rf"\1{HIDDEN}@", text) if "://" in text and "@" in text else text


class Redaction(logging.Formatter):
    """Writes a record as another formatter does, tracebacks and all, and hides the secrets that are in it."""

    def __init__(self, formatter: logging.Formatter, session: Any = None) -> None:
        """`session` is the botocore session whose credentials, once it has some, are hidden by their values."""
        super().__init__()
        self.inner = formatter
        self._session = session
        self._known = set(_of_environment())

    def format(self, record: logging.LogRecord) -> str:
        text = self.inner.format(record)
        # The session has none at first, and others after they were renewed: the old ones may still be told of.
        self._known.update(_of_session(self._session))
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return redact(text)


def protect(session: Any = None) -> None:
    """Let whatever is logged from now on hide its secrets. For ``--debug``, which has made its handlers by now."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):  # a placeholder has none
            if not isinstance(handler.formatter, Redaction):
                handler.setFormatter(Redaction(handler.formatter or logging.Formatter(), session))


def _of_environment() -> Iterator[str]:
    """What a command under ``xacct exec``, among others, was given."""
    for name, value in os.environ.items():
        if name in _VARIABLES or name.startswith("AWS_BEARER_TOKEN_"):
            yield from _spellings(value)


def _of_session(session: Any) -> Iterator[str]:
    """What the session has by now. Its attributes are read past their properties, which would renew them."""
    credentials = getattr(session, "_credentials", None)
    for refreshable, plain in (("_secret_key", "secret_key"), ("_token", "token")):
        known = getattr(credentials, "__dict__", {})
        yield from _spellings(known.get(refreshable, known.get(plain)))


def _spellings(secret: Any) -> Iterator[str]:
    """A secret as it is, and as it stands in a URL."""
    if isinstance(secret, str) and len(secret) >= SHORTEST:
        yield secret
        yield quote(secret, safe="")
