"""A damaged installation of the plugin."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import awscli_xacct

Damage = Callable[[str, "str | None"], dict[str, str]]


@pytest.fixture
def damage(tmp_path: Path) -> Damage:
    """Installs the plugin with one file replaced by `text` (None: deleted).

    Returns the environment in which `aws` finds that installation.
    """

    def damage(file: str, text: str | None) -> dict[str, str]:
        library = tmp_path / "library"
        package = library / "awscli_xacct"
        installed = Path(awscli_xacct.__file__).parent
        # Not the files that another process is compiling.
        shutil.copytree(installed, package, ignore=shutil.ignore_patterns("*.pyc.*"))
        damaged = package / file
        assert damaged.is_file(), f"the package has no {file} to damage"
        if text is None:
            damaged.unlink()
        else:
            damaged.write_text(text, encoding="utf-8")
        return {"PYTHONPATH": str(library)}

    return damage
