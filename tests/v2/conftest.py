"""The fixtures of tests/conftest.py with AWS CLI v2 as the `aws`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sts import Sts
from tests.support import forked

from .home import AWS_V2, PACKAGES, HomeOfV2, copy_package, find_aws


@pytest.fixture(scope="session")
def aws_v2() -> Path:
    """The `aws` of version 2."""
    found = find_aws()
    if found is None:
        pytest.skip(f"no AWS CLI v2 on this machine; set {AWS_V2} to its path")
    forked.allow(found)
    return found


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that contains only the plugin and its dependencies."""
    directory = tmp_path_factory.mktemp("plugins")
    for name in PACKAGES:
        copy_package(name, directory)
    return directory


@pytest.fixture
def home(tmp_path: Path, sts: Sts, aws_v2: Path, installed: Path) -> HomeOfV2:
    """A home whose `aws` is version 2, with the plugin enabled, and calls `sts`."""
    return HomeOfV2(tmp_path / "home", sts.url, aws_v2, installed)


@pytest.fixture
def damage(home: HomeOfV2, installed: Path, tmp_path: Path) -> Callable[[str, str], None]:
    """Gives this home its own installation, with one file replaced by `text`."""

    def damage(file: str, text: str) -> None:
        damaged = tmp_path / "damaged"
        shutil.copytree(installed, damaged)
        assert (damaged / "awscli_xacct" / file).is_file()
        (damaged / "awscli_xacct" / file).write_text(text, encoding="utf-8")
        config = home.config.read_text("utf-8")
        home.config.write_text(config.replace(str(installed), str(damaged)), "utf-8")

    return damage
