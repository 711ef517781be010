"""What was asked of the server, in the order it came in."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import shapes


@dataclass
class Call:
    """One request for an operation.

    caller_arn  of the key's owner, whether or not the signature proved it; "" for an unknown key
    parameters  as sent and flat (`Tags.member.1.Key`), without Action and Version
    status      of the answer; 0 while there is none, and for good when the connection was dropped
    error       its code; "connection dropped"; "scripted answer"; None
    user_agent  the header
    time        of arrival, epoch seconds of the real clock
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
        """The session tags sent."""
        return dict(shapes.tags(self.parameters))

    @property
    def transitive_tag_keys(self) -> list[str]:
        """The transitive tag keys sent."""
        return shapes.members(self.parameters, "TransitiveTagKeys")


class CallLog:
    """Thread safe. A call is in it from its arrival on, so a client that gave up waiting is counted too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Append a call that has just arrived."""
        with self._lock:
            self._calls.append(call)

    def list(self) -> list[Call]:
        """All calls so far."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._calls.clear()
