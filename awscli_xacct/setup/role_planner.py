"""The steps that make a role, or make one that is there let the caller in. Whatever is there stays.

A statement is added beside the others of a trust policy; only one that an earlier setup has added is
replaced, by one that asks for more.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import iam_conditions, iam_policy, settings
from ..aws_errors import is_existing_entity
from .iam_client import FoundRole
from .journal import Entry, Journal
from .model import AccountContext, Caller, SetupRequest, check_unchanged, iam_step, is_ours
from .steps import ADD, CHANGE, SAME, Step


class RoleSteps:
    """The steps for one role with the ARN `role_arn`; `notes` are things to be said about them."""

    def __init__(
        self, wish: SetupRequest, caller: Caller, target: AccountContext, journal: Journal, role_arn: str
    ) -> None:
        self._wish = wish
        self._caller = caller
        self._target = target
        self._journal = journal
        self._role_arn = role_arn
        self.notes: list[str] = []

    def steps(self, found: FoundRole | None, attached: Sequence[str]) -> list[Step]:
        """All of them, where `found` is the role as it is and `attached` its policies."""
        steps = [self._create()] if found is None else list(self._changes(found))
        return [*steps, *(self._attach(arn, attached) for arn in self._wish.policy_arns)]

    @property
    def _statement(self) -> dict[str, Any]:
        return iam_policy.build_trust_statement(
            self._caller.principal,
            mfa=self._wish.require_mfa,
            external_id=self._wish.external_id,
            actions=self._wish.actions,
            condition=self._caller.condition,
        )

    def _create(self) -> Step:
        wish = self._wish
        mark = secrets.token_hex(4)
        document = iam_policy.add_statement(None, self._statement)
        longest = wish.maximum or max(wish.duration or 0, settings.DEFAULT_ROLE_DURATION)
        asked = {
            "RoleName": wish.role_name,
            "AssumeRolePolicyDocument": iam_policy.to_json(document),
            "Description": f"Made by aws configure role setup ({mark})",
            **({"Path": wish.path} if wish.path != "/" else {}),
            **({"MaxSessionDuration": longest} if longest != settings.DEFAULT_ROLE_DURATION else {}),
        }
        entry: Entry = {"kind": "role", "name": wish.role_name, "mark": mark}
        added = {"kind": "trust", "statements": [self._statement]}

        def act() -> None:
            try:
                role_id = self._target.iam.client.create_role(**asked)["Role"]["RoleId"]
            except Exception as error:
                if not is_existing_entity(error):
                    raise
                # The answer to a first try may have been lost on its way, and the client has tried again.
                made = self._target.iam.role(wish.role_name)
                if made is None or not is_ours(made, entry):
                    raise
                role_id = made.role_id
            self._journal.add({**entry, "id": role_id})

        lasting = f", sessions of up to {longest} s" if "MaxSessionDuration" in asked else ""
        return self._on_role(
            ADD,
            f"role {self._role_arn}{lasting}, with the trust policy",
            "create-role",
            asked,
            act,
            detail=iam_policy.to_lines(document),
            document=document,
            entries=[entry, added],
        )

    def _changes(self, found: FoundRole) -> Iterator[Step]:
        if found.boundary:
            self.notes.append(
                f"role {found.name} has the permissions boundary {found.boundary}, which limits what it may "
                f"do whatever is attached; it is left as it is"
            )
        yield self._trust_step(found)
        wanted = self._wish.maximum
        if wanted is None or wanted == found.maximum:
            return
        before = next((entry["before"] for entry in self._journal.find("maximum")), found.maximum)
        asked = {"RoleName": found.name, "MaxSessionDuration": wanted}
        yield self._on_role(
            CHANGE,
            f"maximum session duration of role {found.name}: {found.maximum} s to {wanted} s",
            "update-role",
            asked,
            lambda: self._target.iam.client.update_role(**asked),
            entries=[{"kind": "maximum", "before": before, "after": wanted}],
        )

    def _trust_step(self, found: FoundRole) -> Step:
        caller, statement = self._caller, self._statement
        if iam_policy.has_deny(found.trust, caller.names):
            self.notes.append(
                f"the trust policy of role {found.name} has a Deny that is about this caller as well"
            )
        own = [each for each in self._journal.statements("trust") if each != statement]
        stale = [each for each in own if each in iam_policy.list_statements(found.trust)]
        enough = statement in iam_policy.list_statements(found.trust) or self._lets_in(
            found.trust, self._wish.context
        )
        if enough and not (stale and self._loose(found.trust)):
            self._note_looseness(found.name, found.trust)
            title = f"role {self._role_arn}: its trust policy lets {caller.arn} in"
            return Step(SAME, title, document=found.trust, profile=self._target.profile)
        if not enough:
            self._note_widening(found, statement)
        after = iam_policy.add_statement(found.trust, statement, instead_of=[*stale, statement])
        self._note_looseness(found.name, after)
        asked = {"RoleName": found.name, "PolicyDocument": iam_policy.to_json(after)}

        def act() -> None:
            now = self._target.iam.role(found.name)
            check_unchanged(now is not None and now.trust == found.trust, f"the trust policy of {found.name}")
            self._target.iam.client.update_assume_role_policy(**asked)

        return self._on_role(
            CHANGE,
            f"trust policy of role {self._role_arn}",
            "update-assume-role-policy",
            asked,
            act,
            detail=iam_policy.diff_policies(found.trust, after),
            document=after,
            entries=[{"kind": "trust", "statements": [*own, statement]}],
        )

    def _lets_in(
        self, document: iam_policy.Policy, context: Mapping[str, str], *, or_unknown: bool = False
    ) -> bool:
        return iam_policy.allows_assume(
            document, self._caller.names, context, self._wish.actions, or_unknown=or_unknown
        )

    def _note_widening(self, found: FoundRole, statement: iam_policy.Statement) -> None:
        """Say what others' statements ask of this caller, and the new one does not."""
        wish = self._wish
        own = iam_conditions.parse_conditions(statement.get("Condition"))
        kept = {iam_conditions.MFA_PRESENT: "true"} if wish.require_mfa else {}
        kept |= {iam_conditions.EXTERNAL_ID: wish.external_id} if wish.external_id else {}
        others = iam_policy.remove_statements(found.trust, self._journal.statements("trust"))
        asked = [
            each for each in iam_policy.extra_conditions(others, self._caller.names, kept) if each not in own
        ]
        if not asked:
            return
        if all(each.is_about_mfa for each in asked) and self._lets_in(
            others, {**wish.context, iam_conditions.MFA_PRESENT: "true"}
        ):
            self.notes.append(
                f"the trust policy of role {found.name} lets this caller in with MFA, and the new statement would "
                f"let it in without; --require-mfa leaves that as it is"
            )
            return
        hints = ["--require-mfa asks for MFA"] * any(each.is_about_mfa for each in asked)
        hints += ["--external-id asks for the external id"] * any(each.is_about_external_id for each in asked)
        self.notes.append(
            f"the trust policy of role {found.name} lets this caller in under conditions, and the new statement "
            f"would let it in without these: {'; '.join(map(str, asked))}. "
            f"{'; '.join([*hints, 'to keep the others, change'] if hints else ['To keep them, change'])} "
            f"the trust policy yourself"
        )

    def _loose(self, document: iam_policy.Policy) -> list[str]:
        """What is to be required and is not, by some other statement of a trust policy."""
        wish = self._wish
        asked = {
            "MFA": iam_conditions.MFA_PRESENT if wish.require_mfa else None,
            "external id": iam_conditions.EXTERNAL_ID if wish.external_id else None,
        }
        found = []
        for word, key in asked.items():
            without = {name: value for name, value in wish.context.items() if name != key}
            if key and self._lets_in(document, without, or_unknown=True):
                found.append(word)
        return found

    def _note_looseness(self, role: str, document: iam_policy.Policy) -> None:
        for word in self._loose(document):
            self.notes.append(
                f"role {role} can be assumed without {word} as before: another statement of its trust policy "
                f"allows it, and setup takes none away that it has not made"
            )

    def _attach(self, arn: str, attached: Sequence[str]) -> Step:
        role = self._wish.role_name
        if arn in attached:
            return Step(SAME, f"policy {arn} is attached to role {role}", profile=self._target.profile)
        asked = {"RoleName": role, "PolicyArn": arn}
        return self._on_role(
            ADD,
            f"policy {arn} to role {role}",
            "attach-role-policy",
            asked,
            lambda: self._target.iam.client.attach_role_policy(**asked),
            entries=[{"kind": "attachment", "arn": arn}],
        )

    def _on_role(
        self, state: str, title: str, command: str, asked: Mapping[str, Any], act: Any, **more: Any
    ) -> Step:
        return iam_step(self._target, state, title, command, asked, act, **more)
