"""Taking back what `setup` has made in IAM: exactly that, and nothing that somebody else has put beside it.

Every entry of the journal is compared with what is there now. What is gone already needs nothing; what was
changed by somebody else, or is used by somebody else, is kept, and why is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import iam_policy
from .iam_client import FoundRole, Owner
from .journal import Entry, Journal
from .model import AccountContext, iam_step, is_ours
from .steps import KEEP, REMOVE, Step


def undo_steps(journal: Journal, target: AccountContext, home: AccountContext | None) -> list[Step]:
    """The steps that take the entries of a journal back, last made first; `home` is needed for a caller's policy."""
    found = target.iam.role(str(journal.about["role_name"]))
    steps = [step for entry in journal.find("caller") if home for step in _caller(entry, home)]
    steps += [step for entry in journal.find("attachment") for step in _attachment(entry, found, target)]
    return [*steps, *_role(journal, found, target)]


def gone(entry: Entry, what: str) -> Step:
    """The step for something that is not there any more: only the entry goes."""
    return Step(REMOVE, f"{what} from the notes of setup: it is gone already", entries=[entry])


def _caller(entry: Entry, home: AccountContext) -> Iterator[Step]:
    owner, name = Owner(*entry["owner"]), str(entry["policy"])
    title = f"policy {name} of {owner} in account {home.account}"
    found = home.iam.inline_policy(owner, name)
    left = iam_policy.remove_statements(found, entry["statements"])
    if found is None or left == iam_policy.remove_statements(found, []):
        yield gone(entry, title)
    elif left["Statement"]:
        asked = _inline(owner, name) | {"PolicyDocument": iam_policy.to_json(left)}
        yield iam_step(
            home,
            REMOVE,
            f"a statement from {title}",
            f"put-{owner.kind}-policy",
            asked,
            lambda: home.iam.put_inline_policy(owner, name, asked["PolicyDocument"]),
            detail=iam_policy.diff_policies(found, left),
            document=left,
            entries=[entry],
        )
    elif entry["made"]:
        yield iam_step(
            home,
            REMOVE,
            title,
            f"delete-{owner.kind}-policy",
            _inline(owner, name),
            lambda: home.iam.delete_inline_policy(owner, name),
            entries=[entry],
        )
    else:
        yield Step(KEEP, f"{title}: setup has not made it, and nothing else is left in it")


def _inline(owner: Owner, name: str) -> dict[str, Any]:
    return {f"{owner.kind.capitalize()}Name": owner.name, "PolicyName": name}


def _attachment(entry: Entry, found: FoundRole | None, target: AccountContext) -> Iterator[Step]:
    arn = str(entry["arn"])
    if found is None or arn not in target.iam.attached(found.name):
        yield gone(entry, f"policy {arn}")
        return
    asked = {"RoleName": found.name, "PolicyArn": arn}
    yield iam_step(
        target,
        REMOVE,
        f"policy {arn} from role {found.name}",
        "detach-role-policy",
        asked,
        lambda: target.iam.client.detach_role_policy(**asked),
        entries=[entry],
    )


def _role(journal: Journal, found: FoundRole | None, target: AccountContext) -> Iterator[Step]:
    """The role itself if setup has made it and nobody else uses it; else what setup has changed about it."""
    made = next(iter(journal.find("role")), None)
    about = [entry for kind in ("trust", "maximum", "role") for entry in journal.find(kind)]
    if found is None:
        yield from (gone(entry, f"{entry['kind']} of the role") for entry in about)
        return
    ours = made is not None and is_ours(found, made)
    others = _others(journal, found, target) if ours else []
    if ours and not others:
        asked = {"RoleName": found.name}
        yield iam_step(
            target,
            REMOVE,
            f"role {found.arn}",
            "delete-role",
            asked,
            lambda: target.iam.client.delete_role(**asked),
            entries=about,
        )
        return
    for entry in journal.find("trust"):
        yield _statements(entry, found, target)
    for entry in journal.find("maximum"):
        yield _maximum(entry, found, target)
    if ours:
        yield Step(KEEP, f"role {found.arn}: {'; '.join(others)}")
    elif made:
        yield Step(KEEP, f"role {found.arn}: it is another one than setup has made")


def _others(journal: Journal, found: FoundRole, target: AccountContext) -> list[str]:
    """What others have put on a role that setup has made."""
    own = [entry["arn"] for entry in journal.find("attachment")]
    attached = [arn for arn in target.iam.attached(found.name) if arn not in own]
    inline = target.iam.inline(found.name)
    left = iam_policy.remove_statements(found.trust, journal.statements("trust"))["Statement"]
    return [
        *(f"policy {arn} is attached to it, and not by setup" for arn in attached),
        *(f"it has an inline policy {name}, which setup has not made" for name in inline),
        *(["its trust policy lets somebody else in as well"] if left else []),
    ]


def _statements(entry: Entry, found: FoundRole, target: AccountContext) -> Step:
    left = iam_policy.remove_statements(found.trust, entry["statements"])
    title = f"trust policy of role {found.arn}"
    if left == iam_policy.remove_statements(found.trust, []):
        return gone(entry, f"what was added to the {title}")
    if not left["Statement"]:
        return Step(KEEP, f"{title}: nothing else is left in it, and a role has to have one")
    asked = {"RoleName": found.name, "PolicyDocument": iam_policy.to_json(left)}
    return iam_step(
        target,
        REMOVE,
        f"a statement from the {title}",
        "update-assume-role-policy",
        asked,
        lambda: target.iam.client.update_assume_role_policy(**asked),
        detail=iam_policy.diff_policies(found.trust, left),
        document=left,
        entries=[entry],
    )


def _maximum(entry: Entry, found: FoundRole, target: AccountContext) -> Step:
    what = f"maximum session duration of role {found.name}"
    if found.maximum == entry["before"]:
        return gone(entry, what)
    if found.maximum != entry["after"]:
        return Step(KEEP, f"{what}: {found.maximum} s is not what setup has made it, {entry['after']} s")
    asked = {"RoleName": found.name, "MaxSessionDuration": entry["before"]}
    return iam_step(
        target,
        REMOVE,
        f"the change of the {what}: {entry['after']} s back to {entry['before']} s",
        "update-role",
        asked,
        lambda: target.iam.client.update_role(**asked),
        entries=[entry],
    )
