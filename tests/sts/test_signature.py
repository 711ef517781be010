"""Request signatures: real clients are accepted, and invalid signatures are refused with the reason."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from . import Role, Sts, User
from .clients import Clients, refused

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"


def post(sts: Sts, body: str, headers: dict[str, str]) -> tuple[int, str]:
    """Send a form, unsigned unless `headers` has a signature."""
    connection = http.client.HTTPConnection(urlsplit(sts.url).netloc, timeout=120)
    try:
        connection.request("POST", "/", body, {**FORM, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def signed_headers(connect: Clients, user: User) -> dict[str, str]:
    """Return the headers of a request that was accepted."""
    sent: list[dict[str, str]] = []

    def remember(request: Any, **_: Any) -> None:
        sent.append({name: _text(value) for name, value in request.headers.items()})

    client = connect(user)
    client.meta.events.register("before-send.sts", remember)
    client.get_caller_identity()
    return {name: sent[0][name] for name in ("Authorization", "X-Amz-Date", "Content-Type")}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_signature_valid_is_accepted(connect: Clients, user: User) -> None:
    answer = connect(user).get_caller_identity()
    assert answer["Arn"] == "arn:aws:iam::111111111111:user/dev"
    assert answer["Account"] == "111111111111"
    assert answer["UserId"].startswith("AIDA")
    assert answer["ResponseMetadata"]["RequestId"]


def test_signature_with_temporary_credentials_is_accepted(connect: Clients, user: User, role: Role) -> None:
    answer = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")
    identity = connect(answer["Credentials"]).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::222222222222:assumed-role/CrossAccountPowerUser/me"
    assert identity["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert identity["Account"] == "222222222222"


def test_signature_with_a_wrong_secret_is_refused_and_recorded(
    sts: Sts, connect: Clients, user: User
) -> None:
    client = connect({"AccessKeyId": user.access_key, "SecretAccessKey": "wrong"})
    with refused("SignatureDoesNotMatch", match="does not match the signature you provided"):
        client.get_caller_identity()
    (call,) = sts.calls
    assert (call.operation, call.caller_arn, call.status) == ("GetCallerIdentity", user.arn, 403)
    assert call.error == "SignatureDoesNotMatch"


def test_access_key_unknown_is_refused(sts: Sts, connect: Clients) -> None:
    client = connect({"AccessKeyId": "AKIAUNKNOWN", "SecretAccessKey": "any"})
    with refused("InvalidClientTokenId", match="The security token included in the request is invalid"):
        client.get_caller_identity()
    assert (sts.calls[0].caller_arn, sts.calls[0].access_key) == ("", "AKIAUNKNOWN")


def test_access_key_disabled_is_refused_until_enabled(connect: Clients, user: User) -> None:
    client = connect(user)
    user.disable_key()
    with refused("InvalidClientTokenId"):
        client.get_caller_identity()
    user.enable_key()
    client.get_caller_identity()


def test_access_key_rotated_replaces_the_old_one(connect: Clients, user: User) -> None:
    before = connect(user)
    user.rotate_key()
    with refused("InvalidClientTokenId"):
        before.get_caller_identity()
    connect(user).get_caller_identity()


def test_session_outlives_its_access_key(connect: Clients, user: User, role: Role) -> None:
    answer = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")
    user.disable_key()
    connect(answer["Credentials"]).get_caller_identity()


@pytest.mark.parametrize("token", [None, "wrong"])
def test_session_token_must_match_its_key(
    connect: Clients, user: User, role: Role, token: str | None
) -> None:
    answer = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")
    client = connect({**answer["Credentials"], "SessionToken": token})
    with refused("InvalidClientTokenId"):
        client.get_caller_identity()


def test_session_token_with_a_long_term_key_is_refused(connect: Clients, user: User) -> None:
    client = connect(
        {"AccessKeyId": user.access_key, "SecretAccessKey": user.secret_key, "SessionToken": "any"}
    )
    with refused("InvalidClientTokenId"):
        client.get_caller_identity()


def test_session_expired_is_refused(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    client = connect(user)
    session = connect(client.assume_role(RoleArn=role.arn, RoleSessionName="me")["Credentials"])
    sts.expire_all_sessions()
    with refused("ExpiredToken", match="The security token included in the request is expired"):
        session.get_caller_identity()
    client.get_caller_identity()


def test_access_key_revoked_is_unknown(sts: Sts, connect: Clients, user: User, role: Role) -> None:
    credentials = connect(user).assume_role(RoleArn=role.arn, RoleSessionName="me")["Credentials"]
    for key, client in (
        (credentials["AccessKeyId"], connect(credentials)),
        (user.access_key, connect(user)),
    ):
        sts.revoke(key)
        with refused("InvalidClientTokenId"):
            client.get_caller_identity()
    with pytest.raises(KeyError):
        sts.revoke("AKIAUNKNOWN")


def test_request_without_authorization_is_refused(sts: Sts) -> None:
    status, body = post(sts, IDENTITY, {})
    assert status == 403
    assert "<Code>MissingAuthenticationToken</Code>" in body
    assert (sts.calls[0].access_key, sts.calls[0].error) == ("", "MissingAuthenticationToken")


def test_request_replayed_is_accepted_but_not_if_changed(sts: Sts, connect: Clients, user: User) -> None:
    headers = signed_headers(connect, user)
    assert post(sts, IDENTITY, headers)[0] == 200
    status, body = post(sts, IDENTITY.replace("GetCallerIdentity", "GetSessionToken"), headers)
    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in body


@pytest.mark.parametrize(
    ("header", "old", "new", "status", "code"),
    [
        ("Authorization", "AWS4-HMAC-SHA256", "AWS3", 400, "IncompleteSignature"),
        ("X-Amz-Date", "T", " ", 400, "IncompleteSignature"),
        ("Authorization", ";x-amz-date", "", 403, "SignatureDoesNotMatch"),
        ("Authorization", "host;", "", 403, "SignatureDoesNotMatch"),
        ("Authorization", "/sts/", "/iam/", 403, "SignatureDoesNotMatch"),
        ("Authorization", "/us-east-1/", "/eu-west-1/", 403, "SignatureDoesNotMatch"),
        ("Authorization", "/20", "/19", 403, "SignatureDoesNotMatch"),
    ],
)
def test_header_changed_is_refused(
    sts: Sts, connect: Clients, user: User, header: str, old: str, new: str, status: int, code: str
) -> None:
    headers = signed_headers(connect, user)
    changed = headers[header].replace(old, new, 1)
    assert changed != headers[header]
    answer = post(sts, IDENTITY, {**headers, header: changed})
    assert answer[0] == status
    assert f"<Code>{code}</Code>" in answer[1]


def test_operation_unknown_is_refused(connect: Clients, user: User) -> None:
    with refused("InvalidAction", match="DecodeAuthorizationMessage"):
        connect(user).decode_authorization_message(EncodedMessage="x")
