"""Derive what changes to a role profile imply: its source, its ARN, the MFA device of its source.

`wanted` holds keys to set and, as None, keys to remove. `profiles` are all profiles, with any other changes made.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .. import settings
from ..arn import Arn
from ..messages import listed
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


def list_without_region(
    after: Mapping[str, Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]], profiles: Profiles
) -> dict[tuple[str, str, str], list[str]]:
    """Return the profiles in `after` that get a source with a region, but no region of their own.

    They are listed by that source, the profile that its region is from, and the region.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for name, options in after.items():
        source = options.get(settings.SOURCE_PROFILE)
        is_new = source != before.get(name, {}).get(settings.SOURCE_PROFILE)
        suggested = suggest_region(profiles, str(source)) if is_new else None
        if suggested and not options.get(settings.REGION):
            found.setdefault((str(source), *suggested), []).append(name)
    return found


def region_note(names: Sequence[str], source: str, owner: str, region: str, fix: str) -> str:
    """Return that profiles have no region, and the fix. The next `aws` would only say "You must specify a region".

    The profiles `names` have no region, but `owner` has one: their source, or a profile that this one inherits from.
    """
    one = len(names) == 1
    whose = f"{'its' if one else 'their'} source {owner}" if owner == source else owner
    subject = f"profile {names[0]} has" if one else f"{listed(names)} have"
    # A loop gets a line of its own, which is not wrapped: it is pasted as a whole.
    gap = "\n  " if fix.startswith("for ") else " "
    return f"{subject} no region; to use {region}, as {whose} does:{gap}{fix}"


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
