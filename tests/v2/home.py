"""A home for AWS CLI v2, and the plugin directory for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.support.home import REGION, TIMEOUT, Home

AWS_V2 = "XACCT_TEST_AWS_V2"
"""The path of the AWS CLI v2 to test with, which must exist. Without it, any v2 on PATH is used."""

PACKAGES = ("awscli_xacct", "ruamel")
"""What `pip install --target` installs of the plugin and its dependencies, except awscli."""

_SERVICES = {"sts": "2011-06-15", "iam": "2010-05-08"}


def find_aws() -> Path | None:
    """Return the AWS CLI v2 to test with, or None."""
    named = os.environ.get(AWS_V2)
    if named:
        assert is_version_2(Path(named)), f"{AWS_V2} names {named}, which is not an AWS CLI v2"
        return Path(named)
    places = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/usr/local/bin"]
    return next(filter(is_version_2, (Path(place) / "aws" for place in places)), None)


def is_version_2(aws: Path) -> bool:
    """Return whether this is an AWS CLI v2 that runs."""
    if not os.access(aws, os.X_OK):
        return False
    environment = {**os.environ, "AWS_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [aws, "--version"], env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    return done.stdout.startswith("aws-cli/2.")


def copy_package(name: str, directory: Path) -> None:
    """Copy an installed package into the plugin directory."""
    found = find_spec(name)
    assert found is not None
    assert found.submodule_search_locations is not None, f"{name} is not a package"
    for place in found.submodule_search_locations:
        shutil.copytree(
            place, directory / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )


def copy_module(name: str, directory: Path) -> None:
    """Copy an installed single-file module into the plugin directory."""
    found = find_spec(name)
    assert found is not None
    assert found.origin is not None
    shutil.copy(found.origin, directory)


class HomeOfV2(Home):
    """A home whose `aws` is version 2, with the plugin enabled."""

    def __init__(self, path: Path, endpoint: str, aws: Path, plugins: Path) -> None:
        super().__init__(path, endpoint, aws=aws, plugin_path=str(plugins))
        for service, version in _SERVICES.items():
            self._set_endpoint(service, version, endpoint)

    def _set_endpoint(self, service: str, version: str, endpoint: str) -> None:
        """Point a service to `endpoint` through the user's own models: before 2.13, no variable does it."""
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
