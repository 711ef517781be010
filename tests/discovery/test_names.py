"""Names for the profiles of many accounts: valid, different, and independent of order and of later accounts."""

from __future__ import annotations

import sys
from random import Random
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.discovery.accounts import Account
from awscli_xacct.discovery.names import (
    TEMPLATE,
    assign_names,
    holder_of,
    render_name,
    slug,
    template_problem,
)
from awscli_xacct.profiles.validation import name_problem


def account(number: int, name: str, email: str = "a@example.com") -> Account:
    return Account(f"{number:012}", name, email, "aws", "o-example", management=False)


texts = st.text(max_size=50)
some_accounts = st.lists(
    st.tuples(st.integers(0, 10**12 - 1), texts | st.sampled_from(["Prod", "prod", "prod-2"]), texts),
    unique_by=lambda each: each[0],
    max_size=12,
).map(lambda found: [account(*each) for each in found])
templates = st.lists(
    st.sampled_from(["{account_name}", "{account_id}", "{account_email}", "{role}", "{{", "-", "/", "x"])
    | st.text(st.characters(blacklist_characters="{}"), max_size=3),
    max_size=5,
).map("".join)
roles = st.text("abzAZ09_+=,.@-", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Prod", "prod"),
        ("Prod (EU) - West", "prod-eu-west"),
        ("Büro  Straße", "buro-strasse"),
        ("\x1b[31mred\n", "31mred"),
        ("データ", ""),
        ("🙂🙂", ""),
        (" " * 50, ""),
        ("..--..", ""),
        ("a.b_c+d@e", "a.b_c+d@e"),
        ("İstanbul", "istanbul"),
    ],
)
def test_slug_is_easy_to_type(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_render_name_fills_in_each_placeholder() -> None:
    found = account(42, "Prod", "Ops+prod@Example.com")
    template = "{account_id}/{account_name}_{account_email}.{role}"
    assert render_name(template, found, "team/Power") == "000000000042/prod_ops+prod@example.com.power"
    assert render_name(TEMPLATE, account(42, "日本"), "==") == "000000000042-role"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{account}-{role}", "unknown placeholder {account}; the placeholders are {account_name}, "),
        ("{}", "unknown placeholder {}"),
        ("{account_name!r}", "unknown placeholder {account_name}"),
        ("{account_name:>9}", "unknown placeholder {account_name}"),
        ("{account_name.id}", "unknown placeholder {account_name.id}"),
        ("{account_name", "unmatched { or }"),
        ("prod}", "unmatched { or }"),
        ("{role}", "all accounts would get the same name"),
        ("", "all accounts would get the same name"),
        (" {account_name}", "the profile name ' x' begins or ends with a space"),
        ("{account_name}]", "the profile name 'x]' contains ]"),
        ("{account_id}\n", "the profile name"),
    ],
)
def test_template_problem_reports_a_template_that_cannot_work(template: str, problem: str) -> None:
    assert (template_problem(template) or "").startswith(problem)


@given(some_accounts, templates, roles)
def test_assign_names_gives_valid_and_different_names_for_any_sound_template(
    accounts: list[Account], template: str, role: str
) -> None:
    if template_problem(template):
        return
    names = assign_names(accounts, template, role, {})
    assert set(names) == {account.id for account in accounts}
    assert len(set(names.values())) == len(accounts)
    assert [name for name in names.values() if name_problem(name) or name == "default"] == []


@given(some_accounts, roles, st.randoms())
def test_assign_names_does_not_depend_on_the_order_of_accounts(
    accounts: list[Account], role: str, random: Random
) -> None:
    shuffled = list(accounts)
    random.shuffle(shuffled)
    assert assign_names(shuffled, TEMPLATE, role, {}) == assign_names(accounts, TEMPLATE, role, {})


@given(some_accounts, some_accounts, roles)
def test_assign_names_keeps_the_names_of_accounts_that_have_one(
    first: list[Account], then: list[Account], role: str
) -> None:
    names = assign_names(first, TEMPLATE, role, {})
    taken = {name: (number, role) for number, name in names.items()}
    assert assign_names(first, TEMPLATE, role, taken) == names
    known = {account.id: account for account in [*then, *first]}
    after = assign_names(known.values(), TEMPLATE, role, taken)
    assert {number: after[number] for number in names} == names


def test_assign_names_numbers_a_name_that_is_taken() -> None:
    accounts = [account(2, "Prod"), account(1, "prod"), account(3, "prod-ops"), account(4, "default")]
    taken = {"prod-ops": None, "prod-ops-3": ("000000000009", "Ops")}
    assert assign_names(accounts, TEMPLATE, "Ops", taken) == {
        "000000000001": "prod-ops-2",
        "000000000002": "prod-ops-4",
        "000000000003": "prod-ops-ops",
        "000000000004": "default-ops",
    }
    assert assign_names([account(4, "default")], "{account_name}", "Ops", {}) == {"000000000004": "default-2"}
    # Another role in the same account is another profile.
    other = {"prod-ops": ("000000000001", "team/Ops")}
    assert assign_names([account(1, "prod")], TEMPLATE, "Ops", other) == {"000000000001": "prod-ops-2"}


def test_assign_names_of_equal_accounts_takes_steps_in_proportion() -> None:
    """Each of 10,000 sandboxes tried every number from 2."""

    def lines_for(count: int) -> int:
        lines = 0

        def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal lines
            lines += event == "line"
            return trace

        accounts = [account(number, "Sandbox") for number in range(count)]
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            names = assign_names(accounts, "{account_name}", "Ops", {"sandbox-2": None})
        finally:
            sys.settrace(before)
        assert [*names.values()][:3] == ["sandbox", "sandbox-3", "sandbox-4"]
        return lines

    few, some, many = map(lines_for, (50, 100, 200))
    assert many - some <= 2.1 * (some - few)


def test_holder_of_reads_the_role_arn() -> None:
    assert holder_of("arn:aws-cn:iam::000000000001:role/team/Ops") == ("000000000001", "team/Ops")
    assert holder_of("nonsense") is None
