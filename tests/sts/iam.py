"""The IAM operations that tests need: a paginated one, and those for a user's own keys and MFA devices."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from .directory import Directory, unknown_key
from .identities import AccessKey, Caller, Session, User, timestamp
from .messages import Refusal, Result
from .shapes import validation_error
from .totp import MfaDevice, new_secret

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
    user = _user_of(directory, caller, parameters)
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


# -- long-term keys ------------------------------------------------------------------------------------------------

MAX_KEYS = 2


def list_access_keys(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html"""
    user = _user_of(directory, caller, parameters)
    return {"AccessKeyMetadata": [_key_entry(user, key) for key in user.keys], "IsTruncated": "false"}


def create_access_key(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html"""
    user = _user_of(directory, caller, parameters)
    if len(user.keys) >= MAX_KEYS:
        text = f"Cannot exceed quota for AccessKeysPerUser: {MAX_KEYS}"
        raise Refusal(409, "LimitExceeded", text)
    key = AccessKey(directory.now(), directory.new_key_refusals)
    user.keys.append(key)
    return {"AccessKey": {**_key_entry(user, key), "SecretAccessKey": key.secret}}


def update_access_key(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html"""
    _key_of(_user_of(directory, caller, parameters), parameters).active = parameters["Status"] == "Active"
    return {}


def delete_access_key(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html"""
    user = _user_of(directory, caller, parameters)
    user.keys.remove(_key_of(user, parameters))
    return {}


def get_access_key_last_used(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html"""
    user = _user_of(directory, caller, {})
    used = _key_of(user, parameters).last_used
    last: dict[str, str] = {"ServiceName": "N/A", "Region": "N/A"}
    if used is not None:
        last = {"LastUsedDate": timestamp(used), "ServiceName": "sts", "Region": "us-east-1"}
    return {"UserName": user.name, "AccessKeyLastUsed": last}


def _user_of(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> User:
    """Return the user named in the request, or else the caller's."""
    name = parameters.get("UserName")
    user: object = caller.owner if isinstance(caller, Session) else caller
    if name is not None:
        user = directory.find_user(caller.account, name)
        if user is None:
            raise Refusal(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    if not isinstance(user, User):
        raise validation_error("Must specify userName when calling with non-User credentials")
    return user


def _key_of(user: User, parameters: Mapping[str, str]) -> AccessKey:
    key = user.find_key(parameters["AccessKeyId"])
    if key is None:
        text = f"The Access Key with id {parameters['AccessKeyId']} cannot be found."
        raise Refusal(404, "NoSuchEntity", text)
    return key


def _key_entry(user: User, key: AccessKey) -> dict[str, str]:
    status = "Active" if key.active else "Inactive"
    return {
        "UserName": user.name,
        "AccessKeyId": key.id,
        "Status": status,
        "CreateDate": timestamp(key.created),
    }


# -- virtual MFA devices -------------------------------------------------------------------------------------------


def create_virtual_mfa_device(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html"""
    partition = caller.arn.split(":")[1]
    serial = f"arn:{partition}:iam::{caller.account}:mfa/{parameters['VirtualMFADeviceName']}"
    taken = {device.serial for device in directory.mfa_devices()} | set(directory.unassigned_devices)
    if serial in taken:
        raise Refusal(
            409, "EntityAlreadyExists", "MFADevice entity at the same path and name already exists."
        )
    device = MfaDevice(serial, new_secret(), directory.now)
    directory.unassigned_devices[serial] = device
    seed = base64.b64encode(device.secret.encode()).decode()
    return {"VirtualMFADevice": {"SerialNumber": serial, "Base32StringSeed": seed}}


def enable_mfa_device(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableMFADevice.html"""
    user = _user_of(directory, caller, parameters)
    device = directory.unassigned_devices.get(parameters["SerialNumber"])
    if device is None:
        raise Refusal(404, "NoSuchEntity", "VirtualMFADevice does not exist.")
    first, second = parameters["AuthenticationCode1"], parameters["AuthenticationCode2"]
    if first == second or not (device.accept(first) and device.accept(second)):
        raise Refusal(403, "InvalidAuthenticationCode", "Authentication code for device is not valid.")
    user.devices.append(directory.unassigned_devices.pop(device.serial))
    return {}


def delete_virtual_mfa_device(directory: Directory, _caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteVirtualMFADevice.html"""
    serial = parameters["SerialNumber"]
    if serial in {device.serial for device in directory.mfa_devices()}:
        raise Refusal(409, "DeleteConflict", "Cannot delete entity, must detach MFA device first.")
    if directory.unassigned_devices.pop(serial, None) is None:
        raise Refusal(404, "NoSuchEntity", "VirtualMFADevice does not exist.")
    return {}
