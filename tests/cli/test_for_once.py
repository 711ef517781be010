"""Session policies for one command of `xacct`: sent, never mixed with others, and as quick from the memo."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from awscli_xacct.cli.for_once import ForOnce, join, take
from awscli_xacct.settings import MEMO_TICK
from tests.sts import MfaDevice, Role, Session, Sts
from tests.support.home import TIMEOUT, Home, Outcome
from tests.support.terminal import log_in

from .federation import Federation
from .steps import age_config_files

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
POLICY = '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def policy(home: Home) -> Path:
    path = home.path / "policy.json"
    path.write_text(POLICY, "utf-8")
    return path


def key_of(outcome: Outcome) -> str:
    assert (outcome.code, outcome.stderr) == (0, "")
    return str(json.loads(outcome.stdout)["AccessKeyId"])


def sent(sts: Sts) -> list[tuple[str | None, list[str]]]:
    return [(call.policy, call.policy_arns) for call in sts.calls_of("AssumeRole")]


def refused(outcome: Outcome) -> str:
    """Return the message of a command that was refused; the code is v2's for usage."""
    assert outcome.code in (252, 253), outcome
    assert outcome.stdout == ""
    return "\n".join(outcome.lines)


def test_credentials_are_narrowed_for_once(home: Home, sts: Sts, prod: str, policy: Path) -> None:
    file = f"file://{policy}"
    lines = [
        ["credentials", prod],
        ["credentials", prod, "--read-only"],
        ["credentials", prod, "--policy-arns", AUDIT, READ_ONLY],
        ["credentials", prod, "--policy", file],
        ["credentials", prod, "--policy", POLICY, "--policy-arns", AUDIT],
    ]
    keys = [key_of(home.xacct(*line)) for line in lines]
    assert len(set(keys)) == len(keys)
    assert [key_of(home.xacct(*line)) for line in lines] == keys
    assert sent(sts) == [
        (None, []),
        (None, [READ_ONLY]),
        (None, [AUDIT, READ_ONLY]),
        (POLICY, []),
        (POLICY, [AUDIT]),
    ]
    others = [
        ["credentials", prod, "--format", "process"],
        ["credentials", "--read-only", "--format", "process", prod],
        ["credentials", "--policy-arns", AUDIT, READ_ONLY, prod],
        ["credentials", prod, f"--policy={POLICY}"],
        ["credentials", f"--policy-arns={AUDIT}", "--policy", file, prod],
    ]
    assert [key_of(home.xacct(*line)) for line in others] == keys, "the same record, however it is spelled"
    assert "policy" not in home.config.read_text("utf-8")


def test_profile_with_the_same_policy_shares_the_record(home: Home, sts: Sts, prod: str) -> None:
    narrowed = key_of(home.xacct("credentials", prod, "--read-only"))
    assert home.aws("configure", "role", prod, "--read-only").code == 0
    assert key_of(home.xacct("credentials", prod)) == narrowed
    assert len(sts.calls) == 1


def test_exec_each_and_console_are_narrowed_for_once(home: Home, sts: Sts, prod: str, policy: Path) -> None:
    narrowed = key_of(home.xacct("credentials", prod, "--read-only"))
    show = (sys.executable, "-c", "import os; print(os.environ['AWS_ACCESS_KEY_ID'])")
    for words in (
        ("exec", prod, "--read-only", "--", *show),
        ("exec", "--read-only", prod, *show),
        ("exec", "--policy-arns", READ_ONLY, prod, *show),
        ("exec", prod, "--policy-arns", READ_ONLY, "--", *show),
        ("each", "--read-only", prod, "--", *show),
        ("each", prod, "--policy-arns", READ_ONLY, "--", *show),
    ):
        outcome = home.xacct(*words)
        assert (outcome.code, outcome.stderr) == (0, "")
        assert outcome.stdout.removeprefix(f"{prod} | ").strip() == narrowed, words
    with Federation() as federation:
        home.environment["AWS_XACCT_SIGNIN_ENDPOINT"] = federation.url
        assert home.xacct("console", prod, "--read-only").code == 0
        assert home.xacct("console", prod, "--policy", f"file://{policy}").code == 0
        keys = [json.loads(request["Session"])["sessionId"] for request in federation.requests]
    assert keys[0] == narrowed
    assert keys[1] != narrowed
    assert sent(sts) == [(None, [READ_ONLY]), (POLICY, [])]


