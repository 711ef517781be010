"""`xacct each` over regions and the accounts of an organization, against a dozen accounts of an embedded AWS."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.embedded_aws import (
    EmbeddedAws,
    Fault,
    create_account,
    create_organization,
    create_unit,
    create_user,
)
from tests.support.commands import ONE_TRY
from tests.support.home import XACCT, Home, Outcome, finish
from tests.support.terminal import Terminal

DEV = "111111111111"
WHERE = 'printf \'{"At": "%s", "Id": "%s"}\' "$AWS_REGION" "$AWS_ACCOUNT_ID"'


class Organization:
    """A dozen accounts, one of them the management account Dev; three are in a unit."""

    def __init__(self, aws: EmbeddedAws, home: Home) -> None:
        self.aws, self.home = aws, home
        root = create_organization(aws, DEV)
        self.unit = create_unit(aws, DEV, root, "Work")
        names = [f"team {number}" for number in range(11)]
        self.ids = {
            name: create_account(aws, DEV, name, unit=self.unit if name in names[:3] else None, root=root)
            for name in names
        }
        keys = create_user(aws, DEV, "dev")
        home.credentials.write_text(
            f"[default]\naws_access_key_id = {keys.access_key_id}\n"
            f"aws_secret_access_key = {keys.secret_access_key}\n",
            "utf-8",
        )
        home.credentials.chmod(0o600)
        self.all = sorted([DEV, *self.ids.values()])
        self.few = sorted(self.ids[name] for name in names[:3])

    def each(self, *arguments: str, command: str = WHERE, role: str = "Audit") -> Outcome:
        words = ("each", "--org", "--role-name", role, *arguments, "--", "sh", "-c", command)
        return self.home.xacct(*words, environment=ONE_TRY)

    def rows(self, *arguments: str, command: str = WHERE, code: int = 0) -> list[dict[str, Any]]:
        outcome = self.each(*arguments, "--json", command=command)
        assert outcome.code == code, outcome.stderr
        found: list[dict[str, Any]] = json.loads(outcome.stdout)
        return found

    def calls(self) -> Counter[str]:
        return Counter(call.action for call in self.aws.calls())


@pytest.fixture
def home(tmp_path: Path, aws: EmbeddedAws) -> Home:
    home = Home(tmp_path / "home", aws.url)
    home.environment["AWS_ENDPOINT_URL_EC2"] = aws.url
    return home


@pytest.fixture
def organization(aws: EmbeddedAws, home: Home) -> Organization:
    return Organization(aws, home)


def test_each_runs_in_every_account_and_region(organization: Organization) -> None:
    for _ in range(2):
        rows = organization.rows("--regions", "eu-west-?,us-east-1,eu-west-1")
    assert rows == [
        {
            "Profile": None,
            "Account": account,
            "Region": region,
            "ExitCode": 0,
            "Output": {"At": region, "Id": account},
            "Stderr": "",
        }
        for account in organization.all
        for region in ("eu-west-1", "eu-west-2", "eu-west-3", "us-east-1")
    ]
    # The sessions of the second run are those of the first.
    assert organization.calls() == {"ListAccounts": 2, "AssumeRole": 12, "DescribeRegions": 24}


def test_each_runs_in_the_accounts_of_units(organization: Organization) -> None:
    outcome = organization.each("--ou-id", organization.unit)
    assert (outcome.code, outcome.stderr) == (0, "")
    names = {number: name for name, number in organization.ids.items()}
    assert sorted(outcome.stdout.splitlines()) == [
        f'{number} {names[number]} | {{"At": "us-west-1", "Id": "{number}"}}' for number in organization.few
    ]
    assert organization.calls()["AssumeRole"] == 3


def test_each_session_in_an_account_can_be_narrowed(organization: Organization) -> None:
    assert organization.each("--ou-id", organization.unit, "--read-only").code == 0
    calls = [call.parameters for call in organization.aws.calls() if call.action == "AssumeRole"]
    assert [call["PolicyArns.member.1.arn"] for call in calls] == [
        "arn:aws:iam::aws:policy/ReadOnlyAccess"
    ] * 3


def test_each_region_that_is_not_enabled_is_an_error_of_its_own(organization: Organization) -> None:
    rows = organization.rows("--ou-id", organization.unit, "--regions", "mars-north-1,us-east-1", code=252)
    assert [(row["Region"], row["ExitCode"]) for row in rows] == [
        ("mars-north-1", None),
        ("us-east-1", 0),
    ] * 3
    assert rows[0]["Stderr"] == (
        f"xacct: the region mars-north-1 is not enabled in account {organization.few[0]}\n"
    )
    rows = organization.rows("--ou-id", organization.unit, "--regions", "mars-*", code=252)
    assert [(row["Region"], row["ExitCode"]) for row in rows] == [(None, None)] * 3
    assert rows[0]["Stderr"] == "xacct: --regions mars-*: no region that is enabled matches it\n"


def test_each_account_that_does_not_list_its_regions_takes_names_as_given(organization: Organization) -> None:
    organization.aws.script(Fault("DescribeRegions", code="UnauthorizedOperation", times=1))
    rows = organization.rows("--ou-id", organization.unit, "--regions", "mars-north-1,eu-west-*", code=255)
    (refused,) = {row["Account"] for row in rows if row["Region"] == "mars-north-1" and row["ExitCode"] == 0}
    found = [row for row in rows if row["Account"] == refused]
    assert [(row["Region"], row["ExitCode"]) for row in found] == [("mars-north-1", 0), (None, None)]
    assert re.match(
        r"xacct: --regions eu-west-\*: the regions of the account cannot be listed: An error occurred \(Unauth",
        found[1]["Stderr"],
    )
    others = [row["Region"] for row in rows if row["Account"] != refused]
    assert others == ["mars-north-1", "eu-west-1", "eu-west-2", "eu-west-3"] * 2


def test_each_asks_for_regions_once_per_account(organization: Organization, home: Home) -> None:
    """Two profiles of one account, and one of another."""
    for name, account in (("a", "222222222222"), ("b", "222222222222"), ("c", "333333333333")):
        home.add_role(name, f"arn:aws:iam::{account}:role/{name}")
    outcome = home.xacct("each", "--all", "--regions", "eu-west-*", "--json", "--", "true")
    assert outcome.code == 0, outcome.stderr
    assert organization.calls() == {"AssumeRole": 3, "DescribeRegions": 2}
    signed_by = {call.access_key_id for call in organization.aws.calls() if call.action == "DescribeRegions"}
    assert len(signed_by) == 2
    assert [row["Profile"] for row in json.loads(outcome.stdout)] == ["a"] * 3 + ["b"] * 3 + ["c"] * 3


def test_each_account_that_refuses_is_reported_and_retried(organization: Organization) -> None:
    account = organization.few[1]
    unit = ("--ou-id", organization.unit, "--regions", "us-east-1,eu-west-1")
    organization.aws.script(Fault("AssumeRole", about=account, times=1))
    rows = organization.rows(*unit, code=254)
    assert [(row["Account"], row["ExitCode"]) for row in rows if row["ExitCode"] is None] == [(account, None)]
    assert [row["Stderr"] for row in rows if row["Stderr"]] == [
        "xacct: An error occurred (AccessDenied) when calling the AssumeRole operation: you may not\n"
    ]
    organization.aws.script(Fault("AssumeRole", about=organization.few[2], times=1))
    assert organization.home.aws("configure", "role", "logout", "--all").code == 0
    rows = organization.rows(*unit, "--retries", "1")
    assert [(row["Account"], row["Region"]) for row in rows] == [
        (account, region) for account in organization.few for region in ("us-east-1", "eu-west-1")
    ]


@pytest.mark.parametrize("retries", [0, 1])
def test_each_throttled_organization_is_an_error_with_its_place(
    organization: Organization, retries: int
) -> None:
    organization.aws.script(Fault("ListAccounts", code="TooManyRequestsException", status=400))
    outcome = organization.each("--retries", str(retries))
    assert (outcome.code != 0, outcome.stdout) == (True, "")
    assert "TooManyRequestsException" in outcome.stderr
    assert "the organization could not be listed with profile default" in outcome.stderr


# -- again -------------------------------------------------------------------------------------------


def test_each_runs_again_what_failed_and_nothing_else(organization: Organization, tmp_path: Path) -> None:
    """The second attempt works, and its output replaces that of the first."""
    note = tmp_path / "note"
    script = f'echo "$AWS_REGION $$"; echo x >> {note}; test "$AWS_REGION" = us-east-1 || test $(wc -l < {note}) -gt 6'
    arguments = ("--ou-id", organization.unit, "--regions", "us-east-1,eu-west-1", "--jobs", "1")
    outcome = organization.each(*arguments, "--json", "--retries", "3", command=script)
    rows = json.loads(outcome.stdout)
    assert (outcome.code, outcome.stderr) == (0, "xacct: trying 3 commands again, 1 of 3\n")
    assert [row["ExitCode"] for row in rows] == [0] * 6
    assert all(len(row["Output"].splitlines()) == 1 for row in rows)
    assert len(note.read_text().splitlines()) == 9


def test_each_that_fails_every_time_says_so(organization: Organization) -> None:
    outcome = organization.each("--ou-id", organization.unit, "--retries", "1", command="echo no >&2; exit 7")
    assert outcome.code == 7
    assert outcome.stderr.count("| no\n") == 6
    assert outcome.stderr.count("| xacct: exit code 7\n") == 6
    assert outcome.stderr.splitlines()[-1].startswith(f"xacct: 3 of 3 failed: {organization.few[0]} team ")


# -- the document ------------------------------------------------------------------------------------


def test_each_query_is_applied_to_the_whole_array(organization: Organization) -> None:
    outcome = organization.each(
        *("--ou-id", organization.unit, "--regions", "us-east-1,eu-west-1"),
        *("--query", "[?Region=='eu-west-1'].Output.Id"),
    )
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout == json.dumps(organization.few, indent=4) + "\n"


def test_each_output_that_is_no_json_is_text(organization: Organization) -> None:
    unit = ("--ou-id", organization.unit)
    for written, expected in (
        ("{'a': 1}", "{'a': 1}\n"),
        ("", "\n"),
        ("12 ", 12),
        ("NaN", "NaN\n"),
        ('{"a": [1, "é"]}', {"a": [1, "é"]}),
        ('{"a": 1}\n{"a": 2}', '{"a": 1}\n{"a": 2}\n'),
    ):
        rows = organization.rows(*unit, command=f"cat <<'END'\n{written}\nEND")
        assert [row["Output"] for row in rows] == [expected] * 3


# -- the terminal ------------------------------------------------------------------------------------


def test_each_shows_progress_on_a_terminal(organization: Organization) -> None:
    command = (
        "each",
        "--org",
        "--role-name",
        "R",
        "--ou-id",
        organization.unit,
        "--jobs",
        "1",
        "--",
        "sh",
        "-c",
    )
    terminal = Terminal(organization.home.terminal_for(str(XACCT), *command, "echo here; exit 1"))
    assert terminal.end() == 1
    assert "xacct: 1 of 3 done, 1 failed" in terminal.shown
    lines = terminal.shown.replace("\r\n", "\n").split("\n")
    # What was on the line is erased before anything else is written there.
    shown = [re.sub(r".*\r\x1b\[K", "", line) for line in lines]
    assert [line.partition(" | ")[2] for line in shown[:-2]] == ["here", "xacct: exit code 1"] * 3
    assert shown[-2].startswith("xacct: 3 of 3 failed")


def test_each_shows_no_progress_where_the_reader_of_a_pipe_has_the_terminal(
    organization: Organization,
) -> None:
    """`head` prints on the same terminal, on the line where the progress was."""
    command = f"{XACCT} each --org --role-name R --ou-id {organization.unit} -- echo here | head -n 2"
    terminal = Terminal(organization.home.terminal_for("sh", "-c", command))
    assert terminal.end() == 0
    assert [line.partition(" | ")[2] for line in terminal.shown.splitlines()[:2]] == ["here", "here"]
    assert " done" not in terminal.shown


def test_each_ctrl_c_ends_it_while_it_waits_to_try_again(organization: Organization) -> None:
    words = (
        "each",
        "--org",
        "--role-name",
        "R",
        "--ou-id",
        organization.unit,
        "--retries",
        "9",
        "--",
        "false",
    )
    process = organization.home.fork_xacct(*words)
    assert process.stderr is not None
    while "trying 3 commands again" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    assert finish(process).code == 130


def test_each_ctrl_c_does_not_wait_for_the_regions(organization: Organization) -> None:
    organization.aws.script(Fault("DescribeRegions", hang=True, times=12))
    words = ("each", "--org", "--role-name", "R", "--regions", "eu-*", "--", "true")
    process = organization.home.fork_xacct(*words)
    organization.aws.wait_for_call("DescribeRegions")
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    organization.aws.script()
    assert (outcome.code, outcome.stdout, outcome.stderr) == (130, "", "")
