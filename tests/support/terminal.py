"""A terminal with `aws` running in it, and the person who uses it."""

from __future__ import annotations

import io
import re

import pexpect

from tests.sts import MfaDevice

from .commands import WHOAMI
from .home import Home, finish_on_terminal

PROMPT = re.compile(r"MFA code of (?P<serial>\S+) for profile (?P<profile>\S+) \([^)]*\): ")
_ARN = re.compile(r'"Arn": "([^"]+)"')


class Terminal:
    """What a person sees and types; `shown` is the output so far."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self.child = child
        self._shown = io.StringIO()
        child.logfile_read = self._shown

    @property
    def shown(self) -> str:
        return self._shown.getvalue()

    @property
    def prompts(self) -> int:
        """The number of prompts for a code so far."""
        return len(PROMPT.findall(self.shown))

    @property
    def caller(self) -> str:
        """The ARN that `aws sts get-caller-identity` printed, or all output if there is none."""
        return _ARN.findall(self.shown)[-1] if _ARN.search(self.shown) else self.shown

    def expect(self, text: str) -> None:
        """Wait for this text."""
        self.child.expect_exact(text)

    def wait_for_prompt(self) -> str:
        """Wait for the prompt for a code, without echo, and return the profile in it."""
        self.child.expect(PROMPT)
        assert not self.child.getecho(), "the terminal echoes what is typed"
        assert isinstance(self.child.match, re.Match)
        return str(self.child.match["profile"])

    def type(self, text: str) -> None:
        self.child.sendline(text)

    def answer(self, code: str) -> None:
        """Wait for the prompt for a code, and type this one."""
        self.wait_for_prompt()
        self.type(code)

    def end(self) -> int:
        """Wait for the end and return the exit code. The terminal must have its echo back."""
        self.child.expect(pexpect.EOF)
        assert self.child.getecho(), "the terminal was left without echo"
        return finish_on_terminal(self.child)


def call_on_terminal(home: Home, profile: str, *options: str) -> Terminal:
    """Run `aws sts get-caller-identity` with a profile on a terminal."""
    return Terminal(home.terminal(*WHOAMI, "--profile", profile, *options))


def log_in(home: Home, profile: str, device: MfaDevice) -> Terminal:
    """Call AWS with a profile on a terminal, and answer the prompt with the device's next code."""
    terminal = call_on_terminal(home, profile)
    terminal.answer(device.next_code())
    assert terminal.end() == 0
    return terminal
