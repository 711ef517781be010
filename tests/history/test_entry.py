"""The lines of the history, and what is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.history.entry import HistoryEntry, name_policies, parse_line

ENTRY = HistoryEntry(
    Time="2026-11-25T17:04:00Z",
    Profile="prod",
    Role="arn:aws:iam::222222222222:role/Power",
    Account="222222222222",
    Caller="arn:aws:iam::111111111111:user/dev",
    SessionName="dev",
    AccessKeyId="ASIAEXAMPLE",
    Expiration="2026-11-25T18:04:00Z",
    Mfa=None,
    Policy=None,
    Program="aws",
)


def changed(**values: object) -> bytes:
    return json.dumps({**ENTRY._asdict(), **values}).encode()


def test_line_is_read_back() -> None:
    assert parse_line(ENTRY.line()) == ENTRY
    narrowed = ENTRY._replace(Policy=["arn:aws:iam::aws:policy/ReadOnlyAccess"], Profile="prø\nd")
    assert parse_line(narrowed.line()) == narrowed
    assert b"\n" not in narrowed.line()
    assert ENTRY.moment == 1795626240


def test_line_of_another_version_is_read() -> None:
    assert parse_line(changed(Later="something")) == ENTRY
    assert parse_line(b'{"Time": "2026-11-25T17:04:00Z", "AccessKeyId": "ASIAEXAMPLE"}') == HistoryEntry(
        ENTRY.Time, None, None, None, None, None, "ASIAEXAMPLE", None, None, None, None
    )


@pytest.mark.parametrize(
    "line",
    [
        *(ENTRY.line()[:length] for length in (0, 1, 20, 200, -1)),
        ENTRY.line() + ENTRY.line(),
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        changed(Time=None),
        changed(Time="yesterday"),
        changed(Time="2026-11-25T17:04:00"),
        changed(Time=0),
        changed(AccessKeyId=None),
        changed(Profile=["prod"]),
        changed(Program={"name": "aws"}),
        changed(Policy="all"),
        changed(Policy=[1]),
    ],
)
def test_line_that_is_not_one_is_left_out(line: bytes) -> None:
    assert parse_line(line) is None


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_line_may_be_anything(line: bytes) -> None:
    assert parse_line(line) is None


def test_policies_are_named_without_their_content() -> None:
    document = '{"Version":"2012-10-17","Statement":[]}'
    found = name_policies({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/A"}], "Policy": document})
    assert found == [
        "arn:aws:iam::aws:policy/A",
        "sha256:8f907b489532ad56fb7c52f3acc89b27680ed51296bf03984ce78d2b7b96076a",
    ]
    assert name_policies({"RoleArn": "arn"}) is None
