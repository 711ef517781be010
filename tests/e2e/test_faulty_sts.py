"""STS is down, slow, busy or sends garbage: a clear error, nothing cached, and the next command works."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest

from tests.sts import Role, Sts, User
from tests.support.commands import ONE_TRY, WHOAMI, caller_arn, caller_of, is_session_of, operations
from tests.support.home import Home, Outcome

OPENED = b'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
CLOSED = b"</AssumeRoleResult></AssumeRoleResponse>"
KEYS = b"<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
GOOD_UNTIL = b"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"


def xml(body: bytes) -> Callable[[Sts], None]:
    return lambda sts: sts.answer_garbage(None, body, content_type="text/xml", operation="AssumeRole")


def page(status: int) -> Callable[[Sts], None]:
    """The answer of a captive portal or a broken proxy."""
    return lambda sts: sts.answer_garbage(None, status=status, operation="AssumeRole")


FAULTS: dict[str, Callable[[Sts], None]] = {
    "throttled": lambda sts: sts.throttle(None, "AssumeRole"),
    "dropped": lambda sts: sts.drop_connections(None, "AssumeRole"),
    "the response is lost": lambda sts: sts.drop_connections(None, "AssumeRole", after_work=True),
    "an HTML page": page(200),
    "a bad gateway": page(502),
    "nothing": xml(b""),
    "empty XML": xml(b"<AssumeRoleResponse/>"),
    "truncated": xml(OPENED + b"<Credentials>" + KEYS[:60]),
    "an invalid expiration": xml(
        OPENED + b"<Credentials>" + KEYS + b"<Expiration>soon</Expiration></Credentials>" + CLOSED
    ),
    **{
        f"the expiration {moment}": xml(
            OPENED
            + b"<Credentials>"
            + KEYS
            + b"<Expiration>%s</Expiration></Credentials>" % moment.encode()
            + CLOSED
        )
        for moment in ("1e400", "nan", "-1e400")
    },
    "empty keys": xml(
        OPENED + b"<Credentials><AccessKeyId/><SecretAccessKey/><SessionToken/>" + GOOD_UNTIL + CLOSED
    ),
    "no token": xml(OPENED + b"<Credentials>" + KEYS[: KEYS.index(b"<SessionToken>")] + GOOD_UNTIL + CLOSED),
    "already expired": xml(
        OPENED
        + b"<Credentials>"
        + KEYS
        + b"<Expiration>2020-01-01T00:00:00Z</Expiration></Credentials>"
        + CLOSED
    ),
}


def assert_error(outcome: Outcome, role: Role) -> None:
    assert (outcome.code, outcome.stdout) == (255, "")
    assert role.arn in outcome.stderr
    assert "profile prod" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def assert_nothing_is_cached(home: Home) -> None:
    assert home.records() == []
    assert not (home.aws_dir / "cli").exists(), "the stock CLI's cache was written"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_sts_fault_is_an_error_that_names_profile_and_role_and_is_not_kept(
    home: Home, sts: Sts, role: Role, prod: str, fault: Callable[[Sts], None]
) -> None:
    fault(sts)
    assert_error(home.aws(*WHOAMI, "--profile", prod, environment=ONE_TRY), role)
    assert operations(sts) == ["AssumeRole"]
    assert_nothing_is_cached(home)
    sts.clear_faults()
    assert is_session_of(role, caller_of(home, prod))


def test_sts_that_does_not_listen_is_an_error(home: Home, role: Role, prod: str) -> None:
    with socket.socket() as bound:  # so that no other server gets its port meanwhile
        bound.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{bound.getsockname()[1]}"
        environment = {**ONE_TRY, "AWS_ENDPOINT_URL_STS": closed}
        outcome = home.aws(*WHOAMI, "--profile", prod, environment=environment)
    assert_error(outcome, role)
    assert closed in outcome.stderr
    assert "STS cannot be reached" in outcome.stderr
    assert_nothing_is_cached(home)
    assert is_session_of(role, caller_of(home, prod))


def test_sts_that_does_not_answer_is_an_error(home: Home, sts: Sts, role: Role, prod: str) -> None:
    sts.hang("AssumeRole", times=None)
    outcome = home.aws(*WHOAMI, "--profile", prod, "--cli-read-timeout", "1", environment=ONE_TRY)
    assert_error(outcome, role)
    assert_nothing_is_cached(home)
    sts.clear_faults()
    assert is_session_of(role, caller_of(home, prod))


def test_sts_fault_that_is_transient_is_retried_silently(home: Home, sts: Sts, role: Role, prod: str) -> None:
    """botocore itself retries."""
    sts.throttle(1, "AssumeRole")
    assert is_session_of(role, caller_of(home, prod))
    assert operations(sts) == ["AssumeRole", "AssumeRole", "GetCallerIdentity"]


def test_access_denied_names_the_role_the_caller_and_what_to_check(
    home: Home, sts: Sts, role: Role, prod: str, user: User
) -> None:
    role.external_id = "tenant/42"
    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert_error(outcome, role)
    assert f"User: {user.arn} is not authorized to perform: sts:AssumeRole on resource: {role.arn}" in (
        outcome.stderr
    )
    assert "aws configure role verify prod" in outcome.stderr
    assert_nothing_is_cached(home)
    home.write_config("")
    home.add_role("prod", role.arn, external_id="tenant/42")
    assert is_session_of(role, caller_of(home, prod))
    assert len(sts.calls_of("AssumeRole")) == 2


def test_duration_above_the_role_maximum_is_an_error(home: Home, role: Role) -> None:
    role.max_session_duration = 3600
    home.add_role("prod", role.arn, duration_seconds=7200)
    outcome = home.aws(*WHOAMI, "--profile", "prod")
    assert_error(outcome, role)
    assert "exceeds the MaxSessionDuration set for this role" in outcome.stderr
    assert_nothing_is_cached(home)


@pytest.mark.parametrize(("offset", "direction"), [(3600, "behind"), (-3600, "ahead of")])
def test_clock_skew_that_sts_rejects_is_named(
    home: Home, sts: Sts, role: Role, prod: str, offset: float, direction: str
) -> None:
    sts.clock_offset = offset
    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert_error(outcome, role)
    assert re.search(rf"The local clock is 3\d\d\d s {direction} the service's; correct it", outcome.stderr)


def test_chain_error_names_the_hop_that_failed(home: Home, sts: Sts, role: Role, prod: str) -> None:
    last = sts.add_role("Last", account="333333333333", trusts=[])
    home.add_role("last", last.arn, source_profile=prod)
    outcome = home.aws(*WHOAMI, "--profile", "last")
    assert outcome.code == 255
    assert f"while assuming {last.arn} for profile last from prod" in outcome.stderr
    assert len(home.records()) == 1, "the first hop was not at fault"
    last.trusts.append(role.arn)
    assert is_session_of(last, caller_of(home, "last"))
    assert len(sts.calls_of("AssumeRole")) == 3


def test_sts_message_is_escaped_for_the_terminal(home: Home, sts: Sts, prod: str) -> None:
    sts.fail("AssumeRole", None, 403, "AccessDenied", "no\u009b31m\u202e way\u0085")
    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert outcome.code == 255
    assert all(character.isprintable() for character in outcome.stderr.replace("\n", ""))


def test_sts_outage_does_not_affect_a_profile_without_a_role(home: Home, sts: Sts, user: User) -> None:
    sts.throttle(None, "AssumeRole")
    assert caller_arn(home.aws(*WHOAMI)) == user.arn


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>\x1b[31mLog in</html>"),
        (403, b"<html>\x1b[31mLog in</html>"),
        (200, b"<ListMFADevicesResponse/>"),
        (200, bytes(range(256))),
    ],
)
def test_answer_that_is_not_of_aws_is_no_bug(
    home: Home, sts: Sts, role: Role, status: int, body: bytes
) -> None:
    """Of a proxy's page it was "unexpected ResponseParserError", with the whole page in it."""
    sts.answer_garbage(None, body, content_type="text/xml", status=status)
    find = ("configure", "role", "prod", "--role-arn", role.arn, "--mfa-serial", "auto")
    for outcome in (home.aws(*find), home.xacct("keys", "rotate", "default", "--yes")):
        assert (outcome.code, outcome.stdout) == (254, "")
        assert (
            outcome.lines[-1]
            .removeprefix("xacct: ")
            .startswith("an answer of AWS cannot be read; a proxy or")
        )
    assert "[profile prod]" not in home.config.read_text("utf-8")
