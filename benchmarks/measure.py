"""Run a command and measure its instructions, seconds and memory."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_COLLECTED = re.compile(r"Collected : (\d+)")

Command = Sequence[str]
Environment = Mapping[str, str]


class Run(NamedTuple):
    """One process: its wall time in seconds, its peak memory in MiB, and its CPU seconds with its children's."""

    seconds: float
    memory: float
    cpu: float


def run(
    command: Command, environment: Environment, directory: Path | None = None, *, may_fail: bool = False
) -> Run:
    """Run a command, in `directory` if given. Raises `RuntimeError` if it fails, unless it `may_fail`."""
    with tempfile.TemporaryFile() as stderr:
        begin = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        assert process.stdout is not None
        with process.stdout:
            process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        stderr.seek(0)
        errors = stderr.read().decode(errors="replace")
    if process.returncode and not may_fail:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {errors}")
    return Run(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def side_by_side(
    one: tuple[Command, Environment],
    other: tuple[Command, Environment],
    *,
    rounds: int,
    before: Callable[[], None] = lambda: None,
) -> tuple[Run, Run]:
    """Return the medians of two commands that are run in turn, so that other load affects both."""
    runs: tuple[list[Run], list[Run]] = ([], [])
    for _ in range(rounds):
        for done, (command, environment) in zip(runs, (one, other), strict=True):
            before()
            done.append(run(command, environment))
    first, second = (Run(*(statistics.median(values) for values in zip(*done, strict=True))) for done in runs)
    return first, second


def instructions(command: Command, environment: Environment) -> int | None:
    """Return a command's instructions as callgrind counts them, which is reproducible; None without valgrind."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    counted = subprocess.run(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        env={**environment, "PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    found = _COLLECTED.search(counted.stderr)
    return int(found[1]) if found else None


def python_of(aws: Path) -> str:
    """Return the interpreter beside an `aws` executable, because callgrind does not follow exec."""
    return str(aws.with_name("python"))
