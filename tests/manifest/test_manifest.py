"""Reading a manifest: its roles, and every problem with its location."""

from __future__ import annotations

import pytest

from awscli_xacct.manifest.model import RoleSpec
from awscli_xacct.manifest.reader import Manifest, read
from awscli_xacct.problems import in_order

from .configs import arn

ROLE = 'account: "222222222222", role: A'


def problems_of(text: str) -> list[str]:
    return list(map(str, in_order(read(text, "m.yaml").problems)))


def valid_manifest(text: str) -> Manifest:
    found = read(text, "m.yaml")
    assert found.problems == []
    return found


def problems_of_role(settings: str) -> list[str]:
    """Return the problems of a manifest with one role, on line 3, whose settings begin at column 7."""
    return problems_of(f"version: 1\nroles:\n  a: {{{settings}}}\n")


def test_read_gives_a_role_its_settings_and_the_other_defaults() -> None:
    found = valid_manifest(
        """\
version: 1
name: team.1
defaults: &all
  role: Power
  source_profile: default
  region: us-west-1
  mfa_session: off
x-tags: &tags {team: ops, "cost center": "", app: "007"}
x-more: [&keys [team], {<<: *all}]
accounts: {dev: "111111111111", 'no': "012345678901"}
roles:
  plain: {account: dev}
  no: {account: no, role: path/To, region: null, mfa_serial: null}
  named: {role_arn: "arn:aws:iam::333333333333:role/R", credential_source: Environment}
  "012": {account: "222222222222", duration_seconds: 0900, session_tags: *tags, transitive_session_tags: *keys}
  merged:
    <<: [{region: eu-west-1, external_id: "12"}, {external_id: "34", source_identity: who}]
    account: dev
    source_identity: >-
      folded
    session_tags: a=b, c=d
    role_session_name: "2020-01-01"
    mfa_process: ykman oath code -s '#1'
    policy_arns: [arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B]
    policy: |
      {
        "Statement": []
      }
"""
    )
    common = {"source_profile": "default", "region": "us-west-1", "mfa_session": "off"}
    assert found.name == "team.1"
    assert found.roles == [
        RoleSpec("plain", common, "111111111111", "Power"),
        RoleSpec("no", {**common, "region": None, "mfa_serial": None}, "012345678901", "path/To"),
        RoleSpec(
            "named",
            {
                "region": "us-west-1",
                "mfa_session": "off",
                "role_arn": arn("3", "R"),
                "credential_source": "Environment",
            },
        ),
        RoleSpec(
            "012",
            {
                **common,
                "duration_seconds": "0900",
                "session_tags": "team=ops,cost center=,app=007",
                "transitive_session_tags": "team",
            },
            "222222222222",
            "Power",
        ),
        RoleSpec(
            "merged",
            {
                **common,
                "region": "eu-west-1",
                "external_id": "12",
                "source_identity": "folded",
                "session_tags": "a=b, c=d",
                "role_session_name": "2020-01-01",
                "mfa_process": "ykman oath code -s '#1'",
                "policy_arns": "arn:aws:iam::aws:policy/A,arn:aws:iam::aws:policy/B",
                "policy": '{   "Statement": [] }',
            },
            "111111111111",
            "Power",
        ),
    ]
    assert str(found.locate("plain", "region")) == "m.yaml:6:11"
    assert str(found.locate("plain", "role_arn")) == "m.yaml:12:20"
    assert str(found.locate("named", "role_arn")) == "m.yaml:14:21"
    assert str(found.locate("named", "duration_seconds")) == "m.yaml:14:3"
    assert str(found.locate("nobody", None)) == "m.yaml"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            "account: 222222222222, role: A",
            '3:16: the account id 222222222222 must be quoted, because YAML reads it as a number; write "222222222222"',
        ),
        (
            "account: 012345678901, role: A",
            '3:16: the account id 012345678901 must be quoted, because YAML reads it as a number; write "012345678901"',
        ),
        (
            "account: 12345678901, role: A",
            "3:16: the account id 12345678901 is a number of 11 digits, and an id has 12; a number loses its "
            'leading zeros: did you mean "012345678901"?',
        ),
        (
            "account: 1.23456789012e+11, role: A",
            "3:16: the account id '1.23456789012e+11' is a number; write 12 digits in quotes, as in "
            '"222222222222"',
        ),
        (
            'account: "22222222222", role: A',
            "3:16: the account id '22222222222' is not 12 digits, as in 222222222222; write an id, or a name "
            "from accounts",
        ),
        (
            "account: prod, role: A",
            "3:16: unknown account 'prod'; add it to accounts, or write the account id",
        ),
        (
            "account: true, role: A",
            '3:16: account true must be quoted, because YAML reads it as a boolean; write "true"',
        ),
        ("account: [a], role: A", "3:16: account must be a string, not a list"),
        ("account: null, role: A", "3:16: account has no value"),
        ('account: "222222222222"', "3:3: role 'a': role is missing; set it to the role's name"),
        ("role: A", "3:3: role 'a': account is missing; set it to an account id or a name from accounts"),
        (
            'account: "222222222222", role: "a b"',
            "3:38: the role name 'a b' must be 1 to 64 letters, digits or any of +=,.@-_",
        ),
        (
            'account: "222222222222", role: 7',
            '3:38: role 7 must be quoted, because YAML reads it as a number; write "7"',
        ),
        (
            f'{ROLE}, role_arn: "arn:aws:iam::222222222222:role/A"',
            "3:51: role_arn names the role already; remove it, or account and role",
        ),
        (
            f"{ROLE}, source_profile: a, credential_source: b",
            "3:79: source_profile and credential_source cannot be used together; remove one",
        ),
        (f"{ROLE}, regoin: us-west-1", "3:41: unknown key 'regoin'; did you mean region?"),
        (
            f"{ROLE}, color: red",
            "3:41: unknown key 'color'; the keys of a role are account, role, role_arn, source_profile, "
            "credential_source, mfa_serial, mfa_process, mfa_session, external_id, role_session_name, "
            "duration_seconds, session_tags, transitive_session_tags, source_identity, policy_arns, policy, "
            "region, sdk_profile",
        ),
        (f"{ROLE}, region: a, region: b", "3:52: duplicate key 'region'; it is on line 3 already"),
        (f"{ROLE}, [x]: b", "3:41: a key must be a string, not a list"),
        (
            f"{ROLE}, external_id: 1234",
            '3:54: external_id 1234 must be quoted, because YAML reads it as a number; write "1234"',
        ),
        (
            f"{ROLE}, external_id: 0x1F",
            '3:54: external_id 0x1F must be quoted, because YAML reads it as a number; write "0x1F"',
        ),
        (
            f"{ROLE}, external_id: 1_000",
            '3:54: external_id 1_000 must be quoted, because YAML reads it as a number; write "1_000"',
        ),
        (
            f"{ROLE}, external_id: .5",
            '3:54: external_id .5 must be quoted, because YAML reads it as a number; write ".5"',
        ),
        (f"{ROLE}, region: ", "3:41: region has no value; to have none, write null"),
        (f'{ROLE}, region: ""', "3:49: region is empty; to have none, write null"),
        (f"{ROLE}, region: {{a: b}}", "3:49: region must be a string, not a mapping"),
        (
            f"{ROLE}, mfa_serial: none",
            "3:53: mfa_serial none works on the command line only; to have none, write null",
        ),
        (f"{ROLE}, duration_seconds: [1]", "3:59: duration_seconds must be a string, not a list"),
        (
            f"{ROLE}, session_tags: {{a: 1}}",
            "3:59: tag 'a': 1 must be quoted, because YAML reads it as a number; write \"1\"",
        ),
        (
            f"{ROLE}, session_tags: {{1: a}}",
            '3:56: 1 must be quoted to be a name, because YAML reads it as a number; write "1"',
        ),
        (
            f'{ROLE}, session_tags: {{"a=b": c}}',
            "3:56: the tag key 'a=b' contains a =, which a config file cannot hold",
        ),
        (
            f'{ROLE}, session_tags: {{a: "b,c"}}',
            "3:59: the tag value 'b,c' contains a ,, which a config file cannot hold",
        ),
        (f'{ROLE}, session_tags: {{a: " b"}}', "3:59: ' b' begins or ends with a space"),
        (
            f"{ROLE}, session_tags: {{{', '.join(f'k{n}: v' for n in range(51))}}}",
            "3:55: 51 tags are more than 50",
        ),
        (
            f"{ROLE}, transitive_session_tags: []",
            "3:66: transitive_session_tags must have 1 to 50 keys; to have none, write null",
        ),
        (
            f"{ROLE}, transitive_session_tags: [a, 1]",
            '3:70: the key of a tag 1 must be quoted, because YAML reads it as a number; write "1"',
        ),
        (
            f"{ROLE}, policy_arns: []",
            "3:54: policy_arns must have 1 to 10 ARNs; to have none, write null",
        ),
        (
            f"{ROLE}, policy_arns: [1]",
            '3:55: the ARN of a policy 1 must be quoted, because YAML reads it as a number; write "1"',
        ),
        (
            f"{ROLE}, policy: {{Statement: []}}",
            "3:49: policy must be a string; put the JSON in single quotes",
        ),
        (
            f"{ROLE}, external_id: {'x' * 20001}",
            "3:54: external_id has 20001 characters, more than 20000",
        ),
        (f"{ROLE}, <<: x", "3:45: << merges a mapping or a list of mappings, not 'x'"),
    ],
)
def test_read_reports_a_problem_of_a_role_at_its_location(settings: str, expected: str) -> None:
    assert problems_of_role(settings) == [f"m.yaml:{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "m.yaml: the manifest is empty"),
        ("# nothing\n", "m.yaml: the manifest is empty"),
        ("null\n", "m.yaml: the manifest is empty"),
        ("version: 1\n", "m.yaml:1:1: there are no roles"),
        ("version: 1\nroles:\n", "m.yaml:2:1: there are no roles"),
        ("version: 1\nroles: {}\n", "m.yaml:2:8: there are no roles"),
        ("- a\n", "m.yaml:1:1: a manifest must be a mapping, not a list"),
        ("just text\n", "m.yaml:1:1: a manifest must be a mapping, not 'just text'"),
        ("version: 1\nroles: [a]\n", "m.yaml:2:8: roles must be a mapping, not a list"),
        (
            "version: 1\nroles: {a: b}\n",
            "m.yaml:2:12: a role must be a mapping, not 'b'",
        ),
        ("version: 1\nroles: {a: b\n", "m.yaml:3:1: expected ',' or '}', but got '<stream end>'"),
        ("version: 1\nroles:\n\ta: b\n", "m.yaml:3:1: found character '\\t' that cannot start any token"),
        (
            "version: 1\r\nroles: {a: \x1b[31m}\r\n",
            "m.yaml:2:12: the character '\\x1b' is not allowed in YAML",
        ),
        (
            "a: !!python/object:os.system {}\n",
            "m.yaml:1:4: a manifest cannot have tags, and this is tag:yaml.org,2002:python/object:os.system",
        ),
        ("a: ! b\n", "m.yaml:1:4: a manifest cannot have tags, and this is !"),
        ("--- {a: b}\n---\n", "m.yaml:2:1: a manifest cannot have a second document"),
        ("%YAML 1.1\n---\na: b\n", "m.yaml:2:1: a manifest is plain YAML 1.2 and cannot have directives"),
        (
            "%TAG ! tag:x,2000:\n---\na: b\n",
            "m.yaml:2:1: a manifest is plain YAML 1.2 and cannot have directives",
        ),
        ("a: *b\n", "m.yaml:1:4: the alias *b has no anchor before it"),
        ("a: &a {b: *a}\n", "m.yaml:1:11: the alias *a is inside the node it refers to"),
        (f"a: {'[' * 100_000}", "m.yaml:1:13: this is nested deeper than anything in a manifest"),
    ],
)
def test_read_refuses_what_is_not_a_manifest(text: str, expected: str) -> None:
    [found] = problems_of(text)
    assert found.startswith(expected)


