"""MFA on a real terminal: one code for all roles of a device, requested only on the terminal."""

from __future__ import annotations

import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support.commands import WHOAMI, caller_arn, caller_of, is_session_of, operations, tree
from tests.support.home import AWS, TIMEOUT, Home, finish
from tests.support.terminal import PROMPT, Terminal, call_on_terminal, log_in

SHARED = ["GetSessionToken", "AssumeRole", "GetCallerIdentity"]
DIRECT = ["AssumeRole", "GetCallerIdentity"]


def test_shared_mfa_session_serves_ten_roles_with_one_code(
    home: Home, sts: Sts, device: MfaDevice, role: Role
) -> None:
    roles = [sts.add_role(f"Role{number}", trusts=role.trusts, require_mfa=True) for number in range(10)]
    for each in roles:
        home.add_role(each.name, each.arn, mfa_serial=device.serial)
    person = log_in(home, roles[0].name, device)
    assert (person.prompts, is_session_of(roles[0], person.caller)) == (1, True)
    for each in roles[1:]:
        assert is_session_of(each, caller_of(home, each.name)), "without a terminal, so without a question"
    assert operations(sts).count("GetSessionToken") == 1
    assert operations(sts).count("AssumeRole") == 10
    assert sts.calls[0].parameters["DurationSeconds"] == "43200"


def test_shared_mfa_session_has_the_configured_duration(
    home: Home, sts: Sts, device: MfaDevice, vault: str
) -> None:
    home.environment["AWS_XACCT_MFA_SESSION_DURATION"] = "900"
    log_in(home, vault, device)
    assert sts.calls[0].parameters["DurationSeconds"] == "900"


@pytest.mark.parametrize(
    ("mode", "duration", "calls", "sent", "note"),
    [
        ("auto", 3600, SHARED, "3600", None),
        ("auto", 7200, DIRECT, "7200", "needs its own MFA code"),
        ("on", 7200, SHARED, "3600", "lasts 1 hour"),
        ("off", 7200, DIRECT, "7200", None),
    ],
)
def test_mfa_session_mode_decides_how_a_long_role_is_assumed(
    home: Home,
    sts: Sts,
    role: Role,
    device: MfaDevice,
    mode: str,
    duration: int,
    calls: list[str],
    sent: str,
    note: str | None,
) -> None:
    role.require_mfa = True
    home.add_role("long", role.arn, mfa_serial=device.serial, mfa_session=mode, duration_seconds=duration)
    person = log_in(home, "long", device)
    assert is_session_of(role, person.caller)
    assert operations(sts) == calls
    (assumed,) = sts.calls_of("AssumeRole")
    assert assumed.parameters["DurationSeconds"] == sent
    assert ("TokenCode" in assumed.parameters) == (calls == DIRECT)
    notes = [line for line in person.shown.splitlines() if line.startswith("xacct: ")]
    assert len(notes) == (note is not None)
    if note:
        assert f"profile long: its {'duration' if mode == 'auto' else 'role session'}" in notes[0]
        assert note in notes[0]
        assert "7200" in notes[0]


def test_direct_mfa_after_a_refused_duration_takes_no_second_code_until_login(
    home: Home, sts: Sts, role: Role, device: MfaDevice
) -> None:
    role.require_mfa, role.max_session_duration = True, 3600
    home.add_role("long", role.arn, mfa_serial=device.serial, duration_seconds=7200)
    person = call_on_terminal(home, "long")
    person.answer(device.next_code())
    assert person.end() == 255
    sts.clear_calls()
    outcome = home.aws(*WHOAMI, "--profile", "long")
    assert (outcome.code, operations(sts)) == (255, [])
    assert outcome.lines[0].endswith(
        "so no other MFA code is spent on it. Ask for less, or have the role's maximum raised in its account:"
    )
    assert outcome.lines[-1] == "  aws configure role login long"
    role.max_session_duration = 7200
    login = Terminal(home.terminal("configure", "role", "login", "long"))
    login.answer(device.next_code())
    assert login.end() == 0
    assert is_session_of(role, caller_of(home, "long"))


def test_mfa_session_off_asks_for_each_role(home: Home, sts: Sts, role: Role, device: MfaDevice) -> None:
    role.require_mfa = True
    other = sts.add_role("Other", trusts=role.trusts, require_mfa=True)
    for profile, each in (("one", role), ("two", other)):
        home.add_role(profile, each.arn, mfa_serial=device.serial, mfa_session="off")
        person = call_on_terminal(home, profile)
        assert person.wait_for_prompt() == profile
        person.type(device.next_code())
        assert person.end() == 0
        assert is_session_of(each, caller_of(home, profile))
    assert [operation for operation in operations(sts) if operation != "GetCallerIdentity"] == [
        "AssumeRole",
        "AssumeRole",
    ]


# -- codes that are none ---------------------------------------------------------------------------


def test_mfa_code_wrong_is_asked_for_again(
    home: Home, sts: Sts, role: Role, device: MfaDevice, vault: str
) -> None:
    person = call_on_terminal(home, vault)
    person.answer(device.wrong_code())
    person.expect("not accepted")
    person.answer(device.next_code())
    assert person.end() == 0
    assert is_session_of(role, person.caller)
    assert [call.status for call in sts.calls_of("GetSessionToken")] == [403, 200]


def test_mfa_code_wrong_three_times_is_an_error(home: Home, sts: Sts, device: MfaDevice, vault: str) -> None:
    person = call_on_terminal(home, vault)
    for _ in range(3):
        person.answer(device.wrong_code())
    assert person.end() == 255
    assert f"none of 3 codes of {device.serial} was accepted for profile {vault}" in person.shown
    assert "Traceback" not in person.shown
    assert [call.status for call in sts.calls] == [403] * 3
    assert home.records() == []


