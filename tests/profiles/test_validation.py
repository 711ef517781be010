"""Validation of a role profile's settings before anything is written: every limit, and all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from awscli_xacct.configfile import sections
from awscli_xacct.configfile.document import Document
from awscli_xacct.messages import option
from awscli_xacct.problems import MAX_HINTS, Hints
from awscli_xacct.profiles import validation, values
from awscli_xacct.profiles.partitions import Partitions
from tests.configfile.texts import quickly

REGIONS = {
    "aws": "us-west-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    **dict.fromkeys(["aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"], "none"),
}
PARTITIONS = Partitions(
    {
        "partitions": [
            {"id": name, "regions": [region], "regionRegex": "-"} for name, region in REGIONS.items()
        ]
    }
)
ARN = "arn:aws:iam::222222222222:role/CrossAccountPowerUser"
DEVICE = "arn:aws:iam::111111111111:mfa/dev"
CONTROLS = ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028"]

Check = Callable[[str], str | None]


def role_arn_problem(arn: str) -> str | None:
    return values.role_arn_problem(arn, PARTITIONS)


def arn_of(length: int) -> str:
    """Return a role's ARN of this length; most of it is the path."""
    rest = length - len("arn:aws:iam::222222222222:role//N")
    return f"arn:aws:iam::222222222222:role/{rest * 'p'}/N"


# -- one setting -----------------------------------------------------------------------------------


def mfa_session_problem(text: str) -> str | None:
    return values.value_problem("mfa_session", text, PARTITIONS)


GOOD: list[tuple[Check, list[str]]] = [
    (
        role_arn_problem,
        [
            ARN,
            "arn:aws:iam::222222222222:role/A",
            "arn:aws:iam::000000000000:role/" + 64 * "x",
            "arn:aws:iam::222222222222:role/team/ops/Deploy+Role=1,2.3@4-5_6",
            "arn:aws:iam::222222222222:role/!%~:role/x/Name",
            "arn:aws:iam::222222222222:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            f"arn:aws:iam::222222222222:role/{510 * 'p'}/N",
            *(f"arn:{partition}:iam::222222222222:role/Name" for partition in PARTITIONS.names),
        ],
    ),
    (values.account_problem, ["222222222222", "000000000000"]),
    (values.role_name_problem, ["N", "/N", "team/N", "/team/ops/N", 64 * "N", "Az09_+=,.@-"]),
    (values.session_name_problem, ["me", 64 * "x", "Az09_+=,.@-"]),
    (values.external_id_problem, ["id", 1224 * "x", "Az09_+=,.@:/-"]),
    (values.serial_problem, ["GAHT12345", 256 * "x", DEVICE, "arn:aws-cn:iam::111111111111:mfa/team/dev"]),
    (mfa_session_problem, ["auto", "on", "off"]),
    (values.seconds_problem, ["900", "3600", "43200", "00900"]),
    (values.region_problem, ["us-west-1", "eu-isoe-west-1", "us-gov-west-1", "eusc-de-east-1"]),
    (values.line_problem, ["", "op item get 'AWS MFA' --otp", "ключ"]),
    (
        validation.name_problem,
        ["prod", "my prod", "it's", 'a "quoted" one', "a[b", "é", "--x", "#", "a=b:c", "\\"],
    ),
]

