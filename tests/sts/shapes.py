"""What a parameter may look like, and the words STS refuses it with.

Lengths and patterns: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .messages import Refusal


@dataclass(frozen=True)
class Shape:
    """A text of `low` to `high` characters, every one of them in `pattern`."""

    low: int
    high: int
    pattern: str = ""


ROLE_ARN = Shape(20, 2048)
SESSION_NAME = Shape(2, 64, r"[\w+=,.@-]*")
SOURCE_IDENTITY = Shape(2, 64, r"[\w+=,.@-]*")
EXTERNAL_ID = Shape(2, 1224, r"[\w+=,.@:\/-]*")
SERIAL_NUMBER = Shape(9, 256, r"[\w+=/:,.@-]*")
TOKEN_CODE = Shape(6, 6, r"[\d]*")
TAG_KEY = Shape(1, 128)
TAG_VALUE = Shape(0, 256)
MAX_TAGS = 50

_ROLE_ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/(?:[\x21-\x7e]*/)?[\w+=,.@-]{1,64}", re.ASCII)


def members(parameters: Mapping[str, str], name: str) -> list[str]:
    """A list parameter: the values of `NAME.member.1`, `NAME.member.2`, …"""
    return [value for _, value in _numbered(parameters, name, "")]


def tags(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    """The session tags, as (key, value) in the order given, duplicates included."""
    return [
        (key, parameters.get(f"Tags.member.{number}.Value", ""))
        for number, key in _numbered(parameters, "Tags", ".Key")
    ]


class Checked:
    """Reads parameters and remembers those out of shape; `finish` refuses them all at once, as STS does."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._faults: list[str] = []

    def text(self, name: str, shape: Shape) -> str:
        """A parameter that must be there."""
        value = self.optional(name, shape)
        if value is None:
            self._fault("null", name, "Member must not be null", quoted=False)
        return value or ""

    def optional(self, name: str, shape: Shape) -> str | None:
        """A parameter, or None."""
        value = self._parameters.get(name)
        if value is not None:
            self._check(value, name, shape)
        return value

    def seconds(self, name: str, low: int, high: int, default: int) -> int:
        """A duration in seconds, `default` when it was not sent."""
        value = self._parameters.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?\d{1,10}", value, re.ASCII):
            raise Refusal(400, "MalformedInput", f"{name} is not a whole number: {value}")
        if int(value) < low:
            self._fault(value, name, f"Member must have value greater than or equal to {low}")
        if int(value) > high:
            self._fault(value, name, f"Member must have value less than or equal to {high}")
        return int(value)

    def tags(self) -> dict[str, str]:
        """The session tags. Raises Refusal where two keys differ in case alone."""
        given = tags(self._parameters)
        if len(given) > MAX_TAGS:
            self._fault(str(given), "Tags", f"Member must have length less than or equal to {MAX_TAGS}")
        for number, (key, value) in enumerate(given, 1):
            self._check(key, f"tags.{number}.member.key", TAG_KEY)
            self._check(value, f"tags.{number}.member.value", TAG_VALUE)
        if len({key.lower() for key, _ in given}) < len(given):
            raise Refusal(
                400,
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            )
        return dict(given)

    def transitive(self, among: Mapping[str, str]) -> frozenset[str]:
        """The keys, in lower case, of the tags that roles assumed from this session inherit."""
        keys = {key.lower() for key in members(self._parameters, "TransitiveTagKeys")}
        if not keys <= {key.lower() for key in among}:
            raise Refusal(
                400,
                "InvalidParameterValue",
                "The specified transitive tag key must be included in the requested tags.",
            )
        return frozenset(keys)

    def finish(self) -> None:
        """Raise Refusal (ValidationError) if anything was out of shape."""
        if self._faults:
            plural = "s" if len(self._faults) > 1 else ""
            raise invalid(f"{len(self._faults)} validation error{plural} detected: {'; '.join(self._faults)}")

    def _check(self, value: str, name: str, shape: Shape) -> None:
        if len(value) < shape.low:
            self._fault(value, name, f"Member must have length greater than or equal to {shape.low}")
        if len(value) > shape.high:
            self._fault(value, name, f"Member must have length less than or equal to {shape.high}")
        if shape.pattern and not re.fullmatch(shape.pattern, value, re.ASCII):
            self._fault(value, name, f"Member must satisfy regular expression pattern: {shape.pattern}")

    def _fault(self, value: str, name: str, constraint: str, *, quoted: bool = True) -> None:
        shown = f"'{value}'" if quoted else value
        place = name[0].lower() + name[1:]
        self._faults.append(f"Value {shown} at '{place}' failed to satisfy constraint: {constraint}")


def check_role_arn(arn: str) -> None:
    """Raise Refusal unless this is the ARN of a role, whether or not there is such a role."""
    if not _ROLE_ARN.fullmatch(arn):
        raise invalid(f"{arn} is invalid")


def invalid(message: str) -> Refusal:
    """A ValidationError."""
    return Refusal(400, "ValidationError", message)


def _numbered(parameters: Mapping[str, str], name: str, suffix: str) -> Iterator[tuple[int, str]]:
    number = 1
    while (value := parameters.get(f"{name}.member.{number}{suffix}")) is not None:
        yield number, value
        number += 1
