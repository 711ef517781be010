"""`xacct console`: a URL that signs in, from the right endpoint, and hidden from other users."""

from __future__ import annotations

import html
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from awscli_xacct.cli.signin import find_endpoints
from tests.sts import MfaDevice, Role, Sts, User
from tests.support.home import Home, Outcome

from .federation import TOKEN, Federation

pytestmark = pytest.mark.usefixtures("user")


@pytest.fixture
def federation(home: Home) -> Iterator[Federation]:
    with Federation() as running:
        home.environment["AWS_XACCT_SIGNIN_ENDPOINT"] = running.url
        yield running


def parse_url(outcome: Outcome) -> dict[str, str]:
    """Return the query of the sign-in URL, the only output of a successful command."""
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.count("\n") == 1
    return {name: value for name, [value] in parse_qs(urlsplit(outcome.stdout.strip()).query).items()}


def test_console_url_signs_in_as_the_role(home: Home, federation: Federation, prod: str) -> None:
    outcome = home.xacct("console", prod)
    assert outcome.stdout.startswith(f"{federation.url}?")
    assert parse_url(outcome) == {
        "Action": "login",
        "Destination": "https://console.aws.amazon.com/",
        "SigninToken": TOKEN,
    }
    document = json.loads(home.xacct("credentials", prod).stdout)
    [request] = federation.requests
    assert request.pop("Action") == "getSigninToken"
    assert json.loads(request.pop("Session")) == {
        "sessionId": document["AccessKeyId"],
        "sessionKey": document["SecretAccessKey"],
        "sessionToken": document["SessionToken"],
    }
    assert request == {}, "the session lasts as long as the credentials"


def test_console_session_may_outlast_the_credentials(home: Home, federation: Federation, prod: str) -> None:
    parse_url(home.xacct("console", prod, "--duration-seconds", "43200"))
    assert federation.requests[0]["SessionDuration"] == "43200"


@pytest.mark.parametrize(
    ("arguments", "destination"),
    [
        (["--service", "ec2"], "https://console.aws.amazon.com/ec2/home?region=us-west-1"),
        (["--destination", "https://x.console.aws.amazon.com/s3#a"], "https://x.console.aws.amazon.com/s3#a"),
    ],
)
@pytest.mark.usefixtures("federation")
def test_console_starts_at_the_service_or_destination(
    home: Home, prod: str, arguments: list[str], destination: str
) -> None:
    assert parse_url(home.xacct("console", prod, *arguments))["Destination"] == destination


def add_chain(home: Home, sts: Sts, role: Role, device: MfaDevice) -> None:
    """Add profiles whose roles are assumed from a session."""
    last = sts.add_role("Last", account="333333333333", trusts=[role.arn])
    home.add_role("prod", role.arn)
    home.add_role("chained", last.arn, source_profile="prod")
    home.add_role("shared", role.arn, mfa_serial=device.serial, mfa_process=f"curl -s {sts.url}/_code")
    home.add_role(
        *("own", role.arn),
        mfa_serial=device.serial,
        mfa_process=f"curl -s {sts.url}/_code",
        mfa_session="off",
    )


@pytest.mark.parametrize("profile", ["chained", "shared"])
def test_console_duration_is_refused_for_a_chained_role(
    home: Home, sts: Sts, federation: Federation, role: Role, device: MfaDevice, profile: str
) -> None:
    add_chain(home, sts, role, device)
    refused = home.xacct("console", profile, "--duration-seconds", "3600")
    assert (refused.code, refused.stdout) == (252, "")
    assert refused.stderr.endswith(f" session. Leave it out:\n      xacct console {profile}\n")
    assert sts.calls == []
    parse_url(home.xacct("console", profile))
    assert "SessionDuration" not in federation.requests[0]


def test_console_duration_works_for_a_role_with_direct_mfa(
    home: Home, sts: Sts, federation: Federation, role: Role, device: MfaDevice
) -> None:
    add_chain(home, sts, role, device)
    parse_url(home.xacct("console", "own", "--duration-seconds", "7200"))
    assert federation.requests[0]["SessionDuration"] == "7200"


@pytest.mark.usefixtures("federation")
def test_console_reports_all_problems_before_any_call(home: Home, sts: Sts, prod: str) -> None:
    outcome = home.xacct("console", prod, "--service", "../x", "--duration-seconds", "60")
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr.count("  - ") == 2
    for url in ("http://console.aws.amazon.com/", "console", "https://", "https://a b/", "https://[x/"):
        outcome = home.xacct("console", prod, "--destination", url)
        assert (outcome.code, outcome.stdout) == (252, "")
        assert "--destination" in outcome.stderr
    assert sts.calls == []


def test_console_refuses_a_users_own_keys(home: Home, federation: Federation) -> None:
    outcome = home.xacct("console", "default")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "profile default has a user's own credentials" in outcome.stderr
    assert federation.requests == []


