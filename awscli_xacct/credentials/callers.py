"""Who calls: STS is asked once for each access key, and the answer is remembered for all processes.

The ARN of an access key's owner is no secret, and the marker's name is a digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import settings
from ..arn import Arn

if TYPE_CHECKING:
    from .context import FetchContext
    from .sts import Keys

CALLER = "caller"
"""The kind of the markers."""


def find_known_caller(context: FetchContext, access_key: str) -> str | None:
    """Return the ARN of an access key's owner if it is remembered."""
    return _read(context, context.cache_keys.of_caller(access_key))


def find_caller(context: FetchContext, keys: Keys, *, quick: bool) -> str:
    """Return the ARN of the owner of `keys`; one process at a time asks STS.

    Raises botocore's errors, and `BusyError`.
    """
    name = context.cache_keys.of_caller(keys.access_key)
    known = _read(context, name)
    if known:
        return known
    with context.flight.locked(name, "the name of the user"):
        known = _read(context, name)
        if not known:
            known = context.sts(keys, quick=quick).caller_arn()
            if known.isascii() and known.isprintable() and Arn.parse(known):
                context.callers.write(name, known)
    return known


def _read(context: FetchContext, name: str) -> str | None:
    marker = context.callers.read(name)
    return marker[1] if marker and marker[0] < settings.CALLER_SECONDS and Arn.parse(marker[1]) else None
