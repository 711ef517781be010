"""Interrupted MFA prompts: the terminal is restored and nothing is left half done."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support.commands import WHOAMI, is_session_of, operations
from tests.support.home import AWS, XACCT, Home
from tests.support.terminal import Terminal, call_on_terminal, log_in

READY = "ready for more> "


def assert_nothing_was_done(home: Home, sts: Sts) -> None:
    assert operations(sts) == []
    assert home.records() == []
    assert not (home.aws_dir / "cli").exists(), "the stock CLI's cache was written"


def test_ctrl_c_at_the_prompt_exits_with_130(
    home: Home, sts: Sts, role: Role, device: MfaDevice, vault: str
) -> None:
    person = call_on_terminal(home, vault)
    person.wait_for_prompt()
    person.child.sendintr()
    assert person.end() == 130
    assert person.child.signalstatus == signal.SIGINT
    assert "Traceback" not in person.shown
    assert_nothing_was_done(home, sts)

    again = log_in(home, vault, device)
    assert is_session_of(role, again.caller)


def interrupt_in_shell(home: Home, pipeline: str) -> str:
    """Press Ctrl-C at the prompt of a pipeline's first command, which must exit with 130; return all output."""
    line = f"trap : INT; {pipeline}; echo code ${{PIPESTATUS[0]}}"
    person = Terminal(home.terminal_for("bash", "-c", line))
    person.wait_for_prompt()
    person.child.sendintr()
    assert person.end() == 0
    assert person.shown.splitlines()[-1] == "code 130"
    return person.shown


@pytest.mark.parametrize("target", ["| cat", "> /dev/full", ">&-", "2>&1 | cat"])
def test_ctrl_c_at_the_prompt_ends_the_process_whatever_its_output_is(
    home: Home, sts: Sts, vault: str, target: str
) -> None:
    """The same Ctrl-C ends the reader of a pipe, so the output of the CLI has nowhere to go."""
    shown = interrupt_in_shell(home, f"{AWS} {' '.join(WHOAMI)} --profile {vault} {target}")
    assert "Traceback" not in shown
    assert_nothing_was_done(home, sts)


@pytest.mark.parametrize("command", ["cp", "mv", "sync"])
def test_ctrl_c_at_the_prompt_ends_a_transfer_whichever_thread_asks(
    home: Home, sts: Sts, vault: str, command: str
) -> None:
    """`s3 cp` signs its first request, and so asks for the code, in a thread of its transfer manager."""
    source = home.path / "source"
    source.mkdir()
    (source / "file").write_text("data", "utf-8")
    place = source if command == "sync" else source / "file"
    words = ("s3", command, str(place), "s3://bucket/key", "--endpoint-url", "http://127.0.0.1:9")
    person = Terminal(home.terminal(*words, "--profile", vault))
    person.wait_for_prompt()
    person.child.sendintr()
    assert person.end() == 130
    assert "Traceback" not in person.shown
    assert (source / "file").exists()
    assert_nothing_was_done(home, sts)


def test_ctrl_c_in_a_program_that_is_not_aws_keeps_its_meaning(home: Home, sts: Sts, vault: str) -> None:
    """The program can catch Ctrl-C and continue."""
    program = (
        "import boto3, botocore.session, awscli_xacct\n"
        f"awscli_xacct.install(session := botocore.session.Session(profile={vault!r}))\n"
        "try:\n    boto3.Session(botocore_session=session).client('sts').get_caller_identity()\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    person = Terminal(home.terminal_for(sys.executable, "-c", program))
    person.wait_for_prompt()
    person.child.sendintr()
    assert person.end() == 0
    assert person.shown.splitlines()[-1] == "interrupted"
    assert_nothing_was_done(home, sts)


def test_ctrl_d_at_the_prompt_is_an_error(home: Home, sts: Sts, vault: str, device: MfaDevice) -> None:
    person = call_on_terminal(home, vault)
    person.wait_for_prompt()
    person.child.sendeof()
    assert person.end() == 255
    assert f"profile {vault} needs an MFA code of {device.serial}, but no code was given" in person.shown
    assert "Traceback" not in person.shown
    assert_nothing_was_done(home, sts)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_signal_at_the_prompt_restores_the_terminal(
    home: Home, sts: Sts, vault: str, number: signal.Signals
) -> None:
    person = call_on_terminal(home, vault)
    person.wait_for_prompt()
    person.child.kill(number)
    assert person.end() == 128 + number
    assert_nothing_was_done(home, sts)


def test_ctrl_z_at_the_prompt_returns_to_the_shell_and_fg_asks_again(
    home: Home, sts: Sts, role: Role, device: MfaDevice, vault: str
) -> None:
    shell = Terminal(
        home.terminal_for("bash", "--norc", "--noprofile", "-i", environment={"PS1": READY, "TERM": "dumb"})
    )
    shell.expect(READY)
    shell.type(f"{AWS} {' '.join(WHOAMI)} --profile {vault}")
    shell.wait_for_prompt()
    shell.child.sendcontrol("z")
    shell.expect("Stopped")
    shell.expect(READY)
    assert_echo(shell)

    shell.type("fg")
    assert shell.wait_for_prompt() == vault
    code = device.next_code()
    shell.type(code)
    shell.expect(f"assumed-role/{role.name}/")
    shell.expect(READY)
    assert_echo(shell)
    shell.type("exit")
    assert shell.end() == 0
    assert code not in shell.shown
    assert is_session_of(role, shell.caller)
    assert operations(sts) == ["GetSessionToken", "AssumeRole", "GetCallerIdentity"]


def assert_echo(shell: Terminal) -> None:
    """Check that commands of the shell find the terminal with echo."""
    shell.type("stty -a")
    shell.expect(" icanon iexten echo ")
    shell.expect(READY)


@pytest.mark.parametrize("arguments", ["credentials vault", "each vault -- echo x"])
def test_ctrl_c_in_xacct_exits_with_130_also_into_a_pipe(home: Home, vault: str, arguments: str) -> None:
    assert vault in arguments
    assert interrupt_in_shell(home, f"{XACCT} {arguments} | cat").count("\n") == 2
