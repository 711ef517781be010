"""What goes wrong in the embedded AWS, as scripted by a test: errors, lost answers, answers that do not come.

moto itself refuses nothing that depends on permissions, and is never slow to know what it was told.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

LONGEST_HANG = 60.0
"""Seconds; a test that forgets about one gets an error then, not a hang."""

_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    500: "Internal Server Error",
}


class Fault(NamedTuple):
    """Happens to the next `times` requests for an action, after `skip` of them have been let pass; only to those
    that have the text `about` among their parameters.

    `done` has it carried out all the same: the answer is lost on its way. `hang` has no answer come before
    the next script.
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
    """An error, as a client of the request's protocol expects it."""

    head: tuple[str, list[tuple[str, str]]]
    body: bytes


class FaultScript:
    """ValidationError in their order; the first that is for an action counts."""

    def __init__(self, faults: list[list[Any]]) -> None:
        self._faults = [Fault(*fields) for fields in faults]
        self._met = [0] * len(self._faults)
        self._lock = threading.Lock()
        self._over = threading.Event()

    def clear(self) -> None:
        """Let go of what hangs."""
        self._over.set()

    def answer(
        self,
        action: str,
        parameters: dict[str, Any],
        environ: WSGIEnvironment,
        application: WSGIApplication,
    ) -> Answer | None:
        """What a request gets instead of being served; None if it is to be served."""
        fault = self._take(action, json.dumps(parameters))
        if fault is None:
            return None
        if fault.done:
            list(application(environ, lambda *_: lambda _: None))
        if fault.hang:
            self._over.wait(LONGEST_HANG)
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

    def _take(self, action: str, parameters: str) -> Fault | None:
        with self._lock:
            for number, fault in enumerate(self._faults):
                if fault.action == action and fault.about in parameters:
                    self._met[number] += 1
                    if fault.skip < self._met[number] <= fault.skip + fault.times:
                        return fault
        return None
