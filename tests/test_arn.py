"""The ARN value type, and that it is the only code that takes ARNs apart or builds them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.arn import Arn

PACKAGE = Path(__file__).resolve().parents[1] / "awscli_xacct"
ROLE = "arn:aws-cn:iam::222222222222:role/team/Ops"


def test_parse_gives_the_parts() -> None:
    arn = Arn.parse(ROLE)
    assert arn == ("aws-cn", "iam", "", "222222222222", "role/team/Ops")
    assert arn is not None
    assert (arn.kind, arn.name, arn.role_name) == ("role", "team/Ops", "team/Ops")


@pytest.mark.parametrize(
    "text", ["", "arn", "arn:aws", "arn:aws:iam::222222222222", "12345678", f"x{ROLE}", f" {ROLE}"]
)
def test_parse_of_other_text_is_none(text: str) -> None:
    assert Arn.parse(text) is None


@given(st.text(":/ab", max_size=12))
def test_parse_and_str_are_inverse(text: str) -> None:
    arn = Arn.parse(f"arn:{text}")
    assert arn is None or str(arn) == f"arn:{text}"


def test_resource_may_have_colons_and_no_name() -> None:
    group = Arn.parse("arn:aws:logs:us-west-1:222222222222:log-group:a:*")
    assert group is not None
    assert group.resource == "log-group:a:*"
    root = Arn.parse("arn:aws:iam::222222222222:root")
    assert root is not None
    assert (root.kind, root.name, root.role_name) == ("root", "", "root")


def test_iam_builds_an_arn_without_a_region() -> None:
    assert str(Arn.iam("aws-cn", "222222222222", "role/team/Ops")) == ROLE


@pytest.mark.parametrize(
    ("text", "role"),
    [
        (
            "arn:aws:sts::222222222222:assumed-role/Power/me@example.com",
            "arn:aws:iam::222222222222:role/Power",
        ),
        ("arn:aws-cn:sts::222222222222:assumed-role/Power/me", "arn:aws-cn:iam::222222222222:role/Power"),
        (
            "https://signin.aws.amazon.com/switchrole?roleName=team%2FOps&account=222222222222&displayName=x",
            "arn:aws:iam::222222222222:role/team/Ops",
        ),
        ("222222222222/Power", "arn:aws:iam::222222222222:role/Power"),
        ("2222-2222-2222:role/team/Power", "arn:aws:iam::222222222222:role/team/Power"),
        ("arn:aws:iam:222222222222:role/Power", "arn:aws:iam::222222222222:role/Power"),
        ("arn:aws:iam:us-east-1:222222222222:Role/Power", "arn:aws:iam::222222222222:role/Power"),
        (" \u201carn:aws:iam::222222222222:role/Power\u201d ", "arn:aws:iam::222222222222:role/Power"),
    ],
)
def test_guess_of_a_role(text: str, role: str) -> None:
    assert str(Arn.guess_role(text)) == role


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Power",
        "222222222222",
        "22222222222/Power",
        "222222222222/user/dev",
        "arn:aws:iam::222222222222:user/dev",
        "arn:aws:iam::222222222222:root",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "https://signin.aws.amazon.com/switchrole?roleName=Ops&account=my-alias",
        "https://d-1234567890.awsapps.com/start",
        "http://[",
    ],
)
def test_guess_of_something_else_is_none(text: str) -> None:
    assert Arn.guess_role(text) is None


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_only_this_module_splits_or_builds_arns(path: Path) -> None:
    if path.name == "arn.py":
        return
    assert [*find_hand_made(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "x = role_arn.split(':')[4]",
        "x = serial.partition(':mfa/')[2]",
        "x = f'arn:{partition}:iam::{account}:root'",
        "x = re.compile('arn:([^:]*):iam')",
        "x = arn.rsplit(sep=':')",
    ],
)
def test_arn_split_or_built_by_hand_is_found(source: str) -> None:
    assert [*find_hand_made(source)] == [1]


def find_hand_made(source: str) -> list[int]:
    """Return the lines that split text at a colon, build ``arn:{…`` or match ``arn:`` with a pattern."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            arguments = [each.value for each in node.args[:1] if isinstance(each, ast.Constant)]
            arguments += [each.value.value for each in node.keywords if isinstance(each.value, ast.Constant)]
            texts = [each for each in arguments if isinstance(each, str)]
            splits = node.func.attr.lstrip("r") in ("split", "partition")
            if splits and any(each.startswith(":") for each in texts):
                lines.append(node.lineno)
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
                lines += [node.lineno for each in texts if "arn:" in each]
        if isinstance(node, ast.JoinedStr) and len(node.values) > 1:
            first = node.values[0]
            if isinstance(first, ast.Constant) and str(first.value) == "arn:":
                lines.append(node.lineno)
    return lines
