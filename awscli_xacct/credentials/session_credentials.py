"""The credentials object that botocore holds for a profile: it reads the cache, and refreshes through a fetcher."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from botocore import credentials as stock
from botocore.credentials import DeferredRefreshableCredentials

from .. import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..storage.cache import Record
    from ..storage.record import RecordHeader
    from .fetcher import Fetcher
    from .mfa_session import MfaSession

    Served = tuple[RecordHeader, Mapping[str, str]]
    """The header of a record, and its ``credential_process`` document."""

MANDATORY_SHARE = 3
"""A refresh that fails is an error in the last third of the refresh window; before that the old credentials serve."""


class SessionCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]
    """Credentials that refresh themselves, in good time for a session of any length.

    botocore refreshes 15 minutes before the end, which is all of a short session; here that follows from the session's
    own life. And all threads wait for the new credentials: what they sign with the old ones may expire too early.
    """

    features: Iterable[str] = ()
    """What the calls that fetch these credentials are counted as: see `register_features`."""
    remember: Callable[[], None] | None = None
    """Called once when there are credentials."""
    present: Callable[[Exception], None] | None = None
    """Called with each error that is raised on purpose."""

    def __init__(
        self,
        look: Callable[[], Record | None],
        make_fetcher: Callable[[], Fetcher | MfaSession],
        make_stock: Callable[[Exception], Any],
        method: str,
        served: Served | None = None,
    ) -> None:
        """`look` returns the cached record, if there is one; `served` is what has been read of it already.

        `make_stock` makes the credentials that botocore itself would use, should our own code fail with an exception.
        """
        self._look = look
        self._make_fetcher = make_fetcher
        self._fetcher: Fetcher | MfaSession | None = None
        self._checked: set[str] = set()
        self._make_stock = make_stock
        self._stock: Any = None
        self._served = served
        self._presigning = False
        super().__init__(self._refresh_from_cache, method)

    def drop(self, *, certain: bool, once: bool = False) -> None:
        """Drop the cached record that this process uses: at once if `certain`, else if STS rejects it too.

        With `once`, STS is not asked about the same credentials again.
        """
        used = self._frozen_credentials
        if used is None or (once and used.access_key in self._checked):
            return
        self._checked.add(used.access_key)
        if certain or self._get_fetcher().is_rejected(used):
            self._get_fetcher().drop(used.access_key)

    def prepare_to_presign(self) -> None:
        """Get a new session if what is signed now for others to use may outlive this one, but would not a new one.

        Tokens for EKS and RDS and presigned URLs end with the session that has signed them.
        """
        self.get_frozen_credentials()
        if not is_outlived(self._advisory_refresh_timeout):
            return
        with self._refresh_lock:
            self._presigning = True
            try:
                self._protected_refresh(is_mandatory=False)
            finally:
                self._presigning = False

    def _get_fetcher(self) -> Fetcher | MfaSession:
        if self._fetcher is None:
            self._fetcher = self._make_fetcher()
        return self._fetcher

    def _refresh_from_cache(self) -> dict[str, Any]:
        served, self._served = self._served, None
        if served is not None and time.time() < served[0].refresh_at:
            return self._take(*served)
        try:
            from .loading import EXPECTED
        except Exception as bug:  # noqa: BLE001 - the package has been damaged since this command began
            return self._refresh_from_stock(bug)
        try:
            record = None if self._presigning else self._look()
            if record is None or time.time() >= record.refresh_at:
                fetcher = self._get_fetcher()
                register_features(self.features)
                record = fetcher.fetch_to_presign() if self._presigning else fetcher.fetch()
        except EXPECTED as error:
            if self.present:
                self.present(error)
            raise
        except Exception as bug:  # noqa: BLE001 - a bug in the plugin must not take the CLI with it
            return self._refresh_from_stock(bug)
        remember, self.remember = self.remember, None
        if remember:
            remember()
        return self._take(record, record.payload())

    def _take(self, times: Record | RecordHeader, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the credentials in a ``credential_process`` document as botocore wants them."""
        self._advisory_refresh_timeout = times.expiry - times.refresh_at
        self._mandatory_refresh_timeout = self._advisory_refresh_timeout
        return {
            "access_key": document["AccessKeyId"],
            "secret_key": document["SecretAccessKey"],
            "token": document["SessionToken"],
            "expiry_time": document["Expiration"],
            "account_id": document.get("AccountId"),
        }

    def _protected_refresh(self, is_mandatory: bool) -> None:  # noqa: ARG002 - all threads wait, but few have to fail
        must = self.refresh_needed(self._advisory_refresh_timeout / MANDATORY_SHARE)
        super()._protected_refresh(is_mandatory=must)

    def _refresh_from_stock(self, error: Exception) -> dict[str, Any]:
        from datetime import datetime, timedelta, timezone

        if self._stock is None:  # kept, because it keeps what it has fetched
            self._stock = self._make_stock(error)
        with contextlib.suppress(Exception):  # that which prints it may be what is broken
            warn_of_stock(error)
        frozen = self._stock.get_frozen_credentials()
        expiry = getattr(self._stock, "_expiry_time", None) or datetime.now(timezone.utc) + timedelta(hours=1)
        return {
            "access_key": frozen.access_key,
            "secret_key": frozen.secret_key,
            "token": frozen.token,
            "expiry_time": expiry.isoformat(),
        }


def is_outlived(refresh_seconds: float) -> bool:
    """Return whether what a session signs may outlive it, if it is refreshed so many seconds before its end.

    Any other is long, and has at least as much left as a token is good for.
    """
    return refresh_seconds < settings.REFRESH_SECONDS - 1


def register_features(ids: Iterable[str]) -> None:
    """Have botocore count these features in the ``m/`` part of the current call's User-Agent; older releases do not.

    AWS counts the features of its SDKs by it.
    """
    register = getattr(stock, "register_feature_ids", None)
    if register is not None:
        register(ids)


def reason_of(error: Exception) -> str:
    """Return an unexpected error as text for a message, which has to escape it."""
    return f"{type(error).__name__}: {error}"


def warn_of_stock(error: Exception) -> None:
    """Tell the user that botocore's own credentials are used, because of `error`."""
    from ..messages import warn

    warn(f"botocore's own credentials are used, because of {reason_of(error)}")
