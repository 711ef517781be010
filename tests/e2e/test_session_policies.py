"""Session policies with the real `aws`: what STS is sent, and whose session is used.

What a policy then allows is IAM's work, and cannot be tested here.
"""

from __future__ import annotations

import json
import os
import random
import string
from pathlib import Path

import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support.home import Home
from tests.support.terminal import log_in

from .conftest import Damage

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}\n'
CALLER = ("sts", "get-caller-identity", "--profile")

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def policy(home: Home) -> Path:
    path = home.path / "s3 only.json"
    path.write_text(POLICY, "utf-8")
    return path


def configure(home: Home, *options: str) -> None:
    outcome = home.aws("configure", "role", *options)
    assert outcome.code == 0, outcome.stderr


def call(home: Home, profile: str) -> None:
    outcome = home.aws(*CALLER, profile)
    assert (outcome.code, outcome.stderr) == (0, "")


def sent(sts: Sts) -> list[tuple[str | None, list[str]]]:
    return [(call.policy, call.policy_arns) for call in sts.calls_of("AssumeRole")]


def test_policies_are_sent_and_an_edited_file_is_a_miss(
    home: Home, sts: Sts, prod: str, policy: Path
) -> None:
    call(home, prod)
    configure(home, prod, "--read-only")
    call(home, prod)
    configure(home, prod, "--policy", f"file://{policy}")
    call(home, prod)
    call(home, prod)
    status = policy.stat()
    policy.write_text(POLICY.replace("s3", "s4"), "utf-8")
    os.utime(policy, ns=(status.st_atime_ns, status.st_mtime_ns))
    call(home, prod)
    policy.write_text(POLICY, "utf-8")
    call(home, prod)
    configure(home, prod, "--policy", "", "--policy-arns", "")
    call(home, prod)
    assert sent(sts) == [
        (None, []),
        (None, [READ_ONLY]),
        (POLICY, [READ_ONLY]),
        (POLICY.replace("s3", "s4"), [READ_ONLY]),
    ]
    assert len(home.records()) == 4


def test_policy_file_is_written_as_its_absolute_path(home: Home, prod: str, policy: Path) -> None:
    link = home.path / "current.json"
    link.symlink_to(policy)
    relative = os.path.relpath(link)
    configure(home, prod, "--policy", f"file://{relative}")
    assert f"\npolicy = file://{link}\n" in home.config.read_text("utf-8")
    configure(home, prod, f"--policy=file://{relative}")
    for option in (["--policy", "file://missing.json"], ["--policy=file://missing.json"]):
        outcome = home.aws("configure", "role", prod, *option)
        missing = Path.cwd() / "missing.json"
        assert f"--policy 'file://{missing}': the file cannot be read: No such file" in outcome.stderr


def test_shared_mfa_session_serves_both_policies(
    home: Home, sts: Sts, vault: str, role: Role, device: MfaDevice, policy: Path
) -> None:
    configure(
        home,
        "reader",
        "--role-arn",
        role.arn,
        "--mfa-serial",
        device.serial,
        "--region",
        "us-west-1",
        "--read-only",
    )
    configure(home, vault, "--policy", f"file://{policy}")
    log_in(home, vault, device)
    call(home, "reader")
    assert [call.operation for call in sts.calls] == [
        *("GetSessionToken", "AssumeRole", "GetCallerIdentity", "AssumeRole", "GetCallerIdentity"),
    ]
    assert sent(sts) == [(POLICY, []), (None, [READ_ONLY])]


def test_source_with_a_policy_is_another_source(home: Home, sts: Sts, prod: str, audit_role: Role) -> None:
    """A session limited by a policy calls for the next role, so the next role's record is another one."""
    home.add_role("audit", audit_role.arn, source_profile=prod)
    call(home, "audit")
    configure(home, prod, "--read-only")
    call(home, "audit")
    assert sent(sts) == [(None, []), (None, []), (None, [READ_ONLY]), (None, [])]


