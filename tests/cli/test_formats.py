"""The formats are v2's for real credentials, and harmless for any others: shells evaluate them."""

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
def test_real_credentials_look_as_v2_prints_them(name: str, line: str) -> None:
    assert FORMATS[name](DOCUMENT).splitlines() == [
        line.format("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        line.format("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        line.format("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaDH+/x=="),
        line.format("AWS_CREDENTIAL_EXPIRATION", "2027-01-15T09:00:00Z"),
    ]


def test_the_default_is_what_sdks_read() -> None:
    assert json.loads(FORMATS["process"](DOCUMENT)) == DOCUMENT


def test_what_a_users_keys_lack_is_left_out() -> None:
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
def test_evaluating_a_text_sets_the_variables_and_does_nothing_else(
    name: str, shell: str, value: str
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    text = FORMATS[name]({**DOCUMENT, "SessionToken": value})
    done = subprocess.run(
        [program, "-c", f'{text}\nprintf %s "$AWS_SESSION_TOKEN"'],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout.decode(), done.stderr) == (value, b"")


# PowerShell and cmd are not everywhere: what they end a string at, or expand, must not stand there bare.


@quickly
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_nothing_ends_or_expands_a_string_of_powershell(value: str) -> None:
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
def test_what_cmd_cannot_quote_is_refused(value: str) -> None:
    with pytest.raises(XacctError, match="cmd has no way to quote"):
        FORMATS["windows-cmd"]({**DOCUMENT, "SessionToken": value})


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "process"])
def test_a_nul_is_refused(name: str) -> None:
    with pytest.raises(XacctError):
        FORMATS[name]({**DOCUMENT, "SessionToken": "a\0b"})
