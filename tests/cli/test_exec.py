"""`xacct exec`: a command gets the profile's credentials, and otherwise runs as if started alone."""

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

from .steps import age_config_files

pytestmark = pytest.mark.usefixtures("user")

DUMP = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith(('AWS_', 'AMAZON_'))}))"


@pytest.fixture(params=["cold", "warm"])
def state(request: pytest.FixtureRequest, home: Home, prod: str) -> str:
    """With nothing cached, and with a memo and cached credentials of the profile."""
    if request.param == "warm":
        age_config_files(home)
        for _ in range(2):
            assert home.xacct("credentials", prod).code == 0
        assert list(home.aws_dir.glob("xacct/resolved/*.memo"))
    return str(request.param)


def read_variables(outcome: Outcome) -> dict[str, str]:
    assert (outcome.code, outcome.stderr) == (0, "")
    found: dict[str, str] = json.loads(outcome.stdout)
    return found


def test_exec_sets_credentials_and_drops_conflicting_variables(home: Home, state: str, prod: str) -> None:
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
    found = read_variables(home.xacct("exec", prod, "--", sys.executable, "-c", DUMP, environment=stale))
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


def test_exec_with_a_users_keys_drops_session_variables(home: Home, user: User) -> None:
    stale = {"AWS_SESSION_TOKEN": "old", "AWS_CREDENTIAL_EXPIRATION": "old", "AWS_ACCOUNT_ID": "9"}
    found = read_variables(home.xacct("exec", "default", "--", sys.executable, "-c", DUMP, environment=stale))
    assert found["AWS_ACCESS_KEY_ID"] == user.access_key
    assert not stale.keys() & found.keys()


def test_exec_without_a_region_keeps_the_environments(home: Home, prod: str) -> None:
    home.config.write_text(home.config.read_text("utf-8").replace("region = us-west-1\n", ""), "utf-8")
    region = {"AWS_REGION": "eu-west-3"}
    found = read_variables(home.xacct("exec", prod, "--", sys.executable, "-c", DUMP, environment=region))
    assert (found["AWS_REGION"], found.get("AWS_DEFAULT_REGION")) == ("eu-west-3", None)


def test_exec_runs_aws_as_the_role(home: Home, sts: Sts, prod: str) -> None:
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
def test_exec_passes_all_words_on(home: Home, prod: str, words: list[str]) -> None:
    outcome = home.xacct("exec", prod, *words)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "-- -n --help a b\n", "")


def test_exec_passes_stdin_on(home: Home, state: str, prod: str) -> None:
    assert state
    assert home.xacct("exec", prod, "--", "cat", stdin="all of it").stdout == "all of it"


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exec_returns_the_exit_code(home: Home, state: str, prod: str, code: int) -> None:
    assert state
    assert home.xacct("exec", prod, "--", "sh", "-c", f"exit {code}").code == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_exec_replaces_the_process(home: Home, state: str, prod: str, number: signal.Signals) -> None:
    """The command is the same process."""
    assert state
    process = home.fork_xacct("exec", prod, "--", "sh", "-c", "echo $$; exec sleep 600")
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.send_signal(number)
    assert finish(process).code == -number


def test_exec_restores_sigpipe(home: Home, state: str, prod: str) -> None:
    """Python ignores SIGPIPE. A command that inherits this writes for ever, or complains."""
    assert state
    process = home.start_any(
        Path("/bin/bash"), "-c", f'"{XACCT}" exec {prod} -- yes | head -1; echo "${{PIPESTATUS[0]}}"'
    )
    outcome = finish(process)
    assert (outcome.stdout, outcome.stderr) == (f"y\n{128 + signal.SIGPIPE}\n", "")


def test_exec_of_a_missing_command(home: Home, state: str, prod: str) -> None:
    assert state
    outcome = home.xacct("exec", prod, "--", "no-such\x1b-command")
    assert (outcome.code, outcome.stdout) == (127, "")
    assert outcome.stderr == "xacct: no-such\\x1b-command: command not found\n"


