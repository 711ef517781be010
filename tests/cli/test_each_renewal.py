"""`xacct each`: commands that have waited for so long that the sessions fetched at the beginning are over."""

from __future__ import annotations

import json
import time

import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support.clock import Clock
from tests.support.home import TIMEOUT, XACCT, Home, finish
from tests.support.terminal import Terminal

pytestmark = pytest.mark.usefixtures("user")

LIFE = 3600
"""Seconds that a session lasts; it is due for a refresh well before that."""
PRINT = """
left=$(($(date -d "$AWS_CREDENTIAL_EXPIRATION" +%s) - $(date +%s)))
echo "$left $AWS_ACCESS_KEY_ID"
"""
"""How many whole seconds are left, which is one less at most than there are, and the session."""
REST = "echo >> $HOME/started; until [ -e $HOME/may-end ]; do sleep 0.02; done"
"""What commands do until `pass_time`."""


def parse(output: str) -> list[tuple[int, str]]:
    """Return what `PRINT` has printed for each target."""
    words = [line.split(" | ")[1].split() for line in output.splitlines()]
    return [(int(left), key) for left, key in words]


def test_each_renews_sessions_for_commands_that_have_waited(
    home: Home, sts: Sts, clock: Clock, vault: str, other: Role, device: MfaDevice
) -> None:
    """One after the other; nobody is there to enter another code, and none is needed."""
    assert other
    login = Terminal(home.terminal("configure", "role", "login", vault))
    login.answer(device.next_code())
    assert login.end() == 0
    words = ("each", vault, "other", "--jobs", "1", "--", "sh", "-c", f"{PRINT}{REST}")
    process = home.fork_xacct(*words)
    wait_for_starts(home)
    pass_time(home, clock)
    outcome = finish(process)
    assert (outcome.code, outcome.stderr) == (0, "")
    found = parse(outcome.stdout)
    assert len({key for _, key in found}) == 2
    assert all(left >= LIFE / 2 for left, _ in found)
    assert len(sts.calls_of("AssumeRole")) == 2 + 1
    assert len(sts.calls_of("GetSessionToken")) == 1


def test_each_prompts_while_it_runs_if_the_mfa_session_is_over(
    home: Home, sts: Sts, clock: Clock, vault: str, other: Role, device: MfaDevice
) -> None:
    """The line with the progress does not hide the prompt."""
    assert other
    sts.session_life = LIFE
    command = ("each", vault, "other", "--jobs", "1", "--", "sh", "-c", f"echo begun; {REST}")
    terminal = Terminal(home.terminal_for(str(XACCT), *command))
    terminal.answer(device.next_code())
    terminal.expect("begun")
    pass_time(home, clock)
    terminal.answer(device.next_code())
    assert terminal.end() == 0
    assert terminal.prompts == 2
    assert "of 2 done\r\x1b[KMFA code of" in terminal.shown
    assert len(sts.calls_of("GetSessionToken")) == 2


@pytest.mark.parametrize("cache", [True, False])
def test_each_renews_a_session_once_for_all_regions(
    home: Home, sts: Sts, clock: Clock, prod: str, cache: bool
) -> None:
    """Two at a time, without a list of regions; where there is no cache, the session is kept in memory."""
    environment = {"AWS_ENDPOINT_URL_EC2": sts.url}
    if not cache:
        environment["AWS_XACCT_CACHE_DIR"] = "/dev/full/cache"
    regions = "us-east-1,us-west-1,eu-west-1,eu-west-2"
    words = ("each", prod, "--regions", regions, "--jobs", "2", "--", "sh", "-c", f"{PRINT}{REST}")
    process = home.fork_xacct(*words, environment=environment)
    wait_for_starts(home, 2)
    pass_time(home, clock)
    outcome = finish(process)
    assert outcome.code == 0
    found = parse(outcome.stdout)
    assert [left >= LIFE / 2 for left, _ in found] == 4 * [True]
    assert sorted(len([key for _, key in found if key == one]) for one in {key for _, key in found}) == [2, 2]
    assert len(sts.calls_of("AssumeRole")) == 2


def test_each_does_not_run_a_command_whose_session_cannot_be_renewed(
    home: Home, sts: Sts, clock: Clock, prod: str, role: Role
) -> None:
    environment = {"AWS_ENDPOINT_URL_EC2": sts.url}
    words = ("each", prod, "--regions", "us-east-1,us-west-1", "--jobs", "1", "--json", "--retries", "1")
    process = home.fork_xacct(*words, "--", "sh", "-c", REST, environment=environment)
    wait_for_starts(home)
    role.trusts.clear()
    pass_time(home, clock)
    outcome = finish(process)
    first, second = json.loads(outcome.stdout)
    assert (outcome.code, first["ExitCode"], first["Stderr"]) == (254, 0, "")
    assert (second["ExitCode"], second["Output"]) == (None, "")
    assert second["Stderr"].startswith("xacct: An error occurred (AccessDenied)")
    assert "1 of 2 failed: prod us-west-1\n" in outcome.stderr
    assert "trying 1 command again" in outcome.stderr


@pytest.mark.parametrize("options", [[], ["--regions", "us-west-1"]])
def test_each_fails_if_there_is_no_session_for_a_retry(
    home: Home, sts: Sts, clock: Clock, prod: str, role: Role, options: list[str]
) -> None:
    """A command in a region that had failed was forgotten then, and all was well."""
    words = ("each", prod, *options, "--retries", "1", "--", "sh", "-c", f"{REST}; exit 3")
    process = home.fork_xacct(*words, environment={"AWS_ENDPOINT_URL_EC2": sts.url})
    wait_for_starts(home)
    role.trusts.clear()
    pass_time(home, clock)
    outcome = finish(process)
    assert (outcome.code, outcome.stdout) == (254, "")
    first, again, denied, *_, last = outcome.stderr.splitlines()
    name = " ".join([prod, *options[1:]])
    assert first == f"{name} | xacct: exit code 3"
    assert again == "xacct: trying 1 command again, 1 of 1"
    assert denied.startswith(f"{name} | xacct: An error occurred (AccessDenied)")
    assert last == f"xacct: 1 of 1 failed: {name}"
    assert outcome.stderr.count("(AccessDenied)") == 1


def wait_for_starts(home: Home, number: int = 1) -> None:
    """Wait until so many commands have started."""
    started, deadline = home.path / "started", time.monotonic() + TIMEOUT
    while not started.exists() or started.stat().st_size < number:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def pass_time(home: Home, clock: Clock) -> None:
    """Let all sessions end, and then the commands."""
    clock.advance(LIFE)
    (home.path / "may-end").touch()
