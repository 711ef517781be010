"""Many processes at once: one fetches what all of them need, and the others say what they wait for."""

from __future__ import annotations

import signal

from tests.sts import Role, Sts
from tests.support.commands import ONE_TRY, WHOAMI, caller_arn, caller_of, is_session_of, operations
from tests.support.home import Home
from tests.support.processes import run_together

ALL = 20


def test_single_flight_makes_one_call_for_twenty_commands(
    home: Home, sts: Sts, role: Role, prod: str
) -> None:
    with sts.hold("AssumeRole") as held, run_together(home, *[(*WHOAMI, "--profile", prod)] * ALL) as running:
        held.wait_for(1)
        waiting = running.wait_for_lines(ALL - 1)
        held.release()
        outcomes = running.finish()

    assert len(waiting) == ALL - 1
    (caller,) = outcomes.keys() - waiting
    assert outcomes[caller].stderr == ""
    for process in waiting:
        assert outcomes[process].stderr == (
            f"xacct: waiting for process {caller}, which is getting credentials of profile {prod}\n"
        )
    callers = {caller_arn(outcome) for outcome in outcomes.values()}
    assert len(callers) == 1
    assert is_session_of(role, callers.pop())
    assert sorted(operations(sts)) == ["AssumeRole", *["GetCallerIdentity"] * ALL]
    assert len({call.access_key for call in sts.calls_of("GetCallerIdentity")}) == 1
    assert [path.suffix for path in home.cache.iterdir()] == [".json"]


def test_single_flight_makes_one_call_for_each_role_of_a_chain(
    home: Home, sts: Sts, role: Role, prod: str
) -> None:
    roles = {"prod": role}
    for profile, account in (("audit", "333333333333"), ("billing", "444444444444")):
        roles[profile] = sts.add_role(profile, account=account, trusts=[role.arn])
        home.add_role(profile, roles[profile].arn, source_profile=prod)
    profiles = ["audit", "audit", "billing", "billing", "billing", prod]
    with (
        sts.hold("AssumeRole") as held,
        run_together(home, *[(*WHOAMI, "--profile", profile) for profile in profiles]) as running,
    ):
        held.wait_for(1)
        running.wait_for_lines(len(profiles) - 1)
        held.release()
        outcomes = running.finish()

    for profile, outcome in zip(profiles, outcomes.values(), strict=True):
        assert is_session_of(roles[profile], caller_arn(outcome))
    asked = [call.parameters["RoleArn"] for call in sts.calls_of("AssumeRole")]
    assert asked[0] == role.arn
    assert sorted(asked[1:]) == sorted([roles["audit"].arn, roles["billing"].arn])


def test_cache_hit_does_not_wait_for_a_lock(home: Home, sts: Sts, prod: str, role: Role) -> None:
    home.add_role("audit", sts.add_role("Audit", trusts=role.trusts).arn)
    caller_of(home, prod)
    with sts.hold("AssumeRole") as held, run_together(home, (*WHOAMI, "--profile", "audit")) as running:
        held.wait_for(1)
        caller_of(home, prod)
        held.release()
        assert [outcome.code for outcome in running.finish().values()] == [0]


def test_lock_dies_with_its_owner(home: Home, sts: Sts, role: Role, prod: str) -> None:
    command = (*WHOAMI, "--profile", prod)
    with sts.hold("AssumeRole") as held, run_together(home, command, forked=False) as first:
        held.wait_for(1)
        with run_together(home, command) as second:
            second.wait_for_lines(1)
            first.processes[0].send_signal(signal.SIGKILL)
            held.wait_for(2)
            held.release()
            (outcome,) = second.finish().values()
            assert is_session_of(role, caller_arn(outcome))
    caller_of(home, prod)
    assert len(sts.calls_of("AssumeRole")) == 2


def test_single_flight_waiters_retry_after_a_failure(home: Home, sts: Sts, role: Role, prod: str) -> None:
    home.environment.update(ONE_TRY)
    with sts.hold("AssumeRole", times=1) as held:
        sts.fail("AssumeRole", 1, 503)
        with run_together(home, *[(*WHOAMI, "--profile", prod)] * 2) as running:
            held.wait_for(1)
            running.wait_for_lines(1)
            held.release()
            outcomes = sorted(running.finish().values(), key=lambda outcome: outcome.code)
    assert [outcome.code for outcome in outcomes] == [0, 255]
    assert is_session_of(role, caller_arn(outcomes[0]))
    assert len(sts.calls_of("AssumeRole")) == 2


def test_concurrent_edits_are_all_kept(home: Home, role: Role) -> None:
    profiles = [f"role-{number}" for number in range(6)]
    before = home.config.read_text(encoding="utf-8")
    commands = [("configure", "role", profile, "--role-arn", role.arn) for profile in profiles]
    with run_together(home, *commands) as running:
        assert {outcome.code for outcome in running.finish().values()} == {0}
    after = home.config.read_text(encoding="utf-8")
    assert after.startswith(before)
    section = f"[profile {{}}]\nrole_arn = {role.arn}\nsource_profile = default"
    written = after.removeprefix(before).strip().split("\n\n")
    assert sorted(written) == [section.format(profile) for profile in profiles]
