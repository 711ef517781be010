"""`xacct keys status`: where each key rests, its age, and its last use."""

from __future__ import annotations

import json

import pytest

from tests.sts import Sts, User
from tests.support.home import Home

from .conftest import KeyStoreFile

DAY = 86400


@pytest.fixture
def keys(home: Home, sts: Sts, user: User, key_store: KeyStoreFile) -> tuple[User, User]:
    """A user whose key is in the file, 100 days old, and one whose key is in the key store. A program keeps a third."""
    stored = sts.add_user("stored")
    home.add_keys(stored, "stored")
    home.config.write_text(
        home.config.read_text("utf-8")
        + "[profile op]\ncredential_process = op read key\n\n[profile plain]\n",
        "utf-8",
    )
    assert home.xacct("keys", "store", "stored", "--yes").code == 0
    assert key_store.ids() == {"stored": stored.access_key}
    user.keys[0].created -= 100 * DAY
    return user, stored


def test_status_shows_place_age_and_last_use_of_each_key(home: Home, keys: tuple[User, User]) -> None:
    user, stored = keys
    outcome = home.xacct("keys", "status")
    lines = [line.split() for line in outcome.stdout.splitlines()]
    assert lines[0] == ["PROFILE", "KEY", "RESTS", "IN", "AGE", "LAST", "USED"]
    found = {line[0]: line for line in lines[1:]}
    assert set(found) == {"default", "stored", "op"}
    assert found["default"][1:5] == [user.access_key, str(home.credentials), "100", "days"]
    assert found["stored"][1:6] == [stored.access_key, "Test", "Keyring", "0", "days"]
    assert found["op"][1:] == ["-", "program", "op", "-", "-"]
    assert outcome.lines == [
        "the key of profile default is 100 days old. Rotate it:",
        "  xacct keys rotate default",
    ]


def test_status_as_json_has_no_secret(home: Home, keys: tuple[User, User]) -> None:
    outcome = home.xacct("keys", "status", "--json")
    rows = {row["Profile"]: row for row in json.loads(outcome.stdout)}
    assert [*rows["default"]] == [
        *["Profile", "AccessKeyId", "RestsIn", "Created", "LastUsed", "AgeDays", "Problem"]
    ]
    assert (rows["default"]["AgeDays"], rows["stored"]["RestsIn"]) == (100, "Test Keyring")
    assert (rows["op"]["AccessKeyId"], rows["op"]["RestsIn"]) == (None, "program op")
    assert not any(user.secret_key in f"{outcome}" for user in keys)


def test_status_that_iam_denies_says_which_permission_is_missing(home: Home, sts: Sts, user: User) -> None:
    sts.fail("ListAccessKeys", times=None, status=403, code="AccessDenied", message="not authorized")
    outcome = home.xacct("keys", "status", "default")
    assert outcome.code == 0
    assert outcome.stdout.splitlines()[1].split()[-2:] == ["unknown", "unknown"]
    assert user.access_key in outcome.stdout
    assert outcome.lines == [
        "profile default: unknown: allow the user iam:ListAccessKeys and iam:GetAccessKeyLastUsed"
    ]


def test_status_prompts_for_no_code(home: Home, sts: Sts, user: User) -> None:
    device = sts.add_mfa_device(user)
    home.config.write_text(
        home.config.read_text("utf-8").replace("[default]\n", f"[default]\nmfa_serial = {device.serial}\n"),
        "utf-8",
    )
    outcome = home.xacct("keys", "status")
    assert (outcome.code, outcome.lines) == (0, [])
    assert outcome.stdout.splitlines()[1].split()[3:5] == ["0", "days"]


def test_doctor_finds_a_key_that_the_key_store_does_not_have(
    home: Home, key_store: KeyStoreFile, user: User
) -> None:
    assert home.xacct("keys", "store", "default", "--yes").code == 0

    def find() -> list[tuple[str, str]]:
        command = ("doctor", "--json", "--clock-url", "http://127.0.0.1:9")
        checks = json.loads(home.xacct(*command, environment=home.forked_aws).stdout)["Checks"]
        return [(each["State"], each["Text"]) for each in checks if each["Check"] == "keys"]

    assert find() == [("ok", "profile default: its key is in Test Keyring")]
    key_store.path.unlink()
    missing = find()
    assert missing == [
        (
            "fault",
            "profile default: Test Keyring has no key of profile default. Write a new one to the credentials file:",
        )
    ]
    assert user.access_key not in str(missing)
