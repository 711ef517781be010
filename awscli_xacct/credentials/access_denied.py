"""Why STS may have refused a role, and what would allow it: a statement for its trust policy, a policy for the caller.

STS's message is the same whichever side denies, so both sides are written out, and the likely causes are listed, the
likeliest first.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import iam_policy
from ..arn import Arn
from ..aws_errors import is_refused_code
from ..messages import role_command
from ..profiles.role import Role
from ..storage.cache import Record
from .sts import clock_problem

_REMEDIES = _DEVICE, _NO_DEVICE, _EXTERNAL_ID = (
    "--mfa-serial auto",
    "--mfa-serial none",
    "--external-id ID",
)


@dataclass(frozen=True)
class Denial:
    """A refusal explained: the caller's ARN, the role, a statement for each side to allow it, and likely causes.

    `principal` is the caller as policies know it: the same for all sessions of a role.
    """

    caller: str
    role: Role
    trust_statement: Mapping[str, Any]
    caller_statement: Mapping[str, Any]
    causes: list[str]
    principal: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON of a denial."""
        return {
            "Caller": self.caller,
            "TrustPolicyStatement": self.trust_statement,
            "CallerPolicy": build_caller_policy([self]),
            "LikelyCauses": self.causes,
        }


def explain_denial(
    role: Role, caller: str, error: Exception, session: Record | None = None, now: float | None = None
) -> Denial:
    """Explain why `role` was denied to the ARN `caller`; `session` is the MFA session it called with, if it did."""
    actions = list(_actions(role, error))
    principal, condition = iam_policy.find_principal(
        caller, role.source.role_arn if isinstance(role.source, Role) else None
    )
    statement = iam_policy.build_trust_statement(
        principal,
        mfa=bool(role.mfa_serial),
        external_id=role.external_id,
        actions=actions,
        condition=condition,
    )
    causes = list(_causes(role, caller, error, session, time.time() if now is None else now))
    return Denial(
        caller,
        role,
        statement,
        iam_policy.build_caller_statement(role.role_arn, actions),
        causes,
        f"{principal} {condition}",
    )


def build_caller_policy(denials: Sequence[Denial]) -> dict[str, Any]:
    """Return the policy that allows one caller all roles that it was denied: a document, which IAM accepts as it is."""
    statements: dict[str, dict[str, Any]] = {}
    for denial in denials:
        own = denial.caller_statement
        found = statements.setdefault(json.dumps(own["Action"]), {**own, "Resource": []})
        if own["Resource"] not in found["Resource"]:
            found["Resource"].append(own["Resource"])
    for statement in statements.values():
        if len(statement["Resource"]) == 1:
            [statement["Resource"]] = statement["Resource"]
    return iam_policy.build_policy(list(statements.values()))


def split_remedy(cause: str, profile: str) -> tuple[str, str]:
    """Return a cause without the command at its end, and that command's options; "" if it has none."""
    for options in _REMEDIES:
        ending = f": {role_command(profile, options)}"
        if cause.endswith(ending):
            return cause.removesuffix(ending), options
    return cause, ""


def _actions(role: Role, error: Exception) -> Iterator[str]:
    """Yield what both policies have to allow. Tags and identity may come from the hop before; STS names those."""
    yield iam_policy.ASSUME
    if role.session_tags or iam_policy.TAG in str(error):
        yield iam_policy.TAG
    if role.source_identity or iam_policy.SET_IDENTITY in str(error):
        yield iam_policy.SET_IDENTITY


def _causes(role: Role, caller: str, error: Exception, session: Record | None, now: float) -> Iterator[str]:
    there, here = Arn.parse(role.role_arn), Arn.parse(caller)
    if there and here and there.partition != here.partition:
        yield f"the role is in another partition than the caller {caller}; roles cannot be assumed across partitions"
    if here and here.resource == "root":
        yield "a root user cannot assume roles; use the keys of an IAM user"
    if problem := clock_problem(error, now):
        yield problem
    if is_refused_code(error):
        yield (
            f"STS accepts an MFA code with a user's long-term keys only, and from the user's own device only; if the "
            f"source is a session, remove the device: {role_command(role.profile, _NO_DEVICE)}"
        )
    for action in (iam_policy.TAG, iam_policy.SET_IDENTITY):
        if action in str(error):
            yield f"one of the two policies allows sts:AssumeRole, but not {action}"
    yield "the role may not exist: check the account and the name in its ARN"
    if not role.mfa_serial and not role.takes_no_code:
        yield f"the role may require MFA, and the profile has no device: {role_command(role.profile, _DEVICE)}"
    external_id = role_command(role.profile, _EXTERNAL_ID)
    if not role.external_id:
        yield f"the role may require an external id, and the profile has none: {external_id}"
    else:
        yield f"the role may require another external id than the profile's: {external_id}"
    if session is not None:
        age = int((now - float(session.metadata.get("obtained", now))) // 60)
        yield f"the MFA session is {age} min old, and the role may require a newer one: aws:MultiFactorAuthAge"
    yield "the role, its trust policy or the caller's policy may be new: IAM changes take seconds to take effect"
