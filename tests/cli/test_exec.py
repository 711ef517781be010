"""`xacct exec`: a command has the profile's credentials, and is otherwise as if it had been run alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from awscli_xacct.cli import launch
from tests.sts import Sts, User
from tests.support.home import TIMEOUT, XACCT, Home, Outcome, finish

from .steps import grow_old

pytestmark = pytest.mark.usefixtures("user")

DUMP = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('AWS_')}))"


@pytest.fixture(params=["cold", "warm"])
def state(request: pytest.FixtureRequest, home: Home, prod: str) -> str:
    """With nothing known of the profile, and with its credentials in the cache and a memory of it."""
    if request.param == "warm":
        grow_old(home)
        for _ in range(2):
            assert home.xacct("credentials", prod).code == 0
        assert list(home.aws_dir.glob("xacct/resolved/*.memo"))
    return str(request.param)


def variables(outcome: Outcome) -> dict[str, str]:
    assert (outcome.code, outcome.stderr) == (0, "")
    found: dict[str, str] = json.loads(outcome.stdout)
    return found


def test_a_command_has_the_credentials_and_nothing_that_contradicts_them(
    home: Home, state: str, prod: str
) -> None:
    stale = {
        "AWS_PROFILE": "nobody",
        "AWS_DEFAULT_PROFILE": "nobody",
        "AWS_SECURITY_TOKEN": "old",
        "AWS_ACCESS_KEY_ID": "AKIAOLD",
        "AWS_SECRET_ACCESS_KEY": "old",
        "AWS_CREDENTIAL_EXPIRATION": "old",
        "AWS_ACCOUNT_ID": "999999999999",
        "AWS_REGION": "old",
        "AWS_DEFAULT_REGION": "old",
        "AWS_XACCT_RESOLVING": "[]",
    }
    assert state
    found = variables(home.xacct("exec", prod, "--", sys.executable, "-c", DUMP, environment=stale))
    document = json.loads(home.xacct("credentials", prod).stdout)
    kept = {name: value for name, value in home.environment.items() if name.startswith("AWS_")}
    assert found == {
        **kept,
        "AWS_ACCESS_KEY_ID": document["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": document["SecretAccessKey"],
        "AWS_SESSION_TOKEN": document["SessionToken"],
        "AWS_CREDENTIAL_EXPIRATION": document["Expiration"],
        "AWS_ACCOUNT_ID": "222222222222",
        "AWS_REGION": "us-west-1",
        "AWS_DEFAULT_REGION": "us-west-1",
    }


def test_a_users_keys_come_without_what_only_sessions_have(home: Home, user: User) -> None:
    stale = {"AWS_SESSION_TOKEN": "old", "AWS_CREDENTIAL_EXPIRATION": "old", "AWS_ACCOUNT_ID": "9"}
    found = variables(home.xacct("exec", "default", "--", sys.executable, "-c", DUMP, environment=stale))
    assert found["AWS_ACCESS_KEY_ID"] == user.access_key
    assert not stale.keys() & found.keys()


def test_a_profile_without_a_region_leaves_the_environments(home: Home, prod: str) -> None:
    home.config.write_text(home.config.read_text("utf-8").replace("region = us-west-1\n", ""), "utf-8")
    region = {"AWS_REGION": "eu-west-3"}
    found = variables(home.xacct("exec", prod, "--", sys.executable, "-c", DUMP, environment=region))
    assert (found["AWS_REGION"], found.get("AWS_DEFAULT_REGION")) == ("eu-west-3", None)


def test_the_real_aws_runs_as_the_role(home: Home, sts: Sts, prod: str) -> None:
    aws = str(Path(sys.executable).with_name("aws"))
    outcome = home.xacct("exec", prod, "--", aws, "sts", "get-caller-identity", "--query", "Arn")
    assert outcome.code == 0
    assert ":assumed-role/Power/" in outcome.stdout
    assert [call.operation for call in sts.calls] == ["AssumeRole", "GetCallerIdentity"]


@pytest.mark.parametrize(
    "words",
    [
        ["--", "echo", "--", "-n", "--help", "a b"],
        ["echo", "--", "-n", "--help", "a b"],
    ],
)
def test_the_words_of_a_command_are_its_own(home: Home, prod: str, words: list[str]) -> None:
    outcome = home.xacct("exec", prod, *words)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "-- -n --help a b\n", "")


def test_what_comes_in_on_stdin_is_the_commands(home: Home, state: str, prod: str) -> None:
    assert state
    assert home.xacct("exec", prod, "--", "cat", stdin="all of it").stdout == "all of it"


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_the_commands(home: Home, state: str, prod: str, code: int) -> None:
    assert state
    assert home.xacct("exec", prod, "--", "sh", "-c", f"exit {code}").code == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_a_signal_reaches_the_command_itself(
    home: Home, state: str, prod: str, number: signal.Signals
) -> None:
    """It is the same process."""
    assert state
    process = home.start_any(XACCT, "exec", prod, "--", "sh", "-c", "echo $$; exec sleep 600")
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(number)
    assert finish(process).code == -number


def test_a_pipe_that_nobody_reads_ends_the_command(home: Home, state: str, prod: str) -> None:
    """Python ignores SIGPIPE, and a command that inherits that writes on for ever, or complains."""
    assert state
    process = home.start_any(
        Path("/bin/bash"), "-c", f'"{XACCT}" exec {prod} -- yes | head -1; echo "${{PIPESTATUS[0]}}"'
    )
    outcome = finish(process)
    assert (outcome.stdout, outcome.stderr) == (f"y\n{128 + signal.SIGPIPE}\n", "")


def test_a_command_that_is_not_there(home: Home, state: str, prod: str) -> None:
    assert state
    outcome = home.xacct("exec", prod, "--", "no-such\x1b-command")
    assert (outcome.code, outcome.stdout) == (127, "")
    assert outcome.stderr == "xacct: no-such\\x1b-command: command not found\n"


def test_a_command_without_a_name_is_not_there(home: Home, state: str, prod: str) -> None:
    """As from `"$CMD"` with nothing in it; Python's own error for it was a traceback."""
    assert state
    outcome = home.xacct("exec", prod, "--", "")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (127, "", "xacct: : command not found\n")


