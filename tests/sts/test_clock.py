"""The server's clock, which can differ from the real one, and the lifetime of sessions."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from . import MfaDevice, Role, Sts, User
from .clients import Clients, refused

HOUR = 3600.0


def server_time(answer: dict[str, Any]) -> float:
    """Return the Date header of an answer, in epoch seconds."""
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()


@pytest.mark.parametrize("offset", [-HOUR, 0.0, HOUR])
def test_clock_offset_moves_date_and_expiration(
    sts: Sts, connect: Clients, user: User, role: Role, offset: float
) -> None:
    sts.clock_offset = offset
    sts.max_clock_skew = None
    answer = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")
    assert server_time(answer) == pytest.approx(time.time() + offset, abs=5)
    life = answer["Credentials"]["Expiration"].timestamp() - server_time(answer)
    assert life == pytest.approx(HOUR, abs=2)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (310, r"Signature expired: \d{8}T\d{6}Z is now earlier than .* - 5 min\.\)"),
        (-310, r"Signature not yet current: \d{8}T\d{6}Z is still later than .* \+ 5 min\.\)"),
    ],
)
def test_clock_skew_of_five_minutes_is_refused(
    sts: Sts, connect: Clients, user: User, offset: float, words: str
) -> None:
    sts.clock_offset = offset
    with refused("SignatureDoesNotMatch", match=words):
        connect(user).get_caller_identity()


@pytest.mark.parametrize("offset", [290, -290])
def test_clock_skew_of_less_than_five_minutes_is_accepted(
    sts: Sts, connect: Clients, user: User, offset: float
) -> None:
    sts.clock_offset = offset
    connect(user).get_caller_identity()


def test_sessions_expire_by_the_servers_clock(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    sts.max_clock_skew = None
    answer = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me", DurationSeconds=900)
    session = connect(answer["Credentials"])
    sts.clock_offset = 890
    session.get_caller_identity()
    sts.clock_offset = 901
    with refused("ExpiredToken"):
        session.get_caller_identity()


def test_sessions_can_be_shorter_than_requested(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    """`Expiration` shows it; existing sessions keep theirs."""
    client = connect(user)
    long_lived = connect(client.get_session_token()["Credentials"])
    sts.session_life = 20
    answer = client.assume_role(RoleArn=role.arn, RoleSessionName="me")
    left = (answer["Credentials"]["Expiration"] - datetime.now(timezone.utc)).total_seconds()
    assert 10 < left <= 20
    sts.clock_offset = 21
    long_lived.get_caller_identity()
    with refused("ExpiredToken"):
        connect(answer["Credentials"]).get_caller_identity()


def test_mfa_codes_follow_the_servers_clock(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    """A phone shows the correct time, like the service; only the computer's clock is wrong."""
    sts.clock_offset = -HOUR
    sts.max_clock_skew = None
    connect(user).get_session_token(SerialNumber=device.serial, TokenCode=device.next_code())
