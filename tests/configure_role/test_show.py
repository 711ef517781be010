"""`aws configure role show`: every hop of a chain, and the location of each setting."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.home import Home

from .steps import ESCAPE, Screen, cache, done, parsed, refused, timeless, without_local_times


def test_show_has_each_hop_with_settings_and_cache(
    home: Home, sts: Sts, user: User, device: MfaDevice, role: Role, audit_role: Role
) -> None:
    home.add_role("prod", role.arn, mfa_serial=device.serial)
    home.add_role("audit", audit_role.arn, source_profile="prod", external_id="42")
    config, credentials = home.config, home.credentials

    def expected(session: str, cached: str) -> str:
        return (
            f"1. default provides the calling credentials (file, in the clear)\n"
            f"     region                = us-west-1  ({config}:5)\n"
            f"     aws_access_key_id     = {user.access_key}  ({credentials}:2)\n"
            f"     aws_secret_access_key = (hidden)  ({credentials}:3)\n"
            f"2. prod assumes {role.arn}\n"
            f"     role_arn       = {role.arn}  ({config}:8)\n"
            f"     region         = us-west-1  ({config}:9)\n"
            f"     source_profile = default  ({config}:10)\n"
            f"     mfa_serial     = {device.serial}  ({config}:11)\n"
            f"     {session}\n"
            f"     {cached}\n"
            f"3. audit assumes {audit_role.arn}\n"
            f"     role_arn       = {audit_role.arn}  ({config}:14)\n"
            f"     region         = us-west-1  ({config}:15)\n"
            f"     source_profile = prod  ({config}:16)\n"
            f"     external_id    = 42  ({config}:17)\n"
            f"     {cached}\n"
            f"console: https://signin.aws.amazon.com/switchrole?"
            f"account=333333333333&roleName=Audit&displayName=audit\n"
        )

    assert done(home, "show", "audit").stdout == expected("no MFA session", "not cached")
    cache(home, "audit")
    lasts = "for 52 min, until TIME"
    shown = done(home, "show", "audit", environment={"TZ": "CET-1"}).stdout
    assert " CET\n" in shown
    assert without_local_times(shown) == expected(f"MFA session {lasts}", f"cached {lasts}")

    found = parsed(done(home, "show", "audit", "--output", "json"))
    assert (found["Profile"], found["Problem"]) == ("audit", None)
    assert found["SwitchRoleUrl"].endswith("displayName=audit")
    hops = [timeless(str({**hop, "Settings": len(hop["Settings"])})) for hop in found["Hops"]]
    in_file = {"KeyRestsIn": "file, in the clear"}
    nothing = {"Expiration": None, "MfaSessionExpiration": None}
    policies: dict[str, Any] = {"Policy": None, "PolicyArns": []}
    assert hops == [
        str(
            {
                "Profile": "default",
                "RoleArn": None,
                **in_file,
                **nothing,
                **policies,
                "Settings": 3,
            }
        ),
        str(
            {
                "Profile": "prod",
                "RoleArn": role.arn,
                "KeyRestsIn": None,
                "Expiration": "TIME",
                "MfaSessionExpiration": "TIME",
                **policies,
                "Settings": 4,
            }
        ),
        str(
            {
                "Profile": "audit",
                "RoleArn": audit_role.arn,
                "KeyRestsIn": None,
                **nothing,
                "Expiration": "TIME",
                **policies,
                "Settings": 4,
            }
        ),
    ]
    assert found["Hops"][0]["Settings"] == [
        {"Key": "region", "Value": "us-west-1", "Place": f"{config}:5", "Unknown": False},
        {"Key": "aws_access_key_id", "Value": user.access_key, "Place": f"{credentials}:2", "Unknown": False},
        {"Key": "aws_secret_access_key", "Value": "(hidden)", "Place": f"{credentials}:3", "Unknown": False},
    ]
    assert sts.calls == []


def test_show_follows_a_broken_chain_as_far_as_possible(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn, duration_seconds="1h")
    home.add_role("audit", role.arn, source_profile="prod")
    shown = done(home, "show", "audit").stdout
    assert [line for line in shown.splitlines() if not line.startswith("     ")] == [
        "1. default provides the calling credentials",
        f"2. prod assumes {role.arn}",
        f"3. audit assumes {role.arn}",
        "cannot work:",
        "  profile prod: duration_seconds '1h': must be a whole number of seconds, such as 3600 for an hour. Set one:",
        "    aws configure role prod --duration-seconds 3600",
        "console: https://signin.aws.amazon.com/switchrole?"
        "account=222222222222&roleName=Power&displayName=audit",
    ]
    assert "cached" not in shown


def test_show_locates_settings_of_both_files_and_of_blocks(home: Home) -> None:
    arn = "arn:aws-us-gov:iam::222222222222:role/team/ops/Power"
    home.write_config(
        f"[profile \"my prod\"]\nregion = us-gov-west-1\n[profile 'my prod']\nrole_arn = {arn}\n"
        "s3 =\n  max_concurrent_requests = 20\n  use_accelerate_endpoint = true\n"
    )
    home.credentials.write_text("[my prod]\ncredential_source = Environment\n", encoding="utf-8")
    assert done(home, "show", "my prod").stdout == (
        f"1. Environment provides the calling credentials\n"
        f"2. my prod assumes {arn}\n"
        f"     role_arn                   = {arn}  ({home.config}:10)\n"
        f"     s3.max_concurrent_requests = 20  ({home.config}:11)\n"
        f"     s3.use_accelerate_endpoint = true  ({home.config}:11)\n"
        f"     credential_source          = Environment  ({home.credentials}:2)\n"
        f"     not cached\n"
        f"console: https://signin.amazonaws-us-gov.com/switchrole?"
        f"account=222222222222&roleName=team%2Fops%2FPower&displayName=my+prod\n"
    )


@pytest.mark.usefixtures("user")
def test_show_accepts_the_profile_option(home: Home, role: Role) -> None:
    home.add_role("list", role.arn)
    url = done(home, "show", "--profile", "list", "--query", "SwitchRoleUrl", "--output", "text").stdout
    assert url == (
        "https://signin.aws.amazon.com/switchrole?account=222222222222&roleName=Power&displayName=list\n"
    )


def test_show_has_no_link_for_a_partition_without_a_public_console(home: Home) -> None:
    home.add_role("secret", "arn:aws-iso:iam::222222222222:role/Power")
    assert "console" not in done(home, "show", "secret").stdout


@pytest.mark.usefixtures("user")
def test_show_explains_what_it_cannot_show(home: Home, role: Role) -> None:
    home.add_role("production", role.arn)
    assert refused(home, "show") == [
        "no profile given",
        "  - usage: aws configure role show PROFILE",
    ]
    assert refused(home, "show", f"productoin{ESCAPE}", code=253) == [
        "nothing was done, because",
        "  - there is no profile productoin\\x1b[31m; did you mean production?",
    ]


def test_show_escapes_control_characters_of_the_file(home: Home, role: Role) -> None:
    home.add_role(f"evil{ESCAPE}", role.arn + ESCAPE, source_profile=f"no{ESCAPE}body")
    shown = done(home, "show", f"evil{ESCAPE}").stdout
    assert "\x1b" not in shown
    assert shown.startswith(f"1. evil\\x1b[31m assumes {role.arn}\\x1b[31m\n")
    assert "\n  profile evil\\x1b[31m: its source_profile no\\x1b[31mbody does not exist." in shown


def test_show_hides_passwords_in_urls(home: Home, role: Role) -> None:
    home.add_role("prod", role.arn, endpoint_url="https://me:pa55-word@sts.example.com:8443/x")
    for words in ([], ["--output", "json"]):
        shown = done(home, "show", "prod", *words).stdout
        assert "https://(hidden by xacct)@sts.example.com:8443/x" in shown
        assert "pa55-word" not in shown


def test_show_keeps_a_place_whole_on_a_terminal_that_has_the_columns(home: Home, role: Role) -> None:
    """It was indented by seven columns in any case, and the terminal broke the path."""
    home.add_role("prod", role.arn)
    places = re.findall(r"\(/\S+:\d+\)", done(home, "show", "prod").stdout)
    longest = max(places, key=len)
    screen = Screen(home, "show", "prod", columns=len(longest) + 1)
    assert screen.end() == 0
    assert f" {longest}" in screen.shown.splitlines()