def test_read_reports_all_problems_at_once_in_order() -> None:
    assert problems_of(
        """\
version: 2
name: -team
acounts: {}
defaults: {role_arn: x, source_profile: a, credential_source: b, mfa_serail: c}
accounts: {prod: 222222222222, "111111111111": "333333333333", 7: "4", dev: "111111111111"}
roles:
  a: {account: prod, role: A}
  b: {account: dve, role: A}
  b: {account: dev, role: A}
  on: {account: dev, role: A}
  null: {account: dev, role: A}
  d: null
"""
    ) == [
        "m.yaml:1:10: unknown version '2'; write version: 1",
        "m.yaml:2:7: name '-team' is not allowed; use 1 to 64 letters, digits or any of _.-, and do not begin "
        "with . or -",
        "m.yaml:3:1: unknown key 'acounts'; did you mean accounts?",
        "m.yaml:4:12: role_arn cannot be a default; set it in each role",
        "m.yaml:4:63: source_profile and credential_source cannot be used together; remove one",
        "m.yaml:4:66: unknown key 'mfa_serail'; did you mean mfa_serial?",
        "m.yaml:5:18: the account id 222222222222 must be quoted, because YAML reads it as a number; write "
        '"222222222222"',
        "m.yaml:5:32: '111111111111' cannot be an account's name, because it is an account id",
        'm.yaml:5:64: 7 must be quoted to be a name, because YAML reads it as a number; write "7"',
        "m.yaml:5:67: the account id '4' is not 12 digits, as in 222222222222",
        "m.yaml:8:16: unknown account 'dve'; did you mean dev?",
        "m.yaml:9:3: duplicate key 'b'; it is on line 8 already",
        'm.yaml:11:3: null must be quoted to be a name, because YAML reads it as null; write "null"',
        "m.yaml:12:6: a role must be a mapping, not 'null'",
    ]
    assert problems_of("roles: {}") == [
        "m.yaml:1:1: version is missing; add version: 1",
        "m.yaml:1:8: there are no roles",
    ]


