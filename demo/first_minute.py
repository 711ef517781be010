"""Part 1: from turning the plugin on to three accounts with one MFA code, and a refusal that is explained.

The AWS of this part is `tests.sts`, which really checks codes and trust policies. It is also what `recording` records.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.embedded_aws.environment import for_user

from .person import DemoFailed, Person
from .steps import run_steps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sts import Sts

    from .screen import Screen

_ROLES = {
    "prod": ("222222222222", "PowerUser"),
    "staging": ("333333333333", "PowerUser"),
    "audit": ("444444444444", "Audit"),
}
_REFUSING = "555555555555", "Billing"
_REGION = "us-west-1"
_WHO = ("sts", "get-caller-identity", "--query", "Arn", "--output", "text")

_MANIFEST = """\
version: 1
defaults: {source_profile: default, mfa_serial: "%s", region: us-west-1}
roles:
  staging: {account: "333333333333", role: PowerUser}
  audit: {account: "444444444444", role: Audit}
  billing: {account: "555555555555", role: Billing}
"""

_PROGRAM = """\
import boto3

caller = boto3.client("sts").get_caller_identity()
print("boto3 in account", caller["Account"])
"""


class FirstMinute:
    """What a person with the home directory `home` does at `screen`; the AWS is `sts`."""

    def __init__(self, screen: Screen, home: Path, sts: Sts) -> None:
        self._screen = screen
        self._sts = sts
        self._user = sts.add_user("dev")
        self._device = sts.add_mfa_device(self._user, "phone")
        self._roles = {
            profile: sts.add_role(name, account=account, trusts=[self._user.arn], require_mfa=True).arn
            for profile, (account, name) in _ROLES.items()
        }
        account, name = _REFUSING
        self._refusing = sts.add_role(name, account=account, trusts=[]).arn
        self._person = Person(screen, home, for_user(home, sts.url))
        self._lay_out_files()

    def run(self) -> int:
        """Run every step, and return the number of the next.

        Raises `DemoFailed` with the step's name at the first one that fails.
        """
        steps = [
            ("Turn the plugin on, once", self.enable),
            ("Make a profile for a role; IAM knows your MFA device", self.profile),
            ("Take your team's roles from a file", self.import_),
            ("Enter one MFA code …", self.code),
            ("… for all roles, in every terminal, for twelve hours", self.all_roles),
            ("See why a role refuses, and what would help", self.refusal),
            ("Let other programs use the same sessions", self.other_programs),
            ("See what you have", self.overview),
        ]
        return run_steps(self._screen, steps)

    def enable(self) -> None:
        """Enable the plugin as the README does."""
        self._person.xacct("enable")
        self._person.expect_section("plugins", {"xacct": "awscli_xacct"})
        self._screen.shown("~/.aws/config names the plugin, and that `aws` works with it")

    def profile(self) -> None:
        """Create a profile; its MFA device is looked up."""
        self._person.aws(
            "configure", "role", "prod", "--role-arn", self._roles["prod"],
            "--mfa-serial", "auto", "--region", _REGION,
        )  # fmt: skip
        self._person.expect_section("profile prod", self._settings(self._roles["prod"]))
        self._screen.shown("[profile prod] has its role, its source and its device")

    def import_(self) -> None:
        """Create the other profiles with one command, which asks first."""
        self._person.aws("configure", "role", "import", "team.yaml", answers=[("[y/N] ", "y")])
        roles = {**self._roles, "billing": self._refusing}
        for profile, arn in roles.items():
            settings = self._person.section(f"profile {profile}") or {}
            if not self._settings(arn).items() <= settings.items():
                raise DemoFailed(
                    f"~/.aws/config should have [profile {profile}] for {arn}, but has {settings}"
                )
        self._screen.shown("all four profiles have theirs")

    def code(self) -> None:
        """Use the role, which requires MFA."""
        code = self._device.next_code()
        shown = self._person.aws(*_WHO, "--profile", "prod", answers=[("roles): ", code)])
        self._expect("arn:aws:sts::222222222222:assumed-role/PowerUser/", shown)
        self._expect_calls(codes=1, roles=1)

    def all_roles(self) -> None:
        """Use all three, without another code."""
        shown = self._person.xacct("each", *_ROLES, "--", "aws", *_WHO)
        for account, name in _ROLES.values():
            self._expect(f"arn:aws:sts::{account}:assumed-role/{name}/", shown)
        self._expect_calls(codes=1, roles=3)

    def refusal(self) -> None:
        """Have a refusal explained, and do what the explanation says."""
        refused = 254
        shown = self._person.aws("configure", "role", "verify", "billing", code=refused)
        self._expect(f"called by {self._user.arn}", shown)
        self._expect(f"add this statement to the trust policy of {self._refusing}:", shown)
        _, trust, policy = ("{" + part.partition("\n    }")[0] + "}" for part in shown.split(":\n    {"))
        if json.loads(trust)["Principal"] != {"AWS": self._user.arn}:
            raise DemoFailed("the statement for the trust policy should name the caller")
        if [each["Resource"] for each in json.loads(policy)["Statement"]] != [self._refusing]:
            raise DemoFailed("the policy for the caller should name the role")
        self._screen.shown("it names who called, and what both sides need, ready to paste")

    def other_programs(self) -> None:
        """Run a program that uses boto3."""
        before = len(self._sts.calls_of("AssumeRole"))
        shown = self._person.xacct("exec", "staging", "--", "python", "report.py")
        self._expect("boto3 in account 333333333333", shown)
        if len(self._sts.calls_of("AssumeRole")) != before:
            raise DemoFailed("its credentials should have come from the cache")
        self._screen.shown("its credentials came from the cache that all commands share")

    def overview(self) -> None:
        """List all profiles and what is cached."""
        shown = self._person.aws("configure", "role", "list")
        rows = {line.split()[0]: line.split() for line in shown.splitlines()}
        cached = [profile for profile in _ROLES if rows[profile][-1] != "-"]
        if cached != list(_ROLES) or rows["billing"][-1] != "-":
            raise DemoFailed("the sessions of prod, staging and audit, and no other, should be cached")
        self._screen.shown("three sessions are cached, each for an hour")

    def _lay_out_files(self) -> None:
        """Make what the person has before: what `aws configure` writes, a manifest and a program."""
        person, user = self._person, self._user
        person.config.parent.mkdir(mode=0o700)
        keys = f"aws_access_key_id = {user.access_key}\naws_secret_access_key = {user.secret_key}\n"
        for file, text in ((person.config, f"region = {_REGION}\n"), (person.credentials, keys)):
            file.touch(0o600)
            file.write_text(f"[default]\n{text}")
        person.home.joinpath("team.yaml").write_text(_MANIFEST % self._device.serial)
        person.home.joinpath("report.py").write_text(_PROGRAM)

    def _settings(self, role_arn: str) -> dict[str, str]:
        return {
            "role_arn": role_arn,
            "source_profile": "default",
            "mfa_serial": self._device.serial,
            "region": _REGION,
        }

    def _expect(self, text: str, shown: str) -> None:
        # On a narrow terminal it is wrapped.
        if "".join(text.split()) not in "".join(shown.split()):
            raise DemoFailed(f"it should have shown: {text}")

    def _expect_calls(self, *, codes: int, roles: int) -> None:
        counted = [len(self._sts.calls_of(name)) for name in ("GetSessionToken", "AssumeRole")]
        if counted != [codes, roles]:
            raise DemoFailed(
                f"STS counted {counted} calls of GetSessionToken and AssumeRole, not {[codes, roles]}"
            )
        self._screen.shown(f"STS has counted {codes} code and {roles} assumed role{'s' * (roles > 1)}")
