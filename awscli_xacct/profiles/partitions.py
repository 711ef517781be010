"""The AWS partitions in botocore's list, and which of them a region belongs to.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

import json
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple


class Console(NamedTuple):
    """The hosts of a partition's console: for signing in or switching roles, and for its pages."""

    signin: str
    pages: str


CONSOLES = {
    "aws": Console("signin.aws.amazon.com", "console.aws.amazon.com"),
    "aws-cn": Console("signin.amazonaws.cn", "console.amazonaws.cn"),
    "aws-us-gov": Console("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
    "aws-eusc": Console("eusc-de-east-1.signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
}
"""The partitions with a public console. Botocore has no list of them.

The European Sovereign Cloud has one region, and no sign-in host without it.
https://docs.aws.amazon.com/general/latest/gr/signin-service.html
"""


class Partitions:
    """`data` is botocore's ``partitions.json``."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._partitions = {str(partition["id"]): partition for partition in data["partitions"]}

    @property
    def names(self) -> list[str]:
        return list(self._partitions)

    def of_region(self, region: str) -> str | None:
        """Return the partition of a region, known or named like its partition's regions; None for any other name."""
        for name, partition in self._partitions.items():
            if region in partition["regions"]:
                return name
        for name, partition in self._partitions.items():
            if re.fullmatch(partition["regionRegex"], region):
                return name
        return None

    def default_region(self, name: str) -> str | None:
        """Return a region to call in a partition if none is named; None for an unknown partition."""
        partition = self._partitions.get(name)
        if partition is None:
            return None
        # The list in AWS CLI v2 lacks the first.
        named = partition.get("outputs", {}).get("implicitGlobalRegion")
        return named or min(
            (region for region in partition["regions"] if "global" not in region), default=None
        )


def load_partitions() -> Partitions | None:
    """Return the partitions that the awscli of this Python knows, without importing it; None without an awscli."""
    for package in ("awscli", "botocore"):
        spec = find_spec(package)
        for directory in (spec.submodule_search_locations or []) if spec else []:
            for file in sorted(Path(directory).glob("**/data/partitions.json"))[:1]:
                return Partitions(json.loads(file.read_bytes()))
    return None
