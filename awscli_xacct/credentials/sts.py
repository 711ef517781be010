"""The two STS calls that return credentials, and what their answers and errors mean.

Expiry is computed from the answer's own Date header: what counts is how long the credentials last, because the local
clock may be hours off.
"""

import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import botocore.exceptions
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidConfigError,
    InvalidRetryConfigurationError,
    NoRegionError,
)
from botocore.utils import parse_timestamp

from .. import settings
from ..arn import Arn
from ..aws_errors import is_busy
from ..errors import XacctError, annotate, facts_of
from ..messages import printable, subcommand
from ..storage.cache import Record

_NO_REGION = "aws-global"
"""What botocore calls the region of a client that was given none."""
CLOCK_TOLERANCE = 60
"""Seconds the local clock may differ from the service's before that is named as a cause."""


class Keys(NamedTuple):
    """What a caller signs with; no token means long-term keys."""

    access_key: str
    secret_key: str
    token: str | None


def keys_of(record: Record) -> Keys:
    """Return the keys in a record."""
    return Keys(record.access_key, record.secret_key, record.token)


class Sts:
    """STS for one caller. `client_creator` is the session's own, so its endpoints and proxies apply."""

    def __init__(
        self,
        client_creator: Callable[..., Any],
        keys: Keys,
        *,
        region: str | None,
        quick: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`region` is used if the session has none; None leaves it to botocore. `quick` makes calls give up soon."""
        self._clock = clock
        options = {
            "aws_access_key_id": keys.access_key,
            "aws_secret_access_key": keys.secret_key,
            "aws_session_token": keys.token,
            **({"config": short_timeout_config()} if quick else {}),
        }
        try:
            self._client = client_creator("sts", **options)
            # With an endpoint configured, a missing region shows only when a request is signed.
            other = _other_region(self._client, region)
        except NoRegionError:
            other = region or settings.DEFAULT_REGION
        except Exception as error:  # noqa: BLE001 - whatever it is, the settings are at fault
            raise settings_error(error) from None
        if other:
            # The command itself may need no region (IAM, S3), and must not fail because STS does.
            self._client = client_creator("sts", **options, region_name=other)

    def assume_role(self, request: Mapping[str, Any], **about: Any) -> Record:
        """Call AssumeRole. `about` is kept in the record, for people.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        return self._call("AssumeRole", self._client.assume_role, request, about)

    def get_session_token(self, request: Mapping[str, Any], **about: Any) -> Record:
        """Call GetSessionToken. `about` is kept in the record, for people.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
        """
        return self._call("GetSessionToken", self._client.get_session_token, request, about)

    def caller_arn(self) -> str:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
        return str(self._client.get_caller_identity()["Arn"])

    def _call(
        self,
        operation: str,
        method: Callable[..., Any],
        request: Mapping[str, Any],
        about: Mapping[str, Any],
    ) -> Record:
        started = self._clock()
        try:
            answer = method(**request)
        except (BotoCoreError, ClientError):
            raise
        except Exception:  # noqa: BLE001 - botocore's parser lets through what an odd answer makes it fail with
            raise _unusable(operation, "no credentials") from None
        try:
            record = _record(answer, started, about)
        except Exception:  # noqa: BLE001 - an answer may be anything, and asking again may cost another code
            raise _unusable(operation, "no credentials") from None
        if not record.expiry > started:
            raise _unusable(operation, "expired credentials")
        return record


def _record(answer: Any, started: float, about: Mapping[str, Any]) -> Record:
    """Return the credentials in an answer to a call of that time, as a record. Raises anything if there are none.

    It should be refreshed 15 minutes before its end, or in the second half of its life.
    """
    credentials = answer["Credentials"]
    key, secret, token = (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    if not (is_usable(key) and is_usable(secret) and is_usable(token)):
        raise ValueError("not credentials")
    lifetime = _timestamp(credentials["Expiration"]) - _answer_time(answer, started)
    if not math.isfinite(lifetime):
        raise ValueError("no time")
    lifetime = min(lifetime, settings.MAX_SESSION_DURATION)
    expiry = started + lifetime
    refresh = expiry - min(settings.REFRESH_SECONDS, lifetime / settings.REFRESH_FRACTION)
    arn = Arn.parse(str(answer.get("AssumedRoleUser", {}).get("Arn")))
    about = {**about, "arn": str(arn) if arn else None}
    known = {name: value for name, value in about.items() if value is not None}
    return Record(
        key, secret, token, expiry, refresh, arn.account if arn else None, {**known, "obtained": started}
    )


def _unusable(operation: str, what: str) -> CredentialRetrievalError:
    error = CredentialRetrievalError(
        provider="assume-role", error_msg=f"the answer to {operation} contains {what}"
    )
    annotate(error, code="ServiceError")
    return error


class SettingsError(InvalidConfigError):  # type: ignore[misc]
    """Settings of a profile that botocore makes nothing of."""


def settings_error(error: Exception, profile: str = "") -> Exception:
    """Return what to raise where botocore makes no client, or no session of `profile`, of a profile's settings.

    Of some it reports what is wrong by errors of Python's own, which were taken for a bug in this package.
    """
    if isinstance(error, (BotoCoreError, ClientError, XacctError, OSError)):
        return error
    reason = printable(str(error) or type(error).__name__)
    if not profile:  # the fetcher names it
        return SettingsError(error_msg=f"botocore cannot use the settings of the profile: {reason}")
    fix = subcommand("show", profile)
    failed = SettingsError(
        error_msg=f"botocore cannot use the settings of profile {printable(profile)}: {reason}. "
        f"See each with its line:\n  {fix}"
    )
    annotate(failed, hop=profile, fix=fix)
    return failed


def is_usable(part: object) -> bool:
    """Return whether this can be part of credentials: it goes into the headers of requests."""
    return isinstance(part, str) and part.isascii() and part.isprintable() and bool(part) and " " not in part


def short_timeout_config() -> Config:
    """Return a config for refreshes, which should be quick while the old credentials are valid.

    It is a new one each time, because botocore writes into it.
    """
    try:
        return Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})
    except InvalidRetryConfigurationError:  # in version 2 `max_attempts` itself is that total
        return Config(connect_timeout=3, read_timeout=5, retries={"max_attempts": 2})


