"""`aws configure role discover`: profiles for the accounts of an organization, in the config file or a manifest."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

import pytest

from tests.configure_role.steps import (
    CTRL_C,
    ESCAPE,
    WITHOUT_TERMINAL,
    XML_ESCAPE,
    Screen,
    done,
    parsed,
    refused,
    run,
)
from tests.embedded_aws import (
    EmbeddedAws,
    Fault,
    create_account,
    create_organization,
    create_unit,
    create_user,
)
from tests.sts import Sts, User
from tests.support.commands import ONE_TRY
from tests.support.home import REGION, Home, Outcome

from .scene import DEV

ROLE = "OrganizationAccountAccessRole"
DISCOVER = ("discover", "--role-name", ROLE)


class Organization:
    """An organization whose management account is Dev, with Dev's keys in `default`."""

    def __init__(self, aws: EmbeddedAws, home: Home) -> None:
        self.aws = aws
        self.home = home
        self.root = create_organization(aws, DEV)
        self.ids: dict[str, str] = {}
        keys = create_user(aws, DEV, "dev")
        home.credentials.write_text(
            f"[default]\naws_access_key_id = {keys.access_key_id}\n"
            f"aws_secret_access_key = {keys.secret_access_key}\n",
            "utf-8",
        )
        home.credentials.chmod(0o600)

    def add(self, *names: str, unit: str | None = None) -> None:
        for name in names:
            self.ids[name] = create_account(self.aws, DEV, name, unit=unit, root=self.root)

    def arn(self, name: str) -> str:
        return f"arn:aws:iam::{self.ids[name]}:role/{ROLE}"

    def profiles(self) -> dict[str, str]:
        """Return the roles of the config's profiles by name, without the management account."""
        config = RawConfigParser()
        config.read(self.home.config)
        found = {
            header.removeprefix("profile "): config[header]["role_arn"]
            for header in config.sections()
            if "role_arn" in config[header]
        }
        return {name: arn for name, arn in found.items() if DEV not in arn}


@pytest.fixture
def organization(aws: EmbeddedAws, home: Home) -> Organization:
    return Organization(aws, home)


def test_discover_creates_a_profile_per_active_account(organization: Organization) -> None:
    organization.add("Prod", "Audit (EU)")
    outcome = done(organization.home, *DISCOVER)
    assert organization.profiles() == {
        "prod-organizationaccountaccessrole": organization.arn("Prod"),
        "audit-eu-organizationaccountaccessrole": organization.arn("Audit (EU)"),
    }
    assert outcome.lines[0] == "found 3 active accounts with profile default"
    assert outcome.lines[1] == f"the management account {DEV} (master) may lack the role; try --check"
    who = organization.home.aws(
        "sts", "get-caller-identity", "--profile", "prod-organizationaccountaccessrole", "--region", REGION,
        "--query", "Account", "--output", "text",
    )  # fmt: skip
    assert who.stdout.strip() == organization.ids["Prod"]
    before = organization.home.config.read_bytes()
    assert "nothing to do: 3 profiles up to date" in done(organization.home, *DISCOVER).stderr
    assert organization.home.config.read_bytes() == before


def test_discover_says_once_which_profiles_have_no_region(organization: Organization) -> None:
    organization.add("Prod")
    said = (
        f"master-{ROLE.lower()}, prod-{ROLE.lower()} have no region; to use us-west-1, as their source default does: "
        f"aws configure role discover --role-name {ROLE} --region us-west-1"
    )
    assert said in done(organization.home, *DISCOVER).lines
    assert said not in done(organization.home, *DISCOVER).lines
    command = said.partition("does: aws configure role ")[2].split()
    done(organization.home, *command, "--yes")
    assert organization.home.config.read_text("utf-8").count("\nregion = us-west-1") == 3
    manifest = str(organization.home.path / "team.yaml")
    other = (*DISCOVER, "--template", "x-{account_name}", "--manifest", manifest)
    assert "x-master, x-prod have no region" in done(organization.home, *other).stderr


def test_discover_dry_run_changes_nothing(organization: Organization) -> None:
    organization.add("Prod")
    before = organization.home.config.read_bytes()
    plan = parsed(done(organization.home, *DISCOVER, "--dry-run", "--output", "json"))
    assert [(step["Profile"], step["Action"]) for step in plan] == [
        ("master-organizationaccountaccessrole", "add"),
        ("prod-organizationaccountaccessrole", "add"),
    ]
    assert organization.home.config.read_bytes() == before


