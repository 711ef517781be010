"""`xacct exec --serve`: a command whose AWS SDKs get credentials from a server that lasts as long as it does."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from awscli_xacct.cli.serving import hide_default
from awscli_xacct.errors import ProfileError
from awscli_xacct.settings import COPIES_VARIABLE
from tests.sts import MfaDevice, Role, Sts
from tests.support.commands import caller_arn, is_session_of
from tests.support.home import AWS, REGION, XACCT, Home, finish, finish_on_terminal
from tests.support.terminal import Terminal

from .served import CONFIG, CREDENTIALS, TOKEN, URI
from .test_exec import DUMP, read_variables

pytestmark = pytest.mark.usefixtures("user")

STARTED_BY = Path(sys.executable).resolve().name
WHOAMI = (str(AWS), "sts", "get-caller-identity")
KEYS_OF_OTHER_SDKS = (
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AMAZON_ACCESS_KEY_ID",
    "AMAZON_SECRET_ACCESS_KEY",
    "AMAZON_SESSION_TOKEN",
)
"""With these, Terraform would run as somebody else, and not as the profile that is served."""


def list_programs(home: Home) -> list[str]:
    """Return what the history calls the programs that asked for sessions."""
    lines = (home.aws_dir / "xacct" / "history.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["Program"] for line in lines]


def test_exec_serve_leaves_no_keys_in_the_environment(home: Home, prod: str) -> None:
    stale = {
        "AWS_PROFILE": "nobody",
        "AWS_DEFAULT_PROFILE": "nobody",
        "AWS_ACCESS_KEY_ID": "AKIAOLD",
        "AWS_SECRET_ACCESS_KEY": "old",
        "AWS_SESSION_TOKEN": "old",
        "AWS_SECURITY_TOKEN": "old",
        **dict.fromkeys(KEYS_OF_OTHER_SDKS, "old"),
        "AWS_CREDENTIAL_EXPIRATION": "old",
        "AWS_ACCOUNT_ID": "9",
        "AWS_REGION": "old",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/old",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/old",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/old",
        "AWS_ROLE_ARN": "old",
        "AWS_ROLE_SESSION_NAME": "old",
        "AWS_XACCT_SHELL": "0 old",
    }
    words = ("exec", "--serve", prod, "--", sys.executable, "-c", DUMP)
    found = read_variables(home.xacct(*words, environment=stale))
    kept = {name: value for name, value in home.environment.items() if name.startswith("AWS_")}
    files = [found.pop(name) for name in (CONFIG, CREDENTIALS)]
    assert found.pop(COPIES_VARIABLE).startswith(str(Path(files[0]).parent))
    assert found.pop(URI).endswith("/prod")
    assert len(found.pop(TOKEN)) == 64
    assert found == {**kept, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    assert {Path(name).parent.parent for name in files} == {home.aws_dir / "xacct" / "serve"}
    assert list((home.aws_dir / "xacct" / "serve").iterdir()) == []


def test_exec_serve_runs_as_the_role_despite_keys_in_default(
    home: Home, sts: Sts, prod: str, role: Role
) -> None:
    """In the credentials file, and in the config file as well."""
    text = home.config.read_text("utf-8")
    keys = home.credentials.read_text("utf-8").replace("[default]\n", "")
    home.config.write_text(text.replace("[default]\n", f"[default]\n{keys}"), "utf-8")
    outcome = home.xacct("exec", "--serve", prod, "--", *WHOAMI)
    assert is_session_of(role, caller_arn(outcome))
    assert len(sts.calls_of("AssumeRole")) == 1
    assert list_programs(home) == [f"{STARTED_BY} > xacct exec"]


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 42", 42), ("kill -TERM $$", -signal.SIGTERM), ("kill -KILL $$", -signal.SIGKILL), ("cat", 0)],
)
def test_exec_serve_ends_as_the_command_does(home: Home, prod: str, script: str, code: int) -> None:
    process = home.fork_xacct("exec", "--serve", prod, "sh", "-c", script)
    outcome = finish(process, "its stdin")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (code, "its stdin" * (script == "cat"), "")
    assert list((home.aws_dir / "xacct" / "serve").iterdir()) == []


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT"])
def test_exec_serve_passes_signals_on(home: Home, prod: str, name: str) -> None:
    script = f"trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.1; done"
    process = home.fork_xacct("exec", "--serve", prod, "--", "sh", "-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, f"SIG{name}"))
    outcome = finish(process)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (7, f"got {name}\n", "")


def test_exec_serve_leaves_ctrl_c_to_the_command(home: Home, prod: str) -> None:
    """The terminal sends it to both; the command must not get it twice."""
    wait = "until [ $n ]; do sleep 0.05; done"
    script = f"trap 'n=1; echo caught' INT; echo ready; {wait}; cat; echo done; exit 3"
    terminal = Terminal(home.terminal_for(str(XACCT), "exec", "--serve", prod, "--", "bash", "-c", script))
    terminal.expect("ready")
    terminal.child.sendintr()
    terminal.expect("caught")
    terminal.child.sendeof()
    terminal.expect("done")
    assert finish_on_terminal(terminal.child) == 3
    assert terminal.shown.count("caught") == 1


def test_exec_serve_prompts_before_and_not_for_long(
    home: Home, sts: Sts, vault: str, device: MfaDevice
) -> None:
    terminal = Terminal(home.terminal_for(str(XACCT), "exec", "--serve", vault, "--", *WHOAMI))
    terminal.answer(device.next_code())
    assert terminal.end() == 0
    assert terminal.prompts == 1
    assert ":assumed-role/Power/" in terminal.caller
    assert len(sts.calls_of("AssumeRole")) == 1


@pytest.mark.parametrize(("name", "code"), [("INT", 130), ("TERM", 128 + signal.SIGTERM)])
def test_exec_serve_ended_at_the_prompt_restores_the_terminal(
    home: Home, vault: str, name: str, code: int
) -> None:
    """Another process prompts, which must not be left behind."""
    terminal = Terminal(home.terminal_for(str(XACCT), "exec", "--serve", vault, "--", "echo", "run"))
    terminal.wait_for_prompt()
    if name == "INT":
        terminal.child.sendintr()
    else:
        terminal.child.kill(getattr(signal, f"SIG{name}"))
    assert terminal.end() == code
    assert "run" not in terminal.shown.split()
    assert list((home.aws_dir / "xacct" / "serve").iterdir()) == []


def test_exec_serve_without_credentials_runs_nothing(home: Home, prod: str, role: Role) -> None:
    role.trusts = []
    outcome = home.xacct("exec", "--serve", prod, "--", "touch", str(home.path / "run"))
    plain = home.xacct("exec", prod, "--", "true")
    assert (outcome.code, outcome.stdout) == (plain.code, "")
    assert outcome.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]
    assert not (home.path / "run").exists()


def test_exec_serve_of_a_missing_command(home: Home, prod: str) -> None:
    outcome = home.xacct("exec", "--serve", prod, "--", "no-such-command")
    assert (outcome.code, outcome.stderr) == (127, "xacct: no-such-command: command not found\n")
    assert home.xacct("exec", "--serve", prod, "--", "").code == 127
    assert home.xacct("exec", "--serve", prod, "--", str(home.config)).code == 126


# -- the files in which [default] gives no credentials ------------------------------------------------


def hide(config: str, credentials: str = "") -> str:
    return hide_default(config.encode(), credentials.encode(), "config", "credentials").decode()


def test_hidden_default_keeps_everything_else() -> None:
    config = """\
