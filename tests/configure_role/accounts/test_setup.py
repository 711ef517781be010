"""`aws configure role setup`: the README's steps 2 to 4 in one command, which makes only what is missing."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Any

import pytest

from tests.configure_role.steps import CTRL_D, ESCAPE, NO_REGION, WITHOUT_TERMINAL, Screen
from tests.embedded_aws import create_role
from tests.support.commands import WHOAMI
from tests.support.home import REGION, TIMEOUT, Home

from .scene import (
    ASKED,
    AUDIT,
    DEV,
    DEV_USER,
    PROD,
    PROFILE,
    READ_ONLY,
    ROLE,
    SETUP,
    Scene,
    policy,
    text,
    trust,
)

CALLER = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}
MADE = {
    "Trust": trust(DEV_USER),
    "Maximum": 3600,
    "Path": "/",
    "Attached": [READ_ONLY],
    "Inline": {},
}


def test_setup_makes_the_role_both_policies_and_the_profile(scene: Scene) -> None:
    """The result is what the README's walkthrough makes by hand."""
    before = scene.home.config.read_text("utf-8"), scene.home.credentials.read_bytes()
    outcome = scene.set_up()
    assert scene.role() == MADE
    assert scene.user_policies() == {"ProdAccountAccess": policy(CALLER)}
    assert scene.home.config.read_text("utf-8") == f"{before[0]}\n{PROFILE}"
    assert scene.home.credentials.read_bytes() == before[1]
    assert (outcome.stdout, outcome.lines[-1]) == (
        "",
        f"{ROLE} was assumed; try it: aws sts get-caller-identity --profile prod --region {REGION}",
    )
    assert [call.parameters["RoleArn"] for call in scene.aws.calls("AssumeRole")] == [ROLE]
    who = scene.home.aws(
        *WHOAMI, "--profile", "prod", "--region", REGION, "--query", "Account", "--output", "text"
    )
    assert (who.stdout, len(scene.aws.calls("AssumeRole"))) == (f"{PROD}\n", 1)


def test_dry_run_shows_the_plan_and_changes_nothing(scene: Scene) -> None:
    shown = scene.setup(*ASKED, "--dry-run").stdout
    plan, _, _ = shown.partition("\n\nEquivalent aws commands:\n\n")
    assert plan == (
        f"{DEV_USER} will assume {ROLE} as profile prod\n"
        f"1. add    role {ROLE}, with the trust policy (profile prod-admin)\n"
        "      {\n"
        '        "Version": "2012-10-17",\n'
        '        "Statement": [\n'
        "          {\n"
        '            "Effect": "Allow",\n'
        '            "Principal": {\n'
        f'              "AWS": "{DEV_USER}"\n'
        "            },\n"
        '            "Action": "sts:AssumeRole"\n'
        "          }\n"
        "        ]\n"
        "      }\n"
        f"2. add    policy {READ_ONLY} to role CrossAccountPowerUser (profile prod-admin)\n"
        f"3. add    policy ProdAccountAccess of user dev in account {DEV} (profile default)\n"
        "      {\n"
        '        "Version": "2012-10-17",\n'
        '        "Statement": [\n'
        "          {\n"
        '            "Effect": "Allow",\n'
        '            "Action": "sts:AssumeRole",\n'
        f'            "Resource": "{ROLE}"\n'
        "          }\n"
        "        ]\n"
        "      }\n"
        f"4. add    profile prod in {scene.home.config}\n"
        "      @@ -6,3 +6,7 @@\n"
        "       \n"
        "       [profile prod-admin]\n"
        f"       region = {REGION}\n"
        "      +\n"
        "      +[profile prod]\n"
        f"      +role_arn = {ROLE}\n"
        "      +source_profile = default\n"
        "note: source_profile = default, because no source was given\n"
        f"note: {NO_REGION}"
    )
    assert (scene.changes(), scene.journals()) == ([], [])
    assert "[profile prod]" not in scene.home.config.read_text("utf-8")


