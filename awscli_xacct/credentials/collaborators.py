"""What fetchers work with, handed in so that tests can hand in something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import settings
from ..awsconfig.profiles import Source
from ..cache import Record
from .flight import Flight, Tell
from .sts import Issued, Keys, Sts

if TYPE_CHECKING:
    from ..mfa.codes import Codes


@dataclass(frozen=True)
class Collaborators:
    """The parts of one session.

    source_keys       the credentials a chain begins with, by botocore's providers; told for which profile
    codes             makes what asks for MFA codes; called when the first one is needed
    tell              says one line to the user
    region            where STS is called if the session has no region
    endpoint          whatever the user has configured as STS's address: credentials of one are none at another
    session_duration  how long a shared MFA session is to last, in seconds
    """

    flight: Flight
    client_creator: Callable[..., Any]
    source_keys: Callable[[str, Source], Keys]
    codes: Callable[[], Codes]
    tell: Tell
    region: str = settings.DEFAULT_REGION
    endpoint: tuple[Any, ...] = ()
    session_duration: int = settings.SESSION_DURATION_DEFAULT
    clock: Callable[[], float] = time.time

    def sts(self, keys: Keys, *, hurry: bool = False) -> Sts:
        """STS as the owner of `keys` sees it."""
        return Sts(self.client_creator, keys, region=self.region, hurry=hurry, clock=self.clock)


def keys_of(record: Record) -> Keys:
    """What a record's owner signs with."""
    return Keys(record.access_key, record.secret_key, record.token)


def record_of(issued: Issued, *, margin: float, about: dict[str, Any]) -> Record:
    """A record of what STS gave, to be renewed in the last sixth of its life, or `margin` seconds if less."""
    life = issued.expiry - issued.obtained
    return Record(
        issued.access_key,
        issued.secret_key,
        issued.token,
        issued.expiry,
        issued.expiry - min(margin, life / settings.RENEW_FRACTION),
        issued.account,
        {**about, "obtained": issued.obtained},
    )
