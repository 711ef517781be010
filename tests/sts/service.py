"""The server that tests use: `Sts`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import TracebackType
from urllib.parse import parse_qs

from . import iam
from .calls import Call, CallLog
from .directory import Directory
from .faults import MAX_WAIT, ConnectionDropped, FaultScript, ScriptedReply
from .identities import Caller, Session, secret_of
from .messages import Refusal, Reply, Request, failure, success
from .operations import OPERATIONS
from .server import Server
from .signature import claimed_key, read_claim, verify


class Sts(Directory, FaultScript):
    """A small STS, with a few operations of IAM, on a free port of 127.0.0.1 for the duration of a `with` block.

    max_clock_skew  seconds by which the date of a request may differ from the server's clock; None: no limit
    page_delay      seconds that each page of IAM's ListUsers takes

    `Directory` has the methods for users, roles and sessions, and `FaultScript` those for faults. `GET /_calls` returns
    the calls as JSON, and `GET /_code` (or `/_code?serial=…`) the next MFA code as text, so that `curl -s URL/_code`
    can be used as an `mfa_process`.
    """

    def __init__(self, port: int = 0) -> None:
        Directory.__init__(self)
        FaultScript.__init__(self)
        self.max_clock_skew: float | None = 300.0
        self.page_delay: float = 0.0
        self._log = CallLog()
        self._server = Server(self._answer, self.now, port)
        self.url = self._server.url

    def __enter__(self) -> Sts:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self.clear_faults()
        faults = self._server.stop()
        if faults and error is None:
            raise RuntimeError("The test STS itself failed.") from faults[0]

    @property
    def calls(self) -> list[Call]:
        """Every request for an operation so far, including refused ones, in order of arrival."""
        return self._log.list()

    def calls_of(self, operation: str) -> list[Call]:
        """Return the calls of one operation."""
        return [call for call in self.calls if call.operation == operation]

    def clear_calls(self) -> None:
        """Delete the calls so far."""
        self._log.clear()

    def settle(self) -> None:
        """Wait until every call so far is answered or dropped, such as those of a client that was killed."""
        deadline = time.monotonic() + MAX_WAIT
        while not all(call.status or call.error for call in self.calls):
            if time.monotonic() > deadline:
                raise TimeoutError(f"There is no answer after {MAX_WAIT:g} s.")
            time.sleep(0.005)

    def _answer(self, request: Request) -> Reply | None:
        if request.method == "GET":
            return self._control(request)
        parameters = request.parameters()
        name = parameters.pop("Action", "")
        parameters.pop("Version", None)
        operation = OPERATIONS.get(name)
        service = operation.service if operation else "sts"
        key = claimed_key(request)
        owner = self.find_key(key)
        agent = request.header("User-Agent") or ""
        call = Call(name, owner.arn if owner else "", key, parameters, user_agent=agent)
        self._log.add(call)
        try:
            with self._apply_faults(name):
                if operation is None:
                    raise Refusal(400, "InvalidAction", f"Could not find operation {name}")
                caller = self._authenticate(request, service)
                reply = success(service, name, operation.handler(self, caller, parameters))
        except Refusal as refusal:
            reply = failure(service, refusal)
            call.error = refusal.code
        except ScriptedReply as scripted:
            reply = scripted.reply
            call.error = "scripted answer"
        except ConnectionDropped:
            call.error = "connection dropped"
            return None
        call.status = reply.status
        return reply

    @contextmanager
    def _apply_faults(self, name: str) -> Iterator[None]:
        """Apply the scripted faults for this operation before and after the block."""
        if self._stopping.is_set():
            raise ConnectionDropped
        faults = self._take_faults(name)
        for fault in faults:
            fault.before(self._stopping)
        if name == "ListUsers" and self._stopping.wait(self.page_delay):
            raise ConnectionDropped
        try:
            yield
        finally:
            for fault in faults:
                fault.after()

    def _authenticate(self, request: Request, service: str) -> Caller:
        claim = read_claim(request)
        caller = self.admit(claim.access_key, request.header("X-Amz-Security-Token"))
        now, max_skew = self.now(), self.max_clock_skew
        verify(
            request, claim, secret_of(caller, claim.access_key), service=service, now=now, max_skew=max_skew
        )
        if isinstance(caller, Session) and now >= caller.expires:
            raise Refusal(403, "ExpiredToken", "The security token included in the request is expired")
        if service == "iam":
            iam.admit(caller)
        return caller

    def _control(self, request: Request) -> Reply:
        if request.path == "/_calls":
            calls = [asdict(call) for call in self.calls]
            return Reply(200, json.dumps(calls).encode(), "application/json")
        if request.path == "/_code":
            serials = parse_qs(request.query).get("serial")
            for device in self.mfa_devices():
                if serials is None or device.serial in serials:
                    return Reply(200, f"{device.next_code()}\n".encode(), "text/plain")
        return Reply(404, b"Not found\n", "text/plain")
