"""The local clock against that of a service: a signature is good for some minutes only.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .report import FAULT, OK, UNCHECKED, WARNING, DoctorContext, Finding

_DEFAULT = "https://sts.amazonaws.com/"
_TIMEOUT = 3
"""Seconds; a network that cannot be had is nothing to wait for."""

NOTICED, REFUSED = 60, 300
"""Seconds off at which the clock is a warning, and at which services refuse what is signed by it."""

_MENDS = {"darwin": "sudo sntp -sS time.apple.com", "win32": "w32tm /resync"}


class _Stay(HTTPRedirectHandler):
    """The Date of the first answer is as good as that of the one it points to."""

    def redirect_request(self, *_: Any) -> None:
        return None


def check(context: DoctorContext) -> Iterator[Finding]:
    """One request of the head of a page, to where STS is called, or to the address that was given."""
    variables = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
    url = context.clock_url or next(filter(None, map(context.environment.get, variables)), _DEFAULT)
    try:
        offset = _offset(url)
    except (OSError, ValueError, TypeError, LookupError) as error:
        yield Finding(
            UNCHECKED, f"the clock, as {url} gives no time: {getattr(error, 'reason', None) or error}"
        )
        return
    if abs(offset) < NOTICED:
        yield Finding(OK, f"the clock agrees with {url}")
        return
    direction = "ahead of" if offset > 0 else "behind"
    refused = "; what it signs is refused" if abs(offset) >= REFUSED else ""
    yield Finding(
        FAULT if refused else WARNING,
        f"the clock is {abs(offset):.0f} s {direction} that of {url}{refused}",
        _MENDS.get(sys.platform, "sudo timedatectl set-ntp true"),
    )


def _offset(url: str) -> float:
    """Seconds the local clock is ahead. Raises `OSError`, and `ValueError` and its like for what is no time."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("it is no http address")
    parts = urlsplit(url)
    # urllib takes what stands before an @ for a part of the host's name; to read a clock nobody has to log in.
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = Request(url, method="HEAD")  # noqa: S310 - looked at above
    try:
        with build_opener(_Stay).open(request, timeout=_TIMEOUT) as answer:
            date = answer.headers["Date"]
    except HTTPError as error:
        date = error.headers["Date"]
        error.close()
    return time.time() - parsedate_to_datetime(date).timestamp()
