"""Clients of `xacct serve` that have to wait: for a person, for STS, or in vain."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import pytest

from awscli_xacct.settings import SERVE_WAIT_SECONDS
from tests.sts import MfaDevice, Role, Sts
from tests.support.commands import make_refresh_due
from tests.support.home import TIMEOUT, XACCT, Home, finish_on_terminal
from tests.support.terminal import Terminal

from .served import Answer, Server, parse_variables, read_answer, serving

pytestmark = pytest.mark.usefixtures("user")

IMPATIENT = """
import os, subprocess, sys, time
from awscli_xacct import settings

class Popen(subprocess.Popen):
    def communicate(self, input=None, timeout=None):
        while timeout == settings.SERVE_WAIT_SECONDS and self.poll() is None:
            if os.path.exists({over!r}):
                os.remove({over!r})
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.01)
        return super().communicate(input, timeout)

subprocess.Popen = Popen
from awscli_xacct.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
"""A server whose patience with a fetch ends when there is a file `over`, and not before."""


class Asking(threading.Thread):
    """A client that waits for its answer in the background."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._answer: Answer | None = None
        self.start()

    def run(self) -> None:
        self._answer = self._server.ask()

    @property
    def answer(self) -> Answer:
        self.join(TIMEOUT)
        assert self._answer is not None
        return self._answer


def serve_on_terminal(home: Home, *command: str) -> tuple[Terminal, Server]:
    """Start a server on a terminal and read the variables that it prints."""
    terminal = Terminal(home.terminal_for(*command, columns=1000))
    terminal.child.expect(r"AWS_DEFAULT_REGION=\S+\r\n")
    text = terminal.shown.replace("\r\n", "\n")
    return terminal, Server(None, text, parse_variables(text))  # type: ignore[arg-type]


def end(terminal: Terminal) -> int:
    terminal.child.sendintr()
    return finish_on_terminal(terminal.child)


def test_serve_prompts_on_its_terminal_while_clients_wait(
    home: Home, sts: Sts, vault: str, device: MfaDevice
) -> None:
    terminal, server = serve_on_terminal(home, str(XACCT), "serve", vault)
    terminal.wait_for_prompt()
    clients = [Asking(server) for _ in range(5)]
    terminal.type(device.next_code())
    assert [client.answer.status for client in clients] == [200] * 5
    assert (terminal.prompts, len(sts.calls_of("GetSessionToken")), len(sts.calls_of("AssumeRole"))) == (
        1,
        1,
        1,
    )
    assert end(terminal) == 130


def test_serve_without_an_answer_tells_clients_and_prompts_again(
    home: Home, sts: Sts, vault: str, device: MfaDevice
) -> None:
    over = home.path / "over"
    program = IMPATIENT.format(over=str(over))
    terminal, server = serve_on_terminal(home, sys.executable, "-c", program, "serve", vault)
    terminal.wait_for_prompt()
    with server.connect() as client:
        client.sendall(server.request())
        for _ in range(2):  # it answers these after it has read that
            assert server.ask(Authorization=None).status == 401
        over.touch()
        answer = read_answer(client)
    assert (answer.status, answer.content["code"]) == (403, "LoginRequired")
    assert answer.content["message"] == (
        f"no credentials for profile vault within {SERVE_WAIT_SECONDS} s: nobody entered an MFA code, or STS does not "
        f"answer. Log in from a terminal:\n  aws configure role login vault"
    )
    terminal.expect("aws configure role login vault")
    assert terminal.child.getecho()
    second = Asking(server)
    terminal.answer(device.next_code())
    assert second.answer.status == 200
    assert end(terminal) == 130
    assert len(sts.calls_of("GetSessionToken")) == 1


def test_serve_ends_at_the_prompt_by_ctrl_c(home: Home, vault: str) -> None:
    terminal, _ = serve_on_terminal(home, str(XACCT), "serve", vault)
    terminal.wait_for_prompt()
    terminal.child.sendintr()
    assert terminal.end() == 130


def test_serve_without_a_terminal_tells_what_to_do(home: Home, vault: str, device: MfaDevice) -> None:
    with serving(home, vault) as server:
        answer = server.ask()
        assert answer.status == 403
        assert answer.content["message"] == answer.content["Message"]
        assert "aws configure role login vault" in answer.content["message"]
        login = Terminal(home.terminal("configure", "role", "login", vault))
        login.answer(device.next_code())
        assert login.end() == 0
        assert server.ask().status == 200
        code, errors = server.stop()
    assert (code, errors.count("\n  aws configure role login vault\n")) == (0, 1)


def test_serve_tells_a_denial_and_recovers(home: Home, prod: str, role: Role) -> None:
    trusts, role.trusts = role.trusts, []
    with serving(home, prod) as server:
        answer = server.ask()
        assert answer.status == 403
        assert "is not authorized to perform: sts:AssumeRole" in answer.content["message"]
        role.trusts = trusts
        assert server.ask().status == 200
        code, errors = server.stop()
    assert code == 0
    assert len(re.findall("is not authorized", errors)) == 1
    assert "Traceback" not in errors


def test_serve_uses_credentials_to_their_end_while_sts_fails(home: Home, sts: Sts, prod: str) -> None:
    with serving(home, prod) as server:
        first = server.ask()
        sts.drop_connections(None, "AssumeRole")
        make_refresh_due(home)
        assert server.ask().content == first.content
        assert len(sts.calls_of("AssumeRole")) > 1
        server.stop()


def test_serve_notices_edits(home: Home, sts: Sts, prod: str, role: Role) -> None:
    other = sts.add_role("Other", trusts=role.trusts)
    with serving(home, prod) as server:
        first = server.ask().content
        text = home.config.read_text("utf-8")
        home.config.write_text(text.replace(":role/Power", ":role/Other"), "utf-8")
        second = server.ask().content
        assert sts.find_key(second["AccessKeyId"]).arn.split("/")[1] == other.name  # type: ignore[union-attr]
        home.config.write_text(text, "utf-8")
        assert server.ask().content == first
        home.config.write_text("[default", "utf-8")
        broken = server.ask()
        assert (broken.status, broken.content["code"]) == (403, "ProfileInvalid")
        assert str(home.config) in broken.content["message"]


def test_serve_of_profiles_that_cannot_work_names_them_all(home: Home, prod: str) -> None:
    outcome = home.xacct("serve", prod, "nobody", "prodd")
    assert outcome.stdout == ""
    assert "there is no profile nobody" in outcome.stderr
    assert "there is no profile prodd; did you mean prod?" in outcome.stderr


def test_serve_shows_the_token_nowhere_else(home: Home, prod: str) -> None:
    with serving(home, prod) as server:
        token = next(value for name, value in server.variables.items() if name.endswith("TOKEN"))
        assert server.ask().status == 200
        assert server.ask(Authorization=f"{token}x").status == 401
        shown = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        written = [path.read_bytes() for path in home.aws_dir.rglob("*") if path.is_file()]
        code, errors = server.stop()
    assert code == 0
    assert not any(token.encode() in text for text in [*shown, *written, errors.encode()])
