"""Find the region or partition to call STS in for a profile without a region, which China and GovCloud need."""

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..arn import Arn
from .source import Profiles


def find_region(profiles: Profiles, name: str) -> str | None:
    """Return the region of a profile, else of its first source that has one, else None."""
    found = find_regional_profile(profiles, name)
    return None if found is None else str(profiles[found][settings.REGION])


def find_regional_profile(profiles: Profiles, name: str) -> str | None:
    """Return a profile that has a region: the one called `name`, else its first source that has one, else None."""
    seen: set[str] = set()
    while name in profiles and name not in seen:
        seen.add(name)
        options = profiles[name]
        region = options.get(settings.REGION)
        if region and isinstance(region, str):
            return name
        name = str(options.get(settings.SOURCE_PROFILE, name))
    return None


def find_partition(options: Mapping[str, Any]) -> str | None:
    """Return the partition of a profile's role, else of its MFA device; None if it has no such ARN."""
    for key in (settings.ROLE_ARN, settings.MFA_SERIAL):
        arn = Arn.parse(str(options.get(key, "")))  # a device may be a serial number
        if arn:
            return arn.partition
    return None
