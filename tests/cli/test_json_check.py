"""Whether pieces of text are JSON: the same as Python's own parser says, wherever they are cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.cli.json_check import JsonCheck

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def is_json(text: str, size: int = 1) -> bool:
    check = JsonCheck()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return all(map(check.feed, pieces)) and check.is_complete()


def is_strict_json(text: str) -> bool:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


@given(VALUES, st.booleans(), st.sampled_from([None, 1]), st.integers(1, 20))
def test_document_is_json(value: object, ascii_only: bool, indent: int | None, size: int) -> None:
    assert is_json(json.dumps(value, ensure_ascii=ascii_only, indent=indent), size)


@given(VALUES, st.data())
def test_document_with_a_change_is_json_if_python_says_so(value: object, data: st.DataObject) -> None:
    text = json.dumps(value)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 3)))
    changed = text[:start] + data.draw(st.text(' \n"\\{}[],:0123456789.eE+-tfnu', max_size=3)) + text[end:]
    assert is_json(changed, data.draw(st.integers(1, 20))) == is_strict_json(changed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            (each, True)
            for each in ("1", " -0.5e+3 ", '""', "[]", "{}\n", "null", '"\\ud83d\\u00e9"', "[[1],{}]")
        ),
        *(
            (each, False)
            for each in ("", " ", "01", "1.", "+1", ".5", "NaN", "[1,]", '{"a":1,}', "{a:1}", "[1 2]")
        ),
        *(
            (each, False)
            for each in ('{"a"}', "1 2", "]", "[}", '"\n"', '"\\x"', '"\\u00', '"a', "tru", "truest")
        ),
        *(
            (each, False)
            for each in ("﻿{}", "\xa01", "[" * 501 + "]" * 501, "9" * 1001, "{}{}", "[,1]", "[:]")
        ),
        ("[" * 500 + "]" * 500, True),
    ],
)
def test_text_is_json_or_not(text: str, expected: bool) -> None:
    assert [is_json(text, size) for size in (1, 2, 7, 5000)] == [expected] * 4
