"""AWS partitions, from the list botocore carries: which there are, and which a region belongs to.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class Console(NamedTuple):
    """The hosts of a partition's console: where one signs in or switches role, and where its pages are."""

    signin: str
    pages: str


CONSOLES = {
    "aws": Console("signin.aws.amazon.com", "console.aws.amazon.com"),
    "aws-cn": Console("signin.amazonaws.cn", "console.amazonaws.cn"),
    "aws-us-gov": Console("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
}
"""Those of the partitions that have a public console. Botocore does not know them."""


class Partitions:
    """`data` is botocore's ``partitions.json``."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._partitions = {str(partition["id"]): partition for partition in data["partitions"]}

    @property
    def names(self) -> list[str]:
        return list(self._partitions)

    def of_region(self, region: str) -> str | None:
        """The partition of a region, of a future one too if its name fits; None if no name fits."""
        for name, partition in self._partitions.items():
            if region in partition["regions"]:
                return name
        for name, partition in self._partitions.items():
            if re.fullmatch(partition["regionRegex"], region):
                return name
        return None

    def default_region(self, name: str) -> str | None:
        """A region of a partition to call where none is named; None for a partition that is not known."""
        partition = self._partitions.get(name)
        if partition is None:
            return None
        # AWS CLI v2 has not been told of the first.
        named = partition.get("outputs", {}).get("implicitGlobalRegion")
        return named or min(
            (region for region in partition["regions"] if "global" not in region), default=None
        )
