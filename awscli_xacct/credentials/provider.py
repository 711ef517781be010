"""The provider that stands where botocore's own assume-role provider stood.

It is one: the same constructor, ``METHOD`` and settable ``cache``, and where a profile has a fault that
botocore finds as well, botocore's own code finds it. What differs is where credentials come from when
the profile is sound: our cache and fetcher.

Every command with a role profile loads this module, so what only a missing record needs (fetcher, STS,
locks, prompts) is imported when a record is missing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, InvalidConfigError

from .. import settings
from ..errors import ProfileError, XacctError
from ..messages import printable, warn, wrap_error
from ..profiles import cache_keys
from ..profiles.role import Role, resolve
from ..profiles.source import Source, is_mfa_user, is_role, resolve_user
from ..storage.cache import Cache, cache_directory
from . import loading

if TYPE_CHECKING:
    from .context import FetchContext
    from .fetcher import Fetcher
    from .mfa_session import MfaSession
    from .sts import Keys

Unhonoured = Callable[[Mapping[str, Any], str, str], "str | None"]
"""Why botocore's own provider must not stand in for ours; see the package's `unhonoured`."""

MFA_METHOD = "mfa-session"
DROP_IF_REFUSED = "xacct-drop-if-refused"
"""What the handler is called that a session gets with the provider; each session needs its own."""

MANDATORY_SHARE = 3
"""That credentials cannot be renewed is an error in the last third of the time in which it is tried."""


class AssumeRoleProvider(StockProvider):  # type: ignore[misc]
    """Gives role profiles, and users' profiles with ``mfa_session = on``, credentials through the shared cache.

    `cache` is accepted and settable as on botocore's provider, and is not used: it belongs to another
    tool, and its key leaves out who calls.
    """

    _current: SessionCredentials | None = None
    _records: Cache | None = None
    _asking = False
    _failed: Mapping[str, tuple[float, Exception]] = {}
    _unhonoured: Unhonoured | None = None
    _profile_provider_builder: Any

    def load(self) -> Any:
        """Credentials for the session's profile, fetched when they are first used; None if it is not ours.

        Raises botocore's `InvalidConfigError` and its kin for a profile that cannot work.
        """
        config = self._load_config()
        profile = config.get("profiles", {}).get(self._profile_name, {})
        try:
            if is_role(profile):
                role = self.role()
                name = cache_keys.role_record(role, self.endpoint(config))
                self._current = self._credentials(
                    config, name, self.fetcher, self._stock_credentials, self.METHOD
                )
                self._current.features = loading.load(self, role, config)
            elif is_mfa_user(profile):
                name = self._session_record(config)
                self._current = self._credentials(config, name, self.session, self._own_keys, MFA_METHOD)
                loading.register(["CREDENTIALS_PROFILE"])
            else:
                return None
        except ProfileError as fault:
            if fault.structural:
                return self._stock_credentials(fault)
            error = InvalidConfigError(error_msg=str(fault))
            wrap_error(error)
            raise error from None
        except (XacctError, BotoCoreError, ClientError) as error:
            wrap_error(error)
            raise
        except Exception as fault:  # noqa: BLE001 - a plugin's fault must not take the CLI with it
            stock = self._stock_credentials(fault)
            _tell_of_stock(fault)
            return stock
        return self._current

    def role(self) -> Role:
        """The provider's profile, which is a role. Raises `ProfileError`."""
        config = self._load_config()
        sso_sessions = config.get("sso_sessions")
        return resolve(
            config["profiles"], self._profile_name, sso_sessions=sso_sessions, environment=os.environ
        )

    def fetcher(self) -> Fetcher:
        """The fetcher of the provider's profile, which is a role. Raises `ProfileError`."""
        from .fetcher import Fetcher

        role = self.role()
        self._check_circle(role)
        return Fetcher(role, self._make_context())

    def session(self) -> MfaSession:
        """The MFA session of the provider's profile, which is a user's. Raises `ProfileError`."""
        from .mfa_session import user_session

        user = self._user()
        self._check_circle(user)
        return user_session(user, self._make_context())

    def drop_if_refused(self, parsed: Any, model: Any, **_: Any) -> None:
        """Botocore's ``after-call``: credentials a service calls dead are dropped, so the next command heals."""
        if not isinstance(parsed, Mapping) or "Error" not in parsed or self._asking:
            return
        from .refusals import EXPIRED_CODES, REJECTED_CODES, refusal

        code = refusal(parsed)
        if code is None or model.name in ("AssumeRole", "GetSessionToken"):
            return
        self._asking = True  # what STS is asked about them comes by here, too
        try:
            if self._current:
                self._current.drop(certain=code in EXPIRED_CODES, once=code not in REJECTED_CODES)
        finally:
            self._asking = False

    # -- what the fetcher works with ---------------------------------------------------------------

    @property
    def client_creator(self) -> Callable[..., Any]:
        return self._client_creator  # type: ignore[no-any-return]

    @property
    def profile(self) -> str:
        return self._profile_name  # type: ignore[no-any-return]

    def record_cache(self, config: Mapping[str, Any]) -> Cache:
        """This configuration's records; one object, because it warns once."""
        if self._records is None:
            directory = cache_directory(cache_keys.setting(config, settings.CACHE_DIR, os.environ))
            self._records = Cache(directory, warn=warn)
        return self._records

    def endpoint(self, config: Mapping[str, Any]) -> tuple[Any, ...]:
        """What sends this profile's STS calls elsewhere than to AWS."""
        return cache_keys.endpoint(config, self._profile_name, os.environ)

    def source_keys(self, profile: str, source: Source) -> Keys:
        """The credentials a chain begins with, by botocore's own providers and with errors of its kinds.

        A source that has failed is not asked again for a while: in a command of many requests each would run its
        program.
        """
        from . import source_keys

        self._loaded_config = self._load_config()
        if source.profile is None:
            load = partial(self._resolve_credentials_from_source, source.credential_source, profile)
        else:
            load = partial(self._resolve_credentials_from_profile, source.profile)
        failed = self._failed.get(source.name)
        if failed is not None and time.monotonic() < failed[0] + settings.RETRY_SECONDS:
            raise failed[1]
        own = self._loaded_config["profiles"].get(source.profile, {})
        try:
            return source_keys.source_keys(load, profile, source, own, self._profile_provider_builder)
        except (BotoCoreError, ClientError) as error:
            self._failed = {**self._failed, source.name: (time.monotonic(), error)}
            raise

    def _check_circle(self, hop: Role | Source) -> None:
        """Raise `ProfileError` where a program would wait for itself, and see to it that it can be found out."""
        from . import recursion_guard

        names = recursion_guard.names_of(hop)
        recursion_guard.check(names, os.environ)
        if self._profile_provider_builder and not isinstance(
            self._profile_provider_builder, recursion_guard.MarkedPrograms
        ):
            self._profile_provider_builder = recursion_guard.MarkedPrograms(
                self._profile_provider_builder, names
            )

    def _make_context(self) -> FetchContext:
        from .context import make_context

        return make_context(self, self._load_config())

    def _credentials(
        self,
        config: Mapping[str, Any],
        name: str,
        fetcher: Callable[[], Fetcher | MfaSession],
        stock: Callable[[Exception], Any],
        method: str,
    ) -> SessionCredentials:
        return SessionCredentials(name, self.record_cache(config), fetcher, stock, method)

    def _session_record(self, config: Mapping[str, Any]) -> str:
        user = self._user()
        duration = cache_keys.session_duration(config, os.environ)
        return cache_keys.session_record(str(user.mfa_serial), user, duration, self.endpoint(config))

    def _user(self) -> Source:
        config = self._load_config()
        return resolve_user(config["profiles"], self._profile_name, sso_sessions=config.get("sso_sessions"))

    def _stock_credentials(self, fault: Exception) -> Any:
        """What botocore's own provider gives, or raises, where ours has this fault.

        It gets a cache of its own, an empty one: the key of the CLI's leaves out who calls. Raises
        `InvalidConfigError` where it would leave out something that a profile asks for.
        """
        if not isinstance(fault, ProfileError):  # those botocore says itself
            self._refuse_stock(fault)
        stock = StockProvider(
            load_config=self._load_config,
            client_creator=self._client_creator,
            cache={},
            profile_name=self._profile_name,
            prompter=self._prompter,
            credential_sourcer=self._credential_sourcer,
            profile_provider_builder=self._profile_provider_builder,
        )
        credentials = stock.load()
        self._refuse_stock(fault)  # it has found nothing wrong
        return credentials

    def _refuse_stock(self, fault: Exception) -> None:
        if self._unhonoured is not None:
            refusal = self._unhonoured(self._load_config()["profiles"], self._profile_name, _reason(fault))
            if refusal is not None:
                raise InvalidConfigError(error_msg=refusal) from None

    def _own_keys(self, _: Exception) -> Any:
        self._loaded_config = self._load_config()
        return self._resolve_credentials_from_profile(self._profile_name)


class SessionCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]
    """Credentials that renew themselves, in good time for a session of any length.

    botocore renews 15 minutes before the end, which is all of a short session; here that follows from the session's
    own life. And then all threads wait for the new ones: what they sign with the old ones may die too early.
    """

    features: frozenset[str] = (
        frozenset()
    )  # what the calls for these credentials are counted as: see `loading`

    def __init__(
        self,
        name: str,
        cache: Cache,
        fetcher: Callable[[], Fetcher | MfaSession],
        stock: Callable[[Exception], Any],
        method: str,
    ) -> None:
        """`name` is the record's. `fetcher` makes what fetches it, `stock` botocore's own credentials, should
        that have a fault."""
        self._name = name
        self._cache = cache
        self._make_fetcher = fetcher
        self._fetcher: Fetcher | MfaSession | None = None
        self._asked: set[str] = set()
        self._make_stock = stock
        self._stock: Any = None
        super().__init__(self._refreshed, method)

    def drop(self, *, certain: bool, once: bool = False) -> None:
        """Forget what is cached, if it is what this process uses; unless it is `certain`, if STS refuses it too.

        It is asked about the same credentials a second time only if `once` is off.
        """
        used = self._frozen_credentials
        if used is None or (once and used.access_key in self._asked):
            return
        self._asked.add(used.access_key)
        if certain or self._fetching().is_dead(used):
            self._fetching().drop(used.access_key)

    def _fetching(self) -> Fetcher | MfaSession:
        if self._fetcher is None:
            self._fetcher = self._make_fetcher()
        return self._fetcher

    def _refreshed(self) -> dict[str, Any]:
        try:
            record = self._cache.read(self._name)
            if record is None or time.time() >= record.renew:
                loading.register(self.features)
                record = self._fetching().fetch()
        except (XacctError, BotoCoreError, ClientError) as error:
            wrap_error(error)
            raise
        except Exception as fault:  # noqa: BLE001 - a plugin's fault must not take the CLI with it
            return self._from_stock(fault)
        self._advisory_refresh_timeout = record.expiry - record.renew
        self._mandatory_refresh_timeout = self._advisory_refresh_timeout
        return {
            "access_key": record.access_key,
            "secret_key": record.secret_key,
            "token": record.token,
            "expiry_time": record.expiry_text,
            "account_id": record.account,
        }

    def _protected_refresh(self, is_mandatory: bool) -> None:  # noqa: ARG002 - all threads wait, but few have to fail
        must = self.refresh_needed(self._advisory_refresh_timeout / MANDATORY_SHARE)
        super()._protected_refresh(is_mandatory=must)

    def _from_stock(self, fault: Exception) -> dict[str, Any]:
        from datetime import datetime, timedelta, timezone

        if self._stock is None:  # kept, because it keeps what it has got
            self._stock = self._make_stock(fault)
        _tell_of_stock(fault)
        frozen = self._stock.get_frozen_credentials()
        expiry = getattr(self._stock, "_expiry_time", None) or datetime.now(timezone.utc) + timedelta(hours=1)
        return {
            "access_key": frozen.access_key,
            "secret_key": frozen.secret_key,
            "token": frozen.token,
            "expiry_time": expiry.isoformat(),
        }


