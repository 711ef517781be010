"""Policy documents: whether one allows a caller, and how statements are added and removed."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from awscli_xacct import iam_conditions, iam_policy

DEV = "111111111111"
USER = f"arn:aws:iam::{DEV}:user/team/dev"
ROOT = f"arn:aws:iam::{DEV}:root"
NAMES = frozenset({USER, DEV, ROOT})
ROLE = "arn:aws:iam::222222222222:role/team/Ops"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allows(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole", **more}


@pytest.mark.parametrize(
    "given",
    [
        document(allows()),
        json.dumps(document(allows())),
        quote(json.dumps(document(allows()))),
        quote(json.dumps(document(allows()), indent=1)),
    ],
)
def test_parse_reads_every_form_of_a_document(given: Any) -> None:
    """Some versions of botocore decode it, others keep the URL encoding of IAM."""
    assert iam_policy.parse_policy(given) == document(allows())


def test_parse_keeps_a_percent_sign() -> None:
    odd = document(allows(Condition={"StringEquals": {"sts:ExternalId": "50%25"}}))
    assert iam_policy.parse_policy(json.dumps(odd)) == odd == iam_policy.parse_policy(quote(json.dumps(odd)))


@pytest.mark.parametrize("given", ["", "[]", "%5B%5D", 7, None])
def test_parse_rejects_what_is_not_a_document(given: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        iam_policy.parse_policy(given)


@pytest.mark.parametrize(
    "statement",
    [
        allows(),
        allows(Principal={"AWS": [ROLE, USER]}),
        allows(Principal={"AWS": ROOT}),
        allows(Principal={"AWS": DEV}),
        allows(Principal={"AWS": "*"}),
        allows(Principal="*"),
        allows(Action=["sts:TagSession", "STS:assumerole"]),
        allows(Action="sts:*"),
        allows(Condition={}),
        allows(Condition=MFA),
        allows(Condition={"Bool": {"AWS:multifactorauthpresent": [True]}}),
        allows(Condition={"StringEquals": {"sts:ExternalId": ["41", "42"]}, **MFA}),
    ],
)
def test_allows_caller_accepts_statements(statement: dict[str, Any]) -> None:
    context = {iam_conditions.MFA_PRESENT: "true", iam_conditions.STS_EXTERNAL_ID: "42"}
    assert iam_policy.allows_assume(document(statement), NAMES, context)
    assert iam_policy.allows_assume({"Statement": statement}, NAMES, context)


@pytest.mark.parametrize(
    "statement",
    [
        allows(Effect="Deny"),
        allows(Principal={"AWS": ROLE}),
        allows(Principal={"Service": "ec2.amazonaws.com"}),
        {"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": USER}, "NotAction": "s3:*"},
        allows(Action="sts:AssumeRoleWithSAML"),
        allows(Condition=MFA),
        allows(Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}),
        allows(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        allows(Condition={"StringEquals": {"sts:ExternalId": "41"}}),
        allows(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}}),
    ],
)
def test_allows_caller_rejects_statements(statement: dict[str, Any]) -> None:
    assert not iam_policy.allows_assume(document(statement), NAMES, {iam_conditions.STS_EXTERNAL_ID: "42"})


WITH_MFA = {iam_conditions.MFA_PRESENT: "true"}
AGE = "aws:MultiFactorAuthAge"
PRESENT = "aws:MultiFactorAuthPresent"


@pytest.mark.parametrize(
    ("condition", "with_mfa", "without"),
    [
        ({"Bool": {PRESENT: "true"}}, True, False),
        ({"BoolIfExists": {PRESENT: "true"}}, True, None),  # a user's own keys are allowed, a session is not
        ({"ForAnyValue:Bool": {PRESENT: "true"}}, True, False),
        ({"ForAllValues:BoolIfExists": {PRESENT: ["true"]}}, True, None),
        ({"bool": {PRESENT.lower(): True}}, True, False),
        ({"StringEquals": {PRESENT: "true"}}, True, False),
        ({"StringLike": {PRESENT: "t*"}}, True, False),
        ({"StringNotEquals": {PRESENT: "false"}}, True, None),
        ({"Null": {PRESENT: "false"}}, True, None),
        ({"Null": {AGE: "false"}}, True, False),
        ({"Null": {AGE: True}}, False, True),
        ({"NumericLessThan": {AGE: "3600"}}, True, False),
        ({"NumericLessThanEquals": {AGE: 3600}}, True, False),
        ({"NumericLessThanIfExists": {AGE: "3600"}}, True, True),
        ({"NumericGreaterThan": {AGE: "3600"}}, False, False),
        ({"NumericLessThan": {AGE: "soon"}}, None, False),
        ({"BinaryEquals": {PRESENT: "dHJ1ZQ=="}}, None, None),
        ({"Bool": {PRESENT: "${aws:username}"}}, None, None),
        ({"Bool": {PRESENT: []}}, None, None),
        ({"Bool": None}, None, None),
        ({"Bool": {"aws:SecureTransport": "true"}}, None, None),
        ({"???": {PRESENT: "true"}}, None, None),
        ("Bool", None, None),
        ([], None, None),
        ({}, True, True),
        (None, True, True),
    ],
)
def test_conditions_are_evaluated_with_and_without_mfa(
    condition: Any, with_mfa: bool | None, without: bool | None
) -> None:
    statement = document(allows(Condition=condition))
    for context, met in ((WITH_MFA, with_mfa), ({}, without)):
        assert iam_policy.allows_assume(statement, NAMES, context) is (met is True)
        assert iam_policy.allows_assume(statement, NAMES, context, or_unknown=True) is (met is not False)


@pytest.mark.parametrize(
    ("statement", "asked"),
    [
        (allows(), []),
        (allows(Principal={"AWS": ROLE}, Condition=MFA), []),
        (allows(Effect="Deny", Condition=MFA), []),
        (allows(Condition=MFA), ["Bool aws:MultiFactorAuthPresent true"]),
        (allows(Condition={"BoolIfExists": {PRESENT: True}}), [f"BoolIfExists {PRESENT} true"]),
        (allows(Principal="*", Condition={"NumericLessThan": {AGE: 300}}), [f"NumericLessThan {AGE} 300"]),
        (
            allows(Condition={"StringLike": {"sts:ExternalId": ["a*", "b"]}, "IpAddress": {"x": "y"}}),
            ["StringLike sts:ExternalId a*, b", "IpAddress x y"],
        ),
        (allows(Condition="odd"), ["odd"]),
        (
            {"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "NotAction": "s3:*"},
            [f"NotPrincipal {{'AWS': '{ROLE}'}}", "NotAction s3:*"],
        ),
    ],
)
def test_extra_conditions_name_what_a_plain_statement_lacks(
    statement: dict[str, Any], asked: list[str]
) -> None:
    assert [
        str(each) for each in iam_policy.find_extra_conditions(document(statement, statement), NAMES, {})
    ] == asked
    caller = {key: value for key, value in statement.items() if "Principal" not in key} | {"Resource": "*"}
    if "Principal" in statement and statement["Principal"] != {"AWS": ROLE}:
        assert [
            str(each) for each in iam_policy.find_extra_caller_conditions(document(caller), ROLE, {})
        ] == asked


def test_new_statement_never_limits_the_mfa_age() -> None:
    aged = document(allows(Condition={**MFA, "NumericLessThan": {AGE: "300"}}))
    assert [each.key for each in iam_policy.find_extra_conditions(aged, NAMES, WITH_MFA)] == [AGE]


@pytest.mark.parametrize("nothing", [None, [], "", 7, [None, "x"], {}])
@pytest.mark.parametrize("key", ["Statement", "Principal", "Action", "Condition", "Resource", "Effect"])
def test_evaluation_accepts_any_document(key: str, nothing: Any) -> None:
    odd = document(allows(**{"Resource": "*", key: nothing})) if key != "Statement" else {key: nothing}
    for context in ({}, WITH_MFA):
        allows_assume = iam_policy.allows_assume(odd, NAMES, context)
        assert (
            not allows_assume
            or (key, nothing) in [("Condition", None), ("Condition", {})]
            or key == "Resource"
        )
        iam_policy.allows_caller(odd, ROLE, context)
        iam_policy.has_deny(odd, NAMES)
        iam_policy.find_extra_conditions(odd, NAMES, context)
        iam_policy.find_extra_caller_conditions(odd, ROLE, context)
    assert iam_policy.add_statement(odd, allows())["Statement"][-1] == allows()


def test_every_action_of_a_request_must_be_allowed() -> None:
    both, tags = (iam_policy.ASSUME, iam_policy.TAG), allows(Action="sts:TagSession")
    assert not iam_policy.allows_assume(document(allows()), NAMES, {}, both)
    assert iam_policy.allows_assume(document(allows(), tags), NAMES, {}, both)
    assert not iam_policy.allows_assume(document(tags), NAMES, {}, both)
    caller = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    assert not iam_policy.allows_caller(caller, ROLE, {}, both)


def test_deny_is_found_under_any_condition() -> None:
    deny = {"Effect": "Deny", "Action": "sts:*", "Condition": {"Null": {"x": "true"}}}
    assert iam_policy.has_deny(document(allows(), {**deny, "Principal": {"AWS": ROOT}}), NAMES)
    assert iam_policy.has_deny(document({**deny, "NotPrincipal": {"AWS": ROLE}}), NAMES)
    assert not iam_policy.has_deny(document({**deny, "Principal": {"AWS": ROLE}}, allows()), NAMES)


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (ROLE, True),
        ("*", True),
        ("arn:aws:iam::*:role/team/*", True),
        (["arn:aws:iam::1:role/x", ROLE], True),
        ("arn:aws:iam::222222222222:role/Ops", False),
        (None, False),
    ],
)
def test_caller_policy_supports_wildcards(resource: Any, allowed: bool) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource}
    assert iam_policy.allows_caller(document(statement), ROLE, {}) == allowed


def test_statement_is_added_and_removed_without_changing_others() -> None:
    other, mine, old = allows(Sid="Other", Principal={"AWS": ROLE}), allows(), allows(Condition=MFA)
    before = {"Version": "2008-10-17", "Id": "keep", "Statement": other}
    after = iam_policy.add_statement(before, mine)
    assert after == {"Version": "2008-10-17", "Id": "keep", "Statement": [other, mine]}
    assert iam_policy.remove_statements(after, [mine]) == {**before, "Statement": [other]}
    assert iam_policy.add_statement(iam_policy.add_statement(before, old), mine, [old]) == after
    assert iam_policy.add_statement(None, mine) == document(mine)


def test_diff_shows_unchanged_lines() -> None:
    lines = iam_policy.diff_policies(document(allows()), document(allows(), allows(Principal={"AWS": ROLE})))
    assert [line for line in lines if line.startswith("-")] == []
    assert sum(USER in line and line.startswith(" ") for line in lines) == 1
    assert '+        "AWS": "' + ROLE + '"' in lines


@pytest.mark.parametrize(
    ("caller", "source_role", "principal", "condition"),
    [
        (USER, None, USER, {}),
        (f"arn:aws:sts::{DEV}:assumed-role/Ops/me", ROLE, ROLE, {}),
        (f"arn:aws-cn:sts::{DEV}:assumed-role/Ops/me", None, f"arn:aws-cn:iam::{DEV}:role/Ops", {}),
        (
            f"arn:aws:sts::{DEV}:assumed-role/AWSReservedSSO_Admin_0123/me",
            None,
            ROOT,
            {
                "ArnLike": {
                    "aws:PrincipalArn": f"arn:aws:iam::{DEV}:role/aws-reserved/sso.amazonaws.com/"
                    "*AWSReservedSSO_Admin_0123"
                }
            },
        ),
    ],
)
def test_principal_names_a_caller_like_a_trust_policy(
    caller: str, source_role: str | None, principal: str, condition: dict[str, Any]
) -> None:
    assert iam_policy.find_principal(caller, source_role) == (principal, condition)
