"""IAM policies: build the statements that let a caller assume a role, look whether they are there, compare.

Both sides have to allow it: the role's trust policy, and a policy of the caller. Only the part of the policy language
that such statements use is evaluated: a statement that uses more (other conditions, ``NotPrincipal``) is never taken to
allow anything. A new statement may then allow more than the ones beside it: see `find_extra_conditions`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import json
from collections.abc import Collection, Mapping, Sequence
from difflib import unified_diff
from typing import Any
from urllib.parse import unquote

from .arn import Arn
from .iam_conditions import (
    MFA_PRESENT,
    STS_EXTERNAL_ID,
    Condition,
    are_met,
    is_met,
    matches,
    parse_conditions,
)

ASSUME = "sts:AssumeRole"
TAG, SET_IDENTITY = "sts:TagSession", "sts:SetSourceIdentity"
"""What both sides have to allow as well for a request with session tags or a source identity."""

Policy = Mapping[str, Any]
Statement = Mapping[str, Any]

_VERSION = "2012-10-17"


# -- statements ------------------------------------------------------------------------------------


def build_trust_statement(
    principal: str,
    *,
    mfa: bool = False,
    external_id: str | None = None,
    actions: Sequence[str] = (ASSUME,),
    condition: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the statement of a role's trust policy that allows `principal`; `condition` has further conditions."""
    conditions = dict(condition or {})
    if mfa:
        conditions["Bool"] = {MFA_PRESENT: "true"}
    if external_id:
        conditions["StringEquals"] = {STS_EXTERNAL_ID: external_id}
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": _one_or_all(actions),
        **({"Condition": conditions} if conditions else {}),
    }


def build_caller_statement(role_arn: str, actions: Sequence[str] = (ASSUME,)) -> dict[str, Any]:
    """Return the statement of a caller's policy that allows it to assume the role."""
    return {"Effect": "Allow", "Action": _one_or_all(actions), "Resource": role_arn}


def find_principal(caller: str, source_role: str | None = None) -> tuple[str, dict[str, Any]]:
    """Return the principal for the caller with this ARN, and the condition that a trust policy needs with it.

    The principal of a session is its role, whose path the session's ARN does not show. `source_role` is the role's own
    ARN, known for a hop of the chain. The role of an IAM Identity Center user has the path
    ``/aws-reserved/sso.amazonaws.com/``, followed by a region or not.
    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    if source_role is not None:
        return source_role, {}
    arn = Arn.parse(caller)
    if arn is None or arn.kind != "assumed-role":
        return caller, {}
    name = arn.name.partition("/")[0]
    if not is_identity_center_role(name):
        return str(Arn.iam(arn.partition, arn.account, f"role/{name}")), {}
    # A principal takes no wildcard; its account does, under a condition.
    pattern = Arn.iam(arn.partition, arn.account, f"role/aws-reserved/sso.amazonaws.com/*{name}")
    root = Arn.iam(arn.partition, arn.account, "root")
    return str(root), {"ArnLike": {"aws:PrincipalArn": str(pattern)}}


def is_identity_center_role(name: str) -> bool:
    """Whether a role is a permission set of IAM Identity Center, which alone may change it."""
    return name.startswith("AWSReservedSSO_")


# -- policies --------------------------------------------------------------------------------------


def parse_policy(given: Any) -> dict[str, Any]:
    """Return a policy from the forms in which IAM and botocore give it: JSON, URL-encoded JSON, a dict.

    Raises `ValueError` for anything else.
    """
    if isinstance(given, str):
        given = json.loads(given if given.lstrip().startswith("{") else unquote(given))
    if not isinstance(given, Mapping):
        raise ValueError("not a JSON object")
    return dict(given)


def to_json(policy: Policy) -> str:
    """Return a policy as it is sent to IAM."""
    return json.dumps(policy)


def to_lines(policy: Policy) -> list[str]:
    """Return a policy in lines for a person."""
    return json.dumps(policy, indent=2).splitlines()


def diff_policies(before: Policy, after: Policy) -> list[str]:
    """Return the difference of two policies in lines for a person, with all lines that stay."""
    old, new = to_lines(before), to_lines(after)
    return list(unified_diff(old, new, n=len(old) + len(new), lineterm=""))[3:]


def list_statements(policy: Policy) -> list[Statement]:
    """Return the statements of a policy, which may have one without a list around it."""
    found = policy.get("Statement")
    listed = found if isinstance(found, list) else [found]
    return [each for each in listed if isinstance(each, Mapping)]


def add_statement(
    policy: Policy | None, statement: Statement, instead_of: Collection[Statement] = ()
) -> dict[str, Any]:
    """Return the policy with one more statement and without those of `instead_of`; None stands for no policy."""
    kept = remove_statements(policy, instead_of)
    return {**kept, "Statement": [*kept["Statement"], statement]}


def build_policy(statements: Sequence[Statement]) -> dict[str, Any]:
    """Return a policy of these statements."""
    return {"Version": _VERSION, "Statement": list(statements)}


def remove_statements(policy: Policy | None, removed: Collection[Statement]) -> dict[str, Any]:
    """Return the policy without some statements. If none is left, IAM does not accept it."""
    policy = policy if policy is not None else {"Version": _VERSION}
    return {**policy, "Statement": [each for each in list_statements(policy) if each not in removed]}


# -- what a policy allows --------------------------------------------------------------------------


def allows_assume(
    policy: Policy,
    principals: Collection[str],
    context: Mapping[str, str],
    actions: Sequence[str] = (ASSUME,),
    *,
    or_unknown: bool = False,
) -> bool:
    """Whether a trust policy allows one of `principals` all `actions` with these `context` keys of the request.

    A principal is an ARN, an account id, or ``*``. With `or_unknown`, statements count of which it is unknown whether
    their conditions are met. A ``Deny`` is ignored: see `has_deny`.
    """
    named = [each for each in list_statements(policy) if _names(each, principals)]
    return all(_allow(named, action, context, or_unknown=or_unknown) for action in actions)


def allows_caller(
    policy: Policy, role_arn: str, context: Mapping[str, str], actions: Sequence[str] = (ASSUME,)
) -> bool:
    """Whether a caller's policy allows all `actions` on the role with these `context` keys of the request."""
    about = [each for each in list_statements(policy) if _covers(each, role_arn)]
    return all(_allow(about, action, context) for action in actions)


