"""The two STS calls that give credentials, and what their answers and errors mean.

Expiry is reckoned from the answer's own Date header: what counts is how long the credentials last, and
the local clock may be hours off.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    InvalidRetryConfigurationError,
    NoRegionError,
)
from botocore.utils import parse_timestamp

from .. import settings
from ..arn import Arn
from ..messages import printable

_DEAD = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
_NOWHERE = "aws-global"
"""What botocore calls the region of a client that was given none."""
_BUSY = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})
CLOCK_TOLERANCE = 60
"""Seconds the local clock may be off the service's before it is named as a cause."""


class Keys(NamedTuple):
    """What a caller signs with; no token means long-term keys."""

    access_key: str
    secret_key: str
    token: str | None


@dataclass(frozen=True, repr=False)
class Issued:
    """Credentials as STS gave them; `obtained` and `expiry` are seconds since the epoch, local clock."""

    access_key: str
    secret_key: str
    token: str
    obtained: float
    expiry: float
    arn: str | None

    @property
    def account(self) -> str | None:
        """The account the credentials belong to, from the role session's ARN."""
        arn = Arn.parse(self.arn or "")
        return arn.account if arn else None


class Sts:
    """STS as one caller sees it. `client_creator` is the session's own, so endpoints and proxies hold."""

    def __init__(
        self,
        client_creator: Callable[..., Any],
        keys: Keys,
        *,
        region: str | None,
        quick: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`region` is used where the session has none; None: there is none, and botocore's own choice is good.

        With `quick` the calls give up after seconds.
        """
        self._clock = clock
        options = {
            "aws_access_key_id": keys.access_key,
            "aws_secret_access_key": keys.secret_key,
            "aws_session_token": keys.token,
            **({"config": short_timeout_config()} if quick else {}),
        }
        try:
            self._client = client_creator("sts", **options)
            # With an endpoint configured the want of a region shows only when a request is signed.
            instead = _instead(self._client, region)
        except NoRegionError:
            instead = region or settings.DEFAULT_REGION
        if instead:
            # The command itself may need none (IAM, S3): it must not fail for want of STS's.
            self._client = client_creator("sts", **options, region_name=instead)

    def assume_role(self, request: Mapping[str, Any]) -> Issued:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
        return self._call("AssumeRole", self._client.assume_role, request)

    def get_session_token(self, request: Mapping[str, Any]) -> Issued:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
        return self._call("GetSessionToken", self._client.get_session_token, request)

    def caller_arn(self) -> str:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
        return str(self._client.get_caller_identity()["Arn"])

    def _call(self, operation: str, method: Callable[..., Any], request: Mapping[str, Any]) -> Issued:
        asked = self._clock()
        try:
            answer = method(**request)
        except (BotoCoreError, ClientError):
            raise
        except Exception:  # noqa: BLE001 - botocore's parser lets pass what a strange answer makes it stumble over
            raise _unusable(operation, "no credentials") from None
        try:
            issued = _issued(answer, asked)
        except Exception:  # noqa: BLE001 - an answer may be anything, and to ask again may cost another code
            raise _unusable(operation, "no credentials") from None
        if not issued.expiry > asked:
            raise _unusable(operation, "credentials that have ended")
        return issued


def _issued(answer: Any, asked: float) -> Issued:
    """What an answer gives. Raises anything where that is no credentials."""
    credentials = answer["Credentials"]
    key, secret, token = (credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    if not (is_usable(key) and is_usable(secret) and is_usable(token)):
        raise ValueError("not credentials")
    lifetime = _moment(credentials["Expiration"]) - _answered(answer, asked)
    if not math.isfinite(lifetime):
        raise ValueError("no time")
    expiry = asked + min(lifetime, settings.MAX_SESSION_DURATION)
    return Issued(key, secret, token, asked, expiry, answer.get("AssumedRoleUser", {}).get("Arn"))


def _unusable(operation: str, what: str) -> CredentialRetrievalError:
    return CredentialRetrievalError(
        provider="assume-role", error_msg=f"the answer to {operation} holds {what}"
    )


def is_usable(part: object) -> bool:
    """Whether this can be part of credentials: it goes into the headers of requests."""
    return isinstance(part, str) and part.isascii() and part.isprintable() and bool(part) and " " not in part


def short_timeout_config() -> Config:
    """While the old credentials are still good nobody should wait long for new ones. Botocore writes into it."""
    try:
        return Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 2})
    except InvalidRetryConfigurationError:  # in version 2 `max_attempts` itself is that total
        return Config(connect_timeout=3, read_timeout=5, retries={"max_attempts": 2})


def _instead(client: Any, region: str | None) -> str | None:
    """The region that a client is to be made for instead, because it was made for none."""
    meta = getattr(client, "meta", None)
    found = getattr(meta, "region_name", region)
    if found == _NOWHERE:
        # Which is sts.amazonaws.com: there the keys of other partitions do not exist. Nor does it have a FIPS or
        # a dual-stack address, and botocore makes one up: sts-fips.aws-global.amazonaws.com.
        made_up = _NOWHERE in str(getattr(meta, "endpoint_url", ""))
        return region or (settings.DEFAULT_REGION if made_up else None)
    return region or settings.DEFAULT_REGION if found is None else None


def _moment(value: Any) -> float:
    """A time of an answer. The AWS CLI leaves it the text it was; botocore makes a datetime of it."""
    moment = value if isinstance(value, datetime) else parse_timestamp(value)
    return float(moment.timestamp())


def _answered(answer: Mapping[str, Any], asked: float) -> float:
    """When the service answered, by its own clock; by ours if it does not say."""
    try:
        header = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
        moment: datetime = parsedate_to_datetime(header)
    except (KeyError, TypeError, ValueError):
        return asked
    return moment.timestamp()


def is_refused_code(error: Exception) -> bool:
    """Whether STS says that the MFA code was wrong, or used before."""
    return _code(error) == "AccessDenied" and "MultiFactorAuthentication failed" in str(error)


def is_expired_or_unknown_caller(error: Exception) -> bool:
    """Whether STS says that the calling credentials themselves are expired or unknown."""
    return _code(error) in _DEAD


def is_too_long(error: Exception) -> bool:
    """Whether STS says that the role's own maximum is shorter than what was asked for."""
    return _code(error) == "ValidationError" and "MaxSessionDuration" in str(error)


def is_chained(error: Exception) -> bool:
    """Whether STS says that the caller is a session already, for which an hour is all there is."""
    return _code(error) == "ValidationError" and "role chaining" in str(error)


def is_unavailable(error: Exception) -> bool:
    """Whether STS could not be reached, or could not answer just now."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or _code(error) in _BUSY
    return isinstance(error, (HTTPClientError, botocore.exceptions.ConnectionError))


def add_place(error: Exception, where: str) -> None:
    """Add to a botocore error's text where it happened and what helps; control characters are escaped.

    It stays the error it was, for programs that catch it.
    """
    if isinstance(error, (ClientError, BotoCoreError)):
        text = "\n".join(printable(line) for line in f"{error}\n{where}".splitlines())
        error.args = (text, *error.args[1:])


def is_denied(error: Exception) -> bool:
    return _code(error) in ("AccessDenied", "AccessDeniedException")


def _code(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def clock_fault(error: Exception, now: float | None = None) -> str | None:
    """How far the local clock is off that of the service that answered with `error`; None if it is right."""
    offset = clock_offset(error, time.time() if now is None else now)
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return None
    direction = "ahead of" if offset > 0 else "behind"
    return f"the local clock is {abs(offset):.0f} s {direction} the service's; set it right"


def clock_offset(error: Exception, now: float) -> float | None:
    """Seconds the local clock is ahead of the service that answered with `error`; None if it does not say."""
    response = getattr(error, "response", {})
    try:
        date = response["ResponseMetadata"]["HTTPHeaders"]["date"]
        return now - parsedate_to_datetime(date).timestamp()
    except (KeyError, TypeError, ValueError):
        return None
