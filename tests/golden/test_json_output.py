"""The JSON output of commands, which programs rely on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sts import Sts, User
from tests.support.commands import ONE_TRY
from tests.support.home import Home

from .compare import assert_golden

MANIFEST = """\
version: 1
accounts: {audit: "333333333333"}
roles:
  audit: {account: audit, role: Audit, source_profile: prod}
"""


@pytest.fixture
def profiles(sts: Sts, home: Home, user: User) -> None:
    """The profile `prod`, and `denied`, whose role trusts somebody else."""
    home.add_role("prod", sts.add_role("Power", trusts=[user.arn]).arn)
    home.add_role("denied", sts.add_role("Closed", trusts=["arn:aws:iam::999999999999:user/nobody"]).arn)


@pytest.mark.usefixtures("profiles")
def test_configure_role(home: Home) -> None:
    found = {}
    for name, arguments, code in (
        ("verify", ("verify", "prod", "denied"), 254),
        ("login", ("login", "prod"), 0),
        ("list", ("list",), 0),
        ("show", ("show", "prod"), 0),
    ):
        outcome = home.aws("configure", "role", *arguments, "--output", "json", environment=ONE_TRY)
        assert outcome.code == code, outcome.stderr
        found[name] = json.loads(outcome.stdout)
    assert_golden("configure-role", found, home.path)


@pytest.mark.usefixtures("profiles")
def test_import_plan(home: Home) -> None:
    manifest = home.path / "roles.yaml"
    manifest.write_text(MANIFEST, encoding="utf-8")
    outcome = home.aws("configure", "role", "import", str(manifest), "--dry-run", "--output", "json")
    assert outcome.code == 0, outcome.stderr
    assert_golden("import-plan", json.loads(outcome.stdout), home.path)


@pytest.mark.usefixtures("profiles")
def test_xacct(home: Home) -> None:
    document = json.loads(home.xacct("credentials", "prod").stdout)
    each = json.loads(home.xacct("each", "prod", "--output", "json", "--", "echo", "hello").stdout)
    status = json.loads(home.xacct("status", "--json").stdout)
    found = {
        "credentials": {**document, "SecretAccessKey": "SECRET", "SessionToken": "TOKEN"},
        "each": each,
        "status": [{**row, "SecondsLeft": 0} for row in status],
    }
    assert_golden("xacct", found, home.path)


@pytest.mark.usefixtures("user")
def test_doctor(home: Home) -> None:
    report = json.loads(home.xacct("doctor", "--json", environment=home.forked_aws).stdout)
    findings: list[dict[str, Any]] = report["Checks"]
    shape = {
        "keys": sorted(report),
        "keys of a check": sorted({key for finding in findings for key in finding}),
        "checks": list(dict.fromkeys(finding["Check"] for finding in findings)),
    }
    assert_golden("doctor", shape, home.path)
