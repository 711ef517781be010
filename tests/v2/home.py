"""A home in which AWS CLI v2 runs, and the directory with plugins that it is told of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.support.home import REGION, TIMEOUT, Home

VARIABLE = "XACCT_TEST_AWS_V2"
"""Names the `aws` of version 2 to test with; then it has to be there. Any on PATH will do otherwise."""

PARTS = ("awscli_xacct", "filelock", "ruamel")
"""What `pip install --target` leaves of the plugin and of what it needs besides awscli."""

_SERVICES = {"sts": "2011-06-15", "iam": "2010-05-08"}


def find() -> Path | None:
    """The `aws` of version 2 to test with, or None if there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        assert is_version_2(Path(named)), f"{VARIABLE} names {named}, which is no AWS CLI v2"
        return Path(named)
    places = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/usr/local/bin"]
    return next(filter(is_version_2, (Path(place) / "aws" for place in places)), None)


def is_version_2(aws: Path) -> bool:
    """Whether this is an `aws` of version 2 that runs."""
    if not os.access(aws, os.X_OK):
        return False
    environment = {**os.environ, "AWS_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [aws, "--version"], env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    return done.stdout.startswith("aws-cli/2.")


def copy(name: str, directory: Path) -> None:
    """Put an installed package where plugins are."""
    found = find_spec(name)
    assert found is not None
    assert found.submodule_search_locations is not None, f"{name} is no package"
    for place in found.submodule_search_locations:
        shutil.copytree(
            place, directory / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )


def copy_module(name: str, directory: Path) -> None:
    """Put an installed module of one file there."""
    found = find_spec(name)
    assert found is not None
    assert found.origin is not None
    shutil.copy(found.origin, directory)


class HomeOfV2(Home):
    """A home whose `aws` is version 2 and has the plugin on."""

    def __init__(self, path: Path, endpoint: str, aws: Path, plugins: Path) -> None:
        super().__init__(path, endpoint, aws=aws, plugin_path=str(plugins))
        for service, version in _SERVICES.items():
            self._send(service, version, endpoint)

    def _send(self, service: str, version: str, endpoint: str) -> None:
        """Let a service be called at `endpoint`: before 2.13 no variable does, but the user's own models do."""
        scheme = {"name": "sigv4", "signingName": service, "signingRegion": REGION}
        rule = {
            "type": "endpoint",
            "conditions": [],
            "endpoint": {"url": endpoint, "properties": {"authSchemes": [scheme]}, "headers": {}},
        }
        model = self.aws_dir / "models" / service / version
        model.mkdir(parents=True)
        rules = {"version": "1.0", "parameters": {}, "rules": [rule]}
        (model / "endpoint-rule-set-1.json").write_text(json.dumps(rules), encoding="utf-8")