@pytest.mark.parametrize(
    "answer", [(400, b"<html>"), (200, b"no JSON"), (200, b"[]"), (200, b'{"SigninToken": 1}'), (200, b"")]
)
def test_console_endpoint_without_a_token_is_an_error(
    home: Home, federation: Federation, prod: str, answer: tuple[int, bytes]
) -> None:
    federation.answer = answer
    outcome = home.xacct("console", prod)
    assert (outcome.code, outcome.stdout) == (254, "")
    assert f"{federation.url} returned no sign-in token" in outcome.stderr
    assert_no_credentials(home, prod, outcome.stderr)


def test_console_endpoint_unreachable_is_an_error(home: Home, prod: str) -> None:
    home.environment["AWS_XACCT_SIGNIN_ENDPOINT"] = "http://127.0.0.1:9/federation"
    outcome = home.xacct("console", prod)
    assert (outcome.code, outcome.stdout) == (255, "")
    assert "cannot reach http://127.0.0.1:9/federation" in outcome.stderr
    assert_no_credentials(home, prod, outcome.stderr)


def assert_no_credentials(home: Home, prod: str, text: str) -> None:
    """Check that a text contains none of the credentials."""
    document = json.loads(home.xacct("credentials", prod).stdout)
    for key in ("AccessKeyId", "SecretAccessKey", "SessionToken"):
        assert document[key] not in text


@pytest.mark.parametrize(
    ("partition", "hosts"),
    [
        ("aws", ("https://signin.aws.amazon.com/federation", "https://console.aws.amazon.com/")),
        ("aws-cn", ("https://signin.amazonaws.cn/federation", "https://console.amazonaws.cn/")),
        (
            "aws-us-gov",
            ("https://signin.amazonaws-us-gov.com/federation", "https://console.amazonaws-us-gov.com/"),
        ),
        (
            "aws-eusc",
            (
                "https://eusc-de-east-1.signin.amazonaws-eusc.eu/federation",
                "https://console.amazonaws-eusc.eu/",
            ),
        ),
    ],
)
def test_console_endpoints_by_partition(partition: str, hosts: tuple[str, str]) -> None:
    assert find_endpoints({}, {}, partition) == hosts


def test_console_endpoint_is_required_in_a_private_partition(home: Home, sts: Sts, user: User) -> None:
    role = sts.add_role("Power", trusts=[user.arn])
    home.add_role("iso", role.arn.replace("arn:aws:", "arn:aws-iso:"))
    outcome = home.xacct("console", "iso")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "the partition aws-iso has no public console" in outcome.stderr
    fix = "  export AWS_XACCT_SIGNIN_ENDPOINT=https://… AWS_XACCT_CONSOLE_ENDPOINT=https://…"
    assert outcome.lines[-1] == fix


def test_console_endpoints_from_file_and_variable() -> None:
    config = {"xacct": {"signin_endpoint": "https://signin.c2s.ic.gov/federation"}}
    variables = {"AWS_XACCT_CONSOLE_ENDPOINT": "https://console.c2s.ic.gov/"}
    assert find_endpoints(config, variables, "aws-iso") == (
        "https://signin.c2s.ic.gov/federation",
        "https://console.c2s.ic.gov/",
    )


# -- the browser ---------------------------------------------------------------------------------------


def test_console_browser_gets_a_private_page(home: Home, federation: Federation, prod: str) -> None:
    """Every user of the machine can read the arguments of a program."""
    seen = home.path / "seen"
    browser = home.path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}.new && mv {seen}.new {seen}\n', "utf-8")
    browser.chmod(0o700)
    outcome = home.xacct("console", prod, "--open", environment={"BROWSER": str(browser)})
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "", "")
    end = time.monotonic() + 120
    while not seen.exists() and time.monotonic() < end:
        time.sleep(0.01)
    [argument] = seen.read_text("utf-8").splitlines()
    assert argument.startswith("file://")
    page = Path(argument.removeprefix("file://"))
    assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    found = re.search(r'content="0; url=([^"]*)"', page.read_text("utf-8"))
    assert found is not None
    url = html.unescape(found[1])
    assert url.startswith(f"{federation.url}?Action=login&")
    assert parse_qs(urlsplit(url).query)["SigninToken"] == [TOKEN]


@pytest.mark.usefixtures("federation")
def test_console_page_is_removed_once_expired(home: Home, prod: str) -> None:
    browser = {"BROWSER": "true"}
    for _ in range(2):
        assert home.xacct("console", prod, "--open", environment=browser).code == 0
    pages = list(home.aws_dir.glob("xacct/pages/*"))
    assert len(pages) == 2
    os.utime(pages[0], (1, 1))
    assert home.xacct("console", prod, "--open", environment=browser).code == 0
    assert pages[0] not in list(home.aws_dir.glob("xacct/pages/*"))
    assert pages[1].exists()


@pytest.mark.usefixtures("federation")
def test_console_without_a_browser_leaves_no_page(home: Home, prod: str) -> None:
    nothing = {"BROWSER": str(home.path / "no-browser"), "PATH": "/nonexistent", "DISPLAY": ""}
    outcome = home.xacct("console", prod, "--open", environment=nothing)
    assert (outcome.code, outcome.stdout) == (255, "")
    assert "no browser can be opened here. Leave out --open" in outcome.stderr
    assert TOKEN not in outcome.stderr
    assert list(home.aws_dir.glob("xacct/pages/*")) == []
