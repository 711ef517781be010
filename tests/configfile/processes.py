"""Real processes that edit a config file, for tests that kill them, start many, or restrict them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]

# The start of every program. It loads no botocore, which makes it fast, and the edit does not need it.
_PREFACE = """
import os, sys, tempfile
from pathlib import Path
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
    # Edit once first, because modules that are imported on demand may not be readable for that user.
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
    """Start a Python that runs `program`, with `arguments` in ``sys.argv[1:]``."""
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
    # Without coverage: a process that is killed, or cannot write, would damage its data file.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(_REPOSITORY)}


def output(program: str, *arguments: object, home: Path) -> str:
    """Return what the program prints; it must succeed."""
    with start(program, *arguments, home=home) as process:
        printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return printed
