"""What an AWS service means by an error: the one place that knows error codes of more than one service.

An error is taken as botocore raises it. It is recognized by its `response`, so that nothing here imports botocore; an
error without one means nothing to any of these functions.

https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from collections.abc import Mapping
from typing import Any

EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException"})
"""Codes that leave no doubt that the caller's credentials have expired."""

_UNKNOWN_CALLER_CODES = frozenset({"InvalidClientTokenId", "UnrecognizedClientException"})

REJECTED_CODES = (
    EXPIRED_CODES
    | _UNKNOWN_CALLER_CODES
    | {"AuthFailure", "InvalidAccessKeyId", "InvalidToken", "RequestExpired"}
)
"""Codes with which services reject expired or unknown credentials, and some of them other things as well.

EC2 answers AuthFailure where a region is not enabled, or an image belongs to someone else. Dropping a good session may
cost an MFA code, so for all but `EXPIRED_CODES` STS has the last word.
"""

_DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_THROTTLED_CODES = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_TOO_MANY_REQUESTS = 429

_NAMELESS_STATUSES = (400, 401, 403)
"""Statuses of a refusal that without a body gives no reason: S3's to HEAD. Botocore makes the status the code."""


def service_code(error: BaseException) -> str:
    """Return the code of an error that a service answered with; empty for any other error."""
    return str(_response(error).get("Error", {}).get("Code", ""))


def is_denied(error: BaseException) -> bool:
    """Whether the caller is not allowed to do this."""
    return service_code(error) in _DENIED_CODES


def is_rejected_request(error: BaseException) -> bool:
    """Whether the service rejected the request, so that certainly nothing was done."""
    return 400 <= _status(error) < 500


def is_throttled(error: BaseException) -> bool:
    """Whether the service answered that it gets too many requests."""
    return service_code(error) in _THROTTLED_CODES or _status(error) == _TOO_MANY_REQUESTS


def is_busy(error: BaseException) -> bool:
    """Whether the service answered that it cannot do this now."""
    return _status(error) >= 500 or is_throttled(error)


def is_refused_code(error: BaseException) -> bool:
    """Whether STS refused the MFA code, because it is wrong or used."""
    return service_code(error) == "AccessDenied" and "MultiFactorAuthentication failed" in str(error)


def is_expired_or_unknown_caller(error: BaseException) -> bool:
    """Whether STS refused the calling credentials themselves."""
    return service_code(error) in EXPIRED_CODES | _UNKNOWN_CALLER_CODES


def is_too_long(error: BaseException) -> bool:
    """Whether the requested duration is beyond the role's own maximum."""
    return service_code(error) == "ValidationError" and "MaxSessionDuration" in str(error)


def is_chained(error: BaseException) -> bool:
    """Whether the requested duration is beyond the hour that a session gets for another role."""
    return service_code(error) == "ValidationError" and "role chaining" in str(error)


def is_missing_entity(error: BaseException) -> bool:
    """Whether IAM does not have what the request names."""
    return service_code(error) == "NoSuchEntity"


def is_existing_entity(error: BaseException) -> bool:
    """Whether IAM already has what the request would create."""
    return service_code(error) == "EntityAlreadyExists"


def is_over_quota(error: BaseException) -> bool:
    """Whether IAM allows no more of what the request would create."""
    return service_code(error) == "LimitExceeded"


def is_refused_device_code(error: BaseException) -> bool:
    """Whether IAM refused the codes with which a device was to be enabled."""
    return service_code(error) == "InvalidAuthenticationCode"


def is_unknown_principal(error: BaseException) -> bool:
    """Whether a trust policy names a principal that IAM does not know, or not yet: IAM calls the policy malformed."""
    return service_code(error) == "MalformedPolicyDocument" and "principal" in str(error).lower()


def is_malformed_policy(error: BaseException) -> bool:
    """Whether STS finds a session policy malformed."""
    return service_code(error) == "MalformedPolicyDocument"


def is_too_large_policy(error: BaseException) -> bool:
    """Whether the session's policies and tags are too large together."""
    return service_code(error) in ("PackedPolicyTooLarge", "PackedPolicyTooLargeException")


def find_rejected_code(parsed: Mapping[str, Any]) -> str | None:
    """Return the code of a parsed answer that rejects the caller, or may; None for any other answer.

    Most answers without a code reject only the operation, such as reading an object.
    """
    error = parsed.get("Error")
    code = str(error.get("Code") or "") if isinstance(error, Mapping) else "none"
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode")
    nameless = status in _NAMELESS_STATUSES and code in ("", str(status))
    return code if code in REJECTED_CODES or nameless else None


def _response(error: BaseException) -> Mapping[str, Any]:
    response = getattr(error, "response", None)
    return response if isinstance(response, Mapping) else {}


def _status(error: BaseException) -> int:
    return int(_response(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
