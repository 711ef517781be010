"""The accounts of an AWS organization, asked of a client of AWS Organizations that is handed in.

Only the organization's management account, or an account that it has made a delegated administrator, may ask.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import XacctError

ACTIVE = "ACTIVE"

_PARENT = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")


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
    active = {account.id: account for account in map(_account, filter(_is_active, found))}
    return [active[account_id] for account_id in sorted(active)]


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
            waiting += [unit["Id"] for unit in _listed(page, "OrganizationalUnits")]


def _listed(page: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    if key not in page:
        raise XacctError(f"the answer has no {key} in it; something else than AWS has given it")
    found: Sequence[Mapping[str, Any]] = page[key]
    return found


def _is_active(account: Mapping[str, Any]) -> bool:
    # `State` took the place of `Status` in September 2026; an older botocore passes on the one it knows.
    return (account.get("State") or account.get("Status")) == ACTIVE


def _account(found: Mapping[str, Any]) -> Account:
    """An account's ARN names the management account and the organization: ``arn:…::MANAGEMENT:account/o-ID/ID``."""
    parts = str(found["Arn"]).split(":", 5)
    return Account(
        id=str(found["Id"]),
        name=str(found.get("Name", "")),
        email=str(found.get("Email", "")),
        partition=parts[1],
        organization=parts[5].split("/")[1],
        management=parts[4] == found["Id"],
    )
