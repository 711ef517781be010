"""What fetchers work with, handed in so that tests can hand in something else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.loaders import create_loader

from .. import settings
from ..messages import warn
from ..profiles.cache_keys import CacheKeys, mfa_prompt
from ..profiles.partitions import Partitions
from ..profiles.regions import partition_of, region_in_chain
from ..profiles.role import Role
from ..profiles.source import Source
from ..storage.cache import Record
from ..storage.markers import Markers, Where
from . import recursion_guard
from .single_flight import SingleFlight, Tell
from .source_keys import SourceKeys
from .sts import Issued, Keys, Sts, is_expired_or_unknown_caller

if TYPE_CHECKING:
    from ..mfa.codes import Codes

_TOO_LONG = "too-long"
_COMMERCIAL = "aws"


@dataclass(frozen=True)
class FetchContext:
    """The parts of one session.

    cache_keys        names the records of the session's profile, and of its chain
    source_keys       the credentials a chain begins with, by botocore's providers; told for which profile
    codes             makes what asks for MFA codes; called when the first one is needed
    warn              says one line to the user
    region            where STS is called if the session has no region; None: where botocore does
    too_long          the roles whose maximum STS has found shorter than what is asked for
    """

    flight: SingleFlight
    cache_keys: CacheKeys
    client_creator: Callable[..., Any]
    source_keys: Callable[[str, Source], Keys]
    codes: Callable[[], Codes]
    warn: Tell
    region: str | None = None
    too_long: Markers = field(default_factory=lambda: Markers(None, _TOO_LONG))
    clock: Callable[[], float] = time.time

    def sts(self, keys: Keys, *, quick: bool = False) -> Sts:
        """STS as the owner of `keys` sees it."""
        return Sts(self.client_creator, keys, region=self.region, quick=quick, clock=self.clock)

    def is_dead(self, keys: Keys) -> bool:
        """Whether STS says that these credentials have ended; not if it cannot be asked."""
        try:
            self.sts(keys, quick=True).caller_arn()
        except Exception as error:  # noqa: BLE001 - whatever it is, they may be good
            return is_expired_or_unknown_caller(error)
        return False


def make_context(provider: Any, hop: Role | Source) -> FetchContext:
    """Return the parts of a botocore session, for the chain that ends at `hop`.

    `provider` is the session's `provider.AssumeRoleProvider`. Raises `ProfileError`, also where the chain is being
    fetched already by a process that waits for this one.
    """
    recursion_guard.guard(provider, hop)
    keys, records = provider.cache_keys, provider.records
    keys.session_duration()  # a setting that cannot be is an error for every profile
    return FetchContext(
        flight=SingleFlight(records, warn=warn),
        cache_keys=keys,
        client_creator=provider._client_creator,
        source_keys=SourceKeys(provider).get,
        codes=partial(_codes, mfa_prompt(keys.config, os.environ), records.where),
        warn=warn,
        region=region_for(keys.config, keys.profile),
        too_long=Markers(records.where, _TOO_LONG),
    )


def _codes(mode: str, where: Where) -> Codes:
    """What asks for codes; loaded only when one is needed."""
    from ..mfa.codes import Codes, UsedCodes
    from ..mfa.prompters import asker

    return Codes(asker(mode), used=UsedCodes(where))


def region_for(config: Mapping[str, Any], profile: str) -> str | None:
    """Where STS is called if the profile's session has no region; None where botocore's own choice is good.

    That is where the first source of its chain to have a region is, else in the partition of its role.
    """
    found = region_in_chain(config["profiles"], profile)
    partition = None if found else partition_of(config["profiles"].get(profile, {}))
    return found or (default_region(partition) if partition and partition != _COMMERCIAL else None)


@cache
def default_region(partition: str) -> str | None:
    """A region of a partition, from the list that comes with botocore."""
    return Partitions(create_loader().load_data("partitions")).default_region(partition)


def keys_of(record: Record) -> Keys:
    """What a record's owner signs with."""
    return Keys(record.access_key, record.secret_key, record.token)


def record_of(issued: Issued, *, about: dict[str, Any]) -> Record:
    """A record of what STS gave, to be renewed 15 minutes before its end, or in the second half of its life."""
    life = issued.expiry - issued.obtained
    return Record(
        issued.access_key,
        issued.secret_key,
        issued.token,
        issued.expiry,
        issued.expiry - min(settings.RENEW_AT_MOST, life / settings.RENEW_FRACTION),
        issued.account,
        {**about, "obtained": issued.obtained},
    )
