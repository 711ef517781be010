"""The shapes of parameters, and the messages with which STS refuses invalid ones.

Lengths and patterns: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .messages import Refusal


@dataclass(frozen=True)
class Shape:
    """A string of `low` to `high` characters that matches `pattern`."""

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
    """Return the values of a list parameter: `NAME.member.1`, `NAME.member.2`, …"""
    return [value for _, value in _numbered(parameters, name, "")]


def tags(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the session tags as (key, value), in the order sent, including duplicates."""
    return [
        (key, parameters.get(f"Tags.member.{number}.Value", ""))
        for number, key in _numbered(parameters, "Tags", ".Key")
    ]


def policy_arns(parameters: Mapping[str, str]) -> list[str]:
    """Return the ARNs of the managed session policies."""
    return [arn for _, arn in _numbered(parameters, "PolicyArns", ".arn")]


class ParameterReader:
    """Reads parameters and collects the invalid ones; `raise_if_invalid` reports them all at once, as STS does."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._problems: list[str] = []

    def text(self, name: str, shape: Shape) -> str:
        """Return a required parameter."""
        value = self.optional(name, shape)
        if value is None:
            self._add_problem("null", name, "Member must not be null", quoted=False)
        return value or ""

    def optional(self, name: str, shape: Shape) -> str | None:
        """Return a parameter, or None if it was not sent."""
        value = self._parameters.get(name)
        if value is not None:
            self._check(value, name, shape)
        return value

    def seconds(self, name: str, low: int, high: int, default: int) -> int:
        """Return a duration in seconds, or `default` if it was not sent."""
        value = self._parameters.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?\d{1,10}", value, re.ASCII):
            raise Refusal(400, "MalformedInput", f"{name} is not a whole number: {value}")
        if int(value) < low:
            self._add_problem(value, name, f"Member must have value greater than or equal to {low}")
        if int(value) > high:
            self._add_problem(value, name, f"Member must have value less than or equal to {high}")
        return int(value)

    def tags(self) -> dict[str, str]:
        """Return the session tags. Raises Refusal if two keys differ only in case."""
        given = tags(self._parameters)
        if len(given) > MAX_TAGS:
            self._add_problem(str(given), "Tags", f"Member must have length less than or equal to {MAX_TAGS}")
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
        """Return the transitive tag keys, in lower case. Raises Refusal if one is not in `among`."""
        keys = {key.lower() for key in members(self._parameters, "TransitiveTagKeys")}
        if not keys <= {key.lower() for key in among}:
            raise Refusal(
                400,
                "InvalidParameterValue",
                "The specified transitive tag key must be included in the requested tags.",
            )
        return frozenset(keys)

    def policy_arns(self, shape: Shape, most: int) -> list[str]:
        """Return the ARNs of managed session policies."""
        arns = policy_arns(self._parameters)
        if len(arns) > most:
            self._add_problem(
                str(arns), "PolicyArns", f"Member must have length less than or equal to {most}", quoted=False
            )
        for number, arn in enumerate(arns, 1):
            self._check(arn, f"policyArns.{number}.member.arn", shape)
        return arns

    def raise_if_invalid(self) -> None:
        """Raise Refusal (ValidationError) if any parameter is invalid."""
        if self._problems:
            plural = "s" if len(self._problems) > 1 else ""
            raise validation_error(
                f"{len(self._problems)} validation error{plural} detected: {'; '.join(self._problems)}"
            )

    def _check(self, value: str, name: str, shape: Shape) -> None:
        if len(value) < shape.low:
            self._add_problem(value, name, f"Member must have length greater than or equal to {shape.low}")
        if len(value) > shape.high:
            self._add_problem(value, name, f"Member must have length less than or equal to {shape.high}")
        if shape.pattern and not re.fullmatch(shape.pattern, value, re.ASCII):
            self._add_problem(value, name, f"Member must satisfy regular expression pattern: {shape.pattern}")

    def _add_problem(self, value: str, name: str, constraint: str, *, quoted: bool = True) -> None:
        shown = f"'{value}'" if quoted else value
        place = name[0].lower() + name[1:]
        self._problems.append(f"Value {shown} at '{place}' failed to satisfy constraint: {constraint}")


def check_role_arn(arn: str) -> None:
    """Raise Refusal unless this has the form of a role's ARN; the role need not exist."""
    if not _ROLE_ARN.fullmatch(arn):
        raise validation_error(f"{arn} is invalid")


def validation_error(message: str) -> Refusal:
    """Return a ValidationError."""
    return Refusal(400, "ValidationError", message)


def _numbered(parameters: Mapping[str, str], name: str, suffix: str) -> Iterator[tuple[int, str]]:
    number = 1
    while (value := parameters.get(f"{name}.member.{number}{suffix}")) is not None:
        yield number, value
        number += 1
