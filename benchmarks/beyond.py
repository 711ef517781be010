"""Compare `xacct`, installed as users install it, with a bare interpreter and the stock `aws`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import awscli_xacct
from awscli_xacct.settings import MEMO_TICK
from tests.sts import Sts
from tests.support.home import AWS, XACCT, Home

from .measure import Command, instructions, run, side_by_side

ROUNDS = 7
PROFILES = 50
DELAY = 0.2
"""Seconds that STS takes per role."""

# The script that pip writes for an entry point since 25.2, as uv does, and the one it wrote before.
WRAPPER = (
    "import sys\nfrom awscli_xacct.cli.main import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
)
OLD_WRAPPER = f"import re\n{WRAPPER}"


def compare(*, count: bool) -> None:
    """Measure and print everything."""
    with tempfile.TemporaryDirectory() as directory, Sts() as sts:
        home = Home(Path(directory) / "home", sts.url)
        user = sts.add_user("dev")
        home.add_keys(user)
        for number in range(PROFILES):
            role = sts.add_role(f"R{number}", trusts=[user.arn])
            home.add_role(f"p{number}", role.arn)
        installed = _Installation(Path(directory) / "venv")
        time.sleep(MEMO_TICK)
        _warm(home, installed, count=count)
        _not_warm(sts, home)
        _each(sts, home)


class _Installation:
    """The package in a virtual environment, not editable: an editable one's import finder costs more than xacct."""

    def __init__(self, path: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(path)], check=True)
        self.python = path / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        find = "import sysconfig; print(sysconfig.get_path('purelib'))"
        site = Path(subprocess.check_output([self.python, "-c", find], text=True).strip())
        source = Path(awscli_xacct.__file__).parent
        shutil.copytree(
            source, site / "awscli_xacct", symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        for name, text in (("xacct", WRAPPER), ("xacct-old", OLD_WRAPPER)):
            (path / name).write_text(text, "utf-8")
        self.xacct, self.xacct_old = path / "xacct", path / "xacct-old"


def _warm(home: Home, installed: _Installation, *, count: bool) -> None:
    home.environment["AWS_PROFILE"] = "p0"
    for _ in range(2):
        for options in ([], ["--read-only"]):
            run([str(XACCT), "credentials", "p0", *options], home.environment)
    python = str(installed.python)
    bare: Command = [python, "-c", "pass"]
    cases: list[tuple[str, Command, str]] = [
        ("import json", [python, "-c", "import json"], ""),
        ("xacct credentials, warm", [python, str(installed.xacct), "credentials", "p0"], "(target 1.15)"),
        (
            "the same, --read-only",
            [python, str(installed.xacct), "credentials", "p0", "--read-only"],
            "(target: the same)",
        ),
        ("the same, wrapper of pip < 25.2", [python, str(installed.xacct_old), "credentials", "p0"], ""),
        ("xacct status --prompt", [python, str(installed.xacct), "status", "--prompt"], ""),
    ]
    print("xacct's fast path / python -c pass")
    for name, command, target in cases:
        for each in (command, bare):
            run(each, home.environment)
        ours, base = side_by_side((command, home.environment), (bare, home.environment), rounds=ROUNDS)
        line = f"  {name:<34} {ours.seconds * 1000:>6.1f} / {base.seconds * 1000:>5.1f} ms"
        if count:
            counted = instructions(command, home.environment), instructions(bare, home.environment)
            if counted[0] and counted[1]:
                line += f"   {counted[0] / 1e6:>6.1f} / {counted[1] / 1e6:>5.1f} Minstructions"
                line += f" = {counted[0] / counted[1]:.3f} {target}"
        print(line)
    print()


def _not_warm(sts: Sts, home: Home) -> None:
    """Take the slow paths, compared with the stock CLI calling with a user's keys."""
    call: Command = [str(AWS), "sts", "get-caller-identity", "--profile", "default"]
    ask: Command = [str(XACCT), "credentials", "p1"]
    memory = home.aws_dir / "xacct" / "resolved"

    def forget() -> None:
        shutil.rmtree(memory, ignore_errors=True)

    def log_out() -> None:
        for record in home.records():
            record.unlink()

    run(ask, home.environment)
    print("xacct's slow paths / `aws sts get-caller-identity` with a user's keys")
    for name, before in (("no memo", forget), ("no cached credentials", log_out)):
        ours, theirs = side_by_side(
            (ask, home.environment), (call, home.environment), rounds=ROUNDS, before=before
        )
        print(f"  {name:<34} {ours.seconds * 1000:>6.0f} / {theirs.seconds * 1000:>5.0f} ms")
    sts.clear_calls()
    print()


def _each(sts: Sts, home: Home) -> None:
    """Run a command for each of fifty profiles, with a slow STS."""
    sts.delay(DELAY, "AssumeRole")
    command: Command = [str(XACCT), "each", "--all", "--", "true"]
    for record in home.records():
        record.unlink()
    for name in ("cold", "warm"):
        taken = run(command, home.environment).seconds
        print(
            f"`xacct each --all -- true`, {PROFILES} profiles, {name}: {taken:.2f} s (STS takes {DELAY} s per role)"
        )
    sts.clear_faults()
    print()


if __name__ == "__main__":
    compare(count=True)
