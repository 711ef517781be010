"""The assumptions about botocore and awscli (tests/contracts), tested with those inside version 2."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.home import TIMEOUT

from .home import copy_module, copy_package

ROOT = Path(__file__).resolve().parents[2]
# The contract tests need neither the shared fixtures nor the modules that those import.
RUN = "import awscli, sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
ALONE = ("-q", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest", "-p", "no:cacheprovider")


@pytest.fixture
def python(aws_v2: Path) -> Path:
    """The Python that runs version 2."""
    with aws_v2.open("rb") as file:
        first = file.readline()
    if not first.startswith(b"#!"):
        pytest.skip(f"{aws_v2} has Python built in, which cannot run other programs")
    return Path(os.fsdecode(first[2:].split()[0]))


def test_contracts_hold_in_version_2(python: Path, installed: Path, tmp_path: Path) -> None:
    for name in ("_pytest", "pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        copy_package(name, tmp_path)
    copy_module("py", tmp_path)
    path = os.pathsep.join([str(tmp_path), str(installed)])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [python, "-c", RUN, *ALONE, "tests/contracts"],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
