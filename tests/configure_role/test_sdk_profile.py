"""`aws configure role PROFILE --sdk-profile`: the second profile, through which SDKs use the first, and its life."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from awscli_xacct.configfile.sections import full_config
from tests.sts import Role, Sts, User
from tests.support.home import REGION, XACCT, Home

from .steps import done, parsed, refused

pytestmark = pytest.mark.usefixtures("user")


def profiles(home: Home) -> dict[str, dict[str, str]]:
    """Return the profiles of the config file."""
    found: dict[str, dict[str, str]] = full_config(home.config.read_bytes())["profiles"]
    return found


def on_path(home: Home, *directories: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join(map(str, [*directories, *home.environment["PATH"].split(os.pathsep)]))}


@pytest.fixture
def plain(home: Home) -> dict[str, str]:
    """An environment with this installation's `xacct` on the PATH, by a link as pipx makes it."""
    directory = home.path / "links"
    directory.mkdir()
    (directory / "xacct").symlink_to(XACCT)
    return on_path(home, directory)


def test_sdk_profile_is_written_in_the_same_edit(home: Home, role: Role, plain: dict[str, str]) -> None:
    before = home.config.read_text("utf-8")
    command = ("prod", "--role-arn", role.arn, "--region", "eu-west-1", "--sdk-profile")
    outcome = done(home, *command, environment=plain)
    after = (
        f"{before}[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\nregion = eu-west-1\n\n"
        "[profile prod-sdk]\ncredential_process = xacct credentials prod\nregion = eu-west-1\n"
    )
    assert home.config.read_text("utf-8") == after
    assert (
        "profile prod-sdk gives SDKs the credentials of prod: credential_process = xacct credentials prod"
        in outcome.lines
    )
    times = home.config.stat().st_mtime_ns
    assert "already up to date" in done(home, *command, environment=plain).lines[-1]
    assert home.config.stat().st_mtime_ns == times


def test_sdk_profile_of_somebodys_own_that_asks_aws_is_kept(
    home: Home, prod: str, plain: dict[str, str]
) -> None:
    """`--sdk-profile ""` and `remove` took it for one that this package has made."""
    own = "[profile prod-sdk]\ncredential_process = aws configure export-credentials --profile prod\n"
    with home.config.open("a", encoding="utf-8") as file:
        file.write(own)
    before = home.config.read_text("utf-8")
    done(home, prod, "--sdk-profile", "", environment=plain)
    assert refused(home, prod, "--sdk-profile", environment=plain)[1].startswith(
        "  - profile prod-sdk exists already, and is not for prod"
    )
    assert "prod-sdk" in refused(home, "remove", prod, "--yes")[1]
    assert home.config.read_text("utf-8") == before
    done(home, "rename", prod, "production")
    assert "export-credentials --profile production\n" in home.config.read_text("utf-8")


def test_sdk_profile_written_or_removed_alone_is_what_is_reported(
    home: Home, role: Role, plain: dict[str, str]
) -> None:
    done(home, "prod", "--role-arn", role.arn)
    assert done(home, "prod", "--sdk-profile", environment=plain).lines[1:] == [
        f"wrote profile prod-sdk to {home.config}",
        "try it: aws sts get-caller-identity --profile prod-sdk --region us-west-1",
    ]
    assert done(home, "prod", "--region", "eu-west-1").lines[1:] == [
        f"wrote profiles prod and prod-sdk to {home.config}",
        "try it: aws sts get-caller-identity --profile prod",
    ]
    assert done(home, "prod", "--sdk-profile", "").lines == [f"removed profile prod-sdk from {home.config}"]


