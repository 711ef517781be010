"""Processes that race for one record: `python -m tests.credentials.racer TASK`, TASK being a `Task` as JSON.

It forks as many as the task says once everything is imported, so that they start at the same moment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from awscli_xacct.credentials.single_flight import SingleFlight
from awscli_xacct.errors import XacctError
from awscli_xacct.storage.cache import Cache, Record

ROOT = Path(__file__).resolve().parents[2]
NAME = "record"
PURPOSE = "credentials of profile prod"
MAX_SECONDS = 120
"""Seconds after which a race is considered hung."""


@dataclass(frozen=True)
class Task:
    """`directory` holds the cache. A process that fetches writes its id to `log` and waits for `gate`.

    A process writes its warnings to `warnings`, and the outcome of each of its threads to `outcomes`.
    """

    directory: str
    log: str
    gate: str
    warnings: str
    outcomes: str
    processes: int = 1
    threads: int = 1
    notice_after: float = 1.0
    timeout: float = float(MAX_SECONDS)


def record(key: str, obtained: float, *, life: float = 3600, left: float = 600) -> Record:
    """Return credentials with this access key that last `life` seconds and are due `left` seconds before their end."""
    about = {"profile": "prod", "obtained": obtained}
    return Record(key, "secret", "token", obtained + life, obtained + life - left, None, about)


def run(task: Task) -> None:
    """Run one process: each of its threads gets the record."""

    def warn(line: str) -> None:
        _append(task.warnings, pid=os.getpid(), line=line)

    def obtain(quick: bool) -> Record:
        _append(task.log, pid=os.getpid(), quick=quick)
        while not Path(task.gate).exists():
            time.sleep(0.005)
        return record(f"ASIA{os.getpid()}", time.time())

    flight = SingleFlight(
        Cache(Path(task.directory), warn=warn),
        warn=warn,
        notice_after=task.notice_after,
        timeout=task.timeout,
    )

    def get(_thread: int) -> None:
        try:
            outcome = {"key": flight.get(NAME, PURPOSE, obtain).access_key}
        except XacctError as error:
            outcome = {"error": f"{type(error).__name__}: {error}"}
        _append(task.outcomes, pid=os.getpid(), **outcome)

    with ThreadPoolExecutor(task.threads) as pool:
        list(pool.map(get, range(task.threads)))


class Race:
    """A race under way."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.credentials.racer", json.dumps(asdict(task))],
            cwd=ROOT,
            start_new_session=True,
        )

    def fetches(self, count: int = 1) -> list[dict[str, Any]]:
        """Return which processes have begun to fetch, in order, as soon as there are `count`."""
        return wait_for_lines(Path(self._task.log), count)

    def warnings(self, count: int) -> list[dict[str, Any]]:
        """Return the warnings and their processes, as soon as there are `count` lines."""
        return wait_for_lines(Path(self._task.warnings), count)

    def outcomes(self, count: int = 0) -> list[dict[str, Any]]:
        """Return the outcomes of the threads that are done, as soon as there are `count`."""
        return wait_for_lines(Path(self._task.outcomes), count)

    def finish(self) -> list[dict[str, Any]]:
        """Let the fetch finish, and return the outcome of every thread that was not killed."""
        Path(self._task.gate).touch()
        self._process.wait(MAX_SECONDS)
        return self.outcomes()

    def stop(self) -> None:
        """Kill what a failed test has left."""
        Path(self._task.gate).touch()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


@contextmanager
def race(task: Task) -> Iterator[Race]:
    """Start the processes of `task`."""
    running = Race(task)
    try:
        yield running
    finally:
        running.stop()


def wait_for_lines(log: Path, count: int) -> list[dict[str, Any]]:
    """Return the lines of JSON in `log` as soon as there are `count`."""
    end = time.monotonic() + MAX_SECONDS
    while True:
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        if len(lines) >= count:
            return [json.loads(line) for line in lines]
        assert time.monotonic() < end, f"{len(lines)} of {count} lines"
        time.sleep(0.005)


def _append(path: str, **fields: Any) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{json.dumps(fields)}\n".encode())
    os.close(descriptor)


def main() -> None:
    task = Task(**json.loads(sys.argv[1]))
    children = []
    for _ in range(task.processes):
        child = os.fork()
        if child == 0:
            run(task)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
