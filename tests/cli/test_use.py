"""`xacct use` in real shells on a terminal: switch, back, off, and the choosers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

from awscli_xacct import settings
from awscli_xacct.cli.chooser import find_matches
from awscli_xacct.cli.completion import read_script
from awscli_xacct.cli.use import FUNCTION_VARIABLE
from tests.sts import Role
from tests.support.home import REGION, XACCT, Home, finish
from tests.support.programs import need, settle_fish

from .served import serving

pytestmark = pytest.mark.usefixtures("user")

SHELLS = {
    "bash": (
        ("--noprofile", "--rcfile", "{setup}", "-i"),
        "PS1='> '\nbind 'set enable-bracketed-paste off'\n",
    ),
    "zsh": (
        ("-i",),
        "unset zle_bracketed_paste; setopt no_prompt_sp nounset\nPS1='> '\n"
        "autoload -Uz compinit; compinit -D -u\n",
    ),
    "fish": (
        ("--no-config", "--init-command", "source {setup}", "-i"),
        "function fish_prompt; echo -n '> '; end\n"
        "set -g fish_greeting; set -g fish_autosuggestion_enabled 0\n",
    ),
}
OWN = {
    "AWS_PROFILE": "own",
    "AWS_REGION": "eu-own-1",
    "AWS_ACCESS_KEY_ID": "AKIAOWN",
    "AWS_SECRET_ACCESS_KEY": "own $secret 'quoted' \\ \"twice\"",
    "AWS_SESSION_TOKEN": "own token",
    "AWS_DEFAULT_PROFILE": "own-default",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/own/file",
}
ODD = 'it\'s $5 \\ "x"'
TAB, DOWN = "\t", "\x1b[B"


TYPED = (
    "t() {{ echo '<begin>'; . {file}; echo \"<end #$?>\"; }}\n",
    "function t; echo '<begin>'; source {file}; echo \"<end #$status>\"; end\n",
)
"""The function in bash and zsh, and in fish: nothing that is typed can be taken for what is printed."""


@dataclass
class Shell:
    """A shell with the function `xacct`, and a function `t` that runs what is in a file."""

    name: str
    child: pexpect.spawn[str]
    file: Path

    def run(self, command: str) -> str:
        """Run a command and return what it printed, and its exit code after a ``#``."""
        self.start(command)
        return self.finish()

    def start(self, command: str) -> None:
        self.file.write_text(f"{command}\n", "utf-8")
        self.child.send("t\r")
        self.child.expect_exact("<begin>\r\n")

    def finish(self) -> str:
        self.child.expect(r"((?s:.*?))<end (#\d+)>\r?\n")
        assert isinstance(self.child.match, re.Match)
        return str(self.child.match[1]).replace("\r", "") + str(self.child.match[2])

    def variables(self) -> dict[str, str]:
        """Return the AWS variables that a program gets."""
        printed = self.run("env | grep ^AWS_ | sort")
        found = dict(line.split("=", 1) for line in printed.splitlines() if line.startswith("AWS_"))
        return {name: value for name, value in found.items() if not name.startswith(("AWS_E", "AWS_PAGER"))}


@pytest.fixture
def profiles(home: Home, role: Role) -> Home:
    home.add_role("prod", role.arn)
    home.add_role("audit", role.arn)
    quoted = "'" + ODD.replace("'", "'\"'\"'") + "'"
    home.add_role(quoted, role.arn)
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[profile bare]\noutput = json\n")
    return home


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, profiles: Home, tmp_path: Path) -> Iterator[Shell]:
    name = str(request.param)
    program = need(name)
    options, text = SHELLS[name]
    settle_fish(profiles.path)
    setup, file = profiles.path / ".zshrc", tmp_path / "typed"
    setup.write_text(
        f"{text}{TYPED[name == 'fish'].format(file=file)}{read_script(name)}echo ready\n", "utf-8"
    )
    without_fzf = tmp_path / "bin"
    without_fzf.mkdir()
    for tool in ("env", "grep", "sort", "tr", "cat"):
        (without_fzf / tool).symlink_to(shutil.which(tool) or "")
    child = profiles.terminal_for(
        program,
        *(option.format(setup=setup) for option in options),
        environment={
            **OWN,
            "PATH": f"{XACCT.parent}:{without_fzf}",
            "TERM": "dumb" if name == "zsh" else "xterm",
            "LC_ALL": "C.UTF-8",
            "INPUTRC": "/dev/null",
        },
    )
    child.expect_exact("ready")
    yield Shell(name, child, file)
    child.close(force=True)