def test_discover_uses_the_given_settings_and_template(organization: Organization) -> None:
    organization.add("Prod")
    home = organization.home
    home.write_config("[profile org]\nregion = us-west-1\n")
    home.credentials.write_text(home.credentials.read_text("utf-8").replace("default", "org"), "utf-8")
    done(
        home, *DISCOVER, "--source-profile", "org", "--template", "org/{account_name}-{account_id}",
        "--external-id", "42", "--duration-seconds", "900", "--region", "eu-west-1",
        "--mfa-serial", "arn:aws:iam::111111111111:mfa/dev",
    )  # fmt: skip
    number = organization.ids["Prod"]
    text = home.config.read_text("utf-8")
    assert text[text.index(f"[profile org/prod-{number}]") :].splitlines()[1:7] == [
        f"role_arn = {organization.arn('Prod')}",
        "source_profile = org",
        "mfa_serial = arn:aws:iam::111111111111:mfa/dev",
        "external_id = 42",
        "duration_seconds = 900",
        "region = eu-west-1",
    ]


def test_discover_lists_accounts_with_the_profile_option(organization: Organization) -> None:
    organization.add("Prod")
    home = organization.home
    lister = create_user(organization.aws, DEV, "lister")
    home.credentials.write_text(
        home.credentials.read_text("utf-8")
        + f"\n[lister]\naws_access_key_id = {lister.access_key_id}\n"
        + f"aws_secret_access_key = {lister.secret_access_key}\nregion = {REGION}\n",
        "utf-8",
    )
    done(home, *DISCOVER, "--profile", "lister")
    [call] = organization.aws.calls("ListAccounts")
    assert call.access_key_id == lister.access_key_id
    assert "source_profile = default\n" in home.config.read_text("utf-8")


def test_discover_includes_nested_units(organization: Organization) -> None:
    workloads = create_unit(organization.aws, DEV, organization.root, "Workloads")
    nested = create_unit(organization.aws, DEV, workloads, "Prod")
    organization.add("Sandbox")
    organization.add("Prod", unit=nested)
    organization.add(*(f"Dev {number}" for number in range(21)), unit=workloads)
    done(organization.home, *DISCOVER, "--ou-id", workloads, "--template", "{account_name}")
    assert sorted(organization.profiles()) == sorted(["prod", *(f"dev-{number}" for number in range(21))])
    # More than one page.
    assert len(organization.aws.calls("ListAccountsForParent")) == 3
    refusal = refused(organization.home, *DISCOVER, "--ou-id", "ou-ab12-12345678", code=254)
    assert refusal[1].startswith("  - --ou-id ou-ab12-12345678: An error occurred (ParentNotFoundException)")


def test_discover_reads_all_pages(organization: Organization) -> None:
    organization.add(*(f"n{number}" for number in range(40)))
    done(organization.home, *DISCOVER, "--template", "{account_name}")
    assert len(organization.profiles()) == 40
    assert len(organization.aws.calls("ListAccounts")) == 3


def test_discover_skips_a_closed_account_and_prunes_its_profile(organization: Organization) -> None:
    organization.add("Prod", "Old", "Older")
    done(organization.home, *DISCOVER, "--template", "{account_name}")
    organization.aws.client("organizations", DEV).close_account(AccountId=organization.ids["Old"])
    outcome = done(organization.home, *DISCOVER, "--template", "{account_name}")
    assert "no longer wanted, but kept: old. Remove profiles made from" in outcome.stderr
    assert "old" in organization.profiles()
    done(organization.home, *DISCOVER, "--template", "{account_name}", "--prune", "--yes")
    assert sorted(organization.profiles()) == ["older", "prod"]


# -- names -----------------------------------------------------------------------------------------


def test_discover_numbers_equal_names_and_keeps_them(organization: Organization) -> None:
    organization.add("Prod", "PROD", "prod!")
    outcome = done(organization.home, *DISCOVER, "--template", "{account_name}")
    first = organization.profiles()
    assert sorted(first) == ["prod", "prod-2", "prod-3"]
    assert sum("(prod is taken)" in line for line in outcome.lines) == 2
    organization.add("Prod ", "prod-2")
    done(organization.home, *DISCOVER, "--template", "{account_name}")
    assert first.items() <= organization.profiles().items()
    assert len(organization.profiles()) == 5


