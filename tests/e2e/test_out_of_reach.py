"""Directories and files that exist but cannot be looked into, and installations that are broken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.steps import age_config_files
from tests.sts import Sts
from tests.support import forked
from tests.support.commands import WHOAMI, caller_of, respecting_modes, run
from tests.support.home import AWS, XACCT, Home

from .conftest import Damage

BROKEN = "raise RuntimeError('\x1b[31mbroken')\n"


@pytest.mark.parametrize("closed", ["cache", ""], ids=["the cache", "the directory above it"])
def test_cache_that_cannot_be_looked_into_costs_one_warning(
    home: Home, sts: Sts, prod: str, closed: str
) -> None:
    """`xacct credentials` failed with "[Errno 13]"; `aws` promised that a new record would replace it."""
    age_config_files(home)
    caller_of(home, prod)
    directory = home.aws_dir / "xacct" / closed
    directory.chmod(0)
    warning = (
        f"xacct: credentials cannot be cached in {home.cache}: Permission denied. Make it writable with: "
        f"chmod u+rwx {directory}"
    )
    try:
        outcomes = [
            run(home, *respecting_modes(), *words)
            for words in (
                [str(AWS), *WHOAMI, "--profile", prod],
                [str(XACCT), "credentials", prod],
                [str(XACCT), "exec", prod, "--", "true"],
            )
        ]
    finally:
        directory.chmod(0o700)
    for outcome in outcomes:
        assert outcome.code == 0
        assert outcome.lines[0] == warning
    assert len(sts.calls_of("AssumeRole")) == 4


def test_cache_dir_that_leads_nowhere_costs_one_warning(home: Home, prod: str, tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for place in (str(loop), str(tmp_path / ("long" * 100))):
        outcome = home.xacct("credentials", prod, environment={"AWS_XACCT_CACHE_DIR": place})
        assert outcome.code == 0
        [line] = outcome.lines
        assert line.startswith(f"xacct: credentials cannot be cached in {place}: ")


def test_path_entry_that_cannot_be_looked_into_is_skipped(home: Home, tmp_path: Path) -> None:
    """`enable` and `doctor` ended with "[Errno 13]"."""
    closed = tmp_path / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0)
    aws = forked.find_client(AWS)
    path = os.pathsep.join(map(str, (closed, closed / "inside", aws.parent)))
    outcome = run(
        home,
        *respecting_modes(),
        str(XACCT),
        "enable",
        "--aws",
        str(closed / "aws"),
        environment={"PATH": path},
    )
    assert (outcome.code, outcome.lines[0][:40]) == (252, f"xacct: {closed}/aws is not an executable"[:40])
    outcome = run(home, *respecting_modes(), str(XACCT), "doctor", "--json", environment={"PATH": path})
    closed.chmod(0o700)
    assert "Errno" not in outcome.stdout
    assert f"{aws} (" in outcome.stdout


@pytest.mark.usefixtures("user")
def test_rotation_that_cannot_keep_its_notes_names_the_fix(home: Home) -> None:
    state = home.aws_dir / "xacct"
    state.mkdir(mode=0o700)
    state.chmod(0)
    outcome = run(home, *respecting_modes(), str(XACCT), "keys", "rotate", "default", "--yes")
    state.chmod(0o700)
    assert (outcome.code, outcome.lines) == (
        255,
        [
            f"xacct: notes about keys cannot be kept in {state}/keys: Permission denied. Make it writable with: "
            f"chmod u+rwx {state}"
        ],
    )


@pytest.mark.parametrize("file", ["errors.py", "cli/dispatch.py", "cli/credentials.py", "messages.py"])
def test_xacct_broken_ends_with_one_error(home: Home, prod: str, damage: Damage, file: str) -> None:
    """The code that reports errors ended in a traceback of its own."""
    outcome = home.xacct("credentials", prod, environment=damage(file, BROKEN))
    assert (outcome.code, outcome.stdout) == (255, "")
    assert outcome.lines[0].startswith("xacct: ")
    assert "RuntimeError: \\x1b[31mbroken" in outcome.stderr
    assert "Traceback" not in outcome.stderr
