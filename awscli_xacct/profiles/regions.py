"""Find the region or partition to call STS in for a profile without a region, which China and GovCloud need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..arn import Arn


def find_region(profiles: Mapping[str, Mapping[str, Any]], name: str) -> str | None:
    """Return the region of a profile, else of its first source that has one, else None."""
    seen: set[str] = set()
    while name in profiles and name not in seen:
        seen.add(name)
        options = profiles[name]
        region = options.get(settings.REGION)
        if region and isinstance(region, str):
            return region
        name = str(options.get(settings.SOURCE_PROFILE, name))
    return None


def find_partition(options: Mapping[str, Any]) -> str | None:
    """Return the partition of a profile's role, else of its MFA device; None if it has no such ARN."""
    for key in (settings.ROLE_ARN, settings.MFA_SERIAL):
        arn = Arn.parse(str(options.get(key, "")))  # a device may be a serial number
        if arn:
            return arn.partition
    return None
