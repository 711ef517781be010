"""`aws` and `xacct` forked from a process that has awscli loaded: the same commands for a fraction of the CPU time.

This works only for the commands of this interpreter and those given to `allow`, and only if the environment does not
affect how Python starts or how awscli is loaded. For anything else `start` returns None, and the caller has to really
start it. Each pytest process has its own servers, which end with it.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from . import aws_server

AWS = Path(sys.executable).with_name("aws")
XACCT = Path(sys.executable).with_name("xacct")
OFF = "XACCT_TEST_REAL_STARTS"
"""If this variable is set and not empty, every `aws` and `xacct` is really started."""
PRELOADED = "LD_PRELOAD"

_CLIENT = """#!{python} -IS
import os, sys
sys.argv[0] = {command!r}
from json import dumps
from _socket import AF_UNIX, CMSG_LEN, SCM_RIGHTS, SOCK_SEQPACKET, SOL_SOCKET, socket
server = socket(AF_UNIX, SOCK_SEQPACKET)
umask = os.umask(0o077)
os.umask(umask)
request = dict(arguments=sys.argv, environment=dict(os.environ), directory=os.getcwd(), umask=umask)
request["terminal"] = os.isatty(0) and os.getsid(0) == os.getpid()
try:
    server.connect({address!r})
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
    server.sendmsg([dumps(request).encode("utf-8", "surrogateescape")], [(SOL_SOCKET, SCM_RIGHTS, streams)])
    started = server.recv(4)
except OSError:
    started = b""
if not started:
    os.execv(sys.argv[0], sys.argv)
import _signal
if request["terminal"]:
    from fcntl import ioctl
    from termios import TIOCNOTTY
    _signal.signal(_signal.SIGHUP, _signal.SIG_IGN)
    ioctl(0, TIOCNOTTY)
    server.send(b"released")
child = int.from_bytes(started, "little")
for number in (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM):
    _signal.signal(number, lambda number, _: os.kill(child, number))
