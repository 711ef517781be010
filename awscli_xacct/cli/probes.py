"""Running other people's programs to see what they print: for a limited time, several at once.

Each runs in a session of its own, so that what it starts ends with it, and has no terminal to ask on.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from .. import settings
from ..child_output import read_pieces
from .launch import kill_group

SECONDS = 10
"""How long a program that only has to print something may take."""

DID_NOT_RUN = 127

_MAX_OUTPUT = 64 * 1024
"""Bytes of an output that are kept; the rest is read and dropped."""
_MAX_REASON = 300
_GRACE = 0.5
"""Seconds to wait for the end of an output after a program's end, while another holds its pipe open."""
_AT_ONCE = 16

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Run:
    """A program's exit code and output; the code is `DID_NOT_RUN` for one that did not start, or did not end."""

    code: int
    stdout: str
    stderr: str
    hung: bool = False

    @property
    def reason(self) -> str:
        """The last line it printed, which says what went wrong."""
        lines = [line.strip() for line in f"{self.stdout}\n{self.stderr}".splitlines() if line.strip()]
        if not lines:
            return f"it printed nothing and exited with {self.code}"
        return lines[-1] if len(lines[-1]) <= _MAX_REASON else f"{lines[-1][:_MAX_REASON]}…"


class _Running:
    """The programs that are running now, to be killed when this process is interrupted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise InterruptedError("interrupted before it was run")
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

    def end(self, process: subprocess.Popen[bytes], *, has_ended: bool) -> None:
        """Forget a program; kill it first unless it and everything it started has ended, as far as can be seen."""
        with self._lock:
            self._processes.discard(process)
        if not has_ended:
            kill_group(process)
        process.wait()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._processes:
                kill_group(process)


_running = _Running()


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float = SECONDS) -> Run:
    """Run a program to its end, or for `seconds`."""
    if settings.PROBING_VARIABLE in os.environ:
        # An `aws` may be a script that runs xacct. Each in a session of its own, they would run each other for ever.
        return Run(DID_NOT_RUN, "", "it runs the xacct that runs it")
    try:
        process = _running.start(command, {**environment, settings.PROBING_VARIABLE: "1"})
    except (OSError, ValueError) as error:
        return Run(DID_NOT_RUN, "", f"it cannot be run: {getattr(error, 'strerror', None) or error}")
    written, is_open, has_ended = {False: b"", True: b""}, {False: True, True: True}, False
    try:
        for is_error, piece in read_pieces(process, seconds, _GRACE):
            written[is_error] += piece[: max(0, _MAX_OUTPUT - len(written[is_error]))]
            is_open[is_error] = bool(piece)
        has_ended = not any(is_open.values())
    except subprocess.TimeoutExpired:
        return Run(DID_NOT_RUN, "", f"it did not end within {seconds:g} s", hung=True)
    finally:
        _running.end(process, has_ended=has_ended)
    stdout, stderr = (data.decode("utf-8", "replace") for data in written.values())
    return Run(process.returncode, stdout, stderr)


def map_concurrently(look: Callable[[_Item], _Answer], items: Sequence[_Item]) -> list[_Answer]:
    """Call `look` for all items at once and return the results in their order. An interrupt kills what it runs."""
    if not items:
        return []
    with ThreadPoolExecutor(min(_AT_ONCE, len(items))) as pool:
        try:
            return list(pool.map(look, items))
        except BaseException:
            _running.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
