"""The credentials of any profile: from the cache, else from botocore with this package's provider."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import install, settings
from ..credentials import recursion_guard
from ..errors import ProfileError, XacctError
from ..messages import profile_option
from .resolve import Resolved, resolve, resolve_in

if TYPE_CHECKING:
    from ..credentials.fetcher import Fetcher


def obtain(profile: str) -> bytes:
    """The ``credential_process`` document of a profile, as one line.

    Raises `XacctError` and botocore's errors.
    """
    return obtain_resolved(resolve(profile))


def obtain_resolved(resolved: Resolved) -> bytes:
    """The same for a profile that is resolved already."""
    return resolved.memo.fresh_document(time.time()) or _fetched(resolved)


def botocore_session(profile: str) -> Any:
    """A botocore session for a profile, with this package's provider in it."""
    with contextlib.suppress(ImportError):
        import awscli  # noqa: F401 - since 1.46 it is what makes `import botocore` work, and decides which
    from botocore.session import Session

    session = Session(profile=profile)
    install(session)
    return session


def _fetched(resolved: Resolved) -> bytes:
    """What botocore's providers give, ours among them."""
    profile = resolved.profile
    session = botocore_session(profile)
    # Our own provider sees to its programs itself.
    with contextlib.nullcontext() if resolved.memo.record else _marked(profile):
        try:
            credentials = session.get_credentials()
            frozen = credentials and credentials.get_frozen_credentials()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if resolved.memo.record or settings.CREDENTIAL_PROCESS not in resolved.options:
                raise
            # botocore lets the JSON decoder's errors go as they are. What the program printed may be a secret.
            raise XacctError(
                f"the credential_process of profile {profile} printed no credentials ({type(error).__name__}). Give it "
                f"another:\n  aws configure set credential_process COMMAND {profile_option(profile)}"
            ) from None
    if frozen is None:
        raise XacctError(
            f"profile {profile} has no credentials. Give it some:\n  aws configure {profile_option(profile)}"
        )
    # The only place where botocore keeps it; `aws configure export-credentials` of v2 looks there, too.
    return json.dumps(_document(frozen, getattr(credentials, "_expiry_time", None))).encode("ascii") + b"\n"


@contextlib.contextmanager
def _marked(profile: str) -> Iterator[None]:
    """While the block runs, programs that are started know that they are to give the profile's credentials."""
    recursion_guard.check([profile], os.environ)
    name = settings.RESOLVING_VARIABLE
    before = os.environ.get(name)
    os.environ[name] = recursion_guard.marked([profile], os.environ)[name]
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _document(frozen: Any, expiry: datetime | None) -> dict[str, Any]:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html"""
    document = {
        "Version": 1,
        "AccessKeyId": frozen.access_key,
        "SecretAccessKey": frozen.secret_key,
        "SessionToken": frozen.token,
        "Expiration": expiry and expiry.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "AccountId": getattr(frozen, "account_id", None),
    }
    return {name: value for name, value in document.items() if value}


@dataclass(frozen=True)
class Given:
    """A profile's ``credential_process`` document, or why it has none; `region` is its own, or nothing.

    `handed` is what else of it is for commands, as ``NAME=value``.
    """

    profile: str
    document: Mapping[str, Any] | None = None
    region: str = ""
    error: str = ""
    handed: Sequence[str] = ()


def obtain_many(config: Mapping[str, Any], profiles: Sequence[str]) -> list[Given]:
    """The credentials of role profiles, in their order.

    Those in the cache take no work; the others are fetched, and if somebody has to be asked for a code, that is
    done before all else.
    """
    given: dict[str, Given] = {}
    missing = []
    for profile in profiles:
        try:
            memo = resolve_in(config, profile).memo
        except ProfileError as fault:
            given[profile] = Given(profile, error=str(fault))
            continue
        found = memo.fresh_document(time.time())
        given[profile] = Given(profile, json.loads(found) if found else None, memo.region, handed=memo.handed)
        if found is None:
            missing.append(profile)
    for name, document, error in _fetch_missing(missing) if missing else ():
        given[name] = replace(given[name], document=document, error=error)
    return [given[profile] for profile in profiles]


def _fetch_missing(profiles: Sequence[str]) -> list[tuple[str, Mapping[str, Any] | None, str]]:
    session = botocore_session(profiles[0])
    # The botocore that these import is there only now.
    from ..credentials.batch import fetch_many
    from ..credentials.profile_session import provider_for

    def fetch(profile: str, fetcher: Fetcher) -> tuple[str, Mapping[str, Any] | None, str]:
        try:
            return profile, fetcher.fetch().payload(), ""
        except Exception as error:  # noqa: BLE001 - it is this profile's failure, and the others go on
            return failed(profile, None, error)

    def failed(profile: str, _: Fetcher | None, error: Exception) -> tuple[str, None, str]:
        return profile, None, str(error) or type(error).__name__

    return list(fetch_many(profiles, lambda name: provider_for(session, name).fetcher(), fetch, failed))
