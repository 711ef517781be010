"""A setup that fails half-way reports what was done, and can be completed by the same command or undone."""

from __future__ import annotations

import re
import shlex

import pytest

from awscli_xacct.setup.steps import RetryPolicy
from tests.configure_role.steps import CTRL_C
from tests.embedded_aws import Fault, create_role
from tests.support.commands import ONE_TRY
from tests.support.home import finish

from .scene import ASKED, AUDIT, DEV, PROD, READ_ONLY, ROLE, Scene, trust

TWO_POLICIES = (*ASKED, AUDIT, "--max-session-duration", "7200", "--yes")


def complete_and_undo(scene: Scene, before: object) -> None:
    """Complete the setup with the same command, and undo it: everything is as before."""
    scene.aws.script()
    scene.set_up(*TWO_POLICIES)
    assert scene.role()["Attached"] == [READ_ONLY, AUDIT]
    assert scene.undo().code == 0
    assert (scene.all(), scene.journals()) == (before, [])


@pytest.mark.parametrize(
    ("fault", "permission", "done"),
    [
        (Fault("CreateRole"), "iam:CreateRole", 0),
        (Fault("AttachRolePolicy"), "iam:AttachRolePolicy", 1),
        (Fault("AttachRolePolicy", skip=1), "iam:AttachRolePolicy", 2),
        (Fault("PutUserPolicy"), "iam:PutUserPolicy", 3),
    ],
)
def test_denied_call_is_reported_with_what_was_done(
    scene: Scene, fault: Fault, permission: str, done: int
) -> None:
    before = scene.all()
    scene.aws.script(fault)
    outcome = scene.setup(*TWO_POLICIES)
    profile = "default" if fault.action == "PutUserPolicy" else "prod-admin"
    assert outcome.code == 254
    report = outcome.lines[outcome.lines.index("failed half-way") :]
    assert report[1].startswith("  - add ")
    assert report[1].endswith(f"you may not; profile {profile} needs {permission}")
    assert sum(line.startswith("  - already done: add ") for line in report) == done
    assert sum(line.startswith("  - not done: add ") for line in report) == 4 - done
    assert report[-1].startswith("  - to continue, run: aws configure role setup prod ")
    # What is reported as done is done, and no more.
    assert len(scene.changes()) == done + 1
    complete_and_undo(scene, before)


@pytest.mark.parametrize("fault", ["CreateRole", "AttachRolePolicy", "PutUserPolicy"])
def test_undo_after_a_failed_setup_restores_everything(scene: Scene, fault: str) -> None:
    before = scene.all()
    scene.aws.script(Fault(fault, "InternalFailure", 500))
    assert scene.setup(*TWO_POLICIES).code == 254
    assert scene.undo().code == 0
    assert (scene.all(), scene.journals()) == (before, [])


@pytest.mark.parametrize("action", ["CreateRole", "AttachRolePolicy", "PutUserPolicy"])
def test_lost_answer_keeps_the_journal_entry(scene: Scene, action: str) -> None:
    before = scene.all()
    scene.aws.script(Fault(action, "InternalFailure", 500, done=True))
    assert scene.setup(*TWO_POLICIES).code == 254
    complete_and_undo(scene, before)


def test_role_created_by_a_retried_call_is_recognized(scene: Scene) -> None:
    """The first attempt created it, its answer was lost, and the second is refused because it exists."""
    before = scene.all()
    scene.aws.script(Fault("CreateRole", "InternalFailure", 500, done=True))
    outcome = scene.setup(environment={**ONE_TRY, "AWS_MAX_ATTEMPTS": "2"})
    assert outcome.code == 0, outcome.stderr
    assert len(scene.aws.calls("CreateRole")) == 2
    assert scene.undo().code == 0
    assert scene.all() == before


