"""What services say of credentials that have ended, and some of them of others as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REJECTED_CODES = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "RequestExpired",
        "UnrecognizedClientException",
    }
)
"""What services say of credentials that have ended or were never theirs, and some of them of others as well."""

EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException"})
"""Those of which there is no doubt. EC2 says AuthFailure where a region is not enabled, or an image is somebody
else's, and dropping a good session may cost an MFA code: of the others STS has the last word."""

REFUSALS = (400, 401, 403)
"""The statuses of an answer that refuses and, without a body, does not say why: S3's to HEAD. Botocore then takes the
status for the code."""


def refusal(parsed: Mapping[str, Any]) -> str | None:
    """The code of an answer that refuses the caller, or may; None for any other answer.

    Most answers without a code refuse nothing but the operation: nobody may see the object.
    """
    error = parsed.get("Error")
    code = str(error.get("Code") or "") if isinstance(error, Mapping) else "none"
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode")
    nameless = status in REFUSALS and code in ("", str(status))
    return code if code in REJECTED_CODES or nameless else None
