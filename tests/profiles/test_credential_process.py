"""The commands of a `credential_process`: written so that every SDK splits them alike, and understood again."""

from __future__ import annotations

import shlex
import subprocess
from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest
from botocore.compat import compat_shell_split
from hypothesis import given
from hypothesis import strategies as st

from awscli_xacct.profiles import credential_process
from awscli_xacct.profiles.credential_process import find_requested, make_command, redirect
from tests.configfile.texts import quickly

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
PROGRAMS = [
    "xacct",
    "/opt/my tools/bin/xacct",
    "/it's/$HOME/xacct",
    "C:\\Program Files\\py\\Scripts\\xacct.exe",
]


def _on(windows: bool) -> AbstractContextManager[object]:
    """Split and join command lines as on Windows, or as elsewhere, while the block runs."""
    return patch.object(credential_process, "IS_WINDOWS", windows)


@quickly
@given(NAMES, st.sampled_from(PROGRAMS), st.booleans())
def test_command_is_split_by_botocore_as_it_was_made(name: str, program: str, windows: bool) -> None:
    with _on(windows):
        command = make_command([program], name)
    platform = "win32" if windows else "linux"
    words = compat_shell_split(command, platform=platform)
    assert (words[0], words[1], words[-1]) == (program, "credentials", name)


@quickly
@given(NAMES.filter(lambda name: '"' not in name), NAMES.filter(lambda name: '"' not in name), st.booleans())
def test_command_is_understood_and_redirected(name: str, other: str, windows: bool) -> None:
    if windows and (name.endswith("\\") or other.endswith("\\")):
        return  # which cmd doubles before a quote
    for program in (
        ["xacct"],
        ["python3", "-m", "awscli_xacct"],
        ["C:\\a b\\xacct.exe" if windows else "/a b/xacct"],
    ):
        with _on(windows):
            command = make_command(program, name)
            assert find_requested(command) == name
            moved = redirect(command, other)
            assert find_requested(moved) == other
            assert redirect(moved, name).replace(" -- ", " ") == command.replace(" -- ", " ")


def test_command_means_the_same_to_a_shell() -> None:
    """Other SDKs give it to one."""
    name = 'it\'s $HOME `x` \\ "y"'
    command = make_command(["printf", "%s|"], name)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == f"credentials|{name}|"


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("xacct credentials prod", "prod"),
        ("xacct credentials --format process prod", "prod"),
        ("xacct credentials --read-only prod", "prod"),
        ("xacct credentials --policy file:///p.json prod --policy-arns arn:a arn:b", "prod"),
        ("xacct credentials -- -x", "-x"),
        ("xacct.exe credentials prod", "prod"),
        ("/usr/bin/python3 -m awscli_xacct credentials 'my prod'", "my prod"),
        ("aws configure export-credentials --profile prod --format process", "prod"),
        ("aws configure export-credentials --profile=prod", "prod"),
        ("aws configure export-credentials --profile", None),
        ("aws configure export-credentials", None),
        ("xacct credentials", None),
        ("xacct credentials a b", None),
        ("xacct status prod credentials", None),
        ("granted credential-process --profile prod", None),
        ("cat credentials prod", None),
        ("xacct credentials 'prod", None),
        ("", None),
    ],
)
def test_command_that_asks_for_a_profile_is_recognised(command: str, asked: str | None) -> None:
    assert find_requested(command) == asked


@pytest.mark.parametrize(
    ("command", "after"),
    [
        ("xacct credentials prod --format process", "xacct credentials new --format process"),
        ("aws configure export-credentials --profile=prod", "aws configure export-credentials --profile=new"),
        ("aws configure export-credentials --profile prod", "aws configure export-credentials --profile new"),
        ("cat prod", "cat prod"),
    ],
)
def test_command_is_redirected_and_else_the_same(command: str, after: str) -> None:
    assert redirect(command, "new") == after
    assert shlex.split(redirect(command, "my new")) == [
        word.replace("new", "my new") for word in shlex.split(after)
    ]
