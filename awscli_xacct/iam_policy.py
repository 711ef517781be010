"""Policy documents: the statements that let a caller into a role, whether they are there, the difference.

Both sides have to allow it: the role's trust policy, and a policy of whoever calls. What is read here is the
part of the policy language that such statements are written in; a statement that says more (other
conditions, ``NotPrincipal``) is never taken to allow anything. A statement that is added beside such a one may
allow more than it does, so what it asks for is told: see `asked_for`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from difflib import unified_diff
from typing import Any
from urllib.parse import unquote

from .arn import Arn
from .iam_conditions import EXTERNAL_ID as EXTERNAL_ID
from .iam_conditions import MFA_PRESENT as MFA_PRESENT
from .iam_conditions import Demand, are_met, is_met, like
from .iam_conditions import demands as demands

ASSUME = "sts:AssumeRole"
TAG, SET_IDENTITY = "sts:TagSession", "sts:SetSourceIdentity"
"""What both sides have to allow besides, for a request with session tags or a source identity."""

Document = Mapping[str, Any]
Statement = Mapping[str, Any]

_VERSION = "2012-10-17"


# -- the statements --------------------------------------------------------------------------------


def trust_statement(
    principal: str,
    *,
    mfa: bool = False,
    external_id: str | None = None,
    actions: Sequence[str] = (ASSUME,),
    condition: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a role's trust policy has to hold to let `principal` in; `condition` are further conditions."""
    conditions = dict(condition or {})
    if mfa:
        conditions["Bool"] = {MFA_PRESENT: "true"}
    if external_id:
        conditions["StringEquals"] = {EXTERNAL_ID: external_id}
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": _one_or_all(actions),
        **({"Condition": conditions} if conditions else {}),
    }


def caller_statement(role_arn: str, actions: Sequence[str] = (ASSUME,)) -> dict[str, Any]:
    """What a policy of the caller has to hold."""
    return {"Effect": "Allow", "Action": _one_or_all(actions), "Resource": role_arn}


def principal_of(caller: str, source_role: str | None = None) -> tuple[str, dict[str, Any]]:
    """How a trust policy names the caller with this ARN, and the condition that goes with it.

    A session is named by its role, and its ARN does not show the role's path. The role is known if it is a hop
    of the chain: `source_role`. That of an IAM Identity Center user has the path
    ``/aws-reserved/sso.amazonaws.com/``, then a region or none.
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


# -- documents -------------------------------------------------------------------------------------


def parsed(document: Any) -> dict[str, Any]:
    """A policy document as IAM gives it: JSON, URL-encoded or not, or decoded already.

    Raises `ValueError` for what is none.
    """
    if isinstance(document, str):
        document = json.loads(document if document.lstrip().startswith("{") else unquote(document))
    if not isinstance(document, Mapping):
        raise ValueError("it is no JSON object")
    return dict(document)


def written(document: Document) -> str:
    """A document as it is sent to IAM."""
    return json.dumps(document)


def statements(document: Document) -> list[Statement]:
    """The statements of a document, which may have one without a list around it."""
    found = document.get("Statement")
    listed = found if isinstance(found, list) else [found]
    return [each for each in listed if isinstance(each, Mapping)]


def with_statement(
    document: Document | None, statement: Statement, instead_of: Collection[Statement] = ()
) -> dict[str, Any]:
    """The document with one statement more, in the place of those of `instead_of`; all others stay."""
    kept = without(document, instead_of)
    return {**kept, "Statement": [*kept["Statement"], statement]}


def without(document: Document | None, gone: Collection[Statement]) -> dict[str, Any]:
    """The document less some statements; what is left may be an empty list, which IAM does not take."""
    document = document if document is not None else {"Version": _VERSION}
    return {**document, "Statement": [each for each in statements(document) if each not in gone]}


def allows_assume(
    document: Document,
    principals: Collection[str],
    context: Mapping[str, str],
    actions: Sequence[str] = (ASSUME,),
    *,
    perhaps: bool = False,
) -> bool:
    """Whether a trust policy allows one of `principals` all `actions` with this request `context`.

    A principal is an ARN, an account id, or ``*``. With `perhaps`, a statement counts whose conditions may be
    met. A ``Deny`` is not looked at: see `has_deny`.
    """
    named = [each for each in statements(document) if _names(each, principals)]
    return all(_allowed(named, action, context, perhaps=perhaps) for action in actions)


def asked_for(document: Document, principals: Collection[str], context: Mapping[str, str]) -> list[Demand]:
    """What the statements that let one of `principals` in ask of it besides what `context` brings.

    A new statement without these conditions would let in where the document does not. One that names by
    ``NotPrincipal`` or ``NotAction`` is told as that.
    """
    about = [each for each in statements(document) if _may_name(each, principals) and _may_match(each)]
    return _unmet(about, context)


def asked_of_caller(document: Document, role_arn: str, context: Mapping[str, str]) -> list[Demand]:
    """The same of a caller's policy and a role."""
    about = [
        each
        for each in statements(document)
        if _may_match(each) and ("NotResource" in each or _is_about(each, role_arn))
    ]
    return _unmet(about, context)


