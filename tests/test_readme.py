"""The README's quick start and the pages it links to: each command run as shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from awscli_xacct import settings
from awscli_xacct.messages import COMMANDS, SUBCOMMANDS
from awscli_xacct.profiles.config_keys import KEYS
from tests.sts import Sts, User
from tests.support.home import Home
from tests.support.terminal import Terminal

ROOT = Path(__file__).resolve().parents[1]
README = ROOT.joinpath("README.md").read_text("utf-8")
_CHANGING = (
    (r"botocore-session-\d+", "botocore-session-N"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
)


def steady(text: str) -> str:
    """Return a text without what differs from run to run."""
    for pattern, word in _CHANGING:
        text = re.sub(pattern, word, text)
    return text.strip()


def test_readme_quick_start_prints_what_it_shows(home: Home, sts: Sts, user: User) -> None:
    sts.add_role("PowerUser", trusts=[user.arn])
    section = README.partition("## Quick start")[2].partition("## ")[0]
    blocks = re.findall(r"^    \$ (.+)\n((?:    .*\n)*)", section, re.MULTILINE)
    assert len(blocks) == 4
    for command, shown in blocks:
        program, *arguments = shlex.split(command)
        outcome = (home.aws if program == "aws" else home.xacct)(*arguments)
        printed = f"{outcome.stdout}{outcome.stderr}".replace(str(home.path), "/home/you")
        assert steady(printed) == steady(re.sub("^    ", "", shown, flags=re.MULTILINE))


def test_readme_first_screen_prints_what_it_shows(home: Home, sts: Sts, user: User) -> None:
    """PyPI shows no picture from the repository, so the words must do."""
    device = sts.add_mfa_device(user)
    for account, name in (
        ("222222222222", "PowerUser"),
        ("333333333333", "PowerUser"),
        ("444444444444", "Audit"),
    ):
        sts.add_role(name, account=account, trusts=[user.arn], require_mfa=True)
    screen = README.partition("![")[0]
    blocks = re.findall(r"^    \$ (.+)\n((?:    (?!\$ ).*\n)*)", screen, re.MULTILINE)
    (create, created), (ask, asked), (each, answered) = blocks
    outcome = home.aws(*shlex.split(create)[1:])
    shown = re.sub("^    ", "", created, flags=re.MULTILINE)
    assert outcome.stderr.replace(str(home.path), "/home/you") == shown
    terminal = Terminal(home.terminal(*shlex.split(ask)[1:]))
    prompt, answer = re.sub("^    ", "", asked, flags=re.MULTILINE).splitlines()
    terminal.answer(device.next_code())
    assert prompt.rstrip("·") in terminal.shown
    terminal.expect(answer)
    assert terminal.end() == 0
    for profile, account, name in (
        ("staging", "333333333333", "PowerUser"),
        ("audit", "444444444444", "Audit"),
    ):
        home.add_role(profile, f"arn:aws:iam::{account}:role/{name}", mfa_serial=device.serial)
    outcome = home.xacct(*shlex.split(each)[1:], environment=home.forked_aws)
    assert sorted(outcome.stdout.splitlines()) == sorted(
        re.sub("^    ", "", answered, flags=re.MULTILINE).strip().splitlines()
    )


def test_readme_links_to_the_index() -> None:
    assert "](docs/README.md)" in README


def test_reference_has_every_key_and_variable() -> None:
    text = ROOT.joinpath("docs", "reference.md").read_text("utf-8")
    variables = [settings.VARIABLES[key] for key in settings.PLUGIN_WIDE]
    missing = [name for name in (*KEYS, *settings.PLUGIN_WIDE, *variables) if f"`{name}`" not in text]
    assert missing == []


def test_docs_name_every_command() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md")))
    missing = [name for name in COMMANDS if f"xacct {name}" not in text]
    missing += [name for name in SUBCOMMANDS if f"configure role {name}" not in text]
    assert missing == []
