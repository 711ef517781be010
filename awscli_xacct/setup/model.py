"""The request for a setup, the caller, and the context in which its steps are planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import iam_policy
from ..arn import Arn
from ..errors import ValidationError, XacctError
from ..problems import Problem
from .iam_client import AccountContext, FoundRole, Owner
from .journal import Journal, JournalEntry


@dataclass(frozen=True)
class SetupRequest:
    """What the command line requests for one profile.

    role_name  without its `path`, which begins and ends with a slash
    maximum    the role's maximum session duration in seconds; None leaves it to setup
    duration   of the profile's sessions, in seconds; None if the profile does not set it
    context    the context keys that the profile's request will have (MFA, external id)
    actions    what both sides have to allow for that request
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
class Caller:
    """The caller that will assume the role: its ARN as STS returns it, and its principal in a trust policy."""

    arn: Arn
    principal: str
    condition: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, arn: Arn, source_role: str | None = None) -> "Caller":
        """Return the caller with an ARN of STS; `source_role` is the role's own ARN if the source profile has one.

        Raises `ValidationError` if it cannot assume roles.
        """
        if arn.resource == "root":
            problem = Problem(f"{arn} is a root user", "call with the keys of an IAM user")
        elif arn.kind not in ("user", "assumed-role"):
            problem = Problem(f"{arn} is neither a user nor a role session")
        else:
            return cls(arn, *iam_policy.find_principal(str(arn), source_role))
        raise ValidationError("this caller cannot assume roles", [problem], "ProfileInvalid")

    @property
    def owner(self) -> Owner:
        """The owner of the inline policy that allows this caller to assume roles."""
        if self.arn.kind == "user":
            return Owner("user", self.arn.name.rpartition("/")[2])
        return Owner("role", self.arn.name.partition("/")[0])

    @property
    def names(self) -> frozenset[str]:
        """Everything by which a trust policy may name this caller."""
        root = Arn.iam(self.arn.partition, self.arn.account, "root")
        return frozenset({str(self.arn), self.principal, self.arn.account, str(root)})


@dataclass(frozen=True)
class SetupContext:
    """One setup: the request, the caller, both accounts, and the profile's journal.

    Planning appends to `notes` what a person should know about the steps.
    """

    request: SetupRequest
    caller: Caller
    target: AccountContext
    home: AccountContext
    journal: Journal
    notes: list[str] = field(default_factory=list)

    @property
    def role_arn(self) -> str:
        resource = f"role{self.request.path}{self.request.role_name}"
        return str(Arn.iam(self.caller.arn.partition, self.target.account, resource))


def is_made_by_setup(role: FoundRole, entry: JournalEntry) -> bool:
    """Whether a role is the one that a journal entry is about, and not another one of the same name."""
    return role.role_id == entry.get("id") or f"({entry['mark']})" in role.description


def check_unchanged(same: bool, what: str) -> None:
    """Raise `XacctError` unless something is still as it was when the steps were planned."""
    if not same:
        text = f"{what} was changed by someone else meanwhile, and was not overwritten"
        raise XacctError(text, code="FileChanged")
