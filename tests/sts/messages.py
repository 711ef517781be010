"""The messages on the wire: a request, a refusal, and the XML of answers.

The XML is that of the AWS Query protocol, which STS and IAM use:
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl

NAMESPACES = {
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
}

Value: TypeAlias = "str | Mapping[str, Value] | Sequence[Value]"
Result: TypeAlias = Mapping[str, Value]

# Characters that XML 1.0 cannot contain, not even escaped. A refusal may quote such a value of the caller.
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@dataclass(frozen=True)
class Request:
    """An HTTP request; `path` and `query` are as sent, still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return all values of a header, joined as SigV4 requires; None if it was not sent."""
        values = [" ".join(value.split()) for key, value in self.headers if key.lower() == name.lower()]
        return ",".join(values) if values else None

    def parameters(self) -> dict[str, str]:
        """Return the form in the body, flat: `{"Action": …, "Tags.member.1.Key": …}`."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, before the server adds Date and Content-Length."""

    status: int
    body: bytes
    content_type: str = "text/xml"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The service refuses a request, with the HTTP status, error code and message that STS uses."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def success(service: str, operation: str, result: Result) -> Reply:
    """Return the answer to an operation that was carried out."""
    root = ET.Element(f"{operation}Response", xmlns=NAMESPACES[service])
    _append(root, f"{operation}Result", result)
    request_id = str(uuid.uuid4())
    _append(root, "ResponseMetadata", {"RequestId": request_id})
    return _reply(200, root, request_id)


def failure(service: str, refusal: Refusal) -> Reply:
    """Return the answer to an operation that was refused or failed in the server."""
    root = ET.Element("ErrorResponse", xmlns=NAMESPACES[service])
    at_fault = "Sender" if refusal.status < 500 else "Receiver"
    _append(root, "Error", {"Type": at_fault, "Code": refusal.code, "Message": refusal.message})
    request_id = str(uuid.uuid4())
    _append(root, "RequestId", request_id)
    return _reply(refusal.status, root, request_id)


def _reply(status: int, root: ET.Element, request_id: str) -> Reply:
    return Reply(status, ET.tostring(root), headers={"x-amzn-RequestId": request_id})


def _append(parent: ET.Element, name: str, value: Value) -> None:
    element = ET.SubElement(parent, name)
    if isinstance(value, str):
        element.text = _NOT_IN_XML.sub("?", value)
    elif isinstance(value, Mapping):
        for key, child in value.items():
            _append(element, key, child)
    else:
        for child in value:
            _append(element, "member", child)
