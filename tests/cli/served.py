"""A running `xacct serve`, and clients that speak HTTP by hand."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.home import TIMEOUT, Home

URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
CONFIG = "AWS_CONFIG_FILE"
CREDENTIALS = "AWS_SHARED_CREDENTIALS_FILE"

_ASSIGNMENT = re.compile(r"^export (\w+)=(\S*)$", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `content` is its JSON."""

    status: int
    headers: Mapping[str, str]
    content: Any


@dataclass(frozen=True)
class Server:
    """A server. `variables` are those of its first profile."""

    process: subprocess.Popen[str]
    printed: str
    variables: dict[str, str]

    @property
    def port(self) -> int:
        return urlsplit(self.variables[URI]).port or 0

    @property
    def path(self) -> str:
        return urlsplit(self.variables[URI]).path

    def request(self, **changes: str | None) -> bytes:
        """Return a request as an SDK sends it; `changes` are headers, None for none, and `method` and `target`."""
        method, target = changes.pop("method", "GET"), changes.pop("target", self.path)
        headers = {
            "Host": f"127.0.0.1:{self.port}",
            "Authorization": self.variables[TOKEN],
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), TIMEOUT)

    def ask(self, **changes: str | None) -> Answer:
        """Return the answer to `request`."""
        return self.send(self.request(**changes))

    def send(self, request: bytes) -> Answer:
        """Return the answer to bytes."""
        with self.connect() as client:
            client.sendall(request)
            return read_answer(client)

    def stop(self) -> tuple[int, str]:
        """Terminate it, and return its exit code and what it has written to stderr."""
        self.process.terminate()
        _, errors = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, errors


def read_answer(client: socket.socket) -> Answer:
    """Read an answer to its end."""
    data = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(int(first.split(" ")[1]), headers, json.loads(body) if body else None)


def parse_variables(text: str) -> dict[str, str]:
    """Return what the lines of `--format env` set."""
    return dict(_ASSIGNMENT.findall(text))


@contextmanager
def serving(
    home: Home, *arguments: str, environment: Mapping[str, str] | None = None, program: str = ""
) -> Iterator[Server]:
    """Run `xacct serve`, or a Python `program` that is it but for a change; it must not have ended by itself."""
    if program:
        process = home.start_any(Path(sys.executable), "-c", program, "serve", *arguments)
    else:
        process = home.fork_xacct("serve", *arguments, environment=environment)
    try:
        assert process.stdout is not None
        printed = process.stdout.read()
        if not printed:
            raise AssertionError(process.communicate(timeout=TIMEOUT)[1])
        yield Server(process, printed, parse_variables(printed.split("\n\n")[0]))
        assert process.returncode is not None or process.poll() is None
    finally:
        process.terminate()
        process.communicate(timeout=TIMEOUT)


def client_environment(server: Server) -> dict[str, str]:
    """Return the environment of a program that has evaluated what the server printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **server.variables}


def children(process: int) -> list[int]:
    """Return the ids of the processes that a process has started and that it has not waited for."""
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if (text := read_if_there(path)) and text.rpartition(")")[2].split()[1] == str(process)
    ]


def read_if_there(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
