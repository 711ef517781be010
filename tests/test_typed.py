"""The command line that messages repeat."""

from __future__ import annotations

import pytest

from awscli_xacct import typed
from awscli_xacct.messages import role_command, unknown_profile


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "_words", [])


@pytest.mark.parametrize(
    ("words", "options", "repeated"),
    [
        (["xacct", "keys", "store", "my prod"], "--yes", "xacct keys store 'my prod' --yes"),
        (["xacct", "each", "p*", "--", "ls", "-l"], "--yes", "xacct each 'p*' --yes -- CMD"),
        (["xacct", "exec", "prod", "--", "mysql", "-pS3CRET"], "--yes", "xacct exec prod --yes -- CMD"),
        (["xacct", "mfa", "enroll", "--", "-prd"], "--yes", "xacct mfa enroll --yes -- -prd"),
        (["aws", "x", "--external-id", "", "y"], "--force", "aws x --external-id '' y --force"),
        (["aws", "x", "--region", "a", "--y"], "--region b", "aws x --y --region b"),
        (["aws", "x", "--policy-arns", "a", "b", "--y"], "--policy-arns c", "aws x --y --policy-arns c"),
        (["aws", "--region", "a", "x"], "--region b", "aws x --region b"),
        (["aws", "x", "--dry-run", "--y"], "--z", "aws x --y --z"),
        (["aws", "x", "--dry", "--y"], "--z", "aws x --y --z"),
        (["aws", "x", "--region=a", "--y"], "--region b", "aws x --y --region b"),
        (["aws", "x", "--", "--region", "a"], "--region b", "aws x --region b -- --region a"),
    ],
)
def test_typed_again_is_the_command_with_the_option(words: list[str], options: str, repeated: str) -> None:
    typed.note_typed(words)
    assert typed.typed_again(options) == repeated


def test_typed_again_leaves_an_option_out() -> None:
    typed.note_typed(["xacct", "serve", "prod", "--port", "80"])
    assert typed.typed_again(without="--port") == "xacct serve prod"


def test_role_command_of_an_unwritten_profile_is_what_was_typed() -> None:
    typed.note_typed(["aws", "configure", "role", "prod", "--role-arn", "ARN"])
    with typed.while_unwritten("prod"):
        assert (
            role_command("prod", "--external-id ID")
            == "aws configure role prod --role-arn ARN --external-id ID"
        )
        assert role_command("jump", "--external-id ID") == "aws configure role jump --external-id ID"
    assert role_command("prod", "--external-id ID") == "aws configure role prod --external-id ID"


def test_unknown_profile_names_the_variable_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prdo")
    typed.note_typed(["xacct", "whoami"])
    assert (
        unknown_profile("prdo", ["prod"])
        == "there is no profile prdo, which AWS_PROFILE names; did you mean prod?"
    )
    for words in (["xacct", "whoami", "prdo"], ["aws", "--profile=prdo"]):
        typed.note_typed(words)
        assert unknown_profile("prdo", ["prod"]) == "there is no profile prdo; did you mean prod?"
