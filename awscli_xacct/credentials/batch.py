"""Credentials of many role profiles at once: first those that may prompt, one after the other, then the rest.

A person who is prompted has the terminal to themselves, and a session that serves many roles is fetched once.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from ..aws_errors import is_denied
from .fetcher import Fetcher

_Result = TypeVar("_Result")

MAX_CONCURRENT = 16
"""How many chains are fetched at a time; most of it is waiting for STS."""
_OWN_FILES, _TASK_FILES = 10, 3
"""File descriptors of this process, and of each of these."""


def fetch_many(
    names: Iterable[str],
    fetcher_of: Callable[[str], Fetcher],
    work: Callable[[str, Fetcher], _Result],
    failed: Callable[[str, Fetcher | None, Exception], _Result],
) -> Iterator[_Result]:
    """Yield the result of `work` for each profile's fetcher, in order of completion; `work` raises nothing.

    `failed` makes a result of an error before that: the profile has no fetcher, or its chain cannot begin.
    """
    known: dict[str, Exception] = {}
    rest = []
    for name in names:
        start = None
        try:
            fetcher = fetcher_of(name)
            start = fetcher.chain()[0]
            prompts = needs_own_code(start, known)
        except Exception as error:  # noqa: BLE001 - whatever a source raises is this profile's failure
            yield failed(name, start, error)
            continue
        if prompts:
            yield work(name, fetcher)
        else:
            rest.append((name, fetcher))
    yield from run_concurrently(work, rest)


def run_concurrently(work: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> Iterator[_Result]:
    """Yield what `work` returns for the arguments in each task, as it comes; `work` raises nothing.

    A caller that stops early, on Ctrl-C for one, waits for no call under way.

    An executor of the standard library would wait, at exit at the latest: for as long as it takes to give up an STS
    that does not answer.
    """
    waiting = list(reversed(tasks))
    results: SimpleQueue[_Result] = SimpleQueue()
    errors: list[BaseException] = []

    def run_tasks() -> None:
        try:
            while waiting:
                try:
                    task = waiting.pop()
                except IndexError:
                    return  # another thread was quicker
                results.put(work(*task))
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits for results
            errors.append(error)

    try:
        for number in range(min(_count_possible(), len(tasks))):
            try:
                threading.Thread(target=run_tasks, daemon=True).start()
            except RuntimeError:
                # A container allows no more: those that run do all the work, and if none does, this one.
                if not number:
                    run_tasks()
                break
        for _ in tasks:
            yield _next(results, errors)
    finally:
        waiting.clear()


def _count_possible() -> int:
    """Return how many tasks can run at once: each takes a connection, a lock and at times another file."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MAX_CONCURRENT
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return MAX_CONCURRENT
    return min(MAX_CONCURRENT, max(1, (limit - _OWN_FILES) // _TASK_FILES))


def _next(results: SimpleQueue[_Result], errors: list[BaseException]) -> _Result:
    # A signal wakes the main thread, unless another thread got it; on Windows none does.
    while True:
        try:
            return results.get(timeout=0.2)
        except Empty:
            if errors:
                raise errors[0] from None


def needs_own_code(start: Fetcher, known: dict[str, Exception]) -> bool:
    """Return whether a chain takes an MFA code of its own. If not, fetch the MFA session it begins with, if any.

    Raises what prevents that; `known` keeps the errors, so that nobody is prompted again for each profile.
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
