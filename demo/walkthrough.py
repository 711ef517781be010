"""Part 2: the walkthrough, step by step; each step checks what it shows.

The administrators' part (the role in Prod, the policy in Dev) is in the embedded AWS before it begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .person import DemoFailed
from .steps import run_steps

if TYPE_CHECKING:
    from tests.embedded_aws import EmbeddedAws, Walkthrough

    from .person import Person
    from .screen import Screen

_INSTANCES = "Reservations[].{Owner:OwnerId,Instance:Instances[0].InstanceId,Name:Instances[0].Tags[0].Value}"


class WalkthroughPart:
    """What `person` does at `screen`, with `scene` laid out in `aws`."""

    def __init__(self, screen: Screen, person: Person, aws: EmbeddedAws, scene: Walkthrough) -> None:
        self._screen = screen
        self._person = person
        self._aws = aws
        self._scene = scene

    def run(self, first: int) -> int:
        """Run every step, numbered from `first`, and return the number of the next.

        Raises `DemoFailed` with the step's name at the first one that fails.
        """
        steps = [
            ("Give the default profile the Dev user's keys", self.keys),
            ("Turn the plugin on", self.enable),
            ("Create a profile for the role in Prod", self.profile),
            ("Without a profile: Dev's instances", self.dev),
            ("With --profile prod: Prod's instances", self.prod),
            ("And again: from the cache", self.again),
        ]
        return run_steps(self._screen, steps, first)

    def keys(self) -> None:
        """Store the keys and no region, as in the walkthrough."""
        scene = self._scene
        asked = (
            ("Access Key ID [None]: ", scene.access_key_id),
            ("Secret Access Key [None]: ", scene.secret_access_key),
        )
        self._person.aws(
            "configure", answers=[*asked, ("region name [None]: ", ""), ("output format [None]: ", "")]
        )
        held = self._person.credentials.read_text()
        if scene.access_key_id not in held or scene.secret_access_key not in held:
            raise DemoFailed("~/.aws/credentials does not have the keys")
        self._screen.shown("~/.aws/credentials has the keys")

    def enable(self) -> None:
        """Enable the plugin as the README does."""
        self._person.xacct("enable")
        self._expect_section("plugins", {"xacct": "awscli_xacct"}, "~/.aws/config names the plugin")

    def profile(self) -> None:
        """Create the profile with one command, which changes only `~/.aws/config`."""
        credentials = self._person.credentials
        before = credentials.read_bytes(), credentials.stat().st_mtime_ns
        self._person.aws("configure", "role", "prod", "--role-arn", self._scene.role_arn)
        self._person.read(self._person.config)
        self._expect_section(
            "profile prod",
            {"role_arn": self._scene.role_arn, "source_profile": "default"},
            "[profile prod] has role_arn and source_profile = default, and nothing else",
        )
        if (credentials.read_bytes(), credentials.stat().st_mtime_ns) != before:
            raise DemoFailed("~/.aws/credentials was changed")
        self._screen.shown("~/.aws/credentials was not changed")

    def dev(self) -> None:
        """Use the default profile, which works as before."""
        self._expect_instances("Dev", self._scene.dev_account, self._scene.dev_instances)
        self._expect_assumed(0, "no role was assumed")

    def prod(self) -> None:
        """Use the role, which is assumed automatically."""
        self._expect_instances(
            "Prod", self._scene.prod_account, self._scene.prod_instances, "--profile", "prod"
        )
        self._expect_assumed(1, "the role was assumed: AWS counted 1 AssumeRole call")
        self._expect_in_the_plugins_cache()

    def again(self) -> None:
        """Use it again, from the cache, without a call to STS."""
        self._expect_instances(
            "Prod", self._scene.prod_account, self._scene.prod_instances, "--profile", "prod"
        )
        self._expect_assumed(1, "served from the cache: still 1 AssumeRole call")

    def _expect_section(self, name: str, wanted: dict[str, str], meaning: str) -> None:
        self._person.expect_section(name, wanted)
        self._screen.shown(meaning)

    def _expect_instances(
        self, account: str, account_id: str, instances: frozenset[str], *options: str
    ) -> None:
        """Check that exactly these instances are shown, all of this owner."""
        command = ["ec2", "describe-instances", "--region", self._scene.region, *options]
        shown = self._person.aws(*command, "--output", "table", "--query", _INSTANCES)
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines()]
        found = {row[0]: row[-1] for row in rows if row[0].startswith("i-")}
        if found != dict.fromkeys(instances, account_id):
            raise DemoFailed(
                f"expected {account}'s {sorted(instances)} of owner {account_id}, but got {found}"
            )
        self._screen.shown(f"these are {account}'s instances, owner {account_id}")

    def _expect_assumed(self, times: int, meaning: str) -> None:
        counted = len(self._aws.calls("AssumeRole"))
        if counted != times:
            raise DemoFailed(
                f"AWS should have counted {times} AssumeRole calls by now, but counted {counted}"
            )
        self._screen.shown(meaning)

    def _expect_in_the_plugins_cache(self) -> None:
        """Check whose cache it is, or the next step could pass with the stock CLI's."""
        person = self._person
        if person.stock_cache.exists():
            raise DemoFailed(
                "the stock CLI's cache, ~/.aws/cli/cache, was written to: is the plugin enabled?"
            )
        if not any(path.is_file() for path in person.plugin_cache.glob("**/*")):
            raise DemoFailed("the plugin's cache, ~/.aws/xacct/cache, is empty")
        self._screen.shown("its credentials are in the plugin's cache, ~/.aws/xacct/cache")
