"""Session policies: what can be written and sent, and what a profile that has one stands for."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct.errors import PolicyError
from awscli_xacct.profiles.managed_policies import parse_arns, read_only_arn
from awscli_xacct.profiles.policies import MAX_CHARACTERS, make_absolute, policy_problem, read_policy
from awscli_xacct.profiles.role import Role, resolve
from awscli_xacct.storage.cache import key_name

ROLE_ARN = "arn:aws:iam::222222222222:role/Power"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
MINE = "arn:aws:iam::222222222222:policy/team/Mine"
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "policy.json"
    file.write_text(POLICY, "utf-8")
    return file


def role_with(**options: str) -> Role:
    """Return the role of a profile with these options."""
    keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "s"}
    profiles = {"default": keys, "prod": {"role_arn": ROLE_ARN, "source_profile": "default", **options}}
    return resolve(profiles, "prod", environment={})


def key_of(role: Role) -> str:
    return key_name(role.identity)


# -- managed policies ------------------------------------------------------------------------------


def test_arns_are_parsed_as_they_are_written() -> None:
    assert parse_arns(f" {MINE},{READ_ONLY} ,") == [MINE, READ_ONLY]


@pytest.mark.parametrize(
    "text",
    [
        "ReadOnlyAccess",
        "arn:aws:iam::aws:policy/",
        "arn:aws:iam::aws:policy/team/",
        "arn:aws:iam::aws:role/ReadOnlyAccess",
        "arn:aws:iam:us-east-1:aws:policy/ReadOnlyAccess",
        "arn:aws:s3::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::2222:policy/Mine",
        "arn:aws:iam::222222222222:policy/a b",
        "arn:aws:iam::222222222222:policy/a*",
        "arn:aws:iam::222222222222:policy/ä",
        "arn:aws:iam::222222222222:policy/a\x1b",
        f"arn:aws:iam::222222222222:policy/{'a' * 129}",
        "https://example.com/policy",
    ],
)
def test_arns_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match="is not the ARN of a managed policy, such as arn:aws:iam::aws:policy/"
    ):
        parse_arns(f"{READ_ONLY},{text}")


def test_arns_are_refused_with_everything_that_is_wrong() -> None:
    many = [f"{READ_ONLY}{number}" for number in range(10)]
    assert parse_arns(",".join(many)) == many
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - compared below
        parse_arns(",".join([*many, many[0], "x"]))
    assert str(refused.value) == (
        f"'x' is not the ARN of a managed policy, such as {READ_ONLY}; {many[0]} is repeated; "
        "12 ARNs are more than the 10 that STS accepts"
    )
    with pytest.raises(ValueError, match=r"^no ARN"):
        parse_arns(" , ")


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        (READ_ONLY.replace(":aws:iam", ":aws-cn:iam"), "is in partition aws-cn, but the role is in aws"),
        (
            MINE.replace("2" * 12, "3" * 12),
            "is in account 333333333333, but only AWS's policies and those of",
        ),
    ],
)
def test_arns_of_another_partition_or_account_are_refused(arn: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        role_with(policy_arns=f"{MINE},{arn}")


def test_read_only_is_of_the_roles_partition() -> None:
    found = read_only_arn("arn:aws-us-gov:iam::222222222222:role/Power")
    assert found == "arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess"


# -- the profile's own policy ----------------------------------------------------------------------


def test_policy_is_sent_as_it_stands(file: Path) -> None:
    text = f"\n {POLICY}\t\r\n"
    file.write_bytes(text.encode())
    assert read_policy(f"file://{file}") == text
    assert read_policy(POLICY) == POLICY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\xef\xbb\xbf" + POLICY.encode(), r"byte order mark \(BOM\)"),
        (POLICY.encode("utf-16"), "is in UTF-16"),
        (b'{\n"Statement": "\xff"}', "line 2 of the file is not UTF-8"),
        (b'{"Statement": [{}],\n}', r"not valid JSON: a comma before the closing } \(line 1, column 19\)"),
        (
            b'{"Statement":\n [{},\n\n]\n}',
            r"not valid JSON: a comma before the closing \] \(line 2, column 5\)",
        ),
        (b'{"Statement": [}', r"not valid JSON: .* \(line 1, column 16\)"),
        (b'{"Statement": NaN}', "not valid JSON: NaN"),
        (b"{'Statement': []}", "not valid JSON: "),
        (b'{"Statement": []} # mine', "not valid JSON: "),
        (b'{"Statement": [{"Effect": "Deny", "Effect": "Allow"}]}', "the key 'Effect' is repeated"),
        (b"[" * 100000, "nested too deeply"),
        (b"[]", "a policy is a JSON object with a Statement"),
        (b'{"statement": []}', "a policy is a JSON object with a Statement"),
        ('{"Statement":\n "€"}'.encode(), "the character '€' in line 2 is none that STS accepts"),
        (b"x" * (2 << 20), "the file has 2097152 bytes; STS accepts 2048 characters"),
    ],
)
def test_policy_that_sts_would_refuse_is_refused(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_policy(f"file://{file}")


def test_policy_of_more_than_2048_characters_is_refused(file: Path) -> None:
    """Characters count, not bytes, and blanks count, too."""
    start, end = '{"Statement": "', '"}'
    longest = f"{start}{'ä' * (MAX_CHARACTERS - len(start + end))}{end}"
    file.write_text(longest, "utf-8")
    assert read_policy(f"file://{file}") == longest
    file.write_text(f"{longest}\n", "utf-8")
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - compared below
        read_policy(f"file://{file}")
    assert str(refused.value) == (
        "the policy has 2049 characters, and STS accepts 2048; without its whitespace it would have 2047: remove it "
        f"with: jq -c . {file} > SHORTER.json"
    )
    with pytest.raises(
        ValueError, match=r"has 2051 characters.*; shorten it, or create it as a managed policy"
    ):
        read_policy(longest.replace('": "', '": "xxx'))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("policy.json", "must be a JSON object, or file:// and the absolute path"),
        ("[]", "must be a JSON object, or file:// and"),
        ("https://example.com/policy", "must be a JSON object, or file:// and"),
        ("file://policy.json", "the path must be absolute, as in file:///home/me/policy.json"),
        ("file://", "the path must be absolute"),
        ("file:///nowhere/policy.json", "the file cannot be read: No such file or directory"),
        ("file:///dev/null", "this is not a regular file"),
        ("file:///tmp", "this is a directory, not a file"),
        ("file:///tmp/a\nb", "it contains a line break or another control character"),
        ('{"Statement": "\x1b"}', "it contains a line break or another control character"),
    ],
)
def test_policy_that_is_none_is_refused(text: str, words: str) -> None:
    assert words in str(policy_problem(text))


def test_policy_file_that_nobody_writes_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="not a regular file"):
        read_policy(f"file://{tmp_path / 'pipe'}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_policy_file_of_another_user_is_refused(file: Path) -> None:
    """The fix was to take it away from that user."""
    os.chown(file, 65534, 65534)
    with pytest.raises(ValueError, match=rf"belongs to another user.*with: cp {file} ~/\.aws/$"):
        read_policy(f"file://{file}")


def test_policy_file_that_changes_is_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where an editor saves it: the first half of one policy and the second of another are neither."""
    other = POLICY.replace("s3", "ec2")
    fstat, calls = os.fstat, 0

    def change_first(descriptor: int) -> os.stat_result:
        nonlocal calls
        calls += 1
        if calls == 2:
            file.write_text(other, "utf-8")
        return fstat(descriptor)

    monkeypatch.setattr(os, "fstat", change_first)
    assert read_policy(f"file://{file}") == other


