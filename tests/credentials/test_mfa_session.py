"""When one MFA session serves many roles: the table of `credentials.mfa_session`, row by row."""

from __future__ import annotations

import re

import pytest

from awscli_xacct.credentials import mfa_session
from awscli_xacct.credentials.context import device_lock
from awscli_xacct.credentials.mfa_session import Decision, decide
from awscli_xacct.profiles.role import Role
from awscli_xacct.profiles.source import Source

DEVICE = "arn:aws:iam::111111111111:mfa/dev"


def role(duration: int | None, mode: str) -> Role:
    source = Source("default", None, {"aws_access_key_id": "AKIA1"})
    return Role(
        "prod",
        "arn:aws:iam::222222222222:role/Role",
        source,
        mfa_serial=DEVICE,
        mfa_session=mode,
        duration_seconds=duration,
    )


CAPPED = (
    "profile prod: its role session lasts 1 hour, not duration_seconds = {}, because mfa_session = on assumes it "
    "from the shared MFA session"
)
OWN_CODE = (
    "profile prod: its duration_seconds = {} is more than the hour that the shared MFA session allows, so it needs "
    "its own MFA code"
)

# The rows of the table, each with every case it covers.
ROWS: list[tuple[str, list[tuple[bool, int | None, str, Decision]]]] = [
    (
        "not a user with keys      anything                any           direct    as asked",
        [
            (False, asked, mode, Decision(shared=False, duration=asked))
            for asked in (None, 900, 3600, 3601, 43200)
            for mode in ("auto", "on", "off")
        ],
    ),
    (
        "a user with keys          no more than an hour    auto, on      shared    as asked",
        [
            (True, asked, mode, Decision(shared=True, duration=asked))
            for asked in (None, 900, 3600)
            for mode in ("auto", "on")
        ],
    ),
    (
        "a user with keys          more than an hour       auto          direct    as asked, with a note",
        [
            (True, asked, "auto", Decision(shared=False, duration=asked, note=OWN_CODE.format(asked)))
            for asked in (3601, 43200)
        ],
    ),
    (
        "a user with keys          more than an hour       on            shared    an hour, with a note",
        [
            (True, asked, "on", Decision(shared=True, duration=3600, note=CAPPED.format(asked)))
            for asked in (3601, 43200)
        ],
    ),
    (
        "a user with keys          anything                off           direct    as asked",
        [
            (True, asked, "off", Decision(shared=False, duration=asked))
            for asked in (None, 900, 3600, 3601, 43200)
        ],
    ),
]


@pytest.mark.parametrize(
    ("user_keys", "asked", "mode", "decision"),
    [
        pytest.param(*case, id=f"{re.sub(' +', ' ', row)}: {case[1]} {case[2]}")
        for row, cases in ROWS
        for case in cases
    ],
)
def test_decide_follows_the_table(user_keys: bool, asked: int | None, mode: str, decision: Decision) -> None:
    assert decide(role(asked, mode), user_keys=user_keys) == decision


def test_table_is_the_one_in_the_docstring() -> None:
    """A row that is added or changed needs its cases here."""
    doc = str(mfa_session.__doc__)
    rows = [line.strip() for line in doc.splitlines() if re.search(r"  (direct|shared)  ", line)]
    assert rows == [row for row, _ in ROWS]


def test_table_has_each_case_once() -> None:
    cases = [case[:3] for _, cases in ROWS for case in cases]
    assert len(cases) == len(set(cases)) == 2 * 5 * 3


def test_device_lock_is_one_per_device() -> None:
    assert device_lock(DEVICE) == device_lock(DEVICE)
    assert device_lock(DEVICE) != device_lock("GAHT12345678")
