"""The awkward config files in tests/samples, edited and compared byte for byte with the expected result.

``NAME.config`` is a file as a person may have it, and ``NAME.EDIT.config`` the same file after an edit.
``NAME.refused.config`` is one that botocore rejects. A `diff` of two shows what an edit does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from awscli_xacct.configfile.document import Document
from awscli_xacct.errors import ConfigFileError, EditError
from tests.support.judge import Judge

SAMPLES = Path(__file__).parent.parent / "samples"
ENCODINGS = {"latin-1": "latin-1"}

ROLE = "arn:aws:iam::222222222222:role/New"

Change = Callable[[Document], None]


def sets(section: str, **options: str) -> Change:
    def change(document: Document) -> None:
        for key, value in options.items():
            document.set(section, key, value)

    return change


def removes(section: str, *keys: str) -> Change:
    def change(document: Document) -> None:
        for key in keys:
            document.remove(section, key)

    return change


def removes_section(*sections: str) -> Change:
    def change(document: Document) -> None:
        for section in sections:
            document.remove_section(section)

    return change


def renames(section: str, name: str) -> Change:
    return lambda document: document.rename_section(section, name)


def both(*changes: Change) -> Change:
    def change(document: Document) -> None:
        for each in changes:
            each(document)

    return change


EDITS: dict[str, Change] = {
    "plain.value": sets("profile prod", role_arn=ROLE),
    "plain.new-option": sets("profile prod", mfa_serial="arn:aws:iam::111111111111:mfa/anna"),
    "plain.new-section": sets("profile dev", role_arn=ROLE, source_profile="default"),
    "plain.removed-option": removes("profile prod", "source_profile"),
    "plain.removed-section": removes_section("profile prod"),
    "plain.removed-first": removes_section("default"),
    "plain.removed-last": removes_section("profile audit"),
    "plain.removed-all": removes_section("default", "profile prod", "profile audit"),
    "plain.renamed": renames("profile prod", "profile production"),
    "plain.replaced": both(removes_section("profile prod"), sets("profile prod", region="eu-west-1")),
    "plain.all-at-once": both(
        renames("profile prod", "profile production"),
        sets("profile production", role_arn=ROLE, region="eu-west-1"),
        removes("default", "region"),
        removes_section("profile audit"),
        sets("profile prod", region="eu-west-2"),
    ),
    "nested-block.value": sets("profile prod", region="eu-west-1"),
    "nested-block.new-option": sets("profile prod", mfa_session="off"),
    "nested-block.removed-block": removes("profile prod", "s3"),
    "nested-block.block-to-value": sets("profile prod", s3="none"),
    "nested-block-last.new-option": sets("profile prod", output="json"),
    "nested-block-last.removed-block": removes("profile prod", "s3"),
    "nested-block-last.removed-section": removes_section("profile prod"),
    "nested-block-comments.value": sets("profile prod", region="eu-west-1"),
    "nested-block-comments.removed-block": removes("profile prod", "s3"),
    "nested-block-comments.removed-section": removes_section("profile prod"),
    "quoted-double.value": sets('profile "my prod"', region="eu-west-1"),
    "quoted-double.renamed": renames('profile "my prod"', "profile 'our prod'"),
    "quoted-single.new-option": sets("profile 'my prod'", output="json"),
    "header-two-blanks.value": sets("profile  prod", region="eu-west-1"),
    "header-tab.new-option": sets("profile\tprod", output="json"),
    "header-remark.value": sets("profile prod", region="eu-west-1"),
    "header-remark.renamed": renames("profile prod", "profile production"),
    "header-remark.removed-section": removes_section("profile prod"),
    "crlf.value": sets("profile prod", role_arn=ROLE),
    "crlf.new-option": sets("profile prod", region="eu-west-1"),
    "crlf.new-section": sets("profile dev", region="eu-west-1"),
    "crlf.removed-section": removes_section("profile prod"),
    "mixed-endings.value": sets("profile prod", region="eu-west-1"),
    "mixed-endings.new-option": both(sets("default", cli_pager="less"), sets("profile prod", cli_pager="less")),
    "mixed-endings.removed-option": removes("default", "output"),
    "cr-only.new-option": sets("default", output="json"),
    "cr-only.new-section": sets("profile dev", region="eu-west-1"),
    "no-final-newline.value": sets("profile prod", region="eu-west-1"),
    "no-final-newline.new-option": sets("profile prod", output="json"),
    "no-final-newline.new-section": sets("profile dev", region="eu-west-1"),
    "no-final-newline.removed-option": removes("profile prod", "region"),
    "no-final-newline.removed-section": removes_section("profile prod"),
    "header-only-no-newline.new-option": sets("profile prod", output="json"),
    "latin-1.value": sets("profile prod", region="eu-west-1"),
    "utf-8.value": sets("profile prod-größe", region="eu-west-1"),
    "utf-8.new-section": sets("profile дев", note="é"),
    "indented-keys.value": both(
        sets("profile prod", region="eu-west-1"), sets("profile audit", region="eu-west-2")
    ),
    "indented-keys.new-option": both(sets("profile prod", mfa_session="off"), sets("profile audit", output="json")),
    "indented-keys.removed-option": both(removes("profile prod", "region"), removes("profile audit", "s3")),
    "indented-headers.new-option": both(
        sets("default", output="json"), sets("profile prod", output="json"), sets("profile audit", output="json")
    ),
    "indented-headers.removed-section": removes_section("profile prod"),
    "indented-header-after-empty-section.new-option": sets("default", region="us-east-1"),
    "indented-header-below-deep-option.new-option": sets("profile prod", output="json"),
    "indented-header-below-deep-option.removed-option": removes("profile prod", "region"),
    "duplicate-by-quoting.value": sets('profile "prod"', region="eu-west-1"),
    "duplicate-by-quoting.removed-section": removes_section("profile prod"),
    "default-section.value": sets("profile prod", region="eu-west-1"),
    "default-section.new-option": sets("profile audit", region="eu-west-1"),
    "default-section.removed-section": removes_section("profile prod"),
    "upper-case-keys.value": sets("profile prod", region="eu-west-1", role_arn=ROLE),
    "upper-case-keys.removed-option": removes("profile prod", "region"),
    "colon-delimiters.value": sets("profile prod", region="eu-west-1", role_arn=ROLE),
    "spacing.value": sets("profile prod", region="eu-west-1", output="text", cli_pager="cat"),
    "key-with-spaces.value": sets("profile prod", **{"my own note": "ask Bert"}),
    "key-with-spaces.removed-option": removes("profile prod", "my own note"),
    "empty-sections.new-option": both(sets("default", region="us-east-1"), sets("profile audit", region="us-west-2")),
    "empty-sections.removed-section": removes_section("profile prod"),
    "empty.new-section": sets("profile prod", role_arn=ROLE, source_profile="default"),
    "one-newline.new-section": sets("profile prod", role_arn=ROLE),
    "only-comments.new-section": sets("default", region="us-east-1"),
    "only-comments-no-newline.new-section": sets("default", region="us-east-1"),
    "blank-lines.new-option": both(sets("default", output="json"), sets("profile prod", output="json")),
    "blank-lines.new-section": sets("profile dev", region="eu-west-1"),
    "blank-lines.removed-section": removes_section("default"),
    "long-values.value": sets("profile prod", credential_process="/opt/bin/get-keys"),
    "long-values.removed-option": removes("profile prod", "credential_process"),
    "value-like-header.value": sets("profile prod", region="eu-west-1"),
    "value-like-header.removed-option": removes("profile prod", "note"),
    "bracket-in-name.value": sets("profile a]b", region="eu-west-1"),
    "comments-everywhere.value": sets("default", region="eu-west-1"),
    "comments-everywhere.new-option": both(sets("default", cli_pager="less"), sets("profile prod", region="eu-west-1")),
    "comments-everywhere.removed-option": removes("profile prod", "source_profile"),
    "comments-everywhere.removed-section": removes_section("profile prod"),
    "awkward-values.value": sets("profile prod", external_id="a=b:c"),
    "awkward-values.removed-option": removes("profile prod", "credential_process"),
    "empty-values.value": sets("profile prod", region="a", output="b", cli_pager="c", mfa_serial="d"),
    "other-sections.new-option": both(sets("plugins", other="x"), sets("xacct", cache_dir="/var/cache/me")),
    "odd-blanks.value": sets("profile prod", region="eu-west-1"),
    "faulty-default-block-unused.value": sets("profile prod", region="eu-west-1"),
}  # fmt: skip

REFUSED: dict[str, tuple[int, str]] = {
    "bom": (1, "text before the first [section]; a byte order mark counts as text"),
    "bom-before-comment": (1, "text before the first [section]; a byte order mark counts as text"),
    "no-header": (3, "text before the first [section]; a byte order mark counts as text"),
    "duplicate-option": (4, "duplicate option region in [default]; it is on line 2 already"),
    "duplicate-option-by-case": (3, "duplicate option region in [default]; it is on line 2 already"),
    "duplicate-option-in-defaults": (5, "duplicate option region in [DEFAULT]; it is on line 2 already"),
    "duplicate-section": (6, "duplicate section [default]; it is on line 1 already"),
    "no-delimiter": (2, "neither a [section], an option nor a comment: an option needs a ="),
    "no-name": (2, "an option without a name"),
    "open-header": (3, "neither a [section], an option nor a comment: an option needs a ="),
    "empty-header": (1, "text before the first [section]; a byte order mark counts as text"),
    "block-without-equals": (6, "a line without a = in an indented block"),
    "faulty-default-block": (3, "a line without a = in an indented block"),
    "not-utf-8": (2, "byte 0xf1 is not utf-8 text"),
    "not-utf-8-cr-only": (2, "byte 0xf1 is not utf-8 text"),
}


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.config").read_bytes()


def opened(name: str) -> Document:
    return Document(sample(name), f"{name}.config", ENCODINGS.get(name, "utf-8"))


def in_utf_8(name: str, data: bytes) -> bytes:
    return data.decode(ENCODINGS.get(name, "utf-8")).encode()


def names() -> list[str]:
    return sorted(path.name.split(".")[0] for path in SAMPLES.glob("*.config") if path.name.count(".") == 1)


@pytest.mark.parametrize("edit", EDITS)
def test_sample_edited_equals_the_expected_file(edit: str, botocore_reads: Judge) -> None:
    name = edit.split(".")[0]
    document = opened(name)
    EDITS[edit](document)
    after = document.render()
    assert after == sample(edit)
    assert botocore_reads(in_utf_8(name, after)) == document.expected_sections()


@pytest.mark.parametrize("name", names())
def test_sample_is_read_like_botocore_reads_it(name: str, botocore_reads: Judge) -> None:
    document = opened(name)
    assert document.sections() == botocore_reads(in_utf_8(name, sample(name)))
    assert document.render() == sample(name)


@pytest.mark.parametrize("name", REFUSED)
def test_sample_is_rejected_if_botocore_rejects_it(name: str, botocore_reads: Judge) -> None:
    line, reason = REFUSED[name]
    with pytest.raises(ConfigFileError) as refused:
        opened(f"{name}.refused")
    assert (refused.value.line, refused.value.reason) == (line, reason)
    assert str(refused.value) == f"{name}.refused.config, line {line}: {reason}"
    assert botocore_reads(sample(f"{name}.refused")) is None


def test_samples_are_all_used() -> None:
    edited = {edit.split(".")[0] for edit in EDITS}
    expected = {*edited, *EDITS, *(f"{name}.refused" for name in REFUSED)}
    assert {path.name.removesuffix(".config") for path in SAMPLES.glob("*.config")} == expected


def test_header_that_a_value_would_absorb_keeps_the_section_above() -> None:
    document = opened("indented-header-below-deep-option")
    document.remove_section("profile prod")
    with pytest.raises(
        EditError, match=r"line 7: \[profile audit\] is indented so far .* part of \[default\]"
    ):
        document.render()


@pytest.mark.parametrize("change", [sets("profile dev", region="a"), removes("profile prod", "s3")])
def test_block_invalid_must_not_become_inherited(change: Change) -> None:
    document = opened("faulty-default-block-unused")
    change(document)
    with pytest.raises(ConfigFileError, match=r"line 3: a line without a = in an indented block"):
        document.render()
