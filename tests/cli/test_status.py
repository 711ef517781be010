"""`xacct status`: what is valid, without a call, and a line for a prompt."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import run
from tests.support.home import XACCT, Home
from tests.support.programs import need

from .steps import age_config_files

pytestmark = pytest.mark.usefixtures("user")


def mask_times(text: str) -> str:
    """Replace the parts of a text that change with time."""
    text = re.sub(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d CET\b", "LOCAL TIME", text)
    return re.sub(r"\b(59|60) min|\b1 h\b", "AN HOUR", text)


def test_status_shows_valid_credentials_without_a_call(home: Home, sts: Sts, role: Role, prod: str) -> None:
    home.add_role("other", role.arn, external_id="x1")
    assert home.xacct("credentials", prod).code == 0
    sts.clear_calls()
    outcome = home.xacct("status", environment={"TZ": "CET-1"})
    assert (outcome.code, outcome.stderr) == (0, "")
    assert mask_times(outcome.stdout).splitlines() == [
        "PROFILE  KIND  OWNER               LASTS  UNTIL",
        "prod     role  222222222222 Power  AN HOUR    LOCAL TIME",
    ]
    assert sts.calls == []


def test_status_shows_a_shared_session_once(home: Home, sts: Sts, role: Role, device: MfaDevice) -> None:
    program = f"curl -s {sts.url}/_code"
    for name in ("a", "b"):
        home.add_role(
            name, role.arn, mfa_serial=device.serial, mfa_process=program, role_session_name=f"me-{name}"
        )
    for name in ("a", "b"):
        assert home.xacct("credentials", name).code == 0
    rows = json.loads(home.xacct("status", "--json").stdout)
    assert [(row["Profile"], row["Kind"], row["Owner"]) for row in rows] == [
        ("default", "mfa-session", device.serial),
        ("a", "role", "222222222222 Power"),
        ("b", "role", "222222222222 Power"),
    ]
    assert 43100 < rows[0]["SecondsLeft"] <= 43200
    assert 3500 < rows[1]["SecondsLeft"] <= 3600
    assert rows[1]["Expiration"].endswith("Z")


def test_status_shows_sessions_that_no_profile_would_use(
    home: Home, sts: Sts, role: Role, device: MfaDevice, prod: str
) -> None:
    """Narrowed for one command, of a profile changed since, and of profiles that are gone, with their MFA session."""
    home.add_role("gone", role.arn, mfa_serial=device.serial, mfa_process=f"curl -s {sts.url}/_code")
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    )
    for arguments in ((prod,), (prod, "--read-only"), (prod, "--policy", policy), ("gone",)):
        outcome = home.xacct("credentials", *arguments)
        assert outcome.code == 0, outcome.stderr
    text = home.config.read_text(encoding="utf-8")
    home.config.write_text(text[: text.index("[profile gone]")], encoding="utf-8")
    home.environment["AWS_XACCT_MFA_SESSION_DURATION"] = "3600"
    sts.clear_calls()
    rows = json.loads(home.xacct("status", "--json").stdout)
    shown = [(row["Profile"], row["Kind"], row["Current"], row["PolicyArns"]) for row in rows]
    read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert shown[0] == (prod, "role", True, [])
    assert sorted(shown[1:]) == [
        ("default", "mfa-session", False, []),
        ("gone", "role", False, []),
        (prod, "role", False, []),
        (prod, "role", False, [read_only]),
    ]
    [digest] = [row["Policy"] for row in rows if row["Policy"]]
    assert digest.startswith("sha256:")
    outcome = home.xacct("status", environment={"TZ": "CET-1"})
    assert mask_times(outcome.stdout).splitlines()[:2] == [
        "PROFILE  KIND         OWNER                              POLICY    LASTS  UNTIL      NOTE",
        "prod     role         222222222222 Power                 -         AN HOUR    LOCAL TIME  -",
    ]
    assert {re.sub(r"  +", " | ", line) for line in mask_times(outcome.stdout).splitlines()[2:]} == {
        f"default | mfa-session | {device.serial} | - | 12 h | LOCAL TIME | other settings",
        "gone | role | 222222222222 Power | - | AN HOUR | LOCAL TIME | profile is gone",
        "prod | role | 222222222222 Power | narrowed | AN HOUR | LOCAL TIME | other settings",
    }
    assert sts.calls == []
    home.write_config("")
    assert len(json.loads(home.xacct("status", "--json").stdout)) == len(rows)


def test_status_with_nothing_cached_says_so_on_stderr(home: Home, prod: str) -> None:
    assert prod
    outcome = home.xacct("status")
    assert (outcome.code, outcome.stdout) == (0, "")
    assert outcome.stderr.startswith("xacct: no credentials are cached")
    assert home.xacct("status", "--json").stdout == "[]\n"


def test_status_json_and_prompt_cannot_be_used_together(home: Home) -> None:
    assert home.xacct("status", "--json", "--prompt").code == 252


# -- the prompt ----------------------------------------------------------------------------------------


@pytest.fixture(params=["cold", "warm"])
def state(request: pytest.FixtureRequest, home: Home, prod: str) -> str:
    """Without memos of the profiles, and with them; `prod` has credentials."""
    assert home.xacct("credentials", prod).code == 0
    if request.param == "warm":
        age_config_files(home)
        for profile in (prod, "default"):
            assert home.xacct("credentials", profile).code == 0
        assert len(list(home.aws_dir.glob("xacct/resolved/*.memo"))) == 2
    return str(request.param)


def show_prompt(home: Home, **environment: str) -> str:
    outcome = home.xacct("status", "--prompt", environment=environment)
    assert (outcome.code, outcome.stderr) == (0, "")
    return outcome.stdout


def test_prompt_shows_the_profile_and_the_time_left(home: Home, state: str, prod: str) -> None:
    assert state
    assert show_prompt(home, AWS_PROFILE=prod) in ("prod 59m\n", "prod 1h00m\n")
    assert show_prompt(home, AWS_PROFILE="x", AWS_DEFAULT_PROFILE=prod).startswith("prod ")
    assert show_prompt(home, AWS_PROFILE="default") == "default\n"


def test_prompt_says_that_a_session_is_narrowed(home: Home, prod: str) -> None:
    assert home.aws("configure", "role", prod, "--read-only").code == 0
    assert show_prompt(home, AWS_PROFILE=prod) == "prod narrowed -\n"
    age_config_files(home)
    assert home.xacct("credentials", prod).code == 0
    for _ in range(2):
        assert show_prompt(home, AWS_PROFILE=prod) in ("prod narrowed 59m\n", "prod narrowed 1h00m\n")
    assert list(home.aws_dir.glob("xacct/resolved/*.memo"))


def test_prompt_of_a_shell_says_that_its_session_is_narrowed(home: Home, prod: str) -> None:
    home.environment["SHELL"] = "/bin/sh"
    for options, expected in ((), "prod 59m\n"), (("--read-only",), "prod narrowed 59m\n"):
        outcome = home.xacct("exec", prod, *options, stdin=f"exec {XACCT} status --prompt\n")
        assert outcome.stdout.replace("1h00m", "59m") == expected, outcome.stderr


def test_prompt_without_credentials_shows_a_dash(home: Home, state: str, prod: str) -> None:
    assert state
    for record in home.records():
        record.unlink()
    assert show_prompt(home, AWS_PROFILE=prod) == "prod -\n"


@pytest.mark.parametrize("environment", [{}, {"AWS_PROFILE": ""}])
def test_prompt_without_a_profile_is_empty(home: Home, environment: dict[str, str]) -> None:
    assert show_prompt(home, **environment) == ""


def test_prompt_marks_a_broken_profile(home: Home) -> None:
    assert show_prompt(home, AWS_PROFILE="nobody") == "nobody ?\n"
    assert show_prompt(home, AWS_PROFILE="a\x1b[2J") == "a?[2J ?\n"
    home.config.write_text("no config", "utf-8")
    assert show_prompt(home, AWS_PROFILE="default") == "default ?\n"


# As documented.
SHELLS = {
    "bash": ["--norc", "-ic", "PS1='$(xacct status --prompt) \\$ '; printf '%s\\n' \"${PS1@P}\""],
    "zsh": ["-fc", "setopt prompt_subst; PROMPT='$(xacct status --prompt) %# '; print -P -- $PROMPT"],
    "fish": ["-Nc", "function fish_prompt; echo -n (xacct status --prompt)' > '; end; fish_prompt"],
}


@pytest.mark.parametrize("shell", SHELLS)
def test_prompt_works_as_documented(home: Home, prod: str, shell: str) -> None:
    program = need(shell)
    environment = {"AWS_PROFILE": prod, "PATH": f"{XACCT.parent}:{home.environment['PATH']}"}
    outcome = run(home, program, *SHELLS[shell], environment=environment)
    assert outcome.stdout.startswith("prod - ")


# Built beforehand, as many do with PROMPT_COMMAND: bash expands it once more.
MADE_BEFORE = ["--norc", "-ic", 'PS1="$(xacct status --prompt) \\$ "; printf \'%s\\n\' "${PS1@P}"']


@pytest.mark.parametrize(
    ("shell", "arguments"), [*SHELLS.items(), ("bash", MADE_BEFORE)], ids=[*SHELLS, "bash, made before"]
)
@pytest.mark.parametrize("known", [True, False])
def test_prompt_escapes_the_profile_name(
    home: Home, role: Role, shell: str, arguments: list[str], known: bool
) -> None:
    program = need(shell)
    name = "50%n%% \\u \x1b]2;x\x07 $(echo ran) `echo ran` $HOME!!"
    if known:
        home.add_role(f"'{name}'", role.arn)
    environment = {"AWS_PROFILE": name, "PATH": f"{XACCT.parent}:{home.environment['PATH']}"}
    outcome = run(home, program, *arguments, environment=environment)
    shown = "50?n?? ?u ?]2;x? ?(echo ran) ?echo ran? ?HOME??"
    assert outcome.stdout.startswith(f"{shown} {'-' if known else '?'} ")


def test_prompt_of_a_session_due_for_refresh(home: Home, sts: Sts, user: User) -> None:
    """It is still valid, although a command would get new credentials."""
    role = sts.add_role("Short", trusts=[user.arn])
    home.add_role("short", role.arn, duration_seconds=900)
    started = time.time()
    assert home.xacct("credentials", "short").code == 0
    assert show_prompt(home, AWS_PROFILE="short") in ("short 14m\n", "short 15m\n")
    assert time.time() - started < 60
