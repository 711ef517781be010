"""IAM of one account, as `setup` uses it: read roles and policies, and make steps of the calls that change them.

A thin layer over an IAM client: it reads all pages, returns None for what does not exist, and policies as dicts. What
the client raises passes through.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..aws_errors import is_missing_entity
from ..iam_policy import Policy, diff_policies, parse_policy, to_json, to_lines
from ..messages import profile_words
from ..settings import DEFAULT_ROLE_DURATION
from .steps import Step


@dataclass(frozen=True)
class FoundRole:
    """A role as it exists. `path` begins and ends with a slash, `maximum` is in seconds."""

    name: str
    path: str
    arn: str
    role_id: str
    description: str
    trust: dict[str, Any]
    maximum: int
    boundary: str | None


class Owner(NamedTuple):
    """The owner of an inline policy: a ``user`` or a ``role``, and its name without the path."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def operation(self, verb: str) -> str:
        """Return the IAM operation on an inline policy of this owner, such as ``PutUserPolicy``."""
        return f"{verb}{self.kind.capitalize()}Policy"

    def parameters(self, policy: str) -> dict[str, str]:
        """Return the parameters that name an inline policy of this owner."""
        return {f"{self.kind.capitalize()}Name": self.name, "PolicyName": policy}


@dataclass(frozen=True)
class AccountContext:
    """One account, and an IAM client with the credentials of one profile."""

    profile: str
    account: str
    client: Any

    def step(
        self,
        state: str,
        title: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        check: Callable[[], object] = lambda: None,
        act: Callable[[], object] | None = None,
        **more: Any,
    ) -> Step:
        """Return a step that is one IAM call, such as ``DetachRolePolicy``.

        `check` runs before the call and raises `XacctError` to prevent it. `act` replaces the call if it takes more
        than that.
        """
        command = _to_kebab_case(operation)
        options = [
            word for key, value in parameters.items() for word in (f"--{_to_kebab_case(key)}", str(value))
        ]

        def call() -> None:
            check()
            getattr(self.client, command.replace("-", "_"))(**parameters)

        return Step(
            state,
            title,
            act or call,
            profile=self.profile,
            permission=f"iam:{operation}",
            command=["aws", "iam", command, *options, *profile_words(self.profile)],
            **more,
        )

    def policy_step(
        self,
        state: str,
        title: str,
        operation: str,
        parameters: Mapping[str, Any],
        before: Policy | None,
        after: Policy,
        **more: Any,
    ) -> Step:
        """Return a step that writes the policy `after` in place of `before`; None stands for a new one."""
        return self.step(
            state,
            title,
            operation,
            {**parameters, "PolicyDocument": to_json(after)},
            detail=to_lines(after) if before is None else diff_policies(before, after),
            policy=after,
            **more,
        )

    def get_role(self, name: str) -> FoundRole | None:
        found = self._get(self.client.get_role, "Role", RoleName=name)
        if found is None:
            return None
        return FoundRole(
            found["RoleName"],
            found["Path"],
            found["Arn"],
            found["RoleId"],
            found.get("Description", ""),
            parse_policy(found["AssumeRolePolicyDocument"]),
            found.get("MaxSessionDuration", DEFAULT_ROLE_DURATION),
            found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        )

    def list_attached(self, role: str) -> list[str]:
        """Return the ARNs of the managed policies that are attached to a role."""
        pages = self.client.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]

    def list_inline(self, role: str) -> list[str]:
        """Return the names of a role's inline policies."""
        pages = self.client.get_paginator("list_role_policies").paginate(RoleName=role)
        return [name for page in pages for name in page["PolicyNames"]]

    def has_policy(self, arn: str) -> bool:
        """Whether a managed policy with this ARN exists."""
        return self._get(self.client.get_policy, "Policy", PolicyArn=arn) is not None

    def get_inline_policy(self, owner: Owner, name: str) -> dict[str, Any] | None:
        call = getattr(self.client, f"get_{owner.kind}_policy")
        found = self._get(call, "PolicyDocument", **owner.parameters(name))
        return None if found is None else parse_policy(found)

    def _get(self, call: Any, key: str, **parameters: str) -> Any:
        try:
            return call(**parameters)[key]
        except Exception as error:
            if is_missing_entity(error):
                return None
            raise


def _to_kebab_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