code = os.waitstatus_to_exitcode(int.from_bytes(server.recv(4), "little"))
if code < 0:
    if -code != _signal.SIGKILL:
        _signal.signal(-code, _signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""
"""A program that lets a server run an `aws` with the program's streams, or becomes the real `aws`.

It passes on the signals that end it, and ends as the `aws` does.
"""


class Server:
    """The process that forks. It takes requests on a socket, and ends when the socket closes."""

    def __init__(self, python: str = sys.executable, *commands: Path, preloaded: str = "") -> None:
        """Start `python`, which runs these scripts, or `aws` and `xacct`. Raises RuntimeError if it cannot do it.

        `preloaded` is the path of a library that comes before the C library in all of them.
        """
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if preloaded:
            self._environment[PRELOADED] = preloaded
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind("")  # Linux chooses a free name, which disappears with the socket
        listening.listen(64)
        self.address: bytes = listening.getsockname()
        with theirs, listening:
            numbers = [theirs.fileno(), listening.fileno()]
            self._process = subprocess.Popen(
                [python, aws_server.__file__, *map(str, [*numbers, *(commands or (AWS, XACCT))])],
                env={**self._environment, "HOME": aws_server.HOME},
                stdin=subprocess.DEVNULL,
                pass_fds=numbers,
                start_new_session=True,
            )
        loaded = self._socket.recv(65536)
        if not loaded:
            self.close()
            raise RuntimeError(f"{python} cannot load awscli and fork; see its message above")
        self._variables_read: list[str]
        self._modules: list[str]
        self._variables_read, self._modules = json.loads(loaded)
        atexit.register(self.close)

    def is_equivalent(self, environment: Mapping[str, str]) -> bool:
        """Return whether a process started in this environment would be in the same state as the server."""
        return aws_server.is_equivalent(environment, self._environment, self._variables_read, self._modules)

    def ask(self, request: Mapping[str, Any], answer: int, descriptors: list[int]) -> None:
        """Fork a child. The server writes its process id to `answer`, and later its exit status."""
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
    """A forked command in its own session, with pipes for the standard streams."""

    _waitpid_lock: threading.Lock

    def __init__(self, server: Server, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._server = server
        self._answers, self._answer = os.pipe()
        self._environment = dict(environment)
        pipe = subprocess.PIPE
        super().__init__(arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def _execute_child(self, arguments: list[str], *rest: Any) -> None:
        """Start the process; Popen calls this when it has the pipes."""
        ends = list(rest[9:15])
        umask = os.umask(0o077)
        os.umask(umask)
        request = {
            "arguments": arguments,
            "environment": self._environment,
            "directory": str(Path.cwd()),
            "umask": umask,
            "terminal": False,
        }
        theirs = [ends[0], ends[3], ends[5]]
        try:
            self._server.ask(request, self._answer, theirs)
        finally:
            for descriptor in (self._answer, *theirs):
                os.close(descriptor)
        self._child_created = True
        self.pid = self._receive()

    def _receive(self) -> int:
        received = os.read(self._answers, 4)
        assert len(received) == 4, "the process that forks aws has died; see its message above"
        return int.from_bytes(received, "little")

    def _try_wait(self, flags: int) -> tuple[int, int]:
        """Return the process id and exit status, or 0 while it runs; Popen calls this to wait."""
        if flags & os.WNOHANG and not select.select([self._answers], [], [], 0)[0]:
            return 0, 0
        status = self._receive()
        os.close(self._answers)
        return self.pid, status

    def _internal_poll(self, *_: object, **__: object) -> int | None:
        """Return the exit code if the process has ended; Popen calls this, even when the object is deleted."""
        if self.returncode is None and self._waitpid_lock.acquire(False):
            try:
                ended, status = (0, 0) if self.returncode is not None else self._try_wait(os.WNOHANG)
                if ended:
                    self.returncode = os.waitstatus_to_exitcode(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


_others: dict[Path, str] = {}


def allow(command: Path) -> None:
    """Fork this `aws` as well, if it is a Python script: that of another awscli, or one of this that does more."""
    with command.open("rb") as file:
        first = file.readline()
    if first.startswith(b"#!"):
        _others[command] = os.fsdecode(first[2:].split()[0])


@cache
def _server(*command: Path, preloaded: str = "") -> Server | None:
    """Return the server of this interpreter or of another command; None if the system does not support it."""
    if not hasattr(os, "pidfd_open") or os.environ.get(OFF):
        return None
    return Server(_others[command[0]], *command) if command else Server(preloaded=preloaded)


def _find_server(command: Path, preloaded: str = "") -> Server | None:
    """Return the server that forks this command, or None."""
    if command in (AWS, XACCT) or _others.get(command) == sys.executable:
        return _server(preloaded=preloaded if Path(preloaded).is_file() else "")
    return _server(command) if command in _others else None


def start(command: Path, arguments: tuple[str, ...], environment: Mapping[str, str]) -> Forked | None:
    """Fork a command without a terminal; return None if it has to be really started."""
    server = _find_server(command, environment.get(PRELOADED, ""))
    if server is None or not server.is_equivalent(environment):
        return None
    return Forked(server, [str(command), *arguments], environment)


def write_client(path: Path, command: Path = AWS) -> None:
    """Create an `aws` at `path` for other programs to run; it is forked if the result is the same."""
    server = _find_server(command)
    if server is None:
        path.symlink_to(command)
        return
    text = _CLIENT.format(python=sys.executable, command=str(command), address=server.address)
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def find_client(command: Path) -> Path:
    """Return a client for `command`, or `command` itself if it has to be really started."""
    return _make_client(command) if _find_server(command) else command


@cache
def _make_client(command: Path) -> Path:
    """Create the client for all tests of this process."""
    directory = tempfile.TemporaryDirectory(prefix="forked-")
    atexit.register(directory.cleanup)
    client = Path(directory.name) / command.name
    write_client(client, command)
    return client
