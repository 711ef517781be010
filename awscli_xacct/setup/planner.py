"""Plan a setup: the steps that let a caller assume a role of another account, given what exists.

Planning changes nothing; `steps.carry_out` does. Whatever exists stays: statements and policies are added beside the
others, and only what an earlier setup added is replaced.
"""

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .. import iam_policy
from ..arn import Arn
from ..aws_errors import is_denied
from ..errors import ValidationError
from ..problems import Problem
from ..typed import typed_again
from .iam_client import AccountContext, FoundRole
from .model import SetupContext, check_unchanged, is_made_by_setup
from .role_planner import plan_role
from .steps import ADD, CHANGE, SAME, Step


def plan_setup(setup: SetupContext) -> list[Step]:
    """Return the steps in both accounts, in order. Raises `ValidationError` with everything that prevents them."""
    problems: list[Problem] = []
    target, name = setup.target, setup.request.role_name
    found = _read(problems, target, "iam:GetRole", lambda: target.get_role(name))
    attached: Sequence[str] = ()
    if found is not None:
        permission = "iam:ListAttachedRolePolicies"
        attached = _read(problems, target, permission, lambda: target.list_attached(name)) or ()
    problems += _find_role_problems(setup, found)
    problems += _find_policy_arn_problems(setup, attached)
    caller_steps = _plan_caller_policy(setup, problems)
    if problems:
        raise ValidationError("nothing was set up, because", problems)
    if target.account == setup.caller.arn.account:
        setup.notes.append(
            f"profile {target.profile} belongs to account {target.account}, the caller's own: the role will be "
            f"in the home account"
        )
    return [*plan_role(setup, found, attached), *caller_steps]


def make_policy_name(profile: str) -> str:
    """Return the name of the caller's policy: ``ProdAccountAccess`` for the profile ``prod``."""
    letters = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in profile)
    words = "".join(word[0].upper() + word[1:] for word in letters.split())
    return f"{words[:100]}AccountAccess"


def _read(
    problems: list[Problem],
    account: AccountContext,
    permission: str,
    read: Callable[[], Any],
    fix: str | None = None,
) -> Any:
    """Return what `read` returns; None if that is denied, with a problem that names the missing permission."""
    try:
        return read()
    except Exception as error:
        if not is_denied(error):
            raise
        text = f"profile {account.profile} needs {permission} in account {account.account}: {error}"
        problems.append(Problem(text, fix, code="AccessDenied"))
        return None


def _find_role_problems(setup: SetupContext, found: FoundRole | None) -> Iterator[Problem]:
    request = setup.request
    if found is not None and found.path != request.path:
        same = shlex.quote(f"{found.path[1:]}{found.name}")
        yield Problem(
            f"role {found.name} already exists, with the path {found.path}",
            f"choose another name, or use that role:\n  {typed_again(f'--role-name {same}')}",
        )
    maximum = request.maximum or (found.maximum if found else request.duration or 0)
    if request.duration and request.duration > maximum:
        yield Problem(
            f"--duration-seconds {request.duration} exceeds the role's maximum session duration, {maximum}",
            f"request less, or raise that:\n  {typed_again(f'--max-session-duration {request.duration}')}",
        )
    entry = setup.journal.first("role")
    if found is not None and entry and not is_made_by_setup(found, entry):
        yield Problem(
            f"role {found.name} is not the one that setup created",
            f"if it is the right one, delete the journal of the other: rm {shlex.quote(str(setup.journal.path))}",
        )


def _find_policy_arn_problems(setup: SetupContext, attached: Sequence[str]) -> Iterator[Problem]:
    partition, account = setup.caller.arn.partition, setup.target.account
    for text in setup.request.policy_arns:
        arn = Arn.parse(text)
        given = f"--policy-arn {text!r}"
        if arn is None or arn.service != "iam" or arn.kind != "policy" or ":" in arn.resource:
            example = Arn.iam(partition, "aws", "policy/ReadOnlyAccess")
            yield Problem(f"{given} is not the ARN of a policy, such as {example}")
        elif arn.partition != partition:
            right = arn._replace(partition=partition)
            yield Problem(f"{given} is not in the partition {partition}, as the role is", f"use {right}")
        elif arn.account not in ("aws", account):
            yield Problem(f"{given} is a policy of neither AWS nor the role's own account, {account}")
        elif text not in attached and not _policy_exists(setup.target, text):
            yield Problem(f"{given} does not exist in account {account}")


def _policy_exists(account: AccountContext, arn: str) -> bool:
    try:
        return account.has_policy(arn)
    except Exception as error:
        if not is_denied(error):
            raise
        return True  # permission to attach it does not need permission to look at it


def _plan_caller_policy(setup: SetupContext, problems: list[Problem]) -> list[Step]:
    """Return the step for the caller's own policy, if one is needed. If it cannot be read, that is a problem."""
    request, owner, home = setup.request, setup.caller.owner, setup.home
    statement = iam_policy.build_caller_statement(setup.role_arn, request.actions)
    if not request.caller_policy:
        return []
    if owner.kind == "role" and iam_policy.is_identity_center_role(owner.name):
        setup.notes.append(
            f"{owner} is a permission set of IAM Identity Center, which alone can change it; add this statement "
            f"there: {iam_policy.to_json(statement)}"
        )
        return []
    name = make_policy_name(request.profile)
    found = _read(
        problems,
        home,
        f"iam:{owner.operation('Get')}",
        lambda: home.get_inline_policy(owner, name),
        fix=f"name a profile that has it, or plan without it if another policy allows {owner} to assume the role:\n"
        f"  {typed_again('--home-admin-profile PROFILE')}\n  {typed_again('--no-caller-policy')}",
    )
    title = f"policy {name} of {owner} in account {home.account}"
    if found is not None and iam_policy.allows_caller(
        found, setup.role_arn, request.context, request.actions
    ):
        return [Step(SAME, f"{title} allows assuming the role", policy=found, profile=home.profile)]
    others = iam_policy.remove_statements(found, [statement])
    conditions = iam_policy.find_extra_caller_conditions(others, setup.role_arn, {})
    if conditions:
        setup.notes.append(
            f"{title} allows assuming the role under conditions that the new statement does not have: "
            f"{'; '.join(map(str, conditions))}. To keep them, edit that policy yourself and pass "
            f"--no-caller-policy"
        )
    thing = {"kind": "caller", "owner": list(owner), "policy": name}
    noted = [entry for entry in setup.journal.find("caller") if thing.items() <= entry.items()]
    made = noted[0]["made"] if noted else found is None
    return [
        home.policy_step(
            ADD if found is None else CHANGE,
            title,
            owner.operation("Put"),
            owner.parameters(name),
            found,
            iam_policy.add_statement(found, statement),
            check=lambda: check_unchanged(home.get_inline_policy(owner, name) == found, title),
            entries=[{**thing, "made": made, "statements": [statement]}],
        )
    ]
