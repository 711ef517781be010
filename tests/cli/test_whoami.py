"""`xacct whoami`: what an `aws` command would act as, found without a call, and what STS says of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support import forked
from tests.support.commands import ONE_TRY, WHOAMI, is_session_of
from tests.support.home import XACCT, Home

KEYS = ["Profile", "Account", "Role", "Caller", "Source", "Policy", "PolicyArns", "Expiration"]
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
pytestmark = pytest.mark.usefixtures("user")


def whoami(home: Home, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what `xacct whoami --json` prints."""
    outcome = home.xacct("whoami", *arguments, "--json", environment=environment)
    assert outcome.code == 0, outcome.stderr
    found: dict[str, Any] = json.loads(outcome.stdout)
    assert list(found) == KEYS
    return found


def keys_of(user: User) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": user.access_key, "AWS_SECRET_ACCESS_KEY": user.secret_key}


def test_whoami_makes_no_call(home: Home, sts: Sts, prod: str, role: Role) -> None:
    home.add_role("reader", role.arn, policy_arns=READ_ONLY)
    expected: dict[str, Any] = {
        "Profile": prod,
        "Account": "222222222222",
        "Role": "Power",
        "Caller": None,
        "Source": "default",
        "Policy": None,
        "PolicyArns": [],
        "Expiration": None,
    }
    assert whoami(home, prod) == expected
    assert whoami(home, environment={"AWS_PROFILE": prod}) == expected
    assert whoami(home, "reader") == {**expected, "Profile": "reader", "PolicyArns": [READ_ONLY]}
    assert sts.calls == []
    assert home.records() == []


def test_whoami_knows_the_cached_session(home: Home, prod: str) -> None:
    arn = json.loads(home.aws(*WHOAMI, "--profile", prod).stdout)["Arn"]
    found = whoami(home, prod)
    assert found["Caller"] == arn
    assert found["Expiration"].endswith("Z")


def test_whoami_in_words_says_narrowed(home: Home, role: Role) -> None:
    policy = '{"Version": "2012-10-17", "Statement": []}'
    home.add_role("reader", role.arn, policy_arns=READ_ONLY, policy=policy)
    outcome = home.xacct("whoami", "reader")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout == (
        "Profile   reader\nAccount   222222222222\nRole      Power (narrowed)\nCaller    -\nSource    default\n"
        f"Policies  {READ_ONLY}, {policy}\nUntil     -\n"
    )


@pytest.mark.usefixtures("prod")
@pytest.mark.parametrize("profile", ["prod", "reader", "default"])
def test_whoami_check_asks_sts(home: Home, role: Role, user: User, profile: str) -> None:
    home.add_role("reader", role.arn, policy_arns=READ_ONLY)
    found = whoami(home, profile, "--check")
    assert found["Caller"] == user.arn if profile == "default" else is_session_of(role, found["Caller"])
    assert found["Account"] == ("111111111111" if profile == "default" else "222222222222")
    assert bool(found["Expiration"]) == (profile != "default")
    assert found["Expiration"] == whoami(home, profile)["Expiration"]


def test_whoami_check_tells_what_sts_refuses(home: Home, user: User, sts: Sts) -> None:
    sts.revoke(user.access_key)
    outcome = home.xacct("whoami", "--check", environment=ONE_TRY)
    assert outcome.code == 254
    assert outcome.stdout == ""
    assert "InvalidClientTokenId" in outcome.stderr


def test_whoami_agrees_with_aws_about_what_comes_first(home: Home, sts: Sts, prod: str) -> None:
    """The environment's keys beat AWS_PROFILE and default, and are beaten by a profile that is named."""
    other = sts.add_user("other")
    for named in (False, True):
        for variables in ({}, keys_of(other), {"AWS_PROFILE": prod}, {**keys_of(other), "AWS_PROFILE": prod}):
            options = ["--profile", prod] if named else []
            acts = json.loads(home.aws(*WHOAMI, *options, environment=variables).stdout)["Arn"]
            found = whoami(home, *options[1:], environment=variables)
            checked = whoami(home, *options[1:], "--check", environment=variables)
            assert checked["Caller"] == acts
            assert {**checked, "Caller": None, "Account": None} == {
                **found,
                "Caller": None,
                "Account": None,
                "Expiration": checked["Expiration"],
            }
            by_keys = other.arn in acts
            assert (found["Source"] == "Environment") == by_keys
            assert (found["Profile"] is None) == by_keys


def test_whoami_says_when_the_environment_beats_the_profile(home: Home, prod: str, user: User) -> None:
    outcome = home.xacct("whoami", environment={**keys_of(user), "AWS_PROFILE": prod})
    assert (
        "take precedence over its AWS_PROFILE; to see that one, name it: xacct whoami prod" in outcome.stderr
    )
    assert home.xacct("whoami", environment={"AWS_PROFILE": prod}).stderr == ""