BAD: list[tuple[Check, str, str]] = [
    # the problem of the source is reported
    (role_arn_problem, "", "a role ARN looks like"),
    (role_arn_problem, "CrossAccountPowerUser", "a role ARN looks like"),
    (role_arn_problem, f" {ARN}", "a role ARN looks like"),
    (role_arn_problem, f"{ARN} ", "the role name"),
    (role_arn_problem, f"x{ARN}", "a role ARN looks like"),
    (role_arn_problem, "arn:aws:iam:222222222222:role/Name", "a role ARN looks like"),
    (role_arn_problem, arn_of(2049), "a role ARN looks like"),
    (role_arn_problem, arn_of(2048), "the role's path"),
    (role_arn_problem, f"arn:aws:iam::222222222222:role/{511 * 'p'}/N", "the role's path"),
    (role_arn_problem, "arn:aws:iam::222222222222:user/dev", "this is a user's ARN"),
    (role_arn_problem, "arn:aws:sts::222222222222:assumed-role/Name/me", "this is a role session's ARN"),
    (role_arn_problem, "arn:amazon:iam::222222222222:role/Name", "'amazon' is not an AWS partition"),
    (
        role_arn_problem,
        "arn:AWS:iam::222222222222:role/Name",
        "'AWS' is not an AWS partition; the partitions are aws, aws-cn,",
    ),
    (role_arn_problem, "arn:aws:sts::222222222222:role/Name", "a role ARN has the service iam and no region"),
    (
        role_arn_problem,
        "arn:aws:iam:us-west-1:222222222222:role/Name",
        "a role ARN has the service iam and no region",
    ),
    (
        role_arn_problem,
        "arn:aws:sts::222222222222:assumed-role/Name/me",
        "this is a role session's ARN; did you mean arn:aws:iam::222222222222:role/Name?",
    ),
    (
        role_arn_problem,
        "arn:aws:iam::222222222222:role/Name ",
        "did you mean arn:aws:iam::222222222222:role/Name?",
    ),
    (role_arn_problem, "222222222222", "this is an account id; a role ARN looks like"),
    (role_arn_problem, "https://d-1234567890.awsapps.com/start", "the start page of IAM Identity Center"),
    (
        role_arn_problem,
        "https://console.aws.amazon.com/iam/home",
        "this is the address of a page; a role ARN looks",
    ),
    (
        values.role_name_problem,
        "arn:aws:iam::222222222222:role/team/X",
        "this is an ARN; the name is the end of it, team/X",
    ),
    (values.account_problem, "2222-2222-2222", "did you mean 222222222222?"),
    (values.serial_problem, "123456", "a code is asked for when it is needed"),
    (values.region_problem, "us-west-1a", "this is an availability zone; its region is us-west-1"),
    (values.region_problem, "us-west-2-lax-1a", "this is an availability zone; its region is us-west-2"),
    (role_arn_problem, "arn:aws:iam::22222222222:role/Name", "'22222222222' is not 12 digits"),
    (role_arn_problem, "arn:aws:iam::2222222222222:role/Name", "is not 12 digits"),
    (role_arn_problem, "arn:aws:iam::22222222222x:role/Name", "is not 12 digits"),
    (role_arn_problem, "arn:aws:iam::222222222222:role", "the role name '' must be 1 to 64 letters"),
    (role_arn_problem, "arn:aws:iam::222222222222:role/", "the role name '' must be 1 to 64 letters"),
    (role_arn_problem, "arn:aws:iam::222222222222:role/team/", "the role name '' must be 1 to 64 letters"),
    (role_arn_problem, "arn:aws:iam::222222222222:role/" + 65 * "x", "must be 1 to 64 letters"),
    (role_arn_problem, "arn:aws:iam::222222222222:role/Näme", "the role name 'Näme' must be"),
    (role_arn_problem, "arn:aws:iam::222222222222:role//Name", "only one slash may precede"),
    (role_arn_problem, "arn:aws:iam::222222222222:role/team//Name", "the role's path '/team/' must be words"),
    (role_arn_problem, "arn:aws:iam::222222222222:role/a b/Name", "the role's path '/a b' must be words"),
    *((role_arn_problem, ARN.replace("PowerUser", f"{bad}x"), "") for bad in CONTROLS),
    *((role_arn_problem, ARN.replace("Cross", f"{bad}/x"), "") for bad in CONTROLS),
    (values.account_problem, "", "the account id '' is not 12 digits, as in 222222222222"),
    (values.account_problem, "22222222222", "is not 12 digits"),
    (values.account_problem, "222222222222\n", "is not 12 digits"),
    (values.account_problem, 12 * "\uff12", "is not 12 digits"),
    (values.role_name_problem, "", "the role name '' must be"),
    (values.role_name_problem, "/", "the role name '' must be"),
    (values.role_name_problem, "team/", "the role name '' must be"),
    (values.role_name_problem, "a b", "the role name 'a b' must be"),
    (values.role_name_problem, 65 * "N", "must be 1 to 64"),
    (values.role_name_problem, "//N", "the role's path '/' must be"),
    (values.session_name_problem, "", "2 to 64 letters"),
    (values.session_name_problem, "x", "2 to 64 letters"),
    (values.session_name_problem, 65 * "x", "2 to 64 letters"),
    (values.session_name_problem, "a b", "without spaces"),
    (
        values.role_session_name_problem,
        "{user}",
        "placeholders belong in role_session_name of the section [xacct]",
    ),
    (values.session_name_problem, "a/b", "2 to 64 letters"),
    (values.session_name_problem, "é1", "2 to 64 letters"),
    *((values.session_name_problem, f"ab{bad}", "2 to 64 letters") for bad in CONTROLS),
    (values.external_id_problem, "x", "2 to 1224 letters"),
    (values.external_id_problem, 1225 * "x", "2 to 1224 letters"),
    (values.external_id_problem, "a b", "without spaces"),
    (values.external_id_problem, "a;b", "2 to 1224 letters"),
    *((values.external_id_problem, f"ab{bad}", "2 to 1224 letters") for bad in CONTROLS),
    (values.serial_problem, "", "an MFA device is an ARN like"),
    (values.serial_problem, "12345678", "an MFA device is an ARN like"),
    (values.serial_problem, 257 * "x", "an MFA device is an ARN like"),
    (values.serial_problem, "arn:aws:iam::111111111111:user/dev", "an MFA device is an ARN like"),
    (
        values.serial_problem,
        "arn:aws:iam::111111111111:u2f/user/dev/key",
        "a security key (u2f) has no codes",
    ),
    *((values.serial_problem, f"GAHT12345{bad}", "an MFA device is an ARN like") for bad in CONTROLS),
    (mfa_session_problem, "On", "must be one of auto, on, off"),
    (mfa_session_problem, "", "must be one of auto, on, off"),
    (values.seconds_problem, "899", "must be between 900 (15 minutes) and 43200 (12 hours)"),
    (values.seconds_problem, "43201", "must be between 900 (15 minutes) and 43200 (12 hours)"),
    (values.seconds_problem, 5000 * "9", "must be "),
    *(
        (values.seconds_problem, text, "must be a whole number of seconds, such as 3600 for an hour")
        # The last ones are numbers for Python, but for no other SDK that reads the file.
        for text in (
            "",
            "1h",
            "3600s",
            "3600.0",
            "1e3",
            "-900",
            "+900",
            " 900",
            "3_600",
            "\uff19\uff10\uff10",
            "²",
        )
    ),
    (values.region_problem, "", "a region looks like us-west-1"),
    (values.region_problem, "us", "a region looks like us-west-1"),
    (values.region_problem, "US-WEST-1", "a region looks like us-west-1"),
    (values.region_problem, "us_west_1", "a region looks like us-west-1"),
    (values.region_problem, "us-west-1.evil.example/", "a region looks like us-west-1"),
    *((values.region_problem, f"us-west-1{bad}", "a region looks like us-west-1") for bad in CONTROLS),
    *((values.line_problem, f"a{bad}b", "a line break or another control character") for bad in CONTROLS),
    (values.line_problem, " a", "it begins or ends with a space"),
    (values.line_problem, "a ", "it begins or ends with a space"),
    (validation.name_problem, "", "a profile needs a name"),
    (validation.name_problem, "  ", "a profile needs a name"),
    (validation.name_problem, " prod", "begins or ends with a space"),
    (validation.name_problem, "prod ", "begins or ends with a space"),
    (validation.name_problem, "a]b", "contains ], which ends a section header"),
    *((validation.name_problem, f"a{bad}b", "or has a control character") for bad in CONTROLS),
]