def test_role_created_by_someone_else_meanwhile_is_not_journaled(scene: Scene) -> None:
    screen = scene.screen()
    screen.expect("Set this up?")
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted="arn:aws:iam::222222222222:user/other")
    screen.answer("", "y")
    assert screen.end() == 254
    assert "someone else has created it meanwhile; run this again for a new plan" in screen.shown
    assert scene.undo().lines[0] == "nothing was undone, because"


def test_trust_policy_changed_meanwhile_is_not_overwritten(scene: Scene) -> None:
    other = f"arn:aws:iam::{PROD}:user/other"
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=other)
    screen = scene.screen()
    screen.expect("Set this up?")
    scene.iam(PROD).update_assume_role_policy(
        RoleName="CrossAccountPowerUser", PolicyDocument=str(trust(PROD)).replace("'", '"')
    )
    screen.answer("", "y")
    assert screen.end() == 255
    assert "the trust policy of CrossAccountPowerUser was changed by someone else meanwhile" in screen.shown
    assert scene.role()["Trust"] == trust(PROD)


def test_ctrl_c_reports_what_was_done(scene: Scene) -> None:
    before = scene.all()
    scene.aws.script(Fault("AttachRolePolicy", hang=True))
    screen = scene.screen(*TWO_POLICIES)
    screen.keys("done: add role ", CTRL_C)
    assert screen.end() == 130
    lines = screen.shown.splitlines()
    report = lines[lines.index("interrupted") :]
    assert report[1:3] == [
        f"in progress: add policy {READ_ONLY} to role CrossAccountPowerUser",
        f"already done: add role {ROLE}, sessions up to 7200 s, with the trust policy",
    ]
    assert f"not done: add policy {AUDIT} to role CrossAccountPowerUser" in report
    complete_and_undo(scene, before)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("action", ["CreateRole", "AttachRolePolicy", "PutUserPolicy"])
def test_killed_setup_can_be_completed_or_undone(scene: Scene, action: str, done: bool) -> None:
    """Whether or not AWS carried out the call that was under way."""
    before = scene.all()
    for complete in (True, False):
        scene.aws.script(Fault(action, done=done, hang=True))
        scene.aws.forget_calls()
        process = scene.home.fork("configure", "role", "setup", "prod", *TWO_POLICIES)
        scene.aws.wait_for_call(action)
        process.kill()
        finish(process)
        if complete:
            complete_and_undo(scene, before)
    scene.aws.script()
    assert scene.undo().code == 0
    assert (scene.all(), scene.journals()) == (before, [])


def test_retry_command_has_the_options_of_the_first(scene: Scene) -> None:
    scene.aws.script(Fault("CreateRole"))
    options = (*ASKED, "--external-id", "42", "--duration-seconds", "1800", "--no-caller-policy")
    stderr = scene.setup(*options, "--region", "eu-west-1", "--yes").stderr
    command = stderr.partition("to continue, run: ")[2]
    assert sorted(shlex.split(command)) == sorted(
        ["aws", "configure", "role", "setup", "prod", *options, "--region", "eu-west-1"]
    )


# -- eventual consistency --------------------------------------------------------------------------


def test_eventual_consistency_is_waited_for(scene: Scene) -> None:
    """For some seconds a new user is not a valid principal, and a new role is missing, then denied."""
    scene.aws.script(
        Fault("CreateRole", "MalformedPolicyDocument", 400, "Invalid principal in policy"),
        Fault("AttachRolePolicy", "NoSuchEntity", 404, "The role cannot be found."),
        Fault("AssumeRole", times=2),
    )
    outcome = scene.set_up()
    waits = [line for line in outcome.lines if line.startswith("waiting for ")]
    # How long it has waited depends on how busy the machine is.
    assert [re.sub(r".*: \d+ s", "", line) for line in waits] == [" of at most 60 s"] * 4
    assert f"{ROLE} was assumed" in outcome.lines[-1]
    assert len(scene.aws.calls("AssumeRole")) == 3


