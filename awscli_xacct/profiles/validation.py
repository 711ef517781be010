"""What keeps a profile from working as a role: all of it at once, each fault with what would be right.

Nothing here raises, whatever a config file holds. What each setting may be by itself is in `values`.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from .. import settings
from ..arn import Arn
from ..errors import ProfileError
from ..messages import option, printable
from .role import Role, chained_mfa_fault, duration_fault, resolve
from .source import Profiles, gives_credentials, has_static_keys, is_role, role_session
from .tags import parse_keys, parse_tags, transitive_faults
from .values import (
    EXAMPLE_ROLE_ARN,
    external_id_fault,
    line_fault,
    mfa_session_fault,
    region_fault,
    role_arn_fault,
    seconds_fault,
    serial_fault,
    session_name_fault,
)

# Settings that would answer before a role, or that a role would answer before.
_CLASHES = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "login_session",
    "sso_account_id",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)

# Settings of the call itself: they do not decide which roles and credentials a chain is made of.
_SENT = frozenset(
    {
        settings.DURATION_SECONDS,
        settings.EXTERNAL_ID,
        settings.MFA_PROCESS,
        settings.MFA_SERIAL,
        settings.MFA_SESSION,
        settings.ROLE_SESSION_NAME,
        settings.SESSION_TAGS,
        settings.SOURCE_IDENTITY,
        settings.TRANSITIVE_SESSION_TAGS,
    }
)

_BLOCK = "this is an indented block and has to be one line"

PartitionOf = Callable[[str], str | None]
Spelling = Callable[[str], str]
"""How a message names a config key: as a command line's option, or as a file's key."""


class Fault(NamedTuple):
    """One thing that is wrong: the key it is about (None: the profile as a whole), and what would be right.

    `profile` is the one that has to be mended, which may be another one in the chain.
    """

    profile: str
    key: str | None
    text: str

    @property
    def reason(self) -> str:
        """`text` without the commands that would mend it, for where another way to mend it is at hand."""
        line, ends, _ = self.text.partition("\n")
        return line.rpartition(". ")[0] if ends else line


def name_fault(name: str) -> str | None:
    """What keeps `name` from being a profile's, or None."""
    if not name.strip():
        return "a profile needs a name"
    if name != name.strip() or not name.isprintable():
        return f"the profile name {name!r} begins or ends with a blank or has a control character"
    if "]" in name:
        return f"the profile name {name!r} has a ], which ends a section header; take another character"
    return None


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
    found = faults_by_key(name, profiles, partitions=partitions, partition_of=partition_of, force=force)
    return [fault.text for fault in found]


def faults_by_key(
    name: str,
    profiles: Profiles,
    *,
    partitions: Collection[str],
    partition_of: PartitionOf,
    force: bool = False,
    spelled: Spelling | None = None,
) -> list[Fault]:
    """What `faults_of` gives, each fault with the key it is about, which messages name as `spelled` has it."""
    spelled = spelled or option
    profile = profiles[name]
    faults = list(_value_faults(name, profile, partitions, spelled))
    faults += _source_faults(name, profiles, spelled)
    text = str(profile.get(settings.ROLE_ARN, ""))
    arn = Arn.parse(text)
    if arn and not role_arn_fault(text, partitions):
        faults += _partition_faults(name, profiles, arn, partition_of, spelled)
    if not force:
        faults += _clashes(name, profile)
    return faults


def _value_faults(
    name: str, profile: Mapping[str, Any], partitions: Collection[str], spelled: Spelling
) -> Iterable[Fault]:
    tags = parse_tags(str(profile.get(settings.SESSION_TAGS, "")))[0]
    checks: dict[str, Callable[[str], str | None]] = {
        settings.ROLE_ARN: lambda arn: role_arn_fault(arn, partitions),
        settings.SOURCE_PROFILE: line_fault,
        settings.CREDENTIAL_SOURCE: line_fault,
        settings.MFA_SERIAL: serial_fault,
        settings.MFA_PROCESS: line_fault,
        settings.MFA_SESSION: mfa_session_fault,
        settings.EXTERNAL_ID: external_id_fault,
        settings.ROLE_SESSION_NAME: session_name_fault,
        settings.REGION: region_fault,
        settings.DURATION_SECONDS: seconds_fault,
        settings.SOURCE_IDENTITY: session_name_fault,
        settings.SESSION_TAGS: lambda text: line_fault(text) or "; ".join(parse_tags(text)[1]),
        settings.TRANSITIVE_SESSION_TAGS: lambda text: (
            line_fault(text) or "; ".join(transitive_faults(parse_keys(text), tags))
        ),
    }
    if settings.ROLE_ARN not in profile:
        missing = f"{spelled(settings.ROLE_ARN)} is missing: it names the role, as in {EXAMPLE_ROLE_ARN}"
        yield Fault(name, settings.ROLE_ARN, missing)
    for key, check in checks.items():
        if key in profile:
            value = profile[key]
            fault = _BLOCK if isinstance(value, dict) else check(str(value))
            if fault:
                yield Fault(name, key, f"{spelled(key)} {str(value)!r}: {fault}")


