"""The region, or at least the partition, of a profile without its own region."""

from __future__ import annotations

import pytest
from botocore.loaders import create_loader

from awscli_xacct.profiles.defaults import build_role_arn
from awscli_xacct.profiles.partitions import Partitions
from awscli_xacct.profiles.regions import find_partition, find_region

ROLE = "arn:aws-cn:iam::222222222222:role/Power"
DEVICE = "arn:aws-us-gov:iam::111111111111:mfa/dev"


@pytest.mark.parametrize(
    ("profiles", "region"),
    [
        ({"a": {"region": "r", "source_profile": "b"}, "b": {"region": "s"}}, "r"),
        ({"a": {"source_profile": "b"}, "b": {"source_profile": "c"}, "c": {"region": "t"}}, "t"),
        ({"a": {"region": "", "source_profile": "b"}, "b": {"region": "s"}}, "s"),
        ({"a": {"source_profile": "a"}}, None),
        ({"a": {"source_profile": "b"}, "b": {"source_profile": "a"}}, None),
        ({"a": {"source_profile": "gone"}}, None),
        ({"a": {"credential_source": "Environment"}}, None),
        ({"a": {"region": {"x": "y"}}}, None),
        ({}, None),
    ],
)
def test_region_is_that_of_the_first_profile_with_one(
    profiles: dict[str, dict[str, str]], region: str | None
) -> None:
    assert find_region(profiles, "a") == region


@pytest.mark.parametrize(
    ("options", "partition"),
    [
        ({"role_arn": ROLE, "mfa_serial": DEVICE}, "aws-cn"),
        ({"mfa_serial": DEVICE}, "aws-us-gov"),
        ({"mfa_serial": "GAHT12345678"}, None),
        ({"role_arn": "arn", "mfa_serial": ""}, None),
        ({}, None),
    ],
)
def test_partition_comes_from_the_role_or_the_device(options: dict[str, str], partition: str | None) -> None:
    assert find_partition(options) == partition


@pytest.mark.parametrize(
    "profiles",
    [
        {"dev": {"region": "cn-north-1"}},
        {"dev": {"role_arn": ROLE, "source_profile": "user"}, "user": {"region": "cn-north-1"}},
        {"dev": {"role_arn": ROLE, "source_profile": "user"}, "user": {}},
    ],
)
def test_partition_of_a_role_given_by_name_is_that_of_its_source(
    profiles: dict[str, dict[str, str]],
) -> None:
    partitions = Partitions(create_loader().load_data("partitions"))
    wanted = {"source_profile": "dev"}
    assert build_role_arn("prod", "222222222222", "Power", profiles, wanted, partitions) == ROLE
