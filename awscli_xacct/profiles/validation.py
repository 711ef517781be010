"""Find everything that keeps a profile from working as a role, at once, each problem with its fix.

Nothing here raises, whatever a config file holds. The limits of single settings are in `values`.
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any

from .. import settings
from ..arn import Arn
from ..errors import ProfileError
from ..messages import listed, option, printable, role_command
from ..problems import Hints, Problem
from .chain_problems import chained_duration_problem, chained_mfa_problem
from .config_keys import KEYS
from .managed_policies import find_foreign, parse_arns
from .partitions import Partitions
from .policies import shortened
from .role import Role, resolve
from .source import Profiles, can_be_source, describe_role_session, has_static_keys, is_role
from .tags import parse_keys, parse_tags, transitive_problems
from .values import EXAMPLE_ROLE_ARN, role_arn_problem, seconds_problem, value_problem

# Settings that botocore uses before a role, or does not use because of one.
_CLASHES = (
    settings.ACCESS_KEY_ID,
    settings.SECRET_ACCESS_KEY,
    settings.CREDENTIAL_PROCESS,
    settings.LOGIN_SESSION,
    settings.SSO_ACCOUNT_ID,
    settings.SSO_SESSION,
    settings.SSO_START_URL,
    settings.WEB_IDENTITY_TOKEN_FILE,
)
_SOURCES = (settings.SOURCE_PROFILE, settings.CREDENTIAL_SOURCE)

_BLOCK = "must be one line, not an indented block"

Spelling = Callable[[str], str]
"""How a message names a config key: as a command line's option, or as a file's key."""


def name_problem(name: str) -> str | None:
    """Return what is wrong with the name of a profile, or None."""
    if not name.strip():
        return "a profile needs a name"
    if name != name.strip() or not name.isprintable():
        return f"the profile name {name!r} begins or ends with a space or has a control character"
    if "]" in name:
        return f"the profile name {name!r} contains ], which ends a section header; use another character"
    return None


def find_problems(
    name: str,
    profiles: Profiles,
    *,
    partitions: Partitions | None,
    force: bool = False,
    spelled: Spelling = option,
    hints: Hints | None = None,
) -> list[Problem]:
    """Return everything that keeps the profile `name` of `profiles` from working as a role, worst first.

    `partitions` are the known ones; None: not checked. `force` accepts settings that clash with a
    role. Texts name a key as `spelled` returns it; fixes are for the command line. Whoever checks many profiles passes
    the same `hints` for all.
    """
    profile = profiles[name]
    problems = [
        *_value_problems(name, profile, partitions, spelled),
        *_source_problems(name, profiles, spelled, hints or Hints()),
    ]
    text = str(profile.get(settings.ROLE_ARN, ""))
    arn = Arn.parse(text)
    if arn and not role_arn_problem(text, partitions):
        problems += _partition_problems(name, profiles, arn, partitions, spelled) if partitions else []
        problems += _foreign_policy_problems(name, profile, spelled)
    if not force:
        problems += _clashes(name, profile)
    return problems


def _value_problems(
    name: str, profile: Mapping[str, Any], partitions: Partitions | None, spelled: Spelling
) -> Iterable[Problem]:
    if settings.ROLE_ARN not in profile:
        missing = f"{spelled(settings.ROLE_ARN)} is missing: for example {EXAMPLE_ROLE_ARN}"
        yield Problem(missing, profile=name, key=settings.ROLE_ARN)
    for key in filter(profile.__contains__, KEYS):
        value = profile[key]
        reason = _BLOCK if isinstance(value, dict) else value_problem(key, str(value), partitions)
        if not reason and key == settings.TRANSITIVE_SESSION_TAGS:
            tags = parse_tags(str(profile.get(settings.SESSION_TAGS, "")))[0]
            reason = "; ".join(transitive_problems(parse_keys(str(value)), tags))
        if reason:
            shown = shortened(str(value)) if key == settings.POLICY else str(value)
            yield Problem(f"{spelled(key)} {shown!r}: {reason}", profile=name, key=key)


def _source_problems(name: str, profiles: Profiles, spelled: Spelling, hints: Hints) -> list[Problem]:
    """Return the problems of the chain, without those of the profile's own values."""
    profile = profiles[name]
    source = profile.get(settings.SOURCE_PROFILE)
    if isinstance(source, dict) or isinstance(profile.get(settings.CREDENTIAL_SOURCE), dict):
        return []
    problem = source_problem(name, profiles, source, spelled, hints)
    if problem:
        return [problem]
    try:
        # A ChainMap asks for mutable mappings, and only reads these.
        trial = ChainMap({name: _only_chain(profile)}, profiles)  # type: ignore[arg-type]
        role = resolve(trial, name, environment={})
    except ProfileError as found:
        return [found.problem._replace(key=settings.SOURCE_PROFILE)]
    return _chain_problems(name, profile, role, spelled)