def _source_faults(name: str, profiles: Profiles, spelled: Spelling) -> list[Fault]:
    """ValidationError of the chain; those of the profile's own values are found before."""
    profile = profiles[name]
    source = profile.get(settings.SOURCE_PROFILE)
    if isinstance(source, dict) or isinstance(profile.get(settings.CREDENTIAL_SOURCE), dict):
        return []
    fault = source_fault(name, profiles, source, spelled)
    if fault:
        return [Fault(name, settings.SOURCE_PROFILE, fault)]
    try:
        # The copy is only read, which is all that a ChainMap's parts have to bear here.
        trial = ChainMap({name: _only_chain(profile)}, profiles)  # type: ignore[arg-type]
        role = resolve(trial, name, environment={})
    except ProfileError as found:
        return [Fault(found.profile, settings.SOURCE_PROFILE, str(found))]
    return _chain_faults(name, profile, role, spelled)


def source_fault(name: str, profiles: Profiles, source: Any, spelled: Spelling) -> str | None:
    """What is wrong with a profile's source itself, before the chain is followed."""
    named = spelled(settings.SOURCE_PROFILE)
    if source is not None and settings.CREDENTIAL_SOURCE in profiles[name]:
        return (
            f"{named} and {spelled(settings.CREDENTIAL_SOURCE)} exclude each other: "
            f'give the one that is not meant as ""'
        )
    if source is None:
        return None if settings.CREDENTIAL_SOURCE in profiles[name] else _no_source(name, profiles, named)
    if source not in profiles:
        near = get_close_matches(str(source), [other for other in profiles if other != name], n=3)
        hint = (
            f"did you mean {printable(' or '.join(near))}?"
            if near
            else f"there are {_sources(name, profiles)}"
        )
        return f"{named} {str(source)!r}: there is no such profile; {hint}"
    if not gives_credentials(profiles, source, to=name):
        return (
            f"{named} {source!r}: that profile has no credentials to call with; those "
            f"which have some: {_sources(name, profiles)}"
        )
    return None


def _only_chain(profile: Mapping[str, Any]) -> dict[str, Any]:
    """A role profile without what has been looked at already, or is once the chain is known."""
    kept = {key: value for key, value in profile.items() if key not in _SENT}
    return kept | {settings.ROLE_ARN: EXAMPLE_ROLE_ARN}


def _chain_faults(name: str, profile: Mapping[str, Any], role: Role, spelled: Spelling) -> list[Fault]:
    """What the source does not go with: a device on a chained role, and more than an hour.

    STS gives an hour to a role assumed from another role's session or from the shared MFA session.
    """
    faults = []
    serial = profile.get(settings.MFA_SERIAL)
    if isinstance(serial, str) and serial and role.takes_no_code:
        faults.append(Fault(name, settings.MFA_SERIAL, chained_mfa_fault(name, serial, role.source)))
    seconds = str(profile.get(settings.DURATION_SECONDS, settings.ROLE_DURATION_DEFAULT))
    if role.chained or role.session_source or (serial and profile.get(settings.MFA_SESSION) == "on"):
        # What is wrong with it anyway has been said with the other values.
        fault = None if seconds_fault(seconds) else duration_fault(seconds, chained=True, source=role.source)
        if fault:
            key = settings.DURATION_SECONDS
            faults.append(Fault(name, key, f"{spelled(key)} {seconds!r} {fault}"))
    return faults


def _partition_faults(
    name: str, profiles: Profiles, arn: Arn, partition_of: PartitionOf, spelled: Spelling
) -> list[Fault]:
    """A role can be assumed from its own partition only; regions tell where the caller is."""
    profile = profiles[name]
    source = str(profile.get(settings.SOURCE_PROFILE, ""))
    for owner, region in (
        (f"profile {name}", profile.get(settings.REGION)),
        (f"its source {source}", profiles.get(source, {}).get(settings.REGION)),
    ):
        there = partition_of(str(region)) if region else None
        if there and there != arn.partition:
            fault = (
                f"{spelled(settings.ROLE_ARN)} {str(arn)!r} is in the partition {arn.partition}, but {owner} has "
                f"the region {region} of the partition {there}; a role cannot be assumed across partitions"
            )
            return [Fault(name, settings.ROLE_ARN, fault)]
    return []


def _clashes(name: str, profile: Mapping[str, Any]) -> list[Fault]:
    found = [key for key in _CLASHES if key in profile]
    if profile.get(settings.SOURCE_PROFILE) == name and has_static_keys(profile):
        found = [key for key in found if not key.startswith("aws_")]
    if not found:
        return []
    clash = (
        f"profile {name} has {', '.join(found)} as well, and only one of the two ways would be used; take another "
        f"profile name, or --force if that is meant"
    )
    return [Fault(name, None, clash)]


def _no_source(name: str, profiles: Profiles, named: str) -> str:
    if gives_credentials(profiles, "default", to=name):
        return f"{named} is missing; default would do"
    return (
        f"{named} is missing, and the profile default has no credentials; those which "
        f"have some: {_sources(name, profiles)}"
    )


def _sources(name: str, profiles: Profiles) -> str:
    """The profiles that could be the source of `name`, for a message."""
    names = sorted(other for other in profiles if gives_credentials(profiles, other, to=name))
    if not names:
        return "none; make one with: aws configure"
    shown = ", ".join(printable(other) for other in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown


def mfa_serial_to_inherit(profiles: Profiles, source: str) -> str | None:
    """The MFA device of a source profile that is a user; a role's own device says nothing about its callers."""
    profile = profiles.get(source, {})
    serial = profile.get(settings.MFA_SERIAL)
    return None if serial is None or is_role(profile) or role_session(profiles, source) else str(serial)