def has_deny(document: Document, principals: Collection[str]) -> bool:
    """Whether a trust policy has a ``Deny`` for one of `principals`, under whatever condition."""
    return any(
        each.get("Effect") == "Deny"
        and ("NotPrincipal" in each or _names(each, principals))
        and ("NotAction" in each or _matches(each.get("Action"), ASSUME))
        for each in statements(document)
    )


def allows_caller(
    document: Document, role_arn: str, context: Mapping[str, str], actions: Sequence[str] = (ASSUME,)
) -> bool:
    """Whether a caller's policy allows it all `actions` on the role with this request `context`."""
    about = [each for each in statements(document) if _is_about(each, role_arn)]
    return all(_allowed(about, action, context) for action in actions)


def shown(document: Document) -> list[str]:
    """A document in lines for a person."""
    return json.dumps(document, indent=2).splitlines()


def difference(before: Document, after: Document) -> list[str]:
    """What changes from one document to another, in lines for a person: unified, with all that stays."""
    old, new = shown(before), shown(after)
    return list(unified_diff(old, new, n=len(old) + len(new), lineterm=""))[3:]


# -- the policy language ---------------------------------------------------------------------------


def _allowed(
    found: Sequence[Statement], action: str, context: Mapping[str, str], *, perhaps: bool = False
) -> bool:
    enough = (True, None) if perhaps else (True,)
    return any(
        each.get("Effect") == "Allow"
        and _matches(each.get("Action"), action)
        and are_met(each.get("Condition"), context) in enough
        for each in found
    )


def _names(statement: Statement, principals: Collection[str]) -> bool:
    named = statement.get("Principal")
    found = named.get("AWS") if isinstance(named, Mapping) else named
    return any(each == "*" or each in principals for each in _list(found))


def _may_name(statement: Statement, principals: Collection[str]) -> bool:
    return "NotPrincipal" in statement or _names(statement, principals)


def _may_match(statement: Statement) -> bool:
    """Whether a statement allows to assume a role, as far as its actions go."""
    return statement.get("Effect") == "Allow" and (
        "NotAction" in statement or _matches(statement.get("Action"), ASSUME)
    )


def _is_about(statement: Statement, role_arn: str) -> bool:
    return any(like(role_arn, pattern) for pattern in _list(statement.get("Resource")))


def _matches(patterns: Any, action: str) -> bool:
    return any(like(action.lower(), pattern.lower()) for pattern in _list(patterns))


def _unmet(about: Sequence[Statement], context: Mapping[str, str]) -> list[Demand]:
    found: list[Demand] = []
    for each in about:
        found += [
            Demand("", name, each[name])
            for name in ("NotPrincipal", "NotAction", "NotResource")
            if name in each
        ]
        # MFA that is asked for at all is not asked for with an age.
        found += [
            demand
            for demand in demands(each.get("Condition"))
            if demand.is_of_age or not is_met(demand, context)
        ]
    return [demand for number, demand in enumerate(found) if demand not in found[:number]]


def _list(value: Any) -> list[str]:
    """The texts of a value that may be one or a list; whatever else it is names nothing."""
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, str)]


def _one_or_all(actions: Sequence[str]) -> str | list[str]:
    return list(actions) if len(actions) > 1 else actions[0]
