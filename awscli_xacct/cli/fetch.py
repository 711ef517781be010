"""The credentials of profiles: from the cache, or from botocore with this package's provider."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .. import install, settings
from ..credentials.resolution import Resolved
from ..credentials.single_flight import SingleFlight, purpose_of
from ..errors import ProfileError
from ..failures import Failure, describe
from ..messages import warn
from ..profiles.cache_keys import record_cache
from ..profiles.source import is_role
from ..storage.cache import format_time
from ..storage.memo import Memo
from .for_once import ForOnce
from .resolve import find_botocore, resolve_in

if TYPE_CHECKING:
    from ..credentials.fetcher import Fetcher

_NO_MEMO = Memo("", "", "")


def fetch(resolved: Resolved, for_once: ForOnce | None = None) -> bytes:
    """Return the ``credential_process`` document of a profile, one line. Raises `XacctError` and botocore's errors.

    `for_once` is what the profile was narrowed by.
    """
    document = resolved.memo.fresh_document(time.time())
    # Started by a process that fetches, this one may wait for itself; the guard on the way through botocore finds out.
    nested = settings.RESOLVING_VARIABLE in os.environ
    if document is None and resolved.memo.record and is_role(resolved.options) and not nested:
        # Of two hundred that start at once, all but one are served by its record, and need no botocore.
        cache = record_cache(resolved.config, os.environ, warn)
        SingleFlight(cache, warn=warn).wait_for_others(resolved.memo.record, purpose_of(resolved.profile))
        document = resolved.memo.fresh_document(time.time())
    if document is None and for_once is not None:
        return _fetch_narrowed(resolved)
    return document or _fetch_by_botocore(resolved)


@dataclass(frozen=True)
class Fetched:
    """A profile's memo and ``credential_process`` document, or the reason why it has no document."""

    profile: str
    document: Mapping[str, Any] | None = None
    error: str = ""
    failure: Failure | None = None
    memo: Memo = _NO_MEMO


def fetch_many(
    config: Mapping[str, Any],
    profiles: Sequence[str],
    for_once: ForOnce | None = None,
    host: str | None = None,
) -> list[Fetched]:
    """Return the credentials of role profiles of `config`, in their order, each narrowed `for_once`.

    `host` is a profile in the files, if the first one is only in `config`. What is not in the cache is fetched at the
    same time, after all MFA codes have been asked for.
    """
    found: dict[str, Fetched] = {}
    configs: dict[str, Mapping[str, Any]] = {}
    for profile in profiles:
        try:
            resolved = resolve_in(config, profile, for_once)
            memo, configs[profile] = resolved.memo, resolved.config
        except ProfileError as error:
            found[profile] = Fetched(profile, error=str(error), failure=describe(error, profile))
            continue
        cached = memo.fresh_document(time.time())
        found[profile] = Fetched(profile, json.loads(cached) if cached else None, memo=memo)
    missing = [each.profile for each in found.values() if not (each.document or each.error)]
    fetching = {name: configs[name] for name in missing}
    for new in _fetch_roles(config, fetching, host) if missing else ():
        found[new.profile] = replace(new, memo=found[new.profile].memo)
    return list(found.values())


def make_session(profile: str | None) -> Any:
    """Return a botocore session with this package's provider in it. None: as an `aws` without ``--profile`` has it."""
    find_botocore()
    from botocore.session import Session

    session = Session(profile=profile)
    try:
        session.get_component("credential_provider")  # which botocore makes of the profile's settings now
    except Exception as error:  # noqa: BLE001 - whatever it is, the settings are at fault
        from ..credentials.sts import settings_error

        raise settings_error(error, profile or "default") from None
    install(session)
    return session


def _fetch_roles(
    base: Mapping[str, Any], configs: Mapping[str, Mapping[str, Any]], host: str | None
) -> list[Fetched]:
    """Fetch the credentials of role profiles, each under a config of its own, which comes from `base`."""
    profiles = list(configs)
    session = make_session(host or profiles[0])
    # Only now is the botocore there that this imports.
    from ..credentials import batch

    def fetch(profile: str, fetcher: "Fetcher") -> Fetched:
        try:
            return Fetched(profile, fetcher.fetch().payload())
        except Exception as error:  # noqa: BLE001 - one profile's failure does not stop the others
            return failed(profile, None, error)

    def failed(profile: str, _: "Fetcher | None", error: Exception) -> Fetched:
        text = str(error) or type(error).__name__
        return Fetched(profile, error=text, failure=describe(error, profile))

    def start(profile: str) -> "Fetcher":
        return _make_fetcher(session, profile, configs[profile], base)

    return list(batch.fetch_many(profiles, start, fetch, failed))


def _make_fetcher(
    session: Any, profile: str, config: Mapping[str, Any], base: Mapping[str, Any] | None = None
) -> "Fetcher":
    """Return the fetcher of a role profile under `config`; its clients are those for `base`, else the files."""
    from ..credentials.profile_session import provider_for
    from ..credentials.provider import AssumeRoleProvider, copy_provider

    provider = provider_for(session, profile, base)
    return copy_provider(AssumeRoleProvider, provider, load_config=lambda: config).fetcher()


def _fetch_narrowed(resolved: Resolved) -> bytes:
    """Fetch for a profile that no file has in this form, so that no other provider can serve it."""
    fetcher = _make_fetcher(make_session(resolved.profile), resolved.profile, resolved.config)
    return json.dumps(fetcher.fetch().payload()).encode("ascii") + b"\n"


def _fetch_by_botocore(resolved: Resolved) -> bytes:
    """Fetch from botocore's providers, this package's among them."""
    session = make_session(resolved.profile)
    if resolved.memo.record:
        credentials = session.get_credentials()
        keys = credentials.get_frozen_credentials()
    else:
        from ..credentials.source_keys import load_own_keys

        keys, credentials = load_own_keys(session, resolved.profile, resolved.options)
    return json.dumps(_to_document(keys, credentials)).encode("ascii") + b"\n"


def _to_document(keys: Any, credentials: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html"""
    # botocore keeps the expiry only here; `aws configure export-credentials` of v2 reads it here, too.
    expiry: datetime | None = getattr(credentials, "_expiry_time", None)
    # A property of the credentials themselves would refresh them, which may run a program once more.
    frozen = getattr(credentials, "_frozen_credentials", None) or credentials
    document = {
        "Version": 1,
        "AccessKeyId": keys.access_key,
        "SecretAccessKey": keys.secret_key,
        "SessionToken": keys.token,
        "Expiration": expiry and format_time(expiry.timestamp()),
        "AccountId": getattr(frozen, "account_id", None),
    }
    return {name: value for name, value in document.items() if value}
