"""Where codes are prompted for, with the real `aws`: `mfa_process`, the terminal, a dialog, nowhere."""

from __future__ import annotations

import json
import sys

import pytest

from awscli_xacct.errors import CannotPromptError
from awscli_xacct.mfa.prompters import PROMPT_METHODS, be_silent, prompter
from awscli_xacct.settings import MFA_PROMPTS
from tests.sts import MfaDevice, Sts
from tests.support.home import Home, finish_on_terminal

IDENTITY = ("sts", "get-caller-identity", "--profile", "prod")


@pytest.fixture
def device(home: Home, sts: Sts) -> MfaDevice:
    """The device of the user behind the role profile `prod`."""
    user = sts.add_user("dev")
    found = sts.add_mfa_device(user)
    role = sts.add_role("R", trusts=[user.arn], require_mfa=True)
    home.add_keys(user)
    home.add_role("prod", role.arn, mfa_serial=found.serial)
    return found


def _zenity(home: Home, code: str) -> dict[str, str]:
    """A display, and a `zenity` on it that answers with a code."""
    programs = home.path / "bin"
    programs.mkdir()
    program = programs / "zenity"
    program.write_text(f"#!/bin/sh\necho {code}\n", encoding="ascii")
    program.chmod(0o755)
    return {"DISPLAY": ":0", "PATH": f"{programs}:{home.environment['PATH']}"}


def test_each_value_of_mfa_prompt_has_methods() -> None:
    assert set(PROMPT_METHODS) == set(MFA_PROMPTS)


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("none", "^SETTING forbids asking"),
        ("tty", "terminal to ask on, and SETTING allows nothing else"),
        ("gui", "dialog program to ask with, and SETTING allows nothing else"),
    ],
)
def test_mfa_prompt_that_forbids_prompting_is_named(
    monkeypatch: pytest.MonkeyPatch, mode: str, why: str
) -> None:
    for name in ("tty", "gui"):
        monkeypatch.setitem(PROMPT_METHODS, name, (lambda: None,))
    with pytest.raises(CannotPromptError, match=why):
        prompter(mode, "SETTING")("MFA code: ")


def test_mfa_prompt_that_forbids_prompting_is_named_with_its_place(home: Home, device: MfaDevice) -> None:
    """The config was blamed for what a variable had said."""
    said = f"needs an MFA code of {device.serial}, but {{}} forbids asking"
    outcome = home.aws(*IDENTITY, environment={"AWS_XACCT_MFA_PROMPT": "none"})
    assert said.format("AWS_XACCT_MFA_PROMPT = none") in outcome.stderr
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[xacct]\nmfa_prompt = none\n")
    outcome = home.aws(*IDENTITY)
    assert said.format("[xacct] mfa_prompt = none in ~/.aws/config") in outcome.stderr


def test_process_that_is_silent_asks_for_no_code() -> None:
    end = be_silent("nobody is to be asked")
    with pytest.raises(CannotPromptError, match="nobody is to be asked"):
        prompter("auto", "SETTING")("MFA code: ")
    end()
    with pytest.raises(CannotPromptError, match=r"^SETTING forbids"):
        prompter("none", "SETTING")("MFA code: ")


def test_dialog_prompts_with_a_display_and_no_terminal(home: Home, device: MfaDevice) -> None:
    outcome = home.aws(*IDENTITY, environment=_zenity(home, device.next_code()))
    assert (outcome.code, outcome.stderr) == (0, "")


def test_terminal_comes_before_the_dialog(home: Home, device: MfaDevice) -> None:
    child = home.terminal(*IDENTITY, environment=_zenity(home, "000000"))
    child.expect("MFA code of .*: ")
    child.sendline(device.next_code())
    assert finish_on_terminal(child) == 0


def test_mfa_prompt_gui_uses_the_dialog_even_on_a_terminal(home: Home, device: MfaDevice) -> None:
    environment = {**_zenity(home, device.next_code()), "AWS_XACCT_MFA_PROMPT": "gui"}
    assert finish_on_terminal(home.terminal(*IDENTITY, environment=environment)) == 0


@pytest.mark.parametrize("mode", ["tty", "none"])
def test_mfa_prompt_forbids_the_dialog(home: Home, sts: Sts, device: MfaDevice, mode: str) -> None:
    environment = {**_zenity(home, device.next_code()), "AWS_XACCT_MFA_PROMPT": mode}
    outcome = home.aws(*IDENTITY, environment=environment)
    assert outcome.code == 255
    assert "aws configure role login prod" in outcome.stderr
    assert sts.calls == []


@pytest.mark.usefixtures("device")
def test_mfa_prompt_unknown_lists_the_known_values(home: Home) -> None:
    outcome = home.aws(*IDENTITY, environment={"AWS_XACCT_MFA_PROMPT": "smoke"})
    assert outcome.code == 255
    assert outcome.lines == [
        "AWS_XACCT_MFA_PROMPT is 'smoke', but must be one of auto, tty, gui, none. Unset it, or set another value:",
        "  unset AWS_XACCT_MFA_PROMPT",
    ]


@pytest.mark.usefixtures("device")
def test_mfa_process_provides_the_code_without_a_prompt(home: Home, sts: Sts) -> None:
    home.aws("configure", "role", "prod", "--mfa-process", f"curl -s {sts.url}/_code")
    outcome = home.aws(*IDENTITY, environment={"AWS_XACCT_MFA_PROMPT": "none"})
    assert (outcome.code, outcome.stderr) == (0, "")
    assert [call.operation for call in sts.calls] == ["GetSessionToken", "AssumeRole", "GetCallerIdentity"]


def test_mfa_process_failed_does_not_prompt(home: Home, sts: Sts, device: MfaDevice) -> None:
    del device
    home.aws("configure", "role", "prod", "--mfa-process", f"{sys.executable} -c 'print(987654); exit(7)'")
    child = home.terminal(*IDENTITY)
    assert finish_on_terminal(child) == 255
    shown = str(child.before)
    assert "the mfa_process of profile prod ended with exit code 7" in shown
    assert "987654" not in shown
    assert sts.calls == []


def test_user_profile_runs_on_the_shared_session(home: Home, sts: Sts) -> None:
    """`mfa_session = on` in a user profile; IAM is one of the services that then see MFA."""
    user = sts.add_user("dev")
    device = sts.add_mfa_device(user)
    role = sts.add_role("R", trusts=[user.arn], require_mfa=True)
    home.write_config(
        f"[profile me]\naws_access_key_id = {user.access_key}\naws_secret_access_key = {user.secret_key}\n"
        f"region = us-west-1\nmfa_serial = {device.serial}\nmfa_session = on\n"
        f"mfa_process = curl -s {sts.url}/_code\n\n"
    )
    home.add_role("prod", role.arn, source_profile="me")
    listed = home.aws("iam", "list-mfa-devices", "--profile", "me")
    assert listed.code == 0, listed.stderr
    assert json.loads(listed.stdout)["MFADevices"][0]["SerialNumber"] == device.serial
    assert home.aws(*IDENTITY).code == 0
    assert [call.operation for call in sts.calls] == [
        "GetSessionToken",
        "ListMFADevices",
        "AssumeRole",
        "GetCallerIdentity",
    ]
