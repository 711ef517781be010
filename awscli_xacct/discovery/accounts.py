"""The accounts of an AWS organization, asked of a client of AWS Organizations that is handed in.

Only the organization's management account, or an account that it has made a delegated administrator, may ask.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..arn import Arn
from ..errors import XacctError
from ..profiles.values import account_problem

ACTIVE = "ACTIVE"

_NOT_AWS = "; something else than AWS has given it"
_PARTITION = re.compile(r"[a-z0-9-]+")
_RESOURCE = re.compile(r"account/([a-z0-9-]+)/[0-9]{12}")
_PARENT = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")


class _Membership(NamedTuple):
    """What an account's ARN tells: ``arn:PARTITION:organizations::MANAGEMENT:account/o-ID/ID``."""

    partition: str
    management: str
    organization: str


class Account(NamedTuple):
    """One active account. `name` and `email` are whatever somebody has typed."""

    id: str
    name: str
    email: str
    partition: str
    organization: str
    management: bool

    @property
    def label(self) -> str:
        """What it is called in messages."""
        return f"account {self.id} ({self.name})"


def accounts(client: Any, parents: Sequence[str] = ()) -> list[Account]:
    """The active accounts of the organization, or of organizational units with those nested in them, by id.

    Raises what the client raises, and `XacctError` for an answer that is none.
    """
    found = _everything(client) if not parents else _below(client, parents)
    active = {_id(account): account for account in found if _is_active(account)}
    named = {account_id: _named(account) for account_id, account in active.items()}
    known = next(filter(None, named.values()), None)
    if active and known is None:
        raise XacctError(f"the answer has no ARN for account {min(active)}{_NOT_AWS}")
    return [_account(active[each], named[each] or known) for each in sorted(active)]


def parent_fault(parent: str) -> str | None:
    """What keeps a text from being the id of a root or an organizational unit, or None."""
    if _PARENT.fullmatch(parent):
        return None
    return "an organizational unit is named by its id, as in ou-ab12-34567890, or r-ab12 for the root"


def _everything(client: Any) -> Iterator[Mapping[str, Any]]:
    for page in client.get_paginator("list_accounts").paginate():
        yield from _listed(page, "Accounts")


def _below(client: Any, parents: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The accounts of some units and of all units below them, each unit asked once."""
    listing = client.get_paginator("list_accounts_for_parent")
    units = client.get_paginator("list_organizational_units_for_parent")
    waiting = list(parents)
    seen: set[str] = set()
    while waiting:
        parent = waiting.pop(0)
        if parent in seen:
            continue
        seen.add(parent)
        for page in listing.paginate(ParentId=parent):
            yield from _listed(page, "Accounts")
        for page in units.paginate(ParentId=parent):
            waiting += [str(unit["Id"]) for unit in _listed(page, "OrganizationalUnits") if unit.get("Id")]


def _listed(page: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    found = page.get(key)
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise XacctError(f"the answer has no {key} in it{_NOT_AWS}")
    return found


def _is_active(account: Mapping[str, Any]) -> bool:
    # `State` took the place of `Status` in September 2026; an older botocore passes on the one it knows.
    return (account.get("State") or account.get("Status")) == ACTIVE


def _id(account: Mapping[str, Any]) -> str:
    """Passing over an account without one could have --prune remove its profile, so that is an error."""
    found = str(account.get("Id"))
    if account_problem(found):
        raise XacctError(f"the answer has an account without an id of twelve digits{_NOT_AWS}")
    return found


def _named(account: Mapping[str, Any]) -> _Membership | None:
    arn = Arn.parse(str(account.get("Arn")))
    if arn is None or (arn.service, arn.region) != ("organizations", "") or account_problem(arn.account):
        return None
    found = _RESOURCE.fullmatch(arn.resource)
    if found is None or not _PARTITION.fullmatch(arn.partition):
        return None
    return _Membership(arn.partition, management=arn.account, organization=found[1])


def _account(found: Mapping[str, Any], arn: _Membership | None) -> Account:
    """An account without an ARN is in the same organization as those that have one."""
    assert arn is not None  # noqa: S101 - there is one, if not its own
    return Account(
        id=_id(found),
        name=str(found.get("Name") or ""),
        email=str(found.get("Email") or ""),
        partition=arn.partition,
        organization=arn.organization,
        management=arn.management == _id(found),
    )
