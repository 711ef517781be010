"""The published JSON schema for editors: it accepts what is read, and rejects what is refused."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from ruamel.yaml import YAML

from awscli_xacct.manifest.fields import NOT_IN_DEFAULTS, ROLE_KEYS
from awscli_xacct.manifest.reader import read

from .texts import manifests, quickly

SCHEMA = json.loads(resources.files("awscli_xacct.manifest").joinpath("schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def valid(text: str) -> bool:
    document: Any = YAML(typ="safe", pure=True).load(text)
    return bool(VALIDATOR.is_valid(document))


def test_schema_is_valid_and_has_the_keys_that_are_read() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert tuple(SCHEMA["$defs"]["role"]["properties"]) == ROLE_KEYS
    assert set(SCHEMA["properties"]["defaults"]["properties"]) == {*ROLE_KEYS} - {*NOT_IN_DEFAULTS}


@quickly
@given(manifests())
def test_schema_accepts_what_is_read(found: tuple[dict[str, dict[str, str]], str]) -> None:
    _, text = found
    assert read(text, "m.yaml").problems == []
    assert valid(text)


@pytest.mark.parametrize(
    "text",
    [
        "roles: {a: {account: x, role: A}}",
        "version: 2\nroles: {a: {account: x, role: A}}",
        "version: 1",
        "version: 1\nroles: {}",
        "version: 1\nroles: {default: {account: x, role: A}}",
        "version: 1\nroles: {a: null}",
        "version: 1\nroles: {a: {account: 222222222222, role: A}}",
        "version: 1\nroles: {a: {account: x, role: A, regoin: x}}",
        "version: 1\nroles: {a: {account: x, role_arn: 'arn:aws:iam::222222222222:role/A'}}",
        "version: 1\nroles: {a: {account: x, role: A, source_profile: a, credential_source: Environment}}",
        "version: 1\nroles: {a: {account: x, role: A, session_tags: {a: 1}}}",
        "version: 1\nroles: {a: {account: x, role: A, duration_seconds: 1}}",
        "version: 1\nroles: {a: {account: x, role: A, policy_arns: []}}",
        "version: 1\nroles: {a: {account: x, role: A, policy_arns: [ReadOnlyAccess]}}",
        "version: 1\nroles: {a: {account: x, role: A, policy: {Statement: []}}}",
        "version: 1\naccounts: {a: 222222222222}\nroles: {a: {account: a, role: A}}",
        "version: 1\naccounts: {'222222222222': '222222222222'}\nroles: {a: {account: a, role: A}}",
        "version: 1\ndefaults: {role_arn: x}\nroles: {a: {account: x, role: A}}",
        "version: 1\nname: -x\nroles: {a: {account: x, role: A}}",
        "version: 1\nother: x\nroles: {a: {account: x, role: A}}",
    ],
)
def test_schema_rejects_what_is_refused(text: str) -> None:
    assert not valid(text)