def test_discover_leaves_a_foreign_profile_alone(organization: Organization) -> None:
    organization.add("Prod")
    organization.home.add_role("prod", "arn:aws:iam::222222222222:role/Mine")
    done(organization.home, *DISCOVER, "--template", "{account_name}")
    assert organization.profiles() == {
        "prod": "arn:aws:iam::222222222222:role/Mine",
        "prod-2": organization.arn("Prod"),
    }


def test_discover_accepts_any_account_name(organization: Organization) -> None:
    names = [f"Red{ESCAPE}", "\u2003" * 50, "🙂 Büro", XML_ESCAPE]
    organization.add(*names)
    outcome = done(organization.home, *DISCOVER, "--template", "{account_name}", "--check")
    assert not {"\x1b", "\x9b"} & set(outcome.stdout + outcome.stderr)
    assert organization.profiles() == {
        "red-31m": organization.arn(names[0]),
        organization.ids[names[1]]: organization.arn(names[1]),
        "buro": organization.arn(names[2]),
        "31m": organization.arn(names[3]),
    }


# -- --check ----------------------------------------------------------------------------


def test_discover_check_skips_roles_that_cannot_be_assumed(organization: Organization) -> None:
    organization.add("Prod", "Closed")
    organization.aws.script(
        Fault("AssumeRole", about=organization.ids["Closed"], times=99),
        Fault("AssumeRole", about=DEV, times=99),
    )
    outcome = done(organization.home, *DISCOVER, "--template", "{account_name}", "--check")
    assert organization.profiles() == {"prod": organization.arn("Prod")}
    closed = f"closed, account {organization.ids['Closed']} (Closed)"
    assert [line.partition(" ")[2] for line in outcome.lines if "closed" in line] == [f"{closed}: denied"]
    assert "skipped 2 accounts: the role cannot be assumed there" in outcome.lines


def test_discover_check_without_any_success_changes_nothing(organization: Organization) -> None:
    organization.add("Prod")
    organization.aws.script(Fault("AssumeRole", times=99))
    assert refused(organization.home, *DISCOVER, "--check", code=254)[-2:] == [
        "nothing was changed, because",
        "  - none of the roles can be assumed, for the reasons above",
    ]


def with_own_sts(aws: EmbeddedAws, home: Home, sts: Sts) -> User:
    """The accounts in moto, with their roles in the small STS, which knows MFA and rejects unknown keys."""
    user = sts.add_user("dev", account="123456789012")
    home.add_keys(user)
    home.environment["AWS_ENDPOINT_URL_STS"] = sts.url
    create_organization(aws, "123456789012")
    return user


def test_discover_check_asks_for_one_code_first(aws: EmbeddedAws, home: Home, sts: Sts) -> None:
    user = with_own_sts(aws, home, sts)
    device = sts.add_mfa_device(user)
    accounts = [create_account(aws, "123456789012", f"n{number}") for number in range(5)]
    for account in accounts[1:]:
        sts.add_role("Ops", account=account, trusts=[user.arn], require_mfa=True, max_session_duration=43200)
    long = ("--mfa-serial", device.serial, "--duration-seconds", "7200")
    screen = Screen(home, "discover", "--role-name", "Ops", *long, "--check", "--yes")
    screen.code(device.next_code())
    assert screen.end() == 0
    assert screen.shown.count("MFA code of") == 1
    assert screen.shown.count(": works") == 4
    assert "skipped 2 accounts: the role cannot be assumed there" in screen.shown
    assert len(sts.calls_of("GetSessionToken")) == 1
    text = home.config.read_text("utf-8")
    assert text.count("duration_seconds = 7200\n") == 4
    assert [f"arn:aws:iam::{account}:role/Ops" in text for account in accounts] == [False, *[True] * 4]


def test_discover_check_interrupted_changes_nothing(aws: EmbeddedAws, home: Home, sts: Sts) -> None:
    user = with_own_sts(aws, home, sts)
    account = create_account(aws, "123456789012", "prod")
    sts.add_role("Ops", account=account, trusts=[user.arn])
    before = home.config.read_bytes()
    with sts.hold("AssumeRole") as held:
        screen = Screen(home, "discover", "--role-name", "Ops", "--check")
        held.wait_for(1)
        screen.keys("", CTRL_C)
        held.release()
        assert screen.end() == 130
    assert home.config.read_bytes() == before


# -- a manifest ------------------------------------------------------------------------------------


def manifest(organization: Organization, *options: str, code: int = 0) -> tuple[Path, Outcome]:
    """Run `discover` into a manifest, with plain names. Return its content and the outcome."""
    path = organization.home.path / "team.yaml"
    outcome = run(
        organization.home, *DISCOVER, "--template", "{account_name}", "--manifest", str(path), *options
    )
    assert outcome.code == code, outcome.stderr
    return path, outcome


