"""An agent gets the credentials of profiles through AWS's own API MCP server, as docs/agents.md tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support import forked
from tests.support.commands import caller_of, is_session_of
from tests.support.home import REGION, XACCT, Home
from tests.support.terminal import Terminal
from tests.v2.home import PACKAGES, copy_package

from .server import ENVIRONMENT, PACKAGE, ServerEndedError, is_installed, running

pytestmark = [pytest.mark.usefixtures("user"), pytest.mark.late]

WHOAMI = "aws sts get-caller-identity --profile"


@pytest.fixture
def agent(home: Home, tmp_path: Path) -> dict[str, str]:
    """The environment of the server, as docs/agents.md has it. Its package manager has put the package beside it."""
    if not is_installed():
        pytest.skip(f"{PACKAGE} is not installed: python -m tests.agents.server installs it")
    together = tmp_path / "together"
    for name in PACKAGES:
        copy_package(name, together)
    return {
        **home.environment,
        "AWS_REGION": REGION,
        "AWS_XACCT_MFA_PROMPT": "none",
        "AWS_CLI_ERROR_FORMAT": "json",
        "AWS_API_MCP_WORKING_DIR": str(tmp_path),
        "PYTHONPATH": str(together),
    }


def add_sdk_profile(home: Home, profile: str, *options: str) -> str:
    """Create the profile that an agent uses, and return its name."""
    outcome = home.aws("configure", "role", profile, "--sdk-profile", *options)
    assert outcome.code == 0, outcome.stderr
    return f"{profile}-sdk"


def arn_in(result: dict[str, Any]) -> str:
    """Return the ARN that the agent gets from `sts get-caller-identity`."""
    assert result.get("error") is None, result["error"]
    return str(json.loads(result["response"]["as_json"])["Arn"])


def test_server_gives_agents_the_session_of_a_profile(
    home: Home,
    sts: Sts,
    prod: str,
    role: Role,
    other: Role,
    device: MfaDevice,
    agent: dict[str, str],
    tmp_path: Path,
) -> None:
    """Shared with `aws`, narrowed where the profile is, and after a login where it needs one."""
    whole, secure = (add_sdk_profile(home, profile) for profile in (prod, "other"))
    home.add_role("reader", role.arn)
    reader = add_sdk_profile(home, "reader", "--read-only")
    with running(agent, tmp_path) as server:
        assert "call_aws" in server.initialize()
        caller = arn_in(server.call_aws(f"{WHOAMI} {whole}"))
        assert is_session_of(role, caller)
        assert caller_of(home, prod) == caller
        assert len(sts.calls_of("AssumeRole")) == 1

        arn_in(server.call_aws(f"{WHOAMI} {reader}"))
        assert "policy/ReadOnlyAccess" in str(sts.calls_of("AssumeRole")[-1])

        refused = server.call_aws(f"{WHOAMI} {secure}")["error"]
        assert '"Code": "LoginRequired"' in refused
        assert '"Fix": "aws configure role login other"' in refused

        terminal = Terminal(home.terminal_for(str(forked.find_client(XACCT)), "role", "login", "other"))
        terminal.answer(device.next_code())
        assert terminal.end() == 0
        assert is_session_of(other, arn_in(server.call_aws(f"{WHOAMI} {secure}")))


def test_server_without_the_package_does_not_start_and_doctor_tells_why(
    home: Home, agent: dict[str, str], tmp_path: Path
) -> None:
    del agent["PYTHONPATH"]
    with (
        running(agent, tmp_path) as server,
        pytest.raises(ServerEndedError, match="No module named 'awscli_xacct'"),
    ):
        server.initialize()
    store = tmp_path / "uv" / "archive-v0"
    store.mkdir(parents=True)
    (store / "of-uvx").symlink_to(ENVIRONMENT)
    outcome = home.xacct("doctor", environment={"UV_CACHE_DIR": str(store.parent)})
    assert f"{PACKAGE} in {store / 'of-uvx'} has its own awscli" in outcome.stdout
    assert f" {PACKAGE}   # wherever it is started" in outcome.stdout