_ASK = """
import json, os, urllib.request
headers = {"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
request = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers=headers)
print(json.load(urllib.request.urlopen(request))["AccessKeyId"])
"""


def test_served_credentials_are_narrowed(home: Home, sts: Sts, prod: str, policy: Path) -> None:
    """The first one is fetched before the command starts, the others while it runs."""
    narrowed = key_of(home.xacct("credentials", prod, "--read-only"))
    for words in (("--serve", prod, "--read-only"), ("--serve", "--policy", f"file://{policy}", prod)):
        outcome = home.xacct("exec", *words, "--", sys.executable, "-c", _ASK)
        assert (outcome.code, outcome.stderr) == (0, "")
        assert (outcome.stdout.strip() == narrowed) == ("--read-only" in words)
    assert sent(sts) == [(None, [READ_ONLY]), (POLICY, [])]


def test_command_after_the_profile_keeps_its_own_options(home: Home, sts: Sts, prod: str) -> None:
    for words in (("echo", "--read-only", "--policy", "x"), ("--", "echo", "--read-only", "--policy", "x")):
        outcome = home.xacct("exec", prod, *words)
        assert (outcome.code, outcome.stdout) == (0, "--read-only --policy x\n")
    assert sent(sts) == [(None, [])]


def test_each_narrows_the_roles_but_not_what_they_are_assumed_from(
    home: Home, sts: Sts, prod: str, audit_role: Role
) -> None:
    """A session that may only read could not assume the next role."""
    home.add_role("audit", audit_role.arn, source_profile=prod)
    assert home.xacct("each", "--all", "--read-only", "--", "true").code == 0
    roles = [call.parameters["RoleArn"].rpartition("/")[2] for call in sts.calls]
    narrowed = dict(
        zip(zip(roles, map(bool, (arns for _, arns in sent(sts))), strict=True), sts.calls, strict=True)
    )
    assert set(narrowed) == {("Power", True), ("Power", False), ("Audit", True)}


def test_policies_are_not_mixed_up_by_commands_at_once(home: Home, sts: Sts, prod: str) -> None:
    """Each of the commands gets a session with its own policy, and those with the same one share it."""
    variants = [[], ["--read-only"], ["--policy-arns", AUDIT], ["--policy", POLICY]]
    lines = [["credentials", prod, *options] for options in variants] * 3
    with sts.hold("AssumeRole") as held, ThreadPoolExecutor(len(lines)) as pool:
        running = [pool.submit(home.xacct, *line) for line in lines]
        held.wait_for(len(variants), TIMEOUT)
        held.release()
        documents = [json.loads(each.result().stdout) for each in running]
    keys = [document["AccessKeyId"] for document in documents]
    assert keys == keys[: len(variants)] * 3
    sessions = [sts.find_key(key) for key in keys[: len(variants)]]
    assert [session.policies for session in sessions if isinstance(session, Session)] == [
        ((), None),
        ((READ_ONLY,), None),
        ((AUDIT,), None),
        ((), POLICY),
    ]
    assert len(sts.calls) == len(variants)


def test_shared_mfa_session_serves_a_narrowed_role(
    home: Home, sts: Sts, vault: str, device: MfaDevice
) -> None:
    log_in(home, vault, device)
    key_of(home.xacct("credentials", vault, "--read-only"))
    assert [call.operation for call in sts.calls] == [
        *("GetSessionToken", "AssumeRole", "GetCallerIdentity", "AssumeRole"),
    ]


# -- refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--policy-arns", "x"], "--policy-arns 'x': 'x' is not the ARN of a managed policy, such as"),
        (["--policy-arns", ","], "--policy-arns ',': no ARN; one looks like"),
        (
            ["--policy-arns", READ_ONLY.replace("aws:iam", "aws-cn:iam")],
            "is in partition aws-cn, but the role is in aws (profile prod)",
        ),
        (
            ["--policy", "file:///nowhere.json"],
            "--policy 'file:///nowhere.json': the file cannot be read: No such",
        ),
        (["--policy", "{"], "--policy '{': not valid JSON: "),
        (["--policy", " "], "--policy '': must be a JSON object, or file:// and"),
        (["--policy", ""], "argument --policy: invalid policy value: ''. See: xacct credentials --help"),
        (
            ["--policy-arns="],
            "argument --policy-arns: invalid policy value: ''. See: xacct credentials --help",
        ),
        (["--policy"], "argument --policy: expected one argument. See: xacct credentials --help"),
        (
            ["--read-only", "--policy-arns", AUDIT],
            "--read-only and --policy-arns cannot be used together, because STS would allow what either allows; leave "
            "one",
        ),
        (
            ["--read-only", "--policy", POLICY],
            "--read-only and --policy cannot be used together, because STS would allow",
        ),
    ],
)
def test_policies_that_cannot_be_are_refused(
    home: Home, sts: Sts, prod: str, words: list[str], problem: str
) -> None:
    message = refused(home.xacct("credentials", prod, *words))
    assert problem in message
    assert sts.calls == []


