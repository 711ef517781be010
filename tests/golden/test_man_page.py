"""man/xacct.1, which the wheel installs, says what the help says. UPDATE_GOLDEN=1 rewrites it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import need

from .man_page import make_man_page

PAGE = Path(__file__).resolve().parents[2] / "man" / "xacct.1"


@pytest.mark.skipif(sys.version_info[:2] != (3, 13), reason="argparse words its help differently")
def test_man_page_is_made_from_the_help() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(make_man_page(), "utf-8")
    assert PAGE.read_text("utf-8") == make_man_page()


def test_man_page_is_formatted_without_warnings() -> None:
    need("groff")
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", str(PAGE)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "xacct exec prod -- terraform plan" in done.stdout
