"""The chart of who assumes from whom, rendered by Mermaid itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct.manifest.mermaid import draw
from tests.cli.node import MERMAID, NodeError, install

from .configs import DEVICE, role


def test_chart_has_a_node_per_profile_and_an_arrow_per_role() -> None:
    roles = {
        "prod": role("2", "Power", mfa_serial=DEVICE),
        "audit": role("3", "team/Audit", "prod"),
        "ec2": role("4", "Batch", None, credential_source="Ec2InstanceMetadata"),
    }
    assert draw(roles) == (
        "flowchart LR\n"
        '    p0["default"]\n'
        '    p1["prod<br>222222222222<br>Power"]\n'
        '    p2["audit<br>333333333333<br>team/Audit"]\n'
        '    p3["Ec2InstanceMetadata"]\n'
        '    p4["ec2<br>444444444444<br>Batch"]\n'
        "    p0 -->|MFA| p1\n"
        "    p1 --> p2\n"
        "    p3 --> p4\n"
    )


@pytest.mark.late
def test_chart_renders_with_any_name() -> None:
    names = [
        "plain",
        "my prod",
        'a"b',
        "<b>x</b>",
        "`code`",
        "#quot;",
        "end",
        "p0",
        "a[0]|{}",
        "%%",
        "ünïcode",
    ]
    rendered = render(draw({name: role("2", "R", mfa_serial=DEVICE) for name in names}))
    assert rendered["nodes"] == ["default", *(f"{name}222222222222R".replace(" ", "") for name in names)]
    assert (rendered["edges"], set(rendered["labels"])) == (len(names), {"MFA"})


def render(chart: str) -> dict[str, Any]:
    """Return the texts of the nodes and of the labels, without blanks, and the number of edges."""
    try:
        modules = install(MERMAID) / "node_modules"
    except NodeError as error:
        pytest.skip(str(error))
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("render.mjs"))],
        input=chart,
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {**found, "nodes": [text.replace(" ", "") for text in found["nodes"]]}
