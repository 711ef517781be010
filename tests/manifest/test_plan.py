"""What a request for many roles changes in a config, and the file after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from awscli_xacct.configfile.document import Document
from awscli_xacct.errors import ValidationError
from awscli_xacct.manifest.model import RoleSpec, RoleSpecs, RolesRequest
from awscli_xacct.manifest.plan import KeyChange, Plan, PlannedEdit, plan
from awscli_xacct.problems import Location
from awscli_xacct.profiles.config_keys import KEYS

from .configs import DEFAULT, DEVICE, PARTITIONS, Options, arn, config_text, role

MARK = "/team.yaml"
CREDENTIALS = "[default]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n"


def role_specs(**roles: Mapping[str, str | None]) -> list[RoleSpec]:
    return [RoleSpec(name, options) for name, options in roles.items()]


def request(roles: Sequence[RoleSpec], *, prune: bool = False, adopt: bool = False) -> RolesRequest:
    lines = {found.profile: 1 + place for place, found in enumerate(roles)}
    locations = {
        (name, key): Location("team.yaml", line, len(key or "") + 1)
        for name, line in lines.items()
        for key in (None, *KEYS)
    }
    return RolesRequest(
        RoleSpecs("team.yaml", roles=list(roles), locations=locations), MARK, prune=prune, adopt=adopt
    )


def made(account: str, name: str, source: str | None = "default", **options: str) -> dict[str, str]:
    """Return a profile as a request that had all of its settings made it."""
    found = role(account, name, source, **options)
    keys = [key for key in found if key != "role_arn"]
    return {**found, "xacct_manifest": MARK, "xacct_manifest_keys": ",".join(keys)}


def plan_and_apply(
    asked: RolesRequest, config: Mapping[str, Options], credentials: str = CREDENTIALS
) -> tuple[Plan, dict[str, Options]]:
    """Return the plan, and the profiles in the config after it; check that a second plan changes nothing."""
    text = config_text({"default": {"region": "us-west-1"}, **config})
    document = Document(text.encode(), "/config")
    credentials_file = Document(credentials.encode(), "/credentials")
    found = plan(asked, document, credentials_file, PARTITIONS)
    found.apply(document)
    again = Document(document.render(), "/config")
    if not found.of("conflict"):
        assert not plan(asked, again, credentials_file, PARTITIONS).changes_anything
    profiles = {name.removeprefix("profile "): options for name, options in again.sections().items()}
    profiles.pop("default")
    return found, profiles  # type: ignore[return-value]


def problems_of(
    asked: RolesRequest, config: Mapping[str, Options], credentials: str = CREDENTIALS
) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        plan_and_apply(asked, config, credentials)
    return [str(problem) for problem in caught.value.problems]


def test_plan_adds_new_profiles_with_their_source_device_and_mark() -> None:
    asked = request(
        [
            RoleSpec("prod", {"duration_seconds": "900"}, "222222222222", "team/Power"),
            *role_specs(
                audit=role("3", "Audit", "prod"), ecs=role("3", "E", None, credential_source="EcsContainer")
            ),
        ]
    )
    found, after = plan_and_apply(
        asked, {"mine": role("9", "Mine")}, CREDENTIALS + f"mfa_serial = {DEVICE}\n"
    )
    assert [(edit.profile, edit.action) for edit in found.edits] == [
        ("prod", "add"),
        ("audit", "add"),
        ("ecs", "add"),
    ]
    assert found.notes == (
        "prod: source_profile = default, because no source was given",
        f"prod: mfa_serial = {DEVICE}, copied from profile default",
    )
    assert after == {
        "mine": role("9", "Mine"),
        "prod": {
            "role_arn": arn("2", "team/Power"),
            "source_profile": "default",
            "mfa_serial": DEVICE,
            "duration_seconds": "900",
            "xacct_manifest": MARK,
            "xacct_manifest_keys": "duration_seconds",
        },
        "audit": made("3", "Audit", "prod"),
        "ecs": made("3", "E", None, credential_source="EcsContainer"),
    }


def test_plan_changes_only_the_keys_that_the_manifest_owns() -> None:
    config = {
        "prod": {
            **made("2", "Power", external_id="1234", duration_seconds="3600", session_tags="a=b, c=d"),
            "mfa_serial": DEVICE,
            "output": "text",
        }
    }
    asked = request(role_specs(prod=role("2", "Power", duration_seconds="0900", session_tags="c=d,a=b")))
    found, after = plan_and_apply(asked, config)
    assert found.edits == (
        PlannedEdit(
            "prod",
            "change",
            (
                KeyChange("external_id", "1234", None),
                KeyChange("duration_seconds", "3600", "0900"),
                KeyChange(
                    "xacct_manifest_keys",
                    "source_profile,external_id,duration_seconds,session_tags",
                    "source_profile,duration_seconds,session_tags",
                ),
            ),
            MARK,
        ),
    )
    assert after["prod"] == {
        "role_arn": arn("2", "Power"),
        "source_profile": "default",
        "duration_seconds": "0900",
        "session_tags": "a=b, c=d",
        "xacct_manifest": MARK,
        "xacct_manifest_keys": "source_profile,duration_seconds,session_tags",
        "mfa_serial": DEVICE,
        "output": "text",
    }


def test_plan_leaves_a_key_to_the_person_who_set_it_first() -> None:
    config = {"prod": {**made("2", "Power"), "region": "us-west-1"}}
    found, after = plan_and_apply(request(role_specs(prod=role("2", "Power", region="us-west-1"))), config)
    assert (found.changes_anything, after) == (False, config)
    found, after = plan_and_apply(request(role_specs(prod=role("2", "Power"))), config)
    assert (found.changes_anything, after) == (False, config)


def test_plan_notes_once_what_many_roles_share() -> None:
    roles = [RoleSpec(f"r{number}", {"role_arn": arn("2", "A")}) for number in range(12)]
    assert plan_and_apply(request(roles), {})[0].notes == (
        "r0, r1, r2, r3, r4, r5, r6, r7, r8, r9 and 2 more: source_profile = default, because no source was given",
    )


def test_plan_notes_once_who_ignores_the_policies_of_new_profiles() -> None:
    policies = {"policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    config = {"old": made("3", "B", **policies)}
    roles = {name: role("3", "B", **policies) for name in ("old", "a", "b")}
    assert plan_and_apply(request(role_specs(**roles)), config)[0].notes == (
        "a, b: programs that read the profile themselves (an SDK, Terraform) ignore its policies and get the whole "
        "role",
    )


def test_plan_reports_a_policy_at_its_location() -> None:
    policies = {"policy_arns": "arn:aws-cn:iam::aws:policy/A", "policy": "file://relative.json"}
    assert problems_of(request(role_specs(a=role("3", "B", **policies))), {}) == [
        "team.yaml:1:7: policy 'file://relative.json': the path must be absolute, as in file:///home/me/policy.json",
        "team.yaml:1:12: policy_arns: arn:aws-cn:iam::aws:policy/A is in partition aws-cn, but the role is in aws",
    ]


def test_plan_replaces_one_kind_of_source_by_the_other() -> None:
    config = {"a": {**made("2", "A", "mine"), "xacct_manifest_keys": ""}, "mine": DEFAULT}
    asked = request(role_specs(a=role("2", "A", None, credential_source="Environment")))
    _, after = plan_and_apply(asked, config)
    assert after["a"] == made("2", "A", None, credential_source="Environment")


def test_plan_reports_a_conflict_with_profiles_of_others_unless_adopting() -> None:
    other = {**made("4", "C"), "xacct_manifest": "/other.yaml"}
    config = {"same": role("2", "A"), "hand": role("3", "B"), "other": other, "user": DEFAULT}
    roles = role_specs(
        same=role("2", "A"),
        hand=role("3", "X"),
        other=role("4", "X"),
        user=role("5", "D", source_profile="default"),
    )
    found, after = plan_and_apply(request(roles[:3]), config)
    assert [(edit.profile, edit.action, edit.owner) for edit in found.edits] == [
        ("same", "same", ""),
        ("hand", "conflict", ""),
        ("other", "conflict", "/other.yaml"),
    ]
    assert found.edits[1].changes == (KeyChange("role_arn", arn("3", "B"), arn("3", "X")),)
    assert after == config
    _, after = plan_and_apply(request(roles[:3], adopt=True), config)
    assert after == {
        "same": made("2", "A"),
        "hand": made("3", "X"),
        "other": made("4", "X"),
        "user": DEFAULT,
    }
    assert problems_of(request(roles, adopt=True), config) == [
        "team.yaml:4:1: profile user also has aws_access_key_id, aws_secret_access_key, and only one of the two "
        "would be used; give the role another name"
    ]


def test_plan_prunes_only_profiles_with_the_same_mark() -> None:
    config = {
        "a": made("2", "A"),
        "old": made("3", "B"),
        "older": made("3", "C", "old"),
        "hand": role("3", "D"),
        "other": {**made("4", "C"), "xacct_manifest": "/other.yaml"},
    }
    roles = role_specs(a=role("2", "A"))
    found, after = plan_and_apply(request(roles), config)
    assert (found.left, found.owned, found.changes_anything, after) == (("old", "older"), 3, False, config)
    found, after = plan_and_apply(request(roles, prune=True), config)
    assert [(edit.profile, edit.action) for edit in found.edits] == [
        ("a", "same"),
        ("old", "remove"),
        ("older", "remove"),
    ]
    assert (found.left, found.removes_most) == ((), True)
    assert list(after) == ["a", "hand", "other"]
    more = {**config, **{f"p{number}": made("2", "P") for number in range(3)}}
    roles = role_specs(a=role("2", "A"), **{f"p{number}": role("2", "P") for number in range(3)})
    assert not plan_and_apply(request(roles, prune=True), more)[0].removes_most


def test_plan_refuses_to_prune_the_source_of_a_profile_that_stays() -> None:
    config = {"old": made("3", "B"), "hand": role("3", "D", "old"), "a": made("2", "A", "old")}
    assert problems_of(request(role_specs(a=role("2", "A", "old")), prune=True), config) == [
        "team.yaml: old cannot be removed, because it is the source of hand, which is kept",
        "team.yaml:1:15: old cannot be removed, because it is the source of a, which is kept",
    ]


def test_plan_notes_other_users_of_a_changed_profile() -> None:
    config = {"prod": made("3", "B"), "hand": role("3", "D", "prod"), "old": made("3", "D", "prod")}
    found, _ = plan_and_apply(request(role_specs(prod=role("3", "C")), prune=True), config)
    assert found.notes == ("prod changes, and it is also the source of hand",)


def test_plan_refuses_settings_that_the_credentials_file_overrides() -> None:
    credentials = (
        f"{CREDENTIALS}[prod]\nregion = eu-west-1\noutput = text\n[keys]\naws_access_key_id = AKIA\n"
    )
    asked = request(role_specs(prod=role("3", "B", region="us-west-1"), keys=role("3", "B")), adopt=True)
    assert problems_of(asked, {}, credentials) == [
        "team.yaml:1:7: region of prod is also set in /credentials, line 5, which takes precedence; remove it "
        "there",
        "team.yaml:2:1: profile keys also has aws_access_key_id, and only one of the two would be used; give "
        "the role another name",
    ]


def test_plan_reports_all_problems_at_once_and_shared_ones_once() -> None:
    roles = role_specs(
        **{
            "default": role("2", "A"),
            "a]": role("2", "A"),
            "lost": role("2", "A", "defualt"),
            "loop": role("2", "A", "pool"),
            "pool": role("2", "A", "loop"),
            "in": role("2", "A", "pool", duration_seconds="1"),
            "self": role("2", "A", "self"),
            "bad": {"role_arn": "arn:aws:iam::2:role/A", "source_profile": "default", "region": "x"},
            "chained": role("2", "A", "mine", mfa_serial=DEVICE, duration_seconds="7200"),
            "cn": role("2", "A", region="cn-north-1"),
        }
    )
    assert problems_of(request(roles), {"mine": role("3", "B")}) == [
        "team.yaml:1:1: a manifest cannot manage the default profile; give the role another name",
        "team.yaml:2:1: the profile name 'a]' contains ], which ends a section header; use another character",
        "team.yaml:3:15: source_profile 'defualt': there is no such profile; did you mean default?",
        "team.yaml:4:15: source_profile: recursion: loop -> pool -> loop; give one of them another source",
        "team.yaml:6:17: duration_seconds '1': must be between 900 (15 minutes) and 43200 (12 hours)",
        "team.yaml:7:15: source_profile: recursion: self -> self; give one of them another source",
        "team.yaml:8:7: region 'x': a region looks like us-west-1",
        "team.yaml:8:9: role_arn 'arn:aws:iam::2:role/A': the account id '2' is not 12 digits, as in 222222222222",
        "team.yaml:9:11: profile chained: mfa_serial cannot be used here, because its source mine is a role and STS "
        "accepts an MFA code from an IAM user only; write mfa_serial: null",
        "team.yaml:9:17: duration_seconds '7200' is more than 3600 (1 hour), the most that STS gives a role that "
        "is assumed from another role or from a shared MFA session",
        "team.yaml:10:9: role_arn 'arn:aws:iam::222222222222:role/A' is in partition aws, but profile cn has region "
        "cn-north-1 of partition aws-cn; a role cannot be assumed across partitions",
    ]


def test_plan_refuses_a_chain_that_is_too_long() -> None:
    roles = [RoleSpec(f"r{n}", role("2", "A", f"r{n - 1}" if n else "default")) for n in range(3000)]
    assert problems_of(request(roles), {}) == [
        "team.yaml:51:15: source_profile: this is a chain of more than 50 roles"
    ]
    assert problems_of(request(roles[::-1]), {}) == [
        "team.yaml:2950:15: source_profile: this is a chain of more than 50 roles"
    ]


def test_plan_finds_quoted_headers_and_quotes_names_that_need_it() -> None:
    head = '[default]\naws_access_key_id = A\n[profile  "my prod"]\n'
    text = f"{head}role_arn = {arn('2', 'A')}\nsource_profile = default\n"
    document = Document(text.encode())
    asked = request(role_specs(**{"my prod": role("2", "B"), "it's": role("2", "C")}), adopt=True)
    plan(asked, document, Document(b""), PARTITIONS).apply(document)
    assert document.render().decode() == text.replace(
        f"{arn('2', 'A')}\nsource_profile = default\n",
        f"{arn('2', 'B')}\nsource_profile = default\nxacct_manifest = {MARK}\nxacct_manifest_keys = source_profile\n"
        f"\n[profile 'it'\"'\"'s']\nrole_arn = {arn('2', 'C')}\nsource_profile = default\nxacct_manifest = {MARK}\n"
        "xacct_manifest_keys = source_profile\n",
    )
