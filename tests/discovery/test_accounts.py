"""Listing the accounts of an organization, from answers as AWS gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from awscli_xacct.discovery.accounts import Account, list_accounts, parent_problem
from awscli_xacct.errors import XacctError

ROOT, UNIT = "r-ab12", "ou-ab12-12345678"


def listed(number: int, **more: Any) -> dict[str, Any]:
    account_id = f"{number:012}"
    arn = f"arn:aws:organizations::000000000001:account/o-example/{account_id}"
    return {"Id": account_id, "Arn": arn, "Name": f"n{number}", "Email": "e", "Status": "ACTIVE", **more}


class Organizations:
    """A client whose answers are these pages, by operation, or by operation and parent."""

    def __init__(self, pages: dict[Any, list[dict[str, Any]]]) -> None:
        self._pages = pages
        self.asked: list[Any] = []

    def get_paginator(self, operation: str) -> Any:
        client = self

        class Paginator:
            def paginate(self, ParentId: str | None = None) -> Iterator[dict[str, Any]]:  # noqa: N803
                key = (operation, ParentId) if ParentId else operation
                client.asked.append(key)
                yield from client._pages.get(key, [{"Accounts": [], "OrganizationalUnits": []}])

        return Paginator()


def ids(client: Organizations, *parents: str) -> list[int]:
    return [int(account.id) for account in list_accounts(client, parents)]


def test_list_accounts_reads_all_pages_even_after_an_empty_one() -> None:
    pages: list[dict[str, Any]] = [
        {"Accounts": [listed(3)]},
        {"Accounts": []},
        {"Accounts": [listed(1), listed(2)]},
    ]
    assert ids(Organizations({"list_accounts": pages})) == [1, 2, 3]


def test_list_accounts_returns_active_accounts_by_state_or_status() -> None:
    page = [
        listed(1),
        listed(2, Status="SUSPENDED"),
        listed(3, Status="PENDING_CLOSURE"),
        listed(4, Status=None, State="ACTIVE"),
        listed(5, Status="ACTIVE", State="PENDING_CLOSURE"),
        {key: value for key, value in listed(6).items() if key != "Status"},
    ]
    assert ids(Organizations({"list_accounts": [{"Accounts": page}]})) == [1, 4]


def test_list_accounts_knows_the_management_account_by_its_arn() -> None:
    page = [{"Accounts": [listed(1), listed(2)]}]
    assert list_accounts(Organizations({"list_accounts": page})) == [
        Account("000000000001", "n1", "e", "aws", "o-example", management=True),
        Account("000000000002", "n2", "e", "aws", "o-example", management=False),
    ]


def test_list_accounts_asks_for_each_nested_unit_once() -> None:
    client = Organizations(
        {
            ("list_accounts_for_parent", ROOT): [{"Accounts": [listed(1)]}],
            ("list_accounts_for_parent", UNIT): [{"Accounts": [listed(2)]}, {"Accounts": [listed(3)]}],
            ("list_organizational_units_for_parent", ROOT): [
                {"OrganizationalUnits": []},
                {"OrganizationalUnits": [{"Id": UNIT}]},
            ],
        }
    )
    assert ids(client, ROOT, UNIT) == [1, 2, 3]
    assert len(client.asked) == len(set(client.asked)) == 4


def test_list_accounts_refuses_an_answer_without_a_list() -> None:
    """A captive portal answers everything with success."""
    with pytest.raises(XacctError, match="the answer has no Accounts in it"):
        list_accounts(Organizations({"list_accounts": [{"message": "<html>"}]}))


@pytest.mark.parametrize("without", ["Arn", "Name", "Email"])
@pytest.mark.parametrize("value", [None, "", "odd"])
def test_list_accounts_includes_an_account_with_missing_fields(without: str, value: str | None) -> None:
    """If it were skipped, --prune would remove its profile."""
    page = [
        listed(1),
        listed(2, **{without: value}),
        {key: v for key, v in listed(3).items() if key != without},
    ]
    found = list_accounts(Organizations({"list_accounts": [{"Accounts": page}]}))
    assert [(account.id[-1], account.partition, account.organization) for account in found] == [
        (number, "aws", "o-example") for number in "123"
    ]
    assert [account.management for account in found] == [True, False, False]


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ({"Accounts": None}, "no Accounts"),
        ({"Accounts": ["x"]}, "no Accounts"),
        ({"Accounts": [listed(1, Id=None)]}, "without an id"),
        ({"Accounts": [listed(1), listed(2, Id="12")]}, "without an id"),
        ({"Accounts": [listed(1, Arn=None), listed(2, Arn="arn:aws:x")]}, "no ARN for account 000000000001"),
    ],
)
def test_list_accounts_refuses_an_answer_that_is_not_from_aws(page: dict[str, Any], told: str) -> None:
    with pytest.raises(XacctError, match=told):
        list_accounts(Organizations({"list_accounts": [page]}))


@pytest.mark.parametrize(
    ("text", "sound"),
    [(ROOT, True), (UNIT, True), ("ou-ab12", False), ("Workloads", False), ("o-example", False), ("", False)],
)
def test_parent_problem_accepts_the_ids_of_roots_and_units(text: str, sound: bool) -> None:
    assert (parent_problem(text) is None) == sound
