"""The diff that commands show: as difflib's for a change in one place, and right and linear for any others."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from awscli_xacct.configure_role.line_diff import find_anchors, unified_diff

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n")

LINES = [f"{word}\n" for word in (*"abcdefghij", "same", "same")]

texts = st.lists(st.sampled_from(LINES), max_size=30)


def profiles(count: int, source: str) -> list[str]:
    """Return the lines of a config file."""
    return [
        line
        for number in range(count)
        for line in (f"[profile p{number}]\n", f"role_arn = {number}\n", f"source_profile = {source}\n", "\n")
    ]


def patch(before: Sequence[str], diff: Sequence[str]) -> list[str]:
    """Apply a diff as patch(1) does, and check the line numbers in it."""
    after: list[str] = []
    done = 0
    for line in diff[2:]:
        found = HUNK.fullmatch(line)
        if found:
            first, count, new_first, new_count = (int(text or 1) for text in found.groups())
            after += before[done : first - bool(count)]
            done = first - bool(count)
            assert len(after) == new_first - bool(new_count)
        elif line[0] == "+":
            after.append(line[1:])
        else:
            assert before[done] == line[1:]
            after += [line[1:]] * (line[0] == " ")
            done += 1
    return after + list(before[done:])


@given(texts, texts)
@example([], ["a\n"])
@example(["a\n"], [])
@example([*"abc"], [*"cab"])
def test_diff_leads_from_one_text_to_the_other(before: list[str], after: list[str]) -> None:
    assert patch(before, list(unified_diff(before, after, "f"))) == after


@given(texts)
def test_diff_of_equal_texts_is_empty(text: list[str]) -> None:
    assert list(unified_diff(text, [*text], "f")) == []


@pytest.mark.parametrize("change", [slice(5, 6), slice(8, 10), slice(0, 0), slice(37, 40), slice(20, 20)])
@pytest.mark.parametrize("new", [[], ["region = us-west-1\n"], ["a\n", "b\n", "a\n"]])
def test_diff_of_a_change_in_one_place_is_that_of_difflib(change: slice, new: list[str]) -> None:
    before = profiles(10, "default")
    after = [*before]
    after[change] = new
    assert list(unified_diff(before, after, "f")) == list(difflib.unified_diff(before, after, "f", "f"))


def test_diff_of_a_removed_section_begins_with_its_header() -> None:
    before = profiles(5, "default")
    diff = list(unified_diff(before, before[:8] + before[12:], "f"))
    assert [line[1:] for line in diff[3:] if line[0] == "-"] == before[8:12]


def test_anchors_of_a_moved_section_are_the_lines_around_it() -> None:
    assert find_anchors([*"abcdxefy"], [*"axbcdefy"]) == [
        (0, 0),
        (1, 2),
        (2, 3),
        (3, 4),
        (5, 5),
        (6, 6),
        (7, 7),
    ]


def test_diff_of_many_changes_takes_steps_in_proportion() -> None:
    """difflib alone took a minute for a changed source of 10,000 profiles."""

    def steps_for(count: int) -> int:
        steps = 0

        def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal steps
            steps += event == "line"
            return trace

        before, after = profiles(count, "default"), profiles(count, "other")
        previous = sys.gettrace()
        sys.settrace(trace)
        try:
            lines = list(unified_diff(before, after, "f"))
        finally:
            sys.settrace(previous)
        assert sum(line.startswith("+source") for line in lines) == count
        return steps

    few, some, many = map(steps_for, (25, 50, 100))
    assert many - some <= 2.1 * (some - few)
