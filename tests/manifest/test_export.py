"""Exporting role profiles into a manifest: what differs is changed in place, and no other byte."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from awscli_xacct.errors import EditError, ValidationError
from awscli_xacct.manifest.export import merge

from .configs import DEFAULT, DEVICE, PARTITIONS, Options, arn, role

TEAM = """\
# The team's roles.
version: 1   # of the format
defaults: {source_profile: default,   region: us-west-1}
x-base: &base
  session_tags: {team: "ops"}
accounts:
  prod: "222222222222" # never touch

roles:
  # All of production.
  prod: {account: prod, role: Power}   # power
  audit:   # is chained
    account: '333333333333'
    role: "Audit"

    source_profile: prod
    session_tags:
      a: b   # why a
      "c": d
  tagged: &tagged
    account: "444444444444"
    role: path/Tagged
    <<: *base
    external_id: "1234"
    duration_seconds: 3600
  twin:
    <<: *tagged
    external_id: "9999" # another
# The end.
"""
ROLES = {
    "prod": role("2", "Power", region="us-west-1"),
    "audit": role("3", "Audit", "prod", region="us-west-1", session_tags="a=b,c=d"),
    "tagged": role(
        "4",
        "path/Tagged",
        region="us-west-1",
        session_tags="team=ops",
        external_id="1234",
        duration_seconds="3600",
    ),
}


def merge_into(
    text: str,
    roles: Mapping[str, Options],
    accounts: Mapping[str, str] | None = None,
    default: Options | None = None,
) -> str:
    profiles = {"default": default or DEFAULT, **roles}
    return merge(text, "team.yaml", roles, profiles, PARTITIONS, accounts)


def with_lines(text: str, *changes: tuple[str, str]) -> str:
    """Return a text with some lines replaced, each of which has to be there once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_merge_leaves_an_up_to_date_manifest_unchanged() -> None:
    assert merge_into(TEAM, ROLES) == TEAM
    assert merge_into(TEAM, {}) == TEAM