@pytest.mark.parametrize(
    "options",
    [
        ASKED,
        (
            *ASKED,
            "--external-id",
            "it's 42".replace(" ", ":").replace("'", ""),
            "--max-session-duration",
            "7200",
        ),
        ("--role-name", "team/Ops", "--account-profile", "prod-admin", "--duration-seconds", "7200"),
    ],
)
def test_dry_run_commands_do_the_same(scene: Scene, options: tuple[str, ...]) -> None:
    """They can be pasted into a shell as printed."""
    shown = scene.setup(*options, "--dry-run").stdout
    commands = shown.partition("Equivalent aws commands:\n\n")[2]
    environment = {**scene.home.environment, **scene.home.forked_aws}
    subprocess.run(
        ["/bin/sh", "-e", "-c", commands], env=environment, check=True, timeout=TIMEOUT, capture_output=True
    )
    by_commands = scene.all()
    assert scene.set_up(*options).lines[-2] == "nothing to do: everything is in place already"
    scene.aws.reset()
    again = Scene(scene.aws, Home(scene.home.path.with_name("other"), scene.aws.url))
    again.set_up(*options, "--yes")
    assert again.all() == by_commands


def test_json_output_has_the_plan_and_the_outcome(scene: Scene) -> None:
    plan = json.loads(scene.setup(*ASKED, "--dry-run", "--output", "json").stdout)
    assert [(step["State"], step["Profile"], step["Permission"]) for step in plan["Steps"]] == [
        ("add", "prod-admin", "iam:CreateRole"),
        ("add", "prod-admin", "iam:AttachRolePolicy"),
        ("add", "default", "iam:PutUserPolicy"),
        ("add", None, None),
    ]
    assert {key: plan[key] for key in ("Profile", "RoleArn", "Caller", "Notes")} == {
        "Profile": "prod",
        "RoleArn": ROLE,
        "Caller": DEV_USER,
        "Notes": ["source_profile = default, because no source was given", NO_REGION],
    }
    assert plan["Steps"][0]["Policy"] == trust(DEV_USER)
    assert shlex.split(plan["Steps"][1]["Command"])[:3] == ["aws", "iam", "attach-role-policy"]
    outcome = scene.set_up(*ASKED, "--yes", "--output", "json")
    done = json.loads(outcome.stdout)
    assert (done["Verified"]["Ok"], done["Steps"][2]) == (True, plan["Steps"][2])


def test_setup_twice_changes_nothing(scene: Scene) -> None:
    scene.set_up()
    before = scene.all(), scene.home.config.stat().st_mtime_ns
    scene.aws.forget_calls()
    outcome = scene.set_up(*ASKED)
    assert (scene.all(), scene.home.config.stat().st_mtime_ns) == before
    assert scene.changes() == []
    assert [line.split()[1] for line in outcome.lines if line[0].isdigit()] == ["same"] * 4
    assert outcome.lines[-2] == "nothing to do: everything is in place already"


def test_confirmation_declined_changes_nothing(scene: Scene) -> None:
    for answer in ("n", "", "maybe"):
        screen = scene.screen()
        screen.answer("Set this up?", answer)
        assert (screen.end(), screen.shown.splitlines()[-1]) == (255, "nothing was set up")
    screen = scene.screen()
    screen.keys("Set this up?", CTRL_D)
    assert screen.end() == 255
    assert scene.changes() == []
    screen = scene.screen()
    screen.answer("Set this up?", "y")
    assert screen.end() == 0
    assert scene.role() == MADE


def test_confirmation_without_a_terminal_needs_yes(scene: Scene) -> None:
    outcome = scene.setup(*ASKED)
    assert outcome.code == 252
    assert outcome.lines[-3:] == [
        "nothing was set up, because",
        WITHOUT_TERMINAL,
        f"      {SETUP} --yes",
    ]
    assert (scene.changes(), scene.journals()) == ([], [])


# -- what exists stays ----------------------------------------------------------------------------