def test_exec_of_an_empty_command(home: Home, state: str, prod: str) -> None:
    """As from `"$CMD"` with an empty variable: Python's own error for it was a traceback."""
    assert state
    outcome = home.xacct("exec", prod, "--", "")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (127, "", "xacct: : command not found\n")


def test_exec_of_a_file_that_cannot_be_run(home: Home, state: str, prod: str) -> None:
    assert state
    plain = home.path / "plain"
    plain.write_text("no program", "utf-8")
    outcome = home.xacct("exec", prod, "--", str(plain))
    assert (outcome.code, outcome.stderr) == (126, f"xacct: {plain}: Permission denied\n")
    plain.chmod(0o700)
    outcome = home.xacct("exec", prod, "--", str(plain))
    assert (outcome.code, outcome.stderr) == (126, f"xacct: {plain}: Exec format error\n")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--"], "no command given. Usage: xacct exec PROFILE -- CMD"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate. See: xacct exec --help"),
        (
            ["--region", "us-east-1", "--", "ls"],
            "unrecognized arguments: --region. The region is the profile's. For another one: "
            "xacct exec PROFILE -- env AWS_REGION=REGION AWS_DEFAULT_REGION=REGION CMD",
        ),
        (
            ["--serv", "--", "ls"],
            "unrecognized arguments: --serv (did you mean --serve?). See: xacct exec --help",
        ),
    ],
)
def test_exec_without_a_command_or_with_an_unknown_option_fetches_nothing(
    home: Home, sts: Sts, prod: str, words: list[str], problem: str
) -> None:
    outcome = home.xacct("exec", prod, *words)
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr == f"xacct: {problem}\n"
    assert sts.calls == []


def test_exec_of_a_command_without_a_profile_takes_no_word_of_it_for_one(home: Home) -> None:
    outcome = home.xacct("exec", "--serve", "--", "ls", "-l")
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr == "xacct: the following arguments are required: PROFILE. See: xacct exec --help\n"


def test_exec_takes_its_options_after_the_profile_as_well(home: Home, prod: str) -> None:
    outcome = home.xacct("exec", prod, "--serve", "--", "sh", "-c", "env")
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI=" in outcome.stdout


def test_exec_without_credentials_runs_nothing(home: Home) -> None:
    outcome = home.xacct("exec", "nobody", "--", "touch", str(home.path / "run"))
    assert outcome.code == 253
    assert not (home.path / "run").exists()


# -- where a process cannot be replaced -------------------------------------------------------------


@pytest.mark.parametrize(("script", "code"), [("exit 42", 42), ("kill -TERM $$", 128 + signal.SIGTERM)])
def test_spawn_returns_the_exit_code(script: str, code: int) -> None:
    assert launch.spawn(["sh", "-c", script], os.environ) == code


def test_spawn_of_a_missing_command() -> None:
    with pytest.raises(FileNotFoundError):
        launch.spawn(["no-such-command"], os.environ)


def test_exec_runs_a_command_with_closed_descriptors(home: Home, state: str, prod: str) -> None:
    """A job that a daemon starts may have none; with a memo it ran, and without one it was refused."""
    assert state
    seen = home.path / "seen"
    code = f"import os; left = os.listdir('/proc/self/fd'); open({str(seen)!r}, 'w').write(str(left))"
    words = ["-c", 'exec "$@" <&- >&- 2>&-', "sh", str(XACCT), "exec", prod, "--", sys.executable, "-c", code]
    assert finish(home.start_any(Path("/bin/sh"), *words)).code == 0
    assert seen.read_text("utf-8") == "['0']", "which lists them"


WAIT = """
import os
from awscli_xacct.cli import launch
print(launch.spawn(["sh", "-c", "trap 'echo caught; exit 7' INT; echo ready; cat"], os.environ))
"""


def test_spawn_leaves_ctrl_c_to_the_child() -> None:
    """Both processes get it, as on any terminal."""
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
