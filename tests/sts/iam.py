"""The two IAM operations that tests need: a paginated one, and the list of MFA devices."""

from __future__ import annotations

from collections.abc import Mapping

from .directory import Directory, unknown_key
from .identities import Caller, Session, User, timestamp
from .messages import Refusal, Result
from .shapes import validation_error

USERS_PER_PAGE = 2


def admit(caller: Caller) -> None:
    """Raise Refusal for GetSessionToken credentials issued without MFA: IAM does not accept them."""
    if isinstance(caller, Session) and isinstance(caller.owner, User) and caller.mfa_at is None:
        raise unknown_key()


def list_users(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """Return invented users of the caller's account, in `directory.user_pages` pages.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
    """
    marker = parameters.get("Marker", "page-1")
    prefix, _, number = marker.partition("-")
    if prefix != "page" or not number.isdecimal() or not 1 <= int(number) <= directory.user_pages:
        raise validation_error("Invalid Marker.")
    page = int(number)
    first = (page - 1) * USERS_PER_PAGE + 1
    users = [_user_entry(f"user-{index:04}", caller) for index in range(first, first + USERS_PER_PAGE)]
    if page == directory.user_pages:
        return {"Users": users, "IsTruncated": "false"}
    return {"Users": users, "IsTruncated": "true", "Marker": f"page-{page + 1}"}


def list_mfa_devices(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """Return the MFA devices of the user named in the request, or else of the caller.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
    """
    name = parameters.get("UserName")
    user: object = caller.owner if isinstance(caller, Session) else caller
    if name is not None:
        user = directory.find_user(caller.account, name)
        if user is None:
            raise Refusal(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    if not isinstance(user, User):
        raise validation_error("Must specify userName when calling with non-User credentials")
    devices = [
        {
            "UserName": user.name,
            "SerialNumber": device.serial,
            "EnableDate": timestamp(device.enabled_at),
        }
        for device in user.devices
    ]
    return {"MFADevices": devices, "IsTruncated": "false"}


def _user_entry(name: str, caller: Caller) -> dict[str, str]:
    partition = caller.arn.split(":")[1]
    return {
        "Path": "/",
        "UserName": name,
        # Derived from the name, so that it is the same in every run and on every page.
        "UserId": "AIDA" + name.replace("-", "").upper().rjust(17, "A"),
        "Arn": f"arn:{partition}:iam::{caller.account}:user/{name}",
        "CreateDate": "2020-01-01T00:00:00Z",
    }