def using(name: str, region: str | None = "us-west-1") -> dict[str, str]:
    regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}
    return {"AWS_PROFILE": name, **regions}


def test_use_switches_goes_back_and_gives_back(shell: Shell) -> None:
    assert shell.variables() == OWN
    assert shell.run("xacct use prod") == "#0"
    assert shell.variables() == using("prod")
    assert shell.run("xacct use audit") == "#0"
    assert shell.variables() == using("audit")
    assert shell.run("xacct use -") == "#0"
    assert shell.variables() == using("prod")
    assert shell.run("xacct use prod; xacct use -") == "#0"
    assert shell.variables() == using("audit")
    assert shell.run("xacct use bare") == "#0"
    assert shell.variables() == using("bare", None)
    assert shell.run("xacct use --off") == "#0"
    assert shell.variables() == OWN
    assert (
        shell.run("xacct use --off") == "xacct: no profile is in use in this shell: nothing to give back\n#0"
    )
    assert shell.variables() == OWN
    assert shell.run("xacct use -") == "#0"
    assert shell.variables() == using("bare", None)
    assert shell.run("xacct use -") == "#0"
    assert shell.variables() == OWN


def test_use_that_fails_changes_nothing(shell: Shell) -> None:
    assert re.search(r"no other profile was in use in this shell\n#25\d", shell.run("xacct use -"))
    assert re.search(r"no profile prodd; did you mean prod\?\n#25\d", shell.run("xacct use prodd"))
    assert shell.variables() == OWN
    assert shell.run("xacct use prod") == "#0"
    assert re.search(r"#25\d", shell.run("xacct use nobody"))
    assert re.search(r"#25\d", shell.run("xacct use --off prod"))
    assert shell.run("xacct use --help").startswith("usage: xacct use")
    assert shell.variables() == using("prod")
    assert shell.run("xacct use --off") == "#0"
    assert shell.variables() == OWN


def test_use_keeps_other_commands_and_quotes_names(shell: Shell) -> None:
    assert re.match(r"xacct \d.*#0", shell.run("xacct --version"), re.DOTALL)
    assert "unknown command frobnicate" in shell.run("xacct frobnicate")
    fish = ODD.replace("\\", "\\\\").replace("'", "\\'")
    quoted = fish if shell.name == "fish" else ODD.replace("'", "'\\''")
    assert shell.run(f"xacct use '{quoted}'") == "#0"
    assert shell.variables() == using(ODD)


def test_use_completes_and_shows_in_the_prompt(shell: Shell) -> None:
    shell.child.send(f"xacct us{TAB}aud{TAB}\r")
    assert shell.run("xacct status --prompt") == "audit -\n#0"
    assert shell.variables() == using("audit")


def start_choosing(shell: Shell, terminal: str = "xterm") -> None:
    shell.start(f"TERM={terminal} xacct use")


def choose(shell: Shell, keys: str, terminal: str = "xterm") -> str:
    """Run `xacct use`, press keys once the list is there, and return its exit code."""
    start_choosing(shell, terminal)
    shell.child.expect_exact("profile> ")
    shell.child.send(keys)
    return shell.finish().rpartition("#")[2]


def test_use_without_a_name_filters_a_list(shell: Shell) -> None:
    start_choosing(shell)
    shell.child.expect_exact("> default")
    shell.child.send("r\x7fPRO")
    shell.child.expect_exact("profile> PRO")
    shell.child.expect_exact("> prod")
    shell.child.send("\r")
    assert shell.finish().endswith("#0")
    assert shell.variables() == using("prod")
    assert choose(shell, f"{DOWN}{DOWN}{DOWN}\x1b[A\r") == "0"
    assert shell.variables() == using("audit")
    for keys in ("xyz\r\x15prod\x1b", "\x03"):
        assert choose(shell, keys) == "130"
    assert shell.variables() == using("audit")


