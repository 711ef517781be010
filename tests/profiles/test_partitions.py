"""The partitions, and the partition of each region, compared with botocore's own list."""

from __future__ import annotations

import botocore.session
import pytest

from awscli_xacct.profiles.partitions import Partitions


@pytest.fixture(scope="module")
def partitions() -> Partitions:
    loader = botocore.session.Session().get_component("data_loader")
    return Partitions(loader.load_data("partitions"))


def test_partitions_are_all_known(partitions: Partitions) -> None:
    known = {"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"}
    assert known <= set(partitions.names)


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-west-1", "aws"),
        ("eu-central-1", "aws"),
        ("aws-global", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
    ],
)
def test_region_belongs_to_a_partition(partitions: Partitions, region: str, partition: str) -> None:
    assert partitions.of_region(region) == partition


def test_region_unknown_is_matched_by_its_name(partitions: Partitions) -> None:
    assert partitions.of_region("us-west-99") == "aws"
    assert partitions.of_region("cn-south-99") == "aws-cn"


@pytest.mark.parametrize("region", ["", "nowhere", "us-west-1\n", "us west 1", "mars-north-1"])
def test_region_invalid_has_no_partition(partitions: Partitions, region: str) -> None:
    assert partitions.of_region(region) is None
