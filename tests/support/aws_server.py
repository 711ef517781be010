"""A process that has awscli loaded and forks an `aws` or `xacct` on request; `forked` starts and uses it.

An `aws` spends most of its CPU time on loading awscli, which is the same in every run. Each child gets its own
arguments, environment, directory, descriptors and session, and its own copy of everything that awscli derives from the
home directory while it is loaded. The plugin is never loaded here, only in the children.

Run as `aws_server.py DESCRIPTOR LISTENING SCRIPT…`: a socket for requests from the tests' process, a listening socket
for the programs written by `forked.write_client`, and the scripts that are mostly run. It imports only modules that
awscli imports as well, so that a child has loaded the same modules as an `aws`.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import io
import json
import os
import random
import select
import signal
import socket
import sys
import termios
import time
import types
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

HOME = "/home-of-the-process-that-forks-aws"
"""The value of HOME here, by which everything derived from it while awscli was loaded can be found."""

DECISIVE = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "OPENSSL_", "SSLKEYLOGFILE")
"""Prefixes of the variables that Python and its libraries read when they start."""

PATH = "PYTHONPATH"

STEP = "XACCT_TEST_STEP"
"""The variable that has a child killed before one of its steps; see `killing`."""

MAX_REQUEST = 1 << 20
"""The size of a request in bytes."""

Place = tuple[Any, str, Any]
"""An object with an attribute derived from HOME, the name of the attribute, and its value."""


class Loaded(NamedTuple):
    """What loading awscli has left here for the children, beside the modules."""

    environment: dict[str, str]
    """The variables before; awscli adds one."""
    variables_read: list[str]
    modules: list[str]
    """Names that no directory in PYTHONPATH may have: it would be too late to load them from there."""
    data_path: str
    descriptors: list[int]
    """Files that are open in every `aws`, too: version 2 reads random numbers from one."""
    places: list[Place]


def load() -> Loaded:
    """Load what every `aws` loads."""
    environment = dict(os.environ)
    before = open_descriptors()
    seen = set()
    kind = type(os.environ)
    real = kind.__getitem__

    def look(self: os._Environ[str], name: str) -> str:
        seen.add(name)
        return real(self, name)

    kind.__getitem__ = look  # type: ignore[method-assign]
    try:
        import awscli.clidriver
        import awscli.handlers  # noqa: F401
    finally:
        kind.__getitem__ = real  # type: ignore[method-assign]
    run_beside("keeping.py")["keep_constants"]()
    opened = sorted(open_descriptors() - before)
    variables_read = sorted(seen - {"HOME"})
    modules = sorted({"sitecustomize", "usercustomize", *(name.partition(".")[0] for name in sys.modules)})
    return Loaded(
        environment, variables_read, modules, os.environ["AWS_DATA_PATH"], opened, find_home_paths()
    )


def open_descriptors() -> set[int]:
    """Return the descriptors of this process, without the one that lists them."""
    names = os.listdir("/dev/fd")  # noqa: PTH208
    return {int(name) for name in names if os.path.exists(f"/dev/fd/{name}")}  # noqa: PTH110


def is_equivalent(
    environment: Mapping[str, str],
    own: Mapping[str, str],
    variables_read: Collection[str],
    modules: Collection[str],
) -> bool:
    """Return whether a process started in this environment would be in the same state as this one.

    Never with coverage, which has to start and end with the process.
    """
    if any(name.startswith("COV") for name in environment):
        return False
    decisive = {name for name in {*environment, *own} if name.startswith(DECISIVE)} | {*variables_read}
    if PATH not in own and only_adds_modules(environment.get(PATH, ""), modules):
        decisive.discard(PATH)
    return "HOME" in environment and all(environment.get(name) == own.get(name) for name in decisive)


def only_adds_modules(path: str, modules: Collection[str]) -> bool:
    """Return whether this PYTHONPATH has only directories with modules that are loaded later, such as the plugin."""
    return all(
        os.path.isabs(each)  # noqa: PTH117
        and os.path.isdir(each)  # noqa: PTH112
        and not {name.partition(".")[0] for name in os.listdir(each)}.intersection(modules)  # noqa: PTH208
        for each in path.split(os.pathsep)
    )


def find_home_paths() -> list[Place]:
    """Return every attribute of modules, classes and functions that contains a path below HOME."""
    owners: list[Any] = [
        *sys.modules.values(),
        *(each for each in gc.get_objects() if isinstance(each, type)),
    ]
    places: list[Place] = [
        (owner, name, value)
        for owner in owners
        for name, value in dict(vars(owner)).items()
        if contains_home(value)
    ]
    for each in gc.get_objects():
        if isinstance(each, types.FunctionType) and contains_home(each.__defaults__):
            places.append((each, "__defaults__", each.__defaults__))
    return [place for place in places if place[2] != HOME]


def contains_home(value: object) -> bool:
    """Return whether this is a path below HOME, or has one among its items."""
    if isinstance(value, (tuple, list)):
        return any(isinstance(each, str) and HOME in each for each in value)
    return isinstance(value, str) and HOME in value


def with_home(value: Any, home: str) -> Any:
    """Return the value with another home instead of HOME."""
    if isinstance(value, (tuple, list)):
        return type(value)(with_home(each, home) for each in value)
    return value.replace(HOME, home) if isinstance(value, str) else value


def stream(descriptor: int, mode: str, old: Any) -> io.TextIOWrapper:
    """Open a standard stream as Python does when it starts."""
    unbuffered = old.write_through  # as PYTHONUNBUFFERED sets it for all three
    buffering = 0 if unbuffered and mode == "w" else -1
    binary: Any = open(descriptor, f"{mode}b", buffering, closefd=False)  # noqa: SIM115
    getattr(binary, "raw", binary).name = old.name
    made = io.TextIOWrapper(
        binary,
        encoding=old.encoding,
        errors=old.errors,
        newline="\n",
        line_buffering=not unbuffered and (descriptor == 2 or binary.isatty()),
        write_through=unbuffered,
    )
    made.mode = mode  # type: ignore[misc]
    return made


def take_terminal(connection: int, terminal: int) -> None:
    """Make a terminal the controlling terminal of this session, after the client has released it."""
    os.read(connection, 16)
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def become(request: dict[str, Any], answer: int, descriptors: list[int], loaded: Loaded) -> None:
    """Turn this process, which has just been forked, into an `aws` that is about to run its script."""
    os.setsid()
    if request["terminal"]:
        take_terminal(answer, descriptors[0])
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
    first = 3
    for kept in [*loaded.descriptors, os.sysconf("SC_OPEN_MAX")]:
        os.closerange(first, kept)
        first = kept + 1
    os.chdir(request["directory"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    if PATH in os.environ and PATH not in loaded.environment:
        sys.path[1:1] = os.environ[PATH].split(os.pathsep)
    program, *words = request["arguments"]
    if program.endswith("aws") or words[:1] == ["role"]:
        # awscli sets this when it is loaded, which has happened already.
        os.environ["AWS_DATA_PATH"] = loaded.data_path
    time.tzset()
    random.seed()
    home = os.path.expanduser("~")  # noqa: PTH111 - as awscli does
    for owner, name, value in loaded.places:
        setattr(owner, name, with_home(value, home))
    sys.argv = list(request["arguments"])
    sys.orig_argv = [sys.executable, *sys.argv]
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        made = stream(descriptor, "w" if descriptor else "r", getattr(sys, name))
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)
    if STEP in os.environ:
        run_beside("killing.py")


class Server:
    """Forks on request, and reports how each child ended. `serve` returns only in the children."""

    def __init__(self, asked: socket.socket, listening: socket.socket, loaded: Loaded) -> None:
        self._asked = asked
        self._listening = listening
        self._loaded = loaded
        self._poll = select.poll()
        self._poll.register(asked, select.POLLIN)
        self._poll.register(listening, select.POLLIN)
        self._running: dict[int, tuple[int, int]] = {}
        self._clients: dict[int, int] = {}

    def serve(self) -> None:
        """Serve until the tests' process has ended."""
        while True:
            # One at a time: it may close another that is ready as well, whose number the next one then gets.
            ready = self._poll.poll()[0][0]
            if ready in self._running:
                self._report_end(ready)
            elif ready in self._clients:
                self._kill(ready)
            elif ready == self._listening.fileno():
                connection, _ = self._listening.accept()
                if self._answer_client(connection.detach()):
                    return
            else:
                message, received, _, _ = socket.recv_fds(self._asked, 16, 5)
                if not message:
                    os._exit(0)
                body, answer, *descriptors = received
                with open(body, "rb") as file:  # noqa: PTH123
                    request = json.load(file)
                if self._fork(request, answer, descriptors):
                    return

    def _answer_client(self, connection: int) -> bool:
        """Fork for a client, or hang up so that it starts the real command. Return True in the child."""
        peer = socket.socket(fileno=os.dup(connection))
        with peer:
            message, descriptors, _, _ = socket.recv_fds(peer, MAX_REQUEST, 3)
        request = json.loads(message) if message else {"environment": {}}
        own, variables_read, modules, *_ = self._loaded
        if not is_equivalent(request["environment"], own, variables_read, modules):
            for descriptor in (connection, *descriptors):
                os.close(descriptor)
            return False
        if self._fork(request, connection, descriptors):
            return True
        self._clients[connection] = next(
            pid for pid, answer in self._running.values() if answer == connection
        )
        self._poll.register(connection, 0)  # a hang-up is always reported
        return False

    def _fork(self, request: dict[str, Any], answer: int, descriptors: list[int]) -> bool:
        """Fork. Return True in the child."""
        pid = os.fork()
        if pid == 0:
            become(request, answer, descriptors, self._loaded)
            return True
        for descriptor in descriptors:
            os.close(descriptor)
        watched = os.pidfd_open(pid)
        self._running[watched] = pid, answer
        self._poll.register(watched, select.POLLIN)
        send_number(answer, pid)
        return False

    def _report_end(self, watched: int) -> None:
        self._poll.unregister(watched)
        os.close(watched)
        pid, answer = self._running.pop(watched)
        if self._clients.pop(answer, None):
            self._poll.unregister(answer)
        send_number(answer, os.waitpid(pid, 0)[1])
        os.close(answer)

    def _kill(self, connection: int) -> None:
        """Kill the child of a client that was killed."""
        self._poll.unregister(connection)
        with suppress(ProcessLookupError):
            os.killpg(self._clients.pop(connection), signal.SIGKILL)


