"""The provider that stands where botocore's own assume-role provider stood.

It is one: the same constructor, ``METHOD`` and settable ``cache``, and where a profile has a fault that
botocore finds as well, botocore's own code finds it. What differs is where credentials come from when
the profile is sound: our cache and fetcher.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, InvalidConfigError

from .. import settings
from ..awsconfig.profiles import Role, Source, is_role, resolve
from ..awsconfig.records import endpoint, mfa_prompt, session_duration, setting, sts_endpoint
from ..cache import Cache, Record, cache_directory
from ..errors import ProfileFault, XacctError, printable
from .collaborators import Collaborators
from .fetcher import Fetcher
from .flight import Flight
from .sts import Keys

if TYPE_CHECKING:
    from ..mfa.codes import Codes

MANDATORY_SHARE = 3
"""All threads wait for new credentials in the last third of the time in which they are renewed."""


class AssumeRoleProvider(StockProvider):  # type: ignore[misc]
    """Gives role profiles their credentials through the shared cache.

    `cache` is accepted and settable as on botocore's provider, and is not used: it belongs to another
    tool, and its key leaves out who calls.
    """

    def load(self) -> RoleCredentials | None:
        """Credentials for the session's profile, fetched when they are first used; None if it is no role.

        Raises botocore's `InvalidConfigError` and its kin for a profile that cannot work.
        """
        config = self._load_config()
        if not is_role(config.get("profiles", {}).get(self._profile_name, {})):
            return None
        try:
            fetcher = self.fetcher()
        except ProfileFault as fault:
            if fault.structural:
                return super().load()  # type: ignore[no-any-return]
            raise InvalidConfigError(error_msg=str(fault)) from None
        return RoleCredentials(fetcher.fetch, super().load)

    def fetcher(self) -> Fetcher:
        """The fetcher of the provider's profile, which is a role. Raises `ProfileFault`."""
        self._loaded_config = config = self._load_config()
        role = resolve(
            config.get("profiles", {}),
            self._profile_name,
            sso_sessions=config.get("sso_sessions"),
            environment=os.environ,
        )
        return Fetcher(role, self._collaborators(config, role))

    def _collaborators(self, config: Mapping[str, Any], role: Role) -> Collaborators:
        directory = cache_directory(setting(config, settings.CACHE_DIR, os.environ))
        return Collaborators(
            flight=Flight(Cache(directory, warn=tell), tell=tell),
            client_creator=self._client_creator,
            source_keys=self._source_keys,
            codes=partial(_codes, mfa_prompt(config, os.environ), directory),
            tell=tell,
            region=_source_region(config, role),
            endpoint=endpoint(config, self._profile_name, os.environ),
            session_duration=session_duration(config, os.environ),
        )

    def _source_keys(self, profile: str, source: Source) -> Keys:
        """The credentials a chain begins with, by botocore's own providers and with their errors."""
        if source.profile is None:
            credentials = self._resolve_credentials_from_source(source.credential_source, profile)
        else:
            credentials = self._resolve_credentials_from_profile(source.profile)
        frozen = credentials.get_frozen_credentials()
        return Keys(frozen.access_key, frozen.secret_key, frozen.token)


def _codes(mode: str, directory: Path | None) -> Codes:
    """What asks for codes; loaded only when one is needed."""
    from ..mfa.codes import Codes
    from ..mfa.memory import UsedCodes
    from ..mfa.sources import asker

    return Codes(asker(mode), used=UsedCodes(directory))


class RoleCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]
    """Credentials that renew themselves, in good time for a session of any length.

    botocore renews 15 minutes before the end and insists 10 minutes before it, which is most of, or all
    of, a short session; here both follow from the session's own life.
    """

    def __init__(self, fetch: Callable[[], Record], stock: Callable[[], Any]) -> None:
        """`fetch` gives a good record; `stock` gives botocore's own credentials, should `fetch` be broken."""
        self._fetch = fetch
        self._stock = stock
        super().__init__(self._refreshed, StockProvider.METHOD)

    def _refreshed(self) -> dict[str, Any]:
        try:
            record = self._fetch()
        except (XacctError, BotoCoreError, ClientError):
            raise
        except Exception as fault:  # noqa: BLE001 - a plugin's fault must not take the CLI with it
            return self._from_stock(fault)
        self._scale(record)
        return {
            "access_key": record.access_key,
            "secret_key": record.secret_key,
            "token": record.token,
            "expiry_time": record.expiry_text,
            "account_id": record.account,
        }

    def _from_stock(self, fault: Exception) -> dict[str, Any]:
        tell(f"botocore's own role credentials are used, because of {type(fault).__name__}: {fault}")
        stock = self._stock()
        frozen = stock.get_frozen_credentials()
        return {
            "access_key": frozen.access_key,
            "secret_key": frozen.secret_key,
            "token": frozen.token,
            "expiry_time": stock._expiry_time.isoformat(),
        }

    def _scale(self, record: Record) -> None:
        self._advisory_refresh_timeout = record.expiry - record.renew
        self._mandatory_refresh_timeout = self._advisory_refresh_timeout / MANDATORY_SHARE


def install(session: Any) -> None:
    """Put the provider into a botocore session, in the place of its own. Twice is as good as once."""
    resolver = session.get_component("credential_provider")
    stock = resolver.get_provider(StockProvider.METHOD)
    if not isinstance(stock, AssumeRoleProvider):
        ours = _in_place_of(stock, stock._load_config, stock._client_creator, stock._profile_name)
        resolver.providers[resolver.providers.index(stock)] = ours


def provider_for(session: Any, profile: str, config: Mapping[str, Any] | None = None) -> AssumeRoleProvider:
    """A provider for any profile, with the session's own parts; `config` to be believed instead of the file.

    STS is called where the profile says, not where the session's own profile says.
    """
    stock = session.get_component("credential_provider").get_provider(StockProvider.METHOD)
    found = session.full_config if config is None else config
    region = found["profiles"][profile].get(settings.REGION)
    address = sts_endpoint(found, profile, os.environ)

    def create_client(service: str, **options: Any) -> Any:
        if region:
            options["region_name"] = region
        if address:
            options["endpoint_url"] = address
        else:
            own_address = Config(ignore_configured_endpoint_urls=True)
            options["config"] = options["config"].merge(own_address) if "config" in options else own_address
        return stock._client_creator(service, **options)

    return _in_place_of(stock, lambda: found, create_client, profile)


def _in_place_of(
    stock: Any, load_config: Callable[[], Any], client_creator: Callable[..., Any], profile: str
) -> AssumeRoleProvider:
    return AssumeRoleProvider(
        load_config=load_config,
        client_creator=client_creator,
        cache=stock.cache,
        profile_name=profile,
        prompter=stock._prompter,
        credential_sourcer=stock._credential_sourcer,
        profile_provider_builder=stock._profile_provider_builder,
    )


def tell(message: str) -> None:
    """One line to the user, on stderr: stdout belongs to the command."""
    if sys.stderr is not None:
        sys.stderr.write(f"xacct: {printable(message)}\n")
        sys.stderr.flush()


def _source_region(config: Mapping[str, Any], role: Role) -> str:
    """The region that the first source of a chain to have one has."""
    source: Role | Source = role
    while isinstance(source, Role):
        source = source.source
        region = config["profiles"].get(source.profile, {}).get(settings.REGION)
        if region:
            return str(region)
    return settings.DEFAULT_REGION
