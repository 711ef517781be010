"""The provider that replaces botocore's own assume-role provider.

It is one: it has the same constructor, ``METHOD`` and settable ``cache``, and errors in a profile that botocore finds
as well are reported by botocore's own code. What differs is where the credentials come from: our cache and fetcher.

Every command with a role profile loads this module, so what only a cache miss needs (fetcher, STS, locks, prompts) is
imported on a miss.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.exceptions import BotoCoreError, ClientError, InvalidConfigError

from ..errors import ProfileError, XacctError
from ..messages import warn, wrap_error
from ..profiles.cache_keys import CacheKeys, record_cache
from ..profiles.role import Role
from ..profiles.source import Source, find_credentials_key, is_mfa_user, is_role
from ..storage.cache import Cache
from . import features
from .session_credentials import SessionCredentials, reason_of, register_features, warn_of_stock

if TYPE_CHECKING:
    from .fetcher import Fetcher
    from .mfa_session import MfaSession

Provider = TypeVar("Provider")
ExplainRefusal = Callable[[Mapping[str, Any], str, str], "str | None"]
"""Returns why botocore's own provider must not be used instead of ours; see the package's `explain_refusal`."""

MFA_METHOD = "mfa-session"
DROP_IF_REFUSED = "xacct-drop-if-refused"
"""The id of the handler that a session gets with the provider; each session needs its own."""


class AssumeRoleProvider(StockProvider):  # type: ignore[misc]
    """Gives role profiles, and user profiles with ``mfa_session = on``, credentials through the shared cache.

    `cache` is accepted and settable as on botocore's provider, and not used: it belongs to another tool, and its key
    leaves out who calls.
    """

    _current: SessionCredentials | None = None
    _records: Cache | None = None
    _keys: CacheKeys | None = None
    _checking = False
    _explain_refusal: ExplainRefusal | None = None
    _profile_provider_builder: Any

    def load(self) -> Any:
        """Return credentials for the session's profile, fetched when first used; None if it is not ours.

        Raises botocore's `InvalidConfigError` and its kin for a profile that cannot work.
        """
        profile = self._load_config().get("profiles", {}).get(self._profile_name, {})
        self._keys = None  # the environment may have changed since the last load
        try:
            if is_role(profile):
                self._current = SessionCredentials(
                    self.cache_keys.of_role(),
                    self.records,
                    self.fetcher,
                    self._stock_credentials,
                    self.METHOD,
                )
                self._current.features = self._load_source(self.cache_keys.role)
            elif is_mfa_user(profile):
                key = self.cache_keys.of_session(self.cache_keys.user)
                self._current = SessionCredentials(
                    key, self.records, self.session, self._own_keys, MFA_METHOD
                )
                register_features(features.OF_USER)
            else:
                return None
        except ProfileError as problem:
            if problem.structural:
                return self._stock_credentials(problem)
            error = InvalidConfigError(error_msg=str(problem))
            wrap_error(error)
            raise error from None
        except (XacctError, BotoCoreError, ClientError) as error:
            wrap_error(error)
            raise
        except Exception as bug:  # noqa: BLE001 - a bug in the plugin must not take the CLI with it
            stock = self._stock_credentials(bug)
            warn_of_stock(bug)
            return stock
        return self._current

    def fetcher(self) -> Fetcher:
        """Return the fetcher of the provider's profile, which is a role. Raises `ProfileError`."""
        from .context import make_context
        from .fetcher import Fetcher

        role = self.cache_keys.role
        return Fetcher(role, make_context(self, role))

    def session(self) -> MfaSession:
        """Return the MFA session of the provider's profile, which is a user's. Raises `ProfileError`."""
        from .context import make_context
        from .mfa_session import MfaSession

        user = self.cache_keys.user
        return MfaSession(user, make_context(self, user))

    def drop_if_refused(self, parsed: Any, model: Any, **_: Any) -> None:
        """Handle botocore's ``after-call``: drop credentials that a service rejects, so that the next command works."""
        if not isinstance(parsed, Mapping) or "Error" not in parsed or self._checking:
            return
        from ..aws_errors import EXPIRED_CODES, REJECTED_CODES, find_rejected_code

        code = find_rejected_code(parsed)
        if code is None or model.name in ("AssumeRole", "GetSessionToken"):
            return
        self._checking = True  # asking STS about them ends up here, too
        try:
            if self._current:
                self._current.drop(certain=code in EXPIRED_CODES, once=code not in REJECTED_CODES)
        finally:
            self._checking = False

    @property
    def cache_keys(self) -> CacheKeys:
        """The profile with its cache keys."""
        if self._keys is None:
            self._keys = CacheKeys(self._load_config(), self._profile_name, os.environ)
        return self._keys

    @property
    def records(self) -> Cache:
        """The cache; one object, because it warns once."""
        if self._records is None:
            self._records = record_cache(self._load_config(), os.environ, warn)
        return self._records

    # -- what botocore's own provider does -----------------------------------------------------------

    def _load_source(self, role: Role) -> frozenset[str]:
        """Look for the credentials of a role's source, as botocore does when a role profile is loaded.

        So what is wrong with them is reported then. All that can be had without a network or a program is left to
        botocore's own code. Returns what the calls for the role are counted as: see `register_features`.
        https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html

        Raises botocore's own errors where the source has no credentials.
        """
        config = self._loaded_config = self._load_config()
        first, source = features.find_source(role)
        if source.profile is None:
            if not _needs_network(source.name, os.environ):
                with _blamed_on(source, first.profile):
                    self._resolve_credentials_from_source(source.name, first.profile)
        elif find_credentials_key(config["profiles"][source.profile]) is None:
            with _blamed_on(source, first.profile):
                self._resolve_credentials_from_profile(source.profile)
        counted = features.of_role(role, config["profiles"])
        register_features(counted.using)
        return counted.getting

    def _stock_credentials(self, error: Exception) -> Any:
        """Return what botocore's own provider returns, or raise what it raises, where ours fails with `error`.

        It gets a cache of its own, an empty one: the key of the CLI's leaves out who calls. Raises
        `InvalidConfigError` where it would leave out something that a profile asks for.
        """
        if not isinstance(error, ProfileError):  # those botocore reports itself
            self._refuse_stock(error)
        credentials = copy_provider(StockProvider, self, cache={}).load()
        self._refuse_stock(error)  # it has found nothing wrong
        return credentials

    def _refuse_stock(self, error: Exception) -> None:
        if self._explain_refusal is not None:
            refusal = self._explain_refusal(
                self._load_config()["profiles"], self._profile_name, reason_of(error)
            )
            if refusal is not None:
                raise InvalidConfigError(error_msg=refusal) from None

    def _own_keys(self, _: Exception) -> Any:
        self._loaded_config = self._load_config()
        return self._resolve_credentials_from_profile(self._profile_name)


