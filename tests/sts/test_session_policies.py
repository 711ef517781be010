"""Session policies: recorded, and refused where STS refuses them."""

from __future__ import annotations

import json
import random
import string
from typing import Any

import pytest

from . import Role, Session, Sts, User
from .clients import Clients, refused

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements or [ALLOW_ALL])})


def arns(*names: str) -> list[dict[str, str]]:
    return [{"arn": name} for name in names]


def incompressible_policy() -> str:
    letters = random.Random(1)  # noqa: S311 - no secret
    action = "".join(letters.choice(string.ascii_letters + string.digits) for _ in range(1900))
    return policy({**ALLOW_ALL, "Action": f"s3:{action}"})


def test_policies_are_recorded_in_the_call_and_in_the_session(
    sts: Sts, connect: Clients, user: User, role: Role
) -> None:
    own = f"arn:aws:iam::{role.account}:policy/team/Mine"
    text = f" {policy()}\n"
    answer = connect(user).assume_role(
        RoleArn=role.arn, RoleSessionName="me", Policy=text, PolicyArns=arns(READ_ONLY, own)
    )
    (call,) = sts.calls
    assert (call.policy, call.policy_arns) == (text, [READ_ONLY, own])
    session = sts.find_key(answer["Credentials"]["AccessKeyId"])
    assert isinstance(session, Session)
    assert session.policies == ((READ_ONLY, own), text)


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"Policy": policy() + " " * 2048}, "ValidationError", "'policy' failed.*less than or equal to 2048"),
        ({"Policy": '{"Statement": "€"}'}, "ValidationError", "'policy' failed.*pattern"),
        ({"Policy": "{"}, "MalformedPolicyDocument", "not in the valid JSON format"),
        ({"Policy": '{"Statement": [],}'}, "MalformedPolicyDocument", "not in the valid JSON format"),
        ({"Policy": "{}"}, "MalformedPolicyDocument", "Syntax errors in policy"),
        ({"Policy": "[]"}, "MalformedPolicyDocument", "Syntax errors in policy"),
        ({"Policy": policy({"Effect": "Allow"})}, "MalformedPolicyDocument", "Syntax errors in policy"),
        ({"Policy": policy({**ALLOW_ALL, "Principal": "*"})}, "MalformedPolicyDocument", "Syntax errors"),
        ({"Policy": incompressible_policy()}, "PackedPolicyTooLarge", "consumes 1..% of allotted space"),
        ({"PolicyArns": arns(*[f"{READ_ONLY}{n}" for n in range(11)])}, "ValidationError", "equal to 10"),
        ({"PolicyArns": arns("arn:aws")}, "ValidationError", "'policyArns.1.member.arn' failed"),
        ({"PolicyArns": arns("arn:aws:iam::aws:role/ReadOnlyAccess")}, "ValidationError", "is invalid"),
        ({"PolicyArns": arns(READ_ONLY.replace("aws:iam", "aws-cn:iam"))}, "ValidationError", "is invalid"),
        ({"PolicyArns": arns("arn:aws:iam::333333333333:policy/Mine")}, "ValidationError", "is invalid"),
    ],
)
def test_policies_invalid_are_refused(
    connect: Clients, user: User, role: Role, wrong: dict[str, Any], code: str, words: str
) -> None:
    client = connect(user, parameter_validation=False)
    with refused(code, match=words):
        client.assume_role(RoleArn=role.arn, RoleSessionName="me", **wrong)
