"""The provider that stands where botocore's own assume-role provider stood.

It is one: the same constructor, ``METHOD`` and settable ``cache``, and where a profile has a fault that
botocore finds as well, botocore's own code finds it. What differs is where credentials come from when
the profile is sound: our cache and fetcher.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, InvalidConfigError

from .. import settings
from ..awsconfig.profiles import Role, Source, is_mfa_user, is_role, resolve, resolve_user
from ..awsconfig.records import endpoint, mfa_prompt, session_duration, setting, sts_endpoint
from ..cache import Cache, cache_directory
from ..errors import ProfileFault, XacctError, printable
from .collaborators import Collaborators
from .fetcher import Fetcher, user_session
from .flight import Flight
from .mfa_session import MfaSession
from .sts import Keys

if TYPE_CHECKING:
    from ..mfa.codes import Codes

DEAD_SESSION = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "RequestExpired",
        "UnrecognizedClientException",
    }
)
"""What services say of credentials that have ended or were never theirs. Dropping good ones costs one call."""

MANDATORY_SHARE = 3
"""All threads wait for new credentials in the last third of the time in which they are renewed."""


class AssumeRoleProvider(StockProvider):  # type: ignore[misc]
    """Gives role profiles their credentials through the shared cache.

    `cache` is accepted and settable as on botocore's provider, and is not used: it belongs to another
    tool, and its key leaves out who calls.
    """

    _current: SessionCredentials | None = None

    def load(self) -> SessionCredentials | None:
        """Credentials for the session's profile, fetched when they are first used; None if it is not ours.

        Raises botocore's `InvalidConfigError` and its kin for a profile that cannot work.
        """
        config = self._load_config()
        profile = config.get("profiles", {}).get(self._profile_name, {})
        try:
            if is_role(profile):
                fetcher = self.fetcher()
                self._current = SessionCredentials(fetcher, super().load, self.METHOD)
            elif is_mfa_user(profile):
                session = self.session()
                self._current = SessionCredentials(session, self._own_keys, "mfa-session")
            else:
                return None
        except ProfileFault as fault:
            if fault.structural:
                return super().load()  # type: ignore[no-any-return]
            raise InvalidConfigError(error_msg=str(fault)) from None
        return self._current

    def fetcher(self) -> Fetcher:
        """The fetcher of the provider's profile, which is a role. Raises `ProfileFault`."""
        self._loaded_config = config = self._load_config()
        role = resolve(
            config.get("profiles", {}),
            self._profile_name,
            sso_sessions=config.get("sso_sessions"),
            environment=os.environ,
        )
        return Fetcher(role, self._collaborators(config, role.source))

    def session(self) -> MfaSession:
        """The MFA session of the provider's profile, which is a user's. Raises `ProfileFault`."""
        self._loaded_config = config = self._load_config()
        user = resolve_user(
            config.get("profiles", {}), self._profile_name, sso_sessions=config.get("sso_sessions")
        )
        return user_session(user, self._collaborators(config, user))

    def drop_if_refused(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Botocore's ``after-call``: credentials a service calls dead are dropped, so the next command heals."""
        code = parsed.get("Error", {}).get("Code") if isinstance(parsed, Mapping) else None
        if code in DEAD_SESSION and model.name not in ("AssumeRole", "GetSessionToken") and self._current:
            self._current.drop()

    def _own_keys(self) -> Any:
        return self._resolve_credentials_from_profile(self._profile_name)

    def _collaborators(self, config: Mapping[str, Any], source: Role | Source) -> Collaborators:
        directory = cache_directory(setting(config, settings.CACHE_DIR, os.environ))
        return Collaborators(
            flight=Flight(Cache(directory, warn=tell), tell=tell),
            client_creator=self._client_creator,
            source_keys=self._source_keys,
            codes=partial(_codes, mfa_prompt(config, os.environ), directory),
            tell=tell,
            region=_source_region(config, source),
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


class SessionCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]
    """Credentials that renew themselves, in good time for a session of any length.

    botocore renews 15 minutes before the end and insists 10 minutes before it, which is most of, or all
    of, a short session; here both follow from the session's own life.
    """

    def __init__(self, fetcher: Fetcher | MfaSession, stock: Callable[[], Any], method: str) -> None:
        """`stock` gives botocore's own credentials, should `fetcher` be broken."""
        self._fetcher = fetcher
        self._stock = stock
        super().__init__(self._refreshed, method)

    def drop(self) -> None:
        """Forget what is cached, if it is what this process uses."""
        if self._frozen_credentials is not None:
            self._fetcher.drop(self._frozen_credentials.access_key)

    def _refreshed(self) -> dict[str, Any]:
        try:
            record = self._fetcher.fetch()
        except (XacctError, BotoCoreError, ClientError):
            raise
        except Exception as fault:  # noqa: BLE001 - a plugin's fault must not take the CLI with it
            return self._from_stock(fault)
        self._advisory_refresh_timeout = record.expiry - record.renew
        self._mandatory_refresh_timeout = self._advisory_refresh_timeout / MANDATORY_SHARE
        return {
            "access_key": record.access_key,
            "secret_key": record.secret_key,
            "token": record.token,
            "expiry_time": record.expiry_text,
            "account_id": record.account,
        }

    def _from_stock(self, fault: Exception) -> dict[str, Any]:
        tell(f"botocore's own credentials are used, because of {type(fault).__name__}: {fault}")
        stock = self._stock()
        frozen = stock.get_frozen_credentials()
        expiry = getattr(stock, "_expiry_time", None) or datetime.now(timezone.utc) + timedelta(hours=1)
        return {
            "access_key": frozen.access_key,
            "secret_key": frozen.secret_key,
            "token": frozen.token,
            "expiry_time": expiry.isoformat(),
        }


def install(session: Any) -> None:
    """Put the provider into a botocore session, in the place of its own. Twice is as good as once."""
    resolver = session.get_component("credential_provider")
    stock = resolver.get_provider(StockProvider.METHOD)
    if not isinstance(stock, AssumeRoleProvider):
        ours = _in_place_of(stock, stock._load_config, stock._client_creator, stock._profile_name)
        resolver.providers[resolver.providers.index(stock)] = ours
        session.register("after-call", ours.drop_if_refused, unique_id="xacct-drop-if-refused")


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


def _source_region(config: Mapping[str, Any], source: Role | Source) -> str:
    """The region that the first source of a chain to have one has."""
    while True:
        region = config["profiles"].get(source.profile, {}).get(settings.REGION)
        if region or isinstance(source, Source):
            return str(region or settings.DEFAULT_REGION)
        source = source.source
