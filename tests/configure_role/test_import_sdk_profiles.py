"""`sdk_profile` in a manifest: the second profile of a role is imported, changed, pruned and exported with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from awscli_xacct.configfile.sections import full_config
from tests.support.home import XACCT, Home

from .steps import done, parsed, refused

pytestmark = pytest.mark.usefixtures("user")

TEAM = """\
version: 1
name: team
defaults: {source_profile: default, region: us-west-1, sdk_profile: true}
roles:
  prod: {role_arn: "arn:aws:iam::222222222222:role/Power"}
  audit: {role_arn: "arn:aws:iam::333333333333:role/Audit", source_profile: prod, sdk_profile: audit-tools}
  plain: {role_arn: "arn:aws:iam::333333333333:role/Plain", sdk_profile: false}
"""


@pytest.fixture
def team(home: Home) -> Path:
    """A manifest, and this installation's `xacct` on the PATH."""
    path = home.path / "team.yaml"
    path.write_text(TEAM, "utf-8")
    links = home.path / "links"
    links.mkdir()
    (links / "xacct").symlink_to(XACCT)
    home.environment["PATH"] = f"{links}{os.pathsep}{home.environment['PATH']}"
    return path


def profiles(home: Home) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = full_config(home.config.read_bytes())["profiles"]
    return found


def change(team: Path, old: str, new: str) -> None:
    text = team.read_text("utf-8")
    assert old in text
    team.write_text(text.replace(old, new), "utf-8")


def test_import_makes_sdk_profiles_and_then_nothing_more(home: Home, team: Path) -> None:
    outcome = done(home, "import", str(team))
    assert outcome.lines == [f"updated {home.config}: 5 added"]
    found = profiles(home)
    assert list(found) == ["default", "prod", "audit", "plain", "prod-sdk", "audit-tools"]
    assert found["audit-tools"] == {
        "credential_process": "xacct credentials audit",
        "region": "us-west-1",
        "xacct_manifest": "team",
        "xacct_manifest_keys": "credential_process,region",
    }
    assert done(home, "import", str(team)).lines == [f"nothing to do: 5 profiles up to date in {home.config}"]
    # From another place the same: no import rewrites where a person runs `xacct`.
    text = home.config.read_text("utf-8").replace("= xacct credentials", "= /opt/bin/xacct credentials")
    home.config.write_text(text, "utf-8")
    assert "nothing to do" in done(home, "import", str(team)).lines[0]


def test_import_changes_and_prunes_sdk_profiles(home: Home, team: Path) -> None:
    done(home, "import", str(team))
    change(team, "region: us-west-1, sdk_profile: true", "region: eu-west-1")
    change(team, ", sdk_profile: audit-tools", "")
    outcome = done(home, "import", str(team), "--yes")
    assert "no longer wanted, but kept: prod-sdk, audit-tools. Remove profiles made from" in outcome.lines[0]
    plan = parsed(done(home, "import", str(team), "--prune", "--yes", "--output", "json"))
    assert [each["Profile"] for each in plan if each["Action"] == "remove"] == ["prod-sdk", "audit-tools"]
    assert list(profiles(home)) == ["default", "prod", "audit", "plain"]


def test_import_gives_the_region_of_the_role_to_its_sdk_profile(home: Home, team: Path) -> None:
    done(home, "import", str(team))
    change(team, "region: us-west-1", "region: eu-west-1")
    done(home, "import", str(team), "--yes")
    assert {each["region"] for name, each in profiles(home).items() if name != "default"} == {"eu-west-1"}


def test_import_reports_sdk_profiles_that_cannot_be(home: Home, team: Path) -> None:
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[profile prod-sdk]\nsso_start_url = https://x\n")
    change(team, "sdk_profile: audit-tools", "sdk_profile: plain")
    change(team, "sdk_profile: false", "sdk_profile: default")
    for options in ((), ("--adopt",)):
        lines = refused(home, "import", str(team), *options, code=253)
        assert lines == [
            "nothing was changed, because",
            f"  - {team}:3:69: sdk_profile prod-sdk: this profile exists, and is not for prod; choose another name",
            f"  - {team}:6:96: sdk_profile plain: the manifest has another profile of this name; choose another name",
            f"  - {team}:7:74: sdk_profile default: plain gets its own credentials from there; choose another name",
        ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            "yes",
            "sdk_profile of all roles cannot have the same name; write true, which appends -sdk to each name",
        ),
        ("[a]", "sdk_profile must be a string, not a list"),
        ('""', "sdk_profile is empty"),
        ("1", "sdk_profile 1 must be quoted"),
        (
            "a-name",
            "sdk_profile of all roles cannot have the same name; write true, which appends -sdk to each name",
        ),
    ],
)
def test_import_reports_values_of_sdk_profile(home: Home, team: Path, value: str, problem: str) -> None:
    change(team, "sdk_profile: true", f"sdk_profile: {value}")
    assert any(f"{team}:3:69: {problem}" in line for line in refused(home, "import", str(team), code=253))


def test_export_has_sdk_profiles(home: Home, team: Path) -> None:
    done(home, "import", str(team))
    before = team.read_bytes()
    done(home, "export", str(team))
    assert team.read_bytes() == before
    new = home.path / "new.yaml"
    done(home, "export", str(new))
    text = new.read_text("utf-8")
    assert "sdk_profile: true" in text
    assert "sdk_profile: audit-tools" in text
    assert text.count("sdk_profile") == 2
    done(home, "plain", "--sdk-profile")
    done(home, "export", str(team), "--yes")
    assert team.read_text("utf-8") == TEAM.replace("sdk_profile: false", "sdk_profile: true")


def test_export_leaves_an_sdk_profile_that_was_not_imported_yet(home: Home, team: Path) -> None:
    change(team, "sdk_profile: true", "sdk_profile: false")
    change(team, ", sdk_profile: audit-tools", "")
    done(home, "import", str(team))
    team.write_text(TEAM, "utf-8")
    done(home, "export", str(team))
    assert team.read_text("utf-8") == TEAM
