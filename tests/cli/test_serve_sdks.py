"""Clients that outlive their credentials get new ones from `xacct serve`: two SDKs, and the AWS CLI v1 and v2."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence

import pytest

from tests.sts import Role, Sts
from tests.support.clock import Clock
from tests.support.commands import is_session_of
from tests.support.home import AWS, TIMEOUT, XACCT, Home
from tests.support.programs import need
from tests.v2.home import find_aws

from .bucket import serving_bucket
from .node import SDK, NodeError, install
from .served import serving
from .test_exec_serve import STARTED_BY, list_programs

pytestmark = [pytest.mark.usefixtures("user"), pytest.mark.late]

LIVES = 3
"""How many sessions each client needs."""
ALMOST = 3400
"""Seconds after which a session of an hour is due for every client, and not over."""
PAGE_SECONDS = 0.05
AGENTS = {"boto3": "Boto3/", "v1": "aws-cli/1.", "v2": "aws-cli/2.", "javascript": "aws-sdk-js/"}
"""A part of each client's User-Agent."""
LIFE, PAGES, SLOW = 6.0, 30, 0.35
"""For rclone, which has the kernel's own time: seconds that a session lasts, and what is read for longer than that."""

# Each session has a name of its own, so that a client is done when it has called with as many of them.
BOTO3 = f"""
import boto3, time
client, seen = boto3.Session().client("sts"), set()
while len(seen) < {LIVES}:
    arn = client.get_caller_identity()["Arn"]
    assert ":assumed-role/Power/" in arn
    seen.add(arn)
    time.sleep(0.1)
"""

JAVASCRIPT = f"""
const {{ STSClient, GetCallerIdentityCommand }} = require("@aws-sdk/client-sts");
const client = new STSClient({{ endpoint: process.env.AWS_ENDPOINT_URL_STS }});
(async () => {{
  const seen = new Set();
  while (seen.size < {LIVES}) {{
    const {{ Arn }} = await client.send(new GetCallerIdentityCommand({{}}));
    if (!Arn.includes(":assumed-role/Power/")) throw new Error(Arn);
    seen.add(Arn);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }}
}})();
"""


def list_clients(sts: Sts) -> dict[str, list[str]]:
    """Return the commands of all clients that there are on this machine."""
    listing = ["iam", "list-users", "--endpoint-url", sts.url, "--query", "length(Users)"]
    clients = {"boto3": [sys.executable, "-c", BOTO3], "v1": [str(AWS), *listing]}
    if (v2 := find_aws()) is not None:
        clients["v2"] = [str(v2), *listing]
    with contextlib.suppress(NodeError, subprocess.TimeoutExpired):
        modules = install(SDK) / "node_modules"
        clients["javascript"] = [
            "env",
            f"NODE_PATH={modules}",
            "NODE_NO_WARNINGS=1",
            "node",
            "-e",
            JAVASCRIPT,
        ]
    return clients


def start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outlive_sessions(sts: Sts, clock: Clock, agents: Collection[str]) -> None:
    """Let time pass whenever all clients have used a new session, until they have used enough of them."""
    used: set[str] = set()
    for _ in range(LIVES):
        if used:
            clock.advance(ALMOST)
        deadline = time.monotonic() + TIMEOUT
        waited_for = set(agents)
        while waited_for:
            assert time.monotonic() < deadline, waited_for
            time.sleep(0.02)
            served = [call for call in sts.calls if call.status and call.operation != "AssumeRole"]
            new = [call.user_agent for call in served if call.access_key not in used]
            waited_for -= {agent for agent in agents if any(agent in each for each in new)}
        used |= {call.access_key for call in served}


def finish_all(running: Mapping[str, subprocess.Popen[str]]) -> dict[str, tuple[str, str, int]]:
    """Return what each client wrote, and its exit code."""
    ended = {}
    for name, client in running.items():
        printed, errors = client.communicate(timeout=TIMEOUT)
        ended[name] = (printed, without_warning(errors), client.returncode)
    return ended


def without_warning(text: str) -> str:
    """Remove that the SDK for JavaScript has waited for an answer for more than a second."""
    return "".join(
        line for line in text.splitlines(keepends=True) if "[WARN] a request has exceeded" not in line
    )


def assert_three_lives(sts: Sts, role: Role) -> None:
    """Check that there was one AssumeRole for each session that the clients used, and no call of the user's."""
    used = [call for call in sts.calls if call.operation != "AssumeRole"]
    assert {call.status for call in used} == {200}
    assert all(is_session_of(role, call.caller_arn) for call in used)
    keys = {call.access_key for call in used}
    assert (
        LIVES <= len(keys) <= len(sts.calls_of("AssumeRole")) <= len(keys) + 1
    )  # the last one may come too late


def test_clients_of_serve_outlive_their_credentials(
    home: Home, sts: Sts, clock: Clock, prod: str, role: Role
) -> None:
    """All at the same time, each without a restart, and with a user's keys in `[default]`."""
    sts.user_pages, sts.page_delay, sts.max_clock_skew = 10**6, PAGE_SECONDS, None
    clients = list_clients(sts)
    with serving(home, prod) as server:
        environment = {**home.environment, **server.variables}
        running = {name: start(command, environment) for name, command in clients.items()}
        outlive_sessions(sts, clock, [AGENTS[name] for name in clients])
        sts.user_pages = 5 + max(
            int(call.parameters.get("Marker", "-0").partition("-")[2]) for call in sts.calls_of("ListUsers")
        )
        ended = finish_all(running)
        assert server.stop() == (0, "")
    assert set(list_programs(home)) == {f"{STARTED_BY} > xacct serve"}
    users = f"{2 * sts.user_pages}\n"
    assert ended == {name: (users if name in ("v1", "v2") else "", "", 0) for name in clients}
    assert_three_lives(sts, role)


def test_command_of_exec_serve_outlives_its_credentials(
    home: Home, sts: Sts, clock: Clock, prod: str, role: Role
) -> None:
    sts.max_clock_skew = None
    command = [str(XACCT), "exec", "--serve", prod, "--", sys.executable, "-c", BOTO3]
    running = {"": start(command, home.environment)}
    outlive_sessions(sts, clock, [AGENTS["boto3"]])
    assert finish_all(running) == {"": ("", "", 0)}
    assert_three_lives(sts, role)


def test_rclone_outlives_its_credentials(home: Home, sts: Sts, prod: str) -> None:
    """As a program of the SDK for Go, which Terraform is one of, too."""
    rclone = need("rclone")
    sts.session_life = LIFE
    with serving_bucket(PAGES, SLOW) as bucket:
        remote = f':s3,provider=Other,env_auth=true,region=us-west-1,endpoint="{bucket.url}":bucket'
        # It refuses to start with a bundle of certificates.
        environment = {name: value for name, value in home.environment.items() if name != "AWS_CA_BUNDLE"}
        command = [str(XACCT), "exec", "--serve", prod, "--", rclone, "lsf", "--config=", remote]
        [(printed, errors, code)] = finish_all({"": start(command, environment)}).values()
    assert (len(printed.splitlines()), errors, code) == (PAGES, "", 0)
    keys = set(bucket.access_keys)
    assert len(bucket.access_keys) == PAGES
    assert all(key.startswith("ASIA") for key in keys)
    assert LIVES <= len(keys) <= len(sts.calls_of("AssumeRole")) <= len(keys) + 1
