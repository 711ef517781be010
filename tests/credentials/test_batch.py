"""Many at once, on machines that allow few files or threads."""

from __future__ import annotations

import shlex
import threading
from pathlib import Path

import pytest

from awscli_xacct.credentials.batch import run_concurrently
from tests.sts import Sts, User
from tests.support.home import AWS, Home, finish


def test_sessions_are_obtained_with_few_file_descriptors(home: Home, sts: Sts, user: User) -> None:
    """Sixteen connections at once were more than the files that the process may have open, and half failed."""
    for number in range(20):
        home.add_role(f"p{number}", sts.add_role(f"R{number}", trusts=[user.arn]).arn)
    sts.delay(0.1, "AssumeRole")
    verify = [str(AWS), "configure", "role", "verify", "--all", "--output", "text"]
    outcome = finish(home.start_any(Path("/bin/sh"), "-c", f"ulimit -n 24; exec {shlex.join(verify)}"))
    assert outcome.code == 0, outcome
    assert len(sts.calls_of("AssumeRole")) == 20


@pytest.mark.parametrize("possible", [0, 1, 3])
def test_tasks_are_done_with_few_threads(possible: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container with a limit of processes, which threads count for."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def start_some(thread: threading.Thread) -> None:
        if len(started) == possible:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    done = list(run_concurrently(lambda number: number + 1, [(number,) for number in range(10)]))
    assert sorted(done) == list(range(1, 11))
    assert len(started) == possible