def _reason(fault: Exception) -> str:
    return f"{type(fault).__name__}: {printable(str(fault))}"


def _tell_of_stock(fault: Exception) -> None:
    warn(f"botocore's own credentials are used, because of {_reason(fault)}")


def install(session: Any, unhonoured: Unhonoured) -> None:
    """Put the provider into a botocore session, in the place of its own. Twice is as good as once.

    `unhonoured` is the package's: it works when all modules are broken, so it is in none that could be imported here.
    """
    resolver = session.get_component("credential_provider")
    stock = resolver.get_provider(StockProvider.METHOD)
    if not isinstance(stock, AssumeRoleProvider):
        ours = in_place_of(stock, stock._load_config, stock._client_creator, stock._profile_name)
        ours._unhonoured = unhonoured
        resolver.providers[resolver.providers.index(stock)] = ours
        session.register("after-call", ours.drop_if_refused, unique_id=DROP_IF_REFUSED)


def in_place_of(
    stock: Any, load_config: Callable[[], Any], client_creator: Callable[..., Any], profile: str
) -> AssumeRoleProvider:
    """A provider with the parts of botocore's own, `stock`, and with these."""
    return AssumeRoleProvider(
        load_config=load_config,
        client_creator=client_creator,
        cache=stock.cache,
        profile_name=profile,
        prompter=stock._prompter,
        credential_sourcer=stock._credential_sourcer,
        profile_provider_builder=stock._profile_provider_builder,
    )
