"""Which cached session a command uses: the cache key covers the caller and everything sent to STS."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.steps import age_config_files
from tests.sts import Role, Sts, User
from tests.support.commands import (
    WHOAMI,
    aws_in_shell,
    caller_arn,
    caller_of,
    is_session_of,
    mode_of,
    operations,
    respecting_modes,
    run,
    without_account,
)
from tests.support.home import AWS, Home, Outcome


def callers(sts: Sts) -> list[str]:
    """Return the caller of every AssumeRole so far."""
    return [call.caller_arn for call in sts.calls_of("AssumeRole")]


def test_cache_key_depends_on_the_source(home: Home, sts: Sts) -> None:
    dev, ops = sts.add_user("dev"), sts.add_user("ops")
    role = sts.add_role("Power", trusts=[dev.arn, ops.arn])
    for user in (dev, ops):
        home.add_keys(user, user.name)
        home.add_role(f"prod-{user.name}", role.arn, source_profile=user.name, role_session_name=user.name)
    home.add_role("prod-again", role.arn, source_profile="ops", role_session_name="dev")

    for _ in range(2):
        for user in (dev, ops):
            assert caller_of(home, f"prod-{user.name}").endswith(f"assumed-role/Power/{user.name}")
    assert callers(sts) == [dev.arn, ops.arn]
    assert caller_of(home, "prod-again").endswith("assumed-role/Power/dev")
    assert callers(sts) == [dev.arn, ops.arn, ops.arn]
    assert len({call.access_key for call in sts.calls_of("GetCallerIdentity")}) == 3


def test_cache_is_shared_by_equivalent_profiles(home: Home, sts: Sts, role: Role) -> None:
    home.add_role("prod", role.arn)
    home.add_role("production", role.arn, output="text")
    assert caller_of(home, "prod") == caller_arn(
        home.aws(*WHOAMI, "--profile", "production", "--output", "json")
    )
    assert len(callers(sts)) == 1


def test_cache_misses_after_any_edit_and_hits_after_reverting_it(home: Home, sts: Sts, role: Role) -> None:
    ops = sts.add_user("ops")
    home.add_keys(ops, "ops")
    other = sts.add_role("Other", trusts=role.trusts)
    role.trusts.append(ops.arn)
    role.external_id = "x1"
    sent = {"RoleArn": role.arn, "ExternalId": "x1", "RoleSessionName": "me", "DurationSeconds": "3600"}
    written: dict[str, object] = {"external_id": "x1", "role_session_name": "me", "duration_seconds": 3600}
    edits: list[tuple[dict[str, object], dict[str, str]]] = [
        ({}, {}),
        ({"role_session_name": "you"}, {"RoleSessionName": "you"}),
        ({"duration_seconds": 7200}, {"DurationSeconds": "7200"}),
        ({"session_tags": "team=ops"}, {"Tags.member.1.Key": "team", "Tags.member.1.Value": "ops"}),
        ({"source_profile": "ops"}, {}),
    ]
    for options, difference in edits:
        home.write_config("")
        home.add_role("prod", role.arn, **{**written, **options})
        assert is_session_of(role, caller_of(home, "prod"))
        assert sts.calls_of("AssumeRole")[-1].parameters == {**sent, **difference}
    home.write_config("")
    home.add_role("prod", other.arn, **written)
    assert is_session_of(other, caller_of(home, "prod"))
    home.write_config("")
    home.add_role("prod", role.arn, **{**written, "external_id": "x2"})
    assert home.aws(*WHOAMI, "--profile", "prod").code == 255
    assert len(callers(sts)) == 7

    home.write_config("")
    home.add_role("prod", role.arn, **written)
    assert is_session_of(role, caller_of(home, "prod"))
    assert len(callers(sts)) == 7


def test_cache_misses_after_the_source_key_is_rotated(
    home: Home, sts: Sts, role: Role, prod: str, user: User
) -> None:
    caller_of(home, prod)
    user.disable_key()
    user.rotate_key()
    user.enable_key()
    home.credentials.unlink()
    home.add_keys(user)
    assert is_session_of(role, caller_of(home, prod))
    assert [call.access_key for call in sts.calls_of("AssumeRole")][1:] == [user.access_key]
    first, second = sts.calls_of("GetCallerIdentity")
    assert first.access_key != second.access_key


def test_cache_key_depends_on_the_sts_endpoint(home: Home, sts: Sts, role: Role, prod: str) -> None:
    caller_of(home, prod)
    with Sts() as elsewhere:
        outcome = home.aws(*WHOAMI, "--profile", prod, environment={"AWS_ENDPOINT_URL_STS": elsewhere.url})
        assert outcome.code == 255
        assert operations(elsewhere) == ["AssumeRole"]
    assert is_session_of(role, caller_of(home, prod))
    assert len(callers(sts)) == 1


@pytest.mark.usefixtures("user")
def test_cache_keeps_a_session_of_15_minutes(home: Home, sts: Sts, role: Role) -> None:
    home.add_role("prod", role.arn, duration_seconds=900)
    for _ in range(3):
        assert is_session_of(role, caller_of(home, "prod"))
    assert operations(sts) == ["AssumeRole", *["GetCallerIdentity"] * 3]
    assert sts.calls[0].parameters["DurationSeconds"] == "900"


def test_cache_keeps_every_role_of_a_chain(home: Home, sts: Sts, role: Role, prod: str) -> None:
    middle = sts.add_role("Middle", account="333333333333", trusts=[role.arn])
    last = sts.add_role("Last", account="444444444444", trusts=[middle.arn])
    home.add_role("middle", middle.arn, source_profile=prod)
    home.add_role("last", last.arn, source_profile="middle")
    for _ in range(2):
        assert is_session_of(last, caller_of(home, "last"))
    assert is_session_of(middle, caller_of(home, "middle"))
    assert is_session_of(role, caller_of(home, prod))
    asked = [call.parameters["RoleArn"] for call in sts.calls_of("AssumeRole")]
    assert asked == [role.arn, middle.arn, last.arn]


def test_credential_source_environment_uses_its_keys(home: Home, sts: Sts, role: Role) -> None:
    ops = sts.add_user("ops")
    role.trusts.append(ops.arn)
    home.add_role("prod", role.arn, credential_source="Environment")
    environment = {"AWS_ACCESS_KEY_ID": ops.access_key, "AWS_SECRET_ACCESS_KEY": ops.secret_key}
    for _ in range(2):
        assert is_session_of(role, caller_of(home, "prod", environment))
    assert callers(sts) == [ops.arn]
    nothing = home.aws(*WHOAMI, "--profile", "prod")
    assert (nothing.code, nothing.stdout, len(callers(sts))) == (255, "", 1)
    assert "Traceback" not in nothing.stderr


def test_credential_process_of_a_source_is_not_run_while_the_role_is_cached(
    home: Home, sts: Sts, role: Role, tmp_path: Path
) -> None:
    ops = sts.add_user("ops")
    role.trusts.append(ops.arn)
    runs, script = tmp_path / "runs", tmp_path / "keys.py"
    answer = {"Version": 1, "AccessKeyId": ops.access_key, "SecretAccessKey": ops.secret_key}
    script.write_text(f"open({str(runs)!r}, 'a').write('x')\nprint({json.dumps(answer)!r})\n")
    command = shlex.join([sys.executable, str(script)])
    home.write_config(f"[profile vault]\ncredential_process = {command}\n\n")
    home.add_role("prod", role.arn, source_profile="vault")
    for _ in range(2):
        assert is_session_of(role, caller_of(home, "prod"))
    assert callers(sts) == [ops.arn]
    assert runs.read_text() == "x"


@pytest.mark.parametrize("command", ["./keys", "sh keys", "sh -c 'sh keys'", "env -C . sh keys --x=keys"])
def test_credential_process_of_another_directory_is_another_source(
    home: Home, sts: Sts, role: Role, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The same command in the next checkout ran on the session that the first one's user had got."""
    users = [sts.add_user(name) for name in ("one", "two")]
    for user in users:
        role.trusts.append(user.arn)
        script = tmp_path / user.name / "keys"
        script.parent.mkdir()
        answer = {"Version": 1, "AccessKeyId": user.access_key, "SecretAccessKey": user.secret_key}
        script.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
        script.chmod(0o755)
    home.write_config(f"[profile checkout]\ncredential_process = {command}\n\n")
    home.add_role("prod", role.arn, source_profile="checkout")
    age_config_files(home)
    for user in [*users, *users]:
        monkeypatch.chdir(tmp_path / user.name)
        assert is_session_of(role, caller_of(home, "prod"))
        assert home.xacct("credentials", "prod").code == 0
    assert callers(sts) == [user.arn for user in users]


