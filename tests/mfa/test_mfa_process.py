"""A code from the user's own program: run without a shell, its output never shown."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

import pexpect
import pytest

from awscli_xacct.errors import MfaProcessError
from awscli_xacct.mfa import mfa_process


def _program(tmp_path: Path, text: str) -> str:
    """Return the `mfa_process` command for a Python program."""
    path = tmp_path / "give code.py"
    path.write_text(text, encoding="utf-8")
    return f'"{sys.executable}" "{path}"'


def test_output_is_trimmed(tmp_path: Path) -> None:
    assert mfa_process.read_code(_program(tmp_path, "print(' 123456 ')"), "prod") == "123456"


def test_command_runs_without_a_shell(tmp_path: Path) -> None:
    program = _program(tmp_path, "import sys; print(len(sys.argv), sys.argv[1:])")
    assert mfa_process.read_code(f"{program} '$HOME' ; echo", "prod") == "4 ['$HOME', ';', 'echo']"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import sys; print('123456'); sys.exit(3)", "ended with exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"),
        ("print()", "printed nothing"),
        ("import sys; sys.stderr.write('no key'); sys.exit(1)", "ended with exit code 1"),
    ],
)
def test_failure_shows_the_exit_code_and_not_the_output(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(MfaProcessError) as caught:
        mfa_process.read_code(_program(tmp_path, text), "my prod")
    assert str(caught.value) == (
        f"the mfa_process of profile my prod {why}. Run it by itself to see what is wrong, or remove it:\n"
        "  aws configure role 'my prod' --mfa-process \"\""
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/nowhere/program", "cannot be run: No such file or directory"),
        ("'unbalanced", "cannot be split into words (No closing quotation)"),
        (" ", "is empty"),
    ],
)
def test_command_that_is_no_program_is_an_error(line: str, why: str) -> None:
    with pytest.raises(MfaProcessError, match="the mfa_process of profile prod ") as caught:
        mfa_process.read_code(line, "prod")
    assert why in str(caught.value)


def test_timeout_ends_the_program(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    text = f"import pathlib, sys, time; pathlib.Path({str(alive)!r}).touch(); time.sleep(600)"
    with pytest.raises(MfaProcessError, match="printed no code within 1 s"):
        mfa_process.read_code(_program(tmp_path, text), "prod", seconds=1)


@pytest.mark.parametrize("left", ["sleep 600", "sh -c 'while :; do echo; done'"], ids=["silent", "writing"])
def test_background_processes_are_not_waited_for(tmp_path: Path, left: str) -> None:
    """Such as an agent that keeps a PIN: it holds the program's stdout, and never ends."""
    note = tmp_path / "pid"
    line = f"sh -c 'echo 123456; {left.replace(chr(39), chr(34))} & echo $! > {note}'"
    try:
        assert mfa_process.read_code(line, "prod", seconds=30) == "123456"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(note.read_text("ascii")), signal.SIGKILL)


def test_program_with_closed_output_is_waited_for() -> None:
    """Its exit code says whether the code is valid."""
    with pytest.raises(MfaProcessError, match="ended with exit code 3"):
        mfa_process.read_code("sh -c 'echo 123456; exec >&-; sleep 0.2; exit 3'", "prod")


def test_output_is_limited() -> None:
    assert len(mfa_process.read_code("sh -c 'yes | head -c 5000000'", "prod")) < 2000


def test_program_uses_the_terminal(tmp_path: Path) -> None:
    """It may ask for a PIN, whatever stdin and stderr of the command are."""
    program = _program(
        tmp_path,
        "import sys; sys.stderr.write('PIN: '); sys.stderr.flush(); print(sys.stdin.readline().strip() * 2)",
    )
    caller = (
        f"from awscli_xacct.mfa import mfa_process as process; code = process.read_code({program!r}, 'prod'); "
        f"open({str(tmp_path / 'code')!r}, 'w').write(code)"
    )
    child = pexpect.spawn(
        # Descriptor 3 keeps the terminal open: for pexpect a terminal that no process has open is gone.
        "/bin/sh",
        ["-c", f'exec {sys.executable} -c "$0" 3<&0 </dev/null >/dev/null 2>&1', caller],
        timeout=120,
    )
    child.expect_exact("PIN: ")
    child.sendline("123")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, (tmp_path / "code").read_text(encoding="utf-8")) == (0, "123123")
