"""What setup asks IAM of one account: roles, what is attached to them, and the policies of whoever calls.

A thin layer over a client of IAM, which is handed in: all pages, None for what is not there, and policy
documents as dicts. What the client raises is passed on.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from ..aws_errors import is_missing_entity
from ..iam_policy import parse_policy


@dataclass(frozen=True)
class FoundRole:
    """A role as it is. `path` begins and ends with a slash, `maximum` is in seconds."""

    name: str
    path: str
    arn: str
    role_id: str
    description: str
    trust: dict[str, Any]
    maximum: int
    boundary: str | None


class Owner(NamedTuple):
    """Whose inline policy it is: ``user`` or ``role``, and the name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Iam:
    """IAM of one account, as one profile sees it."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def role(self, name: str) -> FoundRole | None:
        found = self._or_none(self.client.get_role, "Role", RoleName=name)
        if found is None:
            return None
        return FoundRole(
            found["RoleName"],
            found["Path"],
            found["Arn"],
            found["RoleId"],
            found.get("Description", ""),
            parse_policy(found["AssumeRolePolicyDocument"]),
            found.get("MaxSessionDuration", 3600),
            found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        )

    def attached(self, role: str) -> list[str]:
        """The ARNs of the managed policies that are attached to a role."""
        pages = self.client.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]

    def inline(self, role: str) -> list[str]:
        """The names of a role's inline policies."""
        pages = self.client.get_paginator("list_role_policies").paginate(RoleName=role)
        return [name for page in pages for name in page["PolicyNames"]]

    def has_policy(self, arn: str) -> bool:
        """Whether there is a managed policy of that ARN."""
        return self._or_none(self.client.get_policy, "Policy", PolicyArn=arn) is not None

    def inline_policy(self, owner: Owner, name: str) -> dict[str, Any] | None:
        """An inline policy of a user or role."""
        get = getattr(self.client, f"get_{owner.kind}_policy")
        found = self._or_none(get, "PolicyDocument", **_of(owner), PolicyName=name)
        return None if found is None else parse_policy(found)

    def put_inline_policy(self, owner: Owner, name: str, document: str) -> None:
        put = getattr(self.client, f"put_{owner.kind}_policy")
        put(**_of(owner), PolicyName=name, PolicyDocument=document)

    def delete_inline_policy(self, owner: Owner, name: str) -> None:
        getattr(self.client, f"delete_{owner.kind}_policy")(**_of(owner), PolicyName=name)

    def _or_none(self, call: Any, key: str, **parameters: str) -> Any:
        try:
            return call(**parameters)[key]
        except Exception as error:
            if is_missing_entity(error):
                return None
            raise


def _of(owner: Owner) -> dict[str, str]:
    return {f"{owner.kind.capitalize()}Name": owner.name}
