"""Part 3: discover, import and verify the accounts of an organization, and run one query in all of them."""

from __future__ import annotations

from configparser import RawConfigParser
from typing import TYPE_CHECKING

from .person import DemoFailed
from .steps import run_steps

if TYPE_CHECKING:
    from tests.embedded_aws import EmbeddedAws, Organization

    from .person import Person
    from .screen import Screen

_TEMPLATE = "org-{account_name}"


class OrganizationPart:
    """What `person` does at `screen` after the walkthrough, with `scene` laid out in `aws`."""

    def __init__(self, screen: Screen, person: Person, aws: EmbeddedAws, scene: Organization) -> None:
        self._screen = screen
        self._person = person
        self._aws = aws
        self._scene = scene
        self._manifest = person.home / "team.yaml"

    def run(self, first: int) -> None:
        """Run every step, numbered from `first`.

        Raises `DemoFailed` with the step's name at the first one that fails.
        """
        self._aws.forget_calls()
        steps = [
            ("Discover the organization's accounts", self.discover),
            ("Import the manifest", self.import_),
            ("Verify that every role can be assumed", self.verify),
            ("Query all accounts at once", self.query),
        ]
        run_steps(self._screen, steps, first)

    def discover(self) -> None:
        """Write a manifest with every active account of the unit and of the units nested in it."""
        scene = self._scene
        self._person.aws(
            "configure", "role", "discover", "--role-name", scene.role_name, "--ou-id", scene.unit,
            "--template", _TEMPLATE, "--manifest", self._manifest.name,
        )  # fmt: skip
        text = self._manifest.read_text()
        missing = [name for name, number in scene.accounts.items() if f'"{number}"' not in text]
        if missing or text.count("{account: ") != len(scene.accounts):
            raise DemoFailed(f"~/team.yaml should have {len(scene.accounts)} roles, and lacks {missing}")
        if scene.closed in text:
            raise DemoFailed(f"~/team.yaml has the closed account {scene.closed}")
        self._screen.shown(
            f"~/team.yaml has a role in each of {len(scene.accounts)} accounts, and none in the closed one"
        )

    def import_(self) -> None:
        """Create all the profiles with one command."""
        self._person.aws("configure", "role", "import", self._manifest.name, answers=[("[y/N] ", "y")])
        config = RawConfigParser()
        config.read(self._person.config)
        found = {config[header].get("role_arn") for header in config.sections()}
        wanted = {self._arn(number) for number in self._scene.accounts.values()}
        if not wanted <= found:
            raise DemoFailed(f"~/.aws/config lacks {sorted(wanted - found)}")
        self._screen.shown(f"~/.aws/config has {len(wanted)} more profiles")

    def verify(self) -> None:
        """Assume every role."""
        shown = self._person.aws("configure", "role", "verify", "--all")
        works = [line.split()[0] for line in shown.splitlines() if " works " in line]
        if len(works) != len(self._scene.accounts) + 1:
            raise DemoFailed(f"only these of {len(self._scene.accounts) + 1} roles work: {works}")
        self._expect_assumed(len(works), f"all {len(works)} roles were assumed")

    def query(self) -> None:
        """Run one query in all accounts; each answers with its own instance."""
        shown = self._person.xacct(
            "each", "org-*", "--", "aws", "ec2", "describe-instances",
            "--region", "us-west-1", "--output", "text",
            "--query", "Reservations[].Instances[].[InstanceId,Tags[0].Value]",
        )  # fmt: skip
        instances = self._scene.instances
        if len(shown.splitlines()) != len(instances):
            raise DemoFailed(f"{len(instances)} accounts should have printed one line each")
        missing = [name for name, instance in instances.items() if shown.count(instance) != 1]
        if missing:
            raise DemoFailed(f"the instances of these accounts were not printed exactly once: {missing}")
        self._screen.shown(f"{len(instances)} accounts, each with its own instance")
        self._expect_assumed(
            len(instances) + 1, "no role was assumed for it: all credentials came from the cache"
        )

    def _arn(self, account_id: str) -> str:
        return f"arn:aws:iam::{account_id}:role/{self._scene.role_name}"

    def _expect_assumed(self, times: int, meaning: str) -> None:
        counted = len(self._aws.calls("AssumeRole"))
        if counted != times:
            raise DemoFailed(f"AWS should have counted {times} AssumeRole calls, but counted {counted}")
        self._screen.shown(meaning)
