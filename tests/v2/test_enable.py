"""`xacct enable` for AWS CLI v2, alone and together with version 1."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from awscli_xacct.cli import plugin_section
from tests.cli.machine import Machine
from tests.support import forked
from tests.support.commands import file_state

from .home import HomeOfV2


@pytest.fixture
def machine(home: HomeOfV2, tmp_path: Path) -> Machine:
    """A machine with version 2 as the first `aws` on the PATH."""
    machine = Machine(home, tmp_path)
    forked.write_client(machine.bin / "aws", home.executable)
    return machine


def own_path() -> str:
    """The directory in which the plugin and its dependencies are installed for these tests."""
    return os.pathsep.join(plugin_section.find_directories())


def test_enable_writes_the_plugin_path(machine: Machine, home: HomeOfV2) -> None:
    (machine.bin / "aws").unlink()
    machine.link(home.executable)
    outcome = machine.xacct("enable")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"the plugin is enabled for {machine.bin / 'aws'} (AWS CLI 2.")
    assert machine.config.read_text("utf-8") == (
        f"[plugins]\nxacct = awscli_xacct\ncli_legacy_plugin_path = {own_path()}\n"
    )
    assert machine.home.aws("configure", "role", "list").code == 0
    before = file_state(machine.config)
    assert machine.xacct("enable").stdout.startswith("the plugin was already enabled")
    assert file_state(machine.config) == before
    assert machine.xacct("disable").code == 0
    assert machine.config.read_text("utf-8") == ""
    assert machine.home.aws("--version").code == 0


def test_enable_keeps_another_plugin_and_its_path(machine: Machine, tmp_path: Path) -> None:
    mine = machine.script("def awscli_initialize(cli): ...\n", tmp_path / "mine", "mine.py").parent
    text = f"[plugins]\ncli_legacy_plugin_path = {mine}\nmine = mine\n"
    machine.write(text)
    assert machine.xacct("enable").code == 0
    assert machine.config.read_text("utf-8") == (
        f"[plugins]\ncli_legacy_plugin_path = {own_path()}:{mine}\nmine = mine\nxacct = awscli_xacct\n"
    )
    assert machine.xacct("disable").code == 0
    assert machine.config.read_text("utf-8") == text


def test_enable_works_for_both_versions(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    first = tmp_path / "v1" / "aws"
    forked.write_client(first)
    machine.set_path(first.parent, machine.bin)
    outcome = machine.xacct("enable")
    assert outcome.stdout.splitlines()[1].endswith(
        f"to enable the plugin there: xacct enable --aws {machine.bin / 'aws'}"
    )
    outcome = machine.xacct("enable", "--v2")
    assert outcome.code == 0, outcome.stderr
    assert f"also on the PATH: {first} (AWS CLI 1." in outcome.stdout
    assert "the plugin is enabled there, too" in outcome.stdout
    assert machine.home.aws("configure", "role", "list").code == 0


def test_enable_refuses_to_break_version_1(machine: Machine, tmp_path: Path) -> None:
    other = machine.install_without_plugin(tmp_path / "v1")
    machine.set_path(machine.bin, other.parent)
    outcome = machine.xacct("enable")
    assert outcome.code == 255
    assert f"{other} (AWS CLI 1." in outcome.stderr
    assert not machine.config.exists()


def test_enable_finds_a_package_in_its_own_directory(
    machine: Machine, installed: Path, tmp_path: Path
) -> None:
    """As after `pip install --target`, which also installs an awscli: version 2 must keep its own modules."""
    target = tmp_path / "target"
    shutil.copytree(installed, target)
    (target / "awscli").mkdir()
    (target / "awscli" / "__init__.py").write_text("raise ImportError('of version 1')\n", "utf-8")
    outcome = machine.xacct("enable", environment={"PYTHONPATH": str(target)})
    assert outcome.code == 0, outcome.stderr
    assert f"cli_legacy_plugin_path = {target}\n" in machine.config.read_text("utf-8")
    assert machine.home.aws("configure", "role", "list").code == 0
