"""`aws configure role setup --undo`: it removes exactly what setup made, and says why it keeps the rest."""

from __future__ import annotations

import json

from tests.embedded_aws import Fault, create_role

from .scene import ASKED, AUDIT, DEV, DEV_USER, PROD, READ_ONLY, ROLE, Scene, policy, text, trust

BUCKETS = policy({"Effect": "Allow", "Action": "s3:List*", "Resource": "*"})
OTHER = f"arn:aws:iam::{PROD}:user/other"


def test_undo_removes_everything_that_setup_made(scene: Scene) -> None:
    before = scene.all()
    scene.set_up()
    outcome = scene.undo()
    assert (outcome.code, outcome.lines[-1]) == (0, "everything that setup made was undone")
    assert (scene.all(), scene.journals(), scene.home.records()) == (before, [], [])
    again = scene.undo()
    assert (again.code, again.lines) == (
        252,
        [
            "nothing was undone, because",
            "  - this machine has no journal of: aws configure role setup prod",
        ],
    )


def test_undo_declined_or_dry_run_changes_nothing(scene: Scene) -> None:
    scene.set_up()
    made = scene.all()
    plan = json.loads(scene.setup("--undo", "--dry-run", "--output", "json").stdout)
    assert [step["State"] for step in plan["Steps"]] == ["remove"] * 4
    assert plan["Steps"][3]["Command"] == (
        "aws iam delete-role --role-name CrossAccountPowerUser --profile prod-admin"
    )
    screen = scene.screen("--undo")
    screen.answer("Undo this?", "n")
    assert screen.end() == 255
    assert scene.all() == made
    screen = scene.screen("--undo")
    screen.answer("Undo this?", "y")
    assert screen.end() == 0


def test_undo_keeps_what_existed_before(scene: Scene) -> None:
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=OTHER)
    scene.iam(PROD).attach_role_policy(RoleName="CrossAccountPowerUser", PolicyArn=AUDIT)
    scene.iam(DEV).put_user_policy(
        UserName="dev", PolicyName="ProdAccountAccess", PolicyDocument=text(BUCKETS)
    )
    before = scene.all()
    scene.set_up()
    assert scene.undo().code == 0
    assert scene.all() == before


def test_undo_keeps_a_role_that_others_use(scene: Scene) -> None:
    scene.set_up()
    iam = scene.iam(PROD)
    iam.attach_role_policy(RoleName="CrossAccountPowerUser", PolicyArn=AUDIT)
    iam.put_role_policy(
        RoleName="CrossAccountPowerUser",
        PolicyName="own",
        PolicyDocument=text(BUCKETS),
    )
    iam.update_assume_role_policy(
        RoleName="CrossAccountPowerUser", PolicyDocument=text(trust(DEV_USER, OTHER))
    )
    outcome = scene.undo()
    assert outcome.code == 255
    assert outcome.lines[-1] == "some of it was kept, for the reasons above"
    assert (
        f"5. keep   role {ROLE}: policy {AUDIT} was attached by someone else; inline policy own was added by someone "
        "else; its trust policy also allows others"
    ) in outcome.lines
    assert scene.role()["Attached"] == [AUDIT]
    assert scene.role()["Trust"] == trust(OTHER)
    assert scene.user_policies() == {}
    # The journal keeps the entry, for when the others no longer use the role.
    iam.detach_role_policy(RoleName="CrossAccountPowerUser", PolicyArn=AUDIT)
    iam.delete_role_policy(RoleName="CrossAccountPowerUser", PolicyName="own")
    iam.update_assume_role_policy(RoleName="CrossAccountPowerUser", PolicyDocument=text(trust(DEV_USER)))
    assert scene.undo().code == 255, "the statement is another one's now"
    assert scene.role()["Trust"] == trust(DEV_USER)


