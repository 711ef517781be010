"""AssumeRole: trust, durations, and parameters."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest

from . import Role, Sts, User
from .clients import Clients, refused

DENIED = "User: {} is not authorized to perform: {} on resource: {}"


def denial(caller: str, role: Role, action: str = "sts:AssumeRole") -> str:
    """Return a regex for the service's message."""
    return re.escape(DENIED.format(caller, action, role.arn)) + "$"


def life(answer: dict[str, Any]) -> float:
    """Return the seconds until the credentials in an answer expire."""
    left: float = (answer["Credentials"]["Expiration"] - datetime.now(timezone.utc)).total_seconds()
    return left


def assume(client: Any, role: Role, **parameters: Any) -> Any:
    return client.assume_role(**{"RoleArn": role.arn, "RoleSessionName": "me", **parameters})


def test_assume_role_issues_realistic_credentials(connect: Clients, user: User, role: Role) -> None:
    answer = assume(connect(user), role)
    credentials = answer["Credentials"]
    assert re.fullmatch("ASIA[A-Z2-7]{16}", credentials["AccessKeyId"])
    assert len(credentials["SecretAccessKey"]) == 40
    assert len(credentials["SessionToken"]) > 300
    assert 3590 < life(answer) <= 3600
    assert re.fullmatch("AROA[A-Z2-7]{17}:me", answer["AssumedRoleUser"]["AssumedRoleId"])
    assert (
        answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::222222222222:assumed-role/CrossAccountPowerUser/me"
    )


