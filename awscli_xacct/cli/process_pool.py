"""Many children, a bounded number at a time, none of which outlives this process.

Each is in a process group of its own, so that what it has started is reached as well, and has no terminal: of many
that ask, nobody could tell which. Whatever ends the wait for them (Ctrl-C, SIGTERM, a fault) ends them too: they
are asked as Ctrl-C asks, then by SIGTERM, and after a bound, or at the next signal, they are killed; by the
`watchdog` if this process is killed. What a command that has ended by itself left in the background is let be.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType

from .child_output import follow
from .launch import NOT_EXECUTABLE, NOT_FOUND
from .watchdog import Watchdog

PATIENCE = 5
"""Seconds that children have to come to their end in, all together."""

Hear = Callable[[str, bool, bytes], None]
"""Told what a child writes: its name, whether it was on stderr, and a line. It may block for as long as it likes."""

_DESCRIPTORS = 10
"""As many as a child costs at its start, and some to spare for whatever else opens a file then."""

_SCARCE = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)
"""Why a child cannot be started that another one's end may mend."""

_OTHERS = (
    *("SIGKILL", "SIGSTOP"),  # nobody can catch them
    *("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL"),  # Python's handlers come too late for a fault of its own
    *("SIGCHLD", "SIGCLD", "SIGURG", "SIGWINCH", "SIGINFO"),  # end nothing
    *("SIGCONT", "SIGTSTP", "SIGTTIN", "SIGTTOU"),  # stop, and go on
)
_ENDING = signal.valid_signals() - {getattr(signal, name) for name in _OTHERS if hasattr(signal, name)}
"""Whatever ends a process unless it is caught, those without a name included."""

_KEYS = [getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name)]
"""What a shell without job control has its background commands ignore."""


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
    """Runs jobs. `hear` is told what they write, a line at a time; for several of them at once, in threads."""

    def __init__(self, hear: Hear, patience: float = PATIENCE) -> None:
        self._hear = hear
        self._patience = patience
        self._ending = threading.Condition()
        """Holds what follows, and is told when a child has ended."""
        self._waiting: list[Job] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: SimpleQueue[Ended | Exception] = SimpleQueue()
        self._watchdog: Watchdog

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Ended]:
        """The ends of all jobs, as they come. Whoever stops listening stops the children.

        Raises what `hear` raises.
        """
        self._waiting = list(reversed(jobs))
        with _Signals() as signals:
            try:
                self._watchdog = Watchdog()
                # Daemons: whoever is blocked in `hear` must not hold this process.
                for number in range(min(at_once, len(jobs))):
                    try:
                        threading.Thread(target=self._work, daemon=True).start()
                    except RuntimeError:  # there may be no more threads; those that are there do it all
                        if not number:
                            raise
                        break
                for _ in jobs:
                    ended = self._next()
                    if isinstance(ended, Exception):
                        raise ended
                    yield ended
            finally:
                try:
                    signals.raising = False
                finally:
                    self._stop(signals)

    def _next(self) -> Ended | Exception:
        """Wait for what ends next."""
        # Of two signals at once the second may reach another thread, and then does not wake this one.
        while True:
            with contextlib.suppress(Empty):
                return self._ended.get(timeout=0.2)

    def _work(self) -> None:
        """Run one job after the other, until there is none left."""
        while True:
            with self._ending:
                if not self._waiting:
                    return
                job = self._waiting.pop()
                try:
                    child = self._running[job.name] = _start(job)
                    self._watchdog.began(child.pid)
                except OSError as error:
                    if error.errno in _SCARCE and self._running:
                        self._waiting.append(job)
                        self._ending.wait()
                    else:
                        self._ended.put(_not_begun(job, error))
                    continue
            try:
                self._ended.put(Ended(job.name, self._follow(job.name, child)))
            except Exception as error:  # noqa: BLE001 - it is raised where somebody listens
                self._ended.put(error)
                return

    def _follow(self, name: str, child: subprocess.Popen[bytes]) -> int:
        code = follow(child, lambda is_error, line: self._hear(name, is_error, line))
        with self._ending:
            self._running.pop(name, None)
            self._watchdog.ended(child.pid)
            self._ending.notify_all()
        return code if code >= 0 else 128 - code

    def _stop(self, signals: _Signals) -> None:
        """End whatever runs; begin nothing more. No signal raises any more."""
        with self._ending:
            self._waiting.clear()
            left = list(self._running.values())
        for ask in (_interrupt, _terminate):
            end = time.monotonic() + self._patience / 2
            for child in left:
                ask(child)
            while any(child.poll() is None for child in left):
                if signals.hurried or time.monotonic() > end:
                    break
                time.sleep(0.01)
            else:
                break
            if signals.hurried:
                break
        for child in left:
            _kill(child)
        with self._ending:
            self._watchdog.dismiss()


def _start(job: Job) -> subprocess.Popen[bytes]:
    """Raises `OSError`."""
    # Some releases of Python leave a pipe open where they could make only one of two.
    reserve: list[int] = []
    try:
        while len(reserve) < _DESCRIPTORS:
            reserve.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for descriptor in reserve:
            os.close(descriptor)
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


def _terminate(child: subprocess.Popen[bytes]) -> None:
    """Ask once more those that do not end for Ctrl-C."""
    if hasattr(os, "killpg"):
        _signal_group(child, signal.SIGTERM)


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


class _Signals:
    """While it is entered, a signal that ends this process does so by way of its `finally` clauses.

    It raises once, and never after `raising` was taken back; any further one only sets `hurried`. What the keyboard
    sends and this process ignores stays without effect, but is caught: a child would inherit that it is ignored, and
    could not be asked to end.
    """

    def __init__(self) -> None:
        self.raising = True
        self.hurried = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int] = {}

    def __enter__(self) -> _Signals:
        for number in _ENDING:
            before = signal.getsignal(number)
            if before in (signal.SIG_DFL, signal.default_int_handler):
                with contextlib.suppress(OSError):  # the C library keeps it to itself
                    self._catch(number, self._end)
            elif before == signal.SIG_IGN and number in _KEYS:
                self._catch(number, lambda *_: None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _catch(self, number: int, handler: Callable[[int, FrameType | None], object]) -> None:
        before = signal.getsignal(number) or signal.SIG_DFL
        signal.signal(number, handler)
        self._before[number] = before

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if not self.raising:
            self.hurried = True
            return
        self.raising = False
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
