"""The profiles of two files looked up one at a time: the same ones as when both are read whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from awscli_xacct.configfile import sections
from awscli_xacct.configfile.document import Document
from awscli_xacct.configfile.merged import MergedProfiles
from awscli_xacct.errors import ConfigFileError
from tests.configfile.texts import quickly, readable, texts

CONFIG = b"""\
[default]
region = us-west-1

[profile prod]
role_arn = one
[profile "my prod"]
role_arn = two
[profile 'prod']
role_arn = three
[sso-session corp]
sso_region = us-east-1
[profile]
[other]
"""
CREDENTIALS = b"""\
[default]
aws_access_key_id = AKIA1
region = eu-west-1
[profile prod]
aws_access_key_id = AKIA2
[dev]
aws_access_key_id = AKIA3
"""


def merged(config: bytes = CONFIG, credentials: bytes = CREDENTIALS) -> MergedProfiles:
    return MergedProfiles(Document(config), Document(credentials, "credentials"))


@quickly
@given(config=readable | texts(), credentials=readable | texts() | st.just(b""))
@example(CONFIG, CREDENTIALS)
@example(b"[DEFAULT]\na = 1\n[profile x]\n", b"[DEFAULT]\nb = 2\n[y]\n[x]\n")
def test_they_are_the_profiles_of_the_two_files_read_whole(config: bytes, credentials: bytes) -> None:
    try:
        whole = sections.load(config, credentials)
    except ConfigFileError:
        with pytest.raises(ConfigFileError):
            merged(config, credentials)
        return
    found = merged(config, credentials)
    assert dict(found) == whole
    assert len(found) == len(whole)
    assert all(name in found for name in whole)


def test_the_later_of_two_headers_for_a_profile_is_the_one_to_edit() -> None:
    found = merged()
    assert {name: found.header(name) for name in ("default", "prod", "my prod", "dev", "nobody")} == {
        "default": "default",
        "prod": "profile 'prod'",
        "my prod": 'profile "my prod"',
        "dev": None,
        "nobody": None,
    }
    assert found["prod"] == {"role_arn": "three"}


def test_the_credentials_file_has_the_last_word_and_names_profiles_bare() -> None:
    found = merged()
    assert found["default"] == {"region": "eu-west-1", "aws_access_key_id": "AKIA1"}
    assert found["dev"] == {"aws_access_key_id": "AKIA3"}
    assert found["profile prod"] == {"aws_access_key_id": "AKIA2"}


def test_a_changed_profile_is_what_it_is_going_to_be_and_a_new_one_is_there() -> None:
    found = merged()
    before = list(found)
    found.changed["prod"] = {"role_arn": "four"}
    found.changed["new"] = {"role_arn": "five"}
    assert (found["prod"], found["new"]) == ({"role_arn": "four"}, {"role_arn": "five"})
    assert ("new" in found, found.header("new"), len(found)) == (True, None, len(before) + 1)
    assert list(found) == [*before, "new"]


def test_a_profile_that_is_not_there_is_a_key_error() -> None:
    found = merged()
    assert "nobody" not in found
    assert found.get("nobody") is None
    with pytest.raises(KeyError, match="nobody"):
        found["nobody"]


def test_what_is_looked_up_can_be_changed_without_changing_the_file() -> None:
    found = merged()
    options = found["prod"]
    assert isinstance(options, dict)
    options["role_arn"] = "other"
    assert found["prod"] == {"role_arn": "three"}
