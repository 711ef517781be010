"""Terraform providers and Steampipe connections, parsed back with a HCL parser."""

from __future__ import annotations

from typing import Any

import hcl2

from awscli_xacct.manifest.hcl import ExportedRole, write_steampipe, write_terraform

from .configs import arn

AWKWARD = [
    "prod",
    "my prod",
    "my_prod",
    "MY PROD",
    "1st",
    "-x",
    "${prod}",
    'a"b\\c',
    "%{if}",
    "ünïcode",
    "aws_all",
    "all",
]


def targets(names: list[str]) -> list[ExportedRole]:
    return [
        ExportedRole(name, f"{name}-sdk", {"role_arn": arn("2", "R"), "region": "eu-west-1"})
        for name in names
    ]


def parse(text: str) -> dict[str, Any]:
    """Return a parsed file, with strings as they were before escaping."""
    found: dict[str, Any] = _plain(hcl2.loads(text))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        text = value[1:-1] if value[:1] == value[-1:] == '"' else value
        return text.replace("$${", "${").replace("%%{", "%{").replace('\\"', '"').replace("\\\\", "\\")
    return value


def test_terraform_providers_have_profile_region_and_account_and_distinct_aliases() -> None:
    blocks = [block["aws"] for block in parse(write_terraform(targets(AWKWARD)))["provider"]]
    assert [block["profile"] for block in blocks] == [f"{name}-sdk" for name in AWKWARD]
    assert {block["region"] for block in blocks} == {"eu-west-1"}
    assert [block["allowed_account_ids"] for block in blocks] == [["2" * 12]] * len(AWKWARD)
    assert [block["alias"] for block in blocks] == [
        *["prod", "my_prod", "my_prod_2", "MY_PROD", "_1st", "_-x", "__prod_", "a_b_c", "__if_", "_n_code"],
        *["aws_all_2", "all"],
    ]


def test_names_that_drive_a_terminal_are_written_as_numbers() -> None:
    name = "p\x9b31m\u202ex"
    options = {"role_arn": "arn:aws:iam::222222222222:role/R"}
    assert '"p\\U0000009b31m\\U0000202ex"' in write_terraform([ExportedRole("p", name, options)])


def test_steampipe_aggregates_every_connection_under_a_name_of_its_own() -> None:
    connections = {
        name: block
        for found in parse(write_steampipe(targets(AWKWARD)))["connection"]
        for name, block in found.items()
    }
    every = connections.pop("aws_all")
    assert every["connections"] == [*connections]
    assert len(connections) == len(AWKWARD)
    assert {block["regions"][0] for block in connections.values()} == {"eu-west-1"}
