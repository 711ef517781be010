"""Many children, a limited number at a time, none of which outlives this process.

Each is in a process group of its own, so that what it starts can be ended with it, and has no terminal: if several
asked there, nobody could tell which. Whatever ends the wait for them (Ctrl-C, SIGTERM, an error) ends them too: first
as Ctrl-C does, then by SIGTERM, and after a time limit, or at the next signal, by SIGKILL. The `watchdog` kills them
if this process is killed. What a command that ended by itself left in the background is left alone.
"""

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

from ..child_output import read_lines
from .launch import explain_exec_error, kill_group, resolve_program
from .watchdog import Watchdog

INTERRUPT_SECONDS = TERMINATE_SECONDS = 2.5
"""How long all children together may take to end when they are asked to by Ctrl-C, and then by SIGTERM."""

AddLine = Callable[[str, bool, bytes], None]
"""Called with a child's name, whether it wrote on stderr, and the line. It may block for as long as it likes."""

_DESCRIPTORS = 10
"""File descriptors that starting a child takes, and some to spare for whatever else opens a file meanwhile."""

_SCARCE = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)
"""Errors of starting a child that may be gone when another child has ended."""

_NOT_CAUGHT = (
    *("SIGKILL", "SIGSTOP"),  # cannot be caught
    *("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL"),  # Python's handlers run too late for a fault of its own
    *("SIGCHLD", "SIGCLD", "SIGURG", "SIGWINCH", "SIGINFO"),  # do not end a process
    *("SIGCONT", "SIGTSTP", "SIGTTIN", "SIGTTOU"),  # stop and continue a process
)
_ENDING = signal.valid_signals() - {getattr(signal, name) for name in _NOT_CAUGHT if hasattr(signal, name)}
"""All signals that end a process unless they are caught, those without a name included."""

_KEYS = [getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name)]
"""Signals that a shell without job control has its background commands ignore."""


