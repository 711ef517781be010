"""An edit changes what was requested, both for botocore and in the bytes of the file, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hypothesis import assume, example, given

from awscli_xacct.configfile.document import Document, Sections, Value
from awscli_xacct.errors import ConfigFileError, EditError
from tests.support.judge import Judge

from .texts import Ask, edits, quickly

Edits = tuple[bytes, list[Ask]]


def ask(method: str, *arguments: str) -> Ask:
    return Ask(method, arguments)


def made(edits: Edits) -> tuple[Document, list[Ask]]:
    """Apply the edits; return the document and the edits that it accepted."""
    data, asked = edits
    document = Document(data)
    accepted = []
    for change in asked:
        try:
            change(document)
        except (EditError, KeyError):
            continue
        accepted.append(change)
    return document, accepted


def rendered(document: Document) -> bytes:
    """Return the edited file. Two edits are refused and are no valid examples: one with which a value would absorb
    an indented header, and one with which a section would inherit an invalid block."""
    try:
        return document.render()
    except EditError as refused:
        assume("is indented so far" not in str(refused))
        raise
    except ConfigFileError as refused:
        assume("in an indented block" not in str(refused))
        raise


class Model:
    """Applies the edits to plain dicts, starting with what botocore reads."""

    def __init__(self, sections: Sections, defaults: dict[str, Value]) -> None:
        self._sections = {name: dict(options) for name, options in sections.items()}
        self._defaults = defaults
        self._added: dict[str, dict[str, Value]] = {}

    def make(self, change: Ask) -> None:
        getattr(self, change.method)(*change.arguments)

    def set(self, section: str, key: str, value: str) -> None:
        if section in self._sections:
            self._sections[section][key] = value
        else:
            self._added.setdefault(section, {})[key] = value

    def remove(self, section: str, key: str) -> None:
        self._sections.get(section, {}).pop(key, None)
        self._added.get(section, {}).pop(key, None)
        if not self._added.get(section, True):
            del self._added[section]  # nothing remains to be written

    def remove_section(self, section: str) -> None:
        self._sections.pop(section, None)
        self._added.pop(section, None)

    def rename_section(self, section: str, name: str) -> None:
        for sections in (self._sections, self._added):
            renamed = {name if old == section else old: options for old, options in sections.items()}
            sections.clear()
            sections.update(renamed)

    def sections(self) -> Sections:
        return {name: self._defaults | options for name, options in {**self._sections, **self._added}.items()}


def defaults_of(botocore_reads: Judge, data: bytes) -> dict[str, Value]:
    """Return what an empty section inherits in this file; reject the example if it includes an invalid block."""
    sections = botocore_reads(data + b"\n[an empty one]\n")
    assume(sections is not None)
    assert sections is not None
    return sections["an empty one"]


@quickly
@given(edits())
def test_edits_are_read_by_botocore_as_intended(botocore_reads: Judge, edits: Edits) -> None:
    before = botocore_reads(edits[0])
    assert before is not None
    model = Model(before, defaults_of(botocore_reads, edits[0]))
    document, changes = made(edits)
    for change in changes:
        model.make(change)
    after = botocore_reads(rendered(document))
    assert after == model.sections()
    assert list(after or []) == list(model.sections())


@quickly
@given(edits())
@example((b"[DEFAULT]\nregion =\n", [ask("set", "a", "k", "v")]))
@example((b"[a]\nk=1\n[b]\n    k=1\n  [c]\nk=1\n", [ask("set", "a", "k", "2"), ask("set", "c", "k", "2")]))
@example((b"[a]\nk=1\n[b]\n[DEFAULT]\nd=1\n", [ask("set", "a", "k", "2")]))
def test_expected_sections_match_botocore(botocore_reads: Judge, edits: Edits) -> None:
    document, _ = made(edits)
    assert botocore_reads(rendered(document)) == document.expected_sections()


@quickly
@given(edits())
def test_set_to_the_same_value_changes_nothing(edits: Edits) -> None:
    data, asked = edits
    last = {change.arguments[:2]: change for change in asked if change.method == "set"}
    document, changes = made((data, list(last.values())))
    once = rendered(document)
    again, _ = made((once, changes))
    assert again.render() == once


# -- the bytes -------------------------------------------------------------------------------------

LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def is_comment(line: str) -> bool:
    return line.strip().startswith(("#", ";"))


def ending_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def without_blank(lines: Iterable[str]) -> list[str]:
    """Return the non-blank lines without line endings, because a CR and an LF may have been joined."""
    return [line.rstrip("\r\n") for line in lines if line.strip()]


class Lines:
    """The lines of a file, and the section and option of each by a second implementation; counted from 0."""

    def __init__(self, data: bytes) -> None:
        self._document = Document(data)
        self.all: list[str] = LINE.findall(data.decode())

    def text(self, start: int = 0, end: int | None = None) -> str:
        return "".join(self.all[start:end])

    def header(self, section: str) -> int:
        return self._document.line_of(section) - 1

    def option(self, section: str, key: str) -> range | None:
        """Return the lines of an option, with the deeper lines that continue it; None: they belong to another."""
        try:
            first = self._document.line_of(section, key) - 1
        except KeyError:
            return None
        end = first + 1
        for number in range(end, len(self.all)):
            line = self.all[number]
            if line.strip() and not is_comment(line):
                if self._depth(line) <= self._depth(self.all[first]):
                    break
                end = number + 1
        return range(first, end)

    def section(self, section: str) -> list[int]:
        """Return the lines of a section's header and options."""
        options = [self.option(section, key) for key in self._document.section(section)]
        return [self.header(section), *(number for option in options for number in option or ())]

    @staticmethod
    def _depth(line: str) -> int:
        return len(line) - len(line.lstrip())


