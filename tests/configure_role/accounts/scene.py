"""The accounts and files that a setup works on, and the commands that set up and undo."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from configparser import RawConfigParser
from typing import Any

from tests.configure_role.steps import Screen, run
from tests.embedded_aws import EmbeddedAws, create_user
from tests.support.commands import ONE_TRY
from tests.support.home import REGION, Home, Outcome

DEV, PROD = "111111111111", "222222222222"
DEV_USER = f"arn:aws:iam::{DEV}:user/dev"
ROLE = f"arn:aws:iam::{PROD}:role/CrossAccountPowerUser"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
PROFILE = f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = default\n"
ASKED = ("--role-name", "CrossAccountPowerUser", "--account-profile", "prod-admin", "--policy-arn", READ_ONLY)
SETUP = shlex.join(["aws", "configure", "role", "setup", "prod", *ASKED])
CHANGES = (
    "AttachRolePolicy",
    "CreateRole",
    "DeleteRole",
    "DeleteRolePolicy",
    "DeleteUserPolicy",
    "DetachRolePolicy",
    "PutRolePolicy",
    "PutUserPolicy",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
)

Policies = dict[str, Any]


class Scene:
    """The accounts Dev and Prod, and a home with keys for both."""

    def __init__(self, aws: EmbeddedAws, home: Home) -> None:
        self.aws = aws
        self.home = home
        self.add_profile("default", DEV, "dev")
        self.add_profile("prod-admin", PROD, "administrator")
        home.write_config(f"[profile prod-admin]\nregion = {REGION}\n")

    def add_profile(self, profile: str, account: str, user: str, region: str = REGION) -> None:
        """Create a user in the region's partition, and add its keys to the credentials file."""
        keys = create_user(self.aws, account, user, region)
        with self.home.credentials.open("a", encoding="utf-8") as file:
            file.write(f"[{profile}]\naws_access_key_id = {keys.access_key_id}\n")
            file.write(f"aws_secret_access_key = {keys.secret_access_key}\n\n")
        self.home.credentials.chmod(0o600)

    # -- the commands ------------------------------------------------------------------------------

    def setup(
        self, *options: str, profile: str = "prod", environment: Mapping[str, str] = ONE_TRY
    ) -> Outcome:
        """Run `aws configure role setup` without a terminal; without options: with the usual ones and ``--yes``."""
        return run(self.home, "setup", profile, *(options or (*ASKED, "--yes")), environment=environment)

    def set_up(self, *options: str, profile: str = "prod") -> Outcome:
        """Run `setup` and assert that it succeeds."""
        outcome = self.setup(*options, profile=profile)
        assert outcome.code == 0, outcome.stderr
        return outcome

    def undo(self, *options: str, profile: str = "prod") -> Outcome:
        return self.setup("--undo", "--yes", *options, profile=profile)

    def screen(self, *options: str, profile: str = "prod") -> Screen:
        """Run `setup` on a terminal."""
        return Screen(self.home, "setup", profile, *(options or ASKED), environment=ONE_TRY)

    # -- state ------------------------------------------------------------------------------------

    def iam(self, account: str) -> Any:
        return self.aws.client("iam", account)

    def changes(self) -> list[str]:
        """Return the calls so far that may have changed something."""
        return [call.action for call in self.aws.calls() if call.action in CHANGES]

    def role(self, name: str = "CrossAccountPowerUser", account: str = PROD) -> dict[str, Any]:
        """Return a role's trust policy, maximum, path and policies."""
        iam = self.iam(account)
        role = iam.get_role(RoleName=name)["Role"]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        return {
            "Trust": role["AssumeRolePolicyDocument"],
            "Maximum": role.get("MaxSessionDuration", 3600),
            "Path": role["Path"],
            "Attached": sorted(policy["PolicyArn"] for policy in attached),
            "Inline": {
                policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in inline
            },
        }

    def user_policies(self, user: str = "dev") -> Policies:
        iam = self.iam(DEV)
        names = iam.list_user_policies(UserName=user)["PolicyNames"]
        return {name: iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"] for name in names}

    def all(self) -> dict[str, Any]:
        """Return everything in both accounts that a setup may change, and the config's sections."""
        state: dict[str, Any] = {"user": self.user_policies()}
        for account in (DEV, PROD):
            roles = self.iam(account).list_roles()["Roles"]
            state[account] = {role["RoleName"]: self.role(role["RoleName"], account) for role in roles}
        config = RawConfigParser()
        config.read(self.home.config)
        state["config"] = {name: dict(config[name]) for name in config.sections()}
        return state

    def journals(self) -> list[str]:
        return [path.name for path in (self.home.aws_dir / "xacct" / "setup").glob("*")]


def trust(*principals: str, **more: Any) -> dict[str, Any]:
    """Return a trust policy with a statement for each principal."""
    return policy(
        *(
            {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole", **more}
            for arn in principals
        )
    )


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def text(document: Any) -> str:
    return json.dumps(document)
