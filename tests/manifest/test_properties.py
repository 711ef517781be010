"""Manifests of any shape: export and import lose nothing and are idempotent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.configfile.document import Document
from awscli_xacct.configfile.sections import full_config, make_header
from awscli_xacct.manifest.export import merge
from awscli_xacct.manifest.plan import Plan, plan
from awscli_xacct.manifest.source_file import Text, request_of

from .configs import DEFAULT, DEVICE, PARTITIONS, Options
from .texts import manifests, profiles, quickly

DEFAULTS = st.sampled_from([DEFAULT, {**DEFAULT, "mfa_serial": DEVICE}])


def config_of(found: Mapping[str, Options], default: Options) -> bytes:
    document = Document(b"")
    for name, options in {"default": default, **found}.items():
        for key, text in options.items():
            document.set(make_header(name), key, text)
    return document.render()


def import_into(text: str, config: bytes, *, prune: bool = False) -> tuple[Plan, bytes]:
    document = Document(config)
    request, _ = request_of(Text(text, "m.yaml", "/m.yaml"), [], prune=prune)
    found = plan(request, document, Document(b""), PARTITIONS)
    found.apply(document)
    return found, document.render()


def roles_in(config: bytes) -> dict[str, dict[str, Any]]:
    """Return the role profiles of a config without their marks."""
    found = full_config(config)["profiles"]
    found.pop("default")
    return {name: _unmarked(options) for name, options in found.items()}


def _unmarked(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: text for key, text in options.items() if not key.startswith("xacct_")}


def comments(text: str) -> list[str]:
    return re.findall(r"# ?(?:c\d+|before|between|after|far left)", text)


@quickly
@given(profiles(), DEFAULTS)
def test_import_of_an_export_changes_nothing(roles: dict[str, dict[str, str]], default: Options) -> None:
    config = config_of(roles, default)
    text = merge("", "m.yaml", roles, full_config(config)["profiles"], PARTITIONS)
    found, after = import_into(text, config, prune=True)
    assert (found.changes_anything, after) == (False, config)
    assert roles_in(import_into(text, config_of({}, default))[1]) == roles
    assert merge(text, "m.yaml", roles, full_config(config)["profiles"], PARTITIONS) == text


@quickly
@given(manifests(), DEFAULTS)
def test_import_is_idempotent(found: tuple[dict[str, dict[str, str]], str], default: Options) -> None:
    roles, text = found
    made, once = import_into(text, config_of({}, default))
    assert len(made.of("add")) == len(roles)
    got = {name: {**options, "mfa_serial": None} for name, options in roles_in(once).items()}
    assert got == {name: {**options, "mfa_serial": None} for name, options in roles.items()}
    again, twice = import_into(text, once, prune=True)
    assert (again.changes_anything, twice) == (False, once)


@quickly
@given(manifests(), DEFAULTS)
def test_export_onto_an_imported_manifest_changes_nothing(
    found: tuple[dict[str, dict[str, str]], str], default: Options
) -> None:
    _, text = found
    config = import_into(text, config_of({}, default))[1]
    assert merge(text, "m.yaml", roles_in(config), full_config(config)["profiles"], PARTITIONS) == text


@quickly
@given(manifests(), profiles(), DEFAULTS)
def test_export_onto_any_manifest_makes_it_say_what_was_exported(
    found: tuple[dict[str, dict[str, str]], str], roles: dict[str, dict[str, str]], default: Options
) -> None:
    there, text = found
    config = config_of(roles, default)
    after = merge(text, "m.yaml", roles, full_config(config)["profiles"], PARTITIONS)
    assert merge(after, "m.yaml", roles, full_config(config)["profiles"], PARTITIONS) == after
    made = roles_in(import_into(after, config_of({}, default))[1])
    assert {name: made[name] for name in roles} == roles
    if default is DEFAULT:  # with a device, a role that another one has as its source may differ in it
        others = {name: options for name, options in there.items() if name not in roles}
        assert {name: made[name] for name in others} == others
    stays = [line for line in comments(text) if not line.startswith("# between")]
    kept = comments(after)
    lost = [line for line in stays if line not in kept]
    assert len(lost) <= _removed_lines(text, after), "a comment goes only with the line it stands on"
    assert ("\r\n" in text) == ("\r\n" in after)


def _removed_lines(before: str, after: str) -> int:
    """Return how many lines of a text are gone."""
    left = set(after.splitlines())
    return sum(line not in left for line in before.splitlines())