def test_use_on_a_dumb_terminal_asks_line_by_line(profiles: Home, tmp_path: Path) -> None:
    """It drew its list there with codes that are not understood; fzf cannot be used there either."""
    fzf = tmp_path / "fzf"
    fzf.write_text("#!/bin/sh\necho fzf-was-run >&2\n", "utf-8")
    fzf.chmod(0o755)
    path = f"{XACCT.parent}:{tmp_path}:{os.environ['PATH']}"
    script = 'eval "$(xacct completion bash)"; xacct use; echo "code $? $AWS_PROFILE"'

    def use(*lines: str) -> tuple[str, str]:
        child = profiles.terminal_for("bash", "-c", script, environment={"PATH": path, "TERM": "dumb"})
        shown = ""
        for line in lines:
            child.expect_exact("profile> ")
            shown += child.before or ""
            child.send(line)
        child.expect(r"code (\d+ .*?)\r")
        shown += child.before or ""
        assert isinstance(child.match, re.Match)
        end = str(child.match[1])
        child.close(force=True)
        return end, shown

    end, shown = use("xyz\r", "d\r", "AUD\r")
    assert end == "0 audit"
    assert "  default\r\n  prod\r\n  audit\r\n" in shown
    assert "no profile matches\r\n" in shown
    assert "\x1b" not in shown
    assert "fzf-was-run" not in shown
    assert use("prod\r")[0] == "0 prod"
    for keys in ("\r", "\x04"):
        assert use(keys)[0].split() == ["130"]


FZF = r"""#!/bin/sh
cat > {seen}
[ -e {aborted} ] && exit 130
echo audit
"""


def test_use_without_a_name_asks_fzf(shell: Shell, tmp_path: Path) -> None:
    seen, aborted, fzf = (tmp_path / name for name in ("seen", "aborted", "bin/fzf"))
    fzf.write_text(FZF.format(seen=seen, aborted=aborted), "utf-8")
    fzf.chmod(0o755)
    assert shell.run("TERM=xterm xacct use") == "#0"
    assert seen.read_text("utf-8").splitlines() == ["default", "prod", "audit", ODD, "bare"]
    assert shell.variables() == using("audit")
    aborted.touch()
    assert shell.run("TERM=xterm xacct use").endswith("#130")
    assert shell.variables() == using("audit")


@pytest.mark.late
def test_use_with_the_real_fzf(profiles: Home) -> None:
    """What it reads of the keyboard is its own affair; with these options it decides alone."""
    need("fzf")
    script = (
        'eval "$(xacct completion bash)"; export FZF_DEFAULT_OPTS="--select-1 --exit-0 --query audi"; '
        'xacct use && echo "now $AWS_PROFILE"; FZF_DEFAULT_OPTS+=xyz; xacct use; echo "code $? $AWS_PROFILE"'
    )
    path = f"{XACCT.parent}:{os.environ['PATH']}"
    child = profiles.terminal_for("bash", "-c", script, environment={"PATH": path, "TERM": "xterm"})
    child.expect_exact("now audit")
    child.expect_exact("code 130 audit")
    child.close(force=True)


def test_use_overrules_the_universal_variables_of_fish(profiles: Home) -> None:
    """They belong to all sessions, and stay in the others."""
    names = "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_REGION"
    script = f"""
xacct completion fish | source
for name in {names}; set -Ux $name other; end
function show; env | string match --regex --groups-only '^(?:{names.replace(" ", "|")})=(.*)' | string join ,; end
xacct use prod; show; xacct use audit; show
fish --command 'set -eg AWS_ACCESS_KEY_ID; echo in another session: $AWS_ACCESS_KEY_ID'
xacct use --off; show"""
    path = f"{XACCT.parent}:{os.environ['PATH']}"
    outcome = finish(profiles.start_any(Path(need("fish")), "-c", script, environment={"PATH": path}))
    assert outcome.stderr == ""
    first, second, other, last = (sorted(line.split(",")) for line in outcome.stdout.splitlines())
    assert first == sorted(["prod", "prod", "", REGION])
    assert second == sorted(["audit", "audit", "", REGION])
    assert (other, last) == (["in another session: other"], 4 * ["other"])


