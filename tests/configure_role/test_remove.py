"""`aws configure role remove`: delete a profile from the file, and its credentials from the cache."""

from __future__ import annotations

import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support.home import Home

from .steps import CTRL_C, WITHOUT_TERMINAL, Screen, cache, done, refused

# Only the section of `prod` may change, and its comments stay.
CONFIG = """\
# All of it.
[profile  other]\r
Region=eu-west-1
  # deep
s3 =
    max = 1

[profile prod]
# Why prod is there.
role_arn = {arn}
source_profile = default   ; no comment, says botocore
external_id = 42

[profile last]
output = text"""
REMOVED = """\
# All of it.
[profile  other]\r
Region=eu-west-1
  # deep
s3 =
    max = 1

# Why prod is there.

[profile last]
output = text"""


@pytest.fixture
def audit(home: Home, role: Role, audit_role: Role) -> str:
    """A profile with `prod` as its source. Both are cached."""
    home.add_role("prod", role.arn)
    home.add_role("audit", audit_role.arn, source_profile="prod")
    cache(home, "audit")
    return "audit"


def test_remove_deletes_the_section_and_keeps_every_other_byte(home: Home, sts: Sts, role: Role) -> None:
    home.write_config("")
    before = home.config.read_bytes()
    text = CONFIG.format(arn=role.arn).replace("source_profile = default   ; no comment, says botocore\n", "")
    home.config.write_bytes(
        before + text.replace("external", "credential_source = Environment\nexternal").encode()
    )
    mode = home.config.stat().st_mode
    outcome = done(home, "remove", "prod", "--yes")
    assert (outcome.stdout, outcome.lines) == ("", [f"removed from {home.config}: prod"])
    assert home.config.read_bytes() == before + REMOVED.encode()
    assert (home.config.stat().st_mode, sts.calls) == (mode, [])


def test_remove_asks_on_a_terminal(home: Home, audit: str) -> None:
    before = home.config.read_bytes()
    for answer in ("", "what?"):
        screen = Screen(home, "remove", audit)
        screen.answer("Remove audit?", answer)
        assert screen.end() == 255
        assert screen.shown.endswith("nothing was removed\n")
    screen = Screen(home, "remove", audit)
    screen.keys("Remove audit? [y/N]", CTRL_C)
    assert screen.end() == 130
    assert screen.shown.endswith("[y/N] ^C\nnothing was removed\n")
    assert home.config.read_bytes() == before
    assert len(home.records()) == 2

    screen = Screen(home, "remove", audit)
    screen.answer("Remove audit?", "y")
    assert screen.end() == 0
    assert b"audit" not in home.config.read_bytes()


def test_remove_deletes_cached_credentials(home: Home, audit: str) -> None:
    done(home, "remove", audit, "--yes")
    assert len(home.records()) == 1
    assert done(home, "list", "--query", "[?Expiration].Profile", "--output", "text").stdout == "prod\n"


@pytest.mark.usefixtures("audit")
def test_remove_keeps_credentials_that_another_profile_uses(home: Home, role: Role) -> None:
    home.add_role("twin", role.arn)
    done(home, "remove", "twin", "--yes")
    assert len(home.records()) == 2


def test_remove_keeps_the_mfa_session_for_other_roles(home: Home, role: Role, device: MfaDevice) -> None:
    home.add_role("prod", role.arn, mfa_serial=device.serial)
    cache(home, "prod")
    assert len(home.records()) == 2
    done(home, "remove", "prod", "--yes")
    assert len(home.records()) == 1


@pytest.mark.usefixtures("audit")
def test_remove_of_a_source_profile_needs_its_users_or_force(home: Home) -> None:
    assert refused(home, "remove", "prod", "--yes") == [
        "nothing was removed, because",
        "  - prod is the source of audit. Remove it anyway:",
        "      aws configure role remove prod --yes --force",
    ]
    before = home.config.read_bytes()
    done(home, "remove", "prod", "--yes", "--force")
    assert b"[profile audit]" in home.config.read_bytes()
    home.config.write_bytes(before)
    with home.credentials.open("a", encoding="utf-8") as file:
        file.write("[audit]\noutput = text\n")
    outcome = done(home, "remove", "prod", "audit", "--yes")
    assert b"role_arn" not in home.config.read_bytes()
    assert outcome.lines == [
        f"removed from {home.config}: prod, audit",
        f"{home.credentials}, line 5, has settings of audit; remove them by hand, because this command never edits "
        "that file",
    ]


@pytest.mark.usefixtures("user")
def test_remove_of_a_profile_with_keys_needs_force(home: Home, role: Role) -> None:
    """They may be the only copy. A role profile can have keys if it is its own `source_profile`."""
    home.write_config(
        f"[profile x]\naws_access_key_id = AKIA1\naws_secret_access_key = s\nrole_arn = {role.arn}\n"
        "source_profile = x\n"
    )
    assert refused(home, "remove", "x", "--yes") == [
        "nothing was removed, because",
        "  - x has the long-term keys of a user too. Remove them with it:",
        "      aws configure role remove x --yes --force",
    ]
    done(home, "remove", "x", "--yes", "--force")
    assert "AKIA1" not in home.config.read_text(encoding="utf-8")


def test_remove_explains_what_it_cannot_remove(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn)
    assert refused(home, "remove", "default", "--yes", code=253) == [
        "nothing was done, because",
        "  - profile default is not a role profile; list those with: aws configure role list",
    ]
    with home.credentials.open("a", encoding="utf-8") as file:
        file.write(f"[other]\nrole_arn = {role.arn}\nsource_profile = default\n")
    line = home.credentials.read_text(encoding="utf-8").splitlines().index("[other]") + 1
    place = f"{home.credentials}, line {line},"
    assert refused(home, "remove", "prod") == [
        "nothing was removed, because",
        WITHOUT_TERMINAL,
        "      aws configure role remove prod --yes",
    ]
    assert refused(home, "remove", "prod", "other", "--yes", code=253) == [
        "nothing was removed, because",
        f"  - {place} has settings of other; remove them by hand, because this command never edits that file",
    ]
