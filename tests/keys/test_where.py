"""Where a key rests, as `list`, `show`, `enable` and `doctor` say it."""

from __future__ import annotations

import json

import pytest

from awscli_xacct.profiles.key_places import describe_place
from tests.sts import Role, Sts, User
from tests.support.home import Home

PAIR = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (PAIR, "file, in the clear"),
        ({"credential_process": "xacct keys get dev"}, "key store"),
        ({"credential_process": "/opt/bin/xacct keys get dev"}, "key store"),
        ({"credential_process": "xacct keys get other"}, "program xacct"),
        ({"credential_process": "op read op://Private/secret"}, "program op"),
        ({"sso_account_id": "111111111111", "sso_role_name": "Dev", **PAIR}, "SSO"),
        ({"login_session": "arn:aws:iam::111111111111:user/dev"}, "aws login"),
        (
            {"role_arn": "arn:aws:iam::111111111111:role/Dev", "web_identity_token_file": "/token"},
            "web identity",
        ),
        ({"credential_process": "xacct keys get dev", **PAIR}, "file, in the clear"),
        ({"region": "us-east-1"}, None),
    ],
)
def test_place_is_the_one_that_is_asked_first(options: dict[str, str], place: str | None) -> None:
    assert describe_place("dev", options) == place


def show(home: Home, *words: str) -> str:
    outcome = home.aws("configure", "role", *words)
    assert outcome.code == 0, outcome
    return outcome.stdout


@pytest.mark.usefixtures("key_store")
def test_list_and_show_say_where_the_key_rests(home: Home, user: User, role: Role, prod: str) -> None:
    home.add_keys(user, "plain")
    home.add_role("other", role.arn, source_profile="plain")
    home.add_role("machine", role.arn, credential_source="Environment")
    assert "KEY IN" not in show(home, "list")
    assert show(home, "list", "--tree").splitlines()[0] == "default"
    assert show(home, "show", prod).startswith(
        "1. default provides the calling credentials (file, in the clear)\n"
    )

    assert home.xacct("keys", "store", "default", "--yes").code == 0
    titles, *rows = show(home, "list").splitlines()
    at = titles.index("KEY IN")
    assert [row[at : titles.index("MFA")].strip() for row in rows] == ["key store", "file, in the clear", "-"]
    assert show(home, "list", "--tree").splitlines()[0] == "default  (key in: key store)"
    found = json.loads(show(home, "list", "--output", "json"))
    assert [each["KeyRestsIn"] for each in found] == ["key store", "file, in the clear", "environment"]
    assert show(home, "show", prod).startswith("1. default provides the calling credentials (key store)\n")
    hops = json.loads(show(home, "show", prod, "--output", "json"))["Hops"]
    assert [hop["KeyRestsIn"] for hop in hops] == ["key store", None]


@pytest.mark.usefixtures("key_store")
def test_enable_says_once_that_a_key_is_in_the_clear(home: Home, user: User) -> None:
    home.add_keys(user, "it's")
    home.environment |= home.forked_aws  # other installations read the same config file
    enable, disable = ("enable",), ("disable",)
    advice = (
        "keys in the clear: profile default, it's; to move one into Test Keyring: xacct keys store default"
    )
    assert home.xacct(*disable).code == 0
    outcome = home.xacct(*enable)
    assert outcome.stdout.splitlines()[-1:] == [advice], outcome
    assert advice not in home.xacct(*enable).stdout
    home.xacct(*disable)
    nothing = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    assert "clear" not in home.xacct(*enable, environment=nothing).stdout


@pytest.mark.usefixtures("user", "prod", "key_store")
def test_doctor_says_where_each_key_rests(home: Home, sts: Sts) -> None:
    for name in ("half", "stored"):
        home.add_keys(sts.add_user(name), name)
    before = home.credentials.read_bytes()
    assert home.xacct("keys", "store", "half", "--yes").code == 0
    home.credentials.write_bytes(before)
    assert home.xacct("keys", "store", "stored", "--yes").code == 0
    command = ("doctor", "--json", "--clock-url", "http://127.0.0.1:9")
    outcome = home.xacct(*command, environment=home.forked_aws)
    checks = json.loads(outcome.stdout)["Checks"]
    found = [(each["State"], each["Text"], each["Fix"]) for each in checks if each["Check"] == "keys"]
    assert sorted(found) == [
        ("ok", f"profile default: its key is in {home.credentials}, in the clear", None),
        ("ok", "profile stored: its key is in Test Keyring", None),
        (
            "warning",
            f"profile half: its key is in {home.credentials}, and may be in the key store as well",
            "xacct keys store half",
        ),
    ]