def test_mfa_code_that_is_not_six_digits_is_not_sent(
    home: Home, sts: Sts, role: Role, device: MfaDevice, vault: str
) -> None:
    person = call_on_terminal(home, vault)
    for text in ("12345", "1234567", "abcdef", "", "\N{FULLWIDTH DIGIT ONE}23456"):
        person.answer(text)
        person.expect("An MFA code is six digits")
    code = device.next_code()
    person.answer(f" {code[:3]} {code[3:]} ")
    assert person.end() == 0
    assert is_session_of(role, person.caller)
    assert [call.parameters["TokenCode"] for call in sts.calls_of("GetSessionToken")] == [code]


def test_mfa_code_already_used_is_not_sent_again(
    home: Home, sts: Sts, role: Role, device: MfaDevice, vault: str
) -> None:
    home.add_role("direct", role.arn, mfa_serial=device.serial, mfa_session="off")
    code = device.next_code()
    first = call_on_terminal(home, vault)
    first.answer(code)
    assert first.end() == 0
    second = call_on_terminal(home, "direct")
    second.answer(code)
    second.expect("That code has been used")
    second.child.sendintr()
    assert second.end() == 130
    assert [call.operation for call in sts.calls if "TokenCode" in call.parameters] == ["GetSessionToken"]


# -- where it asks ---------------------------------------------------------------------------------


def test_mfa_prompt_uses_the_terminal_when_all_streams_are_files(
    home: Home, role: Role, device: MfaDevice, vault: str
) -> None:
    script = f'"$1" {" ".join(WHOAMI)} --profile {vault} </dev/null >out 2>err; echo "ended with $?"'
    person = Terminal(home.terminal_for("sh", "-c", f'cd "$HOME"; {script}', "sh", str(AWS)))
    person.answer(device.next_code())
    person.expect("ended with 0")
    assert person.end() == 0
    out, err = ((home.path / name).read_text() for name in ("out", "err"))
    assert f"assumed-role/{role.name}/" in out
    assert not PROMPT.search(out + err)
    assert err == ""


@pytest.mark.parametrize("typed", [None, "123456\n"], ids=["a silent stdin", "digits on stdin"])
def test_mfa_prompt_without_a_terminal_fails_at_once(
    home: Home, sts: Sts, device: MfaDevice, vault: str, typed: str | None
) -> None:
    process = home.fork(*WHOAMI, "--profile", vault)
    if typed is None:
        process.wait(TIMEOUT)  # with its stdin still open
    outcome = finish(process, typed or "")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert f"profile {vault} needs an MFA code of {device.serial}" in outcome.stderr
    assert "there is no terminal to ask on" in outcome.stderr
    assert operations(sts) == []
    assert home.records() == []


def test_shared_mfa_session_serves_commands_without_a_terminal(
    home: Home, sts: Sts, role: Role, device: MfaDevice, vault: str
) -> None:
    outcome = home.aws(*WHOAMI, "--profile", vault)
    advised = outcome.lines[-1].split()
    assert advised[0] == "aws"
    person = Terminal(home.terminal(*advised[1:]))
    person.answer(device.next_code())
    assert person.end() == 0
    for record in home.records():
        if "assume-role" in record.read_text():
            record.unlink()
    assert is_session_of(role, caller_of(home, vault))
    assert operations(sts).count("GetSessionToken") == 1


# -- two terminals at once -------------------------------------------------------------------------


@pytest.mark.parametrize("gives_up", [False, True], ids=["answered", "given up"])
def test_mfa_prompt_of_one_command_makes_the_other_wait(
    home: Home, sts: Sts, role: Role, other: Role, device: MfaDevice, vault: str, gives_up: bool
) -> None:
    first = Terminal(home.terminal_for(str(AWS), *WHOAMI, "--profile", vault))
    first.wait_for_prompt()
    second = call_on_terminal(home, "other")
    second.expect(
        f"waiting for process {first.child.pid}, which is getting an MFA session of {device.serial}"
    )
    if gives_up:
        first.child.sendintr()
        assert first.end() == 130
        second.answer(device.next_code())
    else:
        first.type(device.next_code())
        assert first.end() == 0
        assert is_session_of(role, first.caller)
    assert second.end() == 0
    assert is_session_of(other, second.caller)
    assert second.prompts == gives_up
    assert operations(sts).count("GetSessionToken") == 1
    assert not [name for name in tree(home) if name.endswith((".tmp", ".owner"))]
    assert caller_arn(home.aws(*WHOAMI, "--profile", "other")) == second.caller


def test_mfa_prompt_escapes_the_profile_name(home: Home, device: MfaDevice, role: Role) -> None:
    """Both in the prompt and in the error without a terminal, which the CLI prints unchanged."""
    role.require_mfa = True
    name = "a\x1b]2;owned\x07b"
    home.add_role(name, role.arn, mfa_serial=device.serial)
    outcome = home.aws(*WHOAMI, "--profile", name)
    assert outcome.code == 255
    assert "profile a\\x1b]2;owned\\x07b needs an MFA code" in outcome.stderr
    person = call_on_terminal(home, name)
    assert person.wait_for_prompt() == "a\\x1b]2;owned\\x07b"
    person.type(device.next_code())
    assert person.end() == 0
    assert not {"\x1b", "\x07"} & {*person.shown, *outcome.stderr}