def test_calls_are_recorded_with_their_parameters(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    client = connect(user)
    assume(client, role, Tags=[{"Key": "team", "Value": "a b"}], TransitiveTagKeys=["team"])
    client.get_caller_identity()
    assert [call.operation for call in sts.calls] == ["AssumeRole", "GetCallerIdentity"]
    (call,) = sts.calls_of("AssumeRole")
    assert (call.caller_arn, call.access_key) == (user.arn, user.access_key)
    assert (call.status, call.error) == (200, None)
    assert call.parameters["RoleArn"] == role.arn
    assert "Action" not in call.parameters
    assert call.tags == {"team": "a b"}
    assert call.transitive_tag_keys == ["team"]
    sts.clear_calls()
    assert sts.calls == []


@pytest.mark.parametrize(
    "trust",
    ["*", "111111111111", "arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/dev"],
)
def test_trust_accepts_any_name_of_the_user(sts: Sts, connect: Clients, user: User, trust: str) -> None:
    role = sts.add_role("Reader", account="333333333333", trusts=[trust], path="/team/")
    assert role.arn == "arn:aws:iam::333333333333:role/team/Reader"
    answer = assume(connect(user), role)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::333333333333:assumed-role/Reader/me"


@pytest.mark.parametrize("trust", ["222222222222", "arn:aws:iam::111111111111:user/other"])
def test_trust_denies_a_stranger(sts: Sts, connect: Clients, user: User, trust: str) -> None:
    role = sts.add_role("Closed", trusts=[trust])
    with refused("AccessDenied", match=denial(user.arn, role)):
        assume(connect(user), role)
    assert sts.calls[0].error == "AccessDenied"


def test_trust_denies_a_missing_role_with_the_same_message(connect: Clients, user: User) -> None:
    nowhere = Role("Nowhere", "222222222222", [])
    with refused("AccessDenied", match=denial(user.arn, nowhere)):
        assume(connect(user), nowhere)


def test_trust_revoked_applies_to_the_next_call(connect: Clients, user: User, role: Role) -> None:
    client = connect(user)
    assume(client, role)
    role.trusts.remove(user.arn)
    with refused("AccessDenied", match=denial(user.arn, role)):
        assume(client, role)


@pytest.mark.parametrize("trust", ["arn:aws:iam::222222222222:role/first/Hop", "222222222222"])
def test_chain_of_two_roles_is_assumed(sts: Sts, connect: Clients, user: User, trust: str) -> None:
    first = sts.add_role("Hop", path="/first/", trusts=[user.arn])
    second = sts.add_role("Second", account="333333333333", trusts=[trust])
    hop = connect(assume(connect(user), first)["Credentials"])
    assume(hop, second)
    assert sts.calls[-1].caller_arn == "arn:aws:sts::222222222222:assumed-role/Hop/me"
    with refused("AccessDenied", match=denial("arn:aws:sts::222222222222:assumed-role/Hop/me", first)):
        assume(hop, first)


@pytest.mark.parametrize("given", [{}, {"ExternalId": "wrong"}])
def test_external_id_must_match_exactly(
    sts: Sts, connect: Clients, user: User, given: dict[str, str]
) -> None:
    role = sts.add_role("Vendor", trusts=[user.arn], external_id="tenant/42")
    client = connect(user)
    with refused("AccessDenied", match=denial(user.arn, role)):
        assume(client, role, **given)
    assume(client, role, ExternalId="tenant/42")


def test_external_id_not_required_is_accepted(connect: Clients, user: User, role: Role) -> None:
    assume(connect(user), role, ExternalId="tenant/42")


def test_duration_requested_is_granted(sts: Sts, connect: Clients, user: User) -> None:
    role = sts.add_role("Long", trusts=[user.arn], max_session_duration=43200)
    client = connect(user)
    assert 43190 < life(assume(client, role, DurationSeconds=43200)) <= 43200
    assert 890 < life(assume(client, role, DurationSeconds=900)) <= 900


def test_duration_above_the_role_maximum_is_refused(connect: Clients, user: User, role: Role) -> None:
    message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    with refused("ValidationError", match=re.escape(message)):
        assume(connect(user), role, DurationSeconds=3601)


def test_duration_of_a_chained_role_is_at_most_an_hour(
    sts: Sts, connect: Clients, user: User, role: Role
) -> None:
    second = sts.add_role("Second", trusts=[role.arn], max_session_duration=43200)
    hop = connect(assume(connect(user), role)["Credentials"])
    assume(hop, second, DurationSeconds=3600)
    cap = "exceeds the 1 hour session limit for roles assumed by role chaining."
    with refused("ValidationError", match=re.escape(cap)):
        assume(hop, second, DurationSeconds=3601)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            {"RoleSessionName": "a"},
            "Value 'a' at 'roleSessionName' failed.*length greater than or equal to 2",
        ),
        ({"RoleSessionName": "a" * 65}, "'roleSessionName' failed.*length less than or equal to 64"),
        ({"RoleSessionName": "a b"}, r"'roleSessionName' failed.*pattern: \[\\w\+=,\.@-\]\*"),
        ({"RoleSessionName": "åå"}, "'roleSessionName' failed.*pattern"),
        ({"RoleSessionName": "a\x01b"}, "'roleSessionName' failed.*pattern"),
        ({"ExternalId": "x"}, "'externalId' failed"),
        ({"ExternalId": "no blanks"}, "'externalId' failed.*pattern"),
        ({"ExternalId": "x" * 1225}, "'externalId' failed.*less than or equal to 1224"),
        ({"SourceIdentity": "x"}, "'sourceIdentity' failed"),
        ({"SerialNumber": "1234", "TokenCode": "123456"}, "'serialNumber' failed"),
        ({"SerialNumber": "GAHT12345678", "TokenCode": "12345"}, "'tokenCode' failed"),
        ({"SerialNumber": "GAHT12345678", "TokenCode": "abcdef"}, "'tokenCode' failed.*pattern"),
        ({"DurationSeconds": 899}, "Value '899' at 'durationSeconds' .*greater than or equal to 900"),
        ({"DurationSeconds": 43201}, "'durationSeconds' failed.*less than or equal to 43200"),
        ({"RoleArn": "arn:aws:iam::1:role/x"}, "arn:aws:iam::1:role/x is invalid"),
        ({"RoleArn": "arn:aws:iam::222222222222:user/x"}, "user/x is invalid"),
        ({"RoleArn": "arn"}, "'roleArn' failed.*greater than or equal to 20"),
        ({"Tags": [{"Key": "", "Value": "x"}]}, "'tags.1.member.key' failed"),
        ({"Tags": [{"Key": "k" * 129, "Value": "x"}]}, "'tags.1.member.key' failed"),
        ({"Tags": [{"Key": "k", "Value": "x" * 257}]}, "'tags.1.member.value' failed"),
        ({"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]}, "'tags' failed.*equal to 50"),
        ({"RoleSessionName": "a", "DurationSeconds": 1}, "^.*2 validation errors detected: .*; .*"),
    ],
)
def test_parameter_invalid_is_named(
    connect: Clients, user: User, role: Role, wrong: dict[str, Any], words: str
) -> None:
    with refused("ValidationError", match=words):
        assume(connect(user, parameter_validation=False), role, **wrong)