def send_number(answer: int, number: int) -> None:
    """Send a process id or an exit status, unless the receiver is gone."""
    with suppress(BrokenPipeError):
        os.write(answer, number.to_bytes(4, "little"))


def run_beside(name: str) -> dict[str, Any]:
    """Run a module of this directory, which no `aws` has loaded, and return what it defines."""
    path = os.path.join(os.path.dirname(__file__), name)  # noqa: PTH118, PTH120
    defined = vars(types.ModuleType(name))
    exec(compile_script(path), defined)  # noqa: S102
    return defined


def compile_script(path: str) -> types.CodeType:
    """Compile a script that this process can run."""
    with open(path, encoding="utf-8") as source:  # noqa: PTH123
        return compile(source.read(), path, "exec")


def run(script: types.CodeType) -> None:
    """Run a script as Python does, without taking all modules apart at the end: that costs as much as all the rest."""
    code: object = "not known"

    def end() -> None:
        """End the process, after everything else that is registered for its end."""
        if code is None or isinstance(code, int):
            with suppress(OSError, ValueError):  # Python says what is wrong with a stream, and ends with 120
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit((code or 0) & 0xFF)

    atexit.register(end)
    main = types.ModuleType("__main__")
    main.__file__ = sys.argv[0]
    sys.modules["__main__"] = main
    try:
        exec(script, vars(main))  # noqa: S102
    except SystemExit as error:
        code = error.code
        raise


if __name__ == "__main__":
    asking, listening = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    scripts = {path: compile_script(path) for path in sys.argv[3:]}
    sys.path[0] = os.path.dirname(sys.argv[3])  # noqa: PTH120
    loaded = load()
    asking.send(json.dumps([loaded.variables_read, loaded.modules]).encode())
    server = Server(asking, listening, loaded)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.collect()
    gc.freeze()  # otherwise the first collection in each child would copy all memory
    server.serve()
    if sys.argv[0] not in scripts:
        sys.path[0] = os.path.dirname(os.path.realpath(sys.argv[0]))  # noqa: PTH120
    run(scripts.get(sys.argv[0]) or compile_script(sys.argv[0]))
