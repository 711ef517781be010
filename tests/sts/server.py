"""The HTTP server on loopback. It turns bytes into a `Request` and a `Reply` into bytes, with a thread per connection.

Connections are kept alive between requests, as in the real service. `stop` closes the open ones and waits for their
threads, so that a test leaves nothing running.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, TypeAlias

from .messages import Reply, Request

ADDRESS = "127.0.0.1"
STOP_TIMEOUT = 10.0  # seconds that `stop` waits for a thread that is still writing an answer

# None: close the connection without an answer.
Answer: TypeAlias = Callable[[Request], "Reply | None"]


class Server:
    """Listens from `start` to `stop`. `now` is the clock for the Date header, in epoch seconds."""

    def __init__(self, answer: Answer, now: Callable[[], float], port: int = 0) -> None:
        self._http = _LoopbackServer(answer, now, port)
        self._thread = threading.Thread(target=self._http.accept, name="sts-accept", daemon=True)

    @property
    def url(self) -> str:
        """The endpoint URL, without a trailing slash."""
        return f"http://{ADDRESS}:{self._http.port}"

    def start(self) -> None:
        """Start accepting connections."""
        self._thread.start()

    def stop(self) -> list[BaseException]:
        """Close every connection and end every thread. Return the exceptions raised in the server itself."""
        self._http.stopping = True
        # Wake the accepting thread. `serve_forever` would poll for the end instead, and every test would wait for
        # its interval.
        socket.create_connection((ADDRESS, self._http.port)).close()
        self._thread.join()
        self._http.server_close()
        self._http.hang_up()
        return self._http.faults


class _LoopbackServer(ThreadingHTTPServer):
    # Twenty clients at once must fit into the queue.
    request_queue_size = 128

    def __init__(self, answer: Answer, now: Callable[[], float], port: int) -> None:
        self.answer = answer
        self.now = now
        self.faults: list[BaseException] = []
        self.stopping = False
        self._connections: list[tuple[threading.Thread, socket.socket]] = []
        super().__init__((ADDRESS, port), _Handler)
        self.port = int(self.server_address[1])

    def server_bind(self) -> None:
        # HTTPServer looks up the host name here, which can take seconds without a name server.
        TCPServer.server_bind(self)

    def accept(self) -> None:
        while not self.stopping:
            self.handle_request()

    # The base class neither keeps a list of open connections nor joins daemon threads.
    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="sts-answer", daemon=True
        )
        self._connections = [pair for pair in self._connections if pair[0].is_alive()]
        self._connections.append((thread, request))
        thread.start()

    def hang_up(self) -> None:
        for _, connection in self._connections:
            # Only the reading side, so that an answer in progress is still sent. Most connections are closed already.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        for thread, _ in self._connections:
            thread.join(STOP_TIMEOUT)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        error = sys.exc_info()[1]
        # Tests kill clients, or let them time out, on purpose.
        if error is not None and not isinstance(error, ConnectionError):
            self.faults.append(error)


class _Handler(BaseHTTPRequestHandler):
    server: _LoopbackServer
    protocol_version = "HTTP/1.1"
    # Header and body in one packet: with two, the second waits for the client's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        reply = self.server.answer(Request(self.command, path, query, self.headers.items(), body))
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self.server.now() if timestamp is None else timestamp, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        """Print nothing: `Sts.calls` is the log."""