def test_trust_policy_keeps_its_other_statements(scene: Scene) -> None:
    other = f"arn:aws:iam::{PROD}:user/other"
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=other)
    scene.iam(PROD).attach_role_policy(RoleName="CrossAccountPowerUser", PolicyArn=AUDIT)
    shown = scene.set_up().stderr
    assert scene.role() == {**MADE, "Trust": trust(other, DEV_USER), "Attached": [READ_ONLY, AUDIT]}
    assert f"1. change trust policy of role {ROLE} (profile prod-admin)\n" in shown
    # The difference: what stays without a mark, what comes with one.
    assert f'             "AWS": "{other}"\n' in shown
    assert f'      +        "AWS": "{DEV_USER}"\n' in shown


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DEV}:root"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "Principal": {"AWS": [PROD, DEV]}, "Action": ["sts:AssumeRole"]},
    ],
)
def test_trust_policy_that_allows_the_caller_is_unchanged(scene: Scene, statement: dict[str, Any]) -> None:
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=DEV_USER)
    document = {"Version": "2012-10-17", "Statement": statement}
    scene.iam(PROD).update_assume_role_policy(RoleName="CrossAccountPowerUser", PolicyDocument=text(document))
    scene.set_up()
    assert scene.role()["Trust"] == document
    assert "UpdateAssumeRolePolicy" not in scene.changes()


def test_caller_policy_of_that_name_gets_a_statement_added(scene: Scene) -> None:
    buckets = {"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}
    scene.iam(DEV).put_user_policy(
        UserName="dev", PolicyName="ProdAccountAccess", PolicyDocument=text(policy(buckets))
    )
    scene.set_up()
    assert scene.user_policies() == {"ProdAccountAccess": policy(buckets, CALLER)}


def test_maximum_duration_is_raised_only_if_requested(scene: Scene) -> None:
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=DEV_USER)
    refused = scene.setup(*ASKED, "--duration-seconds", "7200", "--yes")
    assert refused.lines == [
        "nothing was set up, because",
        "  - --duration-seconds 7200 exceeds the role's maximum session duration, 3600. Request less, or "
        "raise that:",
        f"      {SETUP} --duration-seconds 7200 --yes --max-session-duration 7200",
    ]
    outcome = scene.set_up(*ASKED, "--max-session-duration", "7200", "--yes")
    assert scene.role()["Maximum"] == 7200
    assert (
        "2. change maximum session duration of role CrossAccountPowerUser: 3600 s to 7200 s (profile prod-admin)"
        in outcome.lines
    )
    assert scene.undo().code == 0
    assert scene.role()["Maximum"] == 3600


def test_maximum_duration_of_a_new_role_fits_the_profile(scene: Scene) -> None:
    scene.set_up(*ASKED, "--duration-seconds", "7200", "--yes")
    assert scene.role()["Maximum"] == 7200
    assert "duration_seconds = 7200\n" in scene.home.config.read_text("utf-8")


def test_role_with_another_path_is_a_problem(scene: Scene) -> None:
    scene.iam(PROD).create_role(
        RoleName="CrossAccountPowerUser", Path="/team/", AssumeRolePolicyDocument=text(trust(DEV_USER))
    )
    assert scene.setup().lines == [
        "nothing was set up, because",
        "  - role CrossAccountPowerUser already exists, with the path /team/. Choose another name, "
        "or use that role:",
        f"      {SETUP.replace('--role-name CrossAccountPowerUser ', '')} --yes --role-name team/CrossAccountPowerUser",
    ]


def test_permissions_boundary_and_deny_are_noted(scene: Scene) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": {"Bool": {"a": "b"}}}
    document = trust(DEV_USER)
    document["Statement"].append(deny)
    scene.iam(PROD).create_role(
        RoleName="CrossAccountPowerUser", AssumeRolePolicyDocument=text(document), PermissionsBoundary=AUDIT
    )
    notes = [line for line in scene.set_up().lines if line.startswith("note: ")]
    assert notes[:2] == [
        f"note: role CrossAccountPowerUser has the permissions boundary {AUDIT}, which limits its permissions "
        "whatever policies are attached; setup does not change it",
        "note: the trust policy of role CrossAccountPowerUser has a Deny that also applies to this caller",
    ]


# -- MFA and external id ---------------------------------------------------------------------------