def _other_region(client: Any, region: str | None) -> str | None:
    """Return the region to make `client` for once more, because it was made for none; None if its region is fine."""
    meta = getattr(client, "meta", None)
    found = getattr(meta, "region_name", region)
    if found == _NO_REGION:
        # That is sts.amazonaws.com, which does not know the keys of other partitions. It has no FIPS or dual-stack
        # address either, and botocore invents one: sts-fips.aws-global.amazonaws.com.
        invented = _NO_REGION in str(getattr(meta, "endpoint_url", ""))
        return region or (settings.DEFAULT_REGION if invented else None)
    return region or settings.DEFAULT_REGION if found is None else None


def _timestamp(value: Any) -> float:
    """Return a time in an answer in seconds since the epoch: a datetime, or in the AWS CLI the text as it was sent."""
    moment = value if isinstance(value, datetime) else parse_timestamp(value)
    return float(moment.timestamp())


def _answer_time(answer: Mapping[str, Any], default: float) -> float:
    """Return when the service answered, by its own clock; `default` if it does not say."""
    try:
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return default


def clock_problem(error: Exception, now: float | None = None) -> str | None:
    """Return how far the local clock differs from that of the service that answered with `error`; None if it is right.

    `now` is in seconds since the epoch.
    """
    offset = (time.time() if now is None else now) - _answer_time(getattr(error, "response", {}), math.nan)
    if not abs(offset) > CLOCK_TOLERANCE:  # which is never true of NaN, where the service does not say
        return None
    direction = "ahead of" if offset > 0 else "behind"
    return f"the local clock is {abs(offset):.0f} s {direction} the service's; correct it"


def is_unavailable(error: Exception) -> bool:
    """Return whether STS could not be reached, or could not answer just now."""
    return is_busy(error) or isinstance(error, (HTTPClientError, botocore.exceptions.ConnectionError))


def add_place(error: Exception, where: str, hop: str, fix: str | None = None) -> None:
    """Add to a botocore error's text where it happened and what helps; control characters are escaped.

    `hop` is the profile where it happened, and `fix` the command that helps. It stays the error it was, for programs
    that catch it.
    """
    if isinstance(error, (ClientError, BotoCoreError)):
        known = facts_of(error)
        message = f"{known.get('message', error)}\n{where}"
        annotate(error, message=message, hop=known.get("hop", hop), fix=known.get("fix", fix))
        text = "\n".join(printable(line) for line in f"{error}\n{where}".splitlines())
        error.args = (text, *error.args[1:])
