"""Manifests that are large or strange, up to the limit of 8 MiB: read or refused in linear time.

Calls are counted instead of seconds.
"""

from __future__ import annotations

import random
import re
import sys
from types import FrameType
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import DocumentEndEvent, StreamEndEvent

from awscli_xacct import settings
from awscli_xacct.errors import ValidationError
from awscli_xacct.manifest import reader
from awscli_xacct.manifest.source_file import Text, request_of
from awscli_xacct.manifest.yaml_parser import BoundedScanner
from awscli_xacct.problems import Problem

HEAD, ROLES = "version: 1\nname: team\n", "roles:\n  prod: {role_arn: 'arn:aws:iam::222222222222:role/R'}\n"


def calls_for(text: str) -> int:
    """Return how many calls, of Python or C functions, it takes to read a manifest."""
    reader.read(text[:100], "m.yaml")  # what is loaded only once is not counted
    count = 0

    def counted(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        reader.read(text, "m.yaml")
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}#{'x' * 1000}\n{ROLES}",
        f"{HEAD}{ROLES}# {'#' * 1000}",
        f"{HEAD}roles: {{ # {'x' * 1000}\n  prod: {{role_arn: x}} }}\n",
    ],
    ids=["a line", "at the end", "in braces"],
)
def test_read_skips_a_long_comment_in_one_step(text: str) -> None:
    """One of 8 MiB took over a minute."""
    long = re.sub("x{1000}|#{1000}", lambda found: found[0] * (settings.MAX_MANIFEST_BYTES // 1100), text)
    assert len(long) > settings.MAX_MANIFEST_BYTES * 0.9
    assert calls_for(long) <= calls_for(text) + 20


@pytest.mark.parametrize("opening", ["[", "{", "[{", "{a: ", "[\n ", "- ", "? ", " -"])
def test_read_refuses_endless_nesting_at_the_depth_limit(opening: str) -> None:
    """20,000 brackets took three minutes, because each looked at all those before it."""
    few, many = (f"{opening * number}" for number in (200, 20_000))
    [found] = reader.read(many, "m.yaml").problems
    assert found.text == "this is nested deeper than anything in a manifest"
    assert calls_for(many) <= calls_for(few) + 20


def role_with(number: int, text: str) -> str:
    return (
        HEAD + "roles:\n" + "".join(f"  p{each}: {text}\n".replace("@", str(each)) for each in range(number))
    )


@pytest.mark.parametrize(
    "text",
    [
        "{rol: x}",
        "&a@ {role_arn: x}",
        "{account: a@, role: x}",
        "{role_arn: x, role_arn: y}",
        "x",
        "{x@: y, z: ''}",
    ],
)
def test_read_takes_time_in_proportion_to_the_roles(text: str) -> None:
    assert calls_for(role_with(500, text)) < 13 * calls_for(role_with(50, text))


def test_validation_error_shows_the_first_of_very_many_problems() -> None:
    with pytest.raises(ValidationError) as caught:
        request_of(Text(HEAD + "x" + "\ny: z" * 10_000, "m.yaml"), [])
    lines = str(caught.value).splitlines()
    assert len(lines) <= 202
    large = ValidationError("no", [Problem(f"m.yaml:{line}:1: bad") for line in range(60_000)])
    assert str(large).splitlines()[-1] == "  - and 59800 more"
    assert len(str(large).splitlines()) == 202


def events(text: str, *, bounded: bool) -> list[Any] | None:
    yaml = YAML(typ="rt", pure=True)
    if bounded:
        yaml.Scanner = BoundedScanner
    try:
        return [
            (type(event), event.start_mark.index, event.start_mark.line, event.start_mark.column,
             event.end_mark.index, getattr(event, "value", None), getattr(event, "style", None))
            for event in yaml.parse(text)
            if not isinstance(event, (DocumentEndEvent, StreamEndEvent))  # they may begin before a comment
        ]  # fmt: skip
    except (YAMLError, NotImplementedError):  # the latter: what ruamel.yaml says of a comment before a |
        return None


@pytest.mark.parametrize("seed", range(5))
def test_bounded_scanner_gives_the_events_of_ruamel_yaml(seed: int) -> None:
    parts = ["a", "b: ", "- ", "\n", "\n  ", "  # c\n", " #d", "# x\r\n", "{", "}", "[", "]", ", ", '"q"', "|\n  ",
             "\n\n", "? ", "&a ", "*a", "\t", "é# "]  # fmt: skip
    chosen = random.Random(seed)  # noqa: S311 - the same texts each time
    read = 0
    for _ in range(200):
        text = "".join(chosen.choice(parts) for _ in range(chosen.randrange(1, 14)))
        expected = events(text, bounded=False)
        if expected is not None:
            assert events(text, bounded=True) == expected, text
            read += 1
    assert read > 10
