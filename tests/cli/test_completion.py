"""`xacct completion` in real shells on a terminal, with names that need quoting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from awscli_xacct.cli.bash_words import split
from awscli_xacct.messages import COMMANDS, SUBCOMMANDS
from tests.support.commands import run
from tests.support.home import XACCT, Home
from tests.support.programs import need, settle_fish

POLICIES = ("--read-only", "--policy-arns", "--policy")
NAMES = ("default", "prod-eu", "my prod", "it's $5", 'say "hi"', "team:a@b=c", "back\\slash", "zürich")
TAB = "\t"
ROLE = "arn:aws:iam::222222222222:role/Power"

# How to start each shell without the user's own files, with a function `xacct` that prints its words. The scripts
# call the program itself, with `command`.
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
    """A shell in which `xacct` prints its words."""

    name: str
    child: pexpect.spawn[str]

    def words(self, typed: str) -> list[str]:
        """Type a line and Enter, and return the words that the command got."""
        self.child.send(f"{typed}\r")
        self.child.expect(_SHOWN)
        assert isinstance(self.child.match, re.Match)
        return str(self.child.match[1])[1:-1].split("><")


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Profiles with names of every kind, all but one of them roles."""
    home = Home(tmp_path_factory.mktemp("completion") / "home", "http://127.0.0.1:9")
    settle_fish(home.path)
    for name in NAMES[1:]:
        quoted = "'" + name.replace("'", "'\"'\"'") + "'"
        home.add_role(quoted, ROLE)
    home.add_role("evil\x1b[31m", ROLE)
    return home


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, profiles: Home) -> Iterator[Shell]:
    """A shell in which the tests of this module type one line after the other."""
    name = str(request.param)
    program = need(name)
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


def test_completion_of_commands_and_options(shell: Shell) -> None:
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
def test_completion_quotes_profile_names(shell: Shell, typed: str, name: str) -> None:
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
def test_completion_keeps_quotes_that_were_typed(shell: Shell, typed: str, name: str) -> None:
    """zsh and bash close an open quote themselves, fish once the word is complete."""
    assert shell.words(f"xacct credentials {typed}{TAB}") == ["credentials", name]


def test_completion_of_option_values(shell: Shell) -> None:
    words = shell.words(f"xacct credentials --format pow{TAB}pro{TAB}")
    assert words == ["credentials", "--format", "powershell", "prod-eu"]


def test_completion_after_two_dashes_is_left_to_the_shell(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "a-file-of-mine").write_text("")
    shell.child.send(f"cd {tmp_path}\r")
    assert shell.words(f"xacct exec prod-eu -- cat a-fi{TAB}")[-1] == "a-file-of-mine"
    assert shell.words(f"xacct each prod-eu -- basenam{TAB}")[-1] == "basename"


# -- candidates -------------------------------------------------------------------------------------


def candidates(home: Home, *words: str) -> list[str]:
    """Return the candidates for the last word."""
    outcome = home.xacct("completion", "--next", *words)
    assert (outcome.code, outcome.stderr) == (0, "")
    return outcome.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("",), list(COMMANDS)),
        (("credentials", ""), list(NAMES)),
        (("credentials", "default", ""), []),
        (
            ("credentials", "--format", ""),
            ["process", "env", "env-no-export", "powershell", "windows-cmd", "fish"],
        ),
        (("credentials", "--format", "env", ""), list(NAMES)),
        (("credentials", "default", "-"), ["--help", "--format", *POLICIES, "--cli-error-format"]),
        (("credentials", "--format", "env", "-"), ["--help", *POLICIES, "--cli-error-format"]),
        (("exec", "--read-only", "-"), ["--help", "--serve", *POLICIES[1:], "--cli-error-format"]),
        (("exec", "--policy", ""), []),
        (("each", ""), list(NAMES[1:])),
        (("each", "my prod", ""), [name for name in NAMES[1:] if name != "my prod"]),
        (("each", "my prod", "--", ""), []),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("completion", "-"), ["--help", "--cli-error-format"]),
        (("role", ""), [*SUBCOMMANDS, *NAMES]),
        (("role", "show", ""), list(NAMES[1:])),
        (("role", "show", "-"), []),
        (("nonsense", ""), []),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_completion_candidates(profiles: Home, words: tuple[str, ...], expected: list[str]) -> None:
    assert candidates(profiles, *words) == expected


def test_completion_with_unreadable_config_has_no_candidates(home: Home) -> None:
    home.config.write_text("[a]\n[a]\n")
    assert candidates(home, "credentials", "") == []


def test_completion_without_a_shell_is_refused(home: Home) -> None:
    outcome = home.xacct("completion")
    assert (outcome.code, outcome.stdout) == (252, "")
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
def test_bash_line_is_split_as_bash_does(text: str, words: list[str], quote: str) -> None:
    line = split(text)
    assert (line.words, line.quote) == (words, quote)


def test_completion_script_of_zsh_defines_the_function_without_compinit(home: Home) -> None:
    """It was defined, too, but after: command not found: compdef."""
    outcome = run(home, need("zsh"), "-fc", f'eval "$({XACCT} completion zsh)" && type xacct')
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "xacct is a shell function" in outcome.stdout
