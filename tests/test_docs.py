"""The documentation matches the repository."""

from __future__ import annotations

import re
from pathlib import Path

from awscli_xacct.error_codes import CODES

ROOT = Path(__file__).resolve().parents[1]
PLACES = (ROOT, ROOT / "awscli_xacct")
_CITED = re.compile(r"`(tests/[\w/]+(?:\.py)?)?(?:::(\w+))?`")


def test_security_cites_tests_that_exist() -> None:
    """`::test_name` alone refers to the file cited before it."""
    missing, cited, file = [], 0, ""
    for found in _CITED.finditer((ROOT / "docs/security.md").read_text("utf-8")):
        file, name = found[1] or file, found[2]
        if not (found[1] or name):
            continue
        cited += 1
        path = ROOT / file
        if not path.exists() or (name and f"def {name}(" not in path.read_text("utf-8")):
            missing.append(f"{file}::{name}")
    assert missing == []
    assert cited > 30


def test_architecture_names_modules_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`(?:awscli_xacct/)?([a-z_]+/(?:[a-z_]+\.(?:py|json))?)`", text))
    assert {name for name in named if not any((place / name).exists() for place in PLACES)} == set()
    assert len(named) > 15


def test_programs_lists_the_codes_of_errors() -> None:
    rows = [f"| `{code.name}` | {code.exit_code} | {code.meaning} |" for code in CODES]
    table = "\n".join(["| code | exit code | meaning |", "| --- | --- | --- |", *rows])
    assert f"\n\n{table}\n\n" in (ROOT / "docs/programs.md").read_text("utf-8")
