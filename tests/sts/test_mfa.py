"""MFA codes, the sessions issued for them, and roles that require them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest

from . import MfaDevice, Role, Sts, User
from .clients import Clients, refused

BAD_CODE = re.escape("MultiFactorAuthentication failed with invalid MFA one time pass code. ") + "$"
BAD_SERIAL = "MultiFactorAuthentication failed, unable to validate MFA code"
NOT_AUTHORIZED = "is not authorized to perform: sts:AssumeRole"


@pytest.fixture
def guarded(sts: Sts, user: User) -> Role:
    """A role that requires MFA, for up to twelve hours."""
    return sts.add_role("Guarded", trusts=[user.arn], require_mfa=True, max_session_duration=43200)


def assume(client: Any, role: Role, **parameters: Any) -> Any:
    return client.assume_role(RoleArn=role.arn, RoleSessionName="me", **parameters)


def mfa(device: MfaDevice, code: str | None = None) -> dict[str, str]:
    """Return the two MFA parameters, with a new code unless one is given."""
    return {"SerialNumber": device.serial, "TokenCode": code or device.next_code()}


def test_role_with_mfa_requires_a_code(
    connect: Clients, user: User, device: MfaDevice, guarded: Role
) -> None:
    client = connect(user)
    with refused("AccessDenied", match=NOT_AUTHORIZED):
        assume(client, guarded)
    assume(client, guarded, DurationSeconds=43200, **mfa(device))


def test_mfa_code_is_accepted_once(connect: Clients, user: User, device: MfaDevice, guarded: Role) -> None:
    client = connect(user)
    code = device.next_code()
    assume(client, guarded, **mfa(device, code))
    with refused("AccessDenied", match=BAD_CODE):
        assume(client, guarded, **mfa(device, code))
    assert code == device.used_code()


def test_mfa_code_sent_ten_times_at_once_is_accepted_once(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    client = connect(user)
    code = device.next_code()

    def attempt(_: int) -> bool:
        try:
            client.get_session_token(**mfa(device, code))
        except client.exceptions.ClientError:
            return False
        return True

    with ThreadPoolExecutor(10) as pool, sts.hold() as held:
        attempts = pool.map(attempt, range(10))
        held.wait_for(10)
        held.release()
        assert sorted(attempts) == [False] * 9 + [True]


@pytest.mark.parametrize("operation", ["GetSessionToken", "AssumeRole"])
def test_mfa_code_wrong_is_refused(
    connect: Clients, user: User, device: MfaDevice, guarded: Role, operation: str
) -> None:
    client = connect(user)
    with refused("AccessDenied", match=BAD_CODE):
        if operation == "AssumeRole":
            assume(client, guarded, **mfa(device, device.wrong_code()))
        else:
            client.get_session_token(**mfa(device, device.wrong_code()))


def test_mfa_code_is_spent_even_if_the_role_is_denied(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    """The code is part of the caller's authentication, which comes before authorization."""
    closed = sts.add_role("Closed", trusts=[])
    client = connect(user)
    code = device.next_code()
    with refused("AccessDenied", match=NOT_AUTHORIZED):
        assume(client, closed, **mfa(device, code))
    with refused("AccessDenied", match=BAD_CODE):
        assume(client, closed, **mfa(device, code))


