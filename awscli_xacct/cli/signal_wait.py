"""Waiting for signals in the main thread.

A handler in Python runs only between two steps of the interpreter. A signal that comes just before a thread blocks, in
`waitpid` or for a lock, would be handled when that ends, which may be never. So the main thread waits for a byte that
the interpreter writes at once, whichever thread the signal interrupts.
"""

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Iterable

_POLL_SECONDS = 0.2


class SignalWait(contextlib.AbstractContextManager["SignalWait"]):
    """Calls `handle` with the number of each signal of these names while the block runs; ignored ones stay ignored.

    A handler, unlike SIG_IGN, is not inherited by programs.
    """

    def __init__(self, names: Iterable[str], handle: Callable[[int], None]) -> None:
        self._names = names
        self._handle = handle
        self._before: dict[int, object] = {}
        self._reading, self._writing = socket.socketpair()

    def __enter__(self) -> "SignalWait":
        for each in (self._reading, self._writing):
            each.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for name in self._names:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, lambda number, _: self._handle(number))
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._wakeup)
        self._reading.close()
        self._writing.close()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until a signal has been handled, or for `seconds`.

        On Windows, where the end of a child is no signal, for a moment.
        """
        select.select([self._reading], [], [], _POLL_SECONDS if os.name == "nt" else seconds)
        with contextlib.suppress(BlockingIOError):
            self._reading.recv(4096)
