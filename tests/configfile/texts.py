"""Strange config texts that botocore nevertheless reads, for property tests."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from awscli_xacct.configfile.document import Document
from awscli_xacct.errors import ConfigFileError

quickly = settings(
    # The suite uses some texts, always the same; XACCT_TEST_EXAMPLES=20000 uses others.
    max_examples=int(os.environ.get("XACCT_TEST_EXAMPLES", "100")),
    derandomize="XACCT_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# Everything that str.strip removes and that does not end a line of a file. Some of it ends a line for str.splitlines,
# with which botocore splits nested blocks.
ODD_BLANKS = "\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000"

NAMES = [
    *("default", "profile a", "profile  a", "profile\ta", 'profile "a"', "profile 'a b'", "profile default"),
    *(
        "profile",
        "profile a b",
        "profile 'a",
        "profilex a",
        "sso-session a",
        "services 'a b'",
        "xacct",
        "plugins",
        "DEFAULT",
        "DEFAULT",
    ),
    *(
        "a]b",
        "[",
        "]",
        " ",
        "x = y",
        "#c",
        "\x85",
        "a\x0b",
        "\0",
        "\ufeff",
        "é",
        "profile\xa0a",
        "profile a\\",
    ),
]
KEYS = [
    "region",
    "Region",
    "s3",
    "role_arn",
    "a key",
    "k]",
    "[k",
    "é",
    "Σ",
    "İ",
    "\0",
    "\ufeff",
    "a\x1cb",
    "[x]",
]
VALUES = [
    *("", "", "", "x", "us-west-1", "a=b", "a=b", "a = ", "=", "[x]", "[profile a]", "# no comment", "; d"),
    *("é \xa0 é", "x\x85y", "x=\u2028y=", "'", "%(a)s", "\0", "\\", "\ufeff"),
]
_BLANKS = ["", "", "", "", "", "", "", " ", " ", "  ", "    ", "\t", *ODD_BLANKS]
_DEPTHS = [" ", "  ", "    ", "        ", "\t", "\t\t", " \x0b"]
_TAILS = ["", "", "", "", "", "", " # c", ";c", " ]", "x", " "]
_MIXED = ["\n", "\n", "\n", "\n", "\r\n", "\r"]
_ANY = [*"ab[]=:#;'\" \t\\\0\ufeffİΣ", *ODD_BLANKS, ""]

# The kinds of lines, each with the choices for its parts.
_HEADER = (_BLANKS, "[", NAMES, "]", _TAILS)
_OPTION = (_BLANKS, KEYS, _BLANKS, "==:", _BLANKS, VALUES, _BLANKS)
_DEEPER = (_DEPTHS, VALUES, _BLANKS, "=", VALUES, _BLANKS)
_COMMENT = (_BLANKS, "#;", VALUES)
_BLANK = (_BLANKS, _BLANKS)
_NOISE = (_ANY, _ANY, _ANY, _ANY, _ANY, _ANY)
_KINDS = [_HEADER, _OPTION, _DEEPER, _OPTION, _DEEPER, _COMMENT, _BLANK, _HEADER, _OPTION, _NOISE]


def _pick(draw: st.DrawFn, choices: Sequence[Sequence[str]]) -> list[str]:
    """Pick one of each with a single number, because many small draws make examples slow."""
    number = draw(st.integers(0, math.prod(map(len, choices)) - 1))
    picked = []
    for choice in choices:
        number, place = divmod(number, len(choice))
        picked.append(choice[place])
    return picked


def _ended(draw: st.DrawFn, lines: list[str], start: str = "") -> bytes:
    """Add line endings, of one kind or mixed; the last line may have none."""
    endings = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], _MIXED]))
    text = start + "".join(
        line + end for line, end in zip(lines, _pick(draw, [endings] * len(lines)), strict=True)
    )
    return (text.rstrip("\r\n") if draw(st.booleans()) else text).encode()


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Any text; botocore rejects most of them."""
    kinds = draw(st.lists(st.sampled_from(_KINDS), max_size=8))
    start = draw(st.sampled_from(["", "", "", "", "[a]\n", "[a]\n", "[a]\n", "\ufeff"]))
    return _ended(draw, ["".join(_pick(draw, kind)) for kind in kinds], start)


@st.composite
def _orderly(draw: st.DrawFn) -> bytes:
    """A text that begins with a header and has no duplicate sections or options."""
    lines: list[str] = []
    names: set[str] = set()
    keys: set[str] = set()
    for kind in [_HEADER, *draw(st.lists(st.sampled_from(_KINDS[:-1]), max_size=20))]:
        picked = _pick(draw, kind)
        if kind is _HEADER:
            if picked[2] in names:
                continue
            names.add(picked[2].replace("DEFAULT", ""))
            keys = keys if picked[2] == "DEFAULT" else set()
        elif kind is _OPTION:
            if picked[1].lower() in keys:
                continue
            keys.add(picked[1].lower())
        lines.append("".join(picked))
    return _ended(draw, lines)


@st.composite
def disturbed(draw: st.DrawFn) -> bytes:
    """A text with inserted bytes that may not be UTF-8."""
    data = draw(_orderly())
    place = draw(st.integers(0, len(data)))
    return data[:place] + draw(st.binary(min_size=1, max_size=3)) + data[place:]


def _is_read(data: bytes) -> bool:
    try:
        Document(data)
    except ConfigFileError:
        return False
    return True


readable = (_orderly() | _orderly() | _orderly() | texts()).filter(_is_read)
"""Texts that botocore reads, according to our own parser, which another test compares with botocore's."""


@dataclass(frozen=True)
class Ask:
    """An edit of a document: the name of its method, and the arguments."""

    method: str
    arguments: tuple[str, ...]

    def __call__(self, document: Document) -> Any:
        return getattr(document, self.method)(*self.arguments)


METHODS = ["set", "set", "set", "remove", "remove", "remove_section", "rename_section"]
_NEW_NAMES = ["profile new", "default", "profile a", "profile 'a b'", "x = y"]
_NEW_KEYS = ["new", "region", "s3", "role_arn", "a key", "é"]
_NEW_VALUES = ["x", "", "y z", "us-west-1", "[x]", "# x", "a = b", "é"]


@st.composite
def edits(
    draw: st.DrawFn, only: Sequence[str] | None = None, *, known: bool = False
) -> tuple[bytes, list[Ask]]:
    """A text and edits to make to it, most of them to existing sections and options.

    With `only`, one edit by one of these methods; with `known`, to an existing option.
    """
    data = draw(readable)
    sections = Document(data).sections()
    asked = []
    for _ in range(1 if only else draw(st.integers(1, 5))):
        names = [name for name in sections if sections[name]] if known else [*list(sections) * 3, *_NEW_NAMES]
        assume(names)
        name, method = _pick(draw, [names, only or METHODS])
        keys = [*sections.get(name, [])]
        keys = keys if known else [*keys * 3, *_NEW_KEYS]
        key, value, other = _pick(draw, [keys, _NEW_VALUES, _NEW_NAMES])
        rest = {"set": (key, value), "remove": (key,), "remove_section": (), "rename_section": (other,)}
        asked.append(Ask(method, (name, *rest[method])))
    return data, asked
