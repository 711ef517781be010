"""SDK profiles: through one of these, SDKs get the credentials of a role profile from `xacct`.

In a profile with a ``role_arn`` SDKs assume the role themselves and never run a ``credential_process``, so it takes a
second profile. Nothing marks it: a profile is the SDK profile of another if it asks `xacct` for that one's credentials
and has no others of its own. One that asks the AWS CLI (``export-credentials``) is somebody's own.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .. import settings
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, find_headers, make_header
from ..messages import role_command
from ..problems import Problem
from ..typed import typed_again
from .credential_process import asks_xacct, find_requested, make_command
from .source import Profiles

_SUFFIX = "-sdk"
_OTHER_CREDENTIALS = (
    settings.ROLE_ARN,
    *(
        key
        for key in settings.CREDENTIAL_KEYS
        if key not in (settings.CREDENTIAL_PROCESS, settings.ACCOUNT_ID)
    ),
)


class SdkRequest(NamedTuple):
    """What ``--sdk-profile`` asks for: a profile of this `name`, of the default name (None), or none at all ("").

    `program` are the words that run `xacct`.
    """

    name: str | None
    program: Sequence[str]


@dataclass
class SdkChanges:
    """What follows for SDK profiles from the edit of a role profile: keys to set and, as None, keys to remove.

    A profile that is None is to be removed.
    """

    profiles: dict[str, dict[str, str | None] | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def written(self) -> list[str]:
        return [name for name, options in self.profiles.items() if options is not None]

    @property
    def removed(self) -> list[str]:
        return [name for name, options in self.profiles.items() if options is None]

    def apply(self, document: Document) -> None:
        for name, options in self.profiles.items():
            headers = find_headers(document.names(), name)
            if options is not None:
                document.change(headers[-1] if headers else make_header(name), options)
                continue
            for header in headers:
                document.remove_section(header)


def default_name(profile: str) -> str:
    """Return the name of a role profile's SDK profile where it is given none."""
    return f"{profile}{_SUFFIX}"


def asks_for(options: Mapping[str, Any], profile: str) -> bool:
    """Return whether a profile's ``credential_process`` asks for the credentials of `profile`."""
    return find_requested(options.get(settings.CREDENTIAL_PROCESS)) == profile


def is_sdk_profile(name: str, options: Mapping[str, Any], profile: str) -> bool:
    """Return whether the profile `name` is an SDK profile of the role profile `profile`."""
    command = options.get(settings.CREDENTIAL_PROCESS)
    if name in ("default", profile) or not (asks_for(options, profile) and asks_xacct(command)):
        return False
    return not any(key in options for key in _OTHER_CREDENTIALS)


def map_requests(profiles: Profiles) -> dict[str, list[str]]:
    """Return the profiles whose ``credential_process`` asks for the credentials of each profile."""
    found: dict[str, list[str]] = {}
    for name, options in profiles.items():
        asked = find_requested(options.get(settings.CREDENTIAL_PROCESS))
        if asked is not None:
            found.setdefault(asked, []).append(name)
    return found


def find_sdk_profiles(
    profiles: Profiles, profile: str, requests: Mapping[str, list[str]] | None = None
) -> list[str]:
    """Return the SDK profiles of a role profile; one with the default name comes first.

    Whoever looks for those of many profiles passes `requests`, which `map_requests` returns.
    """
    asking = (map_requests(profiles) if requests is None else requests).get(profile, [])
    found = [name for name in asking if is_sdk_profile(name, profiles[name], profile)]
    return sorted(found, key=lambda name: name != default_name(profile))


def map_sdk_profiles(profiles: Profiles) -> dict[str, str]:
    """Return the SDK profile of each role profile that has one; of several, the one with the default name."""
    requests = map_requests(profiles)
    found = {asked: find_sdk_profiles(profiles, asked, requests) for asked in requests}
    return {asked: names[0] for asked, names in found.items() if names}


def plan_changes(
    request: SdkRequest | None,
    profile: str,
    profiles: MergedProfiles,
    before: Mapping[str, Any],
    *,
    force: bool,
) -> SdkChanges:
    """Return what to do with the SDK profiles of `profile`.

    `profiles` has that as it will be, and `before` are its options now. `force` replaces a profile of somebody's own.
    """
    if request is None:
        return _follow_region(profile, profiles, before)
    if request.name == "":
        return _remove(profile, profiles, force=force)
    return _write(request, profile, profiles, force=force)


