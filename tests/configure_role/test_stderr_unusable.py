"""A command whose messages cannot be written does its work, and succeeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from awscli_xacct.errors import ValidationError
from awscli_xacct.problems import Problem
from tests.sts import Role
from tests.support import forked
from tests.support.commands import WHOAMI
from tests.support.home import AWS, Home, Outcome, finish, finish_on_terminal


def to(home: Home, stderr: str, *arguments: str, cache: str = "") -> Outcome:
    """Run `aws` with its stderr redirected by a shell."""
    aws = AWS if stderr == "&-" else forked.find_client(AWS)  # a client cannot pass on what is closed
    words = ("-c", f'exec "$@" 2>{stderr}', "sh", str(aws), *arguments)
    environment = {"AWS_XACCT_CACHE_DIR": cache} if cache else {}
    return finish(home.start_any("/bin/sh", *words, environment=environment))  # type: ignore[arg-type]


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("stderr", ["&-", "/dev/full"])
def test_commands_succeed_without_a_usable_stderr(home: Home, role: Role, stderr: str) -> None:
    """With `2>&-` the exit code used to be 1, without a message, although the file was written."""
    home.add_role("prod", role.arn)
    assert to(home, stderr, "configure", "role", "prod", "--external-id", "xyz").code == 0
    assert "external_id = xyz" in home.config.read_text(encoding="utf-8")
    assert to(home, stderr, "configure", "role", "logout", "--all").code == 0


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("stderr", ["&-", "/dev/full"])
def test_credentials_that_cannot_be_cached_are_used_without_a_usable_stderr(
    home: Home, role: Role, stderr: str
) -> None:
    """The warning that could not be written used to end the `aws` command."""
    home.add_role("prod", role.arn)
    outcome = to(home, stderr, *WHOAMI, "--profile", "prod", cache="/dev/null")
    assert outcome.code == 0
    assert f"assumed-role/{role.name}" in outcome.stdout


@pytest.mark.usefixtures("prod")
@pytest.mark.parametrize("stderr", ["&-", "/dev/null"])
def test_interview_needs_no_stderr(home: Home, stderr: str) -> None:
    """With `2>&-` the first answer ended it with exit code 255 and without a word."""
    words = ("-c", f'exec "$0" configure role prod 2>{stderr}', str(AWS))
    child = home.terminal_for("/bin/sh", *words)
    for question in ("Role ARN", "Source profile", "MFA device", "External id"):
        child.expect_exact(question)
        child.expect_exact("]: ")
        child.sendline("tenant/1" if question == "External id" else "")
    for _ in range(5):
        child.expect_exact("]: ")
        child.sendline("")
    child.expect_exact("[y/N] ")
    child.sendline("y")
    assert finish_on_terminal(child) == 0
    assert "external_id = tenant/1" in home.config.read_text("utf-8")


@pytest.mark.usefixtures("prod")
@pytest.mark.parametrize(("stdout", "buffering"), [("&-", ""), ("/dev/full", "1")])
def test_result_that_cannot_be_written_is_one_error(home: Home, stdout: str, buffering: str) -> None:
    """It was "unexpected AttributeError" or "[Errno 28]", and with ``--output`` and no buffer nothing, with code 0."""
    reason = "no standard output" if stdout == "&-" else "cannot write the output: No space left on device"
    for words in (
        ["list", "--tree"],
        ["show", "prod", "--output", "json"],
        ["prod", "--external-id", "xyz", "--dry-run"],
        ["export", "-"],
    ):
        script = ("-c", f'exec "$@" >{stdout}', "sh", str(AWS), "configure", "role", *words)
        outcome = finish(
            home.start_any(Path("/bin/sh"), *script, environment={"PYTHONUNBUFFERED": buffering})
        )
        assert outcome.code == 255
        [line] = outcome.lines
        assert reason in line


@pytest.mark.usefixtures("prod")
@pytest.mark.parametrize("stdout", ["&-", "/dev/full"])
def test_command_without_a_result_needs_no_stdout(home: Home, stdout: str) -> None:
    """`login` says all on stderr, and failed after it had logged in."""
    script = ("-c", f'exec "$@" >{stdout}', "sh", str(AWS), "configure", "role", "login", "prod")
    outcome = finish(home.start_any(Path("/bin/sh"), *script))
    assert outcome.code == 0
    [line] = outcome.lines
    assert line.startswith("profile prod: valid for 1 h")


def test_problem_of_several_lines_is_indented_under_its_first() -> None:
    """A command that fixes it used to be flush with the bullets."""
    assert str(
        ValidationError("not done, because", [Problem("one", "mend it:\n  aws x"), Problem("two")])
    ).splitlines() == [
        "not done, because",
        "  - one. Mend it:",
        "      aws x",
        "  - two",
    ]