def test_wait_is_reported_with_its_seconds() -> None:
    slept: list[float] = []
    said: list[str] = []
    retry = RetryPolicy(4, said.append, lambda: sum(slept), slept.append)
    assert not retry.until(lambda: False, "IAM to know the user")
    assert said == [f"waiting for IAM to know the user: {waited} s of at most 4 s" for waited in (0, 1, 3)]
    assert sum(slept) == 4


def test_role_that_stays_denied_is_explained_like_verify(scene: Scene) -> None:
    scene.aws.script(Fault("AssumeRole", times=99))
    outcome = scene.setup(*ASKED, "--yes", "--wait", "1")
    assert outcome.code == 254
    report = outcome.lines[
        outcome.lines.index("everything is set up, but the role cannot be assumed after 1 s") :
    ]
    assert report[1] == "prod:"
    assert f"  add this statement to the trust policy of {ROLE}:" in report
    _, _, policy = "\n".join(report).partition("  and the caller needs this policy:\n")
    # IAM takes what is pasted: a document, not a statement.
    document = policy.partition("  likely causes:")[0]
    scene.iam(DEV).put_user_policy(UserName="dev", PolicyName="pasted", PolicyDocument=document)
    scene.aws.script()
    assert scene.set_up(*ASKED).lines[-2] == "nothing to do: everything is in place already"


def test_unknown_principal_is_an_error_after_the_wait(scene: Scene) -> None:
    scene.aws.script(
        Fault("CreateRole", "MalformedPolicyDocument", 400, "Invalid principal in policy", times=99)
    )
    outcome = scene.setup(*ASKED, "--yes", "--wait", "1")
    assert outcome.code == 254
    assert "IAM does not know the principal; if it is new, run this again in a minute" in outcome.stderr
    assert scene.journals() == []


# -- denied before any change ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ("GetRole", f"  - profile prod-admin needs iam:GetRole in account {PROD}: "),
        ("GetUserPolicy", f"  - profile default needs iam:GetUserPolicy in account {DEV}: "),
        ("GetCallerIdentity", "  - profile default cannot call AWS: "),
    ],
)
def test_denied_read_names_the_permission(scene: Scene, action: str, problem: str) -> None:
    scene.aws.script(Fault(action))
    outcome = scene.setup()
    assert (outcome.code, outcome.lines[0]) == (254, "nothing was set up, because")
    assert outcome.lines[1].startswith(problem)
    assert scene.changes() == []
    if action == "GetUserPolicy":
        assert outcome.lines[1].endswith(
            ". Name a profile that has it, or plan without it if another policy allows user dev to assume the role:"
        )
        assert outcome.lines[2].endswith(" --home-admin-profile PROFILE")
        assert outcome.lines[3].endswith(" --no-caller-policy")


def test_policy_that_cannot_be_read_is_still_attached(scene: Scene) -> None:
    scene.aws.script(Fault("GetPolicy"))
    scene.set_up()
    assert scene.role()["Attached"] == [READ_ONLY]


def test_quota_error_links_to_the_quotas(scene: Scene) -> None:
    scene.aws.script(
        Fault("PutUserPolicy", "LimitExceeded", 409, "Maximum policy size of 2048 bytes exceeded")
    )
    outcome = scene.setup()
    assert "an IAM quota is reached: https://docs.aws.amazon.com/" in outcome.stderr


def test_journal_that_cannot_be_trusted_is_reported_and_kept(scene: Scene) -> None:
    scene.set_up()
    [name] = scene.journals()
    path = scene.home.aws_dir / "xacct" / "setup" / name
    sound = path.read_text("utf-8")
    for text, mode in (("{", 0o600), ("[]", 0o600), (sound, 0o666)):
        path.write_text(text, "utf-8")
        path.chmod(mode)
        for outcome in (scene.setup(), scene.undo()):
            assert outcome.code == 255
            assert f"cannot read setup's journal {path}: " in outcome.stderr
        assert path.read_text("utf-8") == text
    path.chmod(0o600)
    assert scene.undo().code == 0
