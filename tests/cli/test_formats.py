"""The formats equal those of v2 for real credentials, and are safe to evaluate for any others."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.cli.formats import FORMATS
from awscli_xacct.errors import XacctError
from tests.configfile.texts import quickly

DOCUMENT = {
    "Version": 1,
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "SessionToken": "FwoGZXIvYXdzEBYaDH+/x==",
    "Expiration": "2027-01-15T09:00:00Z",
    "AccountId": "222222222222",
}

# What AWS CLI v2 prints for these.
AS_V2 = {
    "env": "export {}={}",
    "env-no-export": "{}={}",
    "powershell": '$Env:{}="{}"',
    "windows-cmd": "set {}={}",
    "fish": 'set -gx {} "{}"',
}


@pytest.mark.parametrize(("name", "line"), AS_V2.items())
def test_formats_match_those_of_v2(name: str, line: str) -> None:
    assert FORMATS[name](DOCUMENT).splitlines() == [
        line.format("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        line.format("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        line.format("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaDH+/x=="),
        line.format("AWS_CREDENTIAL_EXPIRATION", "2027-01-15T09:00:00Z"),
    ]


def test_formats_process_is_json() -> None:
    assert json.loads(FORMATS["process"](DOCUMENT)) == DOCUMENT


def test_formats_omit_what_a_user_has_not() -> None:
    keys = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "secret"}
    assert FORMATS["env"](keys) == "export AWS_ACCESS_KEY_ID=AKIA\nexport AWS_SECRET_ACCESS_KEY=secret\n"


NASTY = [
    "",
    " a  b ",
    "'",
    '"',
    "\\",
    "$HOME",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "a\nb",
    "a\rb",
    "%PATH%",
    "!",
    "~",
    "*",
    "\u201d; touch pwned; \u201c",
    "(touch pwned)",
    "a'b\"c\\d$e`f",
    "é",
]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    ("name", "shell"),
    [("env", "sh"), ("env", "bash"), ("env", "zsh"), ("env-no-export", "sh"), ("fish", "fish")],
)
def test_formats_evaluated_only_set_variables(name: str, shell: str, value: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    text = FORMATS[name]({**DOCUMENT, "SessionToken": value})
    done = subprocess.run(
        [program, "-c", f'{text}\nprintf %s "$AWS_SESSION_TOKEN"'],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout.decode(), done.stderr) == (value, b"")


# PowerShell and cmd are not everywhere, so this checks that whatever they expand is quoted.


@quickly
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_formats_powershell_string_is_not_expanded(value: str) -> None:
    line = FORMATS["powershell"]({**DOCUMENT, "AccessKeyId": value}).partition("\n$Env:AWS_SECRET")[0]
    inside = line.removeprefix('$Env:AWS_ACCESS_KEY_ID="').removesuffix('"')
    plain, escaped = [], False
    for character in inside:
        if escaped or character != "`":
            assert escaped or character not in '"$\u201c\u201d\u201e'
            plain.append(character)
            escaped = False
        else:
            escaped = True
    assert not escaped
    assert "".join(plain) == value


@pytest.mark.parametrize("value", [value for value in NASTY if value not in ("", "~")])
def test_formats_refuse_what_cmd_cannot_quote(value: str) -> None:
    with pytest.raises(XacctError, match="cmd cannot quote"):
        FORMATS["windows-cmd"]({**DOCUMENT, "SessionToken": value})


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "process"])
def test_formats_refuse_a_nul(name: str) -> None:
    with pytest.raises(XacctError):
        FORMATS[name]({**DOCUMENT, "SessionToken": "a\0b"})
