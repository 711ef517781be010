"""Session tags in the form of a config value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.profiles.tags import parse_keys, parse_tags, transitive_problems

_NOT_ALLOWED = "may contain only letters, digits, spaces and _.:/=+-@"


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", {}),
        ("team=ops", {"team": "ops"}),
        ("team=ops,env=prod", {"team": "ops", "env": "prod"}),
        (" team = ops , env = prod , ", {"team": "ops", "env": "prod"}),
        ("empty=", {"empty": ""}),
        ("url=https://example.com/?", None),
        ("path=a=b=c", {"path": "a=b=c"}),
        ("cost center=R and D", {"cost center": "R and D"}),
        ("größe=große Straße", {"größe": "große Straße"}),
        ("k" * 128 + "=" + "v" * 256, {"k" * 128: "v" * 256}),
        (",".join(f"k{number}=v" for number in range(50)), {f"k{number}": "v" for number in range(50)}),
    ],
)
def test_tags_are_parsed_from_a_line(text: str, tags: dict[str, str] | None) -> None:
    found, faults = parse_tags(text)
    if tags is None:
        assert faults
    else:
        assert (found, faults) == (tags, [])


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("team", ["'team' is not KEY=VALUE"]),
        ("=ops", ["the key '' must have 1 to 128 characters"]),
        ("k" * 129 + "=v", [f"the key {'k' * 20!r} must have 1 to 128 characters"]),
        ("k=" + "v" * 257, ["the value of 'k' has more than 256 characters"]),
        ("a=1,A=2", ["the key 'A' is repeated (case does not matter)"]),
        ("aws:x=1", ["the key 'aws:x' begins with the reserved prefix aws:"]),
        ("AWS:x=1", ["the key 'AWS:x' begins with the reserved prefix aws:"]),
        ("a!=1,b=*", [f"'a!' {_NOT_ALLOWED}", f"'*' {_NOT_ALLOWED}"]),
        ("a=b\tc", [f"'b\\tc' {_NOT_ALLOWED}"]),
        ("a=b\x1bc", [f"'b\\x1bc' {_NOT_ALLOWED}"]),
        (",".join(f"k{number}=v" for number in range(51)), ["51 tags are more than the 50 that STS allows"]),
    ],
)
def test_tags_report_every_problem(text: str, faults: list[str]) -> None:
    assert parse_tags(text)[1] == faults


@given(st.text(max_size=400))
def test_tags_accept_any_input(text: str) -> None:
    tags, faults = parse_tags(text)
    assert faults or all(1 <= len(key) <= 128 and len(value) <= 256 for key, value in tags.items())


def test_transitive_tags_must_be_among_the_tags() -> None:
    assert parse_keys(" team , ,env,") == ["team", "env"]
    assert transitive_problems(["team", "env"], {"team": "ops"}) == [
        "the key 'env' is not among the session's tags"
    ]
    assert transitive_problems([], {}) == []