def test_use_without_the_function_tells_how_to_get_it(profiles: Home) -> None:
    outcome = profiles.xacct("use", "prod", environment={"SHELL": "/usr/bin/fish"})
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr.endswith("Define it with: xacct completion fish | source\n")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_function_in_the_background_ends_its_server(profiles: Home, shell: str) -> None:
    """`kill` ended only the subshell that the function runs in."""
    script = (
        f'eval "$({XACCT} completion {shell})"; cd\n'
        "xacct serve prod > serve.env & until [ -s serve.env ]; do sleep 0.1; done; . ./serve.env\n"
        'kill $!; until [ ! -e "$AWS_CONFIG_FILE" ]; do sleep 0.1; done; echo "ended $AWS_CONFIG_FILE"\n'
    )
    program = Path(need(shell))
    environment = {"PATH": f"{XACCT.parent}{os.pathsep}{os.environ['PATH']}"}
    outcome = finish(profiles.start_any(program, "-c", script, environment=environment))
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"ended {profiles.aws_dir}")


def test_server_ends_whose_subshell_was_killed_before_it_was_ready(profiles: Home) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    outcome = profiles.xacct("serve", "prod", environment={FUNCTION_VARIABLE: str(ended.pid)})
    assert (outcome.code, outcome.stderr) == (0, "")
    assert list((profiles.aws_dir / "xacct" / "serve").iterdir()) == []


def test_use_without_a_terminal_takes_a_name(profiles: Home) -> None:
    outcome = profiles.xacct("use", "--shell", "sh")
    assert (outcome.code, outcome.stdout) == (252, "")
    assert (
        outcome.stderr == "xacct: there is no terminal to choose a profile on. Name one: xacct use PROFILE\n"
    )


def test_use_leaves_a_server_and_gives_back_one_that_runs(shell: Shell, profiles: Home) -> None:
    """When it has ended, its copies of the config files are gone, and no `aws` finds a profile."""
    file = profiles.path / "serve.env"
    form = "fish" if shell.name == "fish" else "env"
    with serving(profiles, "prod", "--format", form) as server:
        file.write_text(server.printed, "utf-8")
        assert shell.run(f". {file}") == "#0"
        served = shell.variables()
        assert served["AWS_CONFIG_FILE"].startswith(str(profiles.aws_dir))
        assert shell.run("xacct use audit; xacct use prod") == "#0"
        assert shell.variables() == using("prod")
        assert shell.run("xacct use --off") == "#0"
        assert shell.variables() == served
        assert shell.run("xacct use audit") == "#0"
    assert shell.run("xacct use --off") == "#0"
    assert shell.variables() == {name: served[name] for name in ("AWS_REGION", "AWS_DEFAULT_REGION")}
    assert shell.run(f". {file}; xacct use audit") == "#0"
    assert shell.variables() == using("audit")


def test_use_puts_back_the_file_that_was_named_before_the_server(profiles: Home) -> None:
    own = profiles.config.rename(profiles.path / "my config")
    variables = {
        "AWS_CONFIG_FILE": "/gone/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/gone/credentials",
        settings.COPIES_VARIABLE: os.pathsep.join(["/gone", str(own), ""]),
    }
    outcome = profiles.xacct("use", "--shell", "sh", "prod", environment=variables)
    lines = outcome.stdout.splitlines()
    assert (outcome.code, outcome.stderr) == (0, "")
    assert {f"export AWS_CONFIG_FILE='{own}'", "unset -v AWS_SHARED_CREDENTIALS_FILE"} <= set(lines)
    assert f"unset -v {settings.COPIES_VARIABLE}" in lines


def test_use_in_a_shell_of_exec_is_refused(profiles: Home) -> None:
    outcome = profiles.xacct("use", "--shell", "sh", "prod", environment={"AWS_XACCT_SHELL": "0 audit"})
    assert (outcome.code, outcome.stdout) == (252, "")
    assert (
        "this shell has the credentials of profile audit, from xacct exec. Leave it first: exit"
        in outcome.stderr
    )


def test_use_prints_no_secret(profiles: Home) -> None:
    outcome = profiles.xacct("use", "--shell", "sh", "prod", environment=OWN)
    assert outcome.code == 0
    assert "own" not in outcome.stdout.replace("$_", "")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["default", "my-prod", "prod-eu"]),
        ("PROD", ["prod-eu", "my-prod"]),
        ("pro eu", ["prod-eu"]),
        ("  ", ["default", "my-prod", "prod-eu"]),
        ("x", []),
    ],
)
def test_use_list_finds_words(typed: str, found: list[str]) -> None:
    assert find_matches(["default", "my-prod", "prod-eu"], typed) == found
