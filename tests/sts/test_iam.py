"""The two operations of IAM: the paginated ListUsers, and ListMFADevices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from . import MfaDevice, Role, Sts, User
from .clients import Clients, refused


def users(client: Any) -> list[str]:
    """Return the names of the users on all pages."""
    pages = client.get_paginator("list_users").paginate()
    return [user["UserName"] for page in pages for user in page["Users"]]


def test_list_users_is_paginated(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    sts.user_pages = 3
    answer = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")
    client = connect(answer["Credentials"], "iam")
    assert users(client) == [f"user-{number:04}" for number in range(1, 7)]
    markers = [call.parameters.get("Marker") for call in sts.calls_of("ListUsers")]
    assert markers == [None, "page-2", "page-3"]
    assert client.list_users()["Users"][0]["Arn"] == "arn:aws:iam::222222222222:user/user-0001"


def test_list_users_fails_if_the_session_expires_between_pages(
    sts: Sts, connect: Clients, user: User, role: Role
) -> None:
    sts.user_pages = 2
    client = connect(connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")["Credentials"], "iam")
    with ThreadPoolExecutor(1) as pool, sts.hold("ListUsers") as held:
        listing = pool.submit(users, client)
        held.wait_for(1)
        sts.expire_all_sessions()
        held.release()
        with refused("ExpiredToken"):
            listing.result()


def test_list_users_can_delay_each_page(sts: Sts, connect: Clients, user: User) -> None:
    sts.user_pages, sts.page_delay = 3, 0.001
    assert len(users(connect(user, "iam"))) == 6


@pytest.mark.parametrize("marker", ["page-2", "page-x", "2"])
def test_list_users_refuses_an_unknown_marker(connect: Clients, user: User, marker: str) -> None:
    with refused("ValidationError", match="Invalid Marker"):
        connect(user, "iam").list_users(Marker=marker)


def test_list_mfa_devices_returns_those_of_the_caller(
    sts: Sts, connect: Clients, user: User, device: MfaDevice
) -> None:
    other = sts.add_user("other")
    key = sts.add_mfa_device(other, serial="arn:aws:iam::111111111111:u2f/user/other/key")
    client = connect(user, "iam")
    (mine,) = client.list_mfa_devices()["MFADevices"]
    assert (mine["UserName"], mine["SerialNumber"]) == ("dev", device.serial)
    (theirs,) = client.list_mfa_devices(UserName="other")["MFADevices"]
    assert theirs["SerialNumber"] == key.serial
    with refused("NoSuchEntity", match="The user with name nobody cannot be found"):
        client.list_mfa_devices(UserName="nobody")


def test_list_mfa_devices_refuses_a_role_session(connect: Clients, user: User, role: Role) -> None:
    answer = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")
    with refused("ValidationError", match="Must specify userName"):
        connect(answer["Credentials"], "iam").list_mfa_devices()


def test_session_token_without_mfa_cannot_call_iam(connect: Clients, user: User, device: MfaDevice) -> None:
    client = connect(user)
    without = client.get_session_token()["Credentials"]
    with refused("InvalidClientTokenId", match="The security token included in the request is invalid"):
        connect(without, "iam").list_users()
    proved = client.get_session_token(SerialNumber=device.serial, TokenCode=device.next_code())
    (listed,) = connect(proved["Credentials"], "iam").list_mfa_devices()["MFADevices"]
    assert listed["SerialNumber"] == device.serial
