"""Keeping secrets out of ``--debug``: botocore logs the requests and answers of STS, and session tokens, whole.

Standard library only. The AWS CLI's own credentials files and answers of other services are not looked at.
"""

from __future__ import annotations

import logging
import re

HIDDEN = "(hidden by xacct)"
LOGGERS = ("botocore", "awscli", "s3transfer", "urllib3")
"""Those that ``aws --debug`` gives a handler."""

_NAMES = "|".join(
    (
        "SecretAccessKey",
        "SessionToken",
        "TokenCode",
        "X-Amz-Security-Token",
        # What sources of credentials send and get: IAM Identity Center, `aws login`, web identity.
        "AccessToken",
        "RefreshToken",
        "IdToken",
        "ClientSecret",
        "X-Amz-Sso_Bearer_Token",
        "WebIdentityToken",
    )
)
# As XML, as a header, as a form field, or as a Python value: `<Name>…`, `Name:…`, `Name=…`, `'Name': b'…'`.
_SECRET = re.compile(rf"((?:{_NAMES})(?:>|['\"]?\s*[:=]\s*b?['\"]?))([^<>'\"&,}}\s\\]+)", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with the secrets of STS's requests and answers hidden."""
    return _SECRET.sub(rf"\1{HIDDEN}", text)


class Redaction(logging.Filter):
    """Hides secrets in whatever passes a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a message that cannot be made is the logger's affair
            return True
        clean = redact(text)
        if clean != text:
            record.msg, record.args = clean, None
        return True


def protect() -> None:
    """Put the filter on every handler that ``--debug`` has made. Does nothing where debugging is off."""
    for name in LOGGERS:
        for handler in logging.getLogger(name).handlers:
            if not any(isinstance(known, Redaction) for known in handler.filters):
                handler.addFilter(Redaction())
