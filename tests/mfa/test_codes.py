"""Getting a code from a person: six digits, three tries, no used codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.errors import CannotPromptError, CodeRejectedError, MfaProcessError
from awscli_xacct.mfa.codes import CodeRequest, Codes, UsedCodes
from tests.configfile.texts import quickly

SERIAL = "arn:aws:iam::111111111111:mfa/dev"
REQUEST = CodeRequest(SERIAL, "prod", "a session of 12 h for all its roles")
NOT_ACCEPTED = "That code was not accepted; it may be mistyped, or used already."
SIX_DIGITS = "An MFA code is six digits."
NOON = 1_800_000_000.0
"""The beginning of a time step of 30 seconds."""


class Refused(Exception):
    """A service's answer to a wrong code."""


class Desk:
    """A person with prepared answers, a service that accepts some codes, and a clock."""

    def __init__(
        self, *answers: str | BaseException, directory: Path | None = None, running: float = 0.0
    ) -> None:
        """The clock advances by `running` seconds each time it is read."""
        self.answers = list(answers)
        self.now = NOON
        self._running = running
        self.prompts: list[str] = []
        self.notices: list[str] = []
        self.sent: list[str] = []
        self.codes = Codes(self.ask, self.say, used=UsedCodes(directory, self.clock), sleep=self.pass_time)

    def clock(self) -> float:
        self.now += self._running
        return self.now

    def ask(self, prompt: str) -> str:
        self.prompts.append(prompt)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def say(self, text: str, end: str = "\n") -> None:
        self.notices.append(f"{text}{end}")

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def taking(self, *good: str) -> Callable[[str], str]:
        def use(code: str) -> str:
            self.sent.append(code)
            if code not in good:
                raise Refused(code)
            return f"session for {code}"

        return use

    def spend(self, *good: str, request: CodeRequest = REQUEST) -> str:
        return self.codes.spend(request, self.taking(*good), lambda error: isinstance(error, Refused))


def lines(notices: Iterable[str]) -> list[str]:
    return "".join(notices).splitlines()


# -- prompts ---------------------------------------------------------------------------------------


def test_prompt_says_what_the_code_is_for() -> None:
    desk = Desk("123456")
    assert desk.spend("123456") == "session for 123456"
    assert desk.prompts == [
        "MFA code of arn:aws:iam::111111111111:mfa/dev for profile prod (a session of 12 h for all its roles): "
    ]
    assert desk.notices == []


def test_prompt_escapes_names() -> None:
    """They come from the config file, which may come from anywhere."""
    request = CodeRequest("arn:x\x1b[2J", "a\x1b]2;x\x07b", "role arn:y\r\x9b8m\u202e")
    assert (
        request.prompt
        == "MFA code of arn:x\\x1b[2J for profile a\\x1b]2;x\\x07b (role arn:y\\r\\x9b8m\\u202e): "
    )


@pytest.mark.parametrize(
    "answer", ["123456", " 123456 ", "123 456", "12 34 56\r", "\t123456\x0b", "1 2 3 4 5 6"]
)
def test_code_may_contain_blanks(answer: str) -> None:
    """Apps show it in two halves."""
    desk = Desk(answer)
    desk.spend("123456")
    assert desk.sent == ["123456"]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " ",
        "12345",
        "1234567",
        "12345a",
        "-12345",
        "12345\u0661",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "12345²",
    ],
)
def test_code_of_another_form_is_prompted_for_again(answer: str) -> None:
    desk = Desk(answer, answer, answer, answer, "123456")
    desk.spend("123456")
    assert (desk.sent, lines(desk.notices)) == (["123456"], [SIX_DIGITS] * 4)


@quickly
@given(answer=st.text(max_size=12) | st.text("0123456789 \u0661x", min_size=4, max_size=9))
def test_code_sent_is_always_six_digits(answer: str) -> None:
    desk = Desk(answer, "999999", "999999", "999999")
    with pytest.raises(CodeRejectedError):
        desk.spend()
    assert all(len(code) == 6 and set(code) <= set("0123456789") for code in desk.sent)


def test_code_refused_three_times_ends_the_prompt() -> None:
    desk = Desk("111111", "222222", "333333", "444444")
    with pytest.raises(CodeRejectedError) as caught:
        desk.spend("444444")
    assert str(caught.value) == (
        "none of 3 codes of arn:aws:iam::111111111111:mfa/dev was accepted for profile prod. Check that this is the "
        "right device and that its clock is right, then run the command again"
    )
    assert lines(desk.notices) == [NOT_ACCEPTED] * 2


def test_code_may_be_right_the_third_time() -> None:
    desk = Desk("111111", "222222", "333333")
    assert desk.spend("333333") == "session for 333333"


def test_error_of_another_kind_does_not_prompt_again() -> None:
    desk = Desk("123456")

    def use(code: str) -> str:
        raise ConnectionError(code)

    with pytest.raises(ConnectionError):
        desk.codes.spend(REQUEST, use, lambda error: isinstance(error, Refused))
    assert len(desk.prompts) == 1


