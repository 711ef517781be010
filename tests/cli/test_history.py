"""`xacct history`: who obtained which sessions, and how to see what was done with them."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct.cli.history import parse_since
from awscli_xacct.errors import UsageError
from awscli_xacct.history.entry import HistoryEntry
from tests.sts import Role
from tests.support.fixed_answer import serve_answer
from tests.support.home import Home

ZONE = {"TZ": "CET-1"}
LOOK_UP = "aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue="
ENTRY = HistoryEntry(
    Time="2026-11-23T07:04:00Z",
    Profile="prod",
    Role="arn:aws:iam::222222222222:role/team/Power",
    Account="222222222222",
    Caller="arn:aws:iam::111111111111:user/dev",
    SessionName="dev",
    AccessKeyId="ASIA1",
    Expiration="2026-11-23T08:04:00Z",
    Mfa=None,
    Policy=None,
    Program="aws",
)
SESSION = ENTRY._replace(
    Profile="default",
    Role=None,
    Account="111111111111",
    Caller="AKIA0",
    SessionName=None,
    AccessKeyId="ASIA0",
    Mfa="arn:aws:iam::111111111111:mfa/dev",
)


@pytest.fixture(autouse=True)
def config(home: Home) -> None:
    home.add_role("prod", str(ENTRY.Role))
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile 'two words']\nrole_arn = {ENTRY.Role}\nsource_profile = default\n")


def write(home: Home, *lines: HistoryEntry | bytes) -> Path:
    path = home.aws_dir / "xacct" / "history.jsonl"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(
        b"".join((line.line() if isinstance(line, HistoryEntry) else line) + b"\n" for line in lines)
    )
    path.chmod(0o600)
    return path


def rows(home: Home, *arguments: str) -> list[Any]:
    outcome = home.xacct("history", "--json", *arguments, environment=ZONE)
    assert (outcome.code, outcome.stderr) == (0, "")
    found: list[Any] = json.loads(outcome.stdout)
    return found


def test_history_shows_each_session_with_its_look_up(home: Home) -> None:
    read_only = ENTRY._replace(Profile="two words", AccessKeyId="ASIA2", Policy=["arn:aws:iam::aws:policy/R"])
    gone = ENTRY._replace(Profile="gone", AccessKeyId="ASIA3", Caller=None, Program="kubectl > aws")
    china = ENTRY._replace(
        Profile="gone",
        Role="arn:aws-cn:iam::222222222222:role/Power",
        AccessKeyId="ASIA4",
        SessionName="a\x1bb",
    )
    write(home, SESSION, ENTRY, read_only, gone, china)
    outcome = home.xacct("history", environment=ZONE)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert [re.sub(r"  +", "  ", line.rstrip()) for line in outcome.stdout.splitlines()] == [
        "TIME  PROFILE  OWNER  CALLER  SESSION  PROGRAM",
        "2026-11-23 08:04 CET  default  mfa/dev  AKIA0  -  aws",
        f"  {LOOK_UP}ASIA0 --profile default",
        "2026-11-23 08:04 CET  prod  222222222222 team/Power  user/dev  dev  aws",
        f"  {LOOK_UP}ASIA1 --profile prod",
        "2026-11-23 08:04 CET  two words  222222222222 team/Power (narrowed)  user/dev  dev  aws",
        f"  {LOOK_UP}ASIA2 --profile 'two words' --region us-west-1",
        "2026-11-23 08:04 CET  gone  222222222222 team/Power  -  dev  kubectl > aws",
        f"  {LOOK_UP}ASIA3 --profile prod",
        "2026-11-23 08:04 CET  gone  222222222222 Power  user/dev  a\\x1bb  aws",
        f"  {LOOK_UP}ASIA4 --region cn-northwest-1",
    ]


def test_history_look_up_is_in_the_region_of_the_profile_that_had_the_session(home: Home) -> None:
    """Its role is another one now, and the profile that has that role is in another region."""
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[profile moved]\nrole_arn = arn:aws:iam::222222222222:role/New\nregion = eu-west-3\n")
        file.write("source_profile = default\n")
    write(home, ENTRY._replace(Profile="moved"))
    outcome = home.xacct("history")
    assert outcome.stdout.splitlines()[2] == f"  {LOOK_UP}ASIA1 --profile prod --region eu-west-3"


def test_history_look_up_is_a_command_that_works(home: Home, role: Role) -> None:
    """As it is printed, with the session of the profile."""
    home.add_role("my.own", role.arn)
    assert home.aws("sts", "get-caller-identity", "--profile", "my.own").code == 0
    (row,) = rows(home)
    line = home.xacct("history").stdout.splitlines()[2]
    with serve_answer(200, b'{"Events": []}') as (url, received):
        program, *arguments = shlex.split(line)
        found = home.aws(*arguments, environment={"AWS_ENDPOINT_URL_CLOUDTRAIL": url})
    assert (program, found.code, json.loads(found.stdout)) == ("aws", 0, {"Events": []})
    assert received == ["POST /"]
    assert f"AttributeValue={row['AccessKeyId']} " in line


def test_history_json_has_the_entries_as_they_are(home: Home) -> None:
    write(home, SESSION, ENTRY)
    assert rows(home) == [SESSION._asdict(), ENTRY._asdict()]
    assert list(rows(home)[0]) == list(HistoryEntry._fields)
    assert rows(home, "prod") == [ENTRY._asdict()]


def test_history_is_restricted_to_a_profile_and_a_time(home: Home) -> None:
    now = time.time()
    ages = {"ASIA1": 60, "ASIA2": 3 * 3600, "ASIA3": 3 * 86400}
    times = {key: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - age)) for key, age in ages.items()}
    write(home, *(ENTRY._replace(AccessKeyId=key, Time=times[key]) for key in reversed(ages)))
    for since, keys in (
        ("1h", ["ASIA1"]),
        ("240m", ["ASIA2", "ASIA1"]),
        ("1d", ["ASIA2", "ASIA1"]),
        ("1w", ["ASIA3", "ASIA2", "ASIA1"]),
        (times["ASIA2"], ["ASIA2", "ASIA1"]),
    ):
        assert [row["AccessKeyId"] for row in rows(home, "--since", since)] == keys
    assert rows(home, "default") == []


def test_since_is_an_age_or_a_time_in_the_local_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        assert parse_since("90m", 10_000) == 4600
        assert parse_since("2026-11-25", 0) == 1795561200
        assert parse_since("2026-11-25T09:30", 0) == 1795595400
        assert parse_since("2026-11-25T08:30:00Z", 0) == 1795595400
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "1", "d", "-1d", "1.5d", "1y", "yesterday", "2026-13-01", "\u0661d"])
def test_since_that_is_neither_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="is neither an age, such as 30m, 12h, 1d or 2w, nor a time"):
        parse_since(text, 0)


def test_history_leaves_out_what_is_damaged_and_says_so(home: Home) -> None:
    path = write(home, b"\x00\xff", ENTRY, ENTRY.line()[:50], b"{}")
    older = path.with_name("history.jsonl.1")
    older.write_bytes(SESSION.line())
    older.chmod(0o600)
    outcome = home.xacct("history", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.stdout) == [SESSION._asdict(), ENTRY._asdict()]
    assert outcome.stderr == (
        f"xacct: 3 lines are left out, because no session can be read from them: {path}\n"
    )


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ("region = x\n", "{config}, line 1: text before the first [section]"),
        ("[default]\n[default]\n", "{config}, line 2: duplicate section [default]"),
        (
            "[xacct]\nhistory = maybe\n",
            "[xacct] history in ~/.aws/config is 'maybe', but must be one of on, off.",
        ),
    ],
)
def test_history_is_shown_despite_a_damaged_config(home: Home, config: str, fault: str) -> None:
    """It is wanted most when something is wrong."""
    write(home, ENTRY, SESSION)
    home.config.write_text(config, encoding="utf-8")
    outcome = home.xacct("history", "--json")
    assert (outcome.code, json.loads(outcome.stdout)) == (0, [ENTRY._asdict(), SESSION._asdict()])
    assert outcome.stderr.startswith(f"xacct: {fault.format(config=home.config)}")
    shown = home.xacct("history", "prod")
    assert (shown.code, shown.stderr) == (0, outcome.stderr)
    assert f"\n  {LOOK_UP}ASIA1 --region us-east-1\n" in shown.stdout
    assert home.xacct("history", "other").code == (253 if "maybe" in config else 0)


def test_history_that_others_can_change_is_not_shown(home: Home) -> None:
    path = write(home, ENTRY)
    path.chmod(0o666)
    outcome = home.xacct("history")
    assert (outcome.stdout, outcome.stderr) == (
        "",
        f"xacct: the history in {path} cannot be read: other users have access to it\n",
    )
    report = json.loads(home.xacct("doctor", "--json", environment=home.forked_aws).stdout)
    (fix,) = [each["Fix"] for each in report["Checks"] if each["Check"] == "history"]
    assert os.system(fix) == 0  # noqa: S605 - as it is shown
    assert home.xacct("history").code == 0


def test_history_that_is_empty_or_off_is_said_to_be(home: Home) -> None:
    outcome = home.xacct("history", environment={"AWS_XACCT_HISTORY": "off"})
    assert (outcome.code, outcome.stdout) == (0, "")
    assert outcome.stderr.splitlines() == [
        "xacct: no session is recorded",
        "xacct: sessions are not recorded: AWS_XACCT_HISTORY = off",
    ]
    assert rows(home) == []


def test_history_of_an_unknown_profile_is_an_error(home: Home) -> None:
    outcome = home.xacct("history", "prd", "--json")
    assert (outcome.code != 0, outcome.stdout) == (True, "")
    assert outcome.stderr == "xacct: there is no profile prd; did you mean prod?\n"
    write(home, ENTRY._replace(Profile="prd"))
    assert len(rows(home, "prd")) == 1


def test_history_of_a_renamed_profile_names_what_its_sessions_are_recorded_for(home: Home) -> None:
    write(home, ENTRY._replace(Profile="old name"), SESSION)
    outcome = home.xacct("history", "prod")
    assert (outcome.code, outcome.stdout) == (0, "")
    assert outcome.lines == [
        "xacct: no session of profile prod is recorded",
        "xacct: there is no profile old name any more, but sessions of the same role are recorded for it. See them "
        "with: xacct history 'old name'",
    ]
    assert "ASIA1" in home.xacct("history", "old name").stdout
