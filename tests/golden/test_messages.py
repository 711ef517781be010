"""Every text of the product that a person may read, in one file: so that they are read as a set.

The texts of the help pages are in files of their own, which the CLI shows as they are.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import awscli_xacct

PACKAGE = Path(awscli_xacct.__file__).parent
SNAPSHOT = Path(__file__).parent / "messages.txt"
HEADING = """\
What a person may read, by module: errors, warnings, questions, results, options. F-strings are templates.
Made from the source by tests/golden/test_messages.py; UPDATE_GOLDEN=1 rewrites it.
"""

PROGRAMS = {"_FISH", "_PROGRAM", "_SCRIPT", "_SH"}
"""Constants that hold programs."""

_WORD = re.compile(r"[A-Za-z]{2}")
_EXPRESSION = re.compile(r"\{[^{}]*\}")


def find_texts(source: str) -> Iterator[str]:
    """Yield every string with words in it, in the order of the source; f-strings as templates.

    What is left out: docstrings, annotations, regular expressions, lists written as one string, and programs.
    """
    yield from _find(ast.parse(source))


def _find(node: ast.AST) -> Iterator[str]:
    if _is_skipped(node):
        return
    text = _template(node) if isinstance(node, ast.expr) else None
    if text is not None:
        words = _EXPRESSION.sub("", text)
        if " " in text.strip() and _WORD.search(words) and not _is_list_of_names(words.split()):
            yield "".join(
                each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
                for each in text
            ).strip("\n")
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "slice"):
            continue  # a type, or a key
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _find(child)


def _is_list_of_names(words: list[str]) -> bool:
    return sum("_" in word for word in words) > len(words) / 2


def _is_skipped(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)  # a docstring, of whatever it stands below
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id in PROGRAMS for target in node.targets)
    if not isinstance(node, ast.Call):
        return False
    function = ast.unparse(node.func)
    return function.startswith("re.") or (
        isinstance(node.func, ast.Attribute)
        and node.func.attr == "split"
        and isinstance(node.func.value, ast.Constant)
    )


def _template(node: ast.expr) -> str | None:
    """Return a string as it is, an f-string with its expressions, added ones as one; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(value) or "" for value in node.values)
    if isinstance(node, ast.FormattedValue):
        conversion = f"!{chr(node.conversion)}" if node.conversion >= 0 else ""
        specification = f":{_template(node.format_spec)}" if node.format_spec else ""
        return f"{{{ast.unparse(node.value)}{conversion}{specification}}}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _template(node.left), _template(node.right)
        return None if left is None or right is None else left + right
    return None


def render_snapshot() -> str:
    """Return the text of the snapshot, made from all modules."""
    lines = [HEADING]
    for path in sorted(PACKAGE.rglob("*.py")):
        texts = dict.fromkeys(find_texts(path.read_text("utf-8")))
        if texts:
            lines += ["", path.relative_to(PACKAGE).as_posix()]
            lines += [f"  - {text}".replace("\n", "\n    ") for text in texts]
    return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n")) + "\n"


def test_messages_are_those_of_the_snapshot() -> None:
    """With ``UPDATE_GOLDEN=1`` the snapshot is rewritten: read the difference before you commit it."""
    text = render_snapshot()
    if os.environ.get("UPDATE_GOLDEN"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text("utf-8"), "messages have changed; UPDATE_GOLDEN=1 rewrites the snapshot"


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('raise E(f"no {thing!r} in {place}: {n:>3}")', ["no {thing!r} in {place}: {n:>3}"]),
        ('warn("one " "message, " + f"of {n} parts")', ["one message, of {n} parts"]),
        ('f(x, fix="  a command\\n" if y else "another one")', ["  a command", "another one"]),
        ('"""A docstring."""\nX = "a text"\n"""And its own."""', ["a text"]),
        ('def f(x: "str | None") -> "list[int] | None":\n  return ["two", "two words"]', ["two words"]),
        ('P = re.compile("a b|c d")\nL = "one two three".split()\n_SCRIPT = "for x in y"', []),
        ('KEYS = "role_arn mfa_serial region\\n  source_profile"', []),
        ('f"{name} {value}"', []),
        ('Refuse = Callable[[str], "str | None"]\nx = d["two words"]', []),
    ],
)
def test_texts_are_found_wherever_they_are(source: str, texts: list[str]) -> None:
    assert list(find_texts(source)) == texts