def test_a_command_that_cannot_be_run(home: Home, state: str, prod: str) -> None:
    assert state
    plain = home.path / "plain"
    plain.write_text("no program", "utf-8")
    outcome = home.xacct("exec", prod, "--", str(plain))
    assert (outcome.code, outcome.stderr) == (126, f"xacct: {plain}: Permission denied\n")
    plain.chmod(0o700)
    outcome = home.xacct("exec", prod, "--", str(plain))
    assert (outcome.code, outcome.stderr) == (126, f"xacct: {plain}: Exec format error\n")


@pytest.mark.parametrize("words", [[], ["--"], ["--frobnicate"]])
def test_without_a_command_nothing_is_fetched(home: Home, sts: Sts, prod: str, words: list[str]) -> None:
    outcome = home.xacct("exec", prod, *words)
    assert (outcome.code, outcome.stdout) == (255, "")
    assert outcome.stderr == ("xacct: which command is to be run? It comes last: xacct exec PROFILE -- CMD\n")
    assert sts.calls == []


def test_without_credentials_nothing_is_run(home: Home) -> None:
    outcome = home.xacct("exec", "nobody", "--", "touch", str(home.path / "run"))
    assert outcome.code == 255
    assert not (home.path / "run").exists()


# -- where a process cannot become another one -------------------------------------------------------


@pytest.mark.parametrize(("script", "code"), [("exit 42", 42), ("kill -TERM $$", 128 + signal.SIGTERM)])
def test_a_child_gives_its_exit_code(script: str, code: int) -> None:
    assert launch.spawn(["sh", "-c", script], os.environ) == code


def test_a_child_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        launch.spawn(["no-such-command"], os.environ)


WAIT = """
import os
from awscli_xacct.cli import launch
print(launch.spawn(["sh", "-c", "trap 'echo caught; exit 7' INT; echo ready; cat"], os.environ))
"""


def test_ctrl_c_is_the_childs_affair() -> None:
    """Both get it, as on any terminal."""
    with subprocess.Popen(
        [sys.executable, "-c", WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=TIMEOUT)[0] == "caught\n7\n"
