"""The one flow that shows a change, asks, and makes it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

import awscli_xacct
from awscli_xacct.confirm import Change, Consent, confirm_and_apply
from awscli_xacct.errors import ValidationError, XacctError


class Stream(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, text: str = "", *, terminal: bool = True) -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


class Person:
    """Somebody who answers on stdin. `events` has what was shown and made, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.events: list[str] = []
        self.stdout, self.stderr = Stream(), Stream()

    def sits_at(self, answer: str, *, stdin: bool = True, stdout: bool = True, stderr: bool = True) -> None:
        self.stdout, self.stderr = Stream(terminal=stdout), Stream(terminal=stderr)
        self._monkeypatch.setattr("sys.stdin", Stream(answer, terminal=stdin))
        self._monkeypatch.setattr("sys.stdout", self.stdout)
        self._monkeypatch.setattr("sys.stderr", self.stderr)

    def change(self) -> Change:
        def apply() -> int:
            self.events.append("applied")
            return 7

        return Change(
            question="Remove prod?",
            declined="nothing was removed",
            apply=apply,
            text=lambda: "the text\n",
            preview="prod would be removed",
            show=lambda: self.events.append("shown"),
        )


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr("awscli_xacct.typed._words", ["xacct", "remove", "my prod"])
    return Person(monkeypatch)


@pytest.mark.parametrize("answer", ["y\n", "Yes\n", " YES \n"])
def test_change_confirmed_is_applied_and_its_exit_code_returned(person: Person, answer: str) -> None:
    person.sits_at(answer)
    assert (confirm_and_apply(person.change(), Consent()), person.events) == (7, ["shown", "applied"])
    assert (person.stdout.getvalue(), person.stderr.getvalue()) == ("", "Remove prod? [y/N] ")


@pytest.mark.parametrize("answer", ["\n", "n\n", "what?\n", "y e s\n", ""])
def test_change_is_declined_by_anything_but_yes(person: Person, answer: str) -> None:
    person.sits_at(answer)
    with pytest.raises(XacctError, match=r"^nothing was removed$"):
        confirm_and_apply(person.change(), Consent())
    after = "" if answer else "\n"
    assert (person.events, person.stderr.getvalue()) == (["shown"], f"Remove prod? [y/N] {after}")


def test_change_is_not_asked_about_with_yes_or_without_a_question(person: Person) -> None:
    person.sits_at("")
    assert confirm_and_apply(person.change(), Consent(yes=True)) == 7
    assert confirm_and_apply(replace(person.change(), question=""), Consent()) == 7
    assert confirm_and_apply(replace(person.change(), only_if_yes="too much"), Consent(yes=True)) == 7
    assert person.events == ["shown", "applied"] * 3
    assert person.stderr.getvalue() == ""


def test_change_is_only_shown_in_a_dry_run_whatever_yes_says(person: Person) -> None:
    person.sits_at("y\n")
    assert confirm_and_apply(person.change(), Consent(dry_run=True, yes=True)) == 0
    assert (person.events, person.stderr.getvalue()) == (["shown"], "prod would be removed\n")


def test_change_up_to_date_ends_the_flow(person: Person) -> None:
    person.sits_at("y\n")
    change = replace(person.change(), up_to_date="nothing to do")
    assert confirm_and_apply(change, Consent(yes=True)) == 0
    assert (person.events, person.stderr.getvalue()) == (["shown"], "nothing to do\n")


@pytest.mark.parametrize(
    ("stdin", "stdout", "stderr"), [(False, True, True), (True, False, False), (False, False, False)]
)
def test_change_without_a_terminal_needs_yes(
    person: Person, *, stdin: bool, stdout: bool, stderr: bool
) -> None:
    person.sits_at("y\n", stdin=stdin, stdout=stdout, stderr=stderr)
    with pytest.raises(ValidationError) as error:
        confirm_and_apply(person.change(), Consent())
    assert str(error.value).splitlines() == [
        "nothing was removed, because",
        "  - cannot ask for confirmation without a terminal. Go ahead with:",
        "      xacct remove 'my prod' --yes",
    ]
    assert person.events == ["shown"]
    assert confirm_and_apply(replace(person.change(), unattended=True), Consent()) == 7


def test_change_that_is_too_much_needs_yes_on_a_terminal_too(person: Person) -> None:
    person.sits_at("y\n")
    with pytest.raises(
        ValidationError, match=r"more than half. Go ahead with:\n      xacct remove 'my prod' --yes"
    ):
        confirm_and_apply(replace(person.change(), only_if_yes="more than half"), Consent())


def test_question_comes_with_the_change_where_an_output_is_redirected(person: Person) -> None:
    person.sits_at("y\n", stdout=False)
    confirm_and_apply(person.change(), Consent())
    assert (person.stdout.getvalue(), person.stderr.getvalue()) == ("", "the text\nRemove prod? [y/N] ")
    person.sits_at("y\n", stderr=False)
    confirm_and_apply(person.change(), Consent())
    assert (person.stdout.getvalue(), person.stderr.getvalue()) == ("Remove prod? [y/N] ", "")
    for stdout, stderr, shown in ((True, False, "the text\n"), (False, True, "")):
        person.sits_at("y\n", stdout=stdout, stderr=stderr)
        confirm_and_apply(replace(person.change(), on_stderr=True), Consent())
        asked = person.stdout if stdout else person.stderr
        assert asked.getvalue() == f"{shown}Remove prod? [y/N] "


def test_question_escapes_what_could_drive_the_terminal(person: Person) -> None:
    person.sits_at("n\n")
    with pytest.raises(XacctError):
        confirm_and_apply(replace(person.change(), question="Remove \x1b[31m?"), Consent())
    assert person.stderr.getvalue().startswith("Remove \\x1b[31m? [y/N] ")


def test_question_left_by_ctrl_c_ends_its_line_and_says_that_nothing_was_done(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    person.sits_at("")
    monkeypatch.setattr("sys.stdin.readline", interrupt)
    with pytest.raises(KeyboardInterrupt):
        confirm_and_apply(person.change(), Consent())
    assert (person.events, person.stderr.getvalue()) == (
        ["shown"],
        "Remove prod? [y/N] \nnothing was removed\n",
    )


def test_confirmation_is_asked_for_in_one_module_only() -> None:
    """Settings are asked for in the interview, and MFA codes in `mfa`."""
    package = Path(awscli_xacct.__file__).parent
    asks = re.compile(r"\[[Yy]/[Nn]\]|\binput\(|stdin\.readline|\.yes\b")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if asks.search(path.read_text("utf-8"))
    }
    others = {"configure_role/interview.py", "mfa/terminal_child.py"}
    assert found == {"confirm.py", *others}