# mine
[default]
region = eu-west-1  # home
aws_access_key_id = AKIA
AWS_SECRET_ACCESS_KEY: secret
s3 =
    max_concurrent_requests = 20
credential_process = cat keys
[profile other]
aws_access_key_id = AKIB
"""
    assert hide(config) == (
        "# mine\n[default]\nregion = eu-west-1  # home\ns3 =\n    max_concurrent_requests = 20\n"
        "[profile other]\naws_access_key_id = AKIB\n"
    )


@pytest.mark.parametrize(
    "lines",
    [
        "role_arn = arn:aws:iam::222222222222:role/R\nsource_profile = other",
        "sso_session = s\nsso_account_id = 1\nsso_role_name = r",
        "web_identity_token_file = /t\nrole_arn = r",
        "login_session = x",
        "aws_session_token = t",
    ],
)
def test_hidden_default_of_every_kind(lines: str) -> None:
    for header in ("[default]", "[profile default]"):
        assert hide(f"{header}\n{lines}\noutput = json\n") == f"{header}\noutput = json\n"


def test_hidden_default_has_the_settings_of_the_credentials_file() -> None:
    credentials = "[default]\naws_access_key_id = AKIA\nregion = eu-west-2\n[other]\nregion = x\n"
    other = "\n[profile other]\nregion = x\n"
    assert hide("[default]\nregion = eu-west-1\n", credentials) == f"[default]\nregion = eu-west-2\n{other}"
    assert hide("", credentials) == f"[default]\nregion = eu-west-2\n{other}"
    assert hide("", "") == ""


def test_hidden_default_cannot_hide_keys_that_all_profiles_inherit() -> None:
    with pytest.raises(ProfileError, match="aws_access_key_id in the section \\[DEFAULT\\]"):
        hide("[DEFAULT]\naws_access_key_id = AKIA\n[default]\nregion = x\n")
