"""Who takes part in a setup, what is asked for, and a step that is one call of IAM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import iam_policy
from ..arn import Arn
from ..errors import Problem, ValidationError, XacctError
from ..messages import profile_words
from .iam_client import FoundRole, Iam, Owner
from .journal import Entry
from .steps import Step


@dataclass(frozen=True)
class SetupRequest:
    """What is asked for. `role_name` is without its `path`, which begins and ends with a slash.

    Durations are seconds; `context` is what the profile's request will bring along (MFA, external id), `actions`
    what both sides have to allow for it.
    """

    profile: str
    role_name: str
    path: str = "/"
    policy_arns: Sequence[str] = ()
    require_mfa: bool = False
    external_id: str | None = None
    maximum: int | None = None
    duration: int | None = None
    caller_policy: bool = True
    context: Mapping[str, str] = field(default_factory=dict)
    actions: Sequence[str] = (iam_policy.ASSUME,)


@dataclass(frozen=True)
class AccountContext:
    """One account, and the profile with which its IAM is asked."""

    profile: str
    account: str
    iam: Iam


@dataclass(frozen=True)
class Caller:
    """Who is to assume the role: its ARN as STS gives it, and how a trust policy names it."""

    arn: Arn
    principal: str
    condition: Mapping[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> Owner:
        """Whose inline policy allows it to call."""
        if self.arn.kind == "user":
            return Owner("user", self.arn.name.rpartition("/")[2])
        return Owner("role", self.arn.name.partition("/")[0])

    @property
    def names(self) -> frozenset[str]:
        """All that a trust policy may call it by."""
        root = Arn.iam(self.arn.partition, self.arn.account, "root")
        return frozenset({str(self.arn), self.principal, self.arn.account, str(root)})


def caller_of(arn: Arn, source_role: str | None = None) -> Caller:
    """The caller with an ARN of STS's; `source_role` is the role's own ARN if the source is one.

    Raises `ValidationError` for one that can assume no role.
    """
    if arn.resource == "root":
        raise ValidationError(
            "this caller can assume no role",
            [Problem(f"{arn} is a root user", "call with the keys of an IAM user")],
        )
    if arn.kind not in ("user", "assumed-role"):
        raise ValidationError(
            "this caller can assume no role", [Problem(f"{arn} is neither a user nor a role's session")]
        )
    return Caller(arn, *iam_policy.find_principal(str(arn), source_role))


def iam_step(
    side: AccountContext,
    state: str,
    title: str,
    command: str,
    asked: Mapping[str, Any],
    act: Any,
    **more: Any,
) -> Step:
    """A step that is one call of IAM; `command` is its name for the `aws` command."""
    options = [word for name, value in asked.items() for word in (_option(name), str(value))]
    return Step(
        state,
        title,
        act,
        profile=side.profile,
        needs="iam:" + "".join(word.capitalize() for word in command.split("-")),
        command=["aws", "iam", command, *options, *profile_words(side.profile)],
        **more,
    )


def is_ours(found: FoundRole, entry: Entry) -> bool:
    """Whether a role is the one that a journal's entry is about, and not another of its name."""
    return found.role_id == entry.get("id") or f"({entry['mark']})" in found.description


def check_unchanged(same: bool, what: str) -> None:
    """Raise `XacctError` unless something is still as it was when the plan was made."""
    if not same:
        raise XacctError(f"{what} has been changed by somebody else meanwhile, and was left alone")


def _option(name: str) -> str:
    return "--" + "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
