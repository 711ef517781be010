"""What an AWS service means by an error, and that only one module knows the error codes."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awscli_xacct import aws_errors

PACKAGE = Path(__file__).resolve().parents[1] / "awscli_xacct"
# Not AccessDenied: it is also what a message may be about.
CODES = aws_errors.REJECTED_CODES | {"AccessDeniedException", "NoSuchEntity", "ThrottlingException"}


def error_of(code: str, message: str = "", status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "AnyOperation")


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), ClientError({}, "X")])
def test_error_without_an_answer_means_nothing(error: BaseException) -> None:
    assert aws_errors.service_code(error) == ""
    assert not aws_errors.is_denied(error)
    assert not aws_errors.is_rejected_request(error)
    assert not aws_errors.is_busy(error)


@pytest.mark.parametrize(
    ("status", "rejected", "busy"), [(200, False, False), (403, True, False), (500, False, True)]
)
def test_status_decides_whether_the_request_was_rejected(status: int, rejected: bool, busy: bool) -> None:
    error = error_of("Whatever", status=status)
    assert (aws_errors.is_rejected_request(error), aws_errors.is_busy(error)) == (rejected, busy)


def test_throttling_is_busy_at_any_status() -> None:
    assert aws_errors.is_busy(error_of("Throttling"))


def test_unknown_principal_is_told_by_the_message() -> None:
    code = "MalformedPolicyDocument"
    assert aws_errors.is_unknown_principal(error_of(code, "Invalid principal in policy"))
    assert not aws_errors.is_unknown_principal(error_of(code, "Syntax errors in policy"))


@pytest.mark.parametrize(
    ("code", "status", "rejected"),
    [
        ("ExpiredToken", 400, "ExpiredToken"),
        ("AuthFailure", 401, "AuthFailure"),
        ("403", 403, "403"),
        ("404", 404, None),
        ("AccessDenied", 403, None),
        ("NoSuchKey", 404, None),
    ],
)
def test_rejected_code_of_an_answer(code: str, status: int, rejected: str | None) -> None:
    assert aws_errors.find_rejected_code(error_of(code, status=status).response) == rejected


def test_rejected_code_of_a_good_answer_is_none() -> None:
    assert aws_errors.find_rejected_code({"ResponseMetadata": {"HTTPStatusCode": 200}}) is None


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_only_this_module_knows_error_codes(path: Path) -> None:
    if path.name == "aws_errors.py":
        return
    tree = ast.parse(path.read_text("utf-8"))
    assert [
        node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in CODES
    ] == []