@pytest.mark.parametrize("command", ["aws", "xacct"])
def test_profile_whose_policy_cannot_be_used_sends_nothing(
    home: Home, sts: Sts, prod: str, policy: Path, command: str
) -> None:
    """Not even with a valid session of the same role in the cache."""
    call(home, prod)
    configure(home, prod, "--policy", f"file://{policy}")
    call(home, prod)
    sts.clear_calls()
    policy.write_text(POLICY.replace("]}", ",]}"), "utf-8")
    outcome = home.aws(*CALLER, prod) if command == "aws" else home.xacct("credentials", prod)
    assert outcome.code != 0
    assert outcome.stdout == ""
    assert "\n".join(outcome.lines).removeprefix("xacct: ") == (
        f"profile prod: policy 'file://{policy}': not valid JSON: a comma before the closing ] (line 1, column 95). "
        "Correct it, or set another:\n  aws configure role prod --policy file://PATH"
    )
    assert sts.calls == []


def test_policy_that_sts_refuses_is_explained(home: Home, prod: str, policy: Path) -> None:
    configure(home, prod, "--policy", f"file://{policy}")
    policy.write_text('{"Statement": [{"Effect": "Allow", "Principal": "*"}]}', "utf-8")
    outcome = home.aws(*CALLER, prod)
    assert "(MalformedPolicyDocument)" in outcome.stderr
    assert (
        f"The policy of the session, file://{policy}, is valid JSON, but IAM does not accept it"
        in outcome.stderr
    )
    letters = random.Random(1)  # noqa: S311 - no secret
    actions = ["".join(letters.choice(string.ascii_letters) for _ in range(1800))]
    policy.write_text(
        json.dumps({"Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}}), "utf-8"
    )
    outcome = home.aws(*CALLER, prod)
    assert "(PackedPolicyTooLarge)" in outcome.stderr
    size = len(policy.read_text("utf-8"))
    assert f"here there are {size} characters of policy. Use a shorter policy" in outcome.stderr
    assert 'aws configure role prod --policy-arns ARN --policy ""' in outcome.stderr


@pytest.mark.parametrize("options", [{"policy_arns": READ_ONLY}, {"policy": POLICY.strip()}])
def test_broken_plugin_refuses_a_profile_with_a_policy(
    home: Home, sts: Sts, role: Role, damage: Damage, options: dict[str, str]
) -> None:
    """The CLI's own provider would give the whole role."""
    home.add_role("prod", role.arn, **options)
    outcome = home.aws(*CALLER, "prod", environment=damage("profiles/role.py", "def unfinished("))
    assert (outcome.stdout, sts.calls) == ("", [])
    assert outcome.code != 0
    assert f"The CLI's own provider would ignore the {next(iter(options))} of profile prod" in outcome.stderr


def test_disabled_plugin_gives_the_whole_role(home: Home, sts: Sts, prod: str) -> None:
    """The variable is the user's own word, and gives the CLI's own provider back."""
    configure(home, prod, "--read-only")
    outcome = home.aws(*CALLER, prod, environment={"AWS_XACCT_DISABLE": "1"})
    assert outcome.code == 0
    assert sent(sts) == [(None, [])]


@pytest.mark.parametrize("profile", ["pod", "prod"])
def test_policy_of_a_web_identity_is_refused_and_not_ignored(
    home: Home, sts: Sts, role: Role, profile: str
) -> None:
    """Botocore assumes such a role itself. The other profile has it as its source."""
    home.add_role("pod", role.arn, web_identity_token_file="/token", policy_arns=READ_ONLY)
    home.add_role("prod", role.arn, source_profile="pod")
    outcome = home.aws(*CALLER, profile)
    assert outcome.lines == [
        "profile pod: its policy_arns would be ignored, because its role is assumed with web_identity_token_file; "
        "remove one of the two"
    ]
    assert sts.calls == []