def test_parameter_missing_is_named(connect: Clients, user: User, role: Role) -> None:
    client = connect(user, parameter_validation=False)
    with refused("ValidationError", match="Value null at 'roleSessionName' .*: Member must not be null"):
        client.assume_role(RoleArn=role.arn)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            {"Tags": [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]},
            "Duplicate tag keys found",
        ),
        ({"TransitiveTagKeys": ["team"]}, "transitive tag key must be included in the requested tags"),
    ],
)
def test_tags_invalid_are_refused(
    connect: Clients, user: User, role: Role, wrong: dict[str, Any], words: str
) -> None:
    with refused("InvalidParameterValue", match=words):
        assume(connect(user), role, **wrong)


def test_tags_up_to_fifty_are_accepted(connect: Clients, user: User, role: Role) -> None:
    assume(connect(user), role, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])


def test_tags_and_source_identity_need_their_own_permissions(sts: Sts, connect: Clients, user: User) -> None:
    role = sts.add_role("Plain", trusts=[user.arn], allow_tags=False, allow_source_identity=False)
    client = connect(user)
    assume(client, role)
    with refused("AccessDenied", match=denial(user.arn, role, "sts:TagSession")):
        assume(client, role, Tags=[{"Key": "team", "Value": "a"}])
    with refused("AccessDenied", match=denial(user.arn, role, "sts:SetSourceIdentity")):
        assume(client, role, SourceIdentity="alice")


def test_transitive_tags_are_inherited_through_a_chain(
    sts: Sts, connect: Clients, user: User, role: Role
) -> None:
    """They cannot be set again, and the next role must allow tags even if none are sent."""
    next_role = sts.add_role("Next", trusts=[role.arn])
    plain = sts.add_role("Plain", trusts=[role.arn], allow_tags=False)
    tags = [{"Key": "Team", "Value": "a"}, {"Key": "step", "Value": "1"}]
    answer = assume(connect(user), role, Tags=tags, TransitiveTagKeys=["team"])
    hop = connect(answer["Credentials"])
    assume(hop, next_role, Tags=[{"Key": "step", "Value": "2"}])
    with refused("InvalidParameterValue", match="conflicts with a transitive tag key"):
        assume(hop, next_role, Tags=[{"Key": "team", "Value": "b"}])
    with refused("AccessDenied", match="sts:TagSession"):
        assume(hop, plain)


def test_source_identity_is_kept_through_a_chain(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    next_role = sts.add_role("Next", trusts=[role.arn])
    answer = assume(connect(user), role, SourceIdentity="alice")
    assert answer["SourceIdentity"] == "alice"
    hop = connect(answer["Credentials"])
    assert assume(hop, next_role)["SourceIdentity"] == "alice"
    with refused("AccessDenied", match="source identity is already set"):
        assume(hop, next_role, SourceIdentity="bob")


def test_partition_is_part_of_every_arn(sts: Sts, connect: Clients) -> None:
    user = sts.add_user("wei", partition="aws-cn")
    role = sts.add_role("Reader", trusts=["arn:aws-cn:iam::111111111111:root"], partition="aws-cn")
    answer = assume(connect(user), role)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws-cn:sts::222222222222:assumed-role/Reader/me"


def test_directory_refuses_duplicates(sts: Sts, user: User, role: Role) -> None:
    sts.add_mfa_device(user)
    with pytest.raises(ValueError, match="user/dev already"):
        sts.add_user("dev")
    with pytest.raises(ValueError, match="mfa/dev already"):
        sts.add_mfa_device(user)
    with pytest.raises(ValueError, match="role/CrossAccountPowerUser already"):
        sts.add_role(role.name, trusts=[])
