"""Role profiles with AWS CLI v2: used, cached, refreshed, shared, and in v2's own commands."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.e2e.test_memo import remember
from tests.sts import MfaDevice, Role, Sts, User
from tests.support import forked
from tests.support.commands import (
    DISABLED,
    WHOAMI,
    caller_arn,
    caller_of,
    is_session_of,
    make_refresh_due,
    operations,
    read_record,
)
from tests.support.home import Home
from tests.support.processes import run_together
from tests.support.terminal import log_in

ALL = 4


def test_role_is_assumed_once_and_then_cached(home: Home, sts: Sts, role: Role, prod: str) -> None:
    assert is_session_of(role, caller_of(home, prod))
    assert is_session_of(role, caller_of(home, prod))
    assert operations(sts) == ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]
    assert len(home.records()) == 1
    assert not list((home.aws_dir / "cli").rglob("*.json")), "the cache of stock"


def test_memo_serves_a_cached_role_without_the_modules_that_resolve_one(
    home: Home, sts: Sts, role: Role, prod: str, damage: Callable[[str, str], None]
) -> None:
    caller_of(home, prod)
    damage("credentials/loading.py", "def unfinished(")
    remember(home, prod)
    sts.clear_calls()
    assert is_session_of(role, caller_of(home, prod))
    assert operations(sts) == ["GetCallerIdentity"]


def test_served_shell_works_with_the_users_own_files(home: Home, role: Role, prod: str) -> None:
    served = ("exec", "--serve", prod, "--", str(forked.find_client(home.executable)))
    listed = home.xacct(*served, "configure", "role", "list", "--output", "json")
    assert [each["Problem"] for each in json.loads(listed.stdout)] == [None]
    assert is_session_of(role, caller_arn(home.xacct(*served, *WHOAMI, "--profile", prod)))


def test_single_flight_makes_one_call(home: Home, sts: Sts, role: Role, prod: str) -> None:
    with sts.hold("AssumeRole") as held, run_together(home, *[(*WHOAMI, "--profile", prod)] * ALL) as running:
        held.wait_for(1)
        running.wait_for_lines(ALL - 1)
        held.release()
        outcomes = running.finish()
    assert all(is_session_of(role, caller_arn(outcome)) for outcome in outcomes.values())
    assert operations(sts).count("AssumeRole") == 1


def test_shared_mfa_session_serves_all_roles_with_one_code(
    home: Home, sts: Sts, device: MfaDevice, role: Role, other: Role, vault: str
) -> None:
    person = log_in(home, vault, device)
    assert is_session_of(role, person.caller)
    assert is_session_of(other, caller_of(home, "other"))
    assert operations(sts).count("GetSessionToken") == 1


def test_session_policies_are_written_and_sent(
    home: Home, sts: Sts, prod: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 2 must not put the file's content into the option either."""
    text = '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    (home.path / "policy.json").write_text(text, "utf-8")
    monkeypatch.chdir(home.path)
    for options in (("--read-only",), ("--policy-arns", "", "--policy", "file://policy.json")):
        assert home.aws("configure", "role", prod, *options).code == 0
        caller_of(home, prod)
    assert f"\npolicy = file://{home.path}/policy.json\n" in home.config.read_text("utf-8")
    outcome = home.aws("configure", "role", prod, "--policy=file://missing.json")
    assert (
        f"--policy 'file://{home.path}/missing.json': the file cannot be read: No such file" in outcome.stderr
    )
    assert [(call.policy, len(call.policy_arns)) for call in sts.calls_of("AssumeRole")] == [
        (None, 1),
        (text, 0),
    ]


def test_mfa_prompt_without_a_terminal_fails_at_once(home: Home, sts: Sts, vault: str) -> None:
    outcome = home.aws(*WHOAMI, "--profile", vault)
    assert outcome.code not in (0, 1)
    assert f"aws configure role login {vault}" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert operations(sts) == []


def test_chain_is_followed(home: Home, sts: Sts, role: Role, prod: str) -> None:
    audit = sts.add_role("Audit", account="333333333333", trusts=[role.arn])
    home.add_role("audit", audit.arn, source_profile=prod)
    assert is_session_of(audit, caller_of(home, "audit"))


def test_rejected_session_is_dropped(home: Home, sts: Sts, role: Role, prod: str) -> None:
    caller_of(home, prod)
    sts.expire_all_sessions()
    assert home.aws(*WHOAMI, "--profile", prod).code != 0
    assert is_session_of(role, caller_of(home, prod))


@pytest.mark.parametrize("answers", [True, False], ids=["refreshed", "kept while STS is down"])
def test_refresh_replaces_credentials_near_expiry(
    home: Home, sts: Sts, role: Role, prod: str, answers: bool
) -> None:
    caller_of(home, prod)
    make_refresh_due(home)
    if not answers:
        sts.drop_connections(None, "AssumeRole")
    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert is_session_of(role, caller_arn(outcome))
    first, second = [call.access_key for call in sts.calls_of("GetCallerIdentity")]
    assert (second == first) == (not answers)
    assert outcome.stderr == ""


# -- what version 2 does itself --------------------------------------------------------------------


def test_export_credentials_prints_the_cached_ones(home: Home, sts: Sts, prod: str) -> None:
    outcome = home.aws("configure", "export-credentials", "--profile", prod)
    assert (outcome.code, outcome.stderr) == (0, "")
    (file,) = home.records()
    record = read_record(file)
    assert record is not None
    exported = json.loads(outcome.stdout)
    assert exported["AccessKeyId"] == record.access_key
    assert exported["SessionToken"] == record.token
    assert home.aws("configure", "export-credentials", "--profile", prod, "--format", "env").code == 0
    assert operations(sts) == ["AssumeRole"]


def test_list_profiles_and_list_show_the_role(home: Home, sts: Sts, prod: str) -> None:
    assert home.aws("configure", "list-profiles").stdout.split() == ["default", prod]
    listed = home.aws("configure", "list", "--profile", prod)
    assert (listed.code, listed.stderr) == (0, "")
    assert "assume-role" in listed.stdout
    assert operations(sts) == ["AssumeRole"]


def test_debug_hides_secrets(home: Home, sts: Sts, user: User, prod: str) -> None:
    outcome = home.aws(*WHOAMI, "--profile", prod, "--debug")
    assert outcome.code == 0
    (file,) = home.records()
    record = read_record(file)
    assert record is not None
    for secret in (user.secret_key, record.secret_key, record.token):
        assert secret not in outcome.stderr
    assert operations(sts) == ["AssumeRole", "GetCallerIdentity"]


# -- off and broken --------------------------------------------------------------------------------


def test_plugin_disabled_leaves_the_stock_cli(home: Home, role: Role, prod: str) -> None:
    assert is_session_of(role, caller_of(home, prod, environment=DISABLED))
    assert not (home.aws_dir / "xacct").exists()
    assert len(list((home.aws_dir / "cli" / "cache").glob("*.json"))) == 1
    assert home.aws("configure", "role", "list", environment=DISABLED).code != 0


@pytest.mark.usefixtures("user")
def test_plugin_does_not_change_commands_without_a_role(home: Home) -> None:
    for arguments in (("--version",), WHOAMI, ("configure", "get", "region"), ("configure", "list")):
        assert home.aws(*arguments) == home.aws(*arguments, environment=DISABLED)
    assert not (home.aws_dir / "xacct").exists()
