"""The features that AWS counts by the ``m/`` part of a User-Agent: where the credentials of a call come from.

The names are botocore's. https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

# No `from __future__ import annotations`: a NamedTuple would compile the text of each annotation.

from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import settings
from ..profiles.cache_keys import CacheKeys
from ..profiles.role import Role
from ..profiles.source import Source, find_credentials_key, is_role
from ..storage.memo import ROLE_FEATURE

OF_USER = frozenset({"CREDENTIALS_PROFILE"})
"""Of the calls with a user profile's credentials."""

_OF_SOURCES = {
    "Ec2InstanceMetadata": "CREDENTIALS_IMDS",
    "Environment": "CREDENTIALS_ENV_VARS",
    "EcsContainer": "CREDENTIALS_HTTP",
}
_OF_PROFILES = {
    settings.CREDENTIAL_PROCESS: {"CREDENTIALS_PROFILE_PROCESS", "CREDENTIALS_PROCESS"},
    settings.LOGIN_SESSION: {"CREDENTIALS_PROFILE_LOGIN", "CREDENTIALS_LOGIN"},
}


class Features(NamedTuple):
    """Those of the calls that get a role's credentials, and of the calls with them."""

    getting: frozenset[str]
    using: frozenset[str]


def of_role(role: Role, profiles: Mapping[str, Mapping[str, Any]]) -> Features:
    """Return what is counted for a role, except what botocore's own providers count for its source."""
    first, source = find_source(role)
    ids: set[str] = set()
    more: set[str] = set()
    if first is not role or source.profile is not None:
        ids |= {"CREDENTIALS_PROFILE_SOURCE_PROFILE", "CREDENTIALS_PROFILE"}
    if source.profile is None:
        ids |= {"CREDENTIALS_PROFILE_NAMED_PROVIDER", _OF_SOURCES[source.name]}
    else:
        more = _OF_PROFILES.get(find_credentials_key(profiles[source.profile]) or "", more)
    getting = ids if first is role else {*ids, ROLE_FEATURE}
    return Features(frozenset(getting), frozenset({*ids, *more, ROLE_FEATURE}))


def find_source(role: Role) -> tuple[Role, Source]:
    """Return the role that is assumed first, and the source that its chain begins with."""
    while isinstance(role.source, Role):
        role = role.source
    return role, role.source


def of_memo(keys: CacheKeys) -> list[str]:
    """Return what is counted for the calls with a profile's credentials; nothing if only botocore can tell.

    It can where it has to look for the credentials of the source, and reports those that are missing.
    """
    profiles = keys.config["profiles"]
    if not is_role(profiles[keys.profile]):
        return sorted(OF_USER)
    source = find_source(keys.role)[1].profile
    known = source is not None and find_credentials_key(profiles[source]) is not None
    return sorted(of_role(keys.role, profiles).using) if known else []
