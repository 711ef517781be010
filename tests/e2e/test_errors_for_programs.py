"""Errors for programs: each code, provoked from outside, with its exit code and its object on stderr."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct.error_codes import CODES, exit_code_of
from tests.sts import Sts, User
from tests.support.commands import ONE_TRY, operations
from tests.support.home import XACCT, Home, Outcome, finish, finish_on_terminal

KEYS = ["Code", "Message", "Profile", "Hop", "Fix"]
AS_JSON = {"AWS_CLI_ERROR_FORMAT": "json"}
SILENT = {**AS_JSON, **ONE_TRY}
STRANGER = "arn:aws:iam::999999999999:user/nobody"
DEVICE = "arn:aws:iam::111111111111:mfa/dev"


def error_of(outcome: Outcome) -> dict[str, Any]:
    """Return the object on the last line of stderr."""
    found: dict[str, Any] = json.loads(outcome.stderr.splitlines()[-1])
    assert list(found) == KEYS
    return found


def failed(outcome: Outcome, code: str) -> dict[str, Any]:
    """Assert that a command has failed with a code, and has printed nothing else. Return the object."""
    found = error_of(outcome)
    assert (found["Code"], outcome.code, outcome.stdout) == (code, exit_code_of(code), "")
    return found


@pytest.fixture
def prod(home: Home, sts: Sts, user: User) -> str:
    """The name of a role profile that works."""
    home.add_role("prod", sts.add_role("Power", trusts=[user.arn]).arn)
    return "prod"


def test_usage_error(home: Home) -> None:
    commands: list[tuple[str, ...]] = [
        ("status", "--frobnicate"),
        ("stats",),
        ("credentials",),
        ("exec", "default", "--"),
        ("console", "default", "--service", "no such"),
    ]
    for command in commands:
        assert failed(home.xacct(*command, environment=AS_JSON), "UsageError")["Message"]
    commands = [
        ("list", "--frobnicate"),
        ("show", "a", "b"),
        ("export", "x", "--format", "cobol"),
        ("verify",),
        ("prod", "--role-arn", "nonsense"),
        ("prod", "--role-arn", "arn:aws:iam::222222222222:role/R", "--external-id", "file:///nowhere"),
        ("list", "--output", "jsn"),
    ]
    for command in commands:
        outcome = home.aws("configure", "role", *command, environment=AS_JSON)
        assert failed(outcome, "UsageError")["Message"], command


def test_usage_errors_are_all_in_the_message(home: Home) -> None:
    outcome = home.aws(
        "configure", "role", "prod", "--role-arn", "x", "--duration-seconds", "5", environment=AS_JSON
    )
    _, *problems = failed(outcome, "UsageError")["Message"].splitlines()
    assert [problem.split()[0] for problem in problems] == [
        "--role-arn",
        "--duration-seconds",
        "--source-profile",
    ]


def test_unknown_profile(home: Home) -> None:
    name = "no\x1b[31m"
    for outcome in (
        home.xacct("credentials", name, environment=AS_JSON),
        home.xacct("each", name, "--", "true", environment=AS_JSON),
        home.aws("configure", "role", "show", name, environment=AS_JSON),
    ):
        found = failed(outcome, "ProfileNotFound")
        assert name in found["Message"], "text from outside is escaped as JSON, and only once"
        assert found["Fix"] == "aws configure role list"


def test_invalid_profile(home: Home, prod: str) -> None:
    home.add_role("loop", "arn:aws:iam::222222222222:role/A", source_profile="loop")
    fix = "aws configure role loop --source-profile PROFILE"
    for outcome in (
        home.xacct("credentials", "loop", environment=AS_JSON),
        home.xacct("exec", "loop", "--", "true", environment=AS_JSON),
    ):
        found = failed(outcome, "ProfileInvalid")
        assert (found["Profile"], found["Hop"], found["Fix"]) == ("loop", "loop", fix)
    outcome = home.aws("configure", "role", "verify", "loop", "--query", "[]", environment=AS_JSON)
    assert (outcome.code, error_of(outcome)["Code"], error_of(outcome)["Fix"]) == (253, "ProfileInvalid", fix)
    home.config.write_text("nonsense", "utf-8")
    failed(home.xacct("credentials", prod, environment=AS_JSON), "ProfileInvalid")


def test_hop_is_the_profile_of_the_chain_that_failed(home: Home, sts: Sts, prod: str) -> None:
    closed = sts.add_role("Closed", trusts=[STRANGER])
    home.add_role("closed", closed.arn, source_profile=prod)
    home.add_role("last", "arn:aws:iam::333333333333:role/Last", source_profile="closed")
    found = failed(home.xacct("credentials", "last", environment=SILENT), "AccessDenied")
    assert (found["Profile"], found["Hop"]) == ("last", "closed")
    assert found["Fix"] == "aws configure role verify closed"


@pytest.mark.usefixtures("user")
def test_invalid_policy(home: Home, sts: Sts) -> None:
    home.add_role("narrow", "arn:aws:iam::222222222222:role/A", policy='{"Statement": [}')
    failed(home.xacct("credentials", "narrow", environment=AS_JSON), "PolicyInvalid")
    assert operations(sts) == []


def test_no_credentials(home: Home) -> None:
    home.add_role("prod", "arn:aws:iam::222222222222:role/A")
    for outcome in (
        home.xacct("credentials", "prod", environment=AS_JSON),
        home.xacct("credentials", "default", environment=AS_JSON),
        home.aws("configure", "role", "login", "prod", environment=AS_JSON),
    ):
        assert failed(outcome, "NoCredentials")["Fix"] == "aws configure --profile default"


def test_login_required(home: Home, sts: Sts, user: User) -> None:
    home.add_role("prod", sts.add_role("Power", trusts=[user.arn]).arn, mfa_serial=DEVICE)
    for outcome in (
        home.xacct("credentials", "prod", environment=AS_JSON),
        home.aws("configure", "role", "login", "prod", environment=AS_JSON),
    ):
        found = failed(outcome, "LoginRequired")
        assert (found["Profile"], found["Fix"]) == ("prod", "aws configure role login prod")
        assert operations(sts) == []


@pytest.mark.usefixtures("user")
def test_access_denied(home: Home, sts: Sts) -> None:
    home.add_role("closed", sts.add_role("Closed", trusts=[STRANGER]).arn)
    for outcome in (
        home.xacct("credentials", "closed", environment=SILENT),
        home.aws("configure", "role", "login", "closed", environment=SILENT),
    ):
        failed(outcome, "AccessDenied")


@pytest.mark.parametrize(
    ("answer", "code"), [("Throttling", "Throttled"), ("MalformedPolicyDocument", "ServiceError")]
)
def test_refusal_of_the_service(home: Home, sts: Sts, prod: str, answer: str, code: str) -> None:
    sts.fail("AssumeRole", None, 400, answer)
    failed(home.xacct("credentials", prod, environment=SILENT), code)


def test_unreachable_service(home: Home, prod: str) -> None:
    down = {**SILENT, "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}
    found = failed(home.xacct("credentials", prod, environment=down), "Unreachable")
    assert found["Fix"] == "aws sts get-caller-identity --profile default"


def test_busy(home: Home, sts: Sts, prod: str) -> None:
    """Another setup of the same profile holds the lock of its journal."""
    setup = (
        "configure",
        "role",
        "setup",
        prod,
        "--role-name",
        "Power",
        "--account-profile",
        "default",
        "--dry-run",
    )
    with sts.hold("GetCallerIdentity") as held:
        first = home.fork(*setup)
        held.wait_for(1)
        outcome = home.aws(*setup, environment=AS_JSON)
    finish(first)
    failed(outcome, "Busy")


@pytest.mark.usefixtures("prod")
def test_file_changed(home: Home) -> None:
    manifest = home.path / "team.yaml"
    manifest.write_text(
        "version: 1\nroles: {prod: {role_arn: 'arn:aws:iam::222222222222:role/R', source_profile: default}}\n"
    )
    child = home.terminal(
        "configure", "role", "import", str(manifest), "--adopt", environment=AS_JSON, columns=2000
    )
    child.expect_exact("[y/N] ")
    home.config.write_text(home.config.read_text("utf-8").replace("Power", "Other"), "utf-8")
    child.sendline("y")
    child.expect_exact("{")
    child.expect_exact("}")
    found = json.loads(f"{{{child.before}}}")
    failed(Outcome(finish_on_terminal(child), "", json.dumps(found)), "FileChanged")


def test_internal_error(home: Home, prod: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [XACCT, "credentials", prod],
            env={**home.environment, **AS_JSON},
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    failed(Outcome(done.returncode, "", done.stderr), "InternalError")


@pytest.mark.parametrize("by", ["aws", "xacct"])
def test_interrupted_with_output_in_a_pipe(home: Home, sts: Sts, prod: str, by: str) -> None:
    with sts.hold("AssumeRole") as held:
        if by == "aws":
            process = home.fork("configure", "role", "verify", prod, environment=AS_JSON)
        else:
            process = home.fork_xacct("credentials", prod, environment=AS_JSON)
        held.wait_for(1)
        process.send_signal(signal.SIGINT)
        outcome = finish(process)
    assert failed(outcome, "Interrupted")["Profile"] == prod


def test_every_code_is_provoked() -> None:
    source = Path(__file__).read_text("utf-8")
    assert [code.name for code in CODES if f'"{code.name}"' not in source] == []
