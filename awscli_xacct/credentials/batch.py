"""Credentials of many role profiles at once: first all that may ask a person, one after the other, then the rest.

Somebody who is asked has the terminal to themselves, and a session that serves many roles is bought once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

from .fetcher import Fetcher
from .sts import is_denied

Result = TypeVar("Result")

AT_ONCE = 16
"""How many chains are worked on at a time; what they do is wait for STS."""


def fetch_many(
    names: Iterable[str],
    fetcher_of: Callable[[str], Fetcher],
    work: Callable[[str, Fetcher], Result],
    failed: Callable[[str, Fetcher | None, Exception], Result],
) -> Iterator[Result]:
    """What `work` makes of each profile's fetcher, as it comes; `work` raises nothing.

    `failed` makes a result of what keeps a profile from being worked on: that it has no fetcher, or an error of
    the beginning of its chain.
    """
    known: dict[str, Exception] = {}
    rest = []
    for name in names:
        start = None
        try:
            fetcher = fetcher_of(name)
            start = fetcher.chain()[0]
            asks = asks_for_itself(start, known)
        except Exception as error:  # noqa: BLE001 - whatever a source raises is this profile's failure
            yield failed(name, start, error)
            continue
        if asks:
            yield work(name, fetcher)
        else:
            rest.append((name, fetcher))
    yield from _at_once(work, rest)


def _at_once(
    work: Callable[[str, Fetcher], Result], tasks: Sequence[tuple[str, Fetcher]]
) -> Iterator[Result]:
    """Whoever stops listening, by Ctrl-C for one, waits for none of the calls that are under way.

    An executor of the standard library would wait, at the end of the process at the latest: for as long as an
    STS that does not answer takes to be given up.
    """
    waiting = list(reversed(tasks))
    results: SimpleQueue[Result] = SimpleQueue()
    faults: list[BaseException] = []

    def work_off() -> None:
        try:
            while waiting:
                try:
                    task = waiting.pop()
                except IndexError:
                    return  # another was quicker
                results.put(work(*task))
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody listens
            faults.append(error)

    try:
        for _ in range(min(AT_ONCE, len(tasks))):
            threading.Thread(target=work_off, daemon=True).start()
        for _ in tasks:
            yield _next(results, faults)
    finally:
        waiting.clear()


def _next(results: SimpleQueue[Result], faults: list[BaseException]) -> Result:
    # A signal wakes the main thread, unless another thread has got it; on Windows none does.
    while True:
        try:
            return results.get(timeout=0.2)
        except Empty:
            if faults:
                raise faults[0] from None


def asks_for_itself(start: Fetcher, known: dict[str, Exception]) -> bool:
    """Whether a chain takes a code of its own. If not, the MFA session it begins with is got, if it has one.

    Raises what keeps it from being got; `known` keeps that, so that nobody is asked again for each profile.
    """
    session = start.session()
    if session is None:
        return bool(start.role.mfa_serial)
    try:
        if session.name in known:
            raise known[session.name]
        session.get()
    except Exception as error:
        known[session.name] = error
        if not is_denied(error):
            raise
        return True
    return False