def test_undo_never_deletes_another_role_of_that_name(scene: Scene) -> None:
    scene.set_up()
    iam = scene.iam(PROD)
    iam.detach_role_policy(RoleName="CrossAccountPowerUser", PolicyArn=READ_ONLY)
    iam.delete_role(RoleName="CrossAccountPowerUser")
    create_role(scene.aws, PROD, "CrossAccountPowerUser", trusted=OTHER)
    before = scene.role()
    outcome = scene.undo()
    assert outcome.code == 255
    assert f"keep   role {ROLE}: it is not the one that setup created" in outcome.stderr
    assert scene.role() == before


def test_undo_keeps_what_was_added_to_the_profile(scene: Scene) -> None:
    scene.set_up(*ASKED, "--external-id", "42", "--yes")
    path = scene.home.config
    text = path.read_text("utf-8").replace("external_id = 42", "external_id = 43\noutput = yaml")
    path.write_text(text, "utf-8")
    outcome = scene.undo()
    assert outcome.code == 255
    assert "keep   external_id of profile prod" in outcome.stderr
    assert "keep   output of profile prod" in outcome.stderr
    assert scene.all()["config"]["profile prod"] == {"external_id": "43", "output": "yaml"}


def test_undo_refuses_a_profile_that_is_a_source(scene: Scene) -> None:
    scene.set_up()
    scene.home.add_role("audit", f"arn:aws:iam::{PROD}:role/Audit", source_profile="prod")
    before = scene.all()
    outcome = scene.undo()
    assert (outcome.code, outcome.lines) == (
        252,
        [
            "nothing was undone, because",
            "  - profile prod is the source of audit. Remove these profiles first:",
            "      aws configure role remove audit",
        ],
    )
    assert scene.all() == before


def test_undo_accepts_what_is_already_removed(scene: Scene) -> None:
    before = scene.all()
    scene.set_up()
    iam = scene.iam(PROD)
    iam.detach_role_policy(RoleName="CrossAccountPowerUser", PolicyArn=READ_ONLY)
    iam.delete_role(RoleName="CrossAccountPowerUser")
    scene.iam(DEV).delete_user_policy(UserName="dev", PolicyName="ProdAccountAccess")
    assert scene.home.aws("configure", "role", "remove", "prod", "--yes").code == 0
    outcome = scene.undo()
    assert outcome.code == 0, outcome.stderr
    assert (scene.all(), scene.journals()) == (before, [])


def test_undo_that_failed_half_way_can_be_completed(scene: Scene) -> None:
    before = scene.all()
    scene.set_up()
    scene.aws.script(Fault("DetachRolePolicy"))
    outcome = scene.undo()
    assert outcome.code == 254
    assert "needs iam:DetachRolePolicy" in outcome.stderr
    assert "to continue, run: aws configure role setup prod --undo" in outcome.stderr
    assert scene.user_policies() == {}
    assert scene.undo().code == 0
    assert scene.all() == before


def test_undo_refuses_a_profile_of_another_account(scene: Scene) -> None:
    scene.set_up()
    scene.home.credentials.unlink()
    scene.add_profile("default", DEV, "second")
    scene.add_profile("prod-admin", "333333333333", "administrator")
    outcome = scene.undo()
    assert outcome.code == 252
    assert outcome.lines[1:] == [
        f"  - profile prod-admin belongs to account 333333333333, not to account {PROD}, where setup was "
        f"used. Choose a profile of account {PROD}:",
        "      aws configure role setup prod --undo --yes --account-profile PROFILE",
    ]
    scene.add_profile("right", PROD, "boss")
    assert scene.undo("--account-profile", "right").code == 0


def test_setup_of_a_second_role_needs_undo_first(scene: Scene) -> None:
    scene.set_up()
    outcome = scene.setup("--role-name", "Other", "--account-profile", "prod-admin", "--yes")
    assert outcome.lines[-1] == (
        f"  - setup has made profile prod for {ROLE}, not for arn:aws:iam::{PROD}:role/Other; undo that "
        "first: aws configure role setup prod --undo"
    )
