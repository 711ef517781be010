"""The log of requests to the server, in order of arrival."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import shapes


@dataclass
class Call:
    """One request for an operation.

    caller_arn  ARN of the access key's owner, even if the signature was wrong; "" for an unknown key
    parameters  as sent, flat (`Tags.member.1.Key`), without Action and Version
    status      HTTP status of the answer; 0 until it is sent, and for ever if the connection was dropped
    error       error code of the answer, "connection dropped", "scripted answer", or None
    user_agent  the User-Agent header
    time        time of arrival, epoch seconds of the real clock
    """

    operation: str
    caller_arn: str
    access_key: str
    parameters: Mapping[str, str]
    status: int = 0
    error: str | None = None
    user_agent: str = ""
    time: float = field(default_factory=time.time)

    @property
    def tags(self) -> dict[str, str]:
        """The session tags in the request."""
        return dict(shapes.tags(self.parameters))

    @property
    def transitive_tag_keys(self) -> list[str]:
        """The transitive tag keys in the request."""
        return shapes.members(self.parameters, "TransitiveTagKeys")

    @property
    def policy(self) -> str | None:
        """The session policy in the request."""
        return self.parameters.get("Policy")

    @property
    def policy_arns(self) -> list[str]:
        """The managed session policies in the request."""
        return shapes.policy_arns(self.parameters)


class CallLog:
    """A thread-safe list of calls. A call is added on arrival, so it counts even if the client stopped waiting."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Append a call that has just arrived."""
        with self._lock:
            self._calls.append(call)

    def list(self) -> list[Call]:
        """Return all calls so far."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Delete all calls."""
        with self._lock:
            self._calls.clear()
