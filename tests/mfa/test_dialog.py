"""Dialogs, with fake programs on the PATH that record how they were called."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from awscli_xacct.errors import CannotPromptError
from awscli_xacct.mfa import dialog
from awscli_xacct.mfa.dialog import DIALOGS, HERE, Dialog

PROMPT = (
    "MFA code of arn:aws:iam::111111111111:mfa/a_b for --x\"; touch /tmp/x; '`$(id)` <b>&\\n PROMPT (R): "
)
# How each program needs the prompt escaped, if at all.
SPELLED = {
    "zenity": PROMPT.replace("a_b", "a__b").replace("\\", "\\\\"),
    "kdialog": (
        "<qt>MFA code of arn:aws:iam::111111111111:mfa/a_b for --x&quot;; touch /tmp/x; &#x27;`$(id)` "
        "&lt;b&gt;&amp;&#92;n PROMPT (R): </qt>"
    ),
}
KINDS = {found.program: found for found in DIALOGS}
PLATFORMS = {"display": "linux", "darwin": "darwin", "win32": "win32"}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only directory on the PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory


def _stand_in(programs: Path, name: str, answer: str, code: int = 0) -> Path:
    """Make a program that records its arguments and the prompt in its environment, answers, and exits."""
    note = programs.parent / f"{name}.json"
    program = programs / name
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        f"json.dump([sys.argv[1:], os.environ['AWS_XACCT_PROMPT']], open({str(note)!r}, 'w'))\n"
        f"print({answer!r})\n"
        f"sys.exit({code})\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return note


def _environment(programs: Path, **more: str) -> Mapping[str, str]:
    return {"PATH": str(programs), "HOME": str(programs.parent), **more}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_dialog_gets_the_whole_prompt_and_returns_the_answer(programs: Path, kind: Dialog) -> None:
    note = _stand_in(programs, kind.program, "123456")
    environment = _environment(programs, DISPLAY=":0")
    assert kind.is_available(environment, PLATFORMS[kind.platform])
    assert kind.ask(PROMPT, environment) == "123456"
    arguments, prompt = json.loads(note.read_text(encoding="utf-8"))
    assert prompt == PROMPT
    assert arguments == [
        argument.replace(HERE, SPELLED.get(kind.program, PROMPT)) for argument in kind.arguments
    ]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_dialog_prompt_is_never_an_option_or_script(kind: Dialog) -> None:
    """A profile may have any name. PowerShell's script once contained the prompt, not the variable."""
    scripts = [argument for argument in kind.arguments if argument not in (HERE, f"--text={HERE}")]
    assert not any(HERE in script for script in scripts)
    if kind.program == "powershell":
        assert "InputBox($env:AWS_XACCT_PROMPT, 'AWS MFA code')" in scripts[-1]


def test_dialog_needs_a_display(programs: Path) -> None:
    _stand_in(programs, "zenity", "123456")
    assert dialog.find(_environment(programs)) is None
    assert dialog.find(_environment(programs, DISPLAY=":0")) == KINDS["zenity"]
    assert dialog.find(_environment(programs, WAYLAND_DISPLAY="wayland-0")) == KINDS["zenity"]


def test_dialog_is_the_first_installed(programs: Path) -> None:
    _stand_in(programs, "kdialog", "123456")
    assert dialog.find(_environment(programs, DISPLAY=":0")) == KINDS["kdialog"]
    assert dialog.find({"PATH": os.devnull, "DISPLAY": ":0"}) is None


@pytest.mark.parametrize(("answer", "code"), [("", 0), ("123456", 1)])
def test_dialog_closed_is_an_error(programs: Path, answer: str, code: int) -> None:
    _stand_in(programs, "zenity", answer, code)
    with pytest.raises(CannotPromptError, match="closed without a code"):
        KINDS["zenity"].ask(PROMPT, _environment(programs, DISPLAY=":0"))


def test_dialog_program_that_cannot_run_is_named(programs: Path) -> None:
    with pytest.raises(CannotPromptError, match="zenity cannot be run"):
        KINDS["zenity"].ask(PROMPT, _environment(programs, DISPLAY=":0"))
