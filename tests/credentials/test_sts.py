"""What STS's answers and errors mean, with botocore's own clients and a real server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime, formatdate
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoRegionError,
    ProxyConnectionError,
    ReadTimeoutError,
)

from awscli_xacct import aws_errors
from awscli_xacct.credentials import sts as ours
from awscli_xacct.credentials.sts import Keys, Sts, add_place
from tests.credentials.world import calling
from tests.sts import MfaDevice, Role, User
from tests.sts import Sts as Server

NOW = 1_800_000_000.0
PARTS = ("AccessKeyId", "SecretAccessKey", "SessionToken")
Connect = Callable[..., Sts]


@pytest.fixture
def connect(sts: Server, session: Any) -> Iterator[Connect]:
    """Return STS for a caller whose clock is off by `off` seconds."""
    with ExitStack() as stack:

        def create_client(service: str, **options: Any) -> Any:
            return stack.enter_context(closing(session.create_client(service, **calling(sts, options))))

        def connect(caller: User | Keys, *, off: float = 0.0, quick: bool = False) -> Sts:
            if isinstance(caller, User):
                caller = Keys(caller.access_key, caller.secret_key, None)
            return Sts(
                create_client, caller, region="us-east-1", quick=quick, clock=lambda: time.time() + off
            )

        yield connect


def assume(role: Role, **more: Any) -> dict[str, Any]:
    return {"RoleArn": role.arn, "RoleSessionName": "me", **more}


# -- credentials -----------------------------------------------------------------------------------


def test_assume_role_returns_the_account(sts: Server, connect: Connect, user: User, role: Role) -> None:
    issued = connect(user).assume_role(assume(role))
    session = sts.find_key(issued.access_key)
    assert session is not None
    assert (issued.secret_key, issued.token) == (session.secret_key, session.session_token)
    assert issued.account == "222222222222"


def test_get_session_token_is_the_users_session(connect: Connect, user: User, device: MfaDevice) -> None:
    issued = connect(user).get_session_token(
        {"SerialNumber": device.serial, "TokenCode": device.next_code(), "DurationSeconds": 1800}
    )
    assert issued.expiry - issued.metadata["obtained"] == pytest.approx(1800, abs=2)
    assert issued.account is None
    caller = connect(Keys(issued.access_key, issued.secret_key, issued.token))
    assert caller.caller_arn() == user.arn


def test_caller_arn_is_the_users(connect: Connect, user: User) -> None:
    assert connect(user).caller_arn() == user.arn


@pytest.mark.parametrize("theirs", [-7200, 0, 7200], ids=lambda off: f"service {off:+} s")
@pytest.mark.parametrize("mine", [-7200, 0, 7200], ids=lambda off: f"we {off:+} s")
def test_expiry_follows_the_lifetime_whatever_the_clocks(
    sts: Server, connect: Connect, user: User, role: Role, mine: float, theirs: float
) -> None:
    """They expire when the service says, an hour after it answered; our own clock is compared with that."""
    sts.clock_offset = theirs
    sts.max_clock_skew = None
    issued = connect(user, off=mine).assume_role(assume(role, DurationSeconds=1800))
    assert issued.metadata["obtained"] == pytest.approx(time.time() + mine, abs=10)
    assert issued.expiry - issued.metadata["obtained"] == pytest.approx(1800, abs=2)


# -- odd answers -----------------------------------------------------------------------------------


class Answering:
    """A client creator whose client gives this answer to everything."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.options: list[dict[str, Any]] = []

    def __call__(self, service: str, **options: Any) -> Any:
        self.options.append({"service": service, **options})
        return self

    def assume_role(self, **_: Any) -> Any:
        return self._answer

    get_session_token = assume_role


def made(answer: Any) -> Sts:
    keys = Keys("AKIA1", "secret", None)
    return Sts(Answering(answer), keys, region="us-east-1", quick=False, clock=lambda: NOW)


