"""A forked `aws` of version 2 behaves like a started one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.cli.steps import age_config_files
from tests.sts import Role
from tests.support import forked
from tests.support.commands import WHOAMI
from tests.support.home import Outcome, finish
from tests.support.test_forked import RECORDER

from .home import HomeOfV2


def test_forked_process_has_the_same_outcome_and_state(
    home: HomeOfV2, role: Role, prod: str, installed: Path, tmp_path: Path
) -> None:
    """What it prints, and what it has inherited and loaded."""
    plugins = tmp_path / "plugins"
    shutil.copytree(installed, plugins)
    (plugins / "recorder.py").write_text(RECORDER, "utf-8")
    text = home.config.read_text("utf-8").replace(str(installed), str(plugins))
    home.config.write_text(text.replace("[plugins]\n", "[plugins]\nrecorder = recorder\n"), "utf-8")
    age_config_files(home)  # so that both write a memo, however slow the machine is
    records: list[Any] = []
    for start in (home.start, home.fork):
        process = start(*WHOAMI, "--profile", prod, "--query", "Account")
        assert isinstance(process, forked.Forked) == (start == home.fork)
        assert finish(process) == Outcome(0, f'"{role.account}"\n', "")
        records.append(json.loads((home.path / "record").read_text("utf-8")))
        shutil.rmtree(home.aws_dir / "xacct")
    assert "awscli_xacct.credentials.provider" in records[0]["modules"]
    assert set(records[0]["modules"]) ^ set(records[1]["modules"]) == set()
    assert records[0] == records[1]
