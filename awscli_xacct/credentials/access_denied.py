"""Why STS may have refused a role, and the two policy statements that would make it possible.

STS says the same words whichever side forbids, so both sides are written out and the likely causes are
listed, the likeliest first.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..arn import Arn
from ..iam_policy import ASSUME, SET_IDENTITY, TAG, caller_statement, principal_of, trust_statement
from ..messages import role_command
from ..profiles.role import Role
from ..storage.cache import Record
from .sts import clock_fault, is_refused_code


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
    actions = list(_actions(role, error))
    return Denial(
        caller,
        role,
        _trust_statement(role, caller, actions),
        caller_statement(role.role_arn, actions),
        list(_causes(role, caller, error, session, now)),
    )


def _trust_statement(role: Role, caller: str, actions: list[str]) -> dict[str, Any]:
    """What the role's trust policy has to hold."""
    source = role.source.role_arn if isinstance(role.source, Role) else None
    principal, condition = principal_of(caller, source)
    return trust_statement(
        principal,
        mfa=bool(role.mfa_serial),
        external_id=role.external_id,
        actions=actions,
        condition=condition,
    )


def _actions(role: Role, error: Exception) -> Iterator[str]:
    """What both policies have to allow. Tags and identity may also come from the hop before; STS names those."""
    yield ASSUME
    if role.session_tags or TAG in str(error):
        yield TAG
    if role.source_identity or SET_IDENTITY in str(error):
        yield SET_IDENTITY


def _causes(role: Role, caller: str, error: Exception, session: Record | None, now: float) -> Iterator[str]:
    there, here = Arn.parse(role.role_arn), Arn.parse(caller)
    if there and here and there.partition != here.partition:
        yield f"the role is in another partition than the caller {caller}; no role can be assumed across partitions"
    if here and here.resource == "root":
        yield "a root user may assume no role; call with the keys of an IAM user"
    fault = clock_fault(error, now)
    if fault:
        yield fault
    if is_refused_code(error):
        yield (
            f"only a user's long-term keys can give an MFA code, and only one of the user's own device; a session can "
            f"give none, and with one as source the device has to go: {role_command(role.profile, '--mfa-serial none')}"
        )
    for action in (TAG, SET_IDENTITY):
        if action in str(error):
            yield f"one of the two policies allows sts:AssumeRole, but not {action} beside it"
    yield "there may be no such role: look at the account and the name in its ARN"
    if not role.mfa_serial and not role.takes_no_code:
        yield "the role may ask for MFA, and the profile names no device: --mfa-serial auto"
    if not role.external_id:
        yield "the role may ask for an external id, and the profile has none: --external-id ID"
    else:
        yield "the external id may be another one than the role asks for"
    if session is not None:
        age = int((now - float(session.about.get("obtained", now))) // 60)
        yield f"the MFA session is {age} min old, and the role may want a younger one: aws:MultiFactorAuthAge"
    yield "the role, its trust policy or the caller's policy may be new: IAM takes some seconds to know them"
