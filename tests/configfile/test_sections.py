"""Which profile a section header names by botocore's rules, and the two files as one set of profiles."""

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
def test_header_names_the_same_profile_as_in_botocore(botocore_profiles: Judge, name: str) -> None:
    data = f"[{name}]\nk = v\n".encode(errors="replace")
    try:
        sections = Document(data).sections()
    except ConfigFileError:
        return
    found = [profile for header in sections if (profile := headers.parse_header(header)) is not None]
    assert found == list(botocore_profiles(data) or {})


@quickly
@given(_names)
@example("my prod")
@example("it's")
@example('say "prod"')
@example("prod\\")
@example("")
@example("prod(eu)")
def test_profile_added_is_found_by_its_name(botocore_profiles: Judge, name: str) -> None:
    document = Document(b"")
    try:
        document.set(headers.make_header(name), "region", "us-west-1")
    except EditError:
        return
    assert botocore_profiles(document.render()) == {name: {"region": "us-west-1"}}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("default", "default"),
        ("prod", "profile prod"),
        ("my prod", "profile 'my prod'"),
        # Not every SDK removes quotes as botocore does, so they are used only if necessary.
        ("prod(eu)", "profile prod(eu)"),
        ("größe", "profile größe"),
    ],
)
def test_header_is_quoted_only_if_necessary(name: str, header: str) -> None:
    assert headers.make_header(name) == header


def test_header_repeated_is_found_and_the_last_one_counts() -> None:
    text = b'[profile prod]\nregion = a\n[profile dev]\n[profile "prod"]\nregion = b\n'
    document = Document(text)
    assert headers.find_headers(document.names(), "prod") == ["profile prod", 'profile "prod"']
    assert headers.by_name(document.sections()) == {"prod": {"region": "b"}, "dev": {}}


def test_merged_files_equal_botocores_full_config(tmp_path: Path) -> None:
    config = b"[default]\nregion = a\n[profile prod]\ns3 =\n  x = 1\nregion = b\n[services s]\n"
    credentials = b"[default]\naws_access_key_id = AKIA\n[profile prod]\nk = v\n[prod]\nregion = c\n[new]\n"
    session = Session()
    for name, data in (("config_file", config), ("credentials_file", credentials)):
        (tmp_path / name).write_bytes(data)
        session.set_config_variable(name, str(tmp_path / name))
    assert headers.full_config(config, credentials)["profiles"] == session.full_config["profiles"]


def test_merged_files_report_an_error_with_its_path() -> None:
    paths = ("/home/anna/.aws/config", "/home/anna/.aws/credentials")
    with pytest.raises(ConfigFileError, match=r"^/home/anna/\.aws/config, line 1: "):
        headers.full_config(b"x", b"", paths=paths)["profiles"]
    with pytest.raises(ConfigFileError, match=r"^/home/anna/\.aws/credentials, line 1: "):
        headers.full_config(b"", b"x", paths=paths)["profiles"]


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
def test_merged_profiles_equal_those_of_the_complete_files(config: bytes, credentials: bytes) -> None:
    try:
        whole = headers.full_config(config, credentials)["profiles"]
    except ConfigFileError:
        with pytest.raises(ConfigFileError):
            merged(config, credentials)
        return
    found = merged(config, credentials)
    assert dict(found) == whole
    assert len(found) == len(whole)
    assert all(name in found for name in whole)


def test_header_repeated_is_edited_at_the_last_one() -> None:
    found = merged()
    assert {name: found.header(name) for name in ("default", "prod", "my prod", "dev", "nobody")} == {
        "default": "default",
        "prod": "profile 'prod'",
        "my prod": 'profile "my prod"',
        "dev": None,
        "nobody": None,
    }
    assert found["prod"] == {"role_arn": "three"}


def test_credentials_file_takes_precedence_and_has_plain_headers() -> None:
    found = merged()
    assert found["default"] == {"region": "eu-west-1", "aws_access_key_id": "AKIA1"}
    assert found["dev"] == {"aws_access_key_id": "AKIA3"}
    assert found["profile prod"] == {"aws_access_key_id": "AKIA2"}


def test_merged_profiles_include_pending_edits() -> None:
    found = merged()
    before = list(found)
    found.changed["prod"] = {"role_arn": "four"}
    found.changed["new"] = {"role_arn": "five"}
    assert (found["prod"], found["new"]) == ({"role_arn": "four"}, {"role_arn": "five"})
    assert ("new" in found, found.header("new"), len(found)) == (True, None, len(before) + 1)
    assert list(found) == [*before, "new"]


def test_profile_missing_raises_key_error() -> None:
    found = merged()
    assert "nobody" not in found
    assert found.get("nobody") is None
    with pytest.raises(KeyError, match="nobody"):
        found["nobody"]


def test_profile_lookup_returns_a_copy() -> None:
    found = merged()
    options = found["prod"]
    assert isinstance(options, dict)
    options["role_arn"] = "other"
    assert found["prod"] == {"role_arn": "three"}
