"""Policy documents: the statements that let a caller into a role, whether they are there, the difference.

Both sides have to allow it: the role's trust policy, and a policy of whoever calls. What is read here is the
part of the policy language that such statements are written in; a statement that says more (other
conditions, ``NotPrincipal``) is never taken to allow anything, so at worst one statement too many is proposed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import unified_diff
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

ASSUME = "sts:AssumeRole"
TAG, SET_IDENTITY = "sts:TagSession", "sts:SetSourceIdentity"
"""What both sides have to allow besides, for a request with session tags or a source identity."""

Document = Mapping[str, Any]
Statement = Mapping[str, Any]

MFA_PRESENT = "aws:MultiFactorAuthPresent"
EXTERNAL_ID = "sts:ExternalId"

_VERSION = "2012-10-17"
_UNKNOWN = "(not known)"
_COMPARED = ("Bool", "StringEquals")


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
    _, partition, _, _, account, name = [*caller.split(":", 5), *[""] * 6][:6]
    if not name.startswith("assumed-role/"):
        return caller, {}
    name = name.split("/")[1]
    arn = f"arn:{partition}:iam::{account}"
    if not is_identity_center_role(name):
        return f"{arn}:role/{name}", {}
    # A principal takes no wildcard; its account does, under a condition.
    pattern = f"{arn}:role/aws-reserved/sso.amazonaws.com/*{name}"
    return f"{arn}:root", {"ArnLike": {"aws:PrincipalArn": pattern}}


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
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


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


def lets_in(
    document: Document,
    principals: Collection[str],
    context: Mapping[str, str],
    actions: Sequence[str] = (ASSUME,),
) -> bool:
    """Whether a trust policy allows one of `principals` all `actions` with this request `context`.

    A principal is an ARN, an account id, or ``*``. A ``Deny`` is not looked at: see `forbids`.
    """
    named = [each for each in statements(document) if _names(each, principals)]
    return all(_allowed(named, action, context) for action in actions)


def forbids(document: Document, principals: Collection[str]) -> bool:
    """Whether a trust policy has a ``Deny`` for one of `principals`, under whatever condition."""
    return any(
        each.get("Effect") == "Deny"
        and ("NotPrincipal" in each or _names(each, principals))
        and ("NotAction" in each or _matches(each.get("Action"), ASSUME))
        for each in statements(document)
    )


def permits(
    document: Document, role_arn: str, context: Mapping[str, str], actions: Sequence[str] = (ASSUME,)
) -> bool:
    """Whether a caller's policy allows it all `actions` on the role with this request `context`."""
    about = [
        each
        for each in statements(document)
        if any(fnmatchcase(role_arn, pattern) for pattern in _list(each.get("Resource")))
    ]
    return all(_allowed(about, action, context) for action in actions)


def shown(document: Document) -> list[str]:
    """A document in lines for a person."""
    return json.dumps(document, indent=2).splitlines()


def difference(before: Document, after: Document) -> list[str]:
    """What changes from one document to another, in lines for a person: unified, with all that stays."""
    old, new = shown(before), shown(after)
    return list(unified_diff(old, new, n=len(old) + len(new), lineterm=""))[3:]


# -- the policy language ---------------------------------------------------------------------------


def _allowed(found: Sequence[Statement], action: str, context: Mapping[str, str]) -> bool:
    return any(
        each.get("Effect") == "Allow"
        and _matches(each.get("Action"), action)
        and _met(each.get("Condition"), context)
        for each in found
    )


def _names(statement: Statement, principals: Collection[str]) -> bool:
    named = statement.get("Principal")
    found = named.get("AWS") if isinstance(named, Mapping) else named
    return any(each == "*" or each in principals for each in _list(found))


def _matches(patterns: Any, action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _list(patterns))


def _met(condition: Any, context: Mapping[str, str]) -> bool:
    """Whether every condition is one that is understood here and is met."""
    known = {key.lower(): value for key, value in context.items()}
    return all(
        operator in _COMPARED and known.get(key.lower(), _UNKNOWN) in _texts(values)
        for operator, compared in (condition or {}).items()
        for key, values in compared.items()
    )


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _texts(values: Any) -> Iterator[str]:
    """The values of a condition, where ``true`` may stand for ``"true"``."""
    several: Iterable[Any] = values if isinstance(values, list) else [values]
    return (str(value).lower() if isinstance(value, bool) else str(value) for value in several)


def _one_or_all(actions: Sequence[str]) -> str | list[str]:
    return list(actions) if len(actions) > 1 else actions[0]