def test_prompt_impossible_names_the_login_command() -> None:
    desk = Desk(CannotPromptError("there is no terminal to ask on"))
    with pytest.raises(CannotPromptError) as caught:
        desk.spend(request=CodeRequest(SERIAL, "my prod", "role R"))
    assert str(caught.value) == (
        "profile my prod needs an MFA code of arn:aws:iam::111111111111:mfa/dev, but there is no terminal to ask on. "
        "Log in from a terminal; until the session expires, commands without one work too:\n"
        "  aws configure role login 'my prod'"
    )


def test_ctrl_c_does_not_prompt_again() -> None:
    desk = Desk(KeyboardInterrupt(), "123456")
    with pytest.raises(KeyboardInterrupt):
        desk.spend("123456")
    assert len(desk.prompts) == 1


# -- used codes ------------------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["another process", "the same process"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "cache" if request.param else None


def again(desk: Desk, directory: Path | None, *answers: str | BaseException) -> Desk:
    """Return the person who is prompted next, 10 seconds later; in another process if there is a directory."""
    if directory is None:
        desk.answers, after = list(answers), desk
    else:
        after = Desk(*answers, directory=directory)
    after.now = NOON + 10
    after.sent.clear()
    return after


def test_used_code_is_not_sent_but_waited_out(place: Path | None) -> None:
    """STS would refuse it, which would cost a try."""
    desk = Desk("123456", directory=place)
    desk.spend("123456")
    after = again(desk, place, "123456", "654321")
    after.spend("654321")
    assert after.sent == ["654321"]
    assert after.now == NOON + 31
    notices = "".join(after.notices).split("\r")
    assert notices[0] == ""
    assert notices[1] == "That code has been used; wait 21 s for the next one. "
    assert notices[21] == "That code has been used; wait 1 s for the next one. \n"
    assert len(notices) == 22


def test_used_code_of_the_previous_step_prompts_again_at_once(tmp_path: Path) -> None:
    Desk("123456", directory=tmp_path).spend("123456")
    late = Desk("123456", "654321", directory=tmp_path)
    late.now = NOON + 35
    late.spend("654321")
    assert (late.now, lines(late.notices)) == (
        NOON + 35,
        ["That code has been used; take the one the device shows now."],
    )


def test_used_code_is_forgotten_with_its_step(tmp_path: Path) -> None:
    """One code in a million repeats."""
    Desk("123456", directory=tmp_path).spend("123456")
    later = Desk("123456", directory=tmp_path)
    later.now = NOON + 60
    later.spend("123456")
    assert later.notices == []


def test_refused_code_is_not_remembered_as_used(tmp_path: Path) -> None:
    with pytest.raises(CodeRejectedError):
        Desk("111111", "111111", "111111", directory=tmp_path).spend()
    desk = Desk("111111", directory=tmp_path)
    assert desk.spend("111111") == "session for 111111"


def test_code_is_used_even_if_another_error_follows(tmp_path: Path) -> None:
    """The answer was lost, or the role denied: the code is used all the same."""

    def use(code: str) -> str:
        raise ConnectionError(code)

    desk = Desk("123456", directory=tmp_path)
    with pytest.raises(ConnectionError):
        desk.codes.spend(REQUEST, use, lambda error: isinstance(error, Refused))
    after = again(desk, tmp_path, "123456", "654321")
    after.spend("654321")
    assert after.sent == ["654321"]


def test_used_code_is_per_device(tmp_path: Path) -> None:
    Desk("123456", directory=tmp_path).spend("123456")
    other = Desk("123456", directory=tmp_path)
    other.spend("123456", request=CodeRequest("GAHT12345678", "prod", "role R"))
    assert other.notices == []


# -- codes from a program --------------------------------------------------------------------------


def with_program(command: str) -> CodeRequest:
    return CodeRequest(SERIAL, "prod", "role R", command)


def test_program_provides_the_code_without_a_prompt() -> None:
    desk = Desk()
    assert desk.spend("123456", request=with_program("echo 123456")) == "session for 123456"
    assert (desk.prompts, desk.notices) == ([], [])


@pytest.mark.parametrize("command", ["echo 12345", "echo hello", "echo 123 456", "printf '123456\\n123456'"])
def test_program_without_a_code_fails_and_its_output_is_not_shown(command: str) -> None:
    """It may be a secret that went to the wrong place."""
    with pytest.raises(MfaProcessError) as caught:
        Desk().spend("123456", request=with_program(command))
    assert str(caught.value) == (
        "the mfa_process of profile prod did not print six digits. Run it by itself to see what is "
        'wrong, or remove it:\n  aws configure role prod --mfa-process ""'
    )


def test_program_that_repeats_a_code_fails(tmp_path: Path) -> None:
    """A wrong one, from a vault that does not know the new device. It was run for half a minute, without a pause."""
    runs = tmp_path / "runs"
    desk = Desk(directory=tmp_path / "cache")
    with pytest.raises(MfaProcessError, match="printed a code that has been used"):
        desk.spend(request=with_program(f"sh -c 'echo >> {runs}; echo 123456'"))
    assert desk.sent == ["123456"]
    assert len(runs.read_text()) == 3
