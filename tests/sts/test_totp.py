"""Codes by RFC 6238, and a device whose codes are accepted once."""

from __future__ import annotations

import base64

import pytest

from .totp import STEP, MfaDevice, code_at, new_secret

# RFC 6238, appendix B, the SHA-1 rows: seconds since the epoch and the eight digits.
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


class Clock:
    """A clock that changes only when it is set."""

    def __init__(self, time: float = 1_000_000_000.0) -> None:
        self.time = time

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> MfaDevice:
    return MfaDevice("arn:aws:iam::111111111111:mfa/dev", new_secret(), clock)


@pytest.mark.parametrize(("time", "code"), VECTORS)
def test_code_at_matches_the_standard(time: float, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert code_at(secret, time, digits=8) == code
    assert code_at(secret, time) == code[-6:]


def test_code_is_accepted_once(device: MfaDevice) -> None:
    code = device.next_code()
    assert device.accept(code)
    assert not device.accept(code)
    assert device.used_code() == code


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_code_of_a_neighbouring_step_is_accepted(device: MfaDevice, clock: Clock, steps: int) -> None:
    assert device.accept(code_at(device.secret, clock.time + steps * STEP))


@pytest.mark.parametrize("steps", [-2, 2])
def test_code_of_a_distant_step_is_refused(device: MfaDevice, clock: Clock, steps: int) -> None:
    assert not device.accept(code_at(device.secret, clock.time + steps * STEP))


def test_next_code_never_waits(device: MfaDevice) -> None:
    """Codes ahead of the clock are accepted in any order."""
    codes = [device.next_code() for _ in range(10)]
    assert [device.accept(code) for code in reversed(codes)] == [True] * 10


def test_next_code_is_never_a_used_one(device: MfaDevice, clock: Clock) -> None:
    """Even if someone else with the same secret has used the current one."""
    assert device.accept(code_at(device.secret, clock.time))
    assert device.accept(device.next_code())


def test_next_code_expires(device: MfaDevice, clock: Clock) -> None:
    code = device.next_code()
    clock.time += 2 * STEP
    assert not device.accept(code)


def test_used_code_needs_no_request(device: MfaDevice) -> None:
    code = device.used_code()
    assert device.used_code() == code
    assert not device.accept(code)


def test_wrong_code_is_refused(device: MfaDevice) -> None:
    ahead = [device.next_code() for _ in range(3)]
    wrong = device.wrong_code()
    assert len(wrong) == 6
    assert wrong not in ahead
    assert not device.accept(wrong)


def test_security_key_accepts_no_codes(clock: Clock) -> None:
    device = MfaDevice("arn:aws:iam::111111111111:u2f/user/dev/key", new_secret(), clock)
    assert not device.accept(device.next_code())
