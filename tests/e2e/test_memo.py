"""`aws` with a memo of its profile: as right as without one, in a shorter time.

What a warm command loads is in tests/test_imports.py, and that a memo never answers for other settings is a property
in tests/credentials/test_memo.py. Here is what else a command has to do.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

import pytest

from tests.sts import Role, Sts, User
from tests.support.clock import Clock
from tests.support.commands import (
    DISABLED,
    WHOAMI,
    caller_arn,
    caller_of,
    is_session_of,
    operations,
    read_record,
    run,
)
from tests.support.home import XACCT, Home, finish

REMEMBER = """
import sys
from awscli_xacct import __version__, settings
from awscli_xacct.cli.resolve import resolve
from awscli_xacct.storage.memo import read_memo
settings.MEMO_TICK = 0
resolve(sys.argv[1])
assert read_memo(sys.argv[1], __version__)
"""
"""Writes a memo at once, where a command would not trust files that have just been written."""


def remember(home: Home, profile: str) -> None:
    """Write the memo of a profile."""
    outcome = run(home, str(XACCT.with_name("python")), "-c", REMEMBER, profile)
    assert (outcome.code, outcome.stderr) == (0, "")


@pytest.fixture
def warm(home: Home, sts: Sts, prod: str) -> str:
    """The profile `prod` with cached credentials and a memo."""
    caller_of(home, prod)
    remember(home, prod)
    sts.clear_calls()
    return prod


def test_memo_is_written_by_one_aws_and_used_by_the_next_and_by_xacct(
    home: Home, sts: Sts, role: Role, prod: str
) -> None:
    """Once the files are old enough. A process that reads no config file cannot have resolved the profile."""
    caller_of(home, prod)
    time.sleep(2.1)
    caller_of(home, prod)
    [memo] = (home.aws_dir / "xacct" / "resolved").iterdir()
    written = memo.stat().st_mtime_ns
    assert is_session_of(role, caller_of(home, prod))
    document = home.xacct("credentials", prod)
    assert document.code == 0
    assert memo.stat().st_mtime_ns == written
    assert operations(sts) == ["AssumeRole", *["GetCallerIdentity"] * 3]


def _edit_role(home: Home, role: Role, other: Role) -> None:
    home.config.write_text(home.config.read_text("utf-8").replace(role.arn, other.arn), "utf-8")


def _rename_another_config(home: Home, role: Role, other: Role) -> None:
    new = home.config.with_name("new")
    new.write_text(home.config.read_text("utf-8").replace(role.arn, other.arn), "utf-8")
    os.utime(new, (0, 0))
    new.replace(home.config)


def _name_another_config(home: Home, role: Role, other: Role) -> None:
    new = home.path / "new"
    new.write_text(home.config.read_text("utf-8").replace(role.arn, other.arn), "utf-8")
    home.environment["AWS_CONFIG_FILE"] = str(new)


def _change_home(home: Home, role: Role, other: Role) -> None:
    new = Home(home.path / "new", home.environment["AWS_ENDPOINT_URL_STS"])
    new.config.write_text(home.config.read_text("utf-8").replace(role.arn, other.arn), "utf-8")
    new.credentials.write_bytes(home.credentials.read_bytes())
    home.environment["HOME"] = str(new.path)


@pytest.mark.parametrize("change", [_edit_role, _rename_another_config, _name_another_config, _change_home])
def test_memo_is_not_used_once_the_profile_is_another_role(
    home: Home, sts: Sts, role: Role, user: User, warm: str, change: Callable[[Home, Role, Role], None]
) -> None:
    other = sts.add_role("Other", account="333333333333", trusts=[user.arn])
    change(home, role, other)
    assert is_session_of(other, caller_of(home, warm))


def test_memo_is_not_used_once_the_source_is_another_user(
    home: Home, sts: Sts, role: Role, warm: str
) -> None:
    bob = sts.add_user("bob")
    role.trusts.append(bob.arn)
    home.credentials.unlink()
    home.add_keys(bob)
    assert is_session_of(role, caller_of(home, warm))
    assert [call.access_key for call in sts.calls_of("AssumeRole")] == [bob.access_key]


def test_memo_does_not_change_who_wins(home: Home, role: Role, user: User, warm: str) -> None:
    """Keys in the environment before AWS_PROFILE, and `--profile` before both."""
    keys = {"AWS_ACCESS_KEY_ID": user.access_key, "AWS_SECRET_ACCESS_KEY": user.secret_key}
    named = {"AWS_PROFILE": warm}
    assert caller_arn(home.aws(*WHOAMI, environment={**keys, **named})) == user.arn
    assert is_session_of(role, caller_arn(home.aws(*WHOAMI, environment=named)))
    assert is_session_of(role, caller_arn(home.aws(*WHOAMI, "--profile", warm, environment=keys)))


def test_memo_is_not_asked_with_the_plugin_disabled(home: Home, sts: Sts, warm: str) -> None:
    caller_of(home, warm, environment=DISABLED)
    assert operations(sts) == ["AssumeRole", "GetCallerIdentity"]


def test_memo_counts_features_like_the_stock_cli(home: Home, sts: Sts, warm: str) -> None:
    """The `m/` part of the User-Agent, with cached credentials."""
    found = []
    caller_of(home, warm, environment=DISABLED)
    for environment in ({}, DISABLED):
        sts.clear_calls()
        caller_of(home, warm, environment=environment)
        [call] = sts.calls
        found.append(sorted(re.findall(r" m/([\w,+-]+)", call.user_agent)[0].split(",")))
    assert found[0] == found[1]
    assert "i" in found[0]


def test_memo_of_credentials_that_a_service_rejects_heals(home: Home, sts: Sts, warm: str) -> None:
    record = read_record(home.records()[0])
    assert record is not None
    sts.revoke(record.access_key)
    assert home.aws(*WHOAMI, "--profile", warm).code != 0
    assert home.records() == []
    caller_of(home, warm)
    assert len(sts.calls_of("AssumeRole")) == 1


def test_memo_with_a_damaged_record_is_the_slow_way(home: Home, sts: Sts, warm: str) -> None:
    [record] = home.records()
    record.write_bytes(record.read_bytes().replace(b"ASIA", b"ASIB"))
    caller_of(home, warm)
    assert operations(sts) == ["AssumeRole", "GetCallerIdentity"]


def test_memo_prints_no_secret_with_debug(home: Home, warm: str) -> None:
    [record] = home.records()
    outcome = home.aws(*WHOAMI, "--profile", warm, "--debug")
    assert outcome.code == 0
    secrets = re.findall(r'"(?:SecretAccessKey|SessionToken)": "([^"]+)"', record.read_text("utf-8"))
    assert len(secrets) == 2
    assert [secret for secret in secrets if secret in outcome.stdout + outcome.stderr] == []


@pytest.mark.usefixtures("user")
def test_memo_starts_a_long_command_that_refreshes(home: Home, sts: Sts, clock: Clock, warm: str) -> None:
    """The rest of the package is loaded only then."""
    sts.max_clock_skew = None
    sts.user_pages = 3
    with sts.hold("ListUsers") as first:
        process = home.fork("iam", "list-users", "--query", "Users[].UserName", "--profile", warm)
        first.wait_for(1)
        clock.advance(3300)
    outcome = finish(process)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert operations(sts) == ["ListUsers", "AssumeRole", "ListUsers", "ListUsers"]
    assert len({page.access_key for page in sts.calls_of("ListUsers")}) == 2
    [refreshing] = sts.calls_of("AssumeRole")
    assert re.findall(r" m/([\w,+-]+)", refreshing.user_agent), "its features are counted"
