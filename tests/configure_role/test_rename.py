"""`aws configure role rename`: rename a profile, also where others use it."""

from __future__ import annotations

import pytest

from tests.sts import Role
from tests.support.home import Home

from .steps import ESCAPE, cache, done, refused


def test_rename_updates_users_of_the_profile_and_keeps_the_cache_valid(
    home: Home, role: Role, audit_role: Role
) -> None:
    home.write_config(
        f"# All of it.\n[profile prod] # here\nrole_arn={role.arn}\n  # deep\nsource_profile = default\n\n"
        f"[profile audit]\nrole_arn = {audit_role.arn}\nSource_Profile =  prod\n"
        f"region = us-west-1\n[profile last]\noutput = text"
    )
    before = home.config.read_text(encoding="utf-8")
    cache(home, "audit")
    outcome = done(home, "rename", "prod", "my prod")
    assert (outcome.stdout, outcome.lines) == (
        "",
        [f"renamed prod to my prod in {home.config}", "updated source_profile in: audit"],
    )
    after = before.replace("[profile prod]", "[profile 'my prod']").replace("  prod\n", "  my prod\n")
    assert home.config.read_text(encoding="utf-8") == after
    cached = done(home, "list", "--query", "[?Expiration].Profile", "--output", "text").stdout
    assert cached == "my prod\taudit\n"


@pytest.mark.usefixtures("user")
def test_rename_reports_every_problem(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn)
    home.add_role('"prod"', role.arn)
    home.add_role("taken", role.arn)
    with home.credentials.open("a", encoding="utf-8") as file:
        file.write("[prod]\noutput = text\n[other]\nregion = us-west-1\nsource_profile = prod\n")
    lines = home.credentials.read_text(encoding="utf-8").splitlines()
    place = f"  - {home.credentials}, line"
    assert refused(home, "rename", "prod", "taken") == [
        "nothing was renamed, because",
        "  - profile taken exists already",
        "  - prod has two sections in the config file, in lines 7 and 12; remove one of them",
        f"{place} {lines.index('[prod]') + 1}, has settings of prod; remove them by hand, because this command never "
        "edits that file",
        f"{place} {lines.index('source_profile = prod') + 1}, names prod as the source of other; change it by hand, "
        "because this command never edits that file",
    ]
    assert refused(home, "rename", "prod") == [
        "no new name given",
        "  - usage: aws configure role rename OLD NEW",
    ]
    assert refused(home, "rename", "taken", f"new{ESCAPE}")[1].startswith(
        "  - the profile name 'new\\x1b[31m' "
    )


def test_rename_refuses_the_default_profile(home: Home, role: Role) -> None:
    text = home.config.read_text(encoding="utf-8").rstrip()
    home.config.write_text(
        f"{text}\nrole_arn = {role.arn}\ncredential_source = Environment\n", encoding="utf-8"
    )
    assert (
        refused(home, "rename", "default", "new")
        == [
            "nothing was renamed, because",
            "  - the default profile cannot be renamed",
        ]
        or home.credentials.exists()
    )