def answer(expiration: Any = None, date: Any = None, **credentials: Any) -> dict[str, Any]:
    headers = {"date": formatdate(NOW, usegmt=True) if date is None else date}
    given = {
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": datetime.fromtimestamp(NOW + 3600, timezone.utc) if expiration is None else expiration,
        **credentials,
    }
    return {"Credentials": given, "ResponseMetadata": {"HTTPHeaders": headers}}


@pytest.mark.parametrize(
    "expiration",
    [
        datetime.fromtimestamp(NOW + 3600, timezone.utc),
        datetime.fromtimestamp(NOW + 3600, timezone(timedelta(hours=9))),
        "2027-01-15T09:00:00Z",
        "2027-01-15T18:00:00+09:00",
        NOW + 3600,
        str(int(NOW + 3600)),
    ],
    ids=str,
)
def test_expiration_may_be_a_datetime_or_text(expiration: Any) -> None:
    """The CLI turns off botocore's parsing of times, because it prints them as they were sent."""
    issued = made(answer(expiration)).assume_role({})
    assert (issued.metadata["obtained"], issued.expiry) == (NOW, NOW + 3600)


@pytest.mark.parametrize(
    ("date", "life"),
    [
        pytest.param(formatdate(NOW - 600, usegmt=True), 4200, id="ten minutes ago"),
        pytest.param(
            format_datetime(datetime.fromtimestamp(NOW, timezone(timedelta(hours=9)))), 3600, id="+0900"
        ),
        pytest.param("", 3600, id="empty"),
        pytest.param("soon", 3600, id="a word"),
        pytest.param("Fri, 99 Jan 2027 08:00:00 GMT", 3600, id="no day"),
    ],
)
def test_answer_time_is_the_date_header_or_now(date: str, life: float) -> None:
    assert made(answer(date=date)).assume_role({}).expiry == NOW + life


def test_answer_time_without_headers_is_now() -> None:
    """A stand-in for STS need not send them."""
    whole = answer()
    del whole["ResponseMetadata"]
    assert made(whole).assume_role({}).expiry == NOW + 3600


def test_expiry_is_limited_to_the_longest_session() -> None:
    """STS allows 36 hours at most."""
    assert made(answer("2099-01-01T00:00:00Z")).assume_role({}).expiry == NOW + 129600


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="nothing"),
        pytest.param(None, id="null"),
        pytest.param({"Credentials": None}, id="null credentials"),
        pytest.param({"Credentials": []}, id="a list"),
        *(pytest.param({"Credentials": {"AccessKeyId": "ASIA1"}}, id="a key alone") for _ in "x"),
        pytest.param(answer("soon"), id="ends at a word"),
        pytest.param(answer([]), id="ends at a list"),
        *(
            pytest.param(answer(moment), id=f"ends at {moment}")
            for moment in ("1e400", "nan", "-1e400", 1e308)
        ),
        *(pytest.param(answer(**{part: ""}), id=f"an empty {part}") for part in PARTS),
        *(pytest.param(answer(**{part: None}), id=f"no {part}") for part in PARTS),
        *(pytest.param(answer(**{part: ["x"]}), id=f"a list for a {part}") for part in PARTS),
        pytest.param(answer(SessionToken="token\r\nX-Other: header"), id="a token of two lines"),
    ],
)
@pytest.mark.parametrize("operation", ["AssumeRole", "GetSessionToken"])
def test_answer_without_credentials_is_botocores_error(given: Any, operation: str) -> None:
    caller = made(given)
    with pytest.raises(CredentialRetrievalError) as caught:
        (caller.assume_role if operation == "AssumeRole" else caller.get_session_token)({})
    assert str(caught.value) == (
        f"Error when retrieving credentials from assume-role: the answer to {operation} contains no credentials"
    )