def source_problem(
    name: str, profiles: Profiles, source: Any, spelled: Spelling, hints: Hints
) -> Problem | None:
    """Return what is wrong with a profile's source itself, without following the chain, or None."""
    problem = partial(Problem, profile=name, key=settings.SOURCE_PROFILE)
    named = spelled(settings.SOURCE_PROFILE)
    if settings.CREDENTIAL_SOURCE in profiles[name]:
        if source is None:
            return None
        both = f"{named} and {spelled(settings.CREDENTIAL_SOURCE)} cannot be used together"
        fixes = [role_command(name, f'{option(key)} ""') for key in _SOURCES]
        return problem(both, "\n  ".join(["remove one:", *fixes]))
    if source is None:
        if can_be_source(profiles, "default", to=name):
            return problem(f"{named} is missing; default could be used")
        text = f"{named} is missing, and the profile default has no credentials"
    elif source not in profiles:
        text = f"{named} {str(source)!r}: there is no such profile"
    elif not can_be_source(profiles, source, to=name):
        text = f"{named} {source!r}: that profile has no credentials"
    else:
        return None
    if hints.take():
        misspelled = source if source is not None and source not in profiles else None
        text += f"; {_suggest_sources(name, profiles, misspelled)}"
    return problem(text)


def _suggest_sources(name: str, profiles: Profiles, misspelled: Any) -> str:
    """Return which profiles could be the source of `name`: similar to what was written, if there are any."""
    near = (
        []
        if misspelled is None
        else get_close_matches(str(misspelled), [other for other in profiles if other != name], n=3)
    )
    if near:
        return f"did you mean {printable(' or '.join(near))}?"
    names = sorted(other for other in profiles if can_be_source(profiles, other, to=name))
    return f"possible sources: {listed(names) if names else 'none; create one with: aws configure'}"


def _only_chain(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return a role profile with only the keys that its chain depends on, and those that are no role's."""
    kept = {key: value for key, value in profile.items() if key in _SOURCES or key not in KEYS}
    return kept | {settings.ROLE_ARN: EXAMPLE_ROLE_ARN}


def _chain_problems(name: str, profile: Mapping[str, Any], role: Role, spelled: Spelling) -> list[Problem]:
    """Return what the source rules out: a device on a chained role, and more than an hour.

    STS allows an hour for a role assumed from another role's session or from the shared MFA session.
    """
    problems = []
    serial = profile.get(settings.MFA_SERIAL)
    if isinstance(serial, str) and serial and role.takes_no_code:
        problems.append(chained_mfa_problem(name, serial, role.source))
    seconds = str(profile.get(settings.DURATION_SECONDS, settings.DEFAULT_ROLE_DURATION))
    an_hour = role.chained or role.session_source or (serial and profile.get(settings.MFA_SESSION) == "on")
    # Any other problem with it has been reported with the other values.
    if an_hour and not seconds_problem(seconds) and int(seconds) > settings.MAX_CHAINED_DURATION:
        key = settings.DURATION_SECONDS
        text = f"{spelled(key)} {seconds!r} {chained_duration_problem(role.source)}"
        problems.append(Problem(text, profile=name, key=key))
    return problems


def _partition_problems(
    name: str, profiles: Profiles, arn: Arn, partitions: Partitions, spelled: Spelling
) -> list[Problem]:
    """Return a problem if a region places the caller outside the role's partition: STS cannot cross partitions."""
    profile = profiles[name]
    source = str(profile.get(settings.SOURCE_PROFILE, ""))
    for owner, region in (
        (f"profile {name}", profile.get(settings.REGION)),
        (f"its source {source}", profiles.get(source, {}).get(settings.REGION)),
    ):
        there = partitions.of_region(str(region)) if region else None
        if there and there != arn.partition:
            text = (
                f"{spelled(settings.ROLE_ARN)} {str(arn)!r} is in partition {arn.partition}, but {owner} has region "
                f"{region} of partition {there}; a role cannot be assumed across partitions"
            )
            return [Problem(text, profile=name, key=settings.ROLE_ARN)]
    return []


def _foreign_policy_problems(name: str, profile: Mapping[str, Any], spelled: Spelling) -> Iterable[Problem]:
    """Yield a problem if managed policies are of another partition or account than the role."""
    key = settings.POLICY_ARNS
    try:
        arns = parse_arns(str(profile.get(key, "")))
    except ValueError:
        return  # reported with the other values, or there are none
    for text in find_foreign(arns, str(profile[settings.ROLE_ARN])):
        yield Problem(f"{spelled(key)}: {text}", profile=name, key=key)


def _clashes(name: str, profile: Mapping[str, Any]) -> list[Problem]:
    found = [key for key in _CLASHES if key in profile]
    if profile.get(settings.SOURCE_PROFILE) == name and has_static_keys(profile):
        found = [key for key in found if not key.startswith("aws_")]
    if not found:
        return []
    clash = f"profile {name} also has {', '.join(found)}, and only one of the two would be used"
    fix = f"use another profile name, or write it all the same:\n  {role_command(name, '--force')}"
    return [Problem(clash, fix, name)]


def find_inherited_mfa_serial(profiles: Profiles, source: str) -> str | None:
    """Return the MFA device of a source profile, None if it gives a role's session: STS accepts no code from one."""
    profile = profiles.get(source, {})
    serial = profile.get(settings.MFA_SERIAL)
    return (
        None if serial is None or is_role(profile) or describe_role_session(profiles, source) else str(serial)
    )
