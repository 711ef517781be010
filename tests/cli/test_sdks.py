"""Real SDKs get their credentials from xacct: boto3 in two ways, and the SDK for JavaScript, from one session."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sts import Role, Sts, User
from tests.support.commands import is_session_of, run
from tests.support.home import REGION, Home

from .node import SDK, NodeError, install

pytestmark = pytest.mark.usefixtures("user")

BOTO3 = f"""
import boto3
session = boto3.Session(profile_name="sdk")
print(session.client("sts", region_name={REGION!r}).get_caller_identity()["Arn"])
print(session.get_credentials().get_frozen_credentials().access_key)
"""

INSTALLED = f"""
import boto3, botocore.session, awscli_xacct
core = botocore.session.Session(profile="prod")
awscli_xacct.install(core)
session = boto3.Session(botocore_session=core)
print(session.client("sts", region_name={REGION!r}).get_caller_identity()["Arn"])
print(session.get_credentials().get_frozen_credentials().access_key)
"""

JAVASCRIPT = f"""
const {{ STSClient, GetCallerIdentityCommand }} = require("@aws-sdk/client-sts");
const {{ fromIni }} = require("@aws-sdk/credential-providers");
const credentials = fromIni({{ profile: "sdk" }});
const endpoint = process.env.AWS_ENDPOINT_URL_STS;
const client = new STSClient({{ region: {REGION!r}, endpoint, credentials }});
(async () => {{
  console.log((await client.send(new GetCallerIdentityCommand({{}}))).Arn);
  console.log((await credentials()).accessKeyId);
}})();
"""


@pytest.fixture(scope="module")
def javascript() -> dict[str, str]:
    """The environment in which node finds the SDK."""
    try:
        return {"NODE_PATH": str(install(SDK) / "node_modules"), "NODE_NO_WARNINGS": "1"}
    except (NodeError, subprocess.TimeoutExpired) as reason:
        pytest.skip(str(reason))


@pytest.fixture
def sdk_profile(home: Home, prod: str) -> None:
    """A profile through which plain SDKs get the role's credentials."""
    assert home.aws("configure", "role", prod, "--sdk-profile", "sdk").code == 0


def identify(home: Home, *command: str, environment: dict[str, str] | None = None) -> tuple[str, str]:
    """Return the caller's ARN and the access key that a program prints."""
    outcome = run(home, *command, environment=environment)
    assert (outcome.code, outcome.stderr) == (0, "")
    arn, key = outcome.stdout.split()
    return arn, key


@pytest.mark.usefixtures("sdk_profile")
@pytest.mark.late
def test_sdks_share_one_session(home: Home, sts: Sts, role: Role, javascript: dict[str, str]) -> None:
    found = [
        identify(home, sys.executable, "-c", BOTO3),
        identify(home, sys.executable, "-c", INSTALLED),
        identify(home, "node", "-e", JAVASCRIPT, environment=javascript),
    ]
    assert len(set(found)) == 1
    assert is_session_of(role, found[0][0])
    assert len(sts.calls_of("AssumeRole")) == 1


@pytest.mark.usefixtures("sdk_profile")
def test_sdks_boto3_shows_the_message_of_xacct(home: Home, sts: Sts) -> None:
    other = sts.add_role("Other", trusts=["arn:aws:iam::111111111111:user/x"])
    home.config.write_text(
        home.config.read_text("utf-8").replace(":role/Power", f":role/{other.name}"), "utf-8"
    )
    outcome = run(home, sys.executable, "-c", BOTO3)
    assert outcome.code == 1
    assert "CredentialRetrievalError" in outcome.stderr
    assert "aws configure role verify prod" in outcome.stderr


def test_sdks_ignore_the_program_of_a_profile_with_a_role(
    home: Home, sts: Sts, role: Role, user: User
) -> None:
    """botocore looks at role_arn first: hence the two profiles in the documentation."""
    touched = home.path / "touched"
    home.add_role("both", role.arn, credential_process=f"touch {touched}")
    script = BOTO3.replace('"sdk"', '"both"')
    arn, _ = identify(home, sys.executable, "-c", script)
    assert is_session_of(role, arn)
    assert sts.calls[0].access_key == user.access_key
    assert not Path(touched).exists()
