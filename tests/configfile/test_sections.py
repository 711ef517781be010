"""Which section header is which profile, by botocore's rules, and the two files as one set of profiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.session import Session
from hypothesis import example, given
from hypothesis import strategies as st

from awscli_xacct.configfile import sections as headers
from awscli_xacct.configfile.document import Document
from awscli_xacct.configfile.sections import MergedProfiles
from awscli_xacct.errors import ConfigFileError, EditError
from tests.support.judge import Judge

from .texts import NAMES, quickly, readable, texts

_names = st.sampled_from(NAMES) | st.text(max_size=12)


@quickly
@given(_names)
@example("profile")
@example("profile prod # not a comment")
@example("profilex prod")
@example("profile p\\rod")
def test_a_header_names_the_profile_botocore_takes_it_for(botocore_profiles: Judge, name: str) -> None:
    data = f"[{name}]\nk = v\n".encode(errors="replace")
    try:
        sections = Document(data).sections()
    except ConfigFileError:
        return
    found = [profile for header in sections if (profile := headers.profile_of(header)) is not None]
    assert found == list(botocore_profiles(data) or {})


@quickly
@given(_names)
@example("my prod")
@example("it's")
@example('say "prod"')
@example("prod\\")
@example("")
@example("prod(eu)")
def test_a_new_profile_is_found_under_its_name(botocore_profiles: Judge, name: str) -> None:
    document = Document(b"")
    try:
        document.set(headers.header_for(name), "region", "us-west-1")
    except EditError:
        return
    assert botocore_profiles(document.render()) == {name: {"region": "us-west-1"}}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("default", "default"),
        ("prod", "profile prod"),
        ("my prod", "profile 'my prod'"),
        # Not every SDK takes quotes away as botocore does, so they are used where there is no other way.
        ("prod(eu)", "profile prod(eu)"),
        ("größe", "profile größe"),
    ],
)
def test_a_header_is_quoted_only_where_it_must_be(name: str, header: str) -> None:
    assert headers.header_for(name) == header


def test_of_several_headers_for_one_profile_all_are_found_and_the_last_counts() -> None:
    text = b'[profile prod]\nregion = a\n[profile dev]\n[profile "prod"]\nregion = b\n'
    document = Document(text)
    assert headers.headers_of(document.names(), "prod") == ["profile prod", 'profile "prod"']
    assert headers.by_name(document.sections()) == {"prod": {"region": "b"}, "dev": {}}


def test_both_files_together_are_botocores_full_config(tmp_path: Path) -> None:
    config = b"[default]\nregion = a\n[profile prod]\ns3 =\n  x = 1\nregion = b\n[services s]\n"
    credentials = b"[default]\naws_access_key_id = AKIA\n[profile prod]\nk = v\n[prod]\nregion = c\n[new]\n"
    session = Session()
    for name, data in (("config_file", config), ("credentials_file", credentials)):
        (tmp_path / name).write_bytes(data)
        session.set_config_variable(name, str(tmp_path / name))
    assert headers.load(config, credentials) == session.full_config["profiles"]


def test_a_fault_in_either_file_is_told_with_its_own_path() -> None:
    paths = ("/home/anna/.aws/config", "/home/anna/.aws/credentials")
    with pytest.raises(ConfigFileError, match=r"^/home/anna/\.aws/config, line 1: "):
        headers.load(b"x", b"", paths=paths)
    with pytest.raises(ConfigFileError, match=r"^/home/anna/\.aws/credentials, line 1: "):
        headers.load(b"", b"x", paths=paths)


# -- the profiles of both files --------------------------------------------------------------------

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
        whole = headers.load(config, credentials)
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
