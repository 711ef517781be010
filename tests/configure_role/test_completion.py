"""Shell completion after `aws configure role`, and after `--profile` of any command."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from awscli_xacct.manifest import FORMATS
from tests.sts import Role, User
from tests.support.home import AWS, TIMEOUT, Home

from .steps import SUBCOMMANDS

ARN = "arn:aws:iam::222222222222:role/Power"
PROFILES = ["default", "prod", "production", "my\\ prod"]
ROLES = PROFILES[1:]
CASES = {
    "aws configure r": ["role"],
    "aws configure role ": SUBCOMMANDS + PROFILES,
    "aws configure role l": ["list", "login", "logout"],
    "aws configure role pro": ["prod", "production"],
    "aws configure role list ": [],
    "aws configure role list --t": ["--tree"],
    "aws configure role show ": ROLES,
    "aws configure role show my\\ p": ["my\\ prod"],
    "aws configure role show prod ": [],
    "aws configure role login p": ["prod", "production"],
    "aws configure role logout --all p": ["prod", "production"],
    "aws configure role verify prod ": ["production", "my\\ prod"],
    "aws configure role remove prod --": ["--yes", "--force"],
    "aws configure role rename p": ["prod", "production"],
    "aws configure role rename prod ": [],
    "aws configure role import ": [],
    "aws configure role import team.yaml --pru": ["--prune"],
    "aws configure role export team.yaml --format ": list(FORMATS),
    "aws configure role setup p": ["prod", "production"],
    "aws configure role setup new --account-profile ": PROFILES,
    "aws configure role setup new --home-admin-profile d": ["default"],
    "aws configure role discover ": [],
    "aws configure role discover --ou": ["--ou-id", "--output"],
    "aws configure role prod ": [],
    "aws configure role prod --so": ["--source-profile", "--source-identity"],
    "aws configure role prod --verify --role-": ["--role-arn", "--role-session-name", "--role-name"],
    "aws configure role prod --role-arn ": [],
    "aws configure role prod --source-profile ": PROFILES,
    "aws configure role --source-profile prod n": [],
    "aws configure role --source-profile default p": ["prod", "production"],
    "aws configure role prod --credential-source E": ["Environment", "Ec2InstanceMetadata", "EcsContainer"],
    "aws configure role prod --mfa-serial ": ["auto", "none"],
    "aws configure role --profile pro": ["prod", "production"],
    "aws configure role list --output ": ["json", "text", "table"],
    "aws configure role --profile=pro": ["prod", "production"],
    "aws --profile pro": ["prod", "production"],
    "aws --profile ": PROFILES,
    "aws s3 ls --profile my": ["my\\ prod"],
    "aws ec2 describe-instances --region eu-west-1 --profile=pro": ["prod", "production"],
    "aws --profile prod s3 l": ["ls"],
    "aws --profile prod configure role sh": ["show"],
    "aws --debug --output json configure role sh": ["show"],
    "aws configure role --query role ver": ["verify"],
    # Everything else is left to the CLI.
    "aws configure ge": ["get"],
    "aws s3 l": ["ls"],
    "aws --reg": ["--region"],
    "": [],
}
SCRIPT = """
import json, sys
from awscli.completer import Completer
completer = Completer()
json.dump({line: completer.complete(line, len(line)) for line in json.load(sys.stdin)}, sys.stdout)
"""


@pytest.fixture
def profiles(home: Home, user: User, role: Role) -> None:
    """Profiles, with a space in the name of one and a control character in another's."""
    for name in ("prod", "production", '"my prod"', "evil\x1b[31m"):
        home.add_role(name, role.arn)
    assert user.name == "dev"


@pytest.mark.usefixtures("profiles")
def test_completion_offers_what_may_follow(home: Home) -> None:
    """All cases run in one process, at the cost of one."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=home.environment,
        input=json.dumps(list(CASES)),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    offered = json.loads(done.stdout)
    everywhere = {"--debug", "--output", "--query", "--profile", "--region"}
    assert everywhere <= set(offered["aws configure role remove prod --"])
    offered["aws configure role remove prod --"] = offered["aws configure role remove prod --"][:2]
    assert offered == CASES


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("line", "point", "offered"),
    [
        ("aws configure role show pro", None, "prod \nproduction\n"),
        ("aws configure role l --tree", 20, "list \nlogin \nlogout\n"),
        ("aws sts get-caller-identity --profile pro", None, "prod \nproduction\n"),
    ],
)
def test_completion_answers_the_shell(home: Home, line: str, point: int | None, offered: str) -> None:
    done = subprocess.run(
        [str(AWS.with_name("aws_completer"))],
        env={**home.environment, "COMP_LINE": line, "COMP_POINT": str(point or len(line))},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, offered, "")
