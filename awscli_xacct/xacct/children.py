"""Many children, a bounded number at a time, none of which outlives this process.

Each is in a process group of its own, so that what it has started is reached as well, and has no terminal: of many
that ask, nobody could tell which. Whatever ends the wait for them (Ctrl-C, SIGTERM, a fault) ends them too: they
are asked as Ctrl-C asks, and after a bound they are killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from types import FrameType
from typing import IO

from .launch import NOT_EXECUTABLE, NOT_FOUND

PATIENCE = 5
"""Seconds that children have to come to their end in, all together."""

Hear = Callable[[str, bool, bytes], None]
"""Told what a child writes: its name, whether it was on stderr, and a line."""

_ENDING = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]


@dataclass(frozen=True)
class Job:
    """A command to be run, and what the person calls it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Ended:
    """How a job ended: its exit code, 128 + the number of the signal that ended it, or why it could not begin."""

    name: str
    code: int
    fault: str = ""


class Children:
    """Runs jobs. `hear` is told what they write, a line at a time, whichever of them write at once."""

    def __init__(self, hear: Hear, patience: float = PATIENCE) -> None:
        self._hear = hear
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: list[Job] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: SimpleQueue[Ended | Exception] = SimpleQueue()

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Ended]:
        """The ends of all jobs, as they come. Whoever stops listening stops the children.

        Raises what `hear` raises.
        """
        self._waiting = list(reversed(jobs))
        with _ended_by_signals():
            try:
                # Daemons: a child's child that has left the group and holds a pipe must not hold this process.
                for _ in range(min(at_once, len(jobs))):
                    threading.Thread(target=self._work, daemon=True).start()
                for _ in jobs:
                    ended = self._ended.get()
                    if isinstance(ended, Exception):
                        raise ended
                    yield ended
            finally:
                self._stop()

    def _work(self) -> None:
        """Run one job after the other, until there is none left."""
        while True:
            with self._lock:
                if not self._waiting:
                    return
                job = self._waiting.pop()
                try:
                    child = self._running[job.name] = _start(job)
                except OSError as error:
                    self._ended.put(_not_begun(job, error))
                    continue
            try:
                self._ended.put(Ended(job.name, self._followed(job.name, child)))
            except Exception as error:  # noqa: BLE001 - it is raised where somebody listens
                self._ended.put(error)

    def _followed(self, name: str, child: subprocess.Popen[bytes]) -> int:
        """Hear a child out, and give its exit code."""
        errors = threading.Thread(target=self._listen, args=(name, True, child.stderr), daemon=True)
        errors.start()
        self._listen(name, False, child.stdout)
        errors.join()
        code = child.wait()
        with self._lock:
            self._running.pop(name, None)
        return code if code >= 0 else 128 - code

    def _listen(self, name: str, is_error: bool, stream: IO[bytes] | None) -> None:
        assert stream is not None  # noqa: S101 - it is a pipe
        try:
            with stream:
                for line in stream:
                    with self._lock:
                        self._hear(name, is_error, line)
        except OSError as error:
            # Nobody reads what is written any more.
            self._ended.put(error)

    def _stop(self) -> None:
        """End whatever runs; begin nothing more."""
        with self._lock:
            self._waiting.clear()
            left = list(self._running.values())
        for child in left:
            _interrupt(child)
        end = time.monotonic() + self._patience
        with contextlib.suppress(KeyboardInterrupt):  # somebody is in a hurry
            for child in left:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(max(end - time.monotonic(), 0))
        for child in left:
            _kill(child)


def _start(job: Job) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the user's own command
        list(job.command),
        env=dict(job.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _not_begun(job: Job, error: OSError) -> Ended:
    if isinstance(error, FileNotFoundError):
        return Ended(job.name, NOT_FOUND, f"{job.command[0]}: command not found")
    return Ended(job.name, NOT_EXECUTABLE, f"{job.command[0]}: {error.strerror or error}")


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    """Ask a child, and what it has started, to end."""
    if hasattr(signal, "CTRL_BREAK_EVENT"):
        child.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        _signal_group(child, signal.SIGINT)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End what is left of a child and of what it has started."""
    if hasattr(signal, "SIGKILL"):
        _signal_group(child, signal.SIGKILL)
    else:
        child.kill()


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    # A group that has ended is gone; macOS says of one of zombies that it may not be signalled.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """While the block runs, a signal that ends this process does so by way of its `finally` clauses."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in _ENDING}
    for number in [number for number in _ENDING if before[number] == signal.SIG_DFL]:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
