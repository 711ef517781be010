"""Plan how to undo what `setup` made in IAM: exactly that, and nothing that others put beside it.

Every journal entry is compared with what exists. What is already removed needs nothing; what others changed or use is
kept, and the step says why.
"""

from collections.abc import Iterator

from .. import iam_policy
from .iam_client import AccountContext, FoundRole, Owner
from .journal import Journal, JournalEntry
from .model import is_made_by_setup
from .steps import KEEP, REMOVE, Step


def undo_steps(journal: Journal, target: AccountContext, home: AccountContext) -> list[Step]:
    """Return the steps that undo the entries of a journal, last made first."""
    role = target.get_role(str(journal.metadata["role_name"]))
    return [
        *(_undo_caller_policy(entry, home) for entry in journal.find("caller")),
        *(_undo_attachment(entry, role, target) for entry in journal.find("attachment")),
        *_undo_role(journal, role, target),
    ]


def already_removed(entry: JournalEntry, what: str) -> Step:
    """Return the step for something that does not exist any more: only its journal entry is removed."""
    return Step(REMOVE, f"the journal entry for {what}, which no longer exists", entries=[entry])


def _undo_caller_policy(entry: JournalEntry, home: AccountContext) -> Step:
    owner, name = Owner(*entry["owner"]), str(entry["policy"])
    title = f"policy {name} of {owner} in account {home.account}"
    found = home.get_inline_policy(owner, name)
    rest = iam_policy.remove_statements(found, entry["statements"])
    if found is None or rest == iam_policy.remove_statements(found, []):
        return already_removed(entry, title)
    parameters = owner.parameters(name)
    if rest["Statement"]:
        put = owner.operation("Put")
        return home.policy_step(
            REMOVE, f"a statement from {title}", put, parameters, found, rest, entries=[entry]
        )
    if entry["made"]:
        return home.step(REMOVE, title, owner.operation("Delete"), parameters, entries=[entry])
    return Step(KEEP, f"{title}: setup did not create it, and it has no other statement")


def _undo_attachment(entry: JournalEntry, role: FoundRole | None, target: AccountContext) -> Step:
    arn = str(entry["arn"])
    if role is None or arn not in target.list_attached(role.name):
        return already_removed(entry, f"policy {arn}")
    return target.step(
        REMOVE,
        f"policy {arn} from role {role.name}",
        "DetachRolePolicy",
        {"RoleName": role.name, "PolicyArn": arn},
        entries=[entry],
    )


def _undo_role(journal: Journal, role: FoundRole | None, target: AccountContext) -> Iterator[Step]:
    """Yield the step that deletes the role if setup made it and nobody else uses it; else those that undo changes."""
    made = journal.first("role")
    about = [entry for kind in ("trust", "maximum", "role") for entry in journal.find(kind)]
    if role is None:
        yield from (already_removed(entry, f"{entry['kind']} of the role") for entry in about)
        return
    ours = made is not None and is_made_by_setup(role, made)
    uses = _list_other_uses(journal, role, target) if ours else []
    if ours and not uses:
        yield target.step(REMOVE, f"role {role.arn}", "DeleteRole", {"RoleName": role.name}, entries=about)
        return
    yield from (_undo_trust(entry, role, target) for entry in journal.find("trust"))
    yield from (_undo_maximum(entry, role, target) for entry in journal.find("maximum"))
    if ours:
        yield Step(KEEP, f"role {role.arn}: {'; '.join(uses)}")
    elif made:
        yield Step(KEEP, f"role {role.arn}: it is not the one that setup created")


def _list_other_uses(journal: Journal, role: FoundRole, target: AccountContext) -> list[str]:
    """Return what others have added to a role that setup made."""
    own = [entry["arn"] for entry in journal.find("attachment")]
    attached = [arn for arn in target.list_attached(role.name) if arn not in own]
    inline = target.list_inline(role.name)
    rest = iam_policy.remove_statements(role.trust, journal.statements("trust"))["Statement"]
    return [
        *(f"policy {arn} was attached by someone else" for arn in attached),
        *(f"inline policy {name} was added by someone else" for name in inline),
        *(["its trust policy also allows others"] if rest else []),
    ]


def _undo_trust(entry: JournalEntry, role: FoundRole, target: AccountContext) -> Step:
    rest = iam_policy.remove_statements(role.trust, entry["statements"])
    title = f"trust policy of role {role.arn}"
    if rest == iam_policy.remove_statements(role.trust, []):
        return already_removed(entry, f"the statement in the {title}")
    if not rest["Statement"]:
        return Step(KEEP, f"{title}: it has no other statement, and IAM does not accept an empty one")
    return target.policy_step(
        REMOVE,
        f"a statement from the {title}",
        "UpdateAssumeRolePolicy",
        {"RoleName": role.name},
        role.trust,
        rest,
        entries=[entry],
    )


def _undo_maximum(entry: JournalEntry, role: FoundRole, target: AccountContext) -> Step:
    what = f"maximum session duration of role {role.name}"
    before, after = entry["before"], entry["after"]
    if role.maximum == before:
        return already_removed(entry, what)
    if role.maximum != after:
        return Step(KEEP, f"{what}: it is {role.maximum} s, not the {after} s that setup set")
    return target.step(
        REMOVE,
        f"the change of the {what}, from {after} s back to {before} s",
        "UpdateRole",
        {"RoleName": role.name, "MaxSessionDuration": before},
        entries=[entry],
    )