def test_mfa_and_external_id_are_required_and_sent(scene: Scene) -> None:
    serial = "arn:aws:iam::111111111111:mfa/dev"
    scene.home.write_config(f"mfa_serial = {serial}\n[profile prod-admin]\nregion = {REGION}\n")
    screen = Screen(scene.home, "setup", "prod", *ASKED, "--require-mfa", "--external-id", "42", "--yes")
    screen.code("123456")
    assert screen.end() == 0
    condition = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"sts:ExternalId": "42"},
    }
    assert scene.role()["Trust"] == trust(DEV_USER, Condition=condition)
    assert f"{PROFILE}mfa_serial = {serial}\nexternal_id = 42\n" in scene.home.config.read_text("utf-8")
    # Without the options it stays as strict, and no second code is asked for.
    scene.set_up(*ASKED)
    assert scene.role()["Trust"] == trust(DEV_USER, Condition=condition)


def test_mfa_tightens_own_statement_and_notes_others(scene: Scene) -> None:
    device = ("--mfa-serial", "arn:aws:iam::111111111111:mfa/dev")
    scene.set_up()
    screen = scene.screen(*ASKED, "--require-mfa", *device, "--yes")
    screen.code("123456")
    assert screen.end() == 0
    strict = trust(DEV_USER, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    assert scene.role()["Trust"] == strict
    open_to_all = trust(f"arn:aws:iam::{DEV}:root")
    both = policy(*open_to_all["Statement"], *strict["Statement"])
    scene.iam(PROD).update_assume_role_policy(RoleName="CrossAccountPowerUser", PolicyDocument=text(both))
    outcome = scene.set_up(*ASKED, "--require-mfa")
    assert scene.role()["Trust"] == both
    assert (
        "note: role CrossAccountPowerUser can still be assumed without MFA: another statement of its trust policy "
        "allows it, and setup removes only its own"
    ) in outcome.lines


def test_mfa_that_a_new_statement_drops_is_noted(scene: Scene) -> None:
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=DEV_USER)
    strict = trust(DEV_USER, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    scene.iam(PROD).update_assume_role_policy(RoleName="CrossAccountPowerUser", PolicyDocument=text(strict))
    note = (
        "note: the trust policy of role CrossAccountPowerUser allows this caller under conditions that the new "
        "statement does not have: Bool aws:MultiFactorAuthPresent true (--require-mfa keeps MFA)"
    )
    assert note in scene.setup(*ASKED, "--dry-run").stdout
    device = ("--mfa-serial", "arn:aws:iam::111111111111:mfa/dev")
    outcome = scene.setup(*ASKED, "--require-mfa", *device, "--dry-run").stdout
    assert note not in outcome
    assert f"1. same   role {ROLE}" in outcome


def test_conditions_that_a_new_statement_drops_are_noted(scene: Scene) -> None:
    """Without them the new statement would allow more than the administrator has written."""
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=DEV_USER)
    conditions = {
        "BoolIfExists": {"aws:MultiFactorAuthPresent": "true"},
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
    }
    scene.iam(PROD).update_assume_role_policy(
        RoleName="CrossAccountPowerUser", PolicyDocument=text(trust(DEV_USER, Condition=conditions))
    )
    before = scene.role()["Trust"]
    plan = scene.setup(*ASKED, "--dry-run").stdout
    assert (
        "note: the trust policy of role CrossAccountPowerUser allows this caller under conditions that the new "
        "statement does not have: BoolIfExists aws:MultiFactorAuthPresent true; IpAddress aws:SourceIp 10.0.0.0/8 "
        "(--require-mfa keeps MFA; to keep the others, edit the trust policy)"
    ) in plan
    assert scene.setup(*ASKED).code == 252
    assert scene.role()["Trust"] == before


def test_tags_and_source_identity_are_allowed_on_both_sides(scene: Scene) -> None:
    scene.home.add_role("prod", ROLE, session_tags="team=ops", source_identity="me")
    scene.set_up()
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    scene_trust = scene.role()["Trust"]["Statement"]
    assert [statement["Action"] for statement in scene_trust] == [actions]
    assert scene.user_policies() == {"ProdAccountAccess": policy({**CALLER, "Action": actions})}
    assert scene.set_up(*ASKED).lines[-2] == "nothing to do: everything is in place already"


