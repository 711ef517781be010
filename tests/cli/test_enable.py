"""`xacct enable` and `disable` with the real `aws`: they change nothing else."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from awscli_xacct.cli.installations import Installation
from tests.support.commands import file_state
from tests.support.home import AWS, TIMEOUT, Home, finish

from .machine import WITHOUT_PLUGIN, Machine

FROM_HERE = subprocess.run(
    [
        sys.executable,
        "-c",
        "from awscli_xacct.cli.origin import get_origin; print(get_origin(), end='')",
    ],
    cwd=Path(sys.executable).parent,
    capture_output=True,
    text=True,
    check=True,
).stdout
"""What pip installs the package from. Found in another directory: in this one, Python finds the source tree first."""

ON = "[plugins]\nxacct = awscli_xacct\n"
PLUGINS = "# what I have\r\n[plugins]\r\n; of my own\r\nmine=mine\r\n"
PROFILES = "\r\n[default]\r\nregion = us-west-1\r\ns3 =\r\n  a = b"


@pytest.fixture
def machine(home: Home, tmp_path: Path) -> Machine:
    return Machine(home, tmp_path)


def is_active(machine: Machine) -> bool:
    return machine.home.aws("configure", "role", "list").code == 0


def test_enable_creates_the_config_file(machine: Machine) -> None:
    aws = machine.link()
    outcome = machine.xacct("enable")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"the plugin is enabled for {aws} (AWS CLI 1.")
    assert "\ntry it: aws configure role list; to disable it again: xacct disable\n" in outcome.stdout
    assert machine.config.read_text("utf-8") == ON
    assert stat.S_IMODE(machine.config.stat().st_mode) == 0o600
    assert is_active(machine)


def test_package_is_installed_without_pip_into_an_environment_of_uv(tmp_path: Path) -> None:
    """`enable` advised `python -m pip`, and there is no pip in it."""
    (tmp_path / "uv-receipt.toml").touch()
    programs = tmp_path / "bin"
    aws = Installation(programs / "aws", programs / "aws", "1.46.3", "3.13.0", programs / "python")
    assert aws.get_install_command("awscrt") == f"uv pip install --python {tmp_path} awscrt"


def test_enable_twice_changes_nothing(machine: Machine) -> None:
    machine.link_forked()
    machine.xacct("enable")
    before = file_state(machine.config)
    outcome = machine.xacct("enable")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("the plugin was already enabled for ")
    assert file_state(machine.config) == before


def test_enable_keeps_everything_else(machine: Machine) -> None:
    machine.link_forked()
    mine = machine.script("def awscli_initialize(cli): ...\n", name="mine.py")
    machine.home.environment["PYTHONPATH"] = str(mine.parent)
    machine.write(PLUGINS + PROFILES)
    assert machine.xacct("enable").code == 0
    written = f"{PLUGINS}xacct = awscli_xacct\r\n{PROFILES}"
    assert machine.config.read_bytes().decode() == written
    assert machine.xacct("disable").code == 0
    assert machine.config.read_bytes().decode() == PLUGINS + PROFILES


def test_enable_edits_the_file_in_aws_config_file(machine: Machine, tmp_path: Path) -> None:
    machine.link_forked()
    elsewhere = tmp_path / "elsewhere" / "config"
    machine.home.environment["AWS_CONFIG_FILE"] = str(elsewhere)
    outcome = machine.xacct("enable")
    assert (outcome.code, elsewhere.read_text("utf-8")) == (0, ON)
    assert not machine.config.exists()


def test_enable_mentions_the_disable_variable(machine: Machine) -> None:
    machine.link_forked()
    outcome = machine.xacct("enable", environment={"AWS_XACCT_DISABLE": "1", "AWS_PROFILE": "nobody"})
    assert outcome.code == 0
    assert "unset AWS_XACCT_DISABLE" in outcome.stdout
    outcome = machine.xacct("enable", environment={"AWS_XACCT_DISABLE": "No"})
    assert "AWS_XACCT_DISABLE" not in outcome.stdout


# -- where it must not be enabled -------------------------------------------------------------------


@pytest.mark.parametrize("text", [None, PROFILES], ids=["no file", "a file"])
def test_enable_refuses_an_aws_without_the_plugin(machine: Machine, text: str | None) -> None:
    aws = machine.install_without_plugin()
    if text:
        machine.write(text)
    before = file_state(machine.config) if text else None
    outcome = machine.xacct("enable")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert f"{aws} (AWS CLI 1." in outcome.stderr
    assert "cannot find the plugin" in outcome.stderr
    assert f"{sys.executable} -m pip install {FROM_HERE}" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    if text:
        assert file_state(machine.config) == before
    else:
        assert not machine.config.exists()


def test_enable_refuses_to_break_another_aws(machine: Machine, tmp_path: Path) -> None:
    machine.link_forked()
    other = machine.install_without_plugin(tmp_path / "other")
    machine.set_path(machine.bin, other.parent)
    outcome = machine.xacct("enable")
    assert outcome.code == 255
    assert f"{other} (AWS CLI 1." in outcome.stderr
    assert "would end in a traceback" in outcome.stderr
    assert not machine.config.exists()


def test_enable_reports_an_aws_that_failed_before(machine: Machine) -> None:
    machine.link_forked()
    machine.write("[plugins]\nmine = not_there\n")
    before = file_state(machine.config)
    outcome = machine.xacct("enable")
    assert outcome.code == 255
    assert "fails even without the plugin" in outcome.stderr
    assert "No module named 'not_there'" in outcome.stderr
    assert file_state(machine.config) == before


def test_enable_refuses_a_broken_plugin(machine: Machine, tmp_path: Path) -> None:
    """For example an old version that this `aws` finds first: it loads, but without `aws configure role`."""
    library = tmp_path / "library" / "awscli_xacct"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("def awscli_initialize(cli): ...\n", "utf-8")
    machine.install_with_library(library.parent)
    outcome = machine.xacct("enable")
    assert outcome.code == 255
    assert "fails with the plugin" in outcome.stderr
    assert not machine.config.exists()


def test_enable_names_the_line_of_an_invalid_file(machine: Machine) -> None:
    machine.link_forked()
    machine.write("[default]\nregion = a\n[default]\n")
    outcome = machine.xacct("enable")
    assert outcome.code == 253
    assert f"{machine.config}, line 3: duplicate section [default]" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 255, "no aws found on the PATH"),
        (("--aws", "/nowhere/aws"), 252, "/nowhere/aws is not an executable file"),
        (("--aws", str(AWS), "--v2"), 255, "no AWS CLI v2 found"),
        (("--aws", "/bin/true"), 255, "prints no version"),
        (("prod",), 252, "unrecognized arguments: prod"),
    ],
    ids=["none", "nowhere", "not v2", "no aws", "too much"],
)
def test_enable_reports_an_unusable_aws(
    machine: Machine, arguments: tuple[str, ...], code: int, text: str
) -> None:
    outcome = machine.xacct("enable", *arguments)
    assert (outcome.code, outcome.stdout) == (code, "")
    assert text in outcome.stderr
    assert not machine.config.exists()


def test_enable_interrupted_changes_nothing(machine: Machine, tmp_path: Path) -> None:
    """Ctrl-C while it waits for an `aws` that hangs."""
    started = tmp_path / "started"
    os.mkfifo(started)
    machine.script(f'#!/bin/sh\necho on > "{started}"\nexec sleep 600\n')
    process = machine.home.fork_xacct("enable")
    assert started.read_text() == "on\n"
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert (outcome.code, "Traceback" in outcome.stderr) == (130, False)
    assert not machine.config.exists()


def test_enable_imports_no_part_of_the_cli(machine: Machine) -> None:
    machine.link_forked()
    code = (
        "import sys; from awscli_xacct.cli.main import main; main(['enable']); "
        "print(sorted({'awscli', 'botocore', 'boto3'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=machine.home.environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


# -- installations ----------------------------------------------------------------------------------


def test_enable_follows_links(machine: Machine, tmp_path: Path) -> None:
    machine.link()
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "aws").symlink_to(AWS)
    machine.set_path(machine.bin, tmp_path / "second")
    assert "also on the PATH" not in machine.xacct("enable").stdout


def test_enable_follows_pyenv_shims(machine: Machine, tmp_path: Path) -> None:
    aws = machine.install_without_plugin(tmp_path / "versions" / "3" / "bin")
    shims = tmp_path / "shims"
    machine.script(f'#!/usr/bin/env bash\n# pyenv exec\nexec "{aws}" "$@"\n', shims)
    machine.script(f'#!/bin/sh\necho "{aws}"\n', name="pyenv")
    machine.set_path(shims, machine.bin)
    outcome = machine.xacct("enable")
    assert outcome.code == 255
    assert f"{sys.executable} -m pip install {FROM_HERE}" in outcome.stderr


def test_enable_recognises_pipx(machine: Machine, tmp_path: Path) -> None:
    aws = machine.install_without_plugin(tmp_path / "pipx" / "venvs" / "awscli" / "bin")
    machine.link(aws)
    outcome = machine.xacct("enable")
    assert outcome.code == 255
    assert f"\n  pipx inject awscli {FROM_HERE}\n" in outcome.stderr + "\n"


def test_enable_reads_a_long_shebang(machine: Machine) -> None:
    """pip writes one if the path of the Python has a blank or is too long."""
    text = WITHOUT_PLUGIN.split("\n", 1)[1]
    machine.script(f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''\n{text}")
    assert f"{sys.executable} -m pip install {FROM_HERE}" in machine.xacct("enable").stderr


# -- disable ----------------------------------------------------------------------------------------


def test_disable_removes_what_enable_wrote(machine: Machine) -> None:
    machine.link_forked()
    machine.write("[default]\nregion = us-west-1\n")
    before = machine.config.read_bytes()
    machine.xacct("enable")
    assert machine.config.read_bytes() == before + f"\n{ON}".encode()
    outcome = machine.xacct("disable")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "profiles stay" in outcome.stdout
    assert machine.config.read_bytes().rstrip() == before.rstrip()
    assert not is_active(machine)
    again = file_state(machine.config)
    assert machine.xacct("disable").stdout == (
        f"the plugin is not enabled in {machine.config}\nthe package can be uninstalled now\n"
    )
    assert file_state(machine.config) == again


def test_disable_says_which_profiles_need_the_package(machine: Machine) -> None:
    """It said that the package could be uninstalled, and then their credential_process was no program any more."""
    role = "[profile {0}]\nrole_arn = arn:aws:iam::222222222222:role/Power\nsource_profile = default\n"
    left = (
        "[default]\ncredential_process = /opt/bin/xacct keys get default\n"
        "[profile by-hand]\ncredential_process = python3 -m awscli_xacct credentials gone\n"
        "[profile login]\ncredential_process = aws configure export-credentials --profile x\n"
        "[profile other]\ncredential_process = pass show xacct\n" + role.format("prod") + role.format("dev")
    )
    pair = "[profile {0}-sdk]\ncredential_process = xacct credentials {0}\n"
    machine.write(left + pair.format("prod") + pair.format("dev"))
    outcome = machine.xacct("disable")
    undo = """for profile in prod dev; do xacct role "$profile" --sdk-profile ""; done"""
    needed = "without the package, these profiles have no credentials: {}. Before you uninstall it, run:"
    assert outcome.stdout.splitlines() == [
        f"the plugin is not enabled in {machine.config}",
        needed.format("default, by-hand, prod-sdk, dev-sdk"),
        *(f"  {command}" for command in ["xacct keys restore default", undo]),
        "before you uninstall it, give another credential_process to: by-hand",
    ]
    for profile in ("prod", "dev"):
        assert machine.xacct("role", profile, "--sdk-profile", "").code == 0
    assert machine.config.read_text("utf-8") == left
    machine.write(left.replace("xacct keys", "other keys").replace("awscli_xacct", "others"))
    assert machine.xacct("disable").stdout.splitlines()[1:] == ["the package can be uninstalled now"]


def test_disable_works_with_a_credentials_file_that_cannot_be_read(machine: Machine) -> None:
    machine.write(ON)
    machine.home.credentials.write_text("[default\n")
    outcome = machine.xacct("disable")
    assert outcome.code == 0
    assert machine.config.read_text("utf-8") == ""
    assert "before you uninstall the package, see which profiles run xacct: " in outcome.stdout
    assert str(machine.home.credentials) in outcome.stdout


def test_disable_works_without_an_aws_and_for_a_manual_edit(machine: Machine) -> None:
    machine.write("[plugins]\n  mine: awscli_xacct\nother = json\n")
    outcome = machine.xacct("disable")
    assert outcome.code == 0
    assert machine.config.read_text("utf-8") == "[plugins]\nother = json\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[plugins]\n\n[default]\n", None),
        ("[plugins]\ncli_legacy_plugin_path = /opt/mine\n", None),
        (
            "[plugins]\nxacct = awscli_xacct\ncli_legacy_plugin_path = /opt/mine\n",
            "[plugins]\ncli_legacy_plugin_path = /opt/mine\n",
        ),
    ],
    ids=["an empty section", "a path", "a path beside ours"],
)
def test_disable_keeps_what_is_not_ours(machine: Machine, text: str, left: str | None) -> None:
    machine.write(text)
    outcome = machine.xacct("disable")
    assert outcome.stdout.startswith(
        "the plugin is not enabled" if left is None else "the plugin is disabled"
    )
    assert machine.config.read_text("utf-8") == (left or text)


def test_disable_without_a_config_file(machine: Machine) -> None:
    outcome = machine.xacct("disable")
    assert (outcome.code, machine.config.exists()) == (0, False)