@contextlib.contextmanager
def _blamed_on(source: Source, profile: str) -> Iterator[None]:
    """Report whatever goes wrong in the block, such as a missing token file, as an error of `source`."""
    try:
        yield
    except (XacctError, BotoCoreError, ClientError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the source's
        from .source_keys import source_error

        raise source_error(error, profile, source) from None


def _needs_network(source: str, environment: Mapping[str, str]) -> bool:
    """Return whether the credentials of a ``credential_source`` come over a network, if there are any."""
    if source == "EcsContainer":
        return any(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI" in environment for kind in ("RELATIVE", "FULL"))
    if source == "Ec2InstanceMetadata":
        return environment.get("AWS_EC2_METADATA_DISABLED", "false").lower() != "true"
    return False


def install(session: Any, explain_refusal: ExplainRefusal) -> None:
    """Replace the assume-role provider of a botocore session; a second time changes nothing.

    `explain_refusal` is the package's: it works when all modules are broken, so none could be the one to define it.
    """
    resolver = session.get_component("credential_provider")
    stock = resolver.get_provider(StockProvider.METHOD)
    if not isinstance(stock, AssumeRoleProvider):
        ours = copy_provider(AssumeRoleProvider, stock)
        ours._explain_refusal = explain_refusal
        resolver.providers[resolver.providers.index(stock)] = ours
        session.register("after-call", ours.drop_if_refused, unique_id=DROP_IF_REFUSED)


def copy_provider(kind: Callable[..., Provider], provider: Any, **changes: Any) -> Provider:
    """Return a provider of class `kind` with the parts of `provider`, except for the `changes`."""
    parts = {
        "load_config": provider._load_config,
        "client_creator": provider._client_creator,
        "cache": provider.cache,
        "profile_name": provider._profile_name,
        "prompter": provider._prompter,
        "credential_sourcer": provider._credential_sourcer,
        "profile_provider_builder": provider._profile_provider_builder,
    }
    return kind(**{**parts, **changes})
