"""A process that has awscli loaded and forks an `aws` for whoever asks; `forked` starts it and asks.

Most of the CPU time of an `aws` is spent on loading awscli, which is the same in every run. What is not the same is
made anew in each child: arguments, environment, directory, descriptors, session, what awscli keeps of the home
directory that it was loaded in, and the plugin, which is never loaded here.

Run as `aws_server.py AWS DESCRIPTOR`: the script to run, and a socket on which requests come. Whatever this imports
awscli imports, too, so that a child has loaded what an `aws` has.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import select
import signal
import socket
import sys
import time
import types
from contextlib import suppress
from typing import Any

HOME = "/home-of-the-process-that-forks-aws"
"""What HOME is here, so that whatever was made of it while awscli was loaded can be found."""

Place = tuple[Any, str, Any]
"""Something that has an attribute made of HOME, the attribute's name, and its value."""


def load() -> list[str]:
    """Load what every `aws` loads, and give the names of the variables that were looked at meanwhile."""
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
    return sorted(seen - {"HOME"})


def made_of_home() -> list[Place]:
    """Every attribute of modules, classes and functions in which a path below HOME was put."""
    owners: list[Any] = [
        *sys.modules.values(),
        *(each for each in gc.get_objects() if isinstance(each, type)),
    ]
    places: list[Place] = [
        (owner, name, value)
        for owner in owners
        for name, value in dict(vars(owner)).items()
        if of_home(value)
    ]
    for each in gc.get_objects():
        if isinstance(each, types.FunctionType) and of_home(each.__defaults__):
            places.append((each, "__defaults__", each.__defaults__))
    return [place for place in places if place[2] != HOME]


def of_home(value: object) -> bool:
    """Whether this is such a path, or has one among its items."""
    if isinstance(value, (tuple, list)):
        return any(isinstance(each, str) and HOME in each for each in value)
    return isinstance(value, str) and HOME in value


def moved(value: Any, home: str) -> Any:
    """The same with another home in it."""
    if isinstance(value, (tuple, list)):
        return type(value)(moved(each, home) for each in value)
    return value.replace(HOME, home) if isinstance(value, str) else value


def stream(descriptor: int, mode: str, old: Any) -> io.TextIOWrapper:
    """What Python makes of a standard descriptor when it starts."""
    unbuffered = old.write_through  # what PYTHONUNBUFFERED makes of all three
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


def become(request: dict[str, Any], descriptors: list[int], places: list[Place], data_path: str) -> None:
    """Make this process, a fresh fork, what a started `aws` is before it runs its script."""
    os.setsid()
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(request["directory"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update({**request["environment"], "AWS_DATA_PATH": data_path})
    time.tzset()
    random.seed()
    home = os.path.expanduser("~")  # noqa: PTH111 - as awscli does
    for owner, name, value in places:
        setattr(owner, name, moved(value, home))
    sys.argv = list(request["arguments"])
    sys.orig_argv = [sys.executable, *sys.argv]
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        made = stream(descriptor, "w" if descriptor else "r", getattr(sys, name))
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)


def serve(asked: socket.socket, places: list[Place]) -> None:
    """Fork for each request, and tell how each child ended. Returns in the children alone."""
    data_path = os.environ["AWS_DATA_PATH"]
    poll = select.poll()
    poll.register(asked, select.POLLIN)
    running: dict[int, tuple[int, int]] = {}
    while True:
        for ready, _ in poll.poll():
            if ready in running:
                poll.unregister(ready)
                os.close(ready)
                pid, answer = running.pop(ready)
                tell(answer, os.waitpid(pid, 0)[1])
                os.close(answer)
                continue
            message, received, _, _ = socket.recv_fds(asked, 16, 5)
            if not message:
                os._exit(0)  # whoever asked has ended
            body, answer, *descriptors = received
            with open(body, "rb") as file:  # noqa: PTH123
                request = json.load(file)
            pid = os.fork()
            if pid == 0:
                become(request, descriptors, places, data_path)
                return
            for descriptor in descriptors:
                os.close(descriptor)
            watched = os.pidfd_open(pid)
            running[watched] = pid, answer
            poll.register(watched, select.POLLIN)
            tell(answer, pid)


def tell(answer: int, number: int) -> None:
    """Write a process id or an exit status, if anybody still waits for it."""
    with suppress(BrokenPipeError):
        os.write(answer, number.to_bytes(4, "little"))


if __name__ == "__main__":
    script, number = sys.argv[1:]
    asked = socket.socket(fileno=int(number))
    sys.path[0] = os.path.dirname(script)  # noqa: PTH120
    with open(script, encoding="utf-8") as source:  # noqa: PTH123
        code = compile(source.read(), script, "exec")
    asked.send(json.dumps(load()).encode())
    places = made_of_home()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.collect()
    gc.freeze()  # or each child would get a copy of all that the first collection looks at
    serve(asked, places)
    main = types.ModuleType("__main__")
    main.__file__ = script
    sys.modules["__main__"] = main
    exec(code, vars(main))  # noqa: S102
