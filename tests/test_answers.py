from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import pytest

from awscli_xacct import answers

ASK = """
import _thread, sys, threading
from awscli_xacct.answers import wait_for_line
def interrupt():
    open({gate!r}).read()
    _thread.interrupt_main()
threading.Thread(target=interrupt).start()
print("asked", flush=True)
try:
    wait_for_line()
    print("answer:", sys.stdin.readline(), end="")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Opened, it lets the program interrupt itself as a signal does that comes just before a call that waits."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


@pytest.fixture
def asked(gate: Path) -> pexpect.spawn[str]:
    """A program on a terminal that waits for a line."""
    child = pexpect.spawn(sys.executable, ["-c", ASK.format(gate=str(gate))], encoding="utf-8", timeout=120)
    child.expect_exact("asked\r\n")
    return child


def test_question_is_left_by_ctrl_c_just_before_the_wait(asked: pexpect.spawn[str], gate: Path) -> None:
    """`aws configure role` and every [y/N] ignored it until a key was pressed."""
    gate.write_text("")
    asked.expect_exact("interrupted")


def test_question_is_answered_by_a_line(asked: pexpect.spawn[str], gate: Path) -> None:
    asked.sendline("no")
    asked.expect_exact("answer: no")
    gate.write_text("")


def test_wait_for_line_returns_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        answers.wait_for_line()
