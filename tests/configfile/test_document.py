"""Edits of a document in every order, its answers, and what it refuses."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from awscli_xacct.configfile.document import Document
from awscli_xacct.errors import ConfigFileError, EditError

TEXT = b"[default]\nregion = us-east-1\n\n[profile prod]\nrole_arn = old\n"


@pytest.fixture
def document() -> Document:
    return Document(TEXT)


# -- the file as it was read -----------------------------------------------------------------------


def test_section_and_its_location_are_found_by_name(document: Document) -> None:
    assert document.names() == ["default", "profile prod"]
    assert document.section("profile prod") == {"role_arn": "old"}
    assert document.line_of("profile prod") == 4
    assert document.line_of("profile prod", "role_arn") == 5


@pytest.mark.parametrize("name", ["prod", "DEFAULT", ""])
def test_section_missing_raises_key_error(document: Document, name: str) -> None:
    for question in (document.section, document.line_of, document.remove_section):
        with pytest.raises(KeyError):
            question(name)
    with pytest.raises(KeyError):
        document.rename_section(name, "profile new")


def test_option_inherited_has_no_line_in_the_section() -> None:
    document = Document(b"[DEFAULT]\nregion = us-east-1\n[profile prod]\n")
    assert document.section("profile prod") == {"region": "us-east-1"}
    with pytest.raises(KeyError):
        document.line_of("profile prod", "region")


def test_document_answers_about_the_file_as_it_was_read(document: Document) -> None:
    document.set("profile prod", "role_arn", "new")
    document.rename_section("default", "profile base")
    document.set("profile dev", "region", "us-west-1")
    assert document.names() == ["default", "profile prod"]
    assert document.sections() == {"default": {"region": "us-east-1"}, "profile prod": {"role_arn": "old"}}


# -- changes, each seeing the ones before it -------------------------------------------------------


def test_option_changed_twice_has_the_last_value(document: Document) -> None:
    document.set("default", "region", "a")
    document.remove("default", "region")
    document.set("default", "region", "b")
    assert document.render() == TEXT.replace(b"us-east-1", b"b")


def test_edit_that_is_reverted_changes_nothing(document: Document) -> None:
    document.set("default", "region", "a")
    document.set("default", "region", "us-east-1")
    document.set("default", "output", "json")
    document.remove("default", "output")
    document.rename_section("profile prod", "profile production")
    document.rename_section("profile production", "profile prod")
    document.set("profile dev", "region", "a")
    document.remove("profile dev", "region")
    document.set("profile test", "region", "a")
    document.remove_section("profile test")
    assert document.render() == TEXT


def test_remove_of_a_missing_option_changes_nothing(document: Document) -> None:
    document.remove("default", "output")
    document.remove("profile dev", "region")
    assert document.render() == TEXT


def test_section_removed_and_set_again_is_added_at_the_end(document: Document) -> None:
    document.set("default", "output", "json")
    document.remove_section("default")
    document.set("default", "region", "new")
    assert document.expected_sections() == {"profile prod": {"role_arn": "old"}, "default": {"region": "new"}}
    assert document.render() == b"[profile prod]\nrole_arn = old\n\n[default]\nregion = new\n"


def test_section_removed_is_missing_for_later_edits(document: Document) -> None:
    document.remove_section("default")
    document.remove("default", "region")
    with pytest.raises(KeyError):
        document.remove_section("default")
    with pytest.raises(KeyError):
        document.rename_section("default", "profile base")
    assert document.render() == b"[profile prod]\nrole_arn = old\n"


def test_section_renamed_is_edited_by_its_new_name(document: Document) -> None:
    document.rename_section("profile prod", "profile new")
    document.set("profile new", "role_arn", "new")
    document.set("profile prod", "region", "us-west-1")
    assert document.expected_sections() == {
        "default": {"region": "us-east-1"},
        "profile new": {"role_arn": "new"},
        "profile prod": {"region": "us-west-1"},
    }
    assert document.render() == (
        b"[default]\nregion = us-east-1\n\n[profile new]\nrole_arn = new\n\n[profile prod]\nregion = us-west-1\n"
    )


def test_sections_can_swap_their_names(document: Document) -> None:
    document.rename_section("profile prod", "x")
    document.rename_section("default", "profile prod")
    document.rename_section("x", "default")
    assert document.render() == b"[profile prod]\nregion = us-east-1\n\n[default]\nrole_arn = old\n"


def test_section_added_can_be_renamed_in_place(document: Document) -> None:
    document.set("a", "k", "1")
    document.set("b", "k", "2")
    document.rename_section("a", "c")
    assert document.render() == TEXT + b"\n[c]\nk = 1\n\n[b]\nk = 2\n"


def test_rename_to_a_taken_name_is_refused(document: Document) -> None:
    document.set("profile dev", "region", "a")
    for taken in ("profile prod", "profile dev"):
        with pytest.raises(
            EditError, match=rf"^config already has a section \[{taken}\]; nothing was written"
        ):
            document.rename_section("default", taken)
    document.remove_section("profile prod")
    document.rename_section("default", "profile prod")
    assert document.names() == ["default", "profile prod"]
    assert list(document.expected_sections()) == ["profile prod", "profile dev"]


def test_option_removed_reveals_the_default() -> None:
    document = Document(b"[DEFAULT]\nregion = d\n[a]\nregion = own\n")
    document.remove("a", "region")
    assert document.expected_sections() == {"a": {"region": "d"}}
    assert document.render() == b"[DEFAULT]\nregion = d\n[a]\n"


def test_section_added_inherits_the_defaults() -> None:
    document = Document(b"[DEFAULT]\nregion = d\n")
    document.set("a", "output", "json")
    assert document.expected_sections() == {"a": {"region": "d", "output": "json"}}


# -- what cannot be written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "a\0", "\x1b[2J", "a\u2028b", "\ud800", " a", "a\t", "\u00a0"]
)
def test_value_that_is_not_one_line_of_text_is_refused(document: Document, value: str) -> None:
    with pytest.raises(EditError, match=r"nothing was written$"):
        document.set("default", "region", value)
    assert document.render() == TEXT


@pytest.mark.parametrize("key", ["", "Region", "a=b", "a:b", "#a", ";a", "[a]", "a\nb", " a", "a "])
def test_option_that_would_not_be_read_back_is_refused(document: Document, key: str) -> None:
    with pytest.raises(EditError, match=r"nothing was written$"):
        document.set("default", key, "x")
    assert document.render() == TEXT


@pytest.mark.parametrize("name", ["", "DEFAULT", "a]", "profile a]b", "a\nb", " a", "a "])
def test_section_name_that_some_readers_would_miss_is_refused(document: Document, name: str) -> None:
    with pytest.raises(EditError, match=r"nothing was written$"):
        document.set(name, "region", "x")
    with pytest.raises(EditError, match=r"nothing was written$"):
        document.rename_section("default", name)
    assert document.render() == TEXT


def test_value_that_the_encoding_cannot_represent_is_refused() -> None:
    document = Document("# señor\n[a]\n".encode("latin-1"), encoding="latin-1")
    document.set("a", "note", "日本")
    with pytest.raises(EditError, match=r"'日本' cannot be written in the file's encoding, latin-1"):
        document.render()


def test_encoding_that_does_not_round_trip_is_read_only() -> None:
    data = b"# \x87\x90\n[a]\nk = 1\n"  # two codes for one character; encoding produces the other one
    document = Document(data, encoding="cp932")
    assert document.sections() == {"a": {"k": "1"}}
    assert document.render() == data
    document.set("a", "k", "2")
    with pytest.raises(EditError, match="its cp932 text cannot be preserved byte for byte"):
        document.render()


# -- messages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[a\x1b[2J]\n[a\x1b[2J]\n", "[a]\nk\x1b = 1\nk\x1b = 2\n"])
def test_error_escapes_control_characters_of_the_file(text: str) -> None:
    with pytest.raises(ConfigFileError) as refused:
        Document(text.encode())
    assert str(refused.value).isprintable()


def test_error_does_not_show_a_secret_on_its_own_line() -> None:
    with pytest.raises(ConfigFileError) as refused:
        Document(b"[default]\naws_secret_access_key =\n  wJalrXUtnFEMI/K7MDENG\n")
    assert str(refused.value) == "config, line 3: a line without a = in an indented block"


# -- what it costs ---------------------------------------------------------------------------------


def profiles(count: int) -> bytes:
    section = (
        "[profile team-{0:05}]\nrole_arn = arn:aws:iam::{0:012}:role/Power\nsource_profile = default\n\n"
    )
    return "".join(map(section.format, range(count))).encode()


def seconds(data: bytes) -> float:
    """Return the best time of several runs that change every tenth section and add as many."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        document = Document(data)
        for number in range(0, len(document.names()), 10):
            document.set(f"profile team-{number:05}", "region", "us-west-1")
            document.set(f"profile new-{number:05}", "region", "us-west-1")
        document.render()
        document.expected_sections()
        best = min(best, time.process_time() - start)
    return best


def test_edit_time_is_linear_in_the_file_size() -> None:
    """Ten times the file may take ten times as long, or twice that on a busy machine."""
    assert seconds(profiles(10_000)) < 20 * seconds(profiles(1_000))


def test_document_memory_is_about_ten_times_the_file_size() -> None:
    data = profiles(10_000)
    tracemalloc.start()
    try:
        document = Document(data)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 12 * len(data)
    assert len(document.names()) == 10_000
