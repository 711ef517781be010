"""Counts what an `aws` or `xacct` does: the functions it calls, the files it opens, the directories it lists.

    with Counter(home) as counter:
        counted = counter.run("aws", "configure", "role", "list")

The numbers do not depend on how busy the machine is, so tests can compare them for different sizes of a config. Each
command runs in a process of its own, forked from one that has awscli loaded; it has the plugin loaded again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter as Tally
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from .home import Home
from .keeping import keep_constants

ROOT = Path(__file__).resolve().parents[2]

PARSERS = {"raw_config_parse": "configloader.py", "_read": "configfile/parser.py"}
"""The functions that parse the text of a file, and the ends of their files' names."""


class Counted(NamedTuple):
    """What one command did. `calls` are of Python and C functions; `opened` and `listed` are by path.

    `parsed` is how many times a config or credentials file was parsed, by botocore or by this package.
    """

    code: int
    calls: int
    parsed: int
    opened: dict[str, int]
    listed: dict[str, int]


class Counter:
    """Runs commands in `home` and counts what they do."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def __enter__(self) -> Counter:
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env={**self._home.environment, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def run(self, program: str, *arguments: str) -> Counted:
        """Run a command in the home directory, without streams. Its output is in the file `output` there."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{json.dumps([str(self._home.path), program, *arguments])}\n")
        self._server.stdin.flush()
        return Counted(*json.loads(self._server.stdout.readline()))


def serve() -> None:
    """Run the commands that come on stdin, one per line, and print what they did."""
    import awscli.clidriver
    import awscli.handlers  # noqa: F401 - what every `aws` loads

    keep_constants()
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as answer:
                answer.write(json.dumps(run_counted(*json.loads(line))))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answer:
            sys.stdout.write(f"{answer.read()}\n")
            sys.stdout.flush()
        os.waitpid(child, 0)


def run_counted(directory: str, program: str, *arguments: str) -> Counted:
    """Run a command in this process, and count what it does."""
    os.chdir(directory)
    output = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = [program, *arguments]
    if program == "aws":
        from awscli.clidriver import main
    else:
        from awscli_xacct.cli.main import main
    from awscli_xacct import settings

    # A memo is written only if the config files are old enough, which is a matter of luck.
    settings.MEMO_TICK = 10**9
    calls = parsed = 0
    opened: Tally[str] = Tally()
    listed: Tally[str] = Tally()

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls, parsed
        calls += event in ("call", "c_call")
        if event == "call" and frame.f_code.co_name in PARSERS:
            parsed += frame.f_code.co_filename.endswith(PARSERS[frame.f_code.co_name])

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            opened[str(arguments[0])] += 1
        elif event in ("os.listdir", "os.scandir"):
            listed[str(arguments[0])] += 1

    sys.addaudithook(audit)
    threading.setprofile(count)
    sys.setprofile(count)
    try:
        code = main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.setprofile(None)
    sys.stdout.flush()
    return Counted(int(code or 0), calls, parsed, dict(opened), dict(listed))


if __name__ == "__main__":
    serve()
