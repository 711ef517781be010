"""`aws` forked from a process that has awscli loaded: a fraction of the CPU time of a start, and the same otherwise.

Only for the `aws` of this interpreter, and only where the environment has nothing to say about what happens before
awscli is loaded, or during that; `start` gives None for all else, which is then to be really started. Each pytest
process has a server of its own, which ends with it.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from . import aws_server

AWS = Path(sys.executable).with_name("aws")
OFF = "XACCT_TEST_REAL_STARTS"
"""Set and not empty, this variable lets every `aws` be really started."""

_DECIDES = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "OPENSSL_", "SSLKEYLOGFILE")
"""How the variables begin that Python, or the libraries it is linked with, look at when it starts."""


class Server:
    """The process that forks, asked over a socket that also ends it."""

    def __init__(self) -> None:
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, aws_server.__file__, str(AWS), str(theirs.fileno())],
                env={**self._environment, "HOME": aws_server.HOME},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._looked_at: list[str] = json.loads(self._socket.recv(65536))
        atexit.register(self.close)

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether an `aws` in this environment would have been the same up to where this process is.

        Never where coverage is measured: it begins with the process, and ends with it.
        """
        if any(name.startswith("COV") for name in environment):
            return False
        names = {*environment, *self._environment}
        decisive = {name for name in names if name.startswith(_DECIDES)} | {*self._looked_at}
        return "HOME" in environment and all(
            environment.get(name) == self._environment.get(name) for name in decisive
        )

    def ask(self, request: Mapping[str, Any], answer: int, descriptors: list[int]) -> None:
        """Fork; `answer` is written the process id, and at its end the exit status."""
        body = os.memfd_create("request")
        try:
            os.write(body, json.dumps(request).encode("utf-8", "surrogateescape"))
            os.lseek(body, 0, os.SEEK_SET)
            socket.send_fds(self._socket, [b"fork"], [body, answer, *descriptors])
        finally:
            os.close(body)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


class Forked(subprocess.Popen[str]):
    """A forked `aws` with pipes for the standard streams, in a session of its own."""

    _waitpid_lock: threading.Lock

    def __init__(self, server: Server, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._server = server
        self._answers, self._answer = os.pipe()
        self._environment = dict(environment)
        pipe = subprocess.PIPE
        super().__init__(arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def _execute_child(self, arguments: list[str], *rest: Any) -> None:
        """What Popen calls, once it has the pipes, to start the process."""
        ends = list(rest[9:15])
        umask = os.umask(0o077)
        os.umask(umask)
        request = {
            "arguments": arguments,
            "environment": self._environment,
            "directory": str(Path.cwd()),
            "umask": umask,
        }
        theirs = [ends[0], ends[3], ends[5]]
        try:
            self._server.ask(request, self._answer, theirs)
        finally:
            for descriptor in (self._answer, *theirs):
                os.close(descriptor)
        self._child_created = True
        self.pid = self._heard()

    def _heard(self) -> int:
        heard = os.read(self._answers, 4)
        assert len(heard) == 4, "the process that forks aws has died: see its message above"
        return int.from_bytes(heard, "little")

    def _try_wait(self, flags: int) -> tuple[int, int]:
        """What Popen calls to wait for the process: its id and exit status, or 0 while it runs."""
        if flags & os.WNOHANG and not select.select([self._answers], [], [], 0)[0]:
            return 0, 0
        status = self._heard()
        os.close(self._answers)
        return self.pid, status

    def _internal_poll(self, *_: object, **__: object) -> int | None:
        """What Popen calls to look whether the process has ended, also when nobody needs this any more."""
        if self.returncode is None and self._waitpid_lock.acquire(False):
            try:
                ended, status = (0, 0) if self.returncode is not None else self._try_wait(os.WNOHANG)
                if ended:
                    self.returncode = os.waitstatus_to_exitcode(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


@cache
def _server() -> Server | None:
    """This process's server; None where there can be none."""
    return Server() if hasattr(os, "pidfd_open") and not os.environ.get(OFF) else None


def start(command: Path, arguments: tuple[str, ...], environment: Mapping[str, str]) -> Forked | None:
    """Start `aws` without a terminal; None if that has to be a real start."""
    server = _server() if command == AWS else None
    if server is None or not server.suits(environment):
        return None
    return Forked(server, [str(command), *arguments], environment)
