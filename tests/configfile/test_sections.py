"""Which section header is which profile, by botocore's rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.session import Session
from hypothesis import example, given
from hypothesis import strategies as st

from awscli_xacct.configfile import sections as headers
from awscli_xacct.configfile.document import Document
from awscli_xacct.errors import ConfigFileError, EditError

from .conftest import Judge
from .texts import NAMES, quickly

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
