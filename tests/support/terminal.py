"""A person at a terminal of their own, with `aws` running in it."""

from __future__ import annotations

import io
import re

import pexpect

from tests.sts import MfaDevice

from .commands import WHO
from .home import Home, finish_on_terminal

PROMPT = re.compile(r"MFA code of (?P<serial>\S+) for profile (?P<profile>\S+) \([^)]*\): ")
_ARN = re.compile(r'"Arn": "([^"]+)"')


class Terminal:
    """What a person sees and types; `shown` is all that was shown so far."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self.child = child
        self._shown = io.StringIO()
        child.logfile_read = self._shown

    @property
    def shown(self) -> str:
        return self._shown.getvalue()

    @property
    def prompts(self) -> int:
        """How often a code was asked for."""
        return len(PROMPT.findall(self.shown))

    @property
    def caller(self) -> str:
        """Who `aws sts get-caller-identity` was, as it was shown."""
        return _ARN.findall(self.shown)[-1] if _ARN.search(self.shown) else self.shown

    def expect(self, text: str) -> None:
        """Wait until some text is shown."""
        self.child.expect_exact(text)

    def prompted(self) -> str:
        """Wait until a code is asked for, unseen; tell for which profile."""
        self.child.expect(PROMPT)
        assert not self.child.getecho(), "what is typed can be read"
        assert isinstance(self.child.match, re.Match)
        return str(self.child.match["profile"])

    def type(self, text: str) -> None:
        self.child.sendline(text)

    def answer(self, code: str) -> None:
        """Wait to be asked for a code, and give it."""
        self.prompted()
        self.type(code)

    def end(self) -> int:
        """Wait for the end and give the exit code; the terminal has to be left as it was found."""
        self.child.expect(pexpect.EOF)
        assert self.child.getecho(), "the terminal was left without echo"
        return finish_on_terminal(self.child)


def who_asks(home: Home, profile: str, *options: str) -> Terminal:
    """`aws sts get-caller-identity` for a profile, on a terminal."""
    return Terminal(home.terminal(*WHO, "--profile", profile, *options))


def log_in(home: Home, profile: str, device: MfaDevice) -> Terminal:
    """Call AWS with a profile on a terminal, and answer the one question with the device's next code."""
    person = who_asks(home, profile)
    person.answer(device.next_code())
    assert person.end() == 0
    return person
