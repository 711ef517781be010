"""Processes that take turns with one lock and are killed meanwhile: `python -m tests.storage.lock_race RACE`.

RACE is a `Race` as JSON. Some processes die between two steps of taking or releasing the lock: before or after its file
is created, locked, looked at, or removed. Each owner notes in a journal when its turn begins and ends. If a turn ends
after another one has begun, the lock had two owners at once; a turn that never ends was cut short by a kill.

A second lock, held by owners only, is no witness: the kernel releases the locks of a killed process in no promised
order, so the next owner can find the second one still held by the dead.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from awscli_xacct.storage.locks import FileLock

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("take", "remove", "unlock")
"""What a process can be about to do when it dies."""


@dataclass(frozen=True)
class Race:
    """`lock` is the file. Each thread takes `turns`; all but `spared` processes die after some steps, by chance."""

    lock: str
    seed: int
    processes: int
    threads: int
    turns: int
    spared: int


@dataclass(frozen=True)
class Outcome:
    """The exit codes of the processes (negative: a signal), the turns that ended, and those that had two owners."""

    codes: list[int]
    turns: int
    shared: list[str]


def run(race: Race) -> Outcome:
    """Run a race, and return what its processes and its journal tell."""
    processes = subprocess.run(
        [sys.executable, "-m", __name__, json.dumps(asdict(race))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    marks = [line.split() for line in _journal(race).read_text("ascii").splitlines()]
    owner = ""
    turns, shared = 0, []
    for mark, name in marks:
        if mark == "begin":
            owner = name
            continue
        turns += 1
        if name != owner:
            shared.append(f"{name} had not ended its turn when {owner} began one")
    return Outcome(json.loads(processes.stdout), turns, shared)


def _take_turns(race: Race, chance: random.Random, journal: int) -> None:
    for _ in range(race.turns):
        lock = FileLock(Path(race.lock))
        while not lock.try_acquire():
            time.sleep(chance.uniform(0, 0.2))
        name = b"%d/%d" % (os.getpid(), threading.get_native_id())
        os.write(journal, b"begin %s\n" % name)
        lock.write_owner()
        time.sleep(0)
        os.write(journal, b"end %s\n" % name)
        lock.release()


def _journal(race: Race) -> Path:
    return Path(race.lock).with_name("journal")


def _linger(step: str, left: int, chance: random.Random) -> None:
    """Make this process slow between any two steps, and kill it before it does `step` for the time of that number.

    Python reports what it is about to do.
    """

    def linger(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event == "os.remove":
            about_to = "remove"
        elif event == "fcntl.flock":
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
    journal = os.open(_journal(race), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    times = chance.randint(1, race.threads * race.turns) if number >= race.spared else 0
    _linger(chance.choice(STEPS), times, chance)
    threads = [
        threading.Thread(target=_take_turns, args=(race, chance, journal)) for _ in range(race.threads)
    ]
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