@pytest.mark.parametrize("life", [0, -1, -86400])
def test_answer_with_expired_credentials_is_an_error(life: float) -> None:
    """They would be fetched again and again."""
    ended = datetime.fromtimestamp(NOW + life, timezone.utc)
    with pytest.raises(
        CredentialRetrievalError, match="the answer to AssumeRole contains expired credentials"
    ):
        made(answer(ended)).assume_role({})


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"<html>Please sign in to this hotel</html>", "text/html", id="a hotel"),
        pytest.param(b"", "text/xml", id="nothing"),
        pytest.param(b"\x00\xff", "text/xml", id="noise"),
        pytest.param(b"<AssumeRoleResponse/>", "text/xml", id="an empty answer"),
        pytest.param(
            b"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId></Credentials>"
            b"</AssumeRoleResult></AssumeRoleResponse>",
            "text/xml",
            id="half of an answer",
        ),
    ],
)
def test_garbage_on_the_wire_is_botocores_error(
    sts: Server, connect: Connect, user: User, role: Role, body: bytes, content_type: str
) -> None:
    sts.answer_garbage(times=None, body=body, content_type=content_type)
    with pytest.raises(CredentialRetrievalError, match="the answer to AssumeRole contains no credentials"):
        connect(user, quick=True).assume_role(assume(role))


# -- clients ---------------------------------------------------------------------------------------


def test_client_is_made_by_the_session_with_the_callers_keys() -> None:
    """So that the user's endpoints, proxies and certificates apply."""
    creator = Answering({})
    Sts(creator, Keys("ASIA1", "secret", "token"), region="us-east-1", quick=False)
    assert creator.options == [
        {
            "service": "sts",
            "aws_access_key_id": "ASIA1",
            "aws_secret_access_key": "secret",
            "aws_session_token": "token",
        }
    ]


def test_region_missing_is_the_one_given() -> None:
    """IAM and S3 need no region, and must not fail because STS does."""
    creator = Answering({})

    def create_client(service: str, **options: Any) -> Any:
        if "region_name" not in options:
            raise NoRegionError
        return creator(service, **options)

    Sts(create_client, Keys("AKIA1", "secret", None), region="eu-west-1", quick=False)
    assert [options["region_name"] for options in creator.options] == ["eu-west-1"]


def test_quick_calls_give_up_soon() -> None:
    """The old credentials are still valid: no command should wait for a minute, times five attempts."""
    creator = Answering({})
    for quick in (True, False):
        Sts(creator, Keys("AKIA1", "secret", None), region="us-east-1", quick=quick)
    hurried, patient = (options.get("config") for options in creator.options)
    assert patient is None
    assert hurried is not None
    assert (hurried.connect_timeout, hurried.read_timeout) == (3, 5)
    assert hurried.retries["total_max_attempts"] == 2


def test_quick_config_is_not_shared(session: Any) -> None:
    creator = Answering({})
    for create_client in (session.create_client, creator):
        Sts(
            lambda service, **options: create_client(service, **{"region_name": "us-east-1", **options}),  # noqa: B023
            Keys("AKIA1", "secret", None),
            region="us-east-1",
            quick=True,
        )
    assert creator.options[0]["config"].retries == {"total_max_attempts": 2}


# -- errors ----------------------------------------------------------------------------------------


def error_of(call: Callable[[], object]) -> Exception:
    with pytest.raises((ClientError, BotoCoreError)) as caught:
        call()
    error: Exception = caught.value
    return error


def meanings(error: Exception) -> set[str]:
    """Return everything that an error means."""
    tests = (
        aws_errors.is_refused_code,
        aws_errors.is_expired_or_unknown_caller,
        aws_errors.is_denied,
        aws_errors.is_too_long,
        ours.is_unavailable,
    )
    return {test.__name__ for test in tests if test(error)}


def test_refused_code_differs_from_other_denials(
    sts: Server, connect: Connect, user: User, device: MfaDevice, role: Role
) -> None:
    caller = connect(user)
    wrong = {"SerialNumber": device.serial, "TokenCode": device.wrong_code()}
    assert meanings(error_of(lambda: caller.get_session_token(wrong))) == {"is_refused_code", "is_denied"}
    assert meanings(error_of(lambda: caller.assume_role(assume(role, **wrong)))) == {
        "is_refused_code",
        "is_denied",
    }
    used = {"SerialNumber": device.serial, "TokenCode": device.used_code()}
    assert meanings(error_of(lambda: caller.get_session_token(used))) == {"is_refused_code", "is_denied"}
    stranger = connect(sts.add_user("stranger"))
    assert meanings(error_of(lambda: stranger.assume_role(assume(role)))) == {"is_denied"}


