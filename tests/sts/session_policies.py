"""The session policies of AssumeRole: recorded in the session, and refused where STS refuses them.

What a session may do is not modelled. The size of the packed form is not documented either; here it is that of a
compressed text.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from .messages import Refusal
from .shapes import ParameterReader, Shape, validation_error

POLICY = Shape(1, 2048, r"[\u0009\u000A\u000D\u0020-\u00FF]+")
POLICY_ARN = Shape(20, 2048)
MAX_ARNS = 10
MAX_PACKED = 1200
"""Bytes: a policy of 2,048 characters without repetitions is too large, an ordinary one is not."""

_POLICY_ARN = re.compile(
    r"arn:(aws[\w-]*):iam::(aws|\d{12}):policy/(?:[\x21-\x7e]*/)?[\w+=,.@-]{1,128}", re.ASCII
)


class SessionPolicies(NamedTuple):
    """What a request limits its session to: the ARNs of managed policies, and a policy as it was sent."""

    arns: tuple[str, ...] = ()
    policy: str | None = None


NO_POLICIES = SessionPolicies()


def read(reader: ParameterReader) -> SessionPolicies:
    """Return the policies of a request. What is wrong with their form is reported with the other parameters."""
    return SessionPolicies(tuple(reader.policy_arns(POLICY_ARN, MAX_ARNS)), reader.optional("Policy", POLICY))


def check(policies: SessionPolicies, role_arn: str, tags: Mapping[str, str]) -> None:
    """Raise Refusal for policies that STS cannot use with a role, or that are too large with the session's tags."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    for arn in policies.arns:
        found = _POLICY_ARN.fullmatch(arn)
        if not found or found[1] != partition or found[2] not in ("aws", account):
            raise validation_error(f"{arn} is invalid")
    if policies.policy is not None:
        _check_grammar(policies.policy)
    packed = len(zlib.compress(json.dumps([*policies, dict(tags)]).encode(), 9))
    if (policies.arns or policies.policy) and packed > MAX_PACKED:
        raise Refusal(
            400,
            "PackedPolicyTooLarge",
            f"Packed policy consumes {100 * packed // MAX_PACKED}% of allotted space, please use smaller policy.",
        )


def _check_grammar(text: str) -> None:
    try:
        policy = json.loads(text)
    except ValueError:
        raise _malformed("The policy is not in the valid JSON format.") from None
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    for statement in [statements] if isinstance(statements, dict) else statements or [None]:
        if not _is_statement(statement):
            raise _malformed("Syntax errors in policy.")


def _is_statement(statement: Any) -> bool:
    return (
        isinstance(statement, dict)
        and statement.get("Effect") in ("Allow", "Deny")
        and ("Action" in statement) != ("NotAction" in statement)
        and ("Resource" in statement) != ("NotResource" in statement)
        and "Principal" not in statement
    )


def _malformed(message: str) -> Refusal:
    return Refusal(400, "MalformedPolicyDocument", message)
