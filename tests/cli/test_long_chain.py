"""A chain that is far too long: every command works for the other profiles, and says what is wrong with that one."""

from __future__ import annotations

import json

import pytest

from tests.sts import Role
from tests.support.home import Home

HOPS = 1000
LAST = f"hop{HOPS - 1}"
TOO_LONG = f"profile {LAST}: its chain is too long: more than 150 roles"


@pytest.fixture
def long_chain(home: Home, role: Role, prod: str) -> str:
    """A healthy role profile beside a chain in which each profile is the source of the next."""
    with home.config.open("a", encoding="utf-8") as file:
        for hop in range(HOPS):
            source = f"hop{hop - 1}" if hop else "default"
            file.write(f"[profile hop{hop}]\nrole_arn = {role.arn}\nsource_profile = {source}\n\n")
    return prod


def test_long_chain_leaves_other_profiles_usable(home: Home, long_chain: str) -> None:
    for command in (
        ["show", long_chain],
        ["verify", long_chain],
        ["rename", long_chain, "p"],
    ):
        outcome = home.aws("configure", "role", *command)
        assert outcome.code == 0, outcome.stderr
    assert home.xacct("credentials", "p").code == 0
    each = home.xacct("each", "p", "hop0", "--output", "json", "--", "true")
    assert [run["ExitCode"] for run in json.loads(each.stdout)] == [0, 0]
    status = json.loads(home.xacct("status", "--json").stdout)
    assert {"p", "hop0"} <= {row["Profile"] for row in status}


def test_long_chain_is_listed_and_edited_whole_and_exported_as_far_as_it_works(
    home: Home, long_chain: str
) -> None:
    listed = json.loads(home.aws("configure", "role", "list", "--output", "json").stdout)
    assert {row["Profile"] for row in listed} == {long_chain, *(f"hop{hop}" for hop in range(HOPS))}
    manifest = home.path / "accounts.yaml"
    exported = home.aws("configure", "role", "export", str(manifest))
    assert exported.code == 0, exported.stderr
    assert f"skipped profile {LAST}: {TOO_LONG}" in exported.stderr
    text = manifest.read_text("utf-8")
    assert (f"  {long_chain}: " in text, "  hop149: " in text, LAST in text) == (True, True, False)
    assert home.aws("configure", "role", "rename", "hop500", "middle").code == 0
    assert "source_profile = middle" in home.config.read_text("utf-8")
    assert home.aws("configure", "role", "remove", LAST, "--yes").code == 0


def test_long_chain_is_explained_by_whatever_uses_it(home: Home, long_chain: str) -> None:
    assert long_chain
    show = home.aws("configure", "role", "show", LAST)
    assert (show.code, f"cannot work:\n  {TOO_LONG}" in show.stdout) == (0, True)
    for outcome in (
        home.aws("sts", "get-caller-identity", "--profile", LAST),
        home.aws("configure", "role", "verify", LAST),
        home.xacct("credentials", LAST),
        home.xacct("each", LAST, "--", "true"),
        home.xacct("doctor", environment=home.forked_aws),
    ):
        assert outcome.code != 0
        assert TOO_LONG in outcome.stdout + outcome.stderr
        assert "Traceback" not in outcome.stderr
