"""A command that outlives its credentials: they are refreshed meanwhile, without a prompt where possible.

The pages of `aws iam list-users` stand for a long transfer. The client is stopped (SIGSTOP) while the answer to a page
is in its socket, and continues after its session has expired. So it is the client that has to notice.
"""

from __future__ import annotations

import os
import signal

import pytest

from tests.sts import Hold, MfaDevice, Role, Sts
from tests.support.clock import Clock
from tests.support.commands import operations
from tests.support.home import AWS, Home, finish
from tests.support.terminal import Terminal, log_in

LIFE = 3600
"""Lifetime of a session in seconds."""
LIST = ("iam", "list-users", "--query", "Users[].UserName", "--output", "text", "--profile")


def users(pages: int) -> list[str]:
    """Return the names of the users on this many pages."""
    return [f"user-{number:04}" for number in range(1, 2 * pages + 1)]


class Pages:
    """The pages of IAM's ListUsers; the first one is held until `outlive_sessions`."""

    def __init__(self, sts: Sts, clock: Clock) -> None:
        self._sts, self._clock = sts, clock
        self._held: Hold = sts.hold("ListUsers")
        self.count = sts.user_pages = 3

    def outlive_sessions(self, process: int, *, times: int = 1, revoke_all: bool = False) -> None:
        """Give a command two pages, and the next one after its sessions have expired; repeat `times` times.

        With `revoke_all`, all other sessions are expired as well.
        """
        self.count = self._sts.user_pages = 2 * times + 1
        for left in reversed(range(times)):
            self._held.wait_for(1)
            second = self._sts.hold("ListUsers")
            self._held.release()
            second.wait_for(1)
            os.kill(process, signal.SIGSTOP)
            if left:
                self._held = self._sts.hold("ListUsers")
            second.release()
            self._sts.settle()
            self._clock.advance(LIFE)
            if revoke_all:
                self._sts.expire_all_sessions()
            os.kill(process, signal.SIGCONT)


@pytest.fixture
def pages(sts: Sts, clock: Clock) -> Pages:
    """IAM with a few pages of users."""
    return Pages(sts, clock)


def assert_every_page_was_served(sts: Sts) -> None:
    """Check that each session got two pages, and a new one the last page."""
    pages = sts.calls_of("ListUsers")
    assert [(page.status, page.error) for page in pages] == [(200, None)] * sts.user_pages
    keys = [page.access_key for page in pages]
    assert keys[:-1:2] == keys[1::2]
    assert len(set(keys)) == len(keys) // 2 + 1


def test_long_command_refreshes_from_keys(home: Home, sts: Sts, pages: Pages, prod: str) -> None:
    sts.session_life = LIFE
    process = home.fork(*LIST, prod)
    pages.outlive_sessions(process.pid)
    outcome = finish(process)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.split() == users(pages.count)
    assert_every_page_was_served(sts)
    assert operations(sts) == ["AssumeRole", "ListUsers", "ListUsers", "AssumeRole", "ListUsers"]


def test_long_command_refreshes_every_role_of_a_chain(
    home: Home, sts: Sts, pages: Pages, role: Role, prod: str
) -> None:
    last = sts.add_role("Last", account="333333333333", trusts=[role.arn])
    home.add_role("last", last.arn, source_profile=prod)
    sts.session_life = LIFE
    process = home.fork(*LIST, "last")
    pages.outlive_sessions(process.pid)
    outcome = finish(process)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.split() == users(pages.count)
    assert_every_page_was_served(sts)
    assert [call.parameters["RoleArn"] for call in sts.calls_of("AssumeRole")] == [role.arn, last.arn] * 2


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize("times", [1, 2])
def test_long_command_refreshes_from_the_shared_mfa_session_without_a_prompt(
    times: int, home: Home, sts: Sts, pages: Pages, device: MfaDevice, vault: str
) -> None:
    log_in(home, vault, device)
    sts.clear_calls()

    sts.session_life = LIFE
    process = home.fork(*LIST, "other")
    pages.outlive_sessions(process.pid, times=times)
    outcome = finish(process)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.split() == users(pages.count)
    assert_every_page_was_served(sts)
    assert operations(sts) == [*["AssumeRole", "ListUsers", "ListUsers"] * times, "AssumeRole", "ListUsers"]


def test_long_command_asks_again_when_the_shared_session_expires(
    home: Home, sts: Sts, pages: Pages, device: MfaDevice, vault: str
) -> None:
    sts.session_life = LIFE
    person = Terminal(home.terminal_for(str(AWS), *LIST, vault))
    person.answer(device.next_code())
    assert isinstance(person.child.pid, int)
    pages.outlive_sessions(person.child.pid)
    person.answer(device.next_code())
    assert person.end() == 0
    assert set(users(pages.count)) <= set(person.shown.split())
    assert_every_page_was_served(sts)
    refreshed = ["GetSessionToken", "AssumeRole"]
    assert operations(sts) == [*refreshed, "ListUsers", "ListUsers", *refreshed, "ListUsers"]


@pytest.mark.usefixtures("other")
def test_long_command_without_a_terminal_fails_when_the_shared_session_expires(
    home: Home, sts: Sts, pages: Pages, device: MfaDevice, vault: str
) -> None:
    log_in(home, vault, device)

    sts.session_life = LIFE
    process = home.fork(*LIST, "other")
    pages.outlive_sessions(process.pid, revoke_all=True)
    outcome = finish(process)
    assert outcome.code == 255
    assert f"profile other needs an MFA code of {device.serial}" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert [page.status for page in sts.calls_of("ListUsers")] == [200] * (pages.count - 1)