def test_whoami_recognises_the_session_of_exec(home: Home, prod: str) -> None:
    xacct = str(forked.find_client(XACCT))
    outcome = home.xacct("exec", prod, "--", xacct, "whoami", "--json")
    found = json.loads(outcome.stdout)
    assert (found["Profile"], found["Role"], found["Source"]) == (prod, "Power", "Environment")
    assert found["Expiration"]


def test_whoami_follows_an_sdk_profile(home: Home, prod: str) -> None:
    home.aws("configure", "role", prod, "--sdk-profile")
    found = whoami(home, "prod-sdk")
    assert (found["Profile"], found["Role"], found["Source"]) == ("prod-sdk", "Power", "credential_process")


def test_whoami_of_a_user_in_an_mfa_session(home: Home, device: MfaDevice) -> None:
    text = home.config.read_text("utf-8")
    home.config.write_text(text.replace("[default]\n", f"[default]\nmfa_serial = {device.serial}\n"), "utf-8")
    assert whoami(home)["Account"] == "111111111111"


OTHERS = {
    "sso": (
        "sso_role_name = Admin\nsso_account_id = 333333333333\n",
        "Admin",
        "333333333333",
        "sso_role_name",
    ),
    "web": (
        "role_arn = arn:aws:iam::333333333333:role/ci/Deploy\nweb_identity_token_file = /token\n",
        "ci/Deploy",
        "333333333333",
        "web_identity_token_file",
    ),
    "login": (
        "login_session = arn:aws:iam::333333333333:user/me\n",
        None,
        "333333333333",
        "login_session",
    ),
    "program": ("credential_process = /bin/false\n", None, None, "credential_process"),
    "keys": ("aws_access_key_id = AKIAX\naws_secret_access_key = x\n", None, None, "aws_access_key_id"),
    "both": (
        "aws_access_key_id = AKIAX\naws_secret_access_key = x\ncredential_process = /bin/false\n",
        None,
        None,
        "credential_process",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_whoami_of_profiles_without_a_role(home: Home, sts: Sts, name: str) -> None:
    """Keys come after a program in the config file, and before it in the credentials file."""
    lines, role, account, source = OTHERS[name]
    home.config.write_text(f"{home.config.read_text('utf-8')}[profile {name}]\n{lines}", "utf-8")
    found = whoami(home, name)
    assert (found["Role"], found["Account"], found["Source"]) == (role, account, source)
    assert sts.calls == []
    if "aws_secret" in lines:
        home.credentials.write_text(f"[{name}]\n{lines}", "utf-8")
        assert whoami(home, name)["Source"] == "aws_access_key_id"


@pytest.mark.parametrize(
    ("variables", "source", "role"),
    [
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/"}, "EcsContainer", None),
        (
            {
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
                "AWS_ROLE_ARN": "arn:aws:iam::333333333333:role/Pod",
            },
            "Environment",
            "Pod",
        ),
    ],
)
def test_whoami_without_profiles_is_what_the_environment_gives(
    home: Home, variables: dict[str, str], source: str, role: str | None
) -> None:
    home.credentials.unlink()
    found = whoami(home, environment=variables)
    assert (found["Profile"], found["Source"], found["Role"]) == (None, source, role)


def test_whoami_without_credentials_tells_how_to_get_some(home: Home) -> None:
    home.credentials.unlink()
    for check in ((), ("--check",)):
        outcome = home.xacct("whoami", *check)
        assert (outcome.code, outcome.stdout) == (253, "")
        assert "aws configure" in outcome.stderr
    home.config.write_text(f"{home.config.read_text('utf-8')}[profile empty]\nregion = us-east-1\n", "utf-8")
    outcome = home.xacct("whoami", "empty")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "aws configure role empty --role-arn ARN" in outcome.stderr


@pytest.mark.usefixtures("prod")
@pytest.mark.parametrize(
    ("lines", "name", "text"),
    [
        ("", "prd", "did you mean prod?"),
        ("[profile a]\nrole_arn = x\nsource_profile = b\n", "a", "its source_profile b does not exist"),
        ("[profile a]\naws_access_key_id = x\n", "a", "profile a: aws_secret_access_key missing"),
        (
            "[profile a]\ncredential_process = xacct credentials b\n"
            "[profile b]\ncredential_process = xacct credentials a\n",
            "a",
            "asks for itself: a -> b -> a",
        ),
    ],
)
def test_whoami_of_a_profile_that_cannot_work_says_why(home: Home, lines: str, name: str, text: str) -> None:
    home.config.write_text(f"{home.config.read_text('utf-8')}{lines}", "utf-8")
    for options, variables in (((name,), {}), ((), {"AWS_PROFILE": name})):
        outcome = home.xacct("whoami", *options, environment=variables)
        assert (outcome.code, outcome.stdout) == (253, "")
        assert text in outcome.stderr


def test_whoami_half_a_key_in_the_environment_is_an_error(home: Home) -> None:
    outcome = home.xacct("whoami", environment={"AWS_ACCESS_KEY_ID": "AKIAX"})
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "but not AWS_SECRET_ACCESS_KEY" in outcome.stderr