def test_locations_count_characters_as_an_editor_does() -> None:
    text = 'version: 1\r\n# é 😀\r\nroles:\r\n  "é😀": {account: "222222222222", role: A, regoin: x}\r\n'
    assert problems_of(text) == ["m.yaml:4:44: unknown key 'regoin'; did you mean region?"]


def test_read_refuses_aliases_that_expand_too_far() -> None:
    laughs = "x-a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
        f"x-{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert problems_of(laughs)[0].endswith(
        ": the aliases up to here expand to more than a manifest may contain"
    )
    wide = "x-a: &a {" + ", ".join(f"key{n}: {n}" for n in range(20_000)) + "}\nversion: 1\nroles:\n"
    wide += "".join(f"  r{n}: *a\n" for n in range(5_000))
    assert problems_of(wide)[0].endswith(
        ": the aliases up to here expand to more than a manifest may contain"
    )
    merges = "x-0: &a0 {region: x}\n" + "".join(f"x-{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 2000))
    assert problems_of(merges)[0].endswith(
        ": the aliases up to here expand to more than a manifest may contain"
    )
    nothing = "x-a: &a {}\nx-b: &b {<<: [" + "*a," * 20_000 + "*a]}\nroles:\n"
    empty = nothing + "".join(f"  r{number}: {{<<: *b}}\n" for number in range(1500))
    assert problems_of(empty)[0].endswith(
        ": the aliases up to here expand to more than a manifest may contain"
    )