def test_mfa_without_a_device_is_a_problem(scene: Scene) -> None:
    outcome = scene.setup(*ASKED, "--require-mfa", "--yes")
    assert outcome.code == 254
    assert outcome.lines[0] == "--mfa-serial auto found no device, because"
    assert scene.changes() == []


# -- callers and accounts --------------------------------------------------------------------------


def test_caller_that_is_a_role_gets_policy_and_trust(scene: Scene) -> None:
    hop = create_role(scene.aws, DEV, "Hop", trusted=DEV_USER)
    scene.home.add_role("hop", hop)
    scene.set_up(*ASKED, "--source-profile", "hop", "--yes")
    assert scene.role()["Trust"] == trust(hop)
    assert scene.role("Hop", DEV)["Inline"] == {"ProdAccountAccess": policy(CALLER)}
    assert scene.user_policies() == {}
    assert (
        scene.setup(*ASKED, "--source-profile", "hop", "--require-mfa", "--yes")
        .lines[-1]
        .endswith("is a role, and role sessions carry no MFA")
    )
    assert scene.undo().code == 0
    assert scene.role("Hop", DEV)["Inline"] == {}


def test_account_profile_may_be_a_role_profile(scene: Scene) -> None:
    """AWS Organizations creates such a role in every account, so one user's keys are enough."""
    scene.home.add_role(
        "prod-org", create_role(scene.aws, PROD, "OrganizationAccountAccessRole", trusted=DEV_USER)
    )
    scene.set_up("--role-name", "CrossAccountPowerUser", "--account-profile", "prod-org", "--yes")
    assert scene.role() == {**MADE, "Attached": []}
    assert scene.undo().code == 0


def test_home_admin_profile_writes_the_caller_policy(scene: Scene) -> None:
    scene.add_profile("dev-admin", DEV, "boss")
    scene.set_up(*ASKED, "--home-admin-profile", "dev-admin", "--yes")
    [put] = scene.aws.calls("PutUserPolicy")
    [created] = scene.aws.calls("CreateRole")
    assert put.parameters["UserName"] == "dev"
    assert (
        len({put.access_key_id, created.access_key_id, scene.aws.calls("AssumeRole")[0].access_key_id}) == 3
    )


def test_no_caller_policy_leaves_the_caller_unchanged(scene: Scene) -> None:
    scene.set_up(*ASKED, "--no-caller-policy", "--yes")
    assert (scene.user_policies(), scene.role()) == ({}, MADE)


def test_role_in_the_home_account_is_noted(scene: Scene) -> None:
    scene.add_profile("dev-admin", DEV, "boss")
    outcome = scene.set_up("--role-name", "Here", "--account-profile", "dev-admin", "--yes", profile="here")
    assert (
        f"note: profile dev-admin belongs to account {DEV}, the caller's own: the role will be in the home account"
        in outcome.lines
    )
    assert scene.role("Here", DEV)["Trust"] == trust(DEV_USER)


def test_partition_of_the_caller_is_used_in_all_arns(scene: Scene) -> None:
    config = scene.home.config.read_text("utf-8").replace(REGION, "cn-north-1")
    scene.home.config.write_text(config, "utf-8")
    scene.home.credentials.unlink()
    scene.add_profile("default", DEV, "dev", "cn-north-1")
    scene.add_profile("prod-admin", PROD, "administrator", "cn-north-1")
    refused = scene.setup()
    assert refused.lines[-1] == (
        f"  - --policy-arn '{READ_ONLY}' is not in the partition aws-cn, as the role is; use "
        "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"
    )
    outcome = scene.set_up(
        "--role-name", "R", "--account-profile", "prod-admin", "--dry-run", "--output", "json"
    )
    plan = json.loads(outcome.stdout)
    assert (plan["RoleArn"], plan["Caller"]) == (
        f"arn:aws-cn:iam::{PROD}:role/R",
        f"arn:aws-cn:iam::{DEV}:user/dev",
    )