class NotRunError(Exception):
    """A command cannot be run, for lack of what it needs; `code` is the exit code for that."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Job:
    """A command to run, and its name for the user.

    `prepare` returns its environment when it is about to start, which may be hours later. It is called in several
    threads, may take its time, and may raise `NotRunError`.
    """

    name: str
    command: Sequence[str]
    prepare: Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Ended:
    """The end of a job: its exit code, or 128 + the number of a signal; `error` is why it could not start.

    `was_run` is false if starting it was not even tried.
    """

    name: str
    code: int
    error: str = ""
    was_run: bool = True


class ProcessPool:
    """Runs jobs and passes each line they write to `add_line`, in several threads at a time."""

    def __init__(self, add_line: AddLine) -> None:
        self._add_line = add_line
        self._ending = threading.Condition()
        """Guards the next three, and is notified when a child has ended."""
        self._waiting: list[Job] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stopped = False
        self._ended: SimpleQueue[tuple[Ended | Exception, SimpleQueue[None]]] = SimpleQueue()
        """What has ended, each with a queue for the answer that its end has been dealt with."""
        self._watchdog: Watchdog

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Ended]:
        """Run all jobs and yield each one's end as it comes. Closing the iterator ends the children.

        Another one starts in its place when the next end is asked for, so that what the caller prints about the first
        comes before the output of the second. Raises what `add_line` raises.
        """
        self._waiting = list(reversed(jobs))
        with _Signals() as signals:
            try:
                self._watchdog = Watchdog()
                # Daemons: a thread that blocks in `add_line` must not keep this process from ending.
                for number in range(min(at_once, len(jobs))):
                    try:
                        threading.Thread(target=self._work, daemon=True).start()
                    except RuntimeError:  # the system has no more threads: those that run do all the work
                        if not number:
                            raise
                        break
                for _ in jobs:
                    ended, dealt_with = self._await_next()
                    if isinstance(ended, Exception):
                        raise ended
                    yield ended
                    dealt_with.put(None)
            finally:
                try:
                    signals.raising = False
                finally:
                    self._stop(signals)

    def _await_next(self) -> tuple[Ended | Exception, SimpleQueue[None]]:
        # Of two signals at once the second may reach another thread, and then does not wake this one.
        while True:
            with contextlib.suppress(Empty):
                return self._ended.get(timeout=0.2)

    def _work(self) -> None:
        """Run one job after another until there are none left."""
        while True:
            with self._ending:
                if not self._waiting:
                    return
                job = self._waiting.pop()
            try:
                ended = self._run(job)
            except NotRunError as error:
                ended = Ended(job.name, error.code, str(error), was_run=False)
            except Exception as error:  # noqa: BLE001 - `run` raises it
                self._ended.put((error, SimpleQueue()))
                return
            if ended is not None:
                dealt_with: SimpleQueue[None] = SimpleQueue()
                self._ended.put((ended, dealt_with))
                dealt_with.get()

    def _run(self, job: Job) -> Ended | None:
        """Run a job to its end; return None if it has to wait for another one's."""
        started = self._start(job, job.prepare())
        if isinstance(started, subprocess.Popen):
            return Ended(job.name, self._follow(job.name, started))
        return started

    def _start(self, job: Job, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | Ended | None:
        """Start a job; return its end if it cannot be started, and None if it has to wait for another one's."""
        with self._ending:
            if self._stopped:
                return None
            try:
                child = self._running[job.name] = _start(job.command, environment)
                self._watchdog.add(child.pid)
            except OSError as error:
                if error.errno in _SCARCE and self._running:
                    self._waiting.append(job)
                    self._ending.wait()
                    return None
                return Ended(job.name, *explain_exec_error(job.command, error))
        return child

    def _follow(self, name: str, child: subprocess.Popen[bytes]) -> int:
        code = read_lines(child, lambda is_error, line: self._add_line(name, is_error, line))
        with self._ending:
            self._running.pop(name, None)
            self._watchdog.remove(child.pid)
            self._ending.notify_all()
        return code if code >= 0 else 128 - code

    def _stop(self, signals: "_Signals") -> None:
        """End everything that runs and start nothing more. Signals no longer raise here."""
        with self._ending:
            self._waiting.clear()
            self._stopped = True
            left = list(self._running.values())
        for ask, seconds in ((_interrupt, INTERRUPT_SECONDS), (_terminate, TERMINATE_SECONDS)):
            end = time.monotonic() + seconds
            for child in left:
                ask(child)
            while any(child.poll() is None for child in left):
                if signals.repeated or time.monotonic() > end:
                    break
                time.sleep(0.01)
            else:
                break
            if signals.repeated:
                break
        for child in left:
            kill_group(child)
        with self._ending:
            self._watchdog.stop()


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a command. Raises `OSError`."""
    command = resolve_program(command)
    # Some releases of Python leak a pipe if they could create only one of two.
    reserve: list[int] = []
    try:
        while len(reserve) < _DESCRIPTORS:
            reserve.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for descriptor in reserve:
            os.close(descriptor)
    return subprocess.Popen(  # noqa: S603 - the user's own command
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _interrupt(child: subprocess.Popen[bytes]) -> None:
    """Ask a child and what it has started to end, as Ctrl-C does."""
    if hasattr(signal, "CTRL_BREAK_EVENT"):
        child.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        _signal_group(child, signal.SIGINT)


def _terminate(child: subprocess.Popen[bytes]) -> None:
    """Ask a child that ignores Ctrl-C to end."""
    if hasattr(os, "killpg"):
        _signal_group(child, signal.SIGTERM)


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    # It may have ended; macOS reports a group of zombies as one that may not be signalled.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


class _Signals:
    """A block in which signals that end this process do so through its `finally` clauses.

    Only one raises, and none once `raising` is false: the others set `repeated`. What the keyboard sends and this
    process ignores stays without effect, but is caught: children would inherit that it is ignored, and Ctrl-C could
    not end them.
    """

    def __init__(self) -> None:
        self.raising = True
        self.repeated = False
        self._before: dict[int, Callable[[int, FrameType | None], object] | int] = {}

    def __enter__(self) -> "_Signals":
        for number in _ENDING:
            before = signal.getsignal(number)
            if before in (signal.SIG_DFL, signal.default_int_handler):
                with contextlib.suppress(OSError):  # reserved by the C library
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
            self.repeated = True
            return
        self.raising = False
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