def test_mfa_device_of_another_user_is_refused(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    stranger = sts.add_user("stranger")
    client = connect(stranger)
    code = device.next_code()
    with refused("AccessDenied", match=BAD_SERIAL):
        client.get_session_token(**mfa(device, code))
    connect(user).get_session_token(**mfa(device, code))


def test_mfa_devices_can_be_several_per_user(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    hardware = sts.add_mfa_device(user, serial="GAHT12345678")
    phone = sts.add_mfa_device(user, "phone")
    assert phone.serial == "arn:aws:iam::111111111111:mfa/phone"
    for one in (device, hardware, phone):
        connect(user).get_session_token(**mfa(one))


def test_security_key_is_refused(sts: Sts, connect: Clients, user: User) -> None:
    key = sts.add_mfa_device(user, serial="arn:aws:iam::111111111111:u2f/user/dev/key")
    with refused("AccessDenied", match=BAD_CODE):
        connect(user).get_session_token(**mfa(key))


@pytest.mark.parametrize("given", ["SerialNumber", "TokenCode"])
def test_mfa_serial_and_code_require_each_other(
    connect: Clients, user: User, device: MfaDevice, given: str
) -> None:
    with refused("AccessDenied", match="must provide both MFA serial number and one time pass code"):
        connect(user).get_session_token(**{given: mfa(device)[given]})


def test_session_token_with_mfa_assumes_roles_without_a_code(
    connect: Clients, user: User, device: MfaDevice, guarded: Role
) -> None:
    session = connect(connect(user).get_session_token(**mfa(device))["Credentials"])
    for _ in range(3):
        assume(session, guarded)


def test_session_token_without_mfa_does_not_satisfy_a_role(
    connect: Clients, user: User, device: MfaDevice, guarded: Role
) -> None:
    session = connect(connect(user).get_session_token()["Credentials"])
    with refused("AccessDenied", match=NOT_AUTHORIZED):
        assume(session, guarded)
    with refused("AccessDenied", match=BAD_SERIAL):
        assume(session, guarded, **mfa(device))


def test_role_session_carries_no_mfa(
    sts: Sts, connect: Clients, user: User, device: MfaDevice, guarded: Role
) -> None:
    """MFA is not inherited through a chain, and a role session cannot send a code."""
    deeper = sts.add_role("Deeper", trusts=[guarded.arn], require_mfa=True)
    hop = connect(assume(connect(user), guarded, **mfa(device))["Credentials"])
    with refused("AccessDenied", match=NOT_AUTHORIZED):
        assume(hop, deeper)
    with refused("AccessDenied", match=BAD_SERIAL):
        assume(hop, deeper, **mfa(device))


def test_session_token_assumes_roles_for_at_most_an_hour(
    connect: Clients, user: User, device: MfaDevice, guarded: Role
) -> None:
    """The same limit as for role chaining, although no role is chained."""
    session = connect(connect(user).get_session_token(**mfa(device))["Credentials"])
    assume(session, guarded, DurationSeconds=3600)
    with refused("ValidationError", match="1 hour session limit for roles assumed by role chaining"):
        assume(session, guarded, DurationSeconds=3601)


def test_mfa_age_above_the_maximum_is_denied(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    fussy = sts.add_role("Fussy", trusts=[user.arn], max_mfa_age=3600)
    sts.max_clock_skew = None
    session = connect(connect(user).get_session_token(**mfa(device))["Credentials"])
    assume(session, fussy)
    sts.clock_offset = 3601
    with refused("AccessDenied", match=NOT_AUTHORIZED):
        assume(session, fussy)
    assume(connect(user), fussy, **mfa(device))


def test_mfa_age_requires_mfa(sts: Sts, connect: Clients, user: User) -> None:
    fussy = sts.add_role("Fussy", trusts=[user.arn], max_mfa_age=3600)
    with refused("AccessDenied", match=NOT_AUTHORIZED):
        assume(connect(user), fussy)


@pytest.mark.parametrize(("requested", "granted"), [({}, 43200), ({"DurationSeconds": 129600}, 129600)])
def test_session_token_has_the_requested_duration(
    connect: Clients, user: User, requested: dict[str, int], granted: int
) -> None:
    expiration = connect(user).get_session_token(**requested)["Credentials"]["Expiration"]
    assert granted - 10 < (expiration - datetime.now(timezone.utc)).total_seconds() <= granted


@pytest.mark.parametrize("seconds", [899, 129601])
def test_session_token_duration_has_limits(connect: Clients, user: User, seconds: int) -> None:
    client = connect(user, parameter_validation=False)
    with refused("ValidationError", match="'durationSeconds' failed to satisfy constraint"):
        client.get_session_token(DurationSeconds=seconds)


def test_session_token_requires_long_term_keys(connect: Clients, user: User, role: Role) -> None:
    client = connect(user)
    for credentials in (
        client.get_session_token()["Credentials"],
        assume(client, role)["Credentials"],
    ):
        with refused("AccessDenied", match="Cannot call GetSessionToken with session credentials"):
            connect(credentials).get_session_token()


def test_session_token_identifies_the_user(connect: Clients, user: User) -> None:
    session = connect(connect(user).get_session_token()["Credentials"])
    assert session.get_caller_identity()["Arn"] == user.arn