@pytest.mark.parametrize(
    ("check", "text"),
    [pytest.param(check, text, id=f"{check.__name__} {text[:40]}") for check, good in GOOD for text in good],
)
def test_values_that_aws_accepts_have_no_problem(check: Check, text: str) -> None:
    assert check(text) is None


@pytest.mark.parametrize(
    ("check", "text", "why"),
    [pytest.param(*case, id=f"{case[0].__name__} {case[1][:40]!a}") for case in BAD],
)
def test_values_that_aws_rejects_name_what_is_valid(check: Check, text: str, why: str) -> None:
    said = check(text)
    assert said is not None
    assert why in said
    assert said.isprintable()


@quickly
@given(text=st.text(max_size=80))
def test_value_checks_accept_any_input(text: str) -> None:
    for check, _ in GOOD:
        said = check(text)
        assert said is None or said.isprintable()


@quickly
@given(name=st.text(min_size=1, max_size=12) | st.text("'\"\\ $#;=:[ab", min_size=1, max_size=6))
@example("default")
@example("profile x")
@example("it's")
def test_profile_name_valid_is_read_back(name: str) -> None:
    assume(validation.name_problem(name) is None)
    document = Document(b"", encoding="utf-8")
    document.set(sections.make_header(name), "role_arn", ARN)
    assert sections.by_name(Document(document.render(), encoding="utf-8").sections()) == {
        name: {"role_arn": ARN}
    }


