"""Verification of request signatures: Signature Version 4 for POST requests with signed headers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html

`claimed_key` and `read_claim` return only what a request claims; nothing is proved before `verify` returns.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import quote

from .messages import Refusal, Request

ALGORITHM = "AWS4-HMAC-SHA256"
STAMP = "%Y%m%dT%H%M%SZ"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=([^/,]+)/(\d{{8}})/([^/,]+)/([^/,]+)"
    r"/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")


@dataclass(frozen=True)
class Claim:
    """The content of an Authorization header; `time` is that of the client, in epoch seconds."""

    access_key: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    time: float

    @property
    def scope(self) -> str:
        """The credential scope, which the signing key is derived from."""
        return f"{self.day}/{self.region}/{self.service}/aws4_request"

    @property
    def stamp(self) -> str:
        """The time of signing, in the format of SigV4."""
        return _stamp(self.time)


def claimed_key(request: Request) -> str:
    """Return the access key that a request mentions, or ""; for the log only."""
    match = _CREDENTIAL.search(request.header("Authorization") or "")
    return match[1] if match else ""


def read_claim(request: Request) -> Claim:
    """Read who the request claims to be from.

    Raises Refusal: MissingAuthenticationToken without an Authorization header, IncompleteSignature if that header or
    X-Amz-Date is malformed.
    """
    authorization = request.header("Authorization")
    if authorization is None:
        raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    match = _AUTHORIZATION.fullmatch(authorization)
    if match is None:
        raise Refusal(400, "IncompleteSignature", f"Authorization header is malformed: {authorization}")
    date = request.header("X-Amz-Date") or ""
    try:
        time = datetime.strptime(date, STAMP).replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        raise Refusal(
            400, "IncompleteSignature", f"Date must be in ISO-8601 'basic format'. Got '{date}'."
        ) from None
    key, day, region, service, headers, signature = match.groups()
    return Claim(key, day, region, service, tuple(headers.split(";")), signature, time)


def verify(
    request: Request, claim: Claim, secret_key: str, *, service: str, now: float, max_skew: float | None
) -> None:
    """Verify that the request was signed with `secret_key`, for `service`, at about `now`.

    `now` is in epoch seconds. `max_skew` is the allowed difference in seconds; None means no limit. Raises Refusal
    (SignatureDoesNotMatch).
    """
    for name in ("host", "x-amz-date", "x-amz-security-token"):
        if request.header(name) is not None and name not in claim.signed_headers:
            raise _does_not_match(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    if claim.service != service:
        raise _does_not_match(f"Credential should be scoped to correct service: '{service}'. ")
    if claim.day != claim.stamp[:8]:
        raise _does_not_match(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{claim.day}' != '{claim.stamp[:8]}', from '{claim.stamp}'."
        )
    if max_skew is not None:
        _check_date(claim, now, max_skew)
    text = "\n".join(
        [ALGORITHM, claim.stamp, claim.scope, _sha256(canonical_request(request, claim.signed_headers))]
    )
    expected = hmac.new(_signing_key(secret_key, claim.scope), text.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected, claim.signature):
        raise _does_not_match(_MISMATCH)


def canonical_request(request: Request, signed_headers: tuple[str, ...]) -> bytes:
    """Return the canonical request, which client and server must both arrive at."""
    headers = "".join(f"{name}:{request.header(name) or ''}\n" for name in signed_headers)
    lines = [
        request.method,
        quote(request.path or "/", safe="/~"),
        "&".join(sorted(request.query.split("&"))),
        headers,
        ";".join(signed_headers),
        _sha256(request.body),
    ]
    return "\n".join(lines).encode()


def _check_date(claim: Claim, now: float, max_skew: float) -> None:
    window = f"{max_skew / 60:g} min.)"
    if claim.time < now - max_skew:
        raise _does_not_match(
            f"Signature expired: {claim.stamp} is now earlier than {_stamp(now - max_skew)} "
            f"({_stamp(now)} - {window}"
        )
    if claim.time > now + max_skew:
        raise _does_not_match(
            f"Signature not yet current: {claim.stamp} is still later than {_stamp(now + max_skew)} "
            f"({_stamp(now)} + {window}"
        )


def _signing_key(secret_key: str, scope: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _does_not_match(message: str) -> Refusal:
    return Refusal(403, "SignatureDoesNotMatch", message)


def _stamp(time: float) -> str:
    return datetime.fromtimestamp(time, timezone.utc).strftime(STAMP)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
