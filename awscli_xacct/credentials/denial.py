"""Why STS may have refused a role, and the two policy statements that would make it possible.

STS says the same words whichever side forbids, so both sides are written out and the likely causes are
listed, the likeliest first.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from ..awsconfig.profiles import Role
from ..cache import Record

CLOCK_TOLERANCE = 60
"""Seconds the local clock may be off the service's before it is named as a cause."""


@dataclass(frozen=True)
class Denial:
    """A refusal explained: who called for what, what would have to be there, what is probably amiss."""

    caller: str
    role: Role
    trust_statement: Mapping[str, Any]
    caller_statement: Mapping[str, Any]
    causes: list[str]


def explain(
    role: Role, caller: str, error: Exception, session: Record | None = None, now: float | None = None
) -> Denial:
    """The denial of `role` to the caller with the ARN `caller`; `session` is the MFA session it called with."""
    now = time.time() if now is None else now
    return Denial(
        caller,
        role,
        _trust_statement(role, caller),
        _caller_statement(role),
        [*_causes(role, caller, error, session, now)],
    )


def _trust_statement(role: Role, caller: str) -> dict[str, Any]:
    """What the role's trust policy has to hold."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": principal(caller)},
        "Action": _actions(role),
    }
    condition: dict[str, Any] = {}
    if role.mfa_serial:
        condition["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
    if role.external_id:
        condition["StringEquals"] = {"sts:ExternalId": role.external_id}
    return {**statement, "Condition": condition} if condition else statement


def _caller_statement(role: Role) -> dict[str, Any]:
    """What a policy of the caller has to hold."""
    return {"Effect": "Allow", "Action": _actions(role), "Resource": role.role_arn}


def _actions(role: Role) -> str | list[str]:
    actions = ["sts:AssumeRole"]
    if role.session_tags:
        actions.append("sts:TagSession")
    if role.source_identity:
        actions.append("sts:SetSourceIdentity")
    return actions if len(actions) > 1 else actions[0]


def principal(caller: str) -> str:
    """The ARN a trust policy names a caller by: a role session is named by its role."""
    parts = caller.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("assumed-role/"):
        return ":".join([*parts[:2], "iam", "", parts[4], f"role/{parts[5].split('/')[1]}"])
    return caller


def _causes(role: Role, caller: str, error: Exception, session: Record | None, now: float) -> Any:
    if role.role_arn.split(":")[1:2] != caller.split(":")[1:2]:
        yield f"the role is in another partition than the caller {caller}; no role can be assumed across partitions"
    if not role.mfa_serial and not role.chained:
        yield "the role may ask for MFA, and the profile names no device: --mfa-serial auto"
    if not role.external_id:
        yield "the role may ask for an external id, and the profile has none: --external-id ID"
    else:
        yield "the external id may be another one than the role asks for"
    if session is not None:
        age = int((now - float(session.about.get("obtained", now))) // 60)
        yield f"the MFA session is {age} min old, and the role may want a younger one: aws:MultiFactorAuthAge"
    offset = clock_offset(error, now)
    if offset is not None and abs(offset) > CLOCK_TOLERANCE:
        direction = "ahead of" if offset > 0 else "behind"
        yield f"the local clock is {abs(offset):.0f} s {direction} the service's; set it right"
    yield "the role, its trust policy or the caller's policy may be new: IAM takes some seconds to know them"


def clock_offset(error: Exception, now: float) -> float | None:
    """Seconds the local clock is ahead of the service that answered with `error`; None if it does not say."""
    response = getattr(error, "response", {})
    try:
        date = response["ResponseMetadata"]["HTTPHeaders"]["date"]
        return now - parsedate_to_datetime(date).timestamp()
    except (KeyError, TypeError, ValueError):
        return None