def _write(request: SdkRequest, profile: str, profiles: MergedProfiles, *, force: bool) -> SdkChanges:
    name = default_name(profile) if request.name is None else request.name
    changes = SdkChanges()
    changes.problems += _name_problems(name, profile, profiles)
    existing = profiles.get(name)
    wanted: dict[str, str | None] = {settings.CREDENTIAL_PROCESS: make_command(request.program, profile)}
    region = profiles[profile].get(settings.REGION)
    if isinstance(region, str):
        wanted[settings.REGION] = region
    if existing is not None and name != profile and not is_sdk_profile(name, existing, profile):
        if not force:
            fix = f"choose another name, or replace it:\n  {typed_again('--force')}"
            changes.problems.append(Problem(f"profile {name} exists already, and is not for {profile}", fix))
        wanted = {**dict.fromkeys(existing), **wanted}
    elif existing is not None:
        wanted = {key: value for key, value in wanted.items() if existing.get(key) != value}
    changes.problems += map(Problem, profiles.find_overridden(name, wanted).values())
    if wanted and not changes.problems:
        changes.profiles[name] = wanted
        command = wanted.get(settings.CREDENTIAL_PROCESS)
        changes.notes.append(
            f"profile {name} gives SDKs the credentials of {profile}: credential_process = {command}"
            if command
            else f"region = {region} in its SDK profile {name} as well"
        )
    return changes


def _name_problems(name: str, profile: str, profiles: MergedProfiles) -> Iterator[Problem]:
    from .validation import name_problem

    problem = None if name in profiles else name_problem(name)
    if problem:
        yield Problem(problem)
    elif name == profile:
        text = (
            f"--sdk-profile {name}: it must be another profile, because SDKs ignore its program beside a role"
        )
        yield Problem(text, f"leave out the name, for {default_name(profile)}")
    elif name in list_sources(profile, profiles):
        text = f"--sdk-profile {name}: {profile} gets its own credentials from there"
        yield Problem(text, "choose another name")


def list_sources(profile: str, profiles: MergedProfiles) -> set[str]:
    """Return the profiles that a role profile gets its credentials from, directly or not."""
    found: set[str] = set()
    name = profile
    while name in profiles and name not in found:
        found.add(name)
        options = profiles[name]
        source = options.get(settings.SOURCE_PROFILE) if settings.ROLE_ARN in options else None
        name = str(source or find_requested(options.get(settings.CREDENTIAL_PROCESS)) or "")
    return found


def _remove(profile: str, profiles: MergedProfiles, *, force: bool) -> SdkChanges:
    changes = SdkChanges()
    for name in find_sdk_profiles(profiles, profile):
        users = [other for other in profiles if profiles[other].get(settings.SOURCE_PROFILE) == name]
        if users and not force:
            fix = f"remove it anyway:\n  {typed_again('--force')}"
            changes.problems.append(Problem(f"{name} is the source of {', '.join(users)}", fix))
        changes.profiles[name] = None
    return changes


def _follow_region(profile: str, profiles: MergedProfiles, before: Mapping[str, Any]) -> SdkChanges:
    """Give SDK profiles the new region of their role profile, unless they have one of their own."""
    changes = SdkChanges()
    old, new = before.get(settings.REGION), profiles[profile].get(settings.REGION)
    if old == new or not before:
        return changes
    for name in find_sdk_profiles(profiles, profile):
        if profiles[name].get(settings.REGION) == old:
            changes.profiles[name] = {settings.REGION: None if new is None else str(new)}
            what = "no region" if new is None else f"region = {new}"
            changes.notes.append(f"{what} in its SDK profile {name} as well")
    return changes


def describe_owner(name: str, profiles: Profiles) -> str | None:
    """Return, as a fix, whose SDK profile `name` is; None if it is none."""
    owner = find_requested(profiles[name].get(settings.CREDENTIAL_PROCESS))
    if owner is None or not is_sdk_profile(name, profiles[name], owner):
        return None
    remove = role_command(owner, '--sdk-profile ""')
    return f"it is the SDK profile of {owner}; to remove it: {remove}"
