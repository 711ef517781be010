"""The credentials of many role profiles, and what keeps others from having any."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import ProfileError
from .resolve import resolve_in

if TYPE_CHECKING:
    from ..credentials.fetcher import Fetcher


@dataclass(frozen=True)
class Given:
    """A profile's ``credential_process`` document, or why it has none; `region` is its own, or nothing.

    `handed` is what else of it is for commands, as ``NAME=value``.
    """

    profile: str
    document: Mapping[str, Any] | None = None
    region: str = ""
    error: str = ""
    handed: Sequence[str] = ()


def obtain_many(config: Mapping[str, Any], profiles: Sequence[str]) -> list[Given]:
    """The credentials of role profiles, in their order.

    Those in the cache take no work; the others are fetched, and if somebody has to be asked for a code, that is
    done before all else.
    """
    given: dict[str, Given] = {}
    missing = []
    for profile in profiles:
        try:
            memo = resolve_in(config, profile).memo
        except ProfileError as fault:
            given[profile] = Given(profile, error=str(fault))
            continue
        found = memo.fresh_document(time.time())
        given[profile] = Given(profile, json.loads(found) if found else None, memo.region, handed=memo.handed)
        if found is None:
            missing.append(profile)
    for name, document, error in _fetched(missing) if missing else ():
        given[name] = replace(given[name], document=document, error=error)
    return [given[profile] for profile in profiles]


def _fetched(profiles: Sequence[str]) -> list[tuple[str, Mapping[str, Any] | None, str]]:
    from .fetch import botocore_session

    session = botocore_session(profiles[0])
    # The botocore that these import is there only now.
    from ..credentials.batch import fetch_many
    from ..credentials.profile_session import provider_for

    def fetch(profile: str, fetcher: Fetcher) -> tuple[str, Mapping[str, Any] | None, str]:
        try:
            return profile, fetcher.fetch().document(), ""
        except Exception as error:  # noqa: BLE001 - it is this profile's failure, and the others go on
            return failed(profile, None, error)

    def failed(profile: str, _: Fetcher | None, error: Exception) -> tuple[str, None, str]:
        return profile, None, str(error) or type(error).__name__

    return list(fetch_many(profiles, lambda name: provider_for(session, name).fetcher(), fetch, failed))
