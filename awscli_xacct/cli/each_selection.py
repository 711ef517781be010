"""The role profiles or accounts that a command line of `each` chooses."""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from .. import settings
from ..arn import Arn
from ..discovery.accounts import find_accounts
from ..errors import ValidationError
from ..messages import LIST_PROFILES, unknown_profile
from ..problems import Hints, Problem
from ..profiles.defaults import complete_settings
from ..profiles.regions import find_region
from ..profiles.source import Profiles, is_role
from . import for_once
from .enabled_regions import is_pattern
from .fetch import make_session
from .resolve import read_config

HEADING = "nothing was run"
USAGE = "xacct each [options] [PATTERN ...] -- CMD ..."


class AccountProfile(NamedTuple):
    """An account, and the name of its profile in the config."""

    profile: str
    id: str
    name: str


class Selection(NamedTuple):
    """Role profiles of `config`, which are those of `accounts` or in the files; `host` is one that is in the files."""

    config: Mapping[str, Any]
    profiles: Sequence[str]
    host: str
    accounts: Mapping[str, AccountProfile] = {}


def select(options: argparse.Namespace) -> Selection:
    """Return the profiles that were asked for. Raises `ValidationError` and, for an organization, botocore's errors."""
    config = read_config()
    profiles = config["profiles"]
    given = for_once.parse(options)
    if not options.org:
        names = _choose(options, profiles)
        if given:
            given.check(config, names, HEADING)
        return Selection(config, names, names[0])
    source = options.source_profile or settings.find_current_profile(os.environ) or "default"
    if source not in profiles:
        unknown = Problem(unknown_profile(source, profiles), code="ProfileNotFound")
        raise ValidationError(HEADING, [unknown])
    extended, accounts = _add_accounts(config, source, options.role_name, options.ou_id or ())
    if given:
        given.check(extended, [each.profile for each in accounts], HEADING)
    by_profile = {each.profile: each for each in accounts}
    return Selection(extended, list(by_profile), source, by_profile)


def _choose(options: argparse.Namespace, profiles: Profiles) -> list[str]:
    """Return the role profiles that were asked for, in the order of the file. Raises `ValidationError`."""
    roles = [name for name, found in profiles.items() if is_role(found)]
    problems = list(_find_unmatched(options.patterns, roles, profiles))
    if options.all and options.patterns:
        problems.append(Problem("--all and a PATTERN cannot be used together", "use one of them"))
    if not (options.all or options.patterns):
        problems.append(Problem("no profile given", f"use a PATTERN or --all: {USAGE}"))
    if options.all and not roles:
        fix = "create one with: aws configure role PROFILE --role-arn ARN"
        problems.append(Problem("there is no role profile", fix, code="ProfileNotFound"))
    if problems:
        raise ValidationError(HEADING, problems)
    if options.all:
        return roles
    plain = set(options.patterns)
    patterns = [pattern for pattern in options.patterns if is_pattern(pattern)]
    return [
        name for name in roles if name in plain or any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def _find_unmatched(patterns: Sequence[str], roles: Sequence[str], profiles: Profiles) -> Iterator[Problem]:
    known, hints = set(roles), Hints()
    for pattern in patterns:
        if pattern in known or (is_pattern(pattern) and any(fnmatchcase(name, pattern) for name in roles)):
            continue
        near = get_close_matches(pattern.strip("*?"), roles, n=3) if hints.take() else []
        if pattern in profiles or any(fnmatchcase(name, pattern) for name in profiles):
            text = f"{pattern} matches only profiles without a role"
            yield Problem(text, "use xacct exec for those", code="ProfileInvalid")
        else:
            hint = f"did you mean {' or '.join(near)}?" if near else LIST_PROFILES
            yield Problem(f"no role profile matches {pattern}", hint, code="ProfileNotFound")


def _add_accounts(
    config: Mapping[str, Any], source: str, role_name: str, units: Sequence[str]
) -> tuple[Mapping[str, Any], list[AccountProfile]]:
    """Return the config with a profile for each active account, of some units or of all, and the accounts.

    `source` is the profile that lists them, and that assumes the role in each. Raises `ValidationError`, and
    botocore's errors.
    """
    session = make_session(source)
    profiles = config["profiles"]
    region = find_region(profiles, source) or settings.DEFAULT_REGION
    found = find_accounts(
        lambda: session.create_client("organizations", region_name=region),
        source,
        units,
        option="--source-profile",
        heading=HEADING,
    )
    made, accounts = {}, []
    for each in found:
        name = each.id
        while name in profiles:
            name = f"{name}+"
        role = str(Arn.iam(each.partition, each.id, f"role/{role_name.strip('/')}"))
        given = {settings.ROLE_ARN: role, settings.SOURCE_PROFILE: source, settings.REGION: region}
        made[name] = complete_settings(name, profiles, given)[0]
        accounts.append(AccountProfile(name, each.id, each.name))
    return {**config, "profiles": {**profiles, **made}}, accounts