# -- a profile among others ------------------------------------------------------------------------

KEYS = {"aws_access_key_id": "AKIA1", "aws_secret_access_key": "secret"}
OTHERS: dict[str, dict[str, Any]] = {
    "default": KEYS,
    "china": {**KEYS, "region": "cn-north-1"},
    "empty": {"region": "us-west-1"},
    "dev": {"role_arn": ARN, "source_profile": "default"},
    "long": {"role_arn": ARN, "source_profile": "default", "duration_seconds": "7200"},
    "user": {**KEYS, "mfa_serial": DEVICE, "mfa_session": "on"},
    "loop": {"role_arn": ARN, "source_profile": "prod"},
}


def faults(profile: Mapping[str, Any], *, force: bool = False, **others: Mapping[str, Any]) -> list[str]:
    """Return the problems of the profile `prod` among others."""
    return in_words({**OTHERS, **others, "prod": profile}, force=force)


def in_words(profiles: Mapping[str, Mapping[str, Any]], *, force: bool = False) -> list[str]:
    found = validation.find_problems("prod", profiles, partitions=PARTITIONS, force=force)
    return list(map(str, found))


def role(**options: Any) -> dict[str, Any]:
    return {"role_arn": ARN, "source_profile": "default", **options}


ALLOWED: list[dict[str, Any]] = [
    role(),
    role(region="us-west-1"),
    {"role_arn": ARN, "credential_source": "Ec2InstanceMetadata"},
    role(source_profile="dev"),
    role(source_profile="dev", duration_seconds="3600"),
    role(source_profile="prod", **KEYS),
    role(duration_seconds="43200"),
    role(mfa_serial=DEVICE, duration_seconds="43200"),
    role(mfa_serial=DEVICE, mfa_session="on", duration_seconds="3600"),
    role(mfa_session="on", duration_seconds="43200"),
    role(external_id="tenant/42", role_session_name="me", mfa_process="op item get AWS --otp"),
    role(session_tags="team=ops,env=prod", transitive_session_tags="team", source_identity="me"),
    role(session_tags=",".join(f"{n}={256 * 'v'}" for n in range(50))),
    role(session_tags=f"{128 * 'k'}=v"),
    role(source_profile="user", duration_seconds="3600"),
]


@pytest.mark.parametrize("profile", ALLOWED, ids=lambda profile: " ".join(profile)[:80])
def test_profile_valid_has_no_problems(profile: dict[str, Any]) -> None:
    assert faults(profile) == []


SOME = "possible sources: china, default, dev, long, loop, user"

REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"source_profile": "default"},
        ["--role-arn is missing: for example arn:aws:iam::222222222222:role/NAME"],
    ),
    ({"role_arn": ARN}, ["--source-profile is missing; default could be used"]),
    (
        role(credential_source="Environment"),
        [
            "--source-profile and --credential-source cannot be used together. Remove one:\n"
            '  aws configure role prod --source-profile ""\n'
            '  aws configure role prod --credential-source ""'
        ],
    ),
    (
        role(source_profile="defualt"),
        ["--source-profile 'defualt': there is no such profile; did you mean default?"],
    ),
    (
        role(source_profile="nobody at all"),
        [
            "--source-profile 'nobody at all': there is no such profile; possible sources: china, default, dev, long, "
            "loop, user"
        ],
    ),
    (
        role(source_profile="empty"),
        [f"--source-profile 'empty': that profile has no credentials; {SOME}"],
    ),
    (
        role(source_profile="prod"),
        [f"--source-profile 'prod': that profile has no credentials; {SOME}"],
    ),
    (
        role(source_profile="loop"),
        [
            "profile loop: its source profiles form a loop: prod -> loop -> prod. Break it:\n"
            "  aws configure role loop --source-profile PROFILE"
        ],
    ),
    (
        {"role_arn": ARN, "credential_source": "environment"},
        [
            "profile prod: credential_source 'environment' must be one of Environment, Ec2InstanceMetadata, "
            "EcsContainer. Set one:\n  aws configure role prod --credential-source Environment"
        ],
    ),
    (
        role(source_profile="dev", duration_seconds="3601"),
        [
            "--duration-seconds '3601' is more than 3600 (1 hour), the most that STS gives a role that is "
            "assumed from another role or from a shared MFA session"
        ],
    ),
    (
        role(mfa_serial=DEVICE, mfa_session="on", duration_seconds="3601"),
        [
            "--duration-seconds '3601' is more than 3600 (1 hour), the most that STS gives a role that is "
            "assumed from another role or from a shared MFA session"
        ],
    ),
    (
        role(source_profile="user", duration_seconds="3601"),
        [
            "--duration-seconds '3601' is more than 3600 (1 hour), the most that STS gives a role that is "
            "assumed from another role or from a shared MFA session"
        ],
    ),
    (
        {
            "role_arn": ARN,
            "credential_source": "EcsContainer",
            "duration_seconds": "3601",
            "mfa_serial": DEVICE,
        },
        [
            "profile prod: mfa_serial cannot be used here, because its source EcsContainer gives a role's session, "
            "the container's, and STS accepts an MFA code from an IAM user only. Remove it:\n"
            "  aws configure role prod --mfa-serial none",
            "--duration-seconds '3601' is more than 3600 (1 hour), the most that STS gives a role that is "
            "assumed from another role or from a shared MFA session; its source EcsContainer gives a role's "
            "session, the container's",
        ],
    ),
    (
        role(source_profile="long", duration_seconds="900"),
        [],
    ),
    (
        role(source_profile="dev", mfa_serial=DEVICE),
        [
            "profile prod: mfa_serial cannot be used here, because its source dev is a role and STS accepts an MFA "
            "code from an IAM user only. Set it on the first role of the chain:\n"
            f"  aws configure role dev --mfa-serial {DEVICE}\n"
            "  aws configure role prod --mfa-serial none"
        ],
    ),
    (
        role(region="cn-north-1"),
        [
            f"--role-arn '{ARN}' is in partition aws, but profile prod has region cn-north-1 of "
            "partition aws-cn; a role cannot be assumed across partitions"
        ],
    ),
    (
        role(source_profile="china"),
        [
            f"--role-arn '{ARN}' is in partition aws, but its source china has region cn-north-1 of "
            "partition aws-cn; a role cannot be assumed across partitions"
        ],
    ),
    (
        role(sso_session="corp", credential_process="op", web_identity_token_file="/t", login_session="x"),
        [
            "profile prod also has credential_process, login_session, sso_session, web_identity_token_file, and "
            "only one of the two would be used. Use another profile name, or write it all the same:\n"
            "  aws configure role prod --force"
        ],
    ),
    (
        role(**KEYS),
        [
            "profile prod also has aws_access_key_id, aws_secret_access_key, and only one of the two would be used. "
            "Use another profile name, or write it all the same:\n  aws configure role prod --force"
        ],
    ),
    (role(session_tags="team"), ["--session-tags 'team': 'team' is not KEY=VALUE"]),
    (
        role(session_tags="team=a\nb"),
        ["--session-tags 'team=a\\nb': it contains a line break or another control character"],
    ),
    (
        role(session_tags="team=a,Team=b"),
        [
            "--session-tags 'team=a,Team=b': the key 'Team' is repeated (case does not matter)",
        ],
    ),
    (
        role(session_tags="team=a", transitive_session_tags="team,env"),
        ["--transitive-session-tags 'team,env': the key 'env' is not among the session's tags"],
    ),
    (
        role(mfa_process="op\nrm"),
        ["--mfa-process 'op\\nrm': it contains a line break or another control character"],
    ),
    (
        role(source_identity="x"),
        ["--source-identity 'x': must be 2 to 64 letters, digits or any of +=,.@-_, without spaces"],
    ),
    (
        role(source_profile={"a": "b"}),
        ["--source-profile \"{'a': 'b'}\": must be one line, not an indented block"],
    ),
]


