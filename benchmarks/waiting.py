"""Measure what a hundred processes cost that wait for one to get credentials, such as for a person to find a device."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.credentials.racer import Task, race

WAITING = 100
SECONDS = 10.0
SETTLED = 3.0
"""Seconds after which all have warned that they wait, and look more rarely."""


def measure() -> None:
    """Print the share of a core that each takes."""
    if sys.platform != "linux":
        return  # CPU time of other processes is read from /proc
    with tempfile.TemporaryDirectory() as directory:
        cache, log, gate, warnings, outcomes = (f"{directory}/{name}" for name in range(5))
        task = Task(cache, log, gate, warnings, outcomes, processes=WAITING + 1)
        with race(task) as running:
            [owner] = running.fetches()
            pids = {warning["pid"] for warning in running.warnings(WAITING)} - {owner["pid"]}
            time.sleep(SETTLED)
            begun, before = time.perf_counter(), sum(map(_cpu_seconds, pids))
            time.sleep(SECONDS)
            spent = sum(map(_cpu_seconds, pids)) - before
            share = spent / (time.perf_counter() - begun) / len(pids)
            running.finish()
    print(f"{len(pids)} processes that wait for one: {share:.2%} of a core each (target 0.50%)")
    print()


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process until now. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
