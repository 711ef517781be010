"""Many `aws` processes at once, and what they say on stderr while they run."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue

from tests.support.home import TIMEOUT, Home, Outcome


class Crowd:
    """Running processes; made by `crowd`."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self.processes = processes
        self._said: dict[int, list[str]] = {process.pid: [] for process in processes}
        self._heard: Queue[int] = Queue()
        self._listeners = [threading.Thread(target=self._listen, args=(each,)) for each in processes]
        for listener in self._listeners:
            listener.start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._said[process.pid].append(line)
            self._heard.put(process.pid)

    def hear(self, count: int) -> set[int]:
        """Wait until so many lines have been said, and tell by whom."""
        speakers = []
        for _ in range(count):
            try:
                speakers.append(self._heard.get(timeout=TIMEOUT))
            except Empty:
                raise AssertionError(f"{len(speakers)} of {count} lines were said: {self._said}") from None
        return set(speakers)

    def finish(self) -> dict[int, Outcome]:
        """Wait for the end of all, and give what each left, by process id."""
        outcomes = {}
        for process, listener in zip(self.processes, self._listeners, strict=True):
            assert process.stdout is not None
            code = process.wait(TIMEOUT)
            listener.join()
            outcomes[process.pid] = Outcome(code, process.stdout.read(), "".join(self._said[process.pid]))
        return outcomes

    def close(self) -> None:
        """End whatever still runs."""
        for process in self.processes:
            process.kill()
        for process, listener in zip(self.processes, self._listeners, strict=True):
            process.wait()
            listener.join()
            for stream in (process.stdin, process.stdout, process.stderr):
                assert stream is not None
                stream.close()


@contextmanager
def crowd(home: Home, *commands: tuple[str, ...], really: bool = False) -> Iterator[Crowd]:
    """Start `aws` once for each of the commands, all at once and without a terminal; `really` forbids to fork."""
    start = home.start if really else home.fork
    running = Crowd([start(*arguments) for arguments in commands])
    try:
        yield running
    finally:
        running.close()
