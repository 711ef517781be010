"""Faulty credential sources: run once, named in one line with the fault, and not tried again by the stock CLI."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.sts import Role, Sts
from tests.support.commands import WHOAMI, caller_arn, is_session_of, operations
from tests.support.home import Home, Outcome

SECRET = "hunter2-wJalrXUtnFEMI"
KEYS = {"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": SECRET}


def printing(text: object) -> str:
    return f"print({text if isinstance(text, str) else json.dumps(text)!r})"


PROGRAMS = {
    "nothing": ("pass", "printed nothing"),
    "not JSON": (printing(repr(SECRET)), "printed something that is not JSON"),
    "bytes": (f"import os; os.write(1, b'\\xff{SECRET}')", "printed no credentials"),
    "a list": (printing([SECRET]), "printed no credentials"),
    "another version": (printing({**KEYS, "Version": SECRET}), "printed no credentials of Version 1"),
    "no secret key": (printing({"Version": 1, "AccessKeyId": "A"}), "without a required key"),
    "empty keys": (printing({**KEYS, "AccessKeyId": ""}), "printed no credentials"),
    "keys that are not strings": (printing({**KEYS, "SecretAccessKey": [SECRET]}), "printed no credentials"),
    "an invalid expiration": (printing({**KEYS, "Expiration": "soon"}), "printed no credentials"),
    "an infinite expiration": (printing({**KEYS, "Expiration": "1e400"}), "printed no credentials"),
    "a failure": ("sys.exit('locked:\\nunlock it')", "ended with exit code 1: locked: unlock it."),
    "a failure without a message": ("sys.exit(3)", "ended with exit code 3."),
    "an escape sequence": ("sys.exit('\\x1b[31mred')", "exit code 1: \\x1b[31mred."),
    "a failure with the keys on stderr": (
        f"sys.exit(json.dumps({KEYS!r}))",
        'exit code 1: {"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "(hidden by xacct)"}.',
    ),
    "a failure with a token in an address": (
        f"sys.exit('403 for https://vault/v1?token={SECRET}')",
        "exit code 1: 403 for https://vault/v1?token=(hidden by xacct).",
    ),
    "killed": ("import os; os.kill(os.getpid(), 9)", "was ended by SIGKILL."),
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A file to which every run of the source's program appends."""
    return tmp_path / "runs"


def add_vault(home: Home, role: Role, runs: Path, program: str) -> str:
    """Add a source profile that runs the Python code `program`; return the executable in its credential_process."""
    script = home.path / "op.py"
    script.write_text(f"import json, sys\nopen({str(runs)!r}, 'a').write('x')\n{program}\n", "utf-8")
    command = shlex.join([sys.executable, str(script), f"--password={SECRET}"])
    home.write_config(f"[profile vault]\ncredential_process = {command}\n\n")
    home.add_role("prod", role.arn, source_profile="vault")
    return sys.executable


def assert_source_is_blamed(outcome: Outcome, program: str, fault: str) -> None:
    assert (outcome.code, outcome.stdout) == (253 if "xacct: " in outcome.stderr else 255, "")
    [line] = [line.removeprefix("xacct: ") for line in outcome.lines]
    assert line.startswith(
        "Error when retrieving credentials from profile vault, the source of profile prod: "
        f"its credential_process {program} "
    ), line
    assert fault in line
    assert line.endswith("aws configure set credential_process COMMAND --profile vault")
    assert SECRET not in outcome.stderr


@pytest.mark.parametrize(("program", "fault"), PROGRAMS.values(), ids=PROGRAMS)
def test_credential_process_that_fails_is_run_once_and_named_with_its_fault(
    home: Home, sts: Sts, role: Role, runs: Path, program: str, fault: str
) -> None:
    """It ran a second time, for the stock provider, which could mean a second login in a browser."""
    name = add_vault(home, role, runs, program)
    assert_source_is_blamed(home.xacct("credentials", "prod"), name, fault)
    assert runs.read_text() == "x"
    assert (operations(sts), home.records()) == ([], [])


def test_credential_process_that_fails_gives_the_same_error_in_aws(
    home: Home, sts: Sts, role: Role, runs: Path
) -> None:
    name = add_vault(home, role, runs, "pass")
    assert_source_is_blamed(home.aws(*WHOAMI, "--profile", "prod"), name, "printed nothing")
    assert (runs.read_text(), operations(sts)) == ("x", [])


def test_credential_process_that_fails_is_run_once_per_command(
    home: Home, role: Role, runs: Path, tmp_path: Path
) -> None:
    add_vault(home, role, runs, "pass")
    files = tmp_path / "files"
    files.mkdir()
    for number in range(5):
        (files / str(number)).write_text("x", "utf-8")
    outcome = home.aws("s3", "cp", str(files), "s3://bucket/", "--recursive", "--profile", "prod")
    assert outcome.code != 0
    assert runs.read_text() == "x"


@pytest.mark.parametrize("how", ["not there", "not executable"])
def test_credential_process_that_cannot_be_started_is_named(
    home: Home, role: Role, tmp_path: Path, how: str
) -> None:
    program = tmp_path / "op"
    if how == "not executable":
        program.write_text("", "utf-8")
    home.write_config(f"[profile vault]\ncredential_process = {program} {SECRET}\n\n")
    home.add_role("prod", role.arn, source_profile="vault")
    fault = "No such file or directory" if how == "not there" else "Permission denied"
    assert_source_is_blamed(home.xacct("credentials", "prod"), str(program), f"cannot be started: {fault}")


