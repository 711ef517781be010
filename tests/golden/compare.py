"""Comparison of JSON output with a golden file."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

_KEPT = Path(__file__).parent / "json"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ACCESS_KEY = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")


def assert_golden(name: str, found: Any, home: Path) -> None:
    """Compare `found` with ``json/NAME.json``, ignoring times, access keys and the path of `home`.

    With ``UPDATE_GOLDEN=1`` in the environment, write the file instead. Look at the difference before you commit it,
    because programs rely on the format.
    """
    path = _KEPT / f"{name}.json"
    text = f"{json.dumps(found, indent=2)}\n".replace(str(home), "HOME")
    text = _ACCESS_KEY.sub(r"\1", _TIME.sub("TIME", text))
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text("utf-8")
