"""What each setting of a role profile may be. Every check says what would be right; none raises.

The limits are those of the STS and IAM API references:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from .. import settings
from ..errors import ProfileFault, printable
from .profiles import Profiles, Role, duration_fault, gives_credentials, has_static_keys, is_role, resolve

_ROLE = re.compile(
    r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):role(?P<path>/.*)?",
    re.S,
)
_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_ROLE_PATH = re.compile(r"/(?:[!-.0-~]+/)*")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")

_SHAPE = "arn:aws:iam::222222222222:role/NAME"

# Settings that would answer before a role, or that a role would answer before.
_CLASHES = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "sso_account_id",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)

PartitionOf = Callable[[str], str | None]


def name_fault(name: str) -> str | None:
    """What keeps `name` from being a profile's, or None."""
    if not name.strip():
        return "a profile needs a name"
    if name != name.strip() or not name.isprintable():
        return f"the profile name {printable(name)!r} begins or ends with a blank or has a control character"
    if "]" in name:
        return f"the profile name {name!r} has a ], which ends a section header; take another character"
    return None


def role_arn_fault(arn: str, partitions: Collection[str]) -> str | None:
    """What is wrong with a role's ARN, or None."""
    found = _ROLE.fullmatch(arn)
    if not found or len(arn) > 2048:
        if ":user/" in arn:
            return f"this is a user's ARN; a role's looks like {_SHAPE}"
        if ":assumed-role/" in arn:
            return f"this is a role session's ARN; the role's own looks like {_SHAPE}"
        return f"a role's ARN looks like {_SHAPE}"
    if found["partition"] not in partitions:
        return f"{found['partition']!r} is no AWS partition; they are {', '.join(sorted(partitions))}"
    if found["service"] != "iam" or found["region"]:
        return f"a role belongs to IAM and to no region: {_SHAPE}"
    return account_fault(found["account"]) or role_name_fault((found["path"] or "")[1:])


def account_fault(account: str) -> str | None:
    if _ACCOUNT.fullmatch(account):
        return None
    return f"the account id {printable(account)!r} is not 12 digits, as in 222222222222"


def role_name_fault(name: str) -> str | None:
    """What is wrong with a role's name, with or without a path before it."""
    path, _, last = f"/{name.removeprefix('/')}".rpartition("/")
    if not _ROLE_NAME.fullmatch(last):
        return f"the role name {printable(last)!r} is not 1 to 64 letters, digits or characters of +=,.@-_"
    if len(path) > 511 or not _ROLE_PATH.fullmatch(f"{path}/"):
        return f"the role's path {printable(path)!r} is not words between slashes, as in /team/ops/"
    return None


def region_fault(region: str) -> str | None:
    return None if _REGION.fullmatch(region) else "a region looks like us-west-1"


def session_name_fault(name: str) -> str | None:
    if _SESSION_NAME.fullmatch(name):
        return None
    return "2 to 64 letters, digits or characters of +=,.@-_ are allowed, and no blanks"


def external_id_fault(external_id: str) -> str | None:
    if _EXTERNAL_ID.fullmatch(external_id):
        return None
    return "2 to 1224 letters, digits or characters of +=,.@:/-_ are allowed, and no blanks"


def serial_fault(serial: str) -> str | None:
    if ":u2f/" in serial:
        return (
            "a security key (u2f) gives no codes, so it cannot be used here; take a virtual or hardware "
            "MFA device, or none"
        )
    if not _SERIAL.fullmatch(serial) or (serial.startswith("arn:") and ":mfa/" not in serial):
        return "an MFA device is named arn:aws:iam::111111111111:mfa/NAME, or by a hardware serial number"
    return None


def partition_of_arn(arn: str) -> str | None:
    found = _ROLE.fullmatch(arn)
    return found["partition"] if found else None


def faults_of(
    name: str,
    profiles: Profiles,
    *,
    partitions: Collection[str],
    partition_of: PartitionOf,
    force: bool = False,
) -> list[str]:
    """Everything that keeps the profile `name` of `profiles` from working as a role, worst first.

    `partition_of` gives a region's partition, or None if it does not know. With `force` settings that
    clash with a role are let pass.
    """
    profile = profiles[name]
    faults = list(_value_faults(profile, partitions))
    faults += _source_faults(name, profiles)
    arn = str(profile.get(settings.ROLE_ARN, ""))
    if arn and not role_arn_fault(arn, partitions):
        faults += _partition_faults(name, profiles, arn, partition_of)
    if not force:
        faults += _clashes(name, profile)
    return faults


