"""List the accounts of an AWS organization through a client of AWS Organizations.

Only the organization's management account and the accounts it has made delegated administrators may do that.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..arn import Arn
from ..aws_errors import is_denied, service_code
from ..errors import ValidationError, XacctError, annotate, facts_of
from ..failures import code_of
from ..problems import Problem
from ..profiles.values import account_problem, role_name_problem
from ..typed import typed_again

ACTIVE = "ACTIVE"

_NOT_AWS = "; it does not come from AWS"
_PARTITION = re.compile(r"[a-z0-9-]+")
_RESOURCE = re.compile(r"account/([a-z0-9-]+)/[0-9]{12}")
_LIST, _LIST_BELOW = (
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent and organizations:ListOrganizationalUnitsForParent",
)
_PARENT = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")


class _Membership(NamedTuple):
    """What an account's ARN says: ``arn:PARTITION:organizations::MANAGEMENT:account/ORGANIZATION/ID``."""

    partition: str
    organization: str
    management: str


class Account(NamedTuple):
    """An active account. `name` and `email` are whatever its owner has typed."""

    id: str
    name: str
    email: str
    partition: str
    organization: str
    management: bool

    @property
    def label(self) -> str:
        """The account as messages call it."""
        return f"account {self.id} ({self.name})"


def find_accounts(
    make_client: Callable[[], Any], profile: str, parents: Sequence[str], *, option: str, heading: str
) -> list[Account]:
    """Return the active accounts that `profile` finds in the organization, or in units: at least one, by id.

    Raises `ValidationError` under `heading`, with the reason and what would help; `option` chooses another profile.
    """
    try:
        found = list_accounts(make_client(), parents)
    except Exception as error:
        code = code_of(error)
        if code == "InternalError":
            raise
        refused = ValidationError(heading, [_explain(error, profile, parents, option)], code)
        annotate(refused, fix=facts_of(error).get("fix"), profile=profile)
        raise refused from None
    if not found:
        where = f"in {', '.join(parents)}" if parents else "in the organization"
        none = Problem(f"profile {profile} finds no active accounts {where}", code="ServiceError")
        raise ValidationError(heading, [none])
    return found


def _explain(error: Exception, profile: str, parents: Sequence[str], option: str) -> Problem:
    """Return why the organization cannot be listed, and what would help."""
    code, other = service_code(error), typed_again(f"{option} PROFILE")
    if is_denied(error):
        return Problem(
            f"profile {profile} may not list the organization's accounts: {error}",
            f"choose a profile with {_LIST_BELOW if parents else _LIST}, in the management account or a delegated "
            f"administrator's:\n  {other}",
        )
    if code == "AWSOrganizationsNotInUseException":
        text = f"the account of profile {profile} does not belong to an organization: {error}"
        return Problem(text, f"choose another profile:\n  {other}")
    if code in ("ParentNotFoundException", "InvalidInputException"):
        return Problem(f"--ou-id {' '.join(parents)}: {error}")
    return Problem(f"the organization could not be listed with profile {profile}: {error}")


def list_accounts(client: Any, parents: Sequence[str] = ()) -> list[Account]:
    """Return the active accounts of the organization, or of units and all units nested in them, by id.

    Raises what the client raises, and `XacctError` for an answer that AWS cannot have given.
    """
    found = _in_units(client, parents) if parents else _pages(client, "list_accounts", "Accounts")
    # `State` replaced `Status` in September 2026; an older botocore passes on the one it knows.
    active = {_id(each): each for each in found if (each.get("State") or each.get("Status")) == ACTIVE}
    memberships = {account_id: _membership(account) for account_id, account in active.items()}
    # An account without an ARN is in the same organization as those that have one.
    known = next(filter(None, memberships.values()), None)
    if active and known is None:
        raise XacctError(f"the answer has no ARN for account {min(active)}{_NOT_AWS}", code="ServiceError")
    return [
        Account(
            account_id,
            str(account.get("Name") or ""),
            str(account.get("Email") or ""),
            member.partition,
            member.organization,
            management=member.management == account_id,
        )
        for account_id, account in sorted(active.items())
        if (member := memberships[account_id] or known)
    ]


def find_option_problems(role_name: str | None, parents: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with the values of ``--role-name`` and ``--ou-id``."""
    if not role_name:
        yield "--role-name is missing: the name of the role in each account"
    elif problem := role_name_problem(role_name.strip("/")):
        yield f"--role-name {role_name!r}: {problem}"
    for parent in parents:
        if problem := parent_problem(parent):
            yield f"--ou-id {parent!r}: {problem}"


def parent_problem(parent: str) -> str | None:
    """Return what keeps a text from being the id of a root or an organizational unit, or None."""
    if _PARENT.fullmatch(parent):
        return None
    return "an organizational unit is named by its id, as in ou-ab12-34567890, or r-ab12 for the root"


def _in_units(client: Any, parents: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the accounts of some units and of all units below them, asking for each unit once."""
    waiting = list(parents)
    seen: set[str] = set()
    while waiting:
        parent = waiting.pop(0)
        if parent not in seen:
            seen.add(parent)
            yield from _pages(client, "list_accounts_for_parent", "Accounts", ParentId=parent)
            units = _pages(
                client, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent
            )
            waiting += [str(unit["Id"]) for unit in units if unit.get("Id")]


def _pages(client: Any, operation: str, key: str, **parameters: str) -> Iterator[Mapping[str, Any]]:
    """Yield what all pages of an operation list under a key."""
    for page in client.get_paginator(operation).paginate(**parameters):
        found = page.get(key)
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            raise XacctError(f"the answer has no {key} in it{_NOT_AWS}", code="ServiceError")
        yield from found


def _id(account: Mapping[str, Any]) -> str:
    """Return an account's id. To skip an account without one would let --prune remove its profile: an error."""
    found = str(account.get("Id"))
    if account_problem(found):
        raise XacctError(
            f"the answer has an account without an id of twelve digits{_NOT_AWS}", code="ServiceError"
        )
    return found


def _membership(account: Mapping[str, Any]) -> _Membership | None:
    arn = Arn.parse(str(account.get("Arn")))
    if arn is None or (arn.service, arn.region) != ("organizations", "") or account_problem(arn.account):
        return None
    found = _RESOURCE.fullmatch(arn.resource)
    if found is None or not _PARTITION.fullmatch(arn.partition):
        return None
    return _Membership(arn.partition, found[1], arn.account)