def test_credential_process_with_keys_near_expiry_is_run_once(
    home: Home, sts: Sts, role: Role, runs: Path
) -> None:
    """botocore would refresh these before it uses them."""
    ops = sts.add_user("ops")
    role.trusts.append(ops.arn)
    answer = {"Version": 1, "AccessKeyId": ops.access_key, "SecretAccessKey": ops.secret_key}
    soon = "import json, datetime\nend = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)\n"
    add_vault(home, role, runs, f"{soon}print(json.dumps({answer!r} | {{'Expiration': end.isoformat()}}))")
    assert is_session_of(role, caller_arn(home.aws(*WHOAMI, "--profile", "prod")))
    assert runs.read_text() == "x"


ENDED = {**KEYS, "SessionToken": SECRET, "Expiration": "2020-01-01T00:00:00Z"}
OWN_PROGRAMS = {
    **{
        name: PROGRAMS[name]
        for name in ("nothing", "another version", "no secret key", "empty keys", "killed")
    },
    "keys that are lists": (printing({**KEYS, "AccessKeyId": ["A"]}), "printed no credentials"),
    "nothing but brackets": ("print('[' * 100000)", "printed no credentials"),
    "an ended session": (printing(ENDED), "printed a session that has ended"),
}


@pytest.mark.parametrize(("program", "fault"), OWN_PROGRAMS.values(), ids=OWN_PROGRAMS)
def test_credential_process_of_the_profile_itself_is_run_once_and_named(
    home: Home, role: Role, runs: Path, program: str, fault: str
) -> None:
    """Keys that were lists or empty were handed out with exit code 0; for an ended session it ran twice."""
    name = add_vault(home, role, runs, program)
    outcome = home.xacct("credentials", "vault")
    assert (outcome.code, outcome.stdout) == (253, "")
    [line] = outcome.lines
    assert line.startswith(
        f"xacct: Error when retrieving credentials from profile vault: its credential_process {name} "
    )
    assert fault in line
    assert SECRET not in line
    assert runs.read_text() == "x"


def test_credential_process_of_the_profile_itself_with_keys_near_expiry_is_run_once(
    home: Home, role: Role, runs: Path
) -> None:
    soon = "import json, datetime\nend = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)\n"
    document = {**KEYS, "SessionToken": "token", "AccountId": "111111111111"}
    add_vault(home, role, runs, f"{soon}print(json.dumps({document!r} | {{'Expiration': end.isoformat()}}))")
    outcome = home.xacct("credentials", "vault")
    assert outcome.code == 0
    assert json.loads(outcome.stdout)["AccountId"] == "111111111111"
    assert runs.read_text() == "x"


@pytest.mark.parametrize("streams", ["", "2>/dev/null", ">/dev/null"])
def test_credential_process_that_leaves_something_running_is_not_waited_for(
    home: Home, sts: Sts, role: Role, tmp_path: Path, streams: str
) -> None:
    """An agent that keeps a login holds the pipes open for as long as it lives; the stock CLI waits for its end."""
    user = sts.add_user("ops")
    role.trusts.append(user.arn)
    done, script = tmp_path / "done", tmp_path / "login"
    keys = {"Version": 1, "AccessKeyId": user.access_key, "SecretAccessKey": user.secret_key}
    agent = f"until [ -e {done} ]; do sleep 0.05; done"
    script.write_text(f"({agent}) {streams} &\necho warned >&2\necho '{json.dumps(keys)}'\n", "utf-8")
    home.write_config(f"[profile vault]\ncredential_process = sh {script}\n\n")
    home.add_role("prod", role.arn, source_profile="vault")
    try:
        assert is_session_of(role, caller_arn(home.aws(*WHOAMI, "--profile", "prod")))
        outcome = home.xacct("credentials", "vault")
        assert json.loads(outcome.stdout)["AccessKeyId"] == user.access_key
    finally:
        done.touch()


def test_web_identity_token_file_missing_is_named(home: Home, sts: Sts, role: Role) -> None:
    home.write_config(f"[profile web]\nrole_arn = {role.arn}\nweb_identity_token_file = /nowhere/token\n\n")
    home.add_role("prod", role.arn, source_profile="web")
    outcome = home.xacct("credentials", "prod")
    assert outcome.code == 253
    assert outcome.lines == [
        "xacct: Error when retrieving credentials from profile web, the source of profile prod: "
        "No such file or directory: /nowhere/token"
    ]
    assert operations(sts) == []


@pytest.mark.parametrize("token", ["", "{", "[]", '{"accessToken": 1}'])
def test_sso_token_damaged_is_an_error_of_the_source(home: Home, sts: Sts, role: Role, token: str) -> None:
    home.write_config(
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-west-1\n\n"
        "[profile sso]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Dev\n\n"
    )
    cache = home.aws_dir / "sso" / "cache"
    cache.mkdir(parents=True)
    (cache / f"{hashlib.sha1(b'corp', usedforsecurity=False).hexdigest()}.json").write_text(token, "utf-8")
    home.add_role("prod", role.arn, source_profile="sso")
    outcome = home.xacct("credentials", "prod")
    assert outcome.code == 253
    [line] = outcome.lines
    assert "profile sso, the source of profile prod" in line
    assert operations(sts) == []
