"""The provider that replaces botocore's own assume-role provider.

It is a subclass, with the same constructor, ``METHOD`` and settable ``cache``. Errors in a profile that botocore finds
as well are reported by botocore's own code. What differs is where the credentials come from: our cache and fetcher.

Every command with a role profile loads this module. If its memo leads to a record that is good, this is nearly all it
loads of the package. The rest is imported by `loading`, where there is more to do.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.exceptions import InvalidConfigError

from ..storage import memo
from .session_credentials import SessionCredentials, is_outlived, reason_of, register_features

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from ..profiles.cache_keys import CacheKeys
    from ..storage.cache import Cache, Record
    from .fetcher import Fetcher
    from .mfa_session import MfaSession
    from .session_credentials import Served

    Provider = TypeVar("Provider")
    ExplainRefusal = Callable[[Mapping[str, Any], str, str], "str | None"]

MFA_METHOD = "mfa-session"
DROP_IF_REFUSED = "xacct-drop-if-refused"
"""The id of the handler that a session gets with the provider; each session needs its own."""

PRESIGNING = ("choose-signer", "before-parameter-build")
"""What a session emits before it signs a token or a URL, among other requests."""
PRESIGNED = ("-query", "-presign-post")
"""How the names of signatures end that somebody else uses later."""


class AssumeRoleProvider(StockProvider):  # type: ignore[misc]
    """Gives role profiles, and user profiles with ``mfa_session = on``, credentials through the shared cache.

    `cache` is accepted and settable as on botocore's provider, and not used: it belongs to another tool, and its key
    leaves out who calls.
    """

    version = ""
    """This package's, if the provider may use and write memos; see `install`."""
    current: SessionCredentials | None = None
    """What `load` has returned, if that is ours."""
    _served: tuple[memo.Memo, Served] | None = None
    _records: Cache | None = None
    _keys: CacheKeys | None = None
    _checking = False
    _explain_refusal: ExplainRefusal | None = None
    _profile_provider_builder: Any

    def load(self) -> Any:
        """Return credentials for the session's profile, fetched when first used; None if it is not ours.

        Raises botocore's `InvalidConfigError` and its kin for a profile that cannot work.
        """
        self._keys = None  # the environment may have changed since the last load
        if self._served is None:
            from .loading import load

            return load(self)
        (found, served), self._served = self._served, None
        register_features(found.features)
        return self.make_credentials(_look_nowhere, memo.ROLE_FEATURE in found.features, served)

    def make_credentials(
        self, look: Callable[[], Record | None], of_role: bool, served: Served | None = None
    ) -> SessionCredentials:
        """Return the credentials of the profile, a role's or a user's with an MFA session; see there."""
        stock, method = (self.stock_credentials, self.METHOD) if of_role else (self.own_keys, MFA_METHOD)
        self.current = SessionCredentials(look, self.make_fetcher, stock, method, served)
        self.current.present = self.present
        return self.current

    def present(self, error: Exception) -> None:
        """Give an error the text that the AWS CLI should print."""
        from .presentation import present

        present(error, self._load_config().get("profiles", {}), self._profile_name or "default")

    def make_fetcher(self) -> Fetcher | MfaSession:
        """Return what fetches the credentials that `load` has returned. Raises `ProfileError`."""
        from .loading import make_fetcher

        return make_fetcher(self)

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
        if not isinstance(parsed, dict) or "Error" not in parsed or self._checking:
            return
        from ..aws_errors import EXPIRED_CODES, REJECTED_CODES, find_rejected_code

        code = find_rejected_code(parsed)
        if code is None or model.name in ("AssumeRole", "GetSessionToken"):
            return
        self._checking = True  # asking STS about them ends up here, too
        try:
            if self.current:
                self.current.drop(certain=code in EXPIRED_CODES, once=code not in REJECTED_CODES)
        finally:
            self._checking = False

    def prepare_to_presign(
        self, signature_version: object = None, context: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Handle botocore's ``choose-signer`` and ``before-parameter-build``, for what is signed for later.

        Of S3's presigned URLs only the second tells, and of tokens only the first.
        """
        later = context and context.get("is_presign_request")
        if self.current and (later or str(signature_version).endswith(PRESIGNED)):
            self.current.prepare_to_presign()

    @property
    def cache_keys(self) -> CacheKeys:
        """The profile with its cache keys."""
        if self._keys is None:
            from ..profiles.cache_keys import CacheKeys

            self._keys = CacheKeys(self._load_config(), self._profile_name, os.environ)
        return self._keys

    @property
    def records(self) -> Cache:
        """The cache; one object, because it warns once."""
        if self._records is None:
            from ..messages import warn
            from ..profiles.cache_keys import record_cache

            self._records = record_cache(self._load_config(), os.environ, warn)
        return self._records

    def stock_credentials(self, error: Exception, *, reported: bool = False) -> Any:
        """Return what botocore's own provider returns, or raise what it raises, where ours fails with `error`.

        `reported`: botocore itself finds that error as well. It gets a cache of its own, an empty one: the key of the
        CLI's leaves out who calls. Raises `InvalidConfigError` where it would leave out something that a profile asks
        for.
        """
        if not reported:
            self._refuse_stock(error)
        credentials = copy_provider(StockProvider, self, cache={}).load()
        self._refuse_stock(error)  # it has found nothing wrong
        return credentials

    def own_keys(self, _: Exception) -> Any:
        """Return the keys of the provider's profile, which is a user's, where an MFA session of theirs fails."""
        self._loaded_config = self._load_config()
        return self._resolve_credentials_from_profile(self._profile_name)

    def _refuse_stock(self, error: Exception) -> None:
        if self._explain_refusal is not None:
            refusal = self._explain_refusal(
                self._load_config()["profiles"], self._profile_name, reason_of(error)
            )
            if refusal is not None:
                raise InvalidConfigError(error_msg=refusal) from None


def install(session: Any, explain_refusal: ExplainRefusal, version: str = "") -> None:
    """Replace the assume-role provider of a botocore session; a second time changes nothing.

    `explain_refusal` is the package's: it works when all modules are broken, so none could be the one to define it. It
    returns why botocore's own provider must not be used instead of ours, if there is a reason. `version` is this
    package's: with it the session, which is a command's, uses the memo.
    """
    resolver = session.get_component("credential_provider")
    provider = resolver.get_provider(StockProvider.METHOD)
    served = _ask_memo(provider, version) if version else None
    if served is None:
        from . import loading  # noqa: F401 - where that fails, nothing has been replaced
    if not isinstance(provider, AssumeRoleProvider):
        stock, provider = provider, copy_provider(AssumeRoleProvider, provider)
        provider._explain_refusal = explain_refusal
        resolver.providers[resolver.providers.index(stock)] = provider
        session.register("after-call", provider.drop_if_refused, unique_id=DROP_IF_REFUSED)
        if served is None or is_outlived(served[1][0].expiry - served[1][0].refresh_at):
            for event in PRESIGNING:
                session.register(event, provider.prepare_to_presign, unique_id=f"xacct-{event}")
    if version:
        provider.version, provider._served = version, served


def _ask_memo(provider: Any, version: str) -> tuple[memo.Memo, Served] | None:
    """Return the memo of the provider's profile and the credentials it leads to; None if it is not enough.

    What the memo says has to be true of the config that this process has read, which may be older than the files.
    """
    config, profile = provider._load_config(), provider._profile_name
    found = memo.read_memo(profile, version)
    if found is None or not found.features or found.config != memo.config_checksum(config, profile):
        return None
    now = time.time()
    record = found.valid_document(now)
    if record is None or now >= record[0].refresh_at:
        return None
    payload = memo.parse_document(record[1])
    return None if payload is None else (found, (record[0], payload))


def _look_nowhere() -> None:
    """Find no record: what the memo led to is due for a refresh."""


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
