"""The features that AWS counts by the ``m/`` part of a User-Agent: where the credentials of a call come from.

The names are botocore's. https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from collections.abc import Sequence
from typing import NamedTuple

from .. import settings
from ..profiles.cache_keys import CacheKeys
from ..profiles.role import Role
from ..profiles.source import Source
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
    """The features of the calls that get a role's credentials, and of the calls made with them.

    `complete` is false if only botocore can tell where the source has its credentials, or that they are missing.
    """

    getting: frozenset[str]
    using: frozenset[str]
    complete: bool


def of_chain(hops: Sequence[Role]) -> Features:
    """Return what is counted for the first of a chain's roles, except what botocore counts for its source itself."""
    source, chained = hops[-1].source, len(hops) > 1
    assert isinstance(source, Source)  # noqa: S101 - the chain begins with it
    ids: set[str] = set()
    more: set[str] = set()
    if chained or source.profile is not None:
        ids |= {"CREDENTIALS_PROFILE_SOURCE_PROFILE", "CREDENTIALS_PROFILE"}
    if source.profile is None:
        ids |= {"CREDENTIALS_PROFILE_NAMED_PROVIDER", _OF_SOURCES[source.name]}
    else:
        more = _OF_PROFILES.get(source.credentials_key or "", more)
    getting = {*ids, ROLE_FEATURE} if chained else ids
    using = frozenset({*ids, *more, ROLE_FEATURE})
    return Features(frozenset(getting), using, complete=source.credentials_key is not None)


def of_memo(keys: CacheKeys) -> list[str]:
    """Return what is counted for the calls with a profile's credentials; nothing if only botocore can tell."""
    if not keys.hops:
        return sorted(OF_USER)
    found = of_chain(keys.hops)
    return sorted(found.using) if found.complete else []
