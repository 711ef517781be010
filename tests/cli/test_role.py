"""`xacct role` is `aws configure role` without a plugin: same output and exit code, and the commands it quotes work."""

from __future__ import annotations

import json
import re
import shlex
import sys

import pytest

from tests.sts import MfaDevice, Role
from tests.support import forked
from tests.support.commands import run
from tests.support.home import REGION, XACCT, Home, Outcome
from tests.support.terminal import Terminal

ARN = "arn:aws:iam::222222222222:role/New"

COMMANDS = [
    "list",
    "list --tree",
    "list --output json",
    "list --query [].Account --output text",
    "show prod",
    "show nope",
    "show",
    "verify prod --output json",
    "verify refused",
    "list --bogus",
    "new",
    f"new --role-arn {ARN} --dry-run",
    "new --role-arn x --duration-seconds 1h",
    "remove prod",
    "rename prod",
    "import missing.yaml",
    "export -",
    "logni",
]


@pytest.fixture
def refused(home: Home, role: Role) -> None:
    """A profile whose role does not exist."""
    home.add_role("refused", f"{role.arn}Missing")


def without_plugin(home: Home) -> str:
    """Take our plugin out of the config, which then names one that is not there; return the text as it was."""
    before = home.config.read_text("utf-8")
    home.config.write_text(before.replace("xacct = awscli_xacct", "other = missing_plugin"), "utf-8")
    return before


def normal(outcome: Outcome) -> tuple[int, str, str]:
    """Return an outcome without what differs in any two runs."""
    numbers = re.compile(r"botocore-session-\d+|[0-9a-f]{8}-[0-9a-f-]{27}|\d\d(:\d\d)+\S*|\d+ (s|min|h)\b")
    return outcome.code, numbers.sub("", outcome.stdout), numbers.sub("", outcome.stderr)


@pytest.mark.usefixtures("refused", "prod")
@pytest.mark.parametrize("command", COMMANDS)
def test_role_command_equals_that_of_the_plugin(home: Home, command: str) -> None:
    words = shlex.split(command)
    code, stdout, stderr = normal(home.aws("configure", "role", *words))
    without_plugin(home)
    expected = code, *(text.replace("aws configure role", "xacct role") for text in (stdout, stderr))
    assert normal(home.xacct("role", *words)) == expected


def test_role_command_quotes_commands_that_work(home: Home, vault: str, device: MfaDevice) -> None:
    """Each message leads to the next command, down to the profile that works."""
    without_plugin(home)
    outcome = home.xacct("role", "verify", vault, environment={"AWS_XACCT_MFA_PROMPT": "none"})
    assert outcome.code != 0
    assert f"xacct role login {vault}" in outcome.stdout + outcome.stderr
    assert "aws configure role" not in outcome.stdout + outcome.stderr
    terminal = Terminal(home.terminal_for(str(forked.find_client(XACCT)), "role", "login", vault))
    terminal.answer(device.next_code())
    assert terminal.end() == 0
    assert home.xacct("role", "verify", vault).code == 0


@pytest.mark.usefixtures("user")
def test_role_command_writes_a_profile_that_stock_reads(home: Home, role: Role) -> None:
    home.config.write_text("[default]\nregion = us-west-1\n", "utf-8")
    outcome = home.xacct("role", "prod", "--role-arn", role.arn)
    assert outcome.code == 0
    assert home.config.read_text("utf-8").endswith(
        f"\n\n[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\n"
    )
    assert home.aws("sts", "get-caller-identity", "--profile", "prod", "--region", REGION).code == 0


@pytest.mark.usefixtures("prod")
def test_role_command_works_where_the_plugin_is_off(home: Home) -> None:
    outcome = home.xacct("role", "list", "--output", "json", environment={"AWS_XACCT_DISABLE": "1"})
    assert [each["Profile"] for each in json.loads(outcome.stdout)] == ["prod"]


def test_role_command_names_the_line_that_botocore_cannot_parse(home: Home) -> None:
    text = home.config.read_text("utf-8")
    home.config.write_text(f"{text}[profile broken\n", "utf-8")
    outcome = home.xacct("role", "list")
    place = f"{home.config}, line {len(text.splitlines()) + 1}"
    assert (outcome.code, outcome.stdout) == (253, "")
    assert outcome.stderr.startswith(f"xacct: {place}: neither a [section], an option nor a comment")


def test_role_command_names_a_config_that_cannot_be_read(home: Home) -> None:
    """botocore takes it for an empty one, so "there are no role profiles", with code 0; or it was "[Errno 40]"."""
    for path in (home.credentials, home.config):
        path.unlink(missing_ok=True)
        path.symlink_to(path.name)
        why = f"{path} cannot be read: Too many levels of symbolic links. Look at it with: ls -ld {path}"
        for words in (["list"], ["new", "--role-arn", ARN]):
            outcome = home.xacct("role", *words)
            assert (outcome.code, outcome.stdout, outcome.lines) == (253, "", [why])


def test_role_command_help_is_that_of_the_cli(home: Home) -> None:
    for words in (("help",), ("verify", "help")):
        outcome = home.xacct("role", *words)
        assert outcome.code == 0
        shown = re.sub(r".\x08", "", outcome.stdout)
        assert f"xacct role {'<profile>' if words == ('help',) else 'verify'}" in shown
        assert "aws configure role" not in shown


def test_role_command_without_the_aws_cli_says_how_to_install_it(home: Home) -> None:
    hide = (
        "import sys; sys.modules['awscli'] = None; from awscli_xacct.cli.main import main; sys.exit(main())"
    )
    outcome = run(home, sys.executable, "-c", hide, "role", "list")
    assert outcome.code == 255
    assert outcome.stderr == (
        f"xacct: xacct role needs the AWS CLI as a Python package, which {sys.executable} does not have. Install it:\n"
        f"  {sys.executable} -m pip install 'awscli>=1.45'\n"
    )
