"""Derive what changes to a role profile imply: its source, its ARN, the MFA device of its source.

`wanted` holds keys to set and, as None, keys to remove. `profiles` are all profiles, with any other changes made.
"""

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..arn import Arn
from .config_keys import KEYS
from .partitions import Partitions
from .regions import find_partition, find_region, find_regional_profile
from .source import Profiles, can_be_source
from .validation import find_inherited_mfa_serial
from .values import region_problem

Wanted = Mapping[str, "str | None"]


def apply_changes(profile: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return a profile's options with the changes made."""
    kept = {key: value for key, value in profile.items() if key not in wanted}
    return kept | {key: value for key, value in wanted.items() if value is not None}


def choose_source(name: str, profiles: Profiles, wanted: Wanted) -> str | None:
    """Return the source profile: the one in `wanted`, the current one, or ``default`` if it has credentials.

    None where a credential source takes its place, or where there is none.
    """
    after = apply_changes(profiles.get(name, {}), wanted)
    if settings.CREDENTIAL_SOURCE in after and settings.SOURCE_PROFILE not in after:
        return None
    found = after.get(settings.SOURCE_PROFILE)
    if found is None and can_be_source(profiles, "default", to=name):
        return "default"
    return None if found is None else str(found)


def suggest_region(profiles: Profiles, source: str) -> tuple[str, str] | None:
    """Return a region for a profile without one, as (profile, region): its source's, or what that one inherits.

    None if there is no such region, or none that a command line would accept.
    """
    owner = find_regional_profile(profiles, source)
    if owner is None:
        return None
    region = str(profiles[owner][settings.REGION])
    return None if region_problem(region) else (owner, region)


def build_role_arn(
    name: str, account_id: str, role_name: str, profiles: Profiles, wanted: Wanted, partitions: Partitions
) -> str:
    """Return the ARN of a role given by account and name, in the partition that its source calls from."""
    source = str(choose_source(name, profiles, wanted))
    region = find_region(profiles, source) or apply_changes(profiles.get(name, {}), wanted).get(
        settings.REGION
    )
    partition = partitions.of_region(str(region)) if region else find_partition(profiles.get(source, {}))
    return str(Arn.iam(partition or "aws", account_id, f"role/{role_name.removeprefix('/')}"))


def complete_settings(
    name: str, profiles: Profiles, wanted: Wanted
) -> tuple[dict[str, str | None], list[str]]:
    """Return `wanted` in the order of `KEYS`, with the source and device it implies, and notes about those."""
    full = dict(wanted)
    notes = []
    before = profiles.get(name, {})
    after = apply_changes(before, full)
    source = choose_source(name, profiles, full)
    if source is not None and settings.SOURCE_PROFILE not in after:
        full[settings.SOURCE_PROFILE] = source
        notes.append(f"source_profile = {source}, because no source was given")
    is_new = source is not None and before.get(settings.SOURCE_PROFILE) != source
    if is_new and settings.MFA_SERIAL not in after and settings.MFA_SERIAL not in full:
        serial = find_inherited_mfa_serial(profiles, str(source))
        if serial:
            full[settings.MFA_SERIAL] = serial
            notes.append(f"mfa_serial = {serial}, copied from profile {source}")
    return {key: full[key] for key in KEYS if key in full}, notes
