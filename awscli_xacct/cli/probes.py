"""Programs of others, run to see what they say: for a bounded time, several at once.

Each is in a session of its own, so that what it has started ends with it, and it has no terminal to ask on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, TypeVar

SECONDS = 10
"""How long a program may take that should only say something."""

_KEPT = 64 * 1024
"""Bytes that are kept of what one writes; whatever comes after is read and forgotten."""
_GRACE = 0.5
"""Seconds in which what one has left in its pipes has to come out, though another holds them open."""
_LONGEST = 300
_AT_ONCE = 16

DID_NOT_RUN = 127

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Run:
    """What became of a program: its exit code, and what it wrote. 127 stands for one that did not run, or not end."""

    code: int
    stdout: str
    stderr: str
    hung: bool = False

    @property
    def reason(self) -> str:
        """The last thing it said, which is what went wrong."""
        lines = [line.strip() for line in f"{self.stdout}\n{self.stderr}".splitlines() if line.strip()]
        if not lines:
            return f"it ended with {self.code} and said nothing"
        return lines[-1] if len(lines[-1]) <= _LONGEST else f"{lines[-1][:_LONGEST]}…"


class _Running:
    """The programs that run now, to be ended with this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._over = False

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._over:
                raise InterruptedError("it was not run any more")
            process = subprocess.Popen(  # noqa: S603 - what the user has on the PATH
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._processes.add(process)
        return process

    def end(self, process: subprocess.Popen[bytes], *, wholly: bool) -> None:
        """`wholly`: it has ended, and so has whatever it has started, as far as can be seen."""
        with self._lock:
            self._processes.discard(process)
        if not wholly:
            _kill(process)
        process.wait()

    def end_all(self) -> None:
        with self._lock:
            self._over = True
            for process in self._processes:
                _kill(process)


_running = _Running()


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float = SECONDS) -> Run:
    """Run a program to its end, or for so many seconds."""
    try:
        process = _running.start(command, environment)
    except (OSError, ValueError) as error:
        return Run(DID_NOT_RUN, "", f"it cannot be run: {getattr(error, 'strerror', None) or error}")
    outputs = [_Output(process.stdout), _Output(process.stderr)]
    wholly = False
    try:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return Run(DID_NOT_RUN, "", f"it did not end within {seconds:g} s", hung=True)
        stdout, stderr = (output.text() for output in outputs)
        wholly = not any(output.is_open for output in outputs)
    finally:
        _running.end(process, wholly=wholly)
    return Run(code, stdout, stderr)


def map_concurrently(look: Callable[[_Item], _Answer], items: Sequence[_Item]) -> list[_Answer]:
    """What `look` gives for each item, in their order. What is run meanwhile ends if this is interrupted."""
    if not items:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(items))) as pool:
        try:
            return list(pool.map(look, items))
        except BaseException:
            _running.end_all()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Output:
    """Reads a pipe to its end, or until nobody asks any more."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._read, args=[pipe], daemon=True)
        self._thread.start()

    def _read(self, pipe: IO[bytes] | None) -> None:
        if pipe is None:
            return
        with contextlib.suppress(OSError, ValueError), pipe:
            while chunk := os.read(pipe.fileno(), _KEPT):
                self._kept += chunk[: max(0, _KEPT - len(self._kept))]

    @property
    def is_open(self) -> bool:
        return self._thread.is_alive()

    def text(self) -> str:
        self._thread.join(_GRACE)
        return bytes(self._kept).decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it has started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
