"""The table of config keys: what it guarantees, and that no other module keeps its own list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from awscli_xacct import settings
from awscli_xacct.profiles.config_keys import KEYS
from awscli_xacct.profiles.role import Role
from awscli_xacct.profiles.values import value_problem

PACKAGE = Path(settings.__file__).parent
NAMES = {*KEYS, *settings.CREDENTIAL_KEYS, settings.MANIFEST, settings.MANIFEST_KEYS} - {settings.REGION}

ELSEWHERE = {
    # It is imported by every command, and imports nothing.
    "__init__.py": {
        "mfa_session",
        "policy",
        "policy_arns",
        "role_arn",
        "session_tags",
        "source_identity",
        "source_profile",
        "transitive_session_tags",
    },
    # A key of the browser extension's.
    "manifest/extend_switch_roles.py": {"aws_account_id"},
    # Arguments of botocore's, a key of setup's journal, options of a command line.
    "redaction.py": {"aws_secret_access_key", "aws_session_token"},
    "credentials/sts.py": {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"},
    "cli/each.py": {"source_profile"},
    "configure_role/role_args.py": {"policy"},
    "configure_role/setup.py": {"role_arn"},
    "configure_role/setup_undo.py": {"role_arn"},
    "configure_role/setup_args.py": {"source_profile", "external_id", "duration_seconds"},
    # A field of a record.
    "cli/status.py": {"policy"},
    "history/entry.py": {"policy"},
    # Keys of other tools' profiles.
    "manifest/other_tools.py": {"web_identity_token_file"},
    # A kind of resource in IAM.
    "profiles/managed_policies.py": {"policy"},
    "profiles/values.py": {"policy"},
    "setup/journal.py": {"policy"},
    "setup/planner.py": {"policy"},
    "setup/undo.py": {"policy"},
}
"""Strings that are spelled as a config key and are no name of one, or cannot be imported."""


def strings_in(path: Path) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_config_keys_are_named_in_settings_only() -> None:
    found = {
        str(path.relative_to(PACKAGE)): strings_in(path) & NAMES
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "settings.py"
    }
    assert {path: names for path, names in found.items() if names} == ELSEWHERE
    assert strings_in(PACKAGE / "settings.py") >= NAMES


def test_config_keys_have_a_field_of_the_role_except_its_sources_and_the_region() -> None:
    beside = {settings.SOURCE_PROFILE, settings.CREDENTIAL_SOURCE, settings.REGION}
    assert set(KEYS) - beside == set(Role._fields) - {"profile", "source", "policy_document"}


@pytest.mark.parametrize("name", [settings.MFA_SESSION, settings.DURATION_SECONDS])
def test_config_keys_have_an_example_that_is_valid(name: str) -> None:
    assert value_problem(name, KEYS[name].example, None) is None
