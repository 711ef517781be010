"""Results are printed in one place; that messages are, too, is held by tests/test_messages.py."""

from __future__ import annotations

import re
from pathlib import Path

from awscli_xacct import results

PRINTS = re.compile(r"stdout(\.buffer)?\.write")


def test_results_are_printed_by_one_module_and_the_fast_path_alone() -> None:
    """The fast path may not load `results`, and the child that prompts answers its parent."""
    package = Path(results.__file__).parent
    modules = sorted(package.rglob("*.py"))
    found = {str(path.relative_to(package)) for path in modules if PRINTS.search(path.read_text("utf-8"))}
    assert found == {"results.py", "cli/main.py", "mfa/terminal_child.py"}