def test_policy_file_that_never_stays_the_same_is_refused(file: Path) -> None:
    stop = threading.Event()

    def keep_changing() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            temporary = file.with_name("next")
            temporary.write_text(POLICY + " " * (number % 90), "utf-8")
            temporary.replace(file)

    changing = threading.Thread(target=keep_changing)
    changing.start()
    try:
        for _ in range(200):
            try:
                assert read_policy(f"file://{file}").rstrip() == POLICY
            except ValueError as error:
                assert str(error) == "the file changes while it is read; try again"  # noqa: PT017
    finally:
        stop.set()
        changing.join()


def test_policy_of_an_option_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("POLICIES", "/policies")
    assert make_absolute("file://sub/../policy.json") == f"file://{tmp_path}/policy.json"
    assert make_absolute("file://~/policy.json") == "file:///home/me/policy.json"
    assert make_absolute("file://$POLICIES/a.json") == "file:///policies/a.json"
    assert make_absolute("file://") == "file://"
    assert make_absolute('\n{\n\t"Statement":\r\n[]}\n') == '{  "Statement":  []}'


# -- what a profile stands for ---------------------------------------------------------------------


def test_role_has_its_policies_as_written_and_sends_their_content(file: Path) -> None:
    role = role_with(policy=f"file://{file}", policy_arns=f"{READ_ONLY}, {MINE}")
    assert (role.policy, role.policy_arns, role.narrowed) == (f"file://{file}", [READ_ONLY, MINE], True)
    assert role.request["PolicyArns"] == [{"arn": READ_ONLY}, {"arn": MINE}]
    assert role.request["Policy"] == POLICY
    assert not role_with().narrowed
    assert not {"Policy", "PolicyArns"} & role_with(policy="", policy_arns="").request.keys()


def test_role_with_another_policy_has_another_key(file: Path) -> None:
    in_file = {"policy": f"file://{file}"}
    different: list[dict[str, Any]] = [
        {},
        {"policy": POLICY},
        {"policy": POLICY.replace("s3", "ec2")},
        {"policy": json.dumps(json.loads(POLICY), separators=(",", ":"))},
        {"policy_arns": READ_ONLY},
        {"policy_arns": f"{READ_ONLY},{MINE}"},
        {"policy_arns": f"{MINE},{READ_ONLY}"},
        {"policy_arns": READ_ONLY, "policy": POLICY},
    ]
    keys = [key_of(role_with(**options)) for options in different]
    assert len(set(keys)) == len(keys)
    assert key_of(role_with(**in_file)) == keys[1], "the content counts, not where it is from"
    file.write_text(POLICY.replace("s3", "ec2"), "utf-8")
    assert key_of(role_with(**in_file)) == keys[2]


def test_role_whose_policy_cannot_be_used_is_refused(file: Path) -> None:
    file.unlink()
    with pytest.raises(PolicyError) as refused:
        role_with(policy=f"file://{file}")
    assert str(refused.value) == (
        f"profile prod: policy 'file://{file}': the file cannot be read: No such file or directory. "
        "Correct it, or set another:\n  aws configure role prod --policy file://PATH"
    )
    assert not refused.value.structural
