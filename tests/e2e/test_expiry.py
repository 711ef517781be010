"""How long credentials are used: until they expire by the service's clock, and no longer."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from awscli_xacct.storage.cache import Cache, Record
from tests.cli.steps import age_config_files
from tests.sts import Role, Sts, User
from tests.support.clock import Clock
from tests.support.commands import (
    ONE_TRY,
    WHOAMI,
    caller_arn,
    caller_of,
    is_session_of,
    make_refresh_due,
    operations,
    read_record,
)
from tests.support.fixed_answer import serve_answer
from tests.support.home import Home

HOUR = 3600.0


@pytest.mark.parametrize("offset", [HOUR, -HOUR], ids=["behind", "ahead"])
def test_clock_an_hour_off_changes_nothing(
    home: Home, sts: Sts, clock: Clock, role: Role, prod: str, offset: float
) -> None:
    sts.clock_offset, sts.max_clock_skew = offset, None
    for _ in range(2):
        assert is_session_of(role, caller_of(home, prod))
    assert len(sts.calls_of("AssumeRole")) == 1

    clock.advance(int(HOUR))
    assert is_session_of(role, caller_of(home, prod))
    assert len(sts.calls_of("AssumeRole")) == 2


def test_expired_session_is_never_served(home: Home, sts: Sts, clock: Clock, role: Role, prod: str) -> None:
    assert is_session_of(role, caller_of(home, prod))
    clock.advance(int(HOUR))
    sts.fail("AssumeRole", status=503)
    outcome = home.aws(*WHOAMI, "--profile", prod, environment=ONE_TRY)
    assert (outcome.code, outcome.stdout) == (255, "")
    assert operations(sts)[2:] == ["AssumeRole"]
    assert is_session_of(role, caller_of(home, prod))


def test_refresh_replaces_credentials_near_expiry(home: Home, sts: Sts, role: Role, prod: str) -> None:
    caller_of(home, prod)
    make_refresh_due(home)
    for _ in range(2):
        assert is_session_of(role, caller_of(home, prod))
    first, second, third = sts.calls_of("GetCallerIdentity")
    assert first.access_key != second.access_key == third.access_key
    assert len(sts.calls_of("AssumeRole")) == 2


TOKEN = ("eks", "get-token", "--cluster-name", "c")
URL = ("s3", "presign", "s3://b/k", "--expires-in", "800")
LOGIN = ("rds", "generate-db-auth-token", "--hostname", "h", "--port", "1", "--username", "u")


def make_session(home: Home, role: Role, life: int, left: float) -> tuple[Path, Record]:
    """Make a session of a profile `prod` with so many seconds left; return its cache file and record."""
    home.add_role("prod", role.arn, duration_seconds=life)
    caller_of(home, "prod")
    (path,) = home.records()
    record = read_record(path)
    assert record is not None
    passed = record.expiry - time.time() - left
    record = record._replace(
        expiry=record.expiry - passed,
        refresh_at=record.refresh_at - passed,
        metadata={**record.metadata, "obtained": float(record.metadata["obtained"]) - passed},
    )
    Cache(home.cache, warn=pytest.fail).write(path.stem, record)
    return path, record


@pytest.mark.parametrize(
    ("life", "left", "command", "refreshed"),
    [
        (3600, 700, TOKEN, True),
        (3600, 1000, TOKEN, False),
        (900, 500, TOKEN, True),
        (900, 860, TOKEN, False),
        (1200, 800, URL, True),
        (900, 500, LOGIN, True),
        (900, 500, WHOAMI, False),
    ],
)
def test_refresh_precedes_what_would_outlive_the_session(
    home: Home, sts: Sts, role: Role, life: int, left: float, command: tuple[str, ...], refreshed: bool
) -> None:
    """A token for EKS claims to be valid for 14 minutes, whatever session signed it.

    Short sessions are used for half their life, but not to sign such a token, where a new one would last longer.
    """
    path, record = make_session(home, role, life, left)
    outcome = home.aws(*command, "--profile", "prod")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert len(sts.calls_of("AssumeRole")) == 1 + refreshed
    new = read_record(path)
    assert new is not None
    assert (new.access_key != record.access_key) is refreshed
    if command != WHOAMI:
        shown = outcome.stdout
        if command == TOKEN:
            token = json.loads(shown)["status"]["token"].removeprefix("k8s-aws-v1.")
            shown = base64.urlsafe_b64decode(token + "==").decode()
        assert f"Credential={new.access_key}%2F" in shown or f"AWSAccessKeyId={new.access_key}&" in shown


def test_refresh_precedes_a_token_where_a_memo_leads_to_the_session(home: Home, role: Role) -> None:
    path, record = make_session(home, role, 900, 500)
    age_config_files(home)
    assert home.aws(*WHOAMI, "--profile", "prod").code == 0
    assert read_record(path) == record
    assert home.aws(*TOKEN, "--profile", "prod").code == 0
    new = read_record(path)
    assert new is not None
    assert new.access_key != record.access_key


def test_refresh_before_a_token_that_fails_changes_nothing(home: Home, sts: Sts, role: Role) -> None:
    path, record = make_session(home, role, 900, 500)
    sts.fail("AssumeRole", times=None, status=503)
    outcome = home.aws(*TOKEN, "--profile", "prod")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert read_record(path) == record


@pytest.mark.parametrize("fault", ["unreachable", "throttled", "denied", "garbage"])
def test_refresh_that_fails_keeps_credentials_in_use_until_expiry(
    home: Home, sts: Sts, role: Role, prod: str, fault: str
) -> None:
    caller_of(home, prod)
    make_refresh_due(home)
    match fault:
        case "unreachable":
            sts.drop_connections(None, "AssumeRole")
        case "throttled":
            sts.throttle(None, "AssumeRole")
        case "denied":
            role.trusts.clear()
        case _:
            sts.answer_garbage(None, operation="AssumeRole")
    outcome = home.aws(*WHOAMI, "--profile", prod, environment=ONE_TRY)
    assert is_session_of(role, caller_arn(outcome))
    assert outcome.stderr == ""
    first, second = sts.calls_of("GetCallerIdentity")
    assert first.access_key == second.access_key
    assert len(sts.calls_of("AssumeRole")) > 1


def test_refresh_that_hangs_does_not_block_other_commands(
    home: Home, sts: Sts, role: Role, prod: str
) -> None:
    caller_of(home, prod)
    make_refresh_due(home)
    with sts.hold("AssumeRole", times=1) as held:
        renewing = home.fork(*WHOAMI, "--profile", prod)
        held.wait_for(1)
        assert is_session_of(role, caller_of(home, prod))
    stdout, stderr = renewing.communicate(timeout=120)
    assert (renewing.returncode, stderr) == (0, "")
    assert stdout
    # The hung attempt times out after some seconds and is retried once, which a slow machine may still see.
    assert len(sts.calls_of("AssumeRole")) in (2, 3)


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_rejected_session_is_dropped_and_replaced_by_the_next_command(
    home: Home, sts: Sts, role: Role, prod: str, end: str
) -> None:
    caller_of(home, prod)
    if end == "revoked":
        sts.revoke(sts.calls_of("GetCallerIdentity")[0].access_key)
    else:
        sts.expire_all_sessions()
    home.aws(*WHOAMI, "--profile", prod)
    assert is_session_of(role, caller_of(home, prod))
    assert len(sts.calls_of("AssumeRole")) == 2


def test_rejected_session_is_dropped_after_s3_answers_without_an_error_code(
    home: Home, sts: Sts, role: Role, prod: str
) -> None:
    """S3 answers HEAD without a body: every command failed until the record expired."""
    caller_of(home, prod)
    sts.revoke(sts.calls_of("GetCallerIdentity")[0].access_key)
    with serve_answer(403, b"") as (url, got):
        outcome = home.aws(
            *("s3api", "head-object", "--bucket", "b", "--key", "k", "--profile", prod),
            environment={"AWS_ENDPOINT_URL_S3": url, **ONE_TRY},
        )
    assert outcome.code != 0
    assert [request.split()[0] for request in got] == ["HEAD"]
    assert home.records() == []
    assert is_session_of(role, caller_of(home, prod))


def test_rejected_session_of_a_hop_is_dropped(home: Home, sts: Sts, role: Role, prod: str) -> None:
    last = sts.add_role("Last", account="333333333333", trusts=[role.arn])
    home.add_role("last", last.arn, source_profile=prod)
    caller_of(home, prod)
    sts.expire_all_sessions()
    home.aws(*WHOAMI, "--profile", "last")
    assert is_session_of(last, caller_of(home, "last"))


def test_disabled_key_gives_no_new_sessions(home: Home, sts: Sts, prod: str, user: User) -> None:
    user.disable_key()
    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert (outcome.code, outcome.stdout) == (255, "")
    assert "InvalidClientTokenId" in outcome.stderr
    assert "for profile prod from default" in outcome.stderr
    assert home.records() == []
    user.enable_key()
    caller_of(home, prod)
    assert len(sts.calls_of("AssumeRole")) == 2
