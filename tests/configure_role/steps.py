"""Steps that several tests of `aws configure role` share."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest

from awscli_xacct.profiles.inventory import Inventory
from awscli_xacct.storage.cache import Cache, Record
from tests.support.home import Home, Outcome, finish_on_terminal

NO_REGION = (
    "profile prod has no region; to use us-west-1, as its source default does: "
    "aws configure role prod --region us-west-1"
)
"""What is said about a new profile `prod`, whose source has the region of `Home`."""
STRANGER = "arn:aws:iam::999999999999:user/nobody"
SUBCOMMANDS = [
    "list",
    "show",
    "verify",
    "login",
    "logout",
    "remove",
    "rename",
    "import",
    "export",
    "discover",
    "setup",
]
"""The subcommands of `aws configure role`."""
ESCAPE = "\x1b[31m"
"""Colors a terminal red: an example of what text from outside could do to a terminal."""
XML_ESCAPE = "\x9b31m"
"""The same in an answer of a service: the only such character that XML can carry."""

WITHOUT_TERMINAL = "  - cannot ask for confirmation without a terminal. Go ahead with:"
"""What is said before the command that needs no confirmation."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def run(home: Home, *arguments: str, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run `aws configure role` without a terminal."""
    return home.aws("configure", "role", *arguments, environment=environment)


def done(home: Home, *arguments: str, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run `aws configure role` without a terminal, and assert that it succeeds."""
    outcome = run(home, *arguments, environment=environment)
    assert outcome.code == 0, outcome.stderr
    return outcome


def refused(
    home: Home, *arguments: str, code: int = 252, environment: Mapping[str, str] | None = None
) -> list[str]:
    """Assert that a command fails without a result or a change of the config. Return the lines on stderr."""
    before = home.config.read_bytes()
    outcome = run(home, *arguments, environment=environment)
    assert (outcome.code, outcome.stdout) == (code, "")
    assert home.config.read_bytes() == before
    return outcome.lines


def parsed(outcome: Outcome) -> Any:
    """Parse the JSON that a command printed."""
    return json.loads(outcome.stdout)


def cache(home: Home, *profiles: str, seconds: float = 3120) -> None:
    """Cache credentials for everything that some profiles use. By default they last 52 minutes."""
    session = botocore.session.Session()
    session.set_config_variable("config_file", str(home.config))
    session.set_config_variable("credentials_file", str(home.credentials))
    kept = Cache(home.cache, warn=pytest.fail)
    inventory = Inventory(session.full_config, home.environment, kept.read)
    for name in {name for profile in profiles for name in inventory.keys(profile).all()}:
        kept.write(name, kept_record(seconds))


def kept_record(seconds: float = 3120) -> Record:
    """Return a record that is valid for `seconds`."""
    now = time.time()
    return Record("key", "secret", "token", now + seconds, now + seconds, metadata={"obtained": now})


def timeless(text: str) -> str:
    """Replace all times in a text by a word, so that the whole can be compared."""
    return _TIME.sub("TIME", text)


def without_local_times(text: str) -> str:
    """Return a text for people with its local times replaced by ``TIME``."""
    return re.sub(r"\buntil (\d{4}-\d\d-\d\d )?\d\d:\d\d [A-Z]{3,5}\b", "until TIME", text)


class Screen:
    """A terminal that runs `aws configure role`. `shown` has its whole output."""

    def __init__(
        self,
        home: Home,
        *arguments: str,
        columns: int = 200,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._shown = io.StringIO()
        self._child = home.terminal("configure", "role", *arguments, environment=environment, columns=columns)
        self._child.logfile_read = self._shown

    @property
    def shown(self) -> str:
        return self._shown.getvalue().replace("\r\n", "\n")

    def expect(self, text: str) -> None:
        """Wait until some text is shown."""
        self._child.expect_exact(text)

    def answer(self, question: str, answer: str = "") -> None:
        """Wait for a question up to its bracket, and type an answer and Enter."""
        self._child.expect(re.escape(question) + r"[^\n]*[:\]] ")
        self._child.sendline(answer)

    def code(self, code: str) -> None:
        """Wait to be asked for an MFA code, and type one."""
        self.answer("MFA code of", code)

    def keys(self, question: str, keys: str) -> None:
        """Wait for a question and press keys, such as Ctrl-C, instead of answering."""
        self.expect(question)
        self._child.send(keys)

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        return finish_on_terminal(self._child)


CTRL_C, CTRL_D = "\x03", "\x04"
