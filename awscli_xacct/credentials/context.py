"""What fetchers work with, passed in so that tests can pass something else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.loaders import create_loader

from ..aws_errors import is_expired_or_unknown_caller
from ..history.recorder import record_session
from ..messages import warn
from ..profiles.cache_keys import CacheKeys, mfa_prompt
from ..profiles.regions import find_partition, find_region
from ..profiles.role import Role
from ..profiles.source import Source
from ..storage.cache import Record, key_name
from ..storage.markers import Directory, Markers
from . import recursion_guard
from .callers import CALLER
from .single_flight import SingleFlight, Warn
from .source_keys import SourceKeys
from .sts import Keys, Sts

if TYPE_CHECKING:
    from ..mfa.codes import Codes, Request

_TOO_LONG = "too-long"
_COMMERCIAL = "aws"


class FetchContext:
    """The parts of one session.

    cache_keys   names the records of the session's profile and of its chain
    source_keys  returns the keys that a chain begins with, given the role profile and the source
    codes        makes what prompts for MFA codes; called when the first one is needed
    warn         prints one line for the user
    region       where STS is called if the session has no region; None leaves it to botocore
    too_long     marks the roles whose maximum duration STS has found shorter than what their profiles ask for
    callers      remembers the ARNs of access keys' owners
    """

    def __init__(
        self,
        flight: SingleFlight,
        cache_keys: CacheKeys,
        client_creator: Callable[..., Any],
        source_keys: Callable[[str, Source], Keys],
        codes: Callable[[], Codes],
        warn: Warn,
        region: str | None = None,
        too_long: Markers = Markers(None, _TOO_LONG),  # noqa: B008 - without a directory it keeps nothing
        callers: Markers = Markers(None, CALLER),  # noqa: B008
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.flight = flight
        self.cache_keys = cache_keys
        self.client_creator = client_creator
        self.source_keys = source_keys
        self.codes = codes
        self.warn = warn
        self.region = region
        self.too_long = too_long
        self.callers = callers
        self.clock = clock

    def sts(self, keys: Keys, *, quick: bool = False) -> Sts:
        """Return STS for the owner of `keys`."""
        return Sts(self.client_creator, keys, region=self.region, quick=quick, clock=self.clock)

    def spend_code(
        self, request: Request, use: Callable[[str], Record], refused: Callable[[Exception], bool]
    ) -> Record:
        """Return what `use` returns for an MFA code that it accepts; one process at a time prompts for a device's.

        See `mfa.codes.Codes.spend`.
        """
        with self.flight.locked(device_lock(request.serial), f"a code of {request.serial}"):
            return self.codes().spend(request, use, refused)


class Cached:
    """Credentials with a record of their own, in the cache of `context`, under `name`."""

    def __init__(self, name: str, context: FetchContext) -> None:
        self.name = name
        self._context = context

    def get(self) -> Record:
        """Return the credentials to assume a role from. Raises botocore's errors and `XacctError`."""
        raise NotImplementedError

    def is_rejected(self, keys: Keys) -> bool:
        """Return whether STS rejects these credentials, which a service has refused; False if it cannot be asked."""
        try:
            self._context.sts(keys, quick=True).caller_arn()
        except Exception as error:  # noqa: BLE001 - whatever it is, they may be valid
            return is_expired_or_unknown_caller(error)
        return False

    def drop(self, access_key: str) -> None:
        """Drop the record, if it has this access key, which was refused."""
        self._context.flight.drop(self.name, access_key)


def device_lock(serial: str) -> str:
    """Return the name of the lock under which one process at a time prompts for a device's code."""
    return key_name({"device": serial})


def make_context(provider: Any, hop: Role | Source) -> FetchContext:
    """Return the parts of a botocore session, for the chain that ends at `hop`.

    `provider` is the session's `provider.AssumeRoleProvider`. Raises `ProfileError`, also where a process that waits
    for this one is fetching the chain already.
    """
    recursion_guard.guard(provider, hop)
    keys, records = provider.cache_keys, provider.records
    keys.session_duration()  # an invalid setting is an error for every profile
    return FetchContext(
        flight=SingleFlight(
            records, warn=warn, obtained=partial(record_session, keys.config, os.environ, records)
        ),
        cache_keys=keys,
        client_creator=provider._client_creator,
        source_keys=SourceKeys(provider).get,
        codes=partial(_codes, mfa_prompt(keys.config, os.environ), records.current_directory),
        warn=warn,
        region=region_for(keys.config, keys.profile),
        too_long=Markers(records.current_directory, _TOO_LONG),
        callers=Markers(records.current_directory, CALLER),
    )


def _codes(mode: str, directory: Directory) -> Codes:
    """Return what prompts for codes; loaded only when one is needed."""
    from ..mfa.codes import Codes, UsedCodes
    from ..mfa.prompters import prompter

    return Codes(prompter(mode), used=UsedCodes(directory))


def region_for(config: Mapping[str, Any], profile: str) -> str | None:
    """Return where to call STS if the profile's session has no region; None where botocore's own choice is good.

    It is the region of the first source of the chain to have one, else one in the partition of the role.
    """
    found = find_region(config["profiles"], profile)
    partition = None if found else find_partition(config["profiles"].get(profile, {}))
    return found or (default_region(partition) if partition and partition != _COMMERCIAL else None)


@cache
def default_region(partition: str) -> str | None:
    """Return a region of a partition, from the list that comes with botocore."""
    from ..profiles.partitions import Partitions

    return Partitions(create_loader().load_data("partitions")).default_region(partition)
