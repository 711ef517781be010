"""`xacct credentials`, the real script: the right credentials, and nothing else on stdout."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import run
from tests.support.home import XACCT, Home, Outcome, finish
from tests.support.terminal import Terminal

from .steps import age_config_files

pytestmark = pytest.mark.usefixtures("user")


def parse_output(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a successful command, one line and its only output."""
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.count("\n") == 1
    document: dict[str, Any] = json.loads(outcome.stdout)
    return document


def test_credentials_of_a_role_come_from_the_cache_shared_with_aws(home: Home, sts: Sts, prod: str) -> None:
    first = parse_output(home.xacct("credentials", prod))
    assert list(first) == [
        *("Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"),
    ]
    assert (first["Version"], first["AccountId"]) == (1, "222222222222")
    assert parse_output(home.xacct("credentials", prod)) == first
    assert home.aws("sts", "get-caller-identity", "--profile", prod).code == 0
    assert [call.operation for call in sts.calls] == ["AssumeRole", "GetCallerIdentity"]
    assert sts.calls[-1].access_key == first["AccessKeyId"]


def test_credentials_of_a_user_are_its_keys(home: Home, user: User) -> None:
    assert parse_output(home.xacct("credentials", "default")) == {
        "Version": 1,
        "AccessKeyId": user.access_key,
        "SecretAccessKey": user.secret_key,
    }


def test_credentials_ignore_keys_in_the_environment(home: Home, user: User) -> None:
    own = {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": "nobody"}
    assert (
        parse_output(home.xacct("credentials", "default", environment=own))["AccessKeyId"] == user.access_key
    )


@pytest.mark.parametrize("printed_instead", ["", "secret: hunter2", "[]", '{"Version": 1}'])
def test_credentials_of_a_failing_program_do_not_quote_it(home: Home, printed_instead: str) -> None:
    program = home.path / "program"
    program.write_text(f"#!/bin/sh\nprintf %s {shlex.quote(printed_instead)}\n", "utf-8")
    program.chmod(0o700)
    home.write_config(f"[profile other]\ncredential_process = {program}\n")
    outcome = home.xacct("credentials", "other")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "hunter2" not in outcome.stderr
    assert "unexpected" not in outcome.stderr
    assert "Error when retrieving credentials" in outcome.stderr or "profile other" in outcome.stderr


def test_credentials_of_another_program_are_passed_on(home: Home) -> None:
    document = {"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s", "SessionToken": "t"}
    document["Expiration"] = "2099-01-15T09:00:00+01:00"
    program = home.path / "program"
    program.write_text(f"#!/bin/sh\ncat <<END\n{json.dumps(document)}\nEND\n", "utf-8")
    program.chmod(0o700)
    home.write_config(f"[profile other]\ncredential_process = {program}\n")
    found = parse_output(home.xacct("credentials", "other"))
    assert found == {**document, "Expiration": "2099-01-15T08:00:00Z"}


def test_credentials_of_an_mfa_user_are_the_session(home: Home, sts: Sts, device: MfaDevice) -> None:
    program = f"curl -s {sts.url}/_code"
    lines = f"mfa_session = on\nmfa_serial = {device.serial}\nmfa_process = {program}\nregion = us-west-1\n"
    home.write_config("")
    home.config.write_text(home.config.read_text("utf-8").replace("region = us-west-1\n", lines), "utf-8")
    found = [parse_output(home.xacct("credentials", "default")) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0]["AccessKeyId"].startswith("ASIA")
    assert [call.operation for call in sts.calls] == ["GetSessionToken"]


def test_credentials_prompt_on_the_terminal_and_print_only_the_document(
    home: Home, role: Role, device: MfaDevice
) -> None:
    role.require_mfa = True
    home.add_role("vault", role.arn, mfa_serial=device.serial)
    out = home.path / "out"
    script = f'"{XACCT}" credentials vault > {shlex.quote(str(out))} < /dev/null'
    terminal = Terminal(home.terminal_for("/bin/sh", "-c", script))
    terminal.answer(device.next_code())
    assert terminal.end() == 0
    assert json.loads(out.read_text("utf-8"))["AccessKeyId"].startswith("ASIA")
    assert terminal.prompts == 1


def test_credentials_without_a_terminal_do_not_prompt(home: Home, role: Role, device: MfaDevice) -> None:
    role.require_mfa = True
    home.add_role("vault", role.arn, mfa_serial=device.serial)
    outcome = run(home, str(XACCT), "credentials", "vault", without=("DISPLAY", "WAYLAND_DISPLAY"))
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "there is no terminal to ask on" in outcome.stderr
    assert "aws configure role login vault" in outcome.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pord", "xacct: there is no profile pord; did you mean prod?\n"),
        (
            "x\x1b[2J",
            "xacct: there is no profile x\\x1b[2J; list the profiles with: aws configure role list\n",
        ),
        ("", "xacct: there is no profile ; list the profiles with: aws configure role list\n"),
    ],
)
@pytest.mark.usefixtures("prod")
def test_credentials_of_an_unknown_profile(home: Home, name: str, message: str) -> None:
    outcome = home.xacct("credentials", name)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (253, "", message)


