"""The local clock, compared with a server's: AWS accepts a signature for some minutes only.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

import sys
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .report import FAULT, WARNING, DoctorContext, Finding, ok, unchecked

_DEFAULT_URL = "https://sts.amazonaws.com/"
_TIMEOUT = 3
"""Seconds; an unreachable network is not worth waiting for."""

MIN_WARNING, MIN_FAULT = 60, 300
"""By how many seconds the clock must be off for a warning, and for AWS to refuse what it signs."""

_FIXES = {"darwin": "sudo sntp -sS time.apple.com", "win32": "w32tm /resync"}


class _NoRedirect(HTTPRedirectHandler):
    """The first answer has a Date as well."""

    def redirect_request(self, *_: Any) -> None:
        return None


def check(context: DoctorContext) -> Iterator[Finding]:
    """Compare the clock with STS, or with the server that was given, by one HEAD request."""
    variables = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
    url = context.clock_url or next(filter(None, map(context.environment.get, variables)), _DEFAULT_URL)
    try:
        offset = _measure_offset(url)
    except (OSError, ValueError, TypeError, LookupError) as error:
        reason = getattr(error, "reason", None) or error
        text = getattr(reason, "strerror", None) or reason
        yield unchecked(f"the clock: cannot get the time from {url}: {text}")
        return
    if abs(offset) < MIN_WARNING:
        yield ok(f"the clock agrees with {url}")
        return
    direction = "ahead of" if offset > 0 else "behind"
    refused = ", so AWS refuses what it signs" if abs(offset) >= MIN_FAULT else ""
    yield Finding(
        FAULT if refused else WARNING,
        f"the clock is {abs(offset):.0f} s {direction} that of {url}{refused}",
        _FIXES.get(sys.platform, "sudo timedatectl set-ntp true"),
    )


def _measure_offset(url: str) -> float:
    """Return how many seconds the local clock is ahead.

    Raises `OSError`, and `ValueError`, `TypeError` or `LookupError` for an answer without a time.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError("not an HTTP URL")
    parts = urlsplit(url)
    # urllib would take a user and password for a part of the host name; reading a clock needs no login.
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = Request(url, method="HEAD")  # noqa: S310 - checked above
    try:
        with build_opener(_NoRedirect).open(request, timeout=_TIMEOUT) as answer:
            date = answer.headers["Date"]
    except HTTPError as error:
        date = error.headers["Date"]
        error.close()
    return time.time() - parsedate_to_datetime(date).timestamp()
