"""Where STS is to be called for a profile that has no region, as one in China or GovCloud must not do without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..arn import Arn


def region_in_chain(profiles: Mapping[str, Mapping[str, Any]], name: str) -> str | None:
    """The region of a profile, else of the first of its sources to have one."""
    seen: set[str] = set()
    while name in profiles and name not in seen:
        seen.add(name)
        options = profiles[name]
        region = options.get(settings.REGION)
        if region and isinstance(region, str):
            return region
        name = str(options.get(settings.SOURCE_PROFILE, name))
    return None


def partition_of(options: Mapping[str, Any]) -> str | None:
    """The partition that a profile's role, or else its MFA device, is in; None if neither tells."""
    for key in (settings.ROLE_ARN, settings.MFA_SERIAL):
        arn = Arn.parse(str(options.get(key, "")))  # a device may be a mere number
        if arn:
            return arn.partition
    return None