@pytest.mark.parametrize(
    ("name", "options", "changes"),
    [
        ("prod", {"duration_seconds": "7200"}, [("role: Power}", "role: Power, duration_seconds: 7200}")]),
        ("prod", {"region": None}, [("role: Power}", "role: Power, region: null}")]),
        ("prod", {"region": "eu-west-1"}, [("role: Power}", "role: Power, region: eu-west-1}")]),
        ("prod", {"role_arn": arn("2", "p/Read")}, [("role: Power}", "role: p/Read}")]),
        ("prod", {"role_arn": arn("3", "Power")}, [("account: prod,", 'account: "333333333333",')]),
        (
            "prod",
            {"role_arn": arn("2", "Power", "aws-cn"), "region": "cn-north-1"},
            [
                (
                    "{account: prod, role: Power}",
                    '{role_arn: "arn:aws-cn:iam::222222222222:role/Power", region: cn-north-1}',
                ),
                # By account and name it would be in the partition of its source now.
                ("    account: '333333333333'\n    role: \"Audit\"\n", ""),
                ('"c": d\n', '"c": d\n    role_arn: "arn:aws:iam::333333333333:role/Audit"\n'),
            ],
        ),
        (
            "prod",
            {"source_profile": None, "credential_source": "Environment"},
            [("role: Power}", "role: Power, credential_source: Environment}")],
        ),
        ("audit", {"role_arn": arn("2", "Audit")}, [("account: '333333333333'", "account: 'prod'")]),
        ("audit", {"role_arn": arn("3", "Read")}, [('role: "Audit"', 'role: "Read"')]),
        ("audit", {"session_tags": "a=x,c=d"}, [("      a: b   # why a", "      a: x   # why a")]),
        (
            "audit",
            {"session_tags": "c=d,e=f"},
            [("      a: b   # why a\n", ""), ('      "c": d\n', '      "c": d\n      e: f\n')],
        ),
        ("audit", {"session_tags": None}, [('    session_tags:\n      a: b   # why a\n      "c": d\n', "")]),
        (
            "audit",
            {"external_id": "a: b"},
            [('      "c": d\n', '      "c": d\n    external_id: "a: b"\n')],
        ),
        (
            "tagged",
            {"session_tags": "team=dev"},
            [
                (
                    "    duration_seconds: 3600\n",
                    "    duration_seconds: 3600\n    session_tags: {team: dev}\n",
                ),
                ('"9999" # another\n', '"9999" # another\n    session_tags: {team: ops}\n'),
            ],
        ),
        (
            "tagged",
            {"external_id": None, "duration_seconds": "1800"},
            [
                ('    external_id: "1234"\n', ""),
                ("    duration_seconds: 3600\n", "    duration_seconds: 1800\n"),
                ('"9999" # another\n', '"9999" # another\n    duration_seconds: 3600\n'),
            ],
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_merge_changes_differing_settings_in_place(
    name: str, options: dict[str, str | None], changes: list[tuple[str, str]], newline: str
) -> None:
    text = TEAM.replace("\n", newline)
    asked = {**ROLES[name], **options}
    wanted = {**ROLES, name: {key: value for key, value in asked.items() if value is not None}}
    expected = with_lines(TEAM, *changes).replace("\n", newline)
    assert merge_into(text, wanted) == expected
    assert merge_into(expected, wanted) == expected


def test_merge_adds_new_roles_after_the_others_in_their_style() -> None:
    wanted = {"new one": role("2", "New", "audit"), "cn": role("3", "Far", region="us-west-1")}
    assert merge_into(TEAM, {**ROLES, **wanted}) == with_lines(
        TEAM,
        (
            "# The end.\n",
            '  "new one":\n    account: prod\n    role: New\n    source_profile: audit\n    region: null\n'
            '  cn:\n    account: "333333333333"\n    role: Far\n# The end.\n',
        ),
    )
    flow = TEAM[: TEAM.index("  audit:")]
    assert merge_into(flow, {"prod": ROLES["prod"], **wanted}) == flow + (
        '  "new one": {account: prod, role: New, source_profile: audit, region: null}\n'
        '  cn: {account: "333333333333", role: Far}\n'
    )
    one_line = 'version: 1\nroles: {a: {account: "222222222222", role: A, source_profile: default}} # all'
    assert merge_into(one_line, wanted) == one_line.replace(
        "default}}",
        'default}, "new one": {account: "222222222222", role: New, source_profile: audit}, '
        'cn: {account: "333333333333", role: Far, source_profile: default, region: us-west-1}}',
    )


@pytest.mark.parametrize(
    "text",
    [
        "version: 1",
        "version: 1\n",
        "version: 1\nroles:\n",
        "version: 1\naccounts:\nroles:\n",
        "version: 1\nroles: {}\n",
        "version: 1\nroles: ~",
    ],
)
def test_merge_adds_roles_to_a_manifest_without_any(text: str) -> None:
    found = merge_into(text, {"a": role("2", "A")}, {"dev": "111111111111"})
    assert found.startswith("version: 1\n")
    assert 'roles:\n  a: {account: "222222222222", role: A, source_profile: default}' in found
    assert 'accounts:\n  dev: "111111111111"\n' in found
    assert merge_into(found, {"a": role("2", "A")}, {"dev": "111111111111"}) == found


def test_merge_adds_names_for_accounts_without_one() -> None:
    wanted = {"prod": ROLES["prod"], "stage": role("5", "Power", region="us-west-1")}
    accounts = {"Prod": "222222222222", "stage": "555555555555", "prod": "999999999999"}
    assert merge_into(TEAM, wanted, accounts) == with_lines(
        TEAM,
        ("# never touch\n", '# never touch\n  stage: "555555555555"\n'),
        ("# The end.\n", "  stage:\n    account: stage\n    role: Power\n# The end.\n"),
    )


def test_merge_makes_a_new_manifest_with_shared_settings_as_defaults() -> None:
    assert merge_into(
        "", {**ROLES, "my prod": role("2", "Power", None, credential_source="Environment")}
    ) == (
        "version: 1\n"
        "\n"
        "roles:\n"
        '  prod: {account: "222222222222", role: Power, source_profile: default, region: us-west-1}\n'
        "  audit:\n"
        '    account: "333333333333"\n'
        "    role: Audit\n"
        "    source_profile: prod\n"
        "    session_tags: {a: b, c: d}\n"
        "    region: us-west-1\n"
        "  tagged:\n"
        '    account: "444444444444"\n'
        "    role: path/Tagged\n"
        "    source_profile: default\n"
        '    external_id: "1234"\n'
        "    duration_seconds: 3600\n"
        "    session_tags: {team: ops}\n"
        "    region: us-west-1\n"
        '  "my prod": {account: "222222222222", role: Power, credential_source: Environment}\n'
    )
    assert merge_into(
        " \n",
        {"a": role("2", "R", region="eu-west-1"), "b": role("3", "R", region="eu-west-1")},
        {"prod": "222222222222"},
    ) == (
        "version: 1\n"
        "\n"
        "defaults:\n"
        "  role: R\n"
        "  source_profile: default\n"
        "  region: eu-west-1\n"
        "\n"
        "accounts:\n"
        '  prod: "222222222222"\n'
        "\n"
        "roles:\n"
        "  a: {account: prod}\n"
        '  b: {account: "333333333333"}\n'
    )


def test_merge_omits_an_inherited_mfa_device_and_writes_null_for_none() -> None:
    wanted = {"with": role("2", "A", mfa_serial=DEVICE), "none": role("3", "B")}
    found = merge_into("", wanted, default={**DEFAULT, "mfa_serial": DEVICE})
    assert 'with: {account: "222222222222", role: A}' in found
    assert 'none: {account: "333333333333", role: B, mfa_serial: null}' in found


def test_merge_writes_out_a_role_that_is_an_alias_or_merged() -> None:
    text = (
        'version: 1\nx-more: &more\n  a: &a {account: "222222222222", role: A, source_profile: default}\n'
        "roles:\n  <<: *more\n  b: *a\n"
    )
    wanted = {"a": role("2", "A", external_id="12"), "b": role("2", "A", external_id="34")}
    assert merge_into(text, wanted) == text.replace(
        "b: *a\n",
        'b: {account: "222222222222", role: A, source_profile: default, external_id: "34"}\n'
        '  a: {account: "222222222222", role: A, source_profile: default, external_id: "12"}\n',
    )


def test_merge_refuses_an_invalid_manifest() -> None:
    with pytest.raises(ValidationError) as caught:
        merge_into(
            TEAM.replace("role: Power", "roel: Power").replace('"222222222222"', "222222222222"), ROLES
        )
    assert str(caught.value) == (
        "nothing was written, because\n"
        "  - team.yaml:7:9: the account id 222222222222 must be quoted, because YAML reads it as a number; write "
        '"222222222222"\n'
        "  - team.yaml:11:3: role 'prod': role is missing; set it to the role's name\n"
        "  - team.yaml:11:25: unknown key 'roel'; did you mean role?"
    )


@pytest.mark.parametrize("indent", ["    ", "      "])
def test_merge_replaces_a_list_in_lines_as_a_whole(indent: str) -> None:
    text = (
        "version: 1\nroles:\n  a:\n"
        '    account: "222222222222"\n    role: A\n    source_profile: default\n    session_tags: a=b,c=d\n'
        f"    transitive_session_tags: # these\n{indent}- a\n    region: us-west-1\n"
    )
    wanted = {"a": role("2", "A", session_tags="a=b,c=d", transitive_session_tags="a,c", region="us-west-1")}
    assert merge_into(text, wanted) == text.replace(f"{indent}- a\n", f"{indent}  [a, c]\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_merge_appends_a_manifest_to_comments(newline: str) -> None:
    found = merge_into(f"# Ours.{newline}", {"a": role("2", "A")})
    assert found == (
        '# Ours.\n\nversion: 1\n\nroles:\n  a: {account: "222222222222", role: A, source_profile: default}\n'
    ).replace("\n", newline)


def test_merge_refuses_a_change_that_would_change_more() -> None:
    text = (
        "version: 1\nroles:\n"
        '  a: {account: "222222222222", role: A, source_profile: default, external_id: &id "1234"}\n'
        '  b: {account: "222222222222", role: A, source_profile: default, external_id: *id}\n'
    )
    with pytest.raises(EditError) as caught:
        merge_into(text, {"a": role("2", "A")})
    assert str(caught.value) == (
        "team.yaml: these roles cannot be changed in place (team.yaml:4:79: the alias "
        "*id has no anchor before it); nothing was written. Write them out, without alias or merge"
    )
    wanted = {"a": role("2", "A", external_id="5678"), "b": role("2", "A", external_id="9999")}
    assert merge_into(text, wanted) == text.replace('&id "1234"', '&id "5678"').replace("*id", '"9999"')


@pytest.mark.parametrize("name", ["", " ", "123456789012", "\x1b[31m"])
def test_merge_skips_names_that_cannot_name_an_account(name: str) -> None:
    found = merge_into("", {"a": role("2", "A")}, {name: "222222222222"})
    assert "accounts" not in found


def test_merge_refuses_options_that_a_manifest_cannot_have() -> None:
    with pytest.raises(EditError, match="external_id is empty"):
        merge_into(TEAM, {"a": role("2", "A", external_id="")})