# -- where the cache is, and where it cannot be ----------------------------------------------------


@pytest.mark.parametrize("umask", ["022", "000"])
def test_cache_files_are_private_whatever_the_umask(home: Home, role: Role, prod: str, umask: str) -> None:
    outcome = run(home, *aws_in_shell(f"umask {umask}", *WHOAMI, "--profile", prod))
    assert is_session_of(role, caller_arn(outcome))
    xacct = home.aws_dir / "xacct"
    places = [xacct, *xacct.rglob("*")]
    # A slow machine writes a memo, too.
    assert {path.suffix or path.name for path in places} >= {"xacct", "cache", ".json", ".jsonl"}
    assert {path.name: mode_of(path) for path in places} == {
        path.name: 0o700 if path.is_dir() else 0o600 for path in places
    }


def test_cache_directory_can_be_set(home: Home, prod: str, tmp_path: Path) -> None:
    place = tmp_path / "deep" / "cache"
    caller_of(home, prod, {"AWS_XACCT_CACHE_DIR": str(place)})
    assert len(list(place.glob("*.json"))) == 1
    assert not home.cache.exists()


def assert_one_warning(outcome: Outcome, role: Role) -> None:
    """Check that the command succeeded, with one warning that nothing could be cached."""
    assert is_session_of(role, caller_arn(outcome))
    assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
    assert outcome.stderr.startswith("xacct: credentials cannot be cached")


