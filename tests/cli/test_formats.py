"""The formats equal those of v2 for real credentials, and are safe to evaluate for any others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.cli.formats import SHELLS
from awscli_xacct.errors import XacctError
from tests.configfile.texts import quickly
from tests.support.programs import need

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


def render(name: str, document: dict[str, Any] = DOCUMENT, region: str = "") -> str:
    """Return a document in a format, in an environment without any of its variables."""
    return SHELLS[name].format_document(document, region)


@pytest.mark.parametrize(("name", "line"), AS_V2.items())
def test_formats_set_variables_as_v2_does(name: str, line: str) -> None:
    lines = render(name).splitlines()
    assert lines[-4:] == [
        line.format("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        line.format("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        line.format("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaDH+/x=="),
        line.format("AWS_CREDENTIAL_EXPIRATION", "2027-01-15T09:00:00Z"),
    ]
    others = [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_SECURITY_TOKEN",
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AMAZON_ACCESS_KEY_ID",
        "AMAZON_SECRET_ACCESS_KEY",
        "AMAZON_SESSION_TOKEN",
        "AWS_ACCOUNT_ID",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ]
    assert [line.partition(";")[0] for line in lines[:-4]] == UNSET[name](others)  # fish has more to do


UNSET: dict[str, Callable[[list[str]], list[str]]] = {
    "env": lambda names: [f"unset -v {' '.join(names)}"],
    "env-no-export": lambda _: [],
    "powershell": lambda names: [f"Remove-Item Env:{name} -ErrorAction Ignore" for name in names],
    "windows-cmd": lambda names: [f"set {name}=" for name in names],
    "fish": lambda names: [f"set -eg {name}" for name in names],
}


@pytest.mark.parametrize(("name", "line"), AS_V2.items())
def test_formats_set_the_region_in_both_variables(name: str, line: str) -> None:
    assert render(name, region="eu-west-1").splitlines()[-2:] == [
        line.format("AWS_REGION", "eu-west-1"),
        line.format("AWS_DEFAULT_REGION", "eu-west-1"),
    ]


def test_formats_without_export_unset_only_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it stays a file for ``docker run --env-file`` where nothing is."""
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert render("env-no-export").splitlines()[0] == "unset -v AWS_PROFILE"


def test_formats_omit_what_a_user_has_not() -> None:
    keys = {"Version": 1, "AccessKeyId": "AKIA", "SecretAccessKey": "secret"}
    first, *rest = render("env", keys).splitlines()
    assert {"AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"} < set(first.split())
    assert rest == ["export AWS_ACCESS_KEY_ID=AKIA", "export AWS_SECRET_ACCESS_KEY=secret"]


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
    program = need(shell)
    text = render(name, {**DOCUMENT, "SessionToken": value})
    done = subprocess.run(
        [program, "-c", f'{text}\nprintf %s "$AWS_SESSION_TOKEN"'],
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert (done.stdout.decode(), done.stderr) == (value, b"")


# PowerShell and cmd are not everywhere, so this checks that whatever they expand is quoted.


@quickly
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_formats_powershell_string_is_not_expanded(value: str) -> None:
    line = render("powershell", {**DOCUMENT, "AccessKeyId": value}).partition("\n$Env:AWS_SECRET")[0]
    inside = line.partition('$Env:AWS_ACCESS_KEY_ID="')[2].removesuffix('"')
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
        render("windows-cmd", {**DOCUMENT, "SessionToken": value})


@pytest.mark.parametrize("name", SHELLS)
def test_formats_refuse_a_nul(name: str) -> None:
    with pytest.raises(XacctError):
        render(name, {**DOCUMENT, "SessionToken": "a\0b"})