def _value_faults(profile: Mapping[str, Any], partitions: Collection[str]) -> Iterable[str]:
    checks: dict[str, Callable[[str], str | None]] = {
        settings.ROLE_ARN: lambda arn: role_arn_fault(arn, partitions),
        settings.MFA_SERIAL: serial_fault,
        settings.EXTERNAL_ID: external_id_fault,
        settings.ROLE_SESSION_NAME: session_name_fault,
        settings.REGION: region_fault,
        settings.DURATION_SECONDS: lambda seconds: duration_fault(seconds, chained=False),
    }
    if settings.ROLE_ARN not in profile:
        yield f"--role-arn is missing: it names the role, as in {_SHAPE}"
    for key, check in checks.items():
        if key in profile:
            fault = check(str(profile[key]))
            if fault:
                yield f"{option(key)} {printable(str(profile[key]))!r}: {fault}"


def _source_faults(name: str, profiles: Profiles) -> list[str]:
    """Faults of the chain; those of the profile's own values are found before."""
    profile = profiles[name]
    source = profile.get(settings.SOURCE_PROFILE)
    if source is not None and settings.CREDENTIAL_SOURCE in profile:
        return [
            f"{option(settings.SOURCE_PROFILE)} and {option(settings.CREDENTIAL_SOURCE)} exclude each other: "
            f'give the one that is not meant as ""'
        ]
    if source is None and settings.CREDENTIAL_SOURCE not in profile:
        return [_no_source(name, profiles)]
    if source is not None and source not in profiles:
        near = get_close_matches(str(source), [other for other in profiles if other != name], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {_sources(name, profiles)}"
        return [
            f"{option(settings.SOURCE_PROFILE)} {printable(str(source))!r}: there is no such profile; {hint}"
        ]
    if source is not None and not gives_credentials(profiles, source, to=name):
        return [
            f"{option(settings.SOURCE_PROFILE)} {source!r}: that profile has no credentials to call with; those "
            f"which have some: {_sources(name, profiles)}"
        ]
    try:
        # The copy is only read, which is all that a ChainMap's parts have to bear here.
        trial = ChainMap({name: _without_duration(profile)}, profiles)  # type: ignore[arg-type]
        role = resolve(trial, name, environment={})
    except ProfileFault as fault:
        return [str(fault)]
    return _hour_cap(profile, role)


def _without_duration(profile: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in profile.items() if key != settings.DURATION_SECONDS}


def _hour_cap(profile: Mapping[str, Any], role: Role) -> list[str]:
    """The hour that STS gives a role assumed from another role or from the shared MFA session."""
    seconds = str(profile.get(settings.DURATION_SECONDS, settings.ROLE_DURATION_DEFAULT))
    capped = role.chained or (role.mfa_serial and role.mfa_session == "on")
    if not capped or duration_fault(seconds, chained=False):
        return []
    fault = duration_fault(seconds, chained=True)
    return [f"{option(settings.DURATION_SECONDS)} {seconds!r} {fault}"] if fault else []


def _partition_faults(name: str, profiles: Profiles, arn: str, partition_of: PartitionOf) -> list[str]:
    """A role can be assumed from its own partition only; regions tell where the caller is."""
    partition = partition_of_arn(arn)
    profile = profiles[name]
    source = str(profile.get(settings.SOURCE_PROFILE, ""))
    for owner, region in (
        (f"profile {name}", profile.get(settings.REGION)),
        (f"its source {source}", profiles.get(source, {}).get(settings.REGION)),
    ):
        there = partition_of(str(region)) if region else None
        if there and there != partition:
            return [
                f"{option(settings.ROLE_ARN)} {arn!r} is in the partition {partition}, but {owner} has the region "
                f"{region} of the partition {there}; a role cannot be assumed across partitions"
            ]
    return []


def _clashes(name: str, profile: Mapping[str, Any]) -> list[str]:
    found = [key for key in _CLASHES if key in profile]
    if profile.get(settings.SOURCE_PROFILE) == name and has_static_keys(profile):
        found = [key for key in found if not key.startswith("aws_")]
    if not found:
        return []
    return [
        f"profile {name} has {', '.join(found)} as well, and only one of the two ways would be used; take another "
        f"profile name, or --force if that is meant"
    ]


def _no_source(name: str, profiles: Profiles) -> str:
    if gives_credentials(profiles, "default", to=name):
        return f"{option(settings.SOURCE_PROFILE)} is missing; default would do"
    return (
        f"{option(settings.SOURCE_PROFILE)} is missing, and the profile default has no credentials; those which "
        f"have some: {_sources(name, profiles)}"
    )


def _sources(name: str, profiles: Profiles) -> str:
    """The profiles that could be the source of `name`, for a message."""
    names = sorted(other for other in profiles if gives_credentials(profiles, other, to=name))
    if not names:
        return "none; make one with: aws configure"
    shown = ", ".join(printable(other) for other in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown


def option(key: str) -> str:
    """The command line option of a config key."""
    return f"--{key.replace('_', '-')}"


def mfa_serial_to_inherit(profiles: Profiles, source: str) -> str | None:
    """The MFA device of a source profile that is a user; a role's own device says nothing about its callers."""
    profile = profiles.get(source, {})
    serial = profile.get(settings.MFA_SERIAL)
    return None if serial is None or is_role(profile) else str(serial)