def test_rejected_caller_differs_from_a_denied_role(
    sts: Server, connect: Connect, user: User, role: Role
) -> None:
    issued = connect(user).assume_role(assume(role))
    session = connect(Keys(issued.access_key, issued.secret_key, issued.token))
    sts.expire_all_sessions()
    assert meanings(error_of(session.caller_arn)) == {"is_expired_or_unknown_caller"}
    sts.revoke(issued.access_key)
    assert meanings(error_of(session.caller_arn)) == {"is_expired_or_unknown_caller"}
    sts.revoke(user.access_key)
    assert meanings(error_of(connect(user).caller_arn)) == {"is_expired_or_unknown_caller"}


def test_duration_over_the_maximum_is_recognized(sts: Server, connect: Connect, user: User) -> None:
    short = sts.add_role("Short", trusts=[user.arn], max_session_duration=3600)
    error = error_of(lambda: connect(user).assume_role(assume(short, DurationSeconds=3601)))
    assert meanings(error) == {"is_too_long"}


def test_other_request_errors_mean_none_of_these(connect: Connect, user: User, role: Role) -> None:
    error = error_of(lambda: connect(user).assume_role(assume(role, ExternalId="?!")))
    assert meanings(error) == set()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
        (400, "Throttling"),
        (429, "TooManyRequestsException"),
    ],
)
def test_unavailable_service_is_recognized(
    sts: Server, connect: Connect, user: User, role: Role, status: int, code: str
) -> None:
    sts.fail(times=None, status=status, code=code)
    assert meanings(error_of(lambda: connect(user, quick=True).assume_role(assume(role)))) == {
        "is_unavailable"
    }


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EndpointConnectionError(endpoint_url="https://sts"), id="no address"),
        pytest.param(ConnectTimeoutError(endpoint_url="https://sts"), id="no connection"),
        pytest.param(ProxyConnectionError(proxy_url="http://proxy"), id="no proxy"),
        pytest.param(ReadTimeoutError(endpoint_url="https://sts"), id="no answer"),
        pytest.param(ConnectionClosedError(endpoint_url="https://sts"), id="half an answer"),
    ],
)
def test_unreachable_service_is_recognized(error: Exception) -> None:
    assert meanings(error) == {"is_unavailable"}


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("Error"), NoRegionError(), ClientError({}, "X")])
def test_error_without_a_response_means_nothing(error: Exception) -> None:
    assert meanings(error) == set()


HOSTILE = "denied\x1b[2J\x07\r\u202e for you\nsecond line"


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDenied", "Message": HOSTILE}}, "AssumeRole"),
        CredentialRetrievalError(provider="assume-role", error_msg=HOSTILE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_add_place_keeps_the_error_and_escapes_its_text(
    error: Any,
) -> None:
    kind, response = type(error), getattr(error, "response", None)
    add_place(error, "while assuming R for profile prod from default", "prod")
    first, *rest = str(error).split("\n")
    assert first.endswith(r"denied\x1b[2J\x07")
    assert rest == [r"\u202e for you", "second line", "while assuming R for profile prod from default"]
    assert all(line.isprintable() for line in [first, *rest])
    assert (type(error), getattr(error, "response", None)) == (kind, response)
    assert not aws_errors.is_refused_code(error)


def test_add_place_changes_only_botocores_errors() -> None:
    """Other errors are bugs in this package, or in the caller: they stay as they are."""
    error = ValueError("x", 1)
    add_place(error, "place", "prod")
    assert error.args == ("x", 1)


def test_repr_of_a_record_shows_no_secret() -> None:
    issued = made(answer(SecretAccessKey="s3cret", SessionToken="t0ken")).assume_role({})
    assert "s3cret" not in repr(issued)
    assert "t0ken" not in repr(issued)
