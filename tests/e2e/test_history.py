"""The history of sessions: one line for each that was obtained, none for one from the cache, and no failure ever."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import WHOAMI, caller_of, operations, respecting_modes, run, tree
from tests.support.home import AWS, REGION, XACCT, Home
from tests.support.processes import run_together

PYTHON = Path(sys.executable).resolve().name
KEYS = [
    "Time",
    "Profile",
    "Role",
    "Account",
    "Caller",
    "SessionName",
    "AccessKeyId",
    "Expiration",
    "Mfa",
    "Policy",
    "Program",
]
NAMED = {"AWS_XACCT_ROLE_SESSION_NAME": "{user}"}


def history_of(home: Home) -> list[dict[str, Any]]:
    path = home.aws_dir / "xacct" / "history.jsonl"
    return [json.loads(line) for line in path.read_text("ascii").splitlines()] if path.exists() else []


def test_history_has_each_session_obtained_and_none_from_the_cache(
    home: Home, sts: Sts, role: Role, user: User, device: MfaDevice
) -> None:
    home.add_role("vault", role.arn, mfa_serial=device.serial, mfa_process=f"curl -s {sts.url}/_code")
    audit = sts.add_role("Audit", account="333333333333", trusts=[role.arn])
    home.add_role("audit", audit.arn, source_profile="vault", role_session_name="mine")
    for _ in range(2):
        caller = caller_of(home, "audit", NAMED)
        assert home.xacct("credentials", "vault", environment=NAMED).code == 0
    session, vault, last = history_of(home)
    assert [list(entry) for entry in (session, vault, last)] == [KEYS] * 3
    assert caller == "arn:aws:sts::333333333333:assumed-role/Audit/mine"
    program = f"{PYTHON} > aws"
    assert session == {
        **session,
        "Profile": "default",
        "Role": None,
        "Account": "111111111111",
        "Caller": user.access_key,
        "SessionName": None,
        "Mfa": device.serial,
        "Policy": None,
        "Program": program,
    }
    assert vault == {
        **vault,
        "Profile": "vault",
        "Role": role.arn,
        "Account": "222222222222",
        "Caller": user.arn,
        "SessionName": "dev",
        "Mfa": device.serial,
        "Policy": None,
        "Program": program,
    }
    assert last == {
        **last,
        "Profile": "audit",
        "Role": audit.arn,
        "Account": "333333333333",
        "SessionName": "mine",
        "Caller": "arn:aws:sts::222222222222:assumed-role/Power/dev",
        "Mfa": None,
        "Program": program,
    }
    used = [sts.calls_of("GetCallerIdentity")[-1].access_key]
    assert used == [last["AccessKeyId"]]
    records = [json.loads(path.read_text().splitlines()[1]) for path in home.records()]
    assert {(each["AccessKeyId"], each["Expiration"]) for each in records} == {
        (each["AccessKeyId"], each["Expiration"]) for each in (session, vault, last)
    }


def test_history_of_twenty_commands_has_each_session_once(home: Home, sts: Sts, user: User) -> None:
    """One role for two commands each, all named after a user that STS is asked for once."""
    profiles = [f"p{number}" for number in range(10)]
    for name in profiles:
        home.add_role(name, sts.add_role(name, trusts=[user.arn]).arn)
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[xacct]\nrole_session_name = {user}-{profile}\n")
    commands = [(*WHOAMI, "--profile", name) for name in profiles * 2]
    with run_together(home, *commands) as running:
        assert {outcome.code for outcome in running.finish().values()} == {0}
    assert sorted(entry["SessionName"] for entry in history_of(home)) == [f"dev-{name}" for name in profiles]
    asked = [call for call in sts.calls_of("GetCallerIdentity") if call.access_key == user.access_key]
    assert len(asked) == 1


def test_history_names_what_narrows_a_session(home: Home, prod: str) -> None:
    statement = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for options in ((), ("--read-only",), ("--policy", policy)):
        assert home.xacct("credentials", prod, *options).code == 0
    whole, read_only, inline = (entry["Policy"] for entry in history_of(home))
    assert (whole, read_only) == (None, ["arn:aws:iam::aws:policy/ReadOnlyAccess"])
    assert [name.partition(":")[0] for name in inline] == ["sha256"]
    assert "s3:Get" not in (home.aws_dir / "xacct" / "history.jsonl").read_text()


@pytest.mark.parametrize("place", ["variable", "config"])
def test_history_can_be_turned_off(home: Home, prod: str, place: str) -> None:
    if place == "config":
        with home.config.open("a", encoding="utf-8") as file:
            file.write("[xacct]\nhistory = off\n")
    environment = {"AWS_XACCT_HISTORY": "off" if place == "variable" else ""}
    caller_of(home, prod, environment)
    assert history_of(home) == []
    assert not any("history" in path for path in tree(home))


def test_history_setting_that_is_invalid_is_reported_and_fails_nothing(home: Home, prod: str) -> None:
    outcome = home.aws(*WHOAMI, "--profile", prod, environment={"AWS_XACCT_HISTORY": "no"})
    assert (outcome.code, outcome.stderr) == (
        0,
        "xacct: this session is not recorded: AWS_XACCT_HISTORY is 'no', but must be one of on, off\n",
    )
    assert history_of(home) == []


def test_history_names_the_program_without_its_arguments(home: Home, prod: str, role: Role) -> None:
    secret = "pa55-word"
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile sdk]\nregion = {REGION}\ncredential_process = {XACCT} credentials {prod}\n")
    code = "import botocore.session as s; s.Session(profile='sdk').get_credentials().get_frozen_credentials()"
    assert run(home, sys.executable, "-c", f"import awscli; {code}", secret).code == 0
    home.add_role("other", role.arn, external_id="x1")
    assert run(home, "sh", "-c", f"{AWS} {' '.join(WHOAMI)} --profile other {secret} || true").code == 0
    assert run(home, "sh", "-c", f"{XACCT} exec other -- true {secret}; true").code == 0
    assert [entry["Program"] for entry in history_of(home)] == [f"{PYTHON} > xacct", "xacct"]
    assert secret not in (home.aws_dir / "xacct" / "history.jsonl").read_text()


# -- where it cannot be written ------------------------------------------------------------------------


def test_history_that_cannot_be_written_fails_nothing_and_is_reported_once(home: Home, prod: str) -> None:
    path = home.aws_dir / "xacct" / "history.jsonl"
    path.mkdir(parents=True)
    path.parent.chmod(0o700)
    outcome = home.xacct("each", prod, "--", "true")
    assert (outcome.code, outcome.stderr) == (
        0,
        f"xacct: this session is not recorded in {path}: Is a directory. Find the fix with: xacct doctor. Or record "
        f"none: export AWS_XACCT_HISTORY=off\n",
    )
    assert len(home.records()) == 1
    report = json.loads(home.xacct("doctor", "--json", environment=home.forked_aws).stdout)
    (finding,) = [each for each in report["Checks"] if each["Check"] == "history"]
    assert finding == {
        "Check": "history",
        "State": "warning",
        "Text": f"sessions are not recorded in {path}: Is a directory",
        "Fix": f"mv {path} {path}.old",
    }


def test_history_on_a_read_only_disk_adds_no_warning_to_that_of_the_cache(home: Home, prod: str) -> None:
    home.aws_dir.chmod(0o500)
    outcome = run(home, *respecting_modes(), str(AWS), *WHOAMI, "--profile", prod)
    home.aws_dir.chmod(0o700)
    assert outcome.code == 0
    (warning,) = outcome.stderr.splitlines()
    assert warning.startswith("xacct: credentials cannot be cached")


def test_history_stays_in_the_home_if_the_cache_is_elsewhere(home: Home, prod: str, tmp_path: Path) -> None:
    caller_of(home, prod, {"AWS_XACCT_CACHE_DIR": str(tmp_path / "elsewhere")})
    assert len(history_of(home)) == 1
    assert home.records() == []


def test_history_writer_that_is_killed_leaves_a_whole_file(home: Home, sts: Sts, prod: str) -> None:
    """Killed before the answer, and after: whatever it left, the next one goes on."""
    with sts.hold("AssumeRole") as held:
        process = home.fork(*WHOAMI, "--profile", prod)
        held.wait_for(1)
        process.kill()
        process.communicate()
    assert history_of(home) == []
    caller_of(home, prod)
    with (home.aws_dir / "xacct" / "history.jsonl").open("ab") as file:
        file.write(b'{"Time": "2026-')
    assert home.aws("configure", "role", "verify", prod).code == 0
    assert len(json.loads(home.xacct("history", "--json").stdout)) == 2
    assert operations(sts).count("AssumeRole") == 3
