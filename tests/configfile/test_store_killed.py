"""After a kill at any moment, the file is the complete old or new one; concurrent edits are all kept."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from awscli_xacct.configfile import store

from . import processes

KILLS = int(os.environ.get("XACCT_TEST_KILLS", "30"))
EDITORS = 50

FILLER = "".join(f"[profile p{number}]\nregion = us-west-1\n\n" for number in range(200))


def content(number: int) -> bytes:
    return f"# mine\n[default]\nnumber = {number}\n\n{FILLER}".encode()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / ".aws").mkdir(mode=0o700)
    (tmp_path / ".aws" / "config").write_bytes(content(0))
    return tmp_path / ".aws" / "config"


def files(config: Path) -> list[str]:
    return sorted(path.name for path in config.parent.iterdir() if path.name != "xacct")


COUNTER = """
number = int(sys.argv[2])
while True:
    number += 1
    store.edit(Path(sys.argv[1]), setting("default", "number", str(number)))
    print(number, flush=True)
"""


def test_kill_at_any_moment_leaves_the_last_edit_or_the_previous_one(
    config: Path, chance: random.Random
) -> None:
    """An editor that counts is killed again and again; every edit it has reported stays."""
    number = 0
    for _ in range(KILLS):
        with processes.start(COUNTER, config, number, home=config.parent.parent) as editor:
            assert editor.stdout is not None
            told = [editor.stdout.readline()]  # it is working
            time.sleep(chance.uniform(0, 0.01))
            editor.kill()
            told += editor.stdout.readlines()
        assert editor.returncode == -signal.SIGKILL
        number = int([line for line in told if line.endswith("\n")][-1])
        found = config.read_bytes()
        assert found in {content(number), content(number + 1)}
        number += found == content(number + 1)
    store.edit(config, lambda document: document.set("default", "number", str(number + 1)))
    assert config.read_bytes() == content(number + 1)
    assert files(config) == ["config"]


STEPPER = """
# Edits the file again and again, each time in a child that gets one step further. A step is any system call that
# Python reports to an audit hook beforehand.
import traceback
from awscli_xacct.errors import EditError

config, old, stop = Path(sys.argv[1]), Path(sys.argv[1]).read_bytes(), sys.argv[2]

def killed():
    os.kill(os.getpid(), 9)

def failed():
    raise OSError(5, "Input/output error")

def edit(last):
    steps = 0
    def step(event, arguments):
        nonlocal steps
        steps += event.partition(".")[0] in {"open", "os", "fcntl", "tempfile"}
        if steps == last:
            steps += 1
            globals()[stop]()
    sys.addaudithook(step)
    store.edit(config, setting("default", "number", "1"))
    return "edited" if steps >= last else "finished"

def outcome(last):
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return {0: "edited", 1: "finished", 2: "refused", -9: "killed"}.get(code, "raised")
    try:
        os._exit(["edited", "finished"].index(edit(last)))
    except EditError:
        os._exit(2)
    except BaseException:
        traceback.print_exc()
        os._exit(3)

store.edit(config.with_name("warm-up"), setting("a", "k", "v"))
config.with_name("warm-up").unlink()
last, came = 0, ""
while came != "finished":
    config.write_bytes(old)
    last += 1
    came = outcome(last)
    found = config.read_bytes()
    new = found.replace(b"number = 1", b"number = 0") == old
    print(came, "old" if found == old else "new" if new else "damaged", flush=True)
"""


def steps(config: Path, stop: str) -> list[str]:
    """Yield the results of an edit stopped before its first step, its second, and so on, until one finishes."""
    return processes.output(STEPPER, config, stop, home=config.parent.parent).splitlines()


def test_kill_before_each_step_leaves_the_old_or_the_new_file(config: Path) -> None:
    *stopped, finished = steps(config, "killed")
    assert finished == "finished new"
    assert set(stopped) == {"killed old", "killed new"}
    assert stopped == sorted(stopped, reverse=True), "old up to the rename, new behind it"
    store.edit(config, lambda document: document.set("default", "number", "2"))
    assert files(config) == ["config"]


def test_io_error_at_each_step_leaves_the_old_or_the_new_file(config: Path) -> None:
    """Steps that the edit does not depend on, such as sweeping and releasing the lock, may fail silently."""
    *stopped, finished = steps(config, "failed")
    assert finished == "finished new"
    assert set(stopped) == {"refused old", "edited new"}


EDITORS_AT_ONCE = """
path, editors = Path(sys.argv[1]), int(sys.argv[2])

def edit(number):
    sys.stdin.read()
    store.edit(path, setting(f"profile p{number}", "region", f"eu-{number}"))
    store.edit(path, setting(f"profile new-{number}", "region", f"eu-{number}"))

def fork(number):
    child = os.fork()
    if child:
        return child
    try:
        edit(number)
        os._exit(0)
    finally:
        os._exit(1)

children = [fork(each) for each in range(editors)]
print("ready", flush=True)
print([os.waitpid(child, 0)[1] for child in children])
"""


def test_concurrent_edits_are_all_kept(config: Path) -> None:
    start, gate = os.pipe()
    home = config.parent.parent
    with processes.start(EDITORS_AT_ONCE, config, EDITORS, home=home, stdin=start) as editors:
        os.close(start)
        assert editors.stdout is not None
        assert editors.stdout.readline() == "ready\n"
        os.close(gate)
        assert json.loads(editors.stdout.readline()) == [0] * EDITORS
    before, after = content(0).decode(), config.read_text()
    for number in range(EDITORS):
        before = before.replace(
            f"[profile p{number}]\nregion = us-west-1\n", f"[profile p{number}]\nregion = eu-{number}\n"
        )
    assert after.startswith(before)
    new = after.removeprefix(before).removesuffix("\n").split("\n\n")
    assert sorted(new) == sorted(f"[profile new-{number}]\nregion = eu-{number}" for number in range(EDITORS))
    assert files(config) == ["config"]
