"""The explanation of an access denied error: likely causes and the policy statements that are needed."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awscli_xacct.credentials.access_denied import Denial, explain_denial
from awscli_xacct.credentials.sts import clock_problem
from awscli_xacct.profiles.role import Role
from awscli_xacct.profiles.source import Source
from awscli_xacct.storage.cache import Record

ARN = "arn:aws:iam::222222222222:role/Power"
USER = "arn:aws:iam::111111111111:user/dev"
DEVICE = "arn:aws:iam::111111111111:mfa/dev"
NOW = 1_790_000_000.0

NO_ROLE = "the role may not exist: check the account and the name in its ARN"
MFA = "the role may require MFA, and the profile has no device: aws configure role prod --mfa-serial auto"
EXTERNAL_ID = (
    "the role may require an external id, and the profile has none: aws configure role prod --external-id ID"
)
OTHER_ID = (
    "the role may require another external id than the profile's: aws configure role prod --external-id ID"
)
NEW = "the role, its trust policy or the caller's policy may be new: IAM changes take seconds to take effect"


def role(arn: str = ARN, source: Role | None = None, **settings: Any) -> Role:
    return Role("prod", arn, source or Source("default", None, {}), **settings)


def refusal(action: str = "sts:AssumeRole", date: float | None = NOW) -> ClientError:
    """Return STS's error, with the time of its clock."""
    headers = {} if date is None else {"date": formatdate(date, usegmt=True)}
    message = f"User: {USER} is not authorized to perform: {action} on resource: {ARN}"
    return ClientError(
        {
            "Error": {"Code": "AccessDenied", "Message": message},
            "ResponseMetadata": {"HTTPHeaders": headers},
        },
        "AssumeRole",
    )


def explained(refused: Role, caller: str = USER, error: Exception | None = None, **more: Any) -> Denial:
    return explain_denial(refused, caller, error or refusal(), now=NOW, **more)


def test_denial_shows_both_policy_statements() -> None:
    denial = explained(role())
    assert denial.trust_statement == {
        "Effect": "Allow",
        "Principal": {"AWS": USER},
        "Action": "sts:AssumeRole",
    }
    assert denial.caller_statement == {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ARN}
    assert denial.causes == [NO_ROLE, MFA, EXTERNAL_ID, NEW]


def test_denial_statements_include_what_the_profile_sends() -> None:
    sent = role(
        mfa_serial=DEVICE, external_id="42", session_tags={"team": "ops"}, source_identity="dev@example.com"
    )
    denial = explained(sent)
    assert denial.trust_statement == {
        "Effect": "Allow",
        "Principal": {"AWS": USER},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "StringEquals": {"sts:ExternalId": "42"},
        },
    }
    assert denial.caller_statement["Action"] == ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    assert denial.causes == [NO_ROLE, OTHER_ID, NEW]


@pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity"])
def test_denial_statements_include_tags_and_identity_of_an_earlier_hop(action: str) -> None:
    denial = explained(role(), error=refusal(action))
    assert denial.trust_statement["Action"] == ["sts:AssumeRole", action]
    assert denial.causes[0] == f"one of the two policies allows sts:AssumeRole, but not {action}"


@pytest.mark.parametrize(
    ("caller", "principal", "condition"),
    [
        (USER, USER, None),
        (
            "arn:aws:sts::111111111111:assumed-role/Jump/session",
            "arn:aws:iam::111111111111:role/Jump",
            None,
        ),
        (
            "arn:aws-cn:sts::111111111111:assumed-role/Jump/session",
            "arn:aws-cn:iam::111111111111:role/Jump",
            None,
        ),
        (
            "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/me@example.com",
            "arn:aws:iam::111111111111:root",
            {
                "ArnLike": {
                    "aws:PrincipalArn": "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/*"
                    "AWSReservedSSO_Admin_0123456789abcdef"
                }
            },
        ),
        (
            "arn:aws:sts::111111111111:federated-user/bob",
            "arn:aws:sts::111111111111:federated-user/bob",
            None,
        ),
        ("nonsense", "nonsense", None),
    ],
)
def test_denial_trust_statement_names_a_session_by_its_role(
    caller: str, principal: str, condition: dict[str, Any] | None
) -> None:
    statement = explained(role(), caller).trust_statement
    assert (statement["Principal"], statement.get("Condition")) == ({"AWS": principal}, condition)


def test_denial_of_a_chained_role_names_the_caller_with_its_path() -> None:
    first = role("arn:aws:iam::222222222222:role/team/ops/Jump")
    denial = explained(role(source=first), "arn:aws:sts::222222222222:assumed-role/Jump/session")
    assert denial.trust_statement["Principal"] == {"AWS": "arn:aws:iam::222222222222:role/team/ops/Jump"}
    # A role assumed from another role has no MFA device.
    assert denial.causes == [NO_ROLE, EXTERNAL_ID, NEW]


def test_denial_causes_begin_with_another_partition() -> None:
    denial = explained(role("arn:aws-cn:iam::222222222222:role/Power"))
    assert denial.causes[0] == (
        f"the role is in another partition than the caller {USER}; roles cannot be assumed across partitions"
    )


def test_denial_causes_begin_with_a_root_user() -> None:
    denial = explained(role(), "arn:aws:iam::111111111111:root")
    assert denial.causes[0] == "a root user cannot assume roles; use the keys of an IAM user"


def test_denial_causes_name_the_age_of_the_mfa_session() -> None:
    session = Record("key", "secret", "token", NOW + 1000, NOW, metadata={"obtained": NOW - 7260})
    denial = explained(role(mfa_serial=DEVICE), session=session)
    assert denial.causes == [
        NO_ROLE,
        EXTERNAL_ID,
        "the MFA session is 121 min old, and the role may require a newer one: aws:MultiFactorAuthAge",
        NEW,
    ]


@pytest.mark.parametrize(
    ("date", "fault"),
    [
        (NOW - 3600, "the local clock is 3600 s ahead of the service's; correct it"),
        (NOW + 600, "the local clock is 600 s behind the service's; correct it"),
        (NOW + 59, None),
        (NOW - 59, None),
        (None, None),
    ],
)
def test_denial_causes_name_a_wrong_clock_by_the_date_header(date: float | None, fault: str | None) -> None:
    error = refusal(date=date)
    assert clock_problem(error, NOW) == fault
    assert (fault in explained(role(), error=error).causes) is (fault is not None)


@pytest.mark.parametrize("headers", [{"date": "yesterday"}, {"date": None}, {}, None])
def test_denial_without_a_date_header_does_not_blame_the_clock(headers: Any) -> None:
    error = ClientError({"Error": {}, "ResponseMetadata": {"HTTPHeaders": headers}}, "AssumeRole")
    assert clock_problem(error, NOW) is None
    assert clock_problem(ValueError(), NOW) is None