def one_change(edits: Edits) -> tuple[Lines, str, list[str]]:
    """Draw an edit to an existing section; return the old lines, the new text and the edit."""
    data, [change] = edits
    assume(change.arguments[0] in Document(data).names())
    document, changes = made(edits)
    assume(changes)
    return Lines(data), rendered(document).decode(), list(change.arguments)


@quickly
@given(edits(["remove"], known=True))
@example((b"[a]\nk = 1\n  # c\n\n  = 2", [ask("remove", "a", "k")]))
def test_option_removed_takes_its_lines_but_no_comments(edits: Edits) -> None:
    old, new, (section, key) = one_change(edits)
    own = old.option(section, key) or range(0)
    assert new == "".join(
        line for number, line in enumerate(old.all) if number not in own or is_comment(line)
    )


@quickly
@given(edits(["set"], known=True))
@example((b"[a]\nk =\r  # c\r\n  x = 2\n\n", [ask("set", "a", "k", "v")]))
@example((b"[a]\nk :\t1 \x1c\r\n", [ask("set", "a", "k", "v")]))
@example((b"[a]\nk : k", [ask("set", "a", "k", "v")]))
@example((b"[a]\nk :", [ask("set", "a", "k", "v")]))
def test_option_changed_differs_only_in_its_value(edits: Edits) -> None:
    """The line keeps its name, spaces and ending. Further lines of the old value are removed, except comments."""
    old, new, (section, key, value) = one_change(edits)
    own = old.option(section, key)
    assume(own)
    assert own is not None
    if Document(edits[0]).section(section)[key] == value:
        assert new == old.text()
        return
    comments = [line for line in old.all[own[0] : own[-1] + 1] if is_comment(line)]
    above, below = old.text(end=own[0]), "".join(comments) + old.text(own[-1] + 1)
    assert new.startswith(above)
    assert new.endswith(below)
    line, changed = old.all[own[0]], new[len(above) : len(new) - len(below)]
    name, delimiter, rest = re.split("([=:])", line, maxsplit=1)
    before = rest[: len(rest) - len(rest.lstrip())].rstrip("\r\n")
    after = rest[len(before + rest.strip()) :]
    if rest.strip() or before or not name[-1].isspace():
        assert changed == name + delimiter + before + value + after
    else:
        assert changed == name + delimiter + " " + value + after


@quickly
@given(edits(["set"]))
@example((b"[a]", [ask("set", "a", "k", "v")]))
@example((b"[a]\n  [b]\nk = 1\n", [ask("set", "a", "k", "v")]))
@example((b"[a]\r\n\tk = 1", [ask("set", "a", "new", "v")]))
@example((b"[a]\rk = 1\n\n", [ask("set", "a", "new", "v")]))
def test_option_added_is_one_line_after_the_last_of_its_section(edits: Edits) -> None:
    old, new, (section, key, value) = one_change(edits)
    assume(old.option(section, key) is None)
    behind = max(old.section(section)) + 1
    above, below = old.text(end=behind), old.text(behind)
    assert new.startswith(above)
    assert new.endswith(below)
    added = new[len(above) : len(new) - len(below)]
    assert added.strip() == f"{key} = {value}".strip()
    if ending_of(above):
        assert ending_of(added) == ending_of(above)
    else:  # the file ends without a line ending, and still does
        assert added[0] in "\r\n"
        assert not ending_of(added)


@quickly
@given(edits(["set"]))
@example((b"", [ask("set", "a", "k", "v")]))
@example((b"# c", [ask("set", "a", "k", "v")]))
@example((b"[b]\r\n\r\n", [ask("set", "a", "k", "v")]))
def test_section_added_is_at_the_end(edits: Edits) -> None:
    data, [change] = edits
    section, key, value = change.arguments
    assume(section not in Document(data).names())
    after = rendered(made(edits)[0])
    assert after.startswith(data)
    added = after[len(data) :].decode()
    ending = ending_of(added)
    section_text = f"[{section}]{ending}" + f"{key} = {value}".strip() + ending
    assert added in {section_text, ending + section_text, ending * 2 + section_text}


@quickly
@given(edits(["remove_section"]))
@example((b"[a] # why\nk = 1\n# c\nl = 1\n\n[b]", [ask("remove_section", "a")]))
def test_section_removed_leaves_comments_and_everything_else(edits: Edits) -> None:
    """Even the comment after its header. Blank lines around it may be removed."""
    old, new, (section,) = one_change(edits)
    header, own = old.header(section), old.section(section)
    remark = old.all[header].rpartition("]")[2].lstrip()
    above = old.all[:header]
    below = [
        line
        for number, line in enumerate(old.all)
        if number > header and (number not in own or is_comment(line))
    ]
    assert new.startswith("".join(above))
    assert without_blank(LINE.findall(new)) == without_blank(
        [*above, remark if is_comment(remark) else "", *below]
    )


@quickly
@given(edits(["rename_section"]))
def test_section_renamed_differs_only_in_its_name(edits: Edits) -> None:
    old, new, (section, name) = one_change(edits)
    header = old.header(section)
    line = old.all[header].replace(f"[{section}]", f"[{name}]", 1)
    assert new == old.text(end=header) + line + old.text(header + 1)