@pytest.mark.parametrize(
    ("profile", "said"), REFUSED, ids=[" ".join(map(str, case.values()))[:80] for case, _ in REFUSED]
)
def test_profile_invalid_has_its_problem(profile: dict[str, Any], said: list[str]) -> None:
    assert faults(profile) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(50, []), (51, ["51 tags are more than the 50 that STS allows"])],
)
def test_tags_are_at_most_fifty(count: int, said: list[str]) -> None:
    found = faults(role(session_tags=",".join(f"{number}=" for number in range(count))))
    assert [fault.rpartition(": ")[2] for fault in found] == said


@pytest.mark.parametrize("tag", [f"{129 * 'k'}=v", f"k={257 * 'v'}", "=v", "a*=b", "aws:x=y"])
def test_tag_that_sts_rejects_is_a_problem(tag: str) -> None:
    assert len(faults(role(session_tags=tag))) == 1


def test_problems_are_all_reported_at_once() -> None:
    """Users should not need one attempt per problem."""
    found = faults(
        {
            "role_arn": "arn:aws:iam::2222:role/Name",
            "mfa_serial": "arn:aws:iam::111111111111:u2f/user/dev/key",
            "mfa_session": "maybe",
            "external_id": "a b",
            "role_session_name": "x",
            "region": "Oregon",
            "duration_seconds": "2h",
            "source_identity": "",
            "session_tags": "team",
            "transitive_session_tags": "env",
            "mfa_process": "\n",
            "sso_session": "corp",
        }
    )
    assert [fault.split(" ")[0] for fault in found] == [
        "--role-arn",
        "--mfa-serial",
        "--mfa-process",
        "--mfa-session",
        "--external-id",
        "--role-session-name",
        "--duration-seconds",
        "--session-tags",
        "--transitive-session-tags",
        "--source-identity",
        "--region",
        "--source-profile",
        "profile",
    ]


def test_problems_of_a_chain_are_all_reported_at_once() -> None:
    found = faults(role(source_profile="dev", mfa_serial=DEVICE, mfa_session="x", duration_seconds="7200"))
    assert [fault.split(":")[0].split(" '")[0] for fault in found] == [
        "--mfa-session",
        "profile prod",
        "--duration-seconds",
    ]


def test_duration_invalid_is_reported_once() -> None:
    assert len(faults(role(source_profile="dev", duration_seconds="2h"))) == 1
    assert len(faults(role(source_profile="dev", duration_seconds="99999"))) == 1


@pytest.mark.parametrize("key", ["sso_session", "credential_process", "web_identity_token_file"])
def test_force_allows_only_other_credentials_of_the_profile(key: str) -> None:
    assert faults(role(**{key: "x"}), force=True) == []
    assert len(faults(role(**{key: "x"}, external_id="x"), force=True)) == 1