def test_discover_writes_a_manifest_that_can_be_imported(organization: Organization) -> None:
    organization.add("Prod", "Audit")
    before = organization.home.config.read_bytes()
    path, outcome = manifest(organization)
    assert path.read_text("utf-8") == (
        "version: 1\n\n"
        f"defaults:\n  role: {ROLE}\n  source_profile: default\n\n"
        "accounts:\n"
        + "".join(
            f'  {name}: "{number}"\n'
            for name, number in (
                ("audit", organization.ids["Audit"]),
                ("master", DEV),
                ("prod", organization.ids["Prod"]),
            )
        )
        + "\nroles:\n  audit: {account: audit}\n  master: {account: master}\n  prod: {account: prod}\n"
    )
    assert organization.home.config.read_bytes() == before
    assert outcome.lines[-1] == f"wrote 3 roles to {path}; import it with: aws configure role import {path}"
    done(organization.home, "import", str(path))
    assert organization.profiles() == {"audit": organization.arn("Audit"), "prod": organization.arn("Prod")}


def test_discover_keeps_comments_and_settings_of_an_existing_manifest(organization: Organization) -> None:
    organization.add("Prod", "Audit")
    path = organization.home.path / "team.yaml"
    text = (
        "# Ours\nversion: 1\n"
        f'accounts: {{production: "{organization.ids["Prod"]}"}}  # the one that counts\n'
        "roles:\n"
        f"  prod: {{account: production, role: {ROLE}, source_profile: other, duration_seconds: 1800}} # short\n"
        f'  audit: {{role_arn: "arn:aws:iam::999999999999:role/Other", source_profile: other}}\n'
    )
    path.write_text(text, "utf-8")
    _, outcome = manifest(organization, code=252)
    assert outcome.lines[-3:] == [
        "nothing was written, because",
        WITHOUT_TERMINAL,
        f"      aws configure role discover --role-name {ROLE} --template '{{account_name}}' "
        f"--manifest {path} --yes",
    ]
    assert path.read_text("utf-8") == text
    manifest(organization, "--dry-run")
    assert path.read_text("utf-8") == text
    manifest(organization, "--yes")
    after = path.read_text("utf-8")
    assert [line for line in text.splitlines() if line not in after.splitlines()] == [text.splitlines()[2]], (
        "more than the list of accounts has changed"
    )
    assert "# the one that counts\n" in after
    assert f"audit-2: {{account: audit, role: {ROLE}, source_profile: default}}\n" in after
    assert "nothing to do: 3 roles up to date" in manifest(organization)[1].stderr
    assert path.read_text("utf-8") == after


def test_discover_leaves_out_what_the_defaults_of_a_manifest_say(organization: Organization) -> None:
    organization.add("Prod", "Audit")
    home = organization.home
    keys = home.credentials.read_text("utf-8")
    home.credentials.write_text(keys.replace("default", "ops"), "utf-8")
    path = home.path / "team.yaml"
    text = (
        "version: 1\n"
        f"defaults: {{role: {ROLE}, source_profile: ops, region: us-west-1, role_session_name: me}}\n"
        f'accounts: {{prod: "{organization.ids["Prod"]}"}}\n'
        "roles:\n  prod: {account: prod, region: eu-west-1}\n"
    )
    path.write_text(text, "utf-8")
    manifest(organization, "--yes")
    added = "  audit: {account: audit}\n  master: {account: master}\n"
    assert path.read_text("utf-8").partition("roles:")[2] == text.partition("roles:")[2] + added
    # What is asked for is written, where it differs.
    path.write_text(text, "utf-8")
    manifest(organization, "--yes", "--region", "eu-west-1", "--duration-seconds", "1800")
    assert path.read_text("utf-8").partition("roles:")[2].splitlines()[1:] == [
        "  prod: {account: prod, region: eu-west-1, duration_seconds: 1800}",
        "  audit: {account: audit, duration_seconds: 1800, region: eu-west-1}",
        "  master: {account: master, duration_seconds: 1800, region: eu-west-1}",
    ]


