"""Several `aws` processes at once, and their stderr while they run."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue

from tests.support.home import TIMEOUT, Home, Outcome


class ProcessGroup:
    """Running processes, started by `run_together`."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self.processes = processes
        self._stderr: dict[int, list[str]] = {process.pid: [] for process in processes}
        self._arrivals: Queue[int] = Queue()
        self._readers = [threading.Thread(target=self._read, args=(each,)) for each in processes]
        for reader in self._readers:
            reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._stderr[process.pid].append(line)
            self._arrivals.put(process.pid)

    def wait_for_lines(self, count: int) -> set[int]:
        """Wait for `count` more lines on stderr, and return the ids of the processes that wrote them."""
        writers = []
        for _ in range(count):
            try:
                writers.append(self._arrivals.get(timeout=TIMEOUT))
            except Empty:
                raise AssertionError(f"{len(writers)} of {count} lines arrived: {self._stderr}") from None
        return set(writers)

    def finish(self) -> dict[int, Outcome]:
        """Wait until all have ended, and return their outcomes by process id."""
        outcomes = {}
        for process, reader in zip(self.processes, self._readers, strict=True):
            assert process.stdout is not None
            code = process.wait(TIMEOUT)
            reader.join()
            outcomes[process.pid] = Outcome(code, process.stdout.read(), "".join(self._stderr[process.pid]))
        return outcomes

    def close(self) -> None:
        """Kill the processes that are still running."""
        for process in self.processes:
            process.kill()
        for process, reader in zip(self.processes, self._readers, strict=True):
            process.wait()
            reader.join()
            for stream in (process.stdin, process.stdout, process.stderr):
                assert stream is not None
                stream.close()


@contextmanager
def run_together(home: Home, *commands: tuple[str, ...], forked: bool = True) -> Iterator[ProcessGroup]:
    """Start `aws` for every command, all at once and without a terminal.

    With `forked=False` the processes are really started; see `forked`.
    """
    start = home.fork if forked else home.start
    running = ProcessGroup([start(*arguments) for arguments in commands])
    try:
        yield running
    finally:
        running.close()
