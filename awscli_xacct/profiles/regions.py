"""Find the region or partition to call STS in for a profile without a region, which China and GovCloud need."""

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..arn import Arn
from .source import Profiles, follow_sources


def find_region(profiles: Profiles, name: str) -> str | None:
    """Return the region of a profile, else of its first source that has one, else None."""
    found = find_regional_profile(profiles, name)
    return None if found is None else str(profiles[found][settings.REGION])


def find_regional_profile(profiles: Profiles, name: str) -> str | None:
    """Return a profile that has a region: the one called `name`, else its first source that has one, else None."""
    regions = ((each, profiles[each].get(settings.REGION)) for each in follow_sources(profiles, name))
    return next((each for each, region in regions if region and isinstance(region, str)), None)


def find_partition(options: Mapping[str, Any]) -> str | None:
    """Return the partition of a profile's role, else of its MFA device; None if it has no such ARN."""
    for key in (settings.ROLE_ARN, settings.MFA_SERIAL):
        arn = Arn.parse(str(options.get(key, "")))  # a device may be a serial number
        if arn:
            return arn.partition
    return None
