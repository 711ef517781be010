"""How version 2 finds the plugin, what else may be in its directory, and what happens if it is damaged.

What modules it loads is mostly the subject here, so it is really started then.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sts import Role, User
from tests.support.commands import WHOAMI, caller_arn, caller_of, is_session_of
from tests.support.home import AWS, Home, finish

from .home import HomeOfV2

UNFINISHED = "def unfinished("

WHERE = """
import json, sys

def awscli_initialize(cli):
    cli.register("building-command-table.main", tell)

def tell(**_):
    import awscli.clidriver, botocore.session, s3transfer, dateutil.tz
    names = ("awscli", "botocore", "s3transfer", "dateutil", "jmespath", "urllib3")
    json.dump({name: getattr(sys.modules.get(name), "__file__", None) for name in names}, open(OUT, "w"))
"""


@pytest.mark.parametrize(
    "file", ["storage/cache.py", "errors.py", "credentials/provider.py", "credentials/single_flight.py"]
)
def test_plugin_damaged_leaves_roles_to_the_stock_cli(
    home: Home, role: Role, prod: str, damage: Callable[[str, str], None], file: str
) -> None:
    damage(file, UNFINISHED)
    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert is_session_of(role, caller_arn(outcome))
    assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
    assert outcome.stderr.startswith("xacct: ")
    assert not list((home.aws_dir / "cli").rglob("*.json")), "the stock CLI's cache leaves out who calls"


def test_plugin_damaged_does_not_affect_commands_without_a_role(
    home: Home, user: User, damage: Callable[[str, str], None]
) -> None:
    damage("errors.py", UNFINISHED)
    outcome = home.aws(*WHOAMI)
    assert (caller_arn(outcome), outcome.stderr) == (user.arn, "")


def test_plugin_path_does_not_shadow_the_modules_of_the_cli(
    home: HomeOfV2, installed: Path, tmp_path: Path, role: Role, prod: str
) -> None:
    """As after `pip install --target` with dependencies: awscli v1, botocore, urllib3 …"""
    crowded = tmp_path / "crowded"
    shutil.copytree(installed, crowded)
    for name in ("awscli", "botocore", "s3transfer", "dateutil", "jmespath", "urllib3"):
        (crowded / name).mkdir()
        (crowded / name / "__init__.py").write_text("raise ImportError('of version 1')\n", "utf-8")
    out = tmp_path / "where"
    (crowded / "where.py").write_text(WHERE.replace("OUT", repr(str(out))), "utf-8")
    text = home.config.read_text("utf-8").replace(str(installed), str(crowded))
    home.config.write_text(text.replace("[plugins]\n", "[plugins]\nwhere = where\n"), "utf-8")
    outcome = finish(home.start(*WHOAMI, "--profile", prod))
    assert is_session_of(role, caller_arn(outcome))
    assert outcome.stderr == ""
    places = json.loads(out.read_text("utf-8"))
    assert not [place for place in places.values() if place and place.startswith(str(crowded))]


def test_plugin_path_missing_loads_no_plugins(home: HomeOfV2, role: Role, prod: str, installed: Path) -> None:
    text = home.config.read_text("utf-8")
    home.config.write_text(text.replace(f"cli_legacy_plugin_path = {installed}\n", ""), "utf-8")
    outcome = finish(home.start(*WHOAMI, "--profile", prod))
    assert is_session_of(role, caller_arn(outcome))
    assert outcome.stderr == ""
    assert not (home.aws_dir / "xacct").exists()


@pytest.mark.usefixtures("user")
def test_config_file_can_be_shared_by_both_versions(home: HomeOfV2, role: Role, prod: str) -> None:
    """Version 1 takes the path for the name of another plugin, which it cannot import."""
    assert is_session_of(role, caller_of(home, prod))
    (record,) = home.records()
    other = Home.__new__(Home)
    other.__dict__.update(home.__dict__, executable=AWS)
    assert other.aws("--version").code == 0
    assert is_session_of(role, caller_of(other, prod))
    assert home.records() == [record], "each would have a session of its own"


def test_completer_of_version_2_is_left_alone(home: HomeOfV2, prod: str) -> None:
    """It loads no plugins and reads its commands from a database; it must work as before."""
    places = (home.executable.with_name("aws_completer"), Path("/usr/libexec/aws_completer"))
    completer = next((place for place in places if os.access(place, os.X_OK)), None)
    if completer is None:
        pytest.skip("this AWS CLI has no completer")
    line = "aws configure ro"
    child = home.start_any(completer, environment={"COMP_LINE": line, "COMP_POINT": str(len(line))})
    stdout, stderr = child.communicate(timeout=120)
    assert (child.returncode, "Traceback" in stderr, prod in stdout) == (0, False, False)
