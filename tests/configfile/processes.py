"""Real processes that edit, for tests that kill them, start many at once or take something away from them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]

# What every program begins with. It loads no botocore: starting it is cheap, and the edit needs none.
_PREFACE = """
import os, sys, tempfile
from pathlib import Path
import filelock
from awscli_xacct.configfile import store
from awscli_xacct.errors import XacctError

def setting(section, key, value):
    return lambda document: document.set(section, key, value)

def told(path, change):
    try:
        store.edit(Path(path), change)
    except XacctError as error:
        print(type(error).__name__, error, flush=True)
    else:
        print("edited", flush=True)

def drop_privileges(user, home):
    # One edit first: a module that is loaded only on need may lie where that user cannot read.
    with tempfile.TemporaryDirectory() as os.environ["HOME"]:
        store.edit(Path.home() / "config", setting("a", "k", "v"))
    os.environ["HOME"] = home
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)

assert "botocore" not in sys.modules
"""


def start(program: str, *arguments: object, home: Path, stdin: int | None = None) -> subprocess.Popen[str]:
    """A Python of its own that runs `program`, with `arguments` in ``sys.argv[1:]``."""
    return subprocess.Popen(
        command(program, *arguments),
        env=environment(home),
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.PIPE,
        text=True,
    )


def command(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", _PREFACE + program, *map(str, arguments)]


def environment(home: Path) -> dict[str, str]:
    # Not measured for coverage: a process that is killed, or may write nothing, would damage its data file.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(_REPOSITORY)}


def output(program: str, *arguments: object, home: Path) -> str:
    """What the program prints; it has to end well."""
    with start(program, *arguments, home=home) as process:
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return printed
