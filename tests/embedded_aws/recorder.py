"""WSGI middleware that records every AWS request before it is answered, and serves the record over HTTP.

The only reliable proof that a cache was used is the number of requests at the service. Requests that name their account
in a header come from a test's own setup, not from the code under test, and are not recorded.
"""

from __future__ import annotations

import io
import json
import re
import threading
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from .faults import FaultScript

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCOUNT_HEADER = "x-moto-account-id"
CONTROL_PATH = "/embedded-aws/calls"
_ACCOUNT_KEY = "HTTP_" + ACCOUNT_HEADER.upper().replace("-", "_")
_CREDENTIAL_SCOPE = re.compile(r"Credential=([^/]*)/[^/]*/([^/]*)/([^/]*)/aws4_request")


class Call(NamedTuple):
    """A request as it arrived. In an unsigned one, service, region and access key id are empty."""

    action: str
    service: str
    region: str
    access_key_id: str
    parameters: dict[str, Any]


class RequestRecorder:
    """Wraps the WSGI application of AWS.

    On CONTROL_PATH, GET returns the calls as JSON in order of arrival, DELETE deletes them, and POST replaces the
    scripted faults (see `faults`).
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._faults = FaultScript([])

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer requests on the control path; record everything else and pass it on."""
        if environ.get("PATH_INFO") == CONTROL_PATH:
            return self._control(environ, start_response)
        if _ACCOUNT_KEY not in environ:
            call = _read_call(environ)
            if call is not None:
                faults = self._faults
                fault = faults.take(call.action, call.parameters)
                if fault is not None and fault.done:  # by the time that it is recorded
                    list(self._application(environ, lambda *_: lambda _: None))
                with self._lock:
                    self._calls.append(call)
                if fault is not None:
                    answer = faults.answer(fault, environ)
                    start_response(*answer.head)
                    return [answer.body]
        return self._application(environ, start_response)

    def _control(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            if environ["REQUEST_METHOD"] == "DELETE":
                self._calls.clear()
            if environ["REQUEST_METHOD"] == "POST":
                self._faults.clear()
                self._faults = FaultScript(json.loads(_body(environ)))
            body = json.dumps(self._calls).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def _body(environ: WSGIEnvironment) -> bytes:
    return bytes(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def _read_call(environ: WSGIEnvironment) -> Call | None:
    """Read the AWS call of a request; None if it names no action. The body can be read again afterwards."""
    body = _body(environ)
    environ["wsgi.input"] = io.BytesIO(body)
    parameters: dict[str, Any]
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:  # JSON protocol: Organizations
        action = target.rpartition(".")[2]
        parameters = json.loads(body or b"{}")
    else:  # Query protocol: EC2, IAM, STS
        parameters = dict(parse_qsl(body.decode("utf-8", "replace") or environ.get("QUERY_STRING", "")))
        action = parameters.pop("Action", "")
        parameters.pop("Version", None)
    if not action:
        return None
    scope = _CREDENTIAL_SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    access_key_id, region, service = scope.groups() if scope else ("", "", "")
    return Call(action, service, region, access_key_id, parameters)