# -- problems reported at once ---------------------------------------------------------------------


def test_arguments_are_all_checked_at_once(scene: Scene) -> None:
    outcome = scene.setup(
        "--source-profile", "defualt",
        "--account-profile", "prod",
        "--role-name", "no such name",
        "--external-id", "a b",
        "--duration-seconds", "1h",
        "--max-session-duration", "60",
        "--wait", "-1",
        "--require-mfa", "--mfa-serial", "none",
    )  # fmt: skip
    assert (outcome.code, outcome.stdout) == (252, "")
    assert [line.partition(":")[0] for line in outcome.lines] == [
        "nothing was set up, because",
        "  - --account-profile prod",
        "  - --source-profile",
        "  - --role-name 'no such name'",
        "  - --external-id 'a b'",
        "  - --duration-seconds '1h'",
        "  - --max-session-duration '60'",
        "  - --wait '-1'",
        "  - --require-mfa needs a device, and --mfa-serial none sets no device",
    ]
    assert "did you mean default?" in outcome.stderr
    assert scene.aws.calls() == []
    assert [line.partition(":")[0] for line in scene.setup("--yes").lines[1:]] == [
        "  - --account-profile is missing",
        "  - --role-name is missing",
    ]
    assert scene.setup("--yes", profile="").lines == [
        "no profile given",
        "  - usage: aws configure role setup PROFILE --role-name NAME --account-profile ADMIN_PROFILE",
    ]
    missing = scene.setup("--role-name", "R", "--account-profile", "xyz").lines
    assert missing[1].startswith("  - --account-profile: there is no profile xyz; ")
    assert missing[2:] == ["      aws configure --profile xyz"]
    itself = scene.setup(*ASKED, profile="default").lines[1]
    assert itself.startswith("  - there is no source profile to assume the role with")
    assert scene.setup("--undo", "--wait", "long").lines[1] == (
        "  - --wait 'long': must be a number of seconds; 0 means not to wait"
    )


def test_policy_arn_that_cannot_be_attached_is_a_problem(scene: Scene) -> None:
    policies = ["ReadOnlyAccess", "arn:aws:iam::aws:policy/None", f"arn:aws:iam::{DEV}:policy/Own"]
    outcome = scene.setup(*ASKED[:4], "--policy-arn", *policies, "--yes")
    assert outcome.lines[1:] == [
        "  - --policy-arn 'ReadOnlyAccess' is not the ARN of a policy, such as arn:aws:iam::aws:policy/ReadOnlyAccess",
        f"  - --policy-arn 'arn:aws:iam::aws:policy/None' does not exist in account {PROD}",
        f"  - --policy-arn 'arn:aws:iam::{DEV}:policy/Own' is a policy of neither AWS nor the role's own account, "
        f"{PROD}",
    ]
    assert scene.changes() == []


def test_home_admin_profile_of_another_account_is_a_problem(scene: Scene) -> None:
    outcome = scene.setup(*ASKED, "--home-admin-profile", "prod-admin", "--yes")
    assert outcome.lines[1:] == [
        f"  - --home-admin-profile prod-admin belongs to account {PROD}, but the caller {DEV_USER} to {DEV}; "
        "choose a profile of that account"
    ]


def test_existing_profile_is_changed_and_shown_as_a_diff(scene: Scene) -> None:
    scene.home.add_role("prod", f"arn:aws:iam::{PROD}:role/Old", source_profile="default")
    before = scene.all()["config"]
    shown = scene.set_up(*ASKED, "--region", "eu-central-1", "--yes").stderr
    assert (
        f"      -role_arn = arn:aws:iam::{PROD}:role/Old\n      -region = {REGION}\n      +role_arn = {ROLE}\n"
        in shown
    )
    assert scene.undo().code == 0
    assert scene.all()["config"] == before


def test_control_characters_are_escaped(scene: Scene) -> None:
    outcome = scene.setup(*ASKED, "--source-profile", f"evil{ESCAPE}", "--yes")
    assert "\x1b" not in outcome.stderr
    assert "evil\\x1b[31m" in outcome.stderr
