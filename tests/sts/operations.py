"""The operations of STS: AssumeRole, GetSessionToken, GetCallerIdentity.

The real service does not document the order of its checks. These are our decisions. The one-hour limit is checked
first, because it depends only on the caller. An MFA code is checked, and spent, before the trust policy, because it
is part of the caller's authentication. The role's maximum duration is checked after the trust policy, so that it is not
disclosed to strangers. Temporary credentials with an MFA code get the same answer as a wrong serial number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from . import iam, session_policies
from .directory import Directory
from .identities import Caller, Role, Session, User, trusts_any
from .messages import Refusal, Result
from .shapes import (
    EXTERNAL_ID,
    ROLE_ARN,
    SERIAL_NUMBER,
    SESSION_NAME,
    SOURCE_IDENTITY,
    TOKEN_CODE,
    ParameterReader,
    check_role_arn,
    validation_error,
)

CHAINED_MAX = 3600  # seconds, for every caller that is not a long-term key

Handler: TypeAlias = Callable[[Directory, Caller, Mapping[str, str]], Result]


@dataclass(frozen=True)
class Operation:
    """The service an operation belongs to, and its handler, which raises Refusal."""

    service: str
    handler: Handler


def assume_role(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    reader = ParameterReader(parameters)
    arn = reader.text("RoleArn", ROLE_ARN)
    name = reader.text("RoleSessionName", SESSION_NAME)
    duration = reader.seconds("DurationSeconds", 900, 43200, 3600)
    external_id = reader.optional("ExternalId", EXTERNAL_ID)
    source_identity = reader.optional("SourceIdentity", SOURCE_IDENTITY)
    serial, code = _mfa_parameters(reader)
    tags = reader.tags()
    policies = session_policies.read(reader)
    reader.raise_if_invalid()
    check_role_arn(arn)
    transitive = reader.transitive(among=tags)
    session_policies.check(policies, arn, tags)
    if isinstance(caller, Session) and duration > CHAINED_MAX:
        raise validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
            "chaining."
        )

    mfa_at = _check_mfa(directory, caller, serial, code) or caller.mfa_at
    role = directory.find_role(arn)
    if role is None or not _is_trusted(role, caller, external_id, mfa_at, directory.now()):
        raise _denied(caller, "sts:AssumeRole", arn)
    inherited = _inherited_tags(caller, tags)
    if (tags or inherited) and not role.allow_tags:
        raise _denied(caller, "sts:TagSession", arn)
    source_identity = _source_identity(caller, source_identity)
    if source_identity and not role.allow_source_identity:
        raise _denied(caller, "sts:SetSourceIdentity", arn)
    if duration > role.max_session_duration:
        raise validation_error(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )

    session = directory.issue(
        role,
        duration,
        name=name,
        source_identity=source_identity,
        inherited_tags={**inherited, **{key: tags[key] for key in tags if key.lower() in transitive}},
        policies=policies,
    )
    result: dict[str, str | dict[str, str]] = {
        "Credentials": session.to_credentials(),
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }
    if source_identity:
        result["SourceIdentity"] = source_identity
    return result


def get_session_token(directory: Directory, caller: Caller, parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""
    reader = ParameterReader(parameters)
    duration = reader.seconds("DurationSeconds", 900, 129600, 43200)
    serial, code = _mfa_parameters(reader)
    reader.raise_if_invalid()
    if isinstance(caller, Session):
        raise Refusal(403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
    mfa_at = _check_mfa(directory, caller, serial, code)
    return {"Credentials": directory.issue(caller, duration, mfa_at=mfa_at).to_credentials()}


def get_caller_identity(_directory: Directory, caller: Caller, _parameters: Mapping[str, str]) -> Result:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.account}


def _mfa_parameters(reader: ParameterReader) -> tuple[str | None, str | None]:
    return reader.optional("SerialNumber", SERIAL_NUMBER), reader.optional("TokenCode", TOKEN_CODE)


def _check_mfa(directory: Directory, caller: Caller, serial: str | None, code: str | None) -> float | None:
    """Check and spend the MFA code. Return the time (now), or None if the request has no code."""
    if serial is None and code is None:
        return None
    if serial is None or code is None:
        raise _mfa_failed(", must provide both MFA serial number and one time pass code.")
    devices = caller.devices if isinstance(caller, User) else []
    device = next((device for device in devices if device.serial == serial), None)
    if device is None:
        raise _mfa_failed(
            ", unable to validate MFA code.  Please verify your MFA serial number is valid and associated "
            "with this user."
        )
    if not device.accept(code):
        # The real service also ends this message with a space.
        raise _mfa_failed(" with invalid MFA one time pass code. ")
    return directory.now()


def _is_trusted(
    role: Role, caller: Caller, external_id: str | None, mfa_at: float | None, now: float
) -> bool:
    if not trusts_any(role, caller.principals):
        return False
    if role.external_id is not None and external_id != role.external_id:
        return False
    if mfa_at is None:
        return not role.require_mfa and role.max_mfa_age is None
    return role.max_mfa_age is None or now - mfa_at < role.max_mfa_age


def _inherited_tags(caller: Caller, tags: Mapping[str, str]) -> Mapping[str, str]:
    """Return the caller's transitive tags, which the new session inherits and may not change."""
    if {key.lower() for key in tags} & {key.lower() for key in caller.inherited_tags}:
        raise Refusal(
            400,
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive "
            "tag key from the calling session.",
        )
    return caller.inherited_tags


def _source_identity(caller: Caller, requested: str | None) -> str | None:
    """Return the source identity; once set, it cannot change in the rest of the chain."""
    if caller.source_identity and requested not in (None, caller.source_identity):
        raise Refusal(403, "AccessDenied", "The source identity is already set for this assume role session")
    return caller.source_identity or requested


def _denied(caller: Caller, action: str, role_arn: str) -> Refusal:
    return Refusal(
        403,
        "AccessDenied",
        f"User: {caller.arn} is not authorized to perform: {action} on resource: {role_arn}",
    )


def _mfa_failed(how: str) -> Refusal:
    return Refusal(403, "AccessDenied", f"MultiFactorAuthentication failed{how}")


OPERATIONS: dict[str, Operation] = {
    "AssumeRole": Operation("sts", assume_role),
    "GetSessionToken": Operation("sts", get_session_token),
    "GetCallerIdentity": Operation("sts", get_caller_identity),
    "ListUsers": Operation("iam", iam.list_users),
    "ListMFADevices": Operation("iam", iam.list_mfa_devices),
    "ListAccessKeys": Operation("iam", iam.list_access_keys),
    "CreateAccessKey": Operation("iam", iam.create_access_key),
    "UpdateAccessKey": Operation("iam", iam.update_access_key),
    "DeleteAccessKey": Operation("iam", iam.delete_access_key),
    "GetAccessKeyLastUsed": Operation("iam", iam.get_access_key_last_used),
    "CreateVirtualMFADevice": Operation("iam", iam.create_virtual_mfa_device),
    "EnableMFADevice": Operation("iam", iam.enable_mfa_device),
    "DeleteVirtualMFADevice": Operation("iam", iam.delete_virtual_mfa_device),
}
