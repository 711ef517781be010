"""For any text, this package and botocore read the same sections, or both reject it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given

from awscli_xacct.configfile import sections as headers
from awscli_xacct.configfile import store
from awscli_xacct.configfile.document import Document, Sections
from awscli_xacct.errors import ConfigFileError
from tests.support.judge import Judge

from .texts import disturbed, quickly, readable, texts


def ours(data: bytes) -> Sections | None:
    """Return what this package reads; if it rejects the text, return None after checking that the line exists."""
    try:
        return Document(data).sections()
    except ConfigFileError as refused:
        line = refused.line
    assert 1 <= line <= 1 + data.count(b"\n") + data.count(b"\r")
    return None


def same(ours: Sections | None, botocores: Sections | None) -> bool:
    """Compare sections including their order, because the last of two headers for a profile counts."""
    return ours == botocores and list(ours or []) == list(botocores or [])


@quickly
@given(texts() | readable | disturbed())
@example(b"[DEFAULT]\ns3 =\n  faulty\n[a]\ns3 = own\n")  # botocore never reads the block
@example(b"[DEFAULT]\ns3 =\n  faulty\n")
@example(b"[DEFAULT]\ns3 =\n  faulty\n[a]\ns3 = own\n[b]\n")
@example(b"[a]\r[b]\r\xff")
@example(b"[a]\nk = \0\n")
def test_parser_reads_the_same_sections_as_botocore(botocore_reads: Judge, data: bytes) -> None:
    assert same(ours(data), botocore_reads(data))


@quickly
@given(readable)
def test_parser_finds_the_same_profiles_as_botocore(botocore_profiles: Judge, data: bytes) -> None:
    assert headers.by_name(Document(data).sections()) == botocore_profiles(data)


@quickly
@given(readable)
def test_parser_reads_a_file_like_botocore(botocore_reads: Judge, scratch: Path, data: bytes) -> None:
    sections = botocore_reads(data)
    assert store.read_sections(str(scratch)) == sections


@quickly
@given(readable)
@example(b"")
@example(b"\xc2\x85\x0c")
def test_document_unedited_has_the_same_bytes(data: bytes) -> None:
    assert Document(data).render() == data


@quickly
@given(readable)
def test_locations_of_sections_and_options_are_correct(data: bytes) -> None:
    """The lines up to an option contain it, and the lines before do not."""
    document = Document(data)
    lines = data.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for name in document.names():
        assert f"[{name}]" in lines[document.line_of(name) - 1]
        own = Document(data).section(name)
        for key in own:
            try:
                line = document.line_of(name, key)
            except KeyError:
                continue  # inherited from [DEFAULT]
            assert lines[line - 1].lower().lstrip().startswith(key)


def test_encoding_of_the_locale_is_used() -> None:
    data = "# señor\n[default]\nregion = é\n".encode("latin-1")
    assert Document(data, encoding="latin-1").sections() == {"default": {"region": "é"}}
    with pytest.raises(ConfigFileError, match="line 1: byte 0xf1 is not utf-8 text"):
        Document(data, encoding="utf-8")
