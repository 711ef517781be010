"""A server on loopback for small answers: one thread for all connections, so that a slow client holds up nobody.

Memory is bounded by the number of connections, each of which may send `MAX_HEAD` bytes and gets one answer. Where
there are no more descriptors, or connections, clients wait in the kernel's queue. Those who have not asked for
anything, or have had their answer, make room for them.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from ..errors import XacctError
from ..messages import warn
from ..typed import typed_again
from .container_protocol import END, MAX_HEAD, RefusedError, build_refusal

HOST = "127.0.0.1"
MAX_CONNECTIONS = 800
"""And half of the files that this process may open, if that is less."""
REQUEST_SECONDS = 10
"""How long a client may take to send its request, and to read the answer."""
_TICK = 1.0
_BACKLOG = 1024
_CHUNK = 4096

SendAnswer = Callable[[bytes], None]
"""Sends an answer to a client; any thread may call it."""
Handle = Callable[[bytes, SendAnswer], None]
"""Gets each request's head, in the thread of the server, and answers it at once or later."""


class _Connection:
    """A client. `deadline` is when it is given up, by `time.monotonic`; None while its answer is being made."""

    def __init__(self, client: socket.socket) -> None:
        self.socket = client
        self.received = bytearray()
        self.answer = b""
        self.answered = False
        self.deadline: float | None = time.monotonic() + REQUEST_SECONDS

    @property
    def is_asking(self) -> bool:
        """Whether the request is not complete."""
        return self.deadline is not None and not self.answered


class LoopbackServer:
    """Listens from the beginning, and answers while `run` runs, in a thread of its own."""

    def __init__(self, handle: Handle, port: int = 0) -> None:
        """`port` 0 is any free one. Raises `XacctError` if it cannot be listened on."""
        self._handle = handle
        self._selector = selectors.DefaultSelector()
        self._connections: set[_Connection] = set()
        self._limit = _find_limit()
        self._thread = 0
        self._answers: deque[tuple[_Connection, bytes]] = deque()
        self._stopped = False
        self._listener = _listen(port)
        self._is_listening = False
        self.port: int = self._listener.getsockname()[1]
        self._woken, self._wake = socket.socketpair()
        for each in (self._woken, self._wake):
            each.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until `stop`."""
        self._thread = threading.get_ident()
        while not self._stopped:
            self._set_listening(len(self._connections) < self._limit)
            for key, events in self._selector.select(_TICK if self._connections else None):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    with contextlib.suppress(BlockingIOError):
                        self._woken.recv(_CHUNK)
                elif key.data in self._connections:
                    self._continue(key.data, events)
            self._send_answers()
            self._give_up_late()
        for connection in list(self._connections):
            self._close(connection)
        self._selector.close()
        for each in (self._listener, self._woken, self._wake):
            each.close()

    def stop(self) -> None:
        """End `run`; for any thread and for signal handlers."""
        self._stopped = True
        self._notify()

    def _notify(self) -> None:
        with contextlib.suppress(OSError):  # it is awake if the pipe is full
            self._wake.send(b"\0")

    # -- connections -------------------------------------------------------------------------------

    def _set_listening(self, wanted: bool) -> None:
        if wanted and not self._is_listening:
            self._selector.register(self._listener, selectors.EVENT_READ)
        elif self._is_listening and not wanted:
            self._selector.unregister(self._listener)
        self._is_listening = wanted

    def _accept(self) -> None:
        while len(self._connections) < self._limit:
            try:
                client, _ = self._listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError:  # no more descriptors
                self._make_room()
                return
            client.setblocking(False)
            connection = _Connection(client)
            self._connections.add(connection)
            self._selector.register(client, selectors.EVENT_READ, connection)
            if len(self._connections) == self._limit:
                self._make_room()

    def _make_room(self) -> None:
        """Close the connection that has been there longest, of those whose answer is not being made."""
        idle = [connection for connection in self._connections if connection.deadline is not None]
        if idle:
            self._close(min(idle, key=lambda connection: connection.deadline or 0))
        else:
            time.sleep(0.01)  # until descriptors are free, other clients wait

    def _continue(self, connection: _Connection, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._write(connection)
            else:
                self._read(connection)
        except BlockingIOError:
            pass
        except OSError:
            self._close(connection)
        except Exception as bug:  # noqa: BLE001 - it must not end the server
            warn(f"unexpected {type(bug).__name__} while answering a request: {bug}")
            self._close(connection)

    def _read(self, connection: _Connection) -> None:
        read = connection.socket.recv(_CHUNK)
        if not read:
            self._close(connection)
        elif connection.is_asking:
            connection.received += read
            if END in connection.received:
                connection.deadline = None
                head, _, _ = bytes(connection.received).partition(END)
                connection.received.clear()
                self._handle(head, lambda answer: self._answer(connection, answer))
            elif len(connection.received) > MAX_HEAD:
                self._start_answer(
                    connection, build_refusal(RefusedError(431, "TooLarge", "the request is too large"))
                )

    def _answer(self, connection: _Connection, answer: bytes) -> None:
        if threading.get_ident() == self._thread:
            self._start_answer(connection, answer)
        else:
            self._answers.append((connection, answer))
            self._notify()

    def _send_answers(self) -> None:
        while self._answers:
            connection, answer = self._answers.popleft()
            if connection in self._connections:
                self._start_answer(connection, answer)

    def _start_answer(self, connection: _Connection, answer: bytes) -> None:
        connection.answer, connection.answered = answer, True
        connection.deadline = time.monotonic() + REQUEST_SECONDS
        self._continue(connection, selectors.EVENT_WRITE)
        if connection in self._connections and connection.answer:
            self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)

    def _write(self, connection: _Connection) -> None:
        sent = connection.socket.send(connection.answer)
        connection.answer = connection.answer[sent:]
        if not connection.answer:
            # To close now, with more of the request unread, would reset the connection, and the answer be lost.
            connection.socket.shutdown(socket.SHUT_WR)
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)

    def _give_up_late(self) -> None:
        now = time.monotonic()
        for connection in list(self._connections):
            if connection.deadline is not None and now >= connection.deadline:
                if connection.is_asking:
                    late = RefusedError(408, "RequestTimeout", f"no request within {REQUEST_SECONDS} s")
                    self._start_answer(connection, build_refusal(late))
                else:
                    self._close(connection)

    def _close(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._selector.unregister(connection.socket)
            connection.socket.close()


def _find_limit() -> int:
    if os.name == "nt":
        return MAX_CONNECTIONS
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if files == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, files // 2)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            # Connections that have ended must not keep the port for a minute.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        fix = typed_again(without="--port")
        raise XacctError(
            f"cannot listen on port {port} of {HOST}: {error.strerror or error}. Use any free one:\n  {fix}",
            fix=fix,
        ) from None
    listener.setblocking(False)
    return listener
