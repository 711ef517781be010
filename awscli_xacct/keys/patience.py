"""Calls with a key that is new to AWS."""

import time
from collections.abc import Callable
from typing import Any

from ..aws_errors import is_expired_or_unknown_caller

_POLL_SECONDS = 1.0


def call_patiently(call: Callable[[], Any], wait: float) -> Any:
    """Call AWS with a key that may be too new; it may be refused again after it was accepted. Raises botocore's errors.

    Servers learn of a new key one after the other: for up to `wait` seconds a refusal is asked again.
    """
    until = time.monotonic() + wait
    while True:
        try:
            return call()
        except Exception as error:
            if time.monotonic() >= until or not is_expired_or_unknown_caller(error):
                raise
        time.sleep(_POLL_SECONDS)
