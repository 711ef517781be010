"""`aws configure role` writes exactly the requested lines into the existing config file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

import pytest

from tests.sts import Role, Sts
from tests.support.commands import caller_of, file_state, is_session_of, operations, tree
from tests.support.home import Home, Outcome

ARN = "arn:aws:iam::222222222222:role/CrossAccountPowerUser"
MFA = "arn:aws:iam::111111111111:mfa/dev"
CONFIGURE = ("configure", "role")


@dataclass(frozen=True)
class Case:
    """A command, and the config file before and after it, below the lines of `Home.write_config`."""

    arguments: tuple[str, ...]
    after: str
    before: str = ""
    notes: tuple[str, ...] = ()
    keys_of: tuple[str, ...] = field(default=("default",))
    """The profiles that have keys in the credentials file."""


PROD = f"[profile prod]\nrole_arn = {ARN}\nsource_profile = default\n"
MY_PROD = PROD.replace("prod", '"my prod"')
TWO_KEYS = "[profile dev]\naws_access_key_id = AKIA\naws_secret_access_key = none\n"
FROM_DEFAULT = "source_profile = default, because no source was given"


def no_region(profile: str = "prod", source: str = "default", region: str = "us-west-1") -> str:
    return (
        f"profile {profile} has no region; to use {region}, as its source {source} does: "
        f"aws configure role {profile} --region {region}"
    )


CASES = {
    "the walkthrough": Case(("prod", "--role-arn", ARN), PROD, notes=(FROM_DEFAULT, no_region())),
    "account and role name": Case(
        ("prod", "--account-id", "222222222222", "--role-name", "CrossAccountPowerUser"),
        PROD,
        notes=(FROM_DEFAULT, no_region()),
    ),
    "a role in a path": Case(
        (
            "ops",
            "--account-id",
            "222222222222",
            "--role-name",
            "/team/ops/Power",
            "--source-profile",
            "default",
        ),
        "[profile ops]\nrole_arn = arn:aws:iam::222222222222:role/team/ops/Power\nsource_profile = default\n",
        notes=(no_region("ops"),),
    ),
    "the China partition": Case(
        ("prod", "--account-id", "222222222222", "--role-name", "Power", "--source-profile", "beijing"),
        before="[profile beijing]\nregion = cn-north-1\n",
        after="[profile beijing]\nregion = cn-north-1\n\n"
        "[profile prod]\nrole_arn = arn:aws-cn:iam::222222222222:role/Power\nsource_profile = beijing\n",
        notes=(no_region("prod", "beijing", "cn-north-1"),),
        keys_of=("beijing",),
    ),
    "the GovCloud partition": Case(
        ("prod", "--account-id", "222222222222", "--role-name", "Power", "--source-profile", "gov"),
        before="[profile gov]\nregion = us-gov-west-1\n",
        after="[profile gov]\nregion = us-gov-west-1\n\n"
        "[profile prod]\nrole_arn = arn:aws-us-gov:iam::222222222222:role/Power\nsource_profile = gov\n",
        notes=(no_region("prod", "gov", "us-gov-west-1"),),
        keys_of=("gov",),
    ),
    "every option": Case(
        (
            *("prod", "--role-arn", ARN, "--source-profile", "default", "--mfa-serial", MFA),
            *("--external-id", "tenant/42", "--role-session-name", "me@example.com"),
            *("--duration-seconds", "7200", "--region", "eu-west-1"),
        ),
        f"{PROD}mfa_serial = {MFA}\nexternal_id = tenant/42\nrole_session_name = me@example.com\n"
        f"duration_seconds = 7200\nregion = eu-west-1\n",
    ),
    "a credential source": Case(
        ("prod", "--role-arn", ARN, "--credential-source", "Environment"),
        f"[profile prod]\nrole_arn = {ARN}\ncredential_source = Environment\n",
    ),
    "a chain": Case(
        ("deep", "--role-arn", ARN, "--source-profile", "prod", "--duration-seconds", "3600"),
        before=PROD,
        after=f"{PROD}\n[profile deep]\nrole_arn = {ARN}\nsource_profile = prod\nduration_seconds = 3600\n",
        notes=(no_region("deep").replace("its source default", "default"),),
    ),
    "the source's device is inherited": Case(
        ("prod", "--role-arn", ARN, "--source-profile", "dev"),
        before=f"[profile dev]\nmfa_serial = {MFA}\n",
        after=f"[profile dev]\nmfa_serial = {MFA}\n\n"
        f"[profile prod]\nrole_arn = {ARN}\nsource_profile = dev\nmfa_serial = {MFA}\n",
        notes=(f"mfa_serial = {MFA}, copied from profile dev",),
        keys_of=("dev",),
    ),
    "the source's device is declined": Case(
        ("prod", "--role-arn", ARN, "--source-profile", "dev", "--mfa-serial", "none"),
        before=f"[profile dev]\nmfa_serial = {MFA}\n",
        after=f"[profile dev]\nmfa_serial = {MFA}\n\n[profile prod]\nrole_arn = {ARN}\nsource_profile = dev\n",
        keys_of=("dev",),
    ),
    "the device is removed": Case(
        ("prod", "--mfa-serial", "none"), before=f"{PROD}mfa_serial = {MFA}\n", after=PROD
    ),
    "an option is removed": Case(
        ("prod", "--external-id", "", "--region", ""),
        before=f"{PROD}external_id = x1\nregion = eu-west-1\noutput = text\n",
        after=f"{PROD}output = text\n",
    ),
    "another kind of source": Case(
        ("prod", "--source-profile", "", "--credential-source", "Ec2InstanceMetadata"),
        before=PROD,
        after=f"[profile prod]\nrole_arn = {ARN}\ncredential_source = Ec2InstanceMetadata\n",
    ),
    "only the given options": Case(
        ("prod", "--region", "eu-west-1"),
        before=f"[profile prod] # mine\n# the role\n  Role_Arn: {ARN}\n  region   =us-west-2\n"
        "  s3 =\n    addressing_style = path\n  source_profile=default\n\n; the end\n[profile z]\n",
        after=f"[profile prod] # mine\n# the role\n  Role_Arn: {ARN}\n  region   =eu-west-1\n"
        "  s3 =\n    addressing_style = path\n  source_profile=default\n\n; the end\n[profile z]\n",
    ),
    "a new option, indented like its section": Case(
        ("prod", "--external-id", "x1"),
        before=f"[profile prod]\n  role_arn={ARN}\n  source_profile=default\n\n# z\n[profile z]\n",
        after=f"[profile prod]\n  role_arn={ARN}\n  source_profile=default\n  external_id = x1\n\n# z\n[profile z]\n",
    ),
    "a subcommand's name given by --profile": Case(
        ("--profile", "list", "--role-arn", ARN, "--source-profile", "default"),
        PROD.replace("prod", "list"),
        notes=(no_region("list").replace("role list", "role --profile=list"),),
    ),
    "a name with a space": Case(
        ("my prod", "--role-arn", ARN, "--source-profile", "default"),
        PROD.replace("prod", "'my prod'"),
        notes=(no_region("my prod").replace("role my prod", "role 'my prod'"),),
    ),
    "a name with a space, in single quotes": Case(
        ("--profile", "my prod", "--region", "eu-west-1"),
        before=MY_PROD,
        after=f"{MY_PROD}region = eu-west-1\n",
    ),
    "a conflict with --force": Case(
        ("dev", "--role-arn", ARN, "--source-profile", "default", "--force"),
        before=TWO_KEYS,
        after=f"{TWO_KEYS}role_arn = {ARN}\nsource_profile = default\n",
        notes=(no_region("dev"),),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_configure_role_writes_what_was_requested_and_nothing_else(home: Home, sts: Sts, case: Case) -> None:
    user = sts.add_user("dev")
    for profile in case.keys_of:
        home.add_keys(user, profile)
    home.write_config("")
    unchanged = home.config.read_text(encoding="utf-8")
    home.write_config(case.before)
    credentials = file_state(home.credentials)

    outcome = home.aws(*CONFIGURE, *case.arguments)

    assert (outcome.code, outcome.stdout) == (0, ""), outcome.stderr
    assert outcome.lines[:-2] == list(case.notes)
    assert home.config.read_text(encoding="utf-8") == unchanged + case.after
    assert file_state(home.credentials) == credentials
    assert operations(sts) == []


@pytest.mark.usefixtures("user")
def test_configure_role_reports_the_result_and_a_command_to_try(home: Home) -> None:
    outcome = home.aws(*CONFIGURE, "my prod", "--role-arn", ARN)
    assert outcome == Outcome(
        0,
        "",
        f"{FROM_DEFAULT}\n"
        f"profile my prod has no region; to use us-west-1, as its source default does: "
        f"aws configure role 'my prod' --region us-west-1\n"
        f"wrote profile my prod to {home.config}\n"
        f"try it: aws sts get-caller-identity --profile 'my prod' --region us-west-1\n",
    )


@pytest.mark.parametrize("profile", ["my prod", "Ünïcode"])
def test_profile_name_can_have_any_characters(home: Home, role: Role, profile: str) -> None:
    written = home.aws(*CONFIGURE, "--profile", profile, "--role-arn", role.arn, "--region", "us-west-1")
    assert written.code == 0, written.stderr
    assert is_session_of(role, caller_of(home, profile))


@pytest.mark.usefixtures("user")
def test_configure_role_run_again_changes_nothing(home: Home) -> None:
    command = (*CONFIGURE, "prod", "--role-arn", ARN, "--duration-seconds", "7200", "--region", "eu-west-1")
    assert home.aws(*command).code == 0
    before = file_state(home.config)
    outcome = home.aws(*command)
    assert outcome == Outcome(0, "", f"profile prod is already up to date in {home.config}\n")
    assert file_state(home.config) == before


@pytest.mark.usefixtures("user")
def test_config_file_keeps_line_endings_and_comments(home: Home) -> None:
    home.write_config(f"# Größe\n[profile prod]\nrole_arn = {ARN}\nsource_profile = default ; mine\n# end")
    windows = home.config.read_bytes().replace(b"\n", b"\r\n").replace(b" ; mine", b"")
    home.config.write_bytes(windows)
    assert home.aws(*CONFIGURE, "prod", "--external-id", "x1", "--source-profile", "default").code == 0
    default = b"source_profile = default\r\n"
    assert home.config.read_bytes() == windows.replace(default, default + b"external_id = x1\r\n")


@pytest.mark.usefixtures("user")
def test_config_file_keeps_its_mode_and_a_link_to_it(home: Home) -> None:
    dotfiles = home.path / "dotfiles"
    home.config.rename(dotfiles)
    dotfiles.chmod(0o640)
    home.config.symlink_to(dotfiles)
    assert home.aws(*CONFIGURE, "prod", "--role-arn", ARN).code == 0
    assert home.config.readlink() == dotfiles
    assert dotfiles.stat().st_mode & 0o777 == 0o640
    assert dotfiles.read_text(encoding="utf-8").endswith(f"\n\n{PROD}")


@pytest.mark.parametrize("exists", [False, True], ids=["a new profile", "a changed one"])
@pytest.mark.usefixtures("user")
def test_dry_run_prints_the_difference_and_writes_nothing(home: Home, exists: bool) -> None:
    if exists:
        home.write_config(f"{PROD}external_id = old\n")
    before = home.config.read_text(encoding="utf-8")
    old = (tree(home), file_state(home.config), file_state(home.credentials))

    command = (*CONFIGURE, "prod", "--role-arn", ARN, "--external-id", "new")
    tried = home.aws(*command, "--dry-run")

    assert tried.code == 0, tried.stderr
    assert (tree(home), file_state(home.config), file_state(home.credentials)) == old
    assert home.aws(*command).code == 0
    after = home.config.read_text(encoding="utf-8")
    name = str(home.config)
    difference = difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, name)
    assert tried.stdout == "".join(difference)


@pytest.mark.usefixtures("user")
def test_dry_run_without_changes_prints_nothing(home: Home) -> None:
    home.write_config(PROD)
    outcome = home.aws(*CONFIGURE, "prod", "--role-arn", ARN, "--dry-run")
    assert (outcome.code, outcome.stdout) == (0, "")
    assert outcome.lines == [f"profile prod is already up to date in {home.config}"]


def test_help_has_every_option_and_examples(home: Home) -> None:
    outcome = home.aws(*CONFIGURE, "help", environment={"MANPAGER": "cat", "PAGER": "cat"})
    assert outcome.code == 0, outcome.stderr
    for option in (
        "role-arn",
        "account-id",
        "mfa-serial",
        "external-id",
        "duration-seconds",
        "dry-run",
        "force",
    ):
        assert f"--{option}" in outcome.stdout
    assert "$ aws configure role prod " in outcome.stdout
