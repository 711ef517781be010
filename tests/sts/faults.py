"""Faults that a test scripts: failures, throttling, delays, dropped connections, held requests.

The faults for an operation apply to a request in the order they were scripted. After a delay or a hold, the request
goes on to the next fault. The first failure, garbage or dropped connection ends it; the faults after that one wait for
the next request. A fault without an operation applies to every operation.
"""

from __future__ import annotations

import threading
from types import TracebackType

from .messages import Refusal, Reply

MAX_WAIT = 120.0  # seconds for processes to send their requests, even if the machine stops for a minute
MAX_HOLD = 240.0  # seconds; if a test forgets to release a hold, its connection is dropped instead of hanging


class ConnectionDropped(Exception):
    """Close the connection without an answer."""


class ScriptedReply(Exception):
    """Answer with `reply`, whatever it is."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


class Fault:
    """Applies to the next `left` requests (None: all) for `operation` (None: any)."""

    final = True

    def __init__(self, operation: str | None, left: int | None) -> None:
        self.operation = operation
        self.left = left

    def take(self, operation: str) -> bool:
        """Return whether this applies to a request for `operation`, and if so, count it."""
        if self.left == 0 or self.operation not in (None, operation):
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def before(self, stopping: threading.Event) -> None:
        """Run before the operation is carried out."""

    def after(self) -> None:
        """Run after the operation was carried out or refused, before it is answered."""


class Hold(Fault):
    """Makes requests wait until the test releases them, so that tests can create races without sleeping.

    For instance:

        with sts.hold("AssumeRole") as held:
            start_two_clients()
            held.wait_for(2)
        # both go on now

    If a `with` block waits at its end for a pool or a process, put the hold inside that block.
    """

    final = False

    def __init__(self, operation: str | None, left: int | None, *, answers: bool) -> None:
        super().__init__(operation, left)
        self.arrived = threading.Event()
        self.count = 0
        self._answers = answers
        self._released = threading.Event()
        self._changed = threading.Condition()

    def wait_for(self, count: int, timeout: float = MAX_WAIT) -> None:
        """Return when `count` requests have arrived. Raises TimeoutError after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.count >= count, timeout):
                raise TimeoutError(f"{self.count} of {count} requests arrived in {timeout} s.")

    def release(self) -> None:
        """Let the waiting requests go on, and later ones pass."""
        self.left = 0
        self._released.set()

    def before(self, stopping: threading.Event) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()
        self.arrived.set()
        in_time = self._released.wait(MAX_HOLD)
        if stopping.is_set() or not in_time or not self._answers:
            raise ConnectionDropped

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class FaultScript:
    """The part of `Sts` with which tests script faults."""

    def __init__(self) -> None:
        self._script: list[Fault] = []
        self._script_lock = threading.Lock()
        self._stopping = threading.Event()

    def fail(
        self,
        operation: str | None = None,
        times: int | None = 1,
        status: int = 500,
        code: str = "InternalFailure",
        message: str = "We encountered an internal error. Please try again.",
    ) -> None:
        """Answer with an error and do nothing else. `times=None` means until `clear_faults`."""
        self._add(_Failure(operation, times, Refusal(status, code, message)))

    def throttle(self, times: int | None = 1, operation: str | None = None) -> None:
        """Answer `Throttling: Rate exceeded`."""
        self.fail(operation, times, 400, "Throttling", "Rate exceeded")

    def delay(self, seconds: float, operation: str | None = None, times: int | None = None) -> None:
        """Delay requests before anything is done with them. Stopping the server ends the delay."""
        self._add(_Delay(operation, times, seconds))

    def drop_connections(
        self, times: int | None = 1, operation: str | None = None, *, after_work: bool = False
    ) -> None:
        """Close the connection without an answer.

        With `after_work`, the operation is carried out first. This is an answer lost on its way: the MFA code is spent
        and a session was issued, but no client has it.
        """
        self._add(_Drop(operation, times, after_work=after_work))

    def answer_garbage(
        self,
        times: int | None = 1,
        body: bytes = b"<html>It works!</html>",
        status: int = 200,
        content_type: str = "text/html",
        operation: str | None = None,
    ) -> None:
        """Answer with these bytes and do nothing else, like a captive portal or a broken proxy."""
        self._add(_Garbage(operation, times, Reply(status, body, content_type)))

    def hold(self, operation: str | None = None, times: int | None = None) -> Hold:
        """Make requests wait until the hold is released; then serve them as usual."""
        return self._hold(Hold(operation, times, answers=True))

    def hang(self, operation: str | None = None, times: int | None = 1) -> Hold:
        """Make requests wait, and close their connections without an answer on release (or on `stop`)."""
        return self._hold(Hold(operation, times, answers=False))

    def clear_faults(self) -> None:
        """Delete all faults and release held requests."""
        with self._script_lock:
            script, self._script = self._script, []
        for fault in script:
            if isinstance(fault, Hold):
                fault.release()

    def _take_faults(self, operation: str) -> list[Fault]:
        met = []
        with self._script_lock:
            for fault in self._script:
                if fault.take(operation):
                    met.append(fault)
                    if fault.final:
                        break
        return met

    def _add(self, fault: Fault) -> None:
        with self._script_lock:
            self._script.append(fault)

    def _hold(self, hold: Hold) -> Hold:
        self._add(hold)
        return hold


class _Failure(Fault):
    def __init__(self, operation: str | None, left: int | None, refusal: Refusal) -> None:
        super().__init__(operation, left)
        self._refusal = refusal

    def before(self, stopping: threading.Event) -> None:  # noqa: ARG002
        refusal = self._refusal
        raise Refusal(refusal.status, refusal.code, refusal.message)


class _Delay(Fault):
    final = False

    def __init__(self, operation: str | None, left: int | None, seconds: float) -> None:
        super().__init__(operation, left)
        self._seconds = seconds

    def before(self, stopping: threading.Event) -> None:
        if stopping.wait(self._seconds):
            raise ConnectionDropped


class _Drop(Fault):
    def __init__(self, operation: str | None, left: int | None, *, after_work: bool) -> None:
        super().__init__(operation, left)
        self._after_work = after_work

    def before(self, stopping: threading.Event) -> None:  # noqa: ARG002
        if not self._after_work:
            raise ConnectionDropped

    def after(self) -> None:
        raise ConnectionDropped


class _Garbage(Fault):
    def __init__(self, operation: str | None, left: int | None, reply: Reply) -> None:
        super().__init__(operation, left)
        self._reply = reply

    def before(self, stopping: threading.Event) -> None:  # noqa: ARG002
        raise ScriptedReply(self._reply)