def has_deny(policy: Policy, principals: Collection[str]) -> bool:
    """Whether a trust policy has a ``Deny`` for one of `principals`, under whatever condition."""
    return any(
        each.get("Effect") == "Deny"
        and ("NotPrincipal" in each or _names(each, principals))
        and _can_cover_assume(each)
        for each in list_statements(policy)
    )


def find_extra_conditions(
    policy: Policy, principals: Collection[str], context: Mapping[str, str]
) -> list[Condition]:
    """Return the conditions beyond `context` under which a trust policy allows one of `principals`.

    A new statement without these would allow what the policy does not. ``NotPrincipal`` and ``NotAction`` are returned
    as conditions, too.
    """
    return _find_unmet_conditions(
        [each for each in list_statements(policy) if "NotPrincipal" in each or _names(each, principals)],
        context,
    )


def find_extra_caller_conditions(
    policy: Policy, role_arn: str, context: Mapping[str, str]
) -> list[Condition]:
    """Return the same for a caller's policy and a role."""
    return _find_unmet_conditions(
        [each for each in list_statements(policy) if "NotResource" in each or _covers(each, role_arn)],
        context,
    )


def _allow(
    statements: Sequence[Statement], action: str, context: Mapping[str, str], *, or_unknown: bool = False
) -> bool:
    enough = (True, None) if or_unknown else (True,)
    return any(
        each.get("Effect") == "Allow"
        and _matches_any(each.get("Action"), action)
        and are_met(each.get("Condition"), context) in enough
        for each in statements
    )


def _find_unmet_conditions(statements: Sequence[Statement], context: Mapping[str, str]) -> list[Condition]:
    found: list[Condition] = []
    for each in statements:
        if each.get("Effect") != "Allow" or not _can_cover_assume(each):
            continue
        negations = ("NotPrincipal", "NotAction", "NotResource")
        found += [Condition("", name, each[name]) for name in negations if name in each]
        # A statement that requires MFA does not limit its age.
        found += [
            condition
            for condition in parse_conditions(each.get("Condition"))
            if condition.is_about_mfa_age or not is_met(condition, context)
        ]
    # Conditions may hold lists, so they cannot be the keys of a dict.
    return [condition for number, condition in enumerate(found) if condition not in found[:number]]


def _names(statement: Statement, principals: Collection[str]) -> bool:
    named = statement.get("Principal")
    found = named.get("AWS") if isinstance(named, Mapping) else named
    return any(each == "*" or each in principals for each in _list_texts(found))


def _covers(statement: Statement, role_arn: str) -> bool:
    return any(matches(role_arn, pattern) for pattern in _list_texts(statement.get("Resource")))


def _can_cover_assume(statement: Statement) -> bool:
    return "NotAction" in statement or _matches_any(statement.get("Action"), ASSUME)


def _matches_any(patterns: Any, action: str) -> bool:
    return any(matches(action.lower(), pattern.lower()) for pattern in _list_texts(patterns))


def _list_texts(value: Any) -> list[str]:
    """Return the texts of a value that may be one or a list; anything else names nothing."""
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, str)]


def _one_or_all(actions: Sequence[str]) -> str | list[str]:
    return list(actions) if len(actions) > 1 else actions[0]
