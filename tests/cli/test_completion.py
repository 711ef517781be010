"""`xacct completion`: what the shells themselves make of it, at a terminal, with names that need quoting."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from awscli_xacct.cli.bash_words import split
from awscli_xacct.cli.dispatch import COMMANDS
from tests.sts import Role
from tests.support.home import XACCT, Home

NAMES = ("default", "prod-eu", "my prod", "it's $5", 'say "hi"', "team:a@b=c", "back\\slash", "zürich")
TAB = "\t"

# How each shell is started without the user's own files, and what makes `xacct` show its words in it: what the
# scripts call is the program, by `command`.
SHELLS = {
    "bash": (
        ("--noprofile", "--rcfile", "{setup}", "-i"),
        "bind 'set enable-bracketed-paste off'\n"
        'eval "$(command xacct completion bash)"\n'
        "xacct() { printf '<%s>' \"$@\"; echo; }\n",
    ),
    "zsh": (
        ("-i",),
        "unset zle_bracketed_paste; setopt no_prompt_sp\n"
        'autoload -Uz compinit; compinit -D -u; eval "$(command xacct completion zsh)"\n'
        "xacct() { printf '<%s>' \"$@\"; echo; }\n",
    ),
    "fish": (
        ("--no-config", "--init-command", "source {setup}", "-i"),
        "function fish_prompt; end; set -g fish_greeting; set -g fish_autosuggestion_enabled 0\n"
        "command xacct completion fish | source\n"
        "function xacct; printf '<%s>' $argv; echo; end\n",
    ),
}


_SHOWN = re.compile(r"(<[^\r\n]*>)\r?\n")


@dataclass
class Shell:
    """A shell in which `xacct` prints its words; whoever types presses Enter at the end of `typed`."""

    name: str
    child: pexpect.spawn[str]

    def words(self, typed: str) -> list[str]:
        """Type something, and tell which words the command had."""
        self.child.send(f"{typed}\r")
        self.child.expect(_SHOWN)
        assert isinstance(self.child.match, re.Match)
        return str(self.child.match[1])[1:-1].split("><")


@pytest.fixture
def profiles(home: Home, role: Role) -> Home:
    """Profiles with names of every kind, all of them roles but one."""
    for name in NAMES[1:]:
        quoted = "'" + name.replace("'", "'\"'\"'") + "'"
        home.add_role(quoted, role.arn)
    home.add_role("evil\x1b[31m", role.arn)
    return home


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, profiles: Home) -> Iterator[Shell]:
    name = str(request.param)
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"there is no {name} on this machine")
    options, text = SHELLS[name]
    setup = profiles.path / ".zshrc"
    setup.write_text(f"{text}xacct ready\n", encoding="utf-8")
    child = profiles.terminal_for(
        program,
        *(option.format(setup=setup) for option in options),
        environment={
            "PATH": f"{XACCT.parent}:{profiles.environment['PATH']}",
            "TERM": "dumb" if name == "zsh" else "xterm",
            "LC_ALL": "C.UTF-8",
            "PS1": "",
            "INPUTRC": "/dev/null",
        },
    )
    child.expect_exact("<ready>")
    yield Shell(name, child)
    child.close(force=True)


def test_a_command_is_completed(shell: Shell) -> None:
    assert shell.words(f"xacct cred{TAB}default") == ["credentials", "default"]
    assert shell.words(f"xacct doc{TAB}--js{TAB}") == ["doctor", "--json"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("pr", "prod-eu"),
        ("my", "my prod"),
        ("it", "it's $5"),
        ("say", 'say "hi"'),
        ("te", "team:a@b=c"),
        ("ba", "back\\slash"),
        ("zü", "zürich"),
    ],
)
def test_a_profile_is_completed_and_comes_out_whole(shell: Shell, typed: str, name: str) -> None:
    assert shell.words(f"xacct credentials {typed}{TAB}") == ["credentials", name]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("my\\ p", "my prod"),
        ('"my p', "my prod"),
        ("'my p", "my prod"),
        ("team:a", "team:a@b=c"),
        ('"it', "it's $5"),
    ],
)
def test_what_is_quoted_already_stays_quoted(shell: Shell, typed: str, name: str) -> None:
    """zsh and bash close a quote by themselves, fish when the word is whole."""
    assert shell.words(f"xacct credentials {typed}{TAB}") == ["credentials", name]


def test_the_value_of_an_option_is_completed(shell: Shell) -> None:
    words = shell.words(f"xacct credentials --format pow{TAB}pro{TAB}")
    assert words == ["credentials", "--format", "powershell", "prod-eu"]


def test_behind_two_dashes_stands_another_command(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "home" / "a-file-of-mine").write_text("")
    shell.child.send(f"cd {tmp_path / 'home'}\r")
    assert shell.words(f"xacct exec prod-eu -- cat a-fi{TAB}")[-1] == "a-file-of-mine"
    assert shell.words(f"xacct each prod-eu -- basenam{TAB}")[-1] == "basename"


# -- what is offered -------------------------------------------------------------------------------


def offered(home: Home, *words: str) -> list[str]:
    """What may stand in the place of the last word."""
    outcome = home.xacct("completion", "--next", *words)
    assert (outcome.code, outcome.stderr) == (0, "")
    return outcome.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("",), list(COMMANDS)),
        (("credentials", ""), list(NAMES)),
        (("credentials", "default", ""), []),
        (
            ("credentials", "--format", ""),
            ["process", "env", "env-no-export", "powershell", "windows-cmd", "fish"],
        ),
        (("credentials", "--format", "env", ""), list(NAMES)),
        (("credentials", "default", "-"), ["--help", "--format"]),
        (("credentials", "--format", "env", "-"), ["--help"]),
        (("each", ""), list(NAMES[1:])),
        (("each", "my prod", ""), [name for name in NAMES[1:] if name != "my prod"]),
        (("each", "my prod", "--", ""), []),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("completion", "-"), ["--help"]),
        (("nonsense", ""), []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_may_come_next_is_offered(profiles: Home, words: tuple[str, ...], wanted: list[str]) -> None:
    assert offered(profiles, *words) == wanted


def test_files_that_cannot_be_read_offer_nothing(home: Home) -> None:
    home.config.write_text("[a]\n[a]\n")
    assert offered(home, "credentials", "") == []


def test_the_shell_has_to_be_named(home: Home) -> None:
    outcome = home.xacct("completion")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert "bash, zsh, fish" in outcome.stderr


@pytest.mark.parametrize(
    ("text", "words", "quote"),
    [
        ("", [""], ""),
        ("xacct ", ["xacct", ""], ""),
        ("xacct a\\ b", ["xacct", "a b"], ""),
        ("xacct 'a b", ["xacct", "a b"], "'"),
        ('xacct "a \\"b', ["xacct", 'a "b'], '"'),
        ("xacct ''", ["xacct", ""], ""),
        ("xacct '' ", ["xacct", "", ""], ""),
        ("cd x && xacct a", ["xacct", "a"], ""),
        ("echo $(xacct a", ["xacct", "a"], ""),
    ],
)
def test_a_line_of_bash_is_split_as_bash_does(text: str, words: list[str], quote: str) -> None:
    line = split(text)
    assert (line.words, line.quote) == (words, quote)