@pytest.mark.parametrize("place", ["xacct", "xacct/cache"])
def test_cache_path_that_is_a_file_gives_one_warning(home: Home, role: Role, prod: str, place: str) -> None:
    file = home.aws_dir / place
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    assert_one_warning(home.aws(*WHOAMI, "--profile", prod), role)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("read_only", [".aws", ".aws/xacct/cache"])
def test_cache_directory_without_write_permission_gives_one_warning(
    home: Home, role: Role, prod: str, read_only: str
) -> None:
    directory = home.path / read_only
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o500)
    outcome = run(home, *respecting_modes(), str(AWS), *WHOAMI, "--profile", prod)
    directory.chmod(0o700)
    assert_one_warning(outcome, role)


def test_cache_on_a_full_disk_gives_one_warning(home: Home, role: Role, prod: str) -> None:
    assert_one_warning(run(home, *aws_in_shell("ulimit -f 0", *WHOAMI, "--profile", prod)), role)
    assert home.records() == []
    assert list(home.cache.glob("*.tmp")) == list(home.cache.glob(".*.tmp")) == []


def test_cache_in_a_missing_home_gives_one_warning(home: Home, role: Role, prod: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = {"AWS_CONFIG_FILE": str(home.config), "AWS_SHARED_CREDENTIALS_FILE": str(home.credentials)}
    outcome = home.aws(
        *WHOAMI, "--profile", prod, environment={**files, "HOME": str(tmp_path / "file" / "home")}
    )
    assert_one_warning(outcome, role)


def test_cache_without_a_home_gives_one_warning(home: Home, role: Role, prod: str) -> None:
    files = {"AWS_CONFIG_FILE": str(home.config), "AWS_SHARED_CREDENTIALS_FILE": str(home.credentials)}
    command = [*without_account(), str(AWS), *WHOAMI, "--profile", prod]
    assert_one_warning(run(home, *command, environment=files, without=["HOME"]), role)


def test_cache_directory_can_be_set_without_a_home(home: Home, sts: Sts, role: Role, prod: str) -> None:
    environment = {
        "AWS_CONFIG_FILE": str(home.config),
        "AWS_SHARED_CREDENTIALS_FILE": str(home.credentials),
        "AWS_XACCT_CACHE_DIR": str(home.cache),
    }
    command = [*without_account(), str(AWS), *WHOAMI, "--profile", prod]
    for _ in range(2):
        outcome = run(home, *command, environment=environment, without=["HOME"])
        assert is_session_of(role, caller_arn(outcome))
        assert outcome.stderr == ""
    assert len(callers(sts)) == 1
