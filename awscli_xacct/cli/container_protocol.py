"""The container credentials protocol: what a request must have, and what is answered.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

Any program of this machine can connect to loopback, other users' too, and so can a page in a browser. So a request
needs the token, and what a browser sends is refused before that: its Host names the page's own server after DNS
rebinding, and a browser always adds one of a few headers that no SDK sends. No answer allows a page of another origin
to read it.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

MAX_HEAD = 8192
"""Bytes of a request; SDKs send a few hundred."""
END = b"\r\n\r\n"

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
_FROM_BROWSERS = (b"origin", b"referer", b"sec-fetch-site")
"""Not ``sec-fetch-mode``, which the `fetch` of Node.js sends as well."""


class RefusedError(Exception):
    """A request that is not answered with credentials."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Rules(NamedTuple):
    """What a request has to have: one of `hosts` as its Host, and `token` as its Authorization, for a profile."""

    hosts: frozenset[bytes]
    token: bytes
    profiles: Collection[str]

    def find_profile(self, head: bytes) -> str:
        """Return the profile that a request, up to its empty line, asks for. Raises `RefusedError`."""
        method, target, headers = _parse(head)
        if headers.get(b"host", b"").lower() not in self.hosts:
            raise RefusedError(403, "Forbidden", "the Host header names another server")
        if any(name in headers for name in _FROM_BROWSERS):
            raise RefusedError(403, "Forbidden", "a browser gets no credentials")
        if method != b"GET":
            raise RefusedError(405, "MethodNotAllowed", "only GET is answered")
        import hmac  # loads OpenSSL, which need not hold up the command of `exec --serve`

        given = headers.get(b"authorization", b"")
        if not hmac.compare_digest(given, self.token):
            wrong = "is not the one that xacct printed" if given else "is missing"
            raise RefusedError(401, "Unauthorized", f"the token in the Authorization header {wrong}")
        path = target.decode("ascii", "replace")
        profile = unquote(path[1:])  # a client may encode a name in another way
        if not path.startswith("/") or profile not in self.profiles:
            raise RefusedError(404, "NotFound", "there is no profile of this name here")
        return profile


def make_path(profile: str) -> str:
    """Return the path that a profile's credentials have."""
    return "/" + quote(profile, safe="")


def _parse(head: bytes) -> tuple[bytes, bytes, dict[bytes, bytes]]:
    """Return the method, the target and the headers of a request. Raises `RefusedError`."""
    first, *lines = head.removesuffix(END).split(b"\r\n")
    words = first.split(b" ")
    malformed = RefusedError(400, "BadRequest", "this is not a request of HTTP/1")
    if len(words) != 3 or words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise malformed
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or not name or name != name.strip() or b"\n" in line or b"\r" in line:
            raise malformed
        if name in headers and name in (b"host", b"authorization"):
            raise RefusedError(400, "BadRequest", f"there are two {name.decode()} headers")
        headers[name] = value.strip(b" \t")
    return words[0], words[1], headers


def build_answer(status: int, content: Mapping[str, Any]) -> bytes:
    """Return an answer as bytes."""
    body = json.dumps(content).encode("ascii")
    allow = "Allow: GET\r\n" if status == 405 else ""
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\n"
        f"Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\n"
        f"Cross-Origin-Resource-Policy: same-origin\r\n"
        f"X-Content-Type-Options: nosniff\r\n"
        f"{allow}"
        f"Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def build_refusal(error: RefusedError) -> bytes:
    """Return the answer to a request that is refused.

    Most SDKs read the names in lower case, and the one for JavaScript those in upper case.
    """
    named = {"code": error.code, "message": error.message}
    return build_answer(error.status, {**named, **{name.title(): text for name, text in named.items()}})


def to_container(document: Mapping[str, Any], expiration: str) -> dict[str, Any]:
    """Return a ``credential_process`` document in the form of this protocol.

    SDKs need a token and an expiration, which a user's own keys do not have: `expiration` is used for these.
    """
    account = {"AccountId": document["AccountId"]} if "AccountId" in document else {}
    return {
        "AccessKeyId": document["AccessKeyId"],
        "SecretAccessKey": document["SecretAccessKey"],
        "Token": document.get("SessionToken", ""),
        "Expiration": document.get("Expiration", expiration),
        **account,
    }