def test_credentials_of_a_broken_profile(home: Home, role: Role) -> None:
    home.add_role("broken", role.arn, source_profile="nobody")
    outcome = home.xacct("credentials", "broken")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert outcome.stderr.startswith("xacct: profile broken: its source_profile nobody does not exist.")


def test_credentials_of_a_profile_without_any(home: Home) -> None:
    home.write_config("[profile empty]\nregion = us-west-1\n")
    outcome = home.xacct("credentials", "empty")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert outcome.stderr == (
        "xacct: profile empty has no credentials. Add some:\n  aws configure --profile empty\n"
    )


def test_credentials_with_an_invalid_config_file(home: Home) -> None:
    home.config.write_text("[profile prod\n", "utf-8")
    outcome = home.xacct("credentials", "prod")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert outcome.stderr.startswith(f"xacct: {home.config}, line 1: ")


def test_credentials_refused_by_sts(home: Home, sts: Sts) -> None:
    other = sts.add_role("Other", trusts=["arn:aws:iam::111111111111:user/somebody"])
    home.add_role("other", other.arn)
    outcome = home.xacct("credentials", "other")
    assert (outcome.code, outcome.stdout) == (254, "")
    assert outcome.stderr.startswith("xacct: An error occurred (AccessDenied)")
    assert "aws configure role verify other" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "See: xacct credentials --help"),
        (["prod", "more"], "To run a command: xacct exec PROFILE -- CMD"),
        (["prod", "--format", "xml"], "See: xacct credentials --help"),
        (["--fromat"], "See: xacct credentials --help"),
    ],
)
def test_credentials_with_an_invalid_command_line(home: Home, arguments: list[str], hint: str) -> None:
    outcome = home.xacct("credentials", *arguments)
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr.endswith(f" {hint}\n")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize(
    ("target", "code"),
    [
        pytest.param(">&-", 255, id="closed"),
        pytest.param("> /dev/full", 255, id="full"),
    ],
)
def test_credentials_that_cannot_be_written_are_an_error(
    home: Home, prod: str, target: str, code: int, warm: bool
) -> None:
    if warm:
        age_config_files(home)
        for _ in range(2):
            parse_output(home.xacct("credentials", prod))
        assert list(home.path.glob(".aws/xacct/resolved/*.memo"))
    outcome = run(home, "/bin/sh", "-c", f'"{XACCT}" credentials {prod} {target}')
    assert (outcome.code, outcome.stdout) == (code, "")
    assert outcome.stderr.startswith("xacct: ")
    assert "Traceback" not in outcome.stderr


def test_credentials_to_a_closed_pipe_end_silently(home: Home, prod: str) -> None:
    outcome = run(home, "/bin/bash", "-c", f'"{XACCT}" credentials {prod} | true; echo "${{PIPESTATUS[0]}}"')
    # Either may end first: the output may be written before its reader ends.
    assert outcome.stdout in ("0\n", "255\n")
    assert outcome.stderr == ""


NOTE_MODULES = """
import atexit, os, sys

def note():
    with open(os.environ["NOTED"], "a") as file:
        file.write(f"{'botocore' in sys.modules}\\n")

atexit.register(note)
"""


def test_credentials_fetched_by_another_process_load_no_botocore(
    home: Home, sts: Sts, prod: str, tmp_path: Path
) -> None:
    """A crowd loaded it before it looked: 0.14 s of CPU for each of two hundred, for the record of one."""
    (tmp_path / "sitecustomize.py").write_text(NOTE_MODULES, "utf-8")
    noted = tmp_path / "noted"
    home.environment |= {"PYTHONPATH": str(tmp_path), "NOTED": str(noted)}
    with sts.hold("AssumeRole") as held:
        first = home.fork_xacct("credentials", prod)
        held.wait_for(1)
        others = [home.fork_xacct("credentials", prod) for _ in range(3)]
        for other in others:
            assert other.stderr is not None
            assert other.stderr.readline() == (
                f"xacct: waiting for process {first.pid}, which is getting credentials of profile {prod}\n"
            )
        held.release()
        document = parse_output(finish(first))
        for other in others:
            assert parse_output(finish(other)) == document
    assert sorted(noted.read_text("utf-8").split()) == ["False"] * 3 + ["True"]
    assert [call.operation for call in sts.calls] == ["AssumeRole"]


def test_credentials_are_fetched_where_the_other_process_has_been_killed(
    home: Home, sts: Sts, prod: str
) -> None:
    with sts.hold("AssumeRole") as held:
        first = home.fork_xacct("credentials", prod)
        held.wait_for(1)
        second = home.fork_xacct("credentials", prod)
        assert second.stderr is not None
        second.stderr.readline()
        first.kill()
        finish(first)
        held.release()
        assert parse_output(finish(second))["AccountId"] == "222222222222"
    assert list(home.cache.glob("*.lock")) == list(home.cache.glob("*.owner")) == []
