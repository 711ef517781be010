"""Results are printed in one place; that messages are, too, is held by tests/test_messages.py."""

from __future__ import annotations

import re
from pathlib import Path

from awscli_xacct.cli import output

PRINTS = re.compile(r"stdout(\.buffer)?\.write")


def test_results_are_printed_by_output_and_the_fast_path_alone() -> None:
    """The fast path may not load `output`."""
    directory = Path(output.__file__).parent
    modules = sorted(directory.rglob("*.py"))
    found = {path.name for path in modules if PRINTS.search(path.read_text("utf-8"))}
    assert found == {"main.py", "output.py"}