@pytest.mark.parametrize("name", ["my prod", "it's $5", "-x", "list", "zürich"])
def test_sdk_profile_of_any_name_works_in_an_sdk(
    home: Home, role: Role, sts: Sts, name: str, plain: dict[str, str]
) -> None:
    done(
        home,
        f"--profile={name}",
        "--role-arn",
        role.arn,
        "--region",
        REGION,
        "--sdk-profile",
        environment=plain,
    )
    environment = {**plain, "AWS_XACCT_DISABLE": "1"}
    outcome = home.aws("sts", "get-caller-identity", f"--profile={name}-sdk", environment=environment)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert f":assumed-role/{role.name}/" in outcome.stdout
    assert len(sts.calls_of("AssumeRole")) == 1


@pytest.mark.usefixtures("prod")
def test_sdk_profile_names_the_path_of_an_xacct_that_is_not_on_the_path(home: Home) -> None:
    other = home.path / "other"
    other.mkdir()
    (other / "xacct").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (other / "xacct").chmod(0o755)
    done(home, "prod", "--sdk-profile", "tools", environment=on_path(home, other))
    assert profiles(home)["tools"] == {"credential_process": f"{XACCT} credentials prod", "region": REGION}


@pytest.mark.usefixtures("prod")
def test_sdk_profile_can_be_seen_before_it_is_written(home: Home, plain: dict[str, str]) -> None:
    before = home.config.read_bytes()
    outcome = done(home, "prod", "--sdk-profile", "--dry-run", environment=plain)
    assert "+[profile prod-sdk]\n+credential_process = xacct credentials prod\n" in outcome.stdout
    assert home.config.read_bytes() == before


@pytest.mark.usefixtures("prod")
def test_sdk_profile_never_replaces_somebodys_own_without_force(
    home: Home, user: User, plain: dict[str, str]
) -> None:
    with home.config.open("a", encoding="utf-8") as file:
        file.write("# mine\n[profile prod-sdk]\nsso_start_url = https://x\ns3 =\n  max_queue_size = 5\n\n")
        file.write("[profile of-other]\ncredential_process = xacct credentials other\n")
    for name in ("prod-sdk", "of-other"):
        assert refused(home, "prod", "--sdk-profile", name, environment=plain)[1:] == [
            f"  - profile {name} exists already, and is not for prod. Choose another name, or replace it:",
            f"      aws configure role prod --sdk-profile {name} --force",
        ]
    done(home, "prod", "--sdk-profile", "--force", environment=plain)
    assert profiles(home)["prod-sdk"] == {"credential_process": "xacct credentials prod", "region": REGION}
    assert "# mine\n[profile prod-sdk]\n" in home.config.read_text("utf-8")
    home.add_keys(user, "keys")
    for options in ((), ("--force",)):
        assert "keys" in refused(home, "prod", "--sdk-profile", "keys", *options, environment=plain)[1]


@pytest.mark.usefixtures("prod")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("prod", "it must be another profile"),
        ("default", "prod gets its own credentials from there"),
        ("a]b", "contains ]"),
        (" ", "a profile needs a name"),
    ],
)
def test_sdk_profile_of_an_impossible_name_is_refused_even_with_force(
    home: Home, name: str, reason: str
) -> None:
    assert reason in "\n".join(refused(home, "prod", "--sdk-profile", name, "--force"))


@pytest.mark.usefixtures("prod")
def test_sdk_profile_is_named_where_a_policy_would_be_ignored(home: Home, plain: dict[str, str]) -> None:
    ignored = (
        "programs that read the profile themselves (an SDK, Terraform) ignore its policies and get the whole"
    )
    [line, *_] = done(home, "prod", "--read-only").lines
    assert line == f"{ignored} role; give them another one with: aws configure role prod --sdk-profile"
    done(home, "prod", "--policy-arns", "")
    [line, *_] = done(home, "prod", "--read-only", "--sdk-profile", environment=plain).lines
    assert line == f"{ignored} role"


def test_sdk_profile_is_not_written_for_a_profile_with_problems(home: Home, role: Role) -> None:
    lines = refused(home, "new", "--role-arn", f"{role.arn} ", "--sdk-profile", "new")
    assert len(lines) == 3  # all problems at once


