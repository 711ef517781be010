"""Resources in the accounts: functions that create single ones, and the scenes of the demo."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .process import EmbeddedAws

DEV = "111111111111"
PROD = "222222222222"
REGION = "us-west-1"


class AccessKey(NamedTuple):
    """Long-term keys of an IAM user, as issued by IAM."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class Walkthrough:
    """The scene of the walkthrough: a user in Dev who may assume a role in Prod, and instances in both accounts."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    user_arn: str
    role_arn: str
    dev_instances: frozenset[str]
    prod_instances: frozenset[str]
    dev_account: str = DEV
    prod_account: str = PROD
    region: str = REGION


def lay_out_walkthrough(aws: EmbeddedAws) -> Walkthrough:
    """Do steps 2 and 3 of the walkthrough, and run instances for it to find."""
    keys = create_user(aws, DEV, "dev")
    user_arn = f"arn:aws:iam::{DEV}:user/dev"
    role_arn = create_role(aws, PROD, "CrossAccountPowerUser", trusted=user_arn)
    aws.client("iam", PROD).attach_role_policy(
        RoleName="CrossAccountPowerUser", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    aws.client("iam", DEV).put_user_policy(
        UserName="dev",
        PolicyName="ProdAccountAccess",
        PolicyDocument=_policy(Effect="Allow", Action="sts:AssumeRole", Resource=role_arn),
    )
    return Walkthrough(
        *keys,
        user_arn=user_arn,
        role_arn=role_arn,
        dev_instances=frozenset(run_instance(aws, DEV, name) for name in ("dev-web", "dev-sandbox")),
        prod_instances=frozenset(run_instance(aws, PROD, name) for name in ("prod-web", "prod-db")),
    )


@dataclass(frozen=True)
class Organization:
    """The scene of the last part: Dev's organization, with an instance in each account of one unit.

    `instances` has the instance ids by account name; `closed` is the id of an account that is no longer active.
    """

    unit: str
    accounts: dict[str, str]
    instances: dict[str, str]
    closed: str
    role_name: str = "OrganizationAccountAccessRole"


TEAMS = ("Payments", "Data & Reports")


def lay_out_organization(aws: EmbeddedAws) -> Organization:
    """Create an organization managed by Dev: three accounts for each of two teams, and a closed one."""
    root = create_organization(aws, DEV)
    workloads = create_unit(aws, DEV, root, "Workloads")
    accounts = {}
    for team in TEAMS:
        unit = create_unit(aws, DEV, workloads, team)
        for stage in ("dev", "staging", "prod"):
            name = f"{team} ({stage})"
            accounts[name] = create_account(aws, DEV, name, unit=unit, root=root)
    closed = create_account(aws, DEV, "Abandoned", unit=workloads, root=root)
    aws.client("organizations", DEV).close_account(AccountId=closed)
    return Organization(
        unit=workloads,
        accounts=accounts,
        instances={name: run_instance(aws, number, name) for name, number in accounts.items()},
        closed=closed,
    )


def create_organization(aws: EmbeddedAws, management: str) -> str:
    """Create an organization with this management account; return the id of its root."""
    organizations = aws.client("organizations", management)
    organizations.create_organization(FeatureSet="ALL")
    return str(organizations.list_roots()["Roots"][0]["Id"])


def create_unit(aws: EmbeddedAws, management: str, parent: str, name: str) -> str:
    """Create an organizational unit below a root or another unit; return its id."""
    organizations = aws.client("organizations", management)
    unit = organizations.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]
    return str(unit["Id"])


def create_account(
    aws: EmbeddedAws, management: str, name: str, *, unit: str | None = None, root: str | None = None
) -> str:
    """Create an account in the organization, in `unit` below `root` if given; return its id.

    As in AWS, it gets the role OrganizationAccountAccessRole, which trusts the management account.
    """
    organizations = aws.client("organizations", management)
    made = organizations.create_account(AccountName=name, Email=f"{len(name)}@example.com")
    account_id = str(made["CreateAccountStatus"]["AccountId"])
    if unit:
        organizations.move_account(AccountId=account_id, SourceParentId=root, DestinationParentId=unit)
    return account_id


def create_user(aws: EmbeddedAws, account_id: str, name: str, region: str = REGION) -> AccessKey:
    """Create an IAM user in the region's partition, and return its access key."""
    iam = aws.client("iam", account_id, region)
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return AccessKey(key["AccessKeyId"], key["SecretAccessKey"])


def create_role(aws: EmbeddedAws, account_id: str, name: str, *, trusted: str) -> str:
    """Create a role that trusts the principal `trusted` (an ARN); return the role's ARN."""
    trust = _policy(Effect="Allow", Principal={"AWS": trusted}, Action="sts:AssumeRole")
    role = aws.client("iam", account_id).create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return str(role["Role"]["Arn"])


def run_instance(aws: EmbeddedAws, account_id: str, name: str, region: str = REGION) -> str:
    """Run an EC2 instance with a Name tag; return its id."""
    reservation = aws.client("ec2", account_id, region).run_instances(
        ImageId="ami-0123456789abcdef0",
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )
    return str(reservation["Instances"][0]["InstanceId"])


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
