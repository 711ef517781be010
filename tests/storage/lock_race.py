"""Processes that take turns with one lock and are killed meanwhile: `python -m tests.storage.lock_race RACE`.

RACE is a `Race` as JSON. Some processes die between two steps of taking or releasing the lock: before or after its file
is created, locked, looked at, or removed. What a second owner would find is a lock of its own kind that only the owner
holds: the kernel releases it when the process dies, before the lock itself, whose descriptor is newer.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from awscli_xacct.storage.locks import FileLock

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("take", "remove", "unlock")
"""What a process can be about to do when it dies."""
TWO_OWNERS = 3
"""The exit code of a process that finds another owner."""


@dataclass(frozen=True)
class Race:
    """`lock` is the file. Each thread takes `turns`; all but `spared` processes die after some steps, by chance."""

    lock: str
    seed: int
    processes: int
    threads: int
    turns: int
    spared: int


def run(race: Race) -> tuple[list[int], int]:
    """Run a race, and return the exit codes of its processes (negative: a signal) and the number of turns taken."""
    outcome = subprocess.run(
        [sys.executable, "-m", __name__, json.dumps(asdict(race))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    codes = json.loads(outcome.stdout)
    return codes, _witness(race).stat().st_size


def _take_turns(race: Race, chance: random.Random, witness: int) -> None:
    for _ in range(race.turns):
        lock = FileLock(Path(race.lock))
        while not lock.try_acquire():
            time.sleep(chance.uniform(0, 0.2))
        lock.write_owner()
        try:
            fcntl.flock(witness, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os._exit(TWO_OWNERS)
        os.write(witness, b".")
        time.sleep(0)
        fcntl.flock(witness, fcntl.LOCK_UN)
        lock.release()


def _witness(race: Race) -> Path:
    return Path(race.lock).with_name("witness")


def _linger(step: str, left: int, witnesses: Collection[int], chance: random.Random) -> None:
    """Make this process slow between any two steps, and kill it before it does `step` for the time of that number.

    Python reports what it is about to do.
    """

    def linger(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event == "os.remove":
            about_to = "remove"
        elif event == "fcntl.flock" and arguments[0] not in witnesses:
            about_to = "unlock" if arguments[1] == fcntl.LOCK_UN else "take"
        else:
            return
        if about_to == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(chance.uniform(0, 0.002))

    sys.addaudithook(linger)


def _be_one_of(race: Race, number: int) -> None:
    chance = random.Random(race.seed + number)  # noqa: S311 - no secret depends on it
    # Opened before any lock, so that the kernel closes them first when it ends the process.
    witnesses = [
        os.open(_witness(race), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) for _ in range(race.threads)
    ]
    times = chance.randint(1, race.threads * race.turns) if number >= race.spared else 0
    _linger(chance.choice(STEPS), times, witnesses, chance)
    threads = [threading.Thread(target=_take_turns, args=(race, chance, witness)) for witness in witnesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Run the processes, and print their exit codes."""
    race = Race(**json.loads(sys.argv[1]))
    children = []
    for number in range(race.processes):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _be_one_of(race, number)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))


if __name__ == "__main__":
    main()
