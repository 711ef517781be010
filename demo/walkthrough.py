"""The walkthrough, step by step; each step checks what it shows.

The administrators' part (the role in Prod, the policy in Dev) stands in the embedded AWS before it begins.
"""

from __future__ import annotations

from configparser import RawConfigParser
from typing import TYPE_CHECKING

from .acts import play
from .person import DemoFailed

if TYPE_CHECKING:
    from tests.embedded_aws import EmbeddedAws, Walkthrough

    from .person import Person
    from .screen import Screen

_INSTANCES = "Reservations[].{Owner:OwnerId,Instance:Instances[0].InstanceId,Name:Instances[0].Tags[0].Value}"


class Play:
    """One performance: `person` at `screen`, with `scene` laid out in `aws`."""

    def __init__(self, screen: Screen, person: Person, aws: EmbeddedAws, scene: Walkthrough) -> None:
        self._screen = screen
        self._person = person
        self._aws = aws
        self._scene = scene

    def run(self) -> None:
        """Play every step. Raises DemoFailed, naming the step, at the first promise that does not hold."""
        steps = [
            ("Give the default profile the Dev user's keys", self.keys),
            ("Turn the plugin on", self.plugin),
            ("Make a profile for the role in Prod", self.profile),
            ("Without a profile: Dev's instances", self.dev),
            ("With --profile prod: Prod's instances", self.prod),
            ("And again: from the cache", self.again),
        ]
        play(self._screen, steps)

    def keys(self) -> None:
        """`aws configure`, without its questions."""
        aws, scene = self._person.aws, self._scene
        aws("configure", "set", "aws_access_key_id", scene.access_key_id)
        aws("configure", "set", "aws_secret_access_key", scene.secret_access_key)
        credentials = self._person.credentials
        held = credentials.read_text() if credentials.exists() else ""
        if scene.access_key_id not in held or scene.secret_access_key not in held:
            raise DemoFailed("~/.aws/credentials does not hold the keys")
        self._screen.shown("~/.aws/credentials holds the keys")

    def plugin(self) -> None:
        """The one setting that turns it on."""
        self._person.aws("configure", "set", "plugins.xacct", "awscli_xacct")
        self._expect_section("plugins", {"xacct": "awscli_xacct"}, "the plugin is on")

    def profile(self) -> None:
        """One command; it touches `~/.aws/config` and nothing else."""
        credentials = self._person.credentials
        before = credentials.read_bytes(), credentials.stat().st_mtime_ns
        self._person.aws("configure", "role", "prod", "--role-arn", self._scene.role_arn)
        self._person.read(self._person.config)
        self._expect_section(
            "profile prod",
            {"role_arn": self._scene.role_arn, "source_profile": "default"},
            "[profile prod] holds role_arn and source_profile = default, and nothing else",
        )
        if (credentials.read_bytes(), credentials.stat().st_mtime_ns) != before:
            raise DemoFailed("~/.aws/credentials was written to")
        self._screen.shown("~/.aws/credentials was not touched")

    def dev(self) -> None:
        """The default profile goes on as ever."""
        self._expect_instances("Dev", self._scene.dev_account, self._scene.dev_instances)
        self._expect_assumed(0, "no role was assumed")

    def prod(self) -> None:
        """The role is assumed by itself."""
        self._expect_instances(
            "Prod", self._scene.prod_account, self._scene.prod_instances, "--profile", "prod"
        )
        self._expect_assumed(1, "the role was assumed: AWS counted 1 AssumeRole call")
        self._expect_in_the_plugins_cache()

    def again(self) -> None:
        """Nobody asks STS for what is in the cache."""
        self._expect_instances(
            "Prod", self._scene.prod_account, self._scene.prod_instances, "--profile", "prod"
        )
        self._expect_assumed(1, "served from the cache: still 1 AssumeRole call")

    def _expect_section(self, name: str, wanted: dict[str, str], meaning: str) -> None:
        config = RawConfigParser()
        config.read(self._person.config)
        found = dict(config[name]) if config.has_section(name) else None
        if found != wanted:
            raise DemoFailed(f"~/.aws/config should have [{name}] with {wanted}, but has {found}")
        self._screen.shown(meaning)

    def _expect_instances(
        self, account: str, account_id: str, instances: frozenset[str], *options: str
    ) -> None:
        """Exactly these instances are shown, all of this owner."""
        command = ["ec2", "describe-instances", "--region", self._scene.region, *options]
        shown = self._person.aws(*command, "--output", "table", "--query", _INSTANCES)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines()]
        found = {row[0]: row[-1] for row in rows if row[0].startswith("i-")}
        if found != dict.fromkeys(instances, account_id):
            raise DemoFailed(f"expected {account}'s {sorted(instances)} of owner {account_id}, saw {found}")
        self._screen.shown(f"these are {account}'s instances, owner {account_id}")

    def _expect_assumed(self, times: int, meaning: str) -> None:
        counted = len(self._aws.calls("AssumeRole"))
        if counted != times:
            raise DemoFailed(
                f"AWS should have counted {times} AssumeRole calls by now, but counted {counted}"
            )
        self._screen.shown(meaning)

    def _expect_in_the_plugins_cache(self) -> None:
        """Else the stock CLI's cache could pass for the plugin's in the next step."""
        person = self._person
        if person.stock_cache.exists():
            raise DemoFailed(
                "the stock CLI's cache, ~/.aws/cli/cache, was written to: was the plugin at work?"
            )
        if not any(path.is_file() for path in person.plugin_cache.glob("**/*")):
            raise DemoFailed("there is nothing in the plugin's cache, ~/.aws/xacct/cache")
        self._screen.shown("its credentials are in the plugin's cache, ~/.aws/xacct/cache")