@pytest.mark.parametrize("command", ["credentials", "exec", "each", "console", "serve"])
def test_profile_with_a_policy_of_its_own_is_refused(home: Home, sts: Sts, prod: str, command: str) -> None:
    assert home.aws("configure", "role", prod, "--policy", POLICY).code == 0
    after = ["--", "true"] if command in ("exec", "each") else []
    message = refused(home.xacct(command, prod, "--read-only", *after))
    assert message.endswith(
        "- profile prod has a policy of its own, and STS would allow what either of them allows; leave out --read-only"
    )
    assert sts.calls == []


def test_profile_without_a_role_is_refused(home: Home) -> None:
    message = refused(home.xacct("credentials", "default", "--read-only"))
    assert message == (
        "xacct: no credentials were requested, because\n"
        "  - profile default assumes no role, and only a role's session can have a policy; leave out --read-only"
    )


# -- from the memo ---------------------------------------------------------------------------------


def age(home: Home, policy: Path) -> None:
    age_config_files(home)
    while time.time() <= policy.stat().st_ctime + MEMO_TICK:
        time.sleep(0.05)


def memos(home: Home) -> list[Path]:
    return sorted(home.aws_dir.glob("xacct/resolved/*.memo"))


def test_narrowed_profile_has_a_memo_of_its_own(home: Home, prod: str, policy: Path) -> None:
    age(home, policy)
    lines = [
        ["credentials", prod],
        ["credentials", prod, "--read-only"],
        ["credentials", prod, "--policy", f"file://{policy}"],
        ["credentials", prod, "--policy", POLICY],
    ]
    keys = [key_of(home.xacct(*line)) for line in lines]
    assert len(memos(home)) == 4
    assert len(set(keys)) == 3, "a policy is the same from a file and on the command line"
    assert [key_of(home.xacct(*line)) for line in lines] == keys


def test_edited_policy_is_a_miss_of_the_memo(home: Home, sts: Sts, prod: str, policy: Path) -> None:
    age(home, policy)
    line = ("credentials", prod, "--policy", f"file://{policy}")
    before = key_of(home.xacct(*line))
    assert len(memos(home)) == 1
    assert key_of(home.xacct(*line)) == before
    status = policy.stat()
    with policy.open("r+") as file:
        file.write(POLICY.replace("s3", "s4"))
    os.utime(policy, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert key_of(home.xacct(*line)) != before
    assert sent(sts) == [(POLICY, []), (POLICY.replace("s3", "s4"), [])]
    policy.unlink()
    assert "No such file" in refused(home.xacct(*line))


@pytest.mark.parametrize(
    ("value", "memoizable"),
    [
        ("file:///home/me/policy.json", True),
        (POLICY, True),
        ("file://policy.json", False),
        ("file://~/policy.json", False),
        ("file:///home/$USER/policy.json", False),
    ],
)
def test_policy_that_depends_on_the_place_has_no_memo(value: str, memoizable: bool) -> None:
    assert ForOnce(policy=value).memoizable == memoizable


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        (["prod", "--read-only"], ["--read-only", "prod"]),
        (["--policy-arns", AUDIT, READ_ONLY, "prod"], [f"--policy-arns={AUDIT},{READ_ONLY}", "prod"]),
        (["--policy-arns", AUDIT, "prod", "--policy-arns=x"], [f"--policy-arns={AUDIT},x", "prod"]),
        (["prod", "--policy", "--read-only"], ["--policy=--read-only", "prod"]),
        (["prod", "--policy"], ["prod", "--policy"]),
        (["prod", "--policy="], ["prod", "--policy", ""]),
        (["prod", "--format", "env"], ["prod", "--format", "env"]),
    ],
)
def test_words_are_joined_to_one_spelling(words: list[str], joined: list[str]) -> None:
    assert join(words) == joined


def test_words_after_two_dashes_are_the_commands() -> None:
    taken, others = take(["prod", "--", "--read-only"])
    assert (taken, others) == (None, ["prod", "--", "--read-only"])