def test_discover_asks_before_it_changes_a_manifest(organization: Organization) -> None:
    organization.add("Prod")
    path, _ = manifest(organization)
    text = path.read_text("utf-8")
    organization.add("Audit")
    options = (*DISCOVER, "--template", "{account_name}", "--manifest", str(path))
    screen = Screen(organization.home, *options)
    screen.answer(f"Write this to {path}?", "n")
    assert (screen.end(), screen.shown.splitlines()[-1]) == (255, "nothing was written")
    assert path.read_text("utf-8") == text
    screen = Screen(organization.home, *options)
    screen.expect(f"Write this to {path}?")
    path.write_text(f"{text}\n# more\n", "utf-8")
    screen.answer("", "y")
    assert screen.end() == 255
    assert f"{path} has changed in the meantime; run the command again" in screen.shown
    assert path.read_text("utf-8") == f"{text}\n# more\n"


def test_discover_with_an_unreadable_manifest_makes_no_calls(organization: Organization) -> None:
    path = organization.home.path / "team.yaml"
    path.write_text("version: 1\nroles: [\n", "utf-8")
    _, outcome = manifest(organization, code=253)
    assert outcome.lines[0] == "nothing was written, because"
    assert outcome.lines[1].startswith(f"  - {path}:3:1: ")
    assert organization.aws.calls() == []


# -- errors --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault("ListAccounts", "AccessDeniedException", 400),
            "  - profile default may not list the organization's accounts: An error occurred "
            "(AccessDeniedException) when calling the ListAccounts operation: you may not. Choose a "
            "profile with organizations:ListAccounts, in the management account or a delegated administrator's:\n"
            f"      aws configure role discover --role-name {ROLE} --prune --yes --profile PROFILE",
        ),
        (
            Fault("ListAccounts", "AWSOrganizationsNotInUseException", 400, "no organization"),
            "  - the account of profile default does not belong to an organization: An error occurred "
            "(AWSOrganizationsNotInUseException) when calling the ListAccounts operation: no organization. "
            "Choose another profile:\n"
            f"      aws configure role discover --role-name {ROLE} --prune --yes --profile PROFILE",
        ),
        (
            Fault("ListAccounts", "TooManyRequestsException", 400, "slowly"),
            "  - the organization could not be listed with profile default: An error occurred "
            "(TooManyRequestsException) when calling the ListAccounts operation: slowly",
        ),
        # The second page is denied: half of an organization must not be used.
        (
            Fault("ListAccounts", "ServiceException", 500, "sorry", skip=1),
            "  - the organization could not be listed with profile default: An error occurred "
            "(ServiceException) when calling the ListAccounts operation: sorry",
        ),
    ],
)
def test_discover_explains_why_an_organization_cannot_be_listed(
    organization: Organization, fault: Fault, said: str
) -> None:
    organization.add(*(f"n{number}" for number in range(20)))
    organization.aws.script(fault)
    options = (*DISCOVER, "--prune", "--yes")
    found = refused(organization.home, *options, environment=ONE_TRY, code=254)
    assert [line.replace(" (reached max retries: 0)", "") for line in found] == [
        "nothing was changed, because",
        *said.split("\n"),
    ]


def test_discover_explains_an_unreachable_or_empty_organization(organization: Organization) -> None:
    down = {"AWS_ENDPOINT_URL_ORGANIZATIONS": "http://127.0.0.1:1", **ONE_TRY}
    said = refused(organization.home, *DISCOVER, environment=down, code=255)
    assert said[1].startswith(
        "  - the organization could not be listed with profile default: Could not connect"
    )
    empty = create_unit(organization.aws, DEV, organization.root, "Empty")
    assert refused(organization.home, *DISCOVER, "--ou-id", empty, "--prune", "--yes", code=254)[1] == (
        f"  - profile default finds no active accounts in {empty}"
    )


def test_discover_reports_every_problem_of_the_command(organization: Organization) -> None:
    said = refused(
        organization.home, "discover", "--role-name", "a b", "--ou-id", "Workloads", "--template", "{name}",
        "--check", "--prune", "--manifest", "team.yaml", "--duration-seconds", "1h", "--external-id", "x y",
        "--source-profile", "defualt", "--region", REGION,
    )  # fmt: skip
    assert [line.partition(":")[0] for line in said] == [
        "nothing was changed, because",
        "  - --role-name 'a b'",
        "  - --ou-id 'Workloads'",
        "  - --template '{name}'",
        "  - --prune cannot be used with --check",
        "  - --prune and --adopt cannot be used with --manifest",
        "  - --external-id 'x y'",
        "  - --duration-seconds '1h'",
        "  - --source-profile 'defualt'",
    ]
    assert organization.aws.calls() == []
