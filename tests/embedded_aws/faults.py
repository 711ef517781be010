"""Faults of the embedded AWS that a test scripts: errors, lost answers, missing answers.

moto itself never refuses a call for lack of permissions, and its changes are visible at once.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_HANG = 240.0
"""Seconds after which a hanging request gets an error, in case a test forgets about it."""

_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    500: "Internal Server Error",
}


class Fault(NamedTuple):
    """Applies to the next `times` requests for an action, after the first `skip` of them.

    With `about`, only requests with that text in their parameters count. With `done`, the request is carried out all
    the same: only its answer is lost. With `hang`, no answer is sent before the next script.
    """

    action: str
    code: str = "AccessDenied"
    status: int = 403
    message: str = "you may not"
    times: int = 1
    skip: int = 0
    done: bool = False
    hang: bool = False
    about: str = ""


class Answer(NamedTuple):
    """An error response, in the protocol of the request."""

    head: tuple[str, list[tuple[str, str]]]
    body: bytes


class FaultScript:
    """The faults in the order scripted; the first one that applies to a request counts."""

    def __init__(self, faults: list[list[Any]]) -> None:
        self._faults = [Fault(*fields) for fields in faults]
        self._seen = [0] * len(self._faults)
        self._lock = threading.Lock()
        self._over = threading.Event()

    def clear(self) -> None:
        """Release hanging requests."""
        self._over.set()

    def answer(self, fault: Fault, environ: WSGIEnvironment) -> Answer:
        """Return the answer that a fault gives to a request, when it is time."""
        if fault.hang:
            self._over.wait(MAX_HANG)
        if "HTTP_X_AMZ_TARGET" in environ:
            body = json.dumps({"__type": fault.code, "message": fault.message})
            content_type = "application/x-amz-json-1.1"
        else:
            body = (
                f"<ErrorResponse><Error><Type>Sender</Type><Code>{fault.code}</Code>"
                f"<Message>{fault.message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            )
            content_type = "text/xml"
        status = f"{fault.status} {_REASONS[fault.status]}"
        return Answer((status, [("Content-Type", content_type)]), body.encode())

    def take(self, action: str, parameters: dict[str, Any]) -> Fault | None:
        """Return the fault that applies to a request, and count it; None if there is none."""
        text = json.dumps(parameters)
        with self._lock:
            for number, fault in enumerate(self._faults):
                if fault.action == action and fault.about in text:
                    self._seen[number] += 1
                    if fault.skip < self._seen[number] <= fault.skip + fault.times:
                        return fault
        return None
