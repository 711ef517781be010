"""How far the local clock is off, by what a service's answer says of its own."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

CLOCK_TOLERANCE = 60
"""Seconds the local clock may be off the service's before it is named as a cause."""


def clock_fault(error: Exception, now: float | None = None) -> str | None:
    """How far the local clock is off that of the service that answered with `error`; None if it is right."""
    offset = clock_offset(error, time.time() if now is None else now)
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return None
    direction = "ahead of" if offset > 0 else "behind"
    return f"the local clock is {abs(offset):.0f} s {direction} the service's; set it right"


def clock_offset(error: Exception, now: float) -> float | None:
    """Seconds the local clock is ahead of the service that answered with `error`; None if it does not say."""
    response = getattr(error, "response", {})
    try:
        date = response["ResponseMetadata"]["HTTPHeaders"]["date"]
        return now - parsedate_to_datetime(date).timestamp()
    except (KeyError, TypeError, ValueError):
        return None
