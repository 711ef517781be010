"""What a setup comes to: the steps that let a caller into a role of another account, from what is there now.

Nothing here changes anything; the steps do when they are carried out. Whatever exists stays: a statement is
added beside the others, a policy is attached beside the others, and only what an earlier setup has added is
replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .. import iam_policy
from ..arn import Arn
from ..aws_errors import is_denied
from ..errors import Problem, ValidationError
from .iam_client import FoundRole
from .journal import Journal
from .model import AccountContext, Caller, SetupRequest, check_unchanged, iam_step, is_ours
from .role_planner import RoleSteps
from .steps import ADD, CHANGE, SAME, Step


class Survey:
    """What is there, and the steps to what is wished for. `notes` are things to be said about it."""

    def __init__(
        self,
        wish: SetupRequest,
        caller: Caller,
        target: AccountContext,
        home: AccountContext,
        journal: Journal,
    ) -> None:
        self.wish = wish
        self.caller = caller
        self._target = target
        self._home = home
        self._journal = journal
        self.notes: list[str] = []
        self.role_arn = str(Arn.iam(caller.arn.partition, target.account, f"role{wish.path}{wish.role_name}"))

    def steps(self) -> list[Step]:
        """The steps in both accounts, in their order. Raises `ValidationError` with all that stands in the way."""
        problems: list[Problem] = []
        found = self._read(problems, self._target, "iam:GetRole", lambda iam: iam.role(self.wish.role_name))
        attached: list[str] = []
        if found is not None:
            attached = self._read(
                problems,
                self._target,
                "iam:ListAttachedRolePolicies",
                lambda iam: iam.attached(self.wish.role_name),
            )
        problems += self._role_problems(found)
        problems += self._policy_problems(attached or [])
        policy = self._caller_policy(problems)
        if problems:
            raise ValidationError("nothing was set up, because", problems)
        if self._target.account == self.caller.arn.account:
            self.notes.append(
                f"profile {self._target.profile} is of account {self.caller.arn.account}, as the caller is: the "
                f"role is one of the home account"
            )
        role = RoleSteps(self.wish, self.caller, self._target, self._journal, self.role_arn)
        steps = role.steps(found, attached or [])
        self.notes += role.notes
        return [*steps, *policy]

    # -- what is in the way ------------------------------------------------------------------------

    def _read(self, problems: list[Problem], side: AccountContext, permission: str, read: Any) -> Any:
        """What `read` gives; a refusal goes to the problems with the permission it takes."""
        try:
            return read(side.iam)
        except Exception as error:
            if not is_denied(error):
                raise
            text = f"profile {side.profile} needs {permission} in account {side.account}: {error}"
            problems.append(Problem(text))
            return None

    def _role_problems(self, found: FoundRole | None) -> Iterator[Problem]:
        wish = self.wish
        if found is not None and found.path != wish.path:
            yield Problem(
                f"there is a role {found.name} already, with the path {found.path}",
                f"name it as it is, --role-name {found.path[1:]}{found.name}, or take another name",
            )
        maximum = wish.maximum or (found.maximum if found else wish.duration or 0)
        if wish.duration and wish.duration > maximum:
            yield Problem(
                f"--duration-seconds {wish.duration} is more than the role's maximum, {maximum}",
                f"ask for less, or give --max-session-duration {wish.duration}",
            )
        entry = next(iter(self._journal.find("role")), None)
        if found is not None and entry and not is_ours(found, entry):
            yield Problem(
                f"setup has made a role {found.name}, and this is another one",
                f"if it is the right one, forget the first with: rm {self._journal.path}",
            )

    def _policy_problems(self, attached: Sequence[str]) -> Iterator[Problem]:
        partition = self.caller.arn.partition
        for text in self.wish.policy_arns:
            arn = Arn.parse(text)
            if arn is None or arn.service != "iam" or arn.kind != "policy" or ":" in arn.resource:
                example = Arn.iam(partition, "aws", "policy/ReadOnlyAccess")
                yield Problem(f"--policy-arn {text!r}: a policy's ARN looks like {example}")
            elif arn.partition != partition:
                right = arn._replace(partition=partition)
                yield Problem(
                    f"--policy-arn {text!r} is in the partition {arn.partition}; here it would be {right}"
                )
            elif arn.account not in ("aws", self._target.account):
                own = self._target.account
                yield Problem(
                    f"--policy-arn {text!r}: a role takes policies of AWS and of its own account, {own}"
                )
            elif text not in attached and not self._exists(text):
                yield Problem(
                    f"--policy-arn {text!r}: there is no such policy in account {self._target.account}"
                )

    def _exists(self, arn: str) -> bool:
        try:
            return self._target.iam.has_policy(arn)
        except Exception as error:
            if not is_denied(error):
                raise
            return True  # whoever may attach it need not be allowed to look at it

    # -- the caller --------------------------------------------------------------------------------

    def _caller_policy(self, problems: list[Problem]) -> list[Step]:
        """The caller's own policy, which allows it to call; a refused look at it goes to the problems."""
        wish, owner, home = self.wish, self.caller.owner, self._home
        statement = iam_policy.build_caller_statement(self.role_arn, wish.actions)
        if not wish.caller_policy:
            return []
        if owner.kind == "role" and iam_policy.is_identity_center_role(owner.name):
            self.notes.append(
                f"{owner} is a permission set of IAM Identity Center: the statement that lets it call has to be "
                f"put there, {iam_policy.to_json(statement)}"
            )
            return []
        name = policy_name(wish.profile)
        permission = f"iam:Get{owner.kind.capitalize()}Policy"
        known = len(problems)
        found = self._read(problems, home, permission, lambda iam: iam.inline_policy(owner, name))
        if len(problems) > known:
            problems[-1] = problems[-1]._replace(
                fix=f"name a profile that has it, --home-admin-profile, or say that {owner} may assume the role "
                f"by another policy, --no-caller-policy"
            )
            return []
        title = f"policy {name} of {owner} in account {home.account}"
        if found is not None and iam_policy.allows_caller(found, self.role_arn, wish.context, wish.actions):
            return [Step(SAME, f"{title} allows to assume the role", document=found, profile=home.profile)]
        others = iam_policy.remove_statements(found, [statement]) if found is not None else {}
        demands = iam_policy.extra_caller_conditions(others, self.role_arn, {})
        if demands:
            self.notes.append(
                f"{title} allows to assume the role under conditions, and the new statement would allow it without "
                f"these: {'; '.join(map(str, demands))}. To keep them, change that policy yourself and give "
                f"--no-caller-policy"
            )
        after = iam_policy.add_statement(found, statement)
        asked = {
            f"{owner.kind.capitalize()}Name": owner.name,
            "PolicyName": name,
            "PolicyDocument": iam_policy.to_json(after),
        }

        def act() -> None:
            check_unchanged(home.iam.inline_policy(owner, name) == found, title)
            home.iam.put_inline_policy(owner, name, asked["PolicyDocument"])

        thing = {"kind": "caller", "owner": list(owner), "policy": name}
        noted = [entry for entry in self._journal.find("caller") if thing.items() <= entry.items()]
        made = noted[0]["made"] if noted else found is None
        return [
            iam_step(
                home,
                ADD if found is None else CHANGE,
                title,
                f"put-{owner.kind}-policy",
                asked,
                act,
                detail=iam_policy.to_lines(after)
                if found is None
                else iam_policy.diff_policies(found, after),
                document=after,
                entries=[{**thing, "made": made, "statements": [statement]}],
            )
        ]


def policy_name(profile: str) -> str:
    """What the caller's policy is called: ``ProdAccountAccess`` for the profile ``prod``."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in profile)
    words = "".join(word[0].upper() + word[1:] for word in letters.split())
    return f"{words[:100]}AccountAccess"