@pytest.fixture
def paired(home: Home, prod: str, plain: dict[str, str]) -> str:
    """The SDK profile of `prod`."""
    done(home, prod, "--sdk-profile", environment=plain)
    return "prod-sdk"


@pytest.mark.usefixtures("paired")
def test_sdk_profile_is_shown_with_its_role(home: Home, role: Role) -> None:
    home.add_role("alone", role.arn)
    listed = done(home, "list")
    assert "SDK PROFILE" in listed.stdout
    assert "prod-sdk" in listed.stdout
    pairs = {each["Profile"]: each["SdkProfile"] for each in parsed(done(home, "list", "--output", "json"))}
    assert pairs == {"prod": "prod-sdk", "alone": None}
    assert parsed(done(home, "show", "prod", "--output", "json"))["SdkProfile"] == "prod-sdk"
    assert "SDK profile: prod-sdk\n" in done(home, "show", "prod").stdout
    [_, line] = refused(home, "show", "prod-sdk", code=253)
    assert line.endswith(
        'it is the SDK profile of prod; to remove it: aws configure role prod --sdk-profile ""'
    )


def test_sdk_profile_follows_the_region_of_its_role(home: Home, paired: str) -> None:
    done(home, "prod", "--region", "eu-west-1")
    assert profiles(home)[paired]["region"] == "eu-west-1"
    home.aws("configure", "set", "region", "ap-south-1", "--profile", paired)
    done(home, "prod", "--region", "eu-west-2")
    assert profiles(home)[paired]["region"] == "ap-south-1"


def test_sdk_profile_is_renamed_with_its_role(home: Home, paired: str, role: Role) -> None:
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"output = text\n[profile tools]\ncredential_process = {XACCT} credentials prod\n")
        file.write(f"[profile uses]\nrole_arn = {role.arn}\nsource_profile = {paired}\n")
    outcome = done(home, "rename", "prod", "my production")
    assert outcome.lines == [
        f"renamed prod to my production, and prod-sdk to my production-sdk in {home.config}",
        "updated source_profile in: uses",
        "updated credential_process in: my production-sdk, tools",
    ]
    found = profiles(home)
    assert found["my production-sdk"]["credential_process"] == "xacct credentials 'my production'"
    assert found["tools"]["credential_process"] == f"{XACCT} credentials 'my production'"
    assert found["uses"]["source_profile"] == "my production-sdk"
    assert {"prod", paired}.isdisjoint(found)


@pytest.mark.usefixtures("paired")
def test_sdk_profile_is_not_renamed_over_another(home: Home) -> None:
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[profile production-sdk]\nregion = us-east-1\n")
    assert refused(home, "rename", "prod", "production")[1:] == ["  - profile production-sdk exists already"]


def test_sdk_profile_is_removed_with_its_role(home: Home, paired: str, role: Role) -> None:
    home.add_role("uses", role.arn, source_profile=paired)
    assert refused(home, "remove", "prod", "--yes")[1].startswith("  - prod-sdk is the source of uses")
    outcome = done(home, "remove", "prod", "uses", "--yes")
    assert outcome.lines == [f"removed from {home.config}: prod, uses, prod-sdk"]
    assert list(profiles(home)) == ["default"]


def test_sdk_profile_alone_is_removed_by_an_empty_name(home: Home, paired: str) -> None:
    done(home, "prod", "--sdk-profile", "")
    assert paired not in profiles(home)
    assert "prod" in profiles(home)


@pytest.mark.usefixtures("prod")
def test_sdk_profile_that_is_more_than_that_is_not_removed(home: Home) -> None:
    """Its other settings are somebody's own."""
    text = home.config.read_text("utf-8")
    home.config.write_text(
        text.replace("[default]\n", "[default]\ncredential_process = xacct credentials prod\n"), "utf-8"
    )
    assert refused(home, "remove", "prod", "--yes")[1:] == [
        "  - prod is what the credential_process of default asks for. Remove it anyway:",
        "      aws configure role remove prod --yes --force",
    ]