def test_source_missing_names_how_to_create_one() -> None:
    found = in_words({"prod": {"role_arn": ARN}})
    assert found == [
        "--source-profile is missing, and the profile default has no credentials; possible sources: none; create "
        "one with: aws configure"
    ]


def test_source_missing_names_some_of_many_profiles() -> None:
    many = {f"user{number:02}": KEYS for number in range(30)}
    found = in_words({**many, "prod": role()})
    assert found == [
        "--source-profile 'default': there is no such profile; possible sources: "
        + ", ".join(f"user{number:02}" for number in range(10))
        + " and 20 more"
    ]


odd_values = st.sampled_from(["", " ", "x", "\n", "default", "dev", "prod", "3600", ARN, DEVICE]) | st.just(
    {"a": "b"}
)
odd_profiles = st.dictionaries(
    st.sampled_from(
        [
            *("role_arn", "source_profile", "credential_source", "mfa_serial", "mfa_session", "mfa_process"),
            *("external_id", "role_session_name", "duration_seconds", "region", "session_tags"),
            *("transitive_session_tags", "source_identity", "aws_access_key_id", "sso_session"),
        ]
    ),
    odd_values,
)


@quickly
@given(profile=odd_profiles, other=odd_profiles, force=st.booleans())
def test_validation_accepts_any_config_file(
    profile: dict[str, Any], other: dict[str, Any], force: bool
) -> None:
    found = faults(profile, force=force, dev=other)
    assert all(isinstance(fault, str) and fault for fault in found)
    assert len(set(found)) == len(found)


@quickly
@given(profile=st.sampled_from(ALLOWED), key=st.integers(), place=st.integers(0, 80), odd=st.text(max_size=2))
def test_profile_without_problems_is_read_back_unchanged(
    profile: dict[str, str], key: int, place: int, odd: str
) -> None:
    """The editor would refuse line endings and the like; validation must find them first."""
    settable = sorted(profile.keys() - KEYS.keys() - {"source_profile", "credential_source"})
    edited = settable[key % len(settable)]
    text = profile[edited]
    changed = {**profile, edited: text[:place] + odd + text[place:]}
    assume(not faults(changed))
    document = Document(b"", encoding="utf-8")
    for name, text in changed.items():
        document.set("profile prod", name, text)
    assert Document(document.render(), encoding="utf-8").sections() == {"profile prod": changed}


# -- what a new profile takes over -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "serial"),
    [
        pytest.param({**KEYS, "mfa_serial": DEVICE}, DEVICE, id="a user with a device"),
        pytest.param(KEYS, None, id="a user without one"),
        pytest.param(
            {"role_arn": ARN, "mfa_serial": DEVICE}, None, id="a role, whose device is its own affair"
        ),
        pytest.param(
            {"sso_account_id": "1", "mfa_serial": DEVICE}, None, id="a role's session, which has none"
        ),
    ],
)
def test_mfa_device_of_a_source_is_that_of_its_roles(source: dict[str, str], serial: str | None) -> None:
    assert validation.find_inherited_mfa_serial({"source": source}, "source") == serial
    assert validation.find_inherited_mfa_serial({}, "source") is None


def test_options_have_the_names_of_their_keys() -> None:
    assert option("role_session_name") == "--role-session-name"


def test_hints_are_for_the_first_problems_of_many_profiles() -> None:
    """Looking for a similar name for each of 10,000 misspelled ones took minutes."""
    number = MAX_HINTS + 5
    profiles = {**OTHERS, **{f"p{n}": role(source_profile="defualt") for n in range(number)}}
    hints = Hints()
    found = [
        str(problem)
        for n in range(number)
        for problem in validation.find_problems(f"p{n}", profiles, partitions=PARTITIONS, hints=hints)
    ]
    plain = "--source-profile 'defualt': there is no such profile"
    assert found == [f"{plain}; did you mean default?"] * MAX_HINTS + [plain] * 5
