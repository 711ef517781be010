"""Which program asked, found by names of executables only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from awscli_xacct.history import program

PRINT = "from awscli_xacct.history.program import name_asking_program\nprint(name_asking_program())\n"
SECRET = "pa55-word"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that prints what it finds."""
    path = tmp_path / "deploy"
    path.write_text(f"#!{sys.executable}\n{PRINT}", "utf-8")
    path.chmod(0o755)
    return path


def output(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert SECRET not in done.stdout
    return done.stdout.rstrip("\n")


def test_program_is_named_after_the_one_that_started_it(script: Path) -> None:
    started_by = Path(sys.executable).resolve().name
    assert output(script, SECRET) == f"{started_by} > deploy"
    # Two commands, or the shell would become the program.
    assert output("sh", "-c", f"{script} {SECRET}; true") == "deploy"
    shutil.copy(shutil.which("timeout") or "", script.with_name("terraform"))
    assert output(script.with_name("terraform"), "60", script, SECRET) == "terraform > deploy"


def test_program_without_a_script_is_python(script: Path) -> None:
    assert script
    python = Path(sys.executable).name
    assert output("sh", "-c", f'{sys.executable} -c "$0" {SECRET}; true', PRINT) == python
    assert output("sh", "-c", f'echo "$0" | {sys.executable} - {SECRET}; true', PRINT) == python


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("/usr/bin/aws", "aws"),
        ("C:/Programs/aws.exe", "aws"),
        ("/venv/lib/awscli/__main__.py", "awscli"),
        ("-", Path(sys.executable).name),
        ("", Path(sys.executable).name),
        ("evil\x1b[2J", "evil?[2J"),
        ("x" * 300, "x" * 64),
    ],
)
def test_program_is_named_by_its_script(monkeypatch: pytest.MonkeyPatch, argument: str, name: str) -> None:
    monkeypatch.setattr(sys, "argv", [argument, SECRET])
    monkeypatch.setattr(os, "getppid", lambda: 2**31 - 1)  # no process, as on a system without /proc
    assert program.name_asking_program() == name
