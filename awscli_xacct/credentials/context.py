"""What fetchers work with, passed in so that tests can pass something else."""

import os
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.loaders import create_loader

from .. import settings
from ..arn import Arn
from ..aws_errors import is_expired_or_unknown_caller
from ..history.recorder import record_session
from ..messages import warn
from ..profiles.cache_keys import CacheKeys, describe_setting, mfa_prompt
from ..profiles.regions import find_partition, find_region
from ..profiles.role import Role
from ..profiles.source import Source
from ..storage.cache import Record, Warn, key_name
from ..storage.markers import Directory, Markers
from . import recursion_guard
from .single_flight import SingleFlight
from .source_keys import SourceKeys
from .sts import Keys, Sts

if TYPE_CHECKING:
    from ..mfa.codes import CodeRequest, Codes

_TOO_LONG, _CALLER = "too-long", "caller"
"""The kinds of the markers."""
_COMMERCIAL = "aws"


class FetchContext(NamedTuple):
    """The parts of one session.

    cache_keys   names the records of the session's profile and of its chain
    source_keys  returns the keys that a chain begins with, given the role profile and the source
    codes        makes what prompts for MFA codes; called when the first one is needed
    warn         prints one line for the user
    region       where STS is called if the session has no region; None leaves it to botocore
    too_long     marks the roles whose maximum duration STS has found shorter than what their profiles ask for
    callers      remembers for all processes the ARNs of access keys' owners, which are no secret
    """

    flight: SingleFlight
    cache_keys: CacheKeys
    client_creator: Callable[..., Any]
    source_keys: Callable[[str, Source], Keys]
    codes: "Callable[[], Codes]"
    warn: Warn
    region: str | None = None
    too_long: Markers = Markers(None, _TOO_LONG)  # without a directory it keeps nothing
    callers: Markers = Markers(None, _CALLER)
    clock: Callable[[], float] = time.time

    def sts(self, keys: Keys, *, quick: bool = False) -> Sts:
        """Return STS for the owner of `keys`."""
        return Sts(self.client_creator, keys, region=self.region, quick=quick, clock=self.clock)

    def spend_code(
        self, request: "CodeRequest", use: Callable[[str], Record], refused: Callable[[Exception], bool]
    ) -> Record:
        """Return what `use` returns for an MFA code that it accepts; one process at a time prompts for a device's.

        See `mfa.codes.Codes.spend`.
        """
        with self.flight.locked(device_lock(request.serial), f"a code of {request.serial}"):
            return self.codes().spend(request, use, refused)

    def find_known_caller(self, access_key: str) -> str | None:
        """Return the ARN of an access key's owner if it is remembered."""
        return self._read_caller(self.cache_keys.of_caller(access_key))

    def find_caller(self, keys: Keys, *, quick: bool) -> str:
        """Return the ARN of the owner of `keys`; one process at a time asks STS.

        Raises botocore's errors, and `BusyError`.
        """
        name = self.cache_keys.of_caller(keys.access_key)
        known = self._read_caller(name)
        if known:
            return known
        with self.flight.locked(name, "the name of the user"):
            known = self._read_caller(name)
            if not known:
                known = self.sts(keys, quick=quick).caller_arn()
                if known.isascii() and known.isprintable() and Arn.parse(known):
                    self.callers.write(name, known)
        return known

    def _read_caller(self, name: str) -> str | None:
        marker = self.callers.read(name)
        return marker[1] if marker and marker[0] < settings.CALLER_SECONDS and Arn.parse(marker[1]) else None


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
        callers=Markers(records.current_directory, _CALLER),
    )


def _codes(mode: str, directory: Directory) -> "Codes":
    """Return what prompts for codes; loaded only when one is needed."""
    from ..mfa.codes import Codes, UsedCodes
    from ..mfa.prompters import prompter

    setting = describe_setting(settings.MFA_PROMPT, os.environ, mode)
    return Codes(prompter(mode, setting), used=UsedCodes(directory))


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
