"""The embedded AWS keeps accounts apart, counts requests, and never outlives its parent."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.embedded_aws import (
    EmbeddedAws,
    EmbeddedAwsError,
    Walkthrough,
    create_user,
    lay_out_walkthrough,
)

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def scene(aws: EmbeddedAws) -> Walkthrough:
    """The accounts of the walkthrough, on a server without recorded requests."""
    return lay_out_walkthrough(aws)


def assume(aws: EmbeddedAws, scene: Walkthrough) -> tuple[str, str, str]:
    """Assume the role of the walkthrough with the Dev user's keys."""
    sts = aws.client_with_keys("sts", scene.access_key_id, scene.secret_access_key)
    issued = sts.assume_role(RoleArn=scene.role_arn, RoleSessionName="test")["Credentials"]
    return issued["AccessKeyId"], issued["SecretAccessKey"], issued["SessionToken"]


def instances(ec2: Any) -> dict[str, str]:
    """Return the owner of each instance that a client sees, by instance id."""
    return {
        instance["InstanceId"]: reservation["OwnerId"]
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    }


def is_listening(url: str) -> bool:
    """Return whether anything accepts connections at the URL's port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def test_accounts_are_kept_apart(aws: EmbeddedAws, scene: Walkthrough) -> None:
    """Only the keys that sign decide whose instances are listed."""
    as_user = aws.client_with_keys("ec2", scene.access_key_id, scene.secret_access_key)
    as_role = aws.client_with_keys("ec2", *assume(aws, scene))
    assert instances(as_user) == dict.fromkeys(scene.dev_instances, "111111111111")
    assert instances(as_role) == dict.fromkeys(scene.prod_instances, "222222222222")


def test_walkthrough_has_its_policies(aws: EmbeddedAws, scene: Walkthrough) -> None:
    """The role trusts the Dev user and has read access; the user may assume only that role."""
    prod, dev = aws.client("iam", "222222222222"), aws.client("iam", "111111111111")
    role = prod.get_role(RoleName="CrossAccountPowerUser")["Role"]
    attached = prod.list_attached_role_policies(RoleName="CrossAccountPowerUser")["AttachedPolicies"]
    allowed = dev.get_user_policy(UserName="dev", PolicyName="ProdAccountAccess")["PolicyDocument"]
    assert role["Arn"] == scene.role_arn == "arn:aws:iam::222222222222:role/CrossAccountPowerUser"
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Principal": {"AWS": scene.user_arn}, "Action": "sts:AssumeRole"}
    ]
    assert [policy["PolicyName"] for policy in attached] == ["ReadOnlyAccess"]
    assert allowed["Statement"] == [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": scene.role_arn}
    ]


def test_calls_are_recorded_with_caller_and_parameters(aws: EmbeddedAws, scene: Walkthrough) -> None:
    """The setup of the scene is not recorded; each request by the user is, once and in order."""
    assert aws.calls() == []
    role_key_id, *_ = credentials = assume(aws, scene)
    instances(aws.client_with_keys("ec2", *credentials))
    first, second = aws.calls()
    assert (first.action, first.service, first.access_key_id) == ("AssumeRole", "sts", scene.access_key_id)
    assert first.parameters == {"RoleArn": scene.role_arn, "RoleSessionName": "test"}
    assert (second.action, second.service, second.region) == ("DescribeInstances", "ec2", "us-west-1")
    assert second.access_key_id == role_key_id
    assert aws.calls("AssumeRole") == [first]


def test_calls_of_the_json_protocol_are_recorded(aws: EmbeddedAws) -> None:
    """Requests to Organizations name the action in a header."""
    keys = create_user(aws, "333333333333", "manager")
    aws.client("organizations", "333333333333").create_organization(FeatureSet="ALL")
    listed = aws.client_with_keys("organizations", *keys).list_accounts(MaxResults=5)["Accounts"]
    assert [account["Id"] for account in listed] == ["333333333333"]
    assert [(call.action, call.parameters) for call in aws.calls()] == [("ListAccounts", {"MaxResults": 5})]


def test_calls_in_parallel_are_counted_once(aws: EmbeddedAws, scene: Walkthrough) -> None:
    """The single-flight tests depend on this count."""
    sts = aws.client_with_keys("sts", scene.access_key_id, scene.secret_access_key)

    def assume_as(session_name: str) -> str:
        sts.assume_role(RoleArn=scene.role_arn, RoleSessionName=session_name)
        return session_name

    names = [f"session-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(assume_as, names)) == names
    counted = [call.parameters["RoleSessionName"] for call in aws.calls("AssumeRole")]
    assert sorted(counted) == sorted(names)


def test_reset_forgets_accounts_and_calls(aws: EmbeddedAws, scene: Walkthrough) -> None:
    """A reset returns to the initial state."""
    assume(aws, scene)
    aws.reset()
    assert aws.calls() == []
    assert instances(aws.client("ec2", scene.prod_account)) == {}


def test_environment_contains_nothing_of_the_machines_aws(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The developer's profile, keys, endpoint and proxy must not reach the commands of a test."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_STS", "https_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "mine")
    environment = aws.environment(tmp_path)
    assert "mine" not in environment.values()
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }
    assert environment["HOME"] == str(tmp_path)


def test_clients_ignore_the_machines_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore would fail if it looked up this profile, which does not exist."""
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with EmbeddedAws() as aws:
        assert aws.client("iam", "111111111111").list_users()["Users"] == []


def test_server_ends_with_its_block() -> None:
    """Afterwards nothing listens, and a second close does nothing."""
    with EmbeddedAws() as aws:
        url = aws.url
        assert is_listening(url)
    assert not is_listening(url)
    aws.close()


def test_server_ends_when_its_parent_is_killed() -> None:
    """SIGKILL leaves the parent no chance to clean up; the server notices by itself."""
    starter = (
        "import time; from tests.embedded_aws import EmbeddedAws\n"
        "with EmbeddedAws() as aws: print(aws.url, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert is_listening(url)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_listening(url):
        assert time.monotonic() < deadline, "the server outlived its starter by 10 s"
        time.sleep(0.02)


def test_server_that_cannot_start_is_an_error() -> None:
    """It must not hang or leave an empty URL."""
    aws = EmbeddedAws(server=[sys.executable, "-c", ""])
    with pytest.raises(EmbeddedAwsError, match="ended before it was ready"), aws:
        pass
