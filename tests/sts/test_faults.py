"""Scripted faults, and races between requests without sleeping."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from . import MfaDevice, Role, Sts, User
from .clients import Clients, refused

BRIEF = 0.05  # seconds


def test_failure_repeats_as_often_as_scripted(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    sts.fail(times=2, status=503, code="ServiceUnavailable", message="Come back later")
    for _ in range(2):
        with refused("ServiceUnavailable", match="Come back later"):
            client.get_caller_identity()
    client.get_caller_identity()
    assert [(call.status, call.error) for call in sts.calls] == [
        (503, "ServiceUnavailable"),
        (503, "ServiceUnavailable"),
        (200, None),
    ]


def test_fault_can_be_limited_to_an_operation(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    sts.fail("GetSessionToken")
    client.get_caller_identity()
    with refused("InternalFailure"):
        client.get_session_token()


def test_faults_occur_in_the_order_scripted(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    sts.throttle()
    sts.fail()
    with refused("Throttling", match="Rate exceeded"):
        client.get_caller_identity()
    with refused("InternalFailure"):
        client.get_caller_identity()
    client.get_caller_identity()


def test_fault_without_a_count_lasts_until_cleared(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    sts.throttle(times=None)
    for _ in range(3):
        with refused("Throttling"):
            client.get_caller_identity()
    sts.clear_faults()
    client.get_caller_identity()


def test_drop_closes_the_connection_without_an_answer(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    sts.drop_connections()
    with pytest.raises(ConnectionClosedError):
        client.get_caller_identity()
    client.get_caller_identity()
    assert (sts.calls[0].status, sts.calls[0].error) == (0, "connection dropped")


def test_drop_after_work_loses_only_the_answer(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    client = connect(user)
    sts.drop_connections(after_work=True)
    code = device.next_code()
    with pytest.raises(ConnectionClosedError):
        client.get_session_token(SerialNumber=device.serial, TokenCode=code)
    with refused("AccessDenied", match="invalid MFA one time pass code"):
        client.get_session_token(SerialNumber=device.serial, TokenCode=code)


@pytest.mark.parametrize("body", [b"<html>Please log in", b"", b"\xff\xfe"])
def test_garbage_is_sent_unchanged(sts: Sts, connect: Clients, user: User, body: bytes) -> None:
    sts.answer_garbage(body=body, operation="AssumeRole")
    with pytest.raises((ResponseParserError, KeyError)):
        connect(user).assume_role(RoleArn="arn:aws:iam::222222222222:role/x", RoleSessionName="me")[
            "Credentials"
        ]
    assert sts.calls[0].error == "scripted answer"


def test_hang_ends_without_an_answer(sts: Sts, connect: Clients, user: User) -> None:
    """The client times out first; the call was recorded on arrival."""
    hanging = sts.hang()
    with pytest.raises(ReadTimeoutError):
        connect(user, read_timeout=BRIEF).get_caller_identity()
    hanging.wait_for(1)
    assert [(call.operation, call.status) for call in sts.calls] == [("GetCallerIdentity", 0)]
    connect(user).get_caller_identity()


def test_hang_released_drops_the_connection(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    with ThreadPoolExecutor(1) as pool, sts.hang() as hanging:
        answer = pool.submit(client.get_caller_identity)
        hanging.wait_for(1)
        hanging.release()
        assert isinstance(answer.exception(), ConnectionClosedError)


def test_hold_released_lets_requests_race(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    client = connect(user, max_pool_connections=20)

    def assume(number: int) -> Any:
        return client.assume_role(RoleArn=role.arn, RoleSessionName=f"racer-{number}")

    with ThreadPoolExecutor(20) as pool, sts.hold("AssumeRole") as held:
        assert not held.arrived.is_set()
        answers = [pool.submit(assume, number) for number in range(20)]
        held.wait_for(20)
        assert held.arrived.is_set()
        client.get_caller_identity()  # others pass
        assert not any(answer.done() for answer in answers)
        held.release()
        keys = {answer.result()["Credentials"]["AccessKeyId"] for answer in answers}
    assert len(keys) == 20
    assert len(sts.calls_of("AssumeRole")) == 20


def test_hold_can_be_limited_to_the_first_request(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    with ThreadPoolExecutor(1) as pool, sts.hold(times=1) as held:
        first = pool.submit(client.get_caller_identity)
        held.wait_for(1)
        client.get_caller_identity()
        assert not first.done()
        held.release()
        first.result()


def test_hold_wait_times_out_with_the_count(sts: Sts) -> None:
    with sts.hold() as held, pytest.raises(TimeoutError, match="0 of 2 requests arrived"):
        held.wait_for(2, timeout=0)


def test_hold_decides_only_after_its_release(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    """The request is evaluated when it is released, not when it arrives."""
    client = connect(user)
    with ThreadPoolExecutor(1) as pool, sts.hold() as held:
        answer = pool.submit(client.assume_role, RoleArn=role.arn, RoleSessionName="me")
        held.wait_for(1)
        role.trusts.clear()
        held.release()
        with refused("AccessDenied"):
            answer.result()


def test_delay_postpones_the_answer(sts: Sts, connect: Clients, user: User) -> None:
    client = connect(user)
    sts.delay(BRIEF)
    began = time.monotonic()
    client.get_caller_identity()
    assert time.monotonic() - began >= BRIEF


def test_delay_adds_to_other_faults(sts: Sts, connect: Clients, user: User) -> None:
    sts.delay(0.001)
    sts.throttle()
    with refused("Throttling"):
        connect(user).get_caller_identity()


def test_stop_ends_every_request() -> None:
    """Hanging, held and delayed requests and idle connections end, and no thread remains."""
    before = set(threading.enumerate())
    with ThreadPoolExecutor(3) as pool, Sts() as sts, Clients(sts.url) as connect:
        client = connect(sts.add_user("dev"))
        client.get_caller_identity()
        hanging, held = sts.hang("GetCallerIdentity"), sts.hold("AssumeRole")
        delayed = sts.hold("GetSessionToken")
        sts.delay(60, "GetSessionToken")
        answers = [
            pool.submit(client.get_caller_identity),
            pool.submit(client.assume_role, RoleArn="arn:aws:iam::222222222222:role/x", RoleSessionName="me"),
            pool.submit(client.get_session_token),
        ]
        for each in (hanging, held, delayed):
            each.wait_for(1)
        delayed.release()  # and on to the delay
    assert [type(answer.exception()) for answer in answers] == [ConnectionClosedError] * 3
    assert set(threading.enumerate()) == before


def test_server_error_is_raised_on_stop() -> None:
    def break_it() -> None:
        with Sts() as sts, Clients(sts.url) as connect:
            user = sts.add_user("dev")
            role = sts.add_role("Broken", trusts=[user.arn])
            role.max_session_duration = None  # type: ignore[assignment]
            with pytest.raises(ConnectionClosedError):
                connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")

    with pytest.raises(RuntimeError, match="The test STS itself failed"):
        break_it()
