"""Plan the steps that create a role, or let the caller assume one that exists. Whatever exists stays.

A statement is added beside the others of a trust policy. Only a statement that an earlier setup added is replaced, by
one that requires more.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import iam_conditions, iam_policy, settings
from ..aws_errors import is_existing_entity
from .iam_client import FoundRole
from .journal import JournalEntry
from .model import SetupContext, check_unchanged, is_made_by_setup
from .steps import ADD, CHANGE, SAME, Step


def plan_role(setup: SetupContext, found: FoundRole | None, attached: Sequence[str]) -> list[Step]:
    """Return the steps for the role; `found` is the role as it exists, and `attached` its managed policies."""
    steps = [_plan_creation(setup)] if found is None else list(_plan_changes(setup, found))
    return [*steps, *(_plan_attachment(setup, arn, attached) for arn in setup.request.policy_arns)]


def _build_statement(setup: SetupContext) -> dict[str, Any]:
    return iam_policy.build_trust_statement(
        setup.caller.principal,
        mfa=setup.request.require_mfa,
        external_id=setup.request.external_id,
        actions=setup.request.actions,
        condition=setup.caller.condition,
    )


def _plan_creation(setup: SetupContext) -> Step:
    request, target = setup.request, setup.target
    mark = secrets.token_hex(4)
    statement = _build_statement(setup)
    trust = iam_policy.add_statement(None, statement)
    maximum = request.maximum or max(request.duration or 0, settings.DEFAULT_ROLE_DURATION)
    parameters: dict[str, Any] = {
        "RoleName": request.role_name,
        "AssumeRolePolicyDocument": iam_policy.to_json(trust),
        "Description": f"Made by aws configure role setup ({mark})",
    }
    lasting = ""
    if request.path != "/":
        parameters["Path"] = request.path
    if maximum != settings.DEFAULT_ROLE_DURATION:
        parameters["MaxSessionDuration"] = maximum
        lasting = f", sessions up to {maximum} s"
    entry: JournalEntry = {"kind": "role", "name": request.role_name, "mark": mark}

    def act() -> None:
        try:
            role_id = target.client.create_role(**parameters)["Role"]["RoleId"]
        except Exception as error:
            if not is_existing_entity(error):
                raise
            # The answer to a first attempt may have been lost, and the client has tried again.
            made = target.get_role(request.role_name)
            if made is None or not is_made_by_setup(made, entry):
                raise
            role_id = made.role_id
        setup.journal.add({**entry, "id": role_id})

    return target.step(
        ADD,
        f"role {setup.role_arn}{lasting}, with the trust policy",
        "CreateRole",
        parameters,
        act=act,
        detail=iam_policy.to_lines(trust),
        policy=trust,
        entries=[entry, {"kind": "trust", "statements": [statement]}],
    )


def _plan_changes(setup: SetupContext, found: FoundRole) -> Iterator[Step]:
    if found.boundary:
        setup.notes.append(
            f"role {found.name} has the permissions boundary {found.boundary}, which limits its "
            f"permissions whatever policies are attached; setup does not change it"
        )
    yield _plan_trust(setup, found)
    maximum = setup.request.maximum
    if maximum is None or maximum == found.maximum:
        return
    earlier = setup.journal.first("maximum")
    yield setup.target.step(
        CHANGE,
        f"maximum session duration of role {found.name}: {found.maximum} s to {maximum} s",
        "UpdateRole",
        {"RoleName": found.name, "MaxSessionDuration": maximum},
        entries=[
            {
                "kind": "maximum",
                "before": earlier["before"] if earlier else found.maximum,
                "after": maximum,
            }
        ],
    )


def _plan_attachment(setup: SetupContext, arn: str, attached: Sequence[str]) -> Step:
    role = setup.request.role_name
    if arn in attached:
        return Step(SAME, f"policy {arn} is attached to role {role}", profile=setup.target.profile)
    return setup.target.step(
        ADD,
        f"policy {arn} to role {role}",
        "AttachRolePolicy",
        {"RoleName": role, "PolicyArn": arn},
        entries=[{"kind": "attachment", "arn": arn}],
    )


def _plan_trust(setup: SetupContext, found: FoundRole) -> Step:
    statement = _build_statement(setup)
    existing = iam_policy.list_statements(found.trust)
    if iam_policy.has_deny(found.trust, setup.caller.names):
        setup.notes.append(
            f"the trust policy of role {found.name} has a Deny that also applies to this caller"
        )
    earlier = [each for each in setup.journal.statements("trust") if each != statement]
    stale = [each for each in earlier if each in existing]
    enough = statement in existing or _allows(setup, found.trust, setup.request.context)
    if enough and not (stale and _find_missing_requirements(setup, found.trust)):
        _note_missing_requirements(setup, found.name, found.trust)
        title = f"role {setup.role_arn}: its trust policy allows {setup.caller.arn}"
        return Step(SAME, title, policy=found.trust, profile=setup.target.profile)
    if not enough:
        _note_dropped_conditions(setup, found, statement)
    after = iam_policy.add_statement(found.trust, statement, instead_of=[*stale, statement])
    _note_missing_requirements(setup, found.name, after)

    def check() -> None:
        now = setup.target.get_role(found.name)
        check_unchanged(now is not None and now.trust == found.trust, f"the trust policy of {found.name}")

    return setup.target.policy_step(
        CHANGE,
        f"trust policy of role {setup.role_arn}",
        "UpdateAssumeRolePolicy",
        {"RoleName": found.name},
        found.trust,
        after,
        check=check,
        entries=[{"kind": "trust", "statements": [*earlier, statement]}],
    )


def _allows(
    setup: SetupContext, trust: iam_policy.Policy, context: Mapping[str, str], *, or_unknown: bool = False
) -> bool:
    return iam_policy.allows_assume(
        trust, setup.caller.names, context, setup.request.actions, or_unknown=or_unknown
    )


def _note_dropped_conditions(setup: SetupContext, found: FoundRole, statement: iam_policy.Statement) -> None:
    """Note the conditions under which others' statements allow this caller, and the new one does not have."""
    request = setup.request
    own = iam_conditions.parse_conditions(statement.get("Condition"))
    kept = {iam_conditions.MFA_PRESENT: "true"} if request.require_mfa else {}
    kept |= {iam_conditions.STS_EXTERNAL_ID: request.external_id} if request.external_id else {}
    foreign = iam_policy.remove_statements(found.trust, setup.journal.statements("trust"))
    extra = iam_policy.find_extra_conditions(foreign, setup.caller.names, kept)
    dropped = [each for each in extra if each not in own]
    if not dropped:
        return
    by_mfa = not request.require_mfa and any(each.is_about_mfa for each in dropped)
    by_id = not request.external_id and any(each.is_about_external_id for each in dropped)
    hints = ["--require-mfa keeps MFA"] * by_mfa + ["--external-id keeps the external id"] * by_id
    if not all(
        (by_mfa and each.is_about_mfa and not each.is_about_mfa_age) or (by_id and each.is_about_external_id)
        for each in dropped
    ):
        hints.append(f"to keep {'the others' if hints else 'them'}, edit the trust policy")
    setup.notes.append(
        f"the trust policy of role {found.name} allows this caller under conditions that the new statement does "
        f"not have: {'; '.join(map(str, dropped))} ({'; '.join(hints)})"
    )


def _find_missing_requirements(setup: SetupContext, trust: iam_policy.Policy) -> list[str]:
    """Return the requirements of the request that some statement of a trust policy does not have."""
    request = setup.request
    required = {
        "MFA": iam_conditions.MFA_PRESENT if request.require_mfa else None,
        "external id": iam_conditions.STS_EXTERNAL_ID if request.external_id else None,
    }
    return [
        word
        for word, key in required.items()
        if key
        and _allows(
            setup,
            trust,
            {name: value for name, value in request.context.items() if name != key},
            or_unknown=True,
        )
    ]


def _note_missing_requirements(setup: SetupContext, role: str, trust: iam_policy.Policy) -> None:
    setup.notes.extend(
        f"role {role} can still be assumed without {word}: another statement of its trust policy allows it, and "
        f"setup removes only its own"
        for word in _find_missing_requirements(setup, trust)
    )
