"""The documentation matches the repository."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from awscli_xacct.cli.dispatch import load_command, make_parser
from awscli_xacct.error_codes import CODES
from awscli_xacct.messages import COMMANDS, SUBCOMMANDS
from tests.cli.served import serving
from tests.sts import Sts, User
from tests.support.commands import run
from tests.support.forked import find_client
from tests.support.home import AWS, XACCT, Home, Outcome

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *map(ROOT.joinpath, ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(ROOT.glob("docs/*.md")),
]
_PREFORMATTED = re.compile(r"^(?:    .*|\s*)\n", re.MULTILINE)
PLACES = (ROOT, ROOT / "awscli_xacct")
_CITED = re.compile(r"`(tests/[\w/]+(?:\.py)?)?(?:::(\w+))?`")


def test_security_cites_tests_that_exist() -> None:
    """`::test_name` alone refers to the file cited before it."""
    missing, cited, file = [], 0, ""
    for found in _CITED.finditer((ROOT / "docs/security.md").read_text("utf-8")):
        file, name = found[1] or file, found[2]
        if not (found[1] or name):
            continue
        cited += 1
        path = ROOT / file
        if not path.exists() or (name and f"def {name}(" not in path.read_text("utf-8")):
            missing.append(f"{file}::{name}")
    assert missing == []
    assert cited > 30


def test_architecture_names_modules_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(re.findall(r"`(?:awscli_xacct/)?([a-z_]+/(?:[a-z_]+\.(?:py|json))?)`", text))
    assert {name for name in named if not any((place / name).exists() for place in PLACES)} == set()
    assert len(named) > 15


def test_programs_lists_the_codes_of_errors() -> None:
    rows = [f"| `{code.name}` | {code.exit_code} | {code.meaning} |" for code in CODES]
    table = "\n".join(["| code | exit code | meaning |", "| --- | --- | --- |", *rows])
    assert f"\n\n{table}\n\n" in (ROOT / "docs/programs.md").read_text("utf-8")


def test_reference_lists_the_commands_with_their_own_descriptions() -> None:
    rows = []
    for name in ("", *SUBCOMMANDS):
        page = ROOT / "awscli_xacct/configure_role/examples" / (name or "role") / "_description.rst"
        first = re.split(r"(?<=\.)\s", page.read_text("utf-8"))[0]
        rows.append(
            f"| `aws configure role {name or 'PROFILE'}` | {' '.join(first.split()).replace('``', '`')} |"
        )
    rows += [f"| `xacct {name}` | {load_command(name).HELP} |" for name in COMMANDS]
    table = "\n".join(["| command | what it does |", "| --- | --- |", *rows])
    assert f"\n\n{table}\n\n" in (ROOT / "docs/reference.md").read_text("utf-8"), table


def test_index_has_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs/README.md").read_text("utf-8")))
    assert linked == {page.name for page in ROOT.glob("docs/*.md")} - {"README.md"}


def _anchors(page: Path) -> set[str]:
    """Return what GitHub makes of a page's headings: https://docs.github.com/en/get-started/writing-on-github."""
    headings = re.findall(r"^#+ (.+)$", _PREFORMATTED.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_to_pages_and_headings_that_exist() -> None:
    broken, followed = [], 0
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", page.read_text("utf-8")):
            followed += 1
            path = page.parent / target if target else page
            if not path.exists() or (anchor and anchor not in _anchors(path)):
                broken.append(f"{page.name}: {target}#{anchor}")
    assert broken == []
    assert followed > 50


def test_commands_in_the_pages_have_the_options_that_are_shown() -> None:
    wrong, checked = [], 0
    for page in PAGES:
        for line in re.findall(r"`([^`\n]+)`|^ +(?:\$ )?(\S.*)$", page.read_text("utf-8"), re.MULTILINE):
            for command, rest in re.findall(r"\bxacct ([a-z]+)\b([^|;&)#]*)", "".join(line)):
                # The command may be the end of a quoted text, and it may have the command of another program.
                words = re.split(r" -- | #|(?<=\w)[\"'](?= |$)", rest)[0].split()
                if command not in COMMANDS or command == "role":
                    continue
                checked += 1
                known = make_parser(command).format_help() + "--help"
                wrong += [
                    f"{page.name}: xacct {command} {word}"
                    for word in words
                    if word.startswith("--") and word.partition("=")[0] not in known
                ]
    assert wrong == []
    assert checked > 150


def test_rescue_line_keeps_a_link_the_mode_and_other_plugins(tmp_path: Path) -> None:
    """`sed -i` alone replaces a link by a file, BSD's differs, and an old macOS has no `readlink -f`."""
    pages = ("README.md", "docs/hosts.md")
    (command,) = {
        line
        for page in pages
        for line in re.findall(r"^    (cp .* sed .*)$", (ROOT / page).read_text("utf-8"), re.M)
    }
    assert "sed -i" not in command
    assert "readlink" not in command
    config, real = tmp_path / ".aws" / "config", tmp_path / "dot files" / "aws"
    for path in (config, real):
        path.parent.mkdir()
    kept = "[plugins]\nother = awscli_other\n\n[profile x]\nregion = eu-west-1\r\n# xacct = awscli_xacct"
    ours = "[plugins]\nxacct = awscli_xacct\ncli_legacy_plugin_path = /x\n"
    real.write_bytes(kept.replace("[plugins]\n", ours).encode())
    real.chmod(0o640)
    config.symlink_to(os.path.relpath(real, config.parent))
    subprocess.run(["/bin/sh", "-c", command], env={**os.environ, "HOME": str(tmp_path)}, check=True)
    assert config.is_symlink()
    assert config.with_name("config.bak").read_bytes() == kept.replace("[plugins]\n", ours).encode()
    assert real.read_bytes() == kept.encode()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def shown_commands(text: str) -> list[tuple[str, str]]:
    """Return the commands after a ``$`` in a page, each with the output that is shown."""
    blocks = re.findall(r"^( +)\$ (.+)\n((?:\1(?!\$ ).*\n)*)", text, re.MULTILINE)
    return [
        (command, re.sub(f"^{indent}", "", shown, flags=re.MULTILINE)) for indent, command, shown in blocks
    ]


def run_as_shown(home: Home, command: str, shown: str) -> None:
    program, *arguments = shlex.split(command)
    outcome = (home.aws if program == "aws" else home.xacct)(*arguments)
    printed = [f"{outcome.stdout}{outcome.stderr}", f"{outcome.stderr}{outcome.stdout}"]
    either = [
        re.sub(r"session-\d+", "session-N", text.replace(str(home.path), "/home/you")) for text in printed
    ]
    assert re.sub(r"session-\d+", "session-N", shown) in either


def test_getting_started_prints_what_it_shows(home: Home, sts: Sts, user: User) -> None:
    sts.add_mfa_device(user)
    sts.add_role("PowerUser", trusts=[user.arn])
    commands = shown_commands((ROOT / "docs/getting-started.md").read_text("utf-8"))
    assert len(commands) == 6
    for command, shown in commands:
        run_as_shown(home, command, shown)


@pytest.mark.usefixtures("user")
def test_guide_prints_what_it_shows_from_the_walkthrough_to_the_import(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has followed the page as far as that has its `prod` and `audit`: the import of these was two conflicts."""
    page = (ROOT / "docs/guide.md").read_text("utf-8")
    walkthrough, (cat, manifest), (command, shown) = shown_commands(page)
    run_as_shown(home, *walkthrough)
    monkeypatch.chdir(home.path)
    Path(cat.removeprefix("cat ")).write_text(manifest, encoding="utf-8")
    run_as_shown(home, command, shown)


@pytest.mark.usefixtures("user")
def test_manifest_prints_what_it_shows(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/manifest.md").read_text("utf-8")
    monkeypatch.chdir(home.path)
    manifest = re.findall(r"^    version: 1\n(?:    .*\n)+", page, re.MULTILINE)[0]
    Path("team.yaml").write_text(re.sub("^    ", "", manifest, flags=re.MULTILINE), encoding="utf-8")
    plans = [
        each
        for each in shown_commands(page)
        if each[0].startswith("aws configure role import team.yaml --dry-run")
    ]
    assert len(plans) == 2
    for command, shown in plans:
        run_as_shown(home, command, shown)
    assert home.aws("configure", "role", "import", "team.yaml").code == 0
    assert (
        home.aws("configure", "role", "prod", "--mfa-serial", "arn:aws:iam::111111111111:mfa/dev").code == 0
    )
    chart = re.findall(r"^    %% Made by .*\n(?:    .*\n)+", page, re.MULTILINE)[0]
    run_as_shown(
        home, "aws configure role export - --format mermaid", re.sub("^    ", "", chart, flags=re.MULTILINE)
    )


@pytest.mark.usefixtures("user")
def test_policies_refuses_what_it_shows(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/policies.md").read_text("utf-8")
    monkeypatch.chdir(home.path)
    create = re.findall(r"^    aws (configure role prod-reader .*)$", page, re.MULTILINE)[0]
    assert home.aws(*shlex.split(create)).code == 0
    commands = dict(shown_commands(page))
    Path("policy.json").write_text(commands["cat policy.json"], encoding="utf-8")
    refused = "xacct credentials prod-reader --policy file://policy.json"
    run_as_shown(home, refused, commands[refused])


def test_agents_describes_the_profiles_and_the_error_that_are_shown(home: Home, sts: Sts, user: User) -> None:
    page = (ROOT / "docs/agents.md").read_text("utf-8")
    device = sts.add_mfa_device(user)
    sts.add_role("CrossAccountPowerUser", trusts=[user.arn])
    (home.path / "xacct").symlink_to(XACCT)
    home.environment["PATH"] = f"{home.path}{os.pathsep}{home.environment['PATH']}"
    for command, _ in shown_commands(page):
        program, *arguments = shlex.split(command)
        assert (home.aws if program == "aws" else home.xacct)(*arguments).code == 0
    (written,) = re.findall(r"^    \[profile prod-agent\]\n(?:(?:    .*)?\n)+", page, re.MULTILINE)
    assert re.sub("^    ", "", written, flags=re.MULTILINE).strip() in home.config.read_text("utf-8")
    assert home.aws("configure", "role", "prod-agent", "--mfa-serial", device.serial).code == 0
    variables = {"AWS_XACCT_MFA_PROMPT": "none", "AWS_CLI_ERROR_FORMAT": "json"}
    outcome = home.aws("sts", "get-caller-identity", "--profile", "prod-agent-sdk", environment=variables)
    (shown,) = re.findall(r"^    (Error when retrieving .*)$", page, re.MULTILINE)
    assert (outcome.lines, outcome.code, outcome.stdout) == ([shown], 255, "")


@pytest.mark.parametrize("tool", ["aws-vault", "awsume", "granted"])
def test_profiles_of_other_tools_are_imported_as_shown(home: Home, user: User, tool: str) -> None:
    page = (ROOT / "docs/coming-from.md").read_text("utf-8")
    section = page.partition(f"## {tool}\n")[2].partition("\n## ")[0]
    (cat, config), *commands = shown_commands(section)
    assert (cat, commands[-1][0]) == ("cat ~/.aws/config", f"aws configure role import --from {tool} --yes")
    home.config.write_text(f"[plugins]\nxacct = awscli_xacct\n{config}", encoding="utf-8")
    if tool == "awsume":
        home.add_keys(user, "jon")
    for command, shown in commands:
        run_as_shown(home, command, shown)


@pytest.mark.usefixtures("user")
def test_serve_prints_the_variables_that_are_shown(home: Home, prod: str) -> None:
    page = dict(shown_commands((ROOT / "docs/serve.md").read_text("utf-8")))
    with serving(home, prod) as server:
        printed = re.findall(r"^export (\w+)=", server.printed, re.MULTILINE)
    assert re.findall(r"^export (\w+)=", page["xacct serve prod"], re.MULTILINE) == printed
    (command,) = [command for command in page if "exec" in command]
    outcome = run_in_shell(home, command)
    assert sorted(name_each(outcome.stdout)) == sorted(name_each(page[command]))


def name_each(assignments: str) -> list[str]:
    return [line.partition("=")[0] for line in assignments.splitlines()]


def run_in_shell(home: Home, script: str, **environment: str) -> Outcome:
    """Run a script of a page in a directory of its own."""
    programs = [str(find_client(command).parent) for command in (AWS, XACCT)]
    path = os.pathsep.join([*programs, home.environment["PATH"]])
    command = ("sh", "-c", 'cd "$HOME"; eval "$1"', "sh", script)
    return run(home, *command, environment={"PATH": path, **environment})


@pytest.mark.usefixtures("user")
def test_script_with_a_server_works_as_shown(home: Home, prod: str) -> None:
    """It waited for ever if the server could not start, and left the server behind where completion was set up."""
    page = (ROOT / "docs/serve.md").read_text("utf-8")
    (script,) = re.findall(r"^((?:    .+\n)*    server=\$!\n(?:    .+\n)+)", page, re.MULTILINE)
    script = script.replace("…", "aws sts get-caller-identity")
    (home.path / "serve.env").write_text("echo those of the last run; exit 3\n", encoding="utf-8")
    outcome = run_in_shell(home, f'{script}\nwait "$server"; ls "$AWS_CONFIG_FILE"')
    assert (outcome.code, json.loads(outcome.stdout)["Account"]) == (2, "222222222222")
    failed = run_in_shell(home, script.replace(f" {prod} ", " nobody "))
    assert (failed.code != 0, failed.stdout) == (True, "")
    assert failed.stderr.startswith("xacct: there is no profile nobody")


def test_recipe_for_ci_works_as_shown(home: Home, sts: Sts, user: User) -> None:
    sts.add_role("Deploy", trusts=[user.arn])
    home.credentials.unlink()
    page = (ROOT / "docs/hosts.md").read_text("utf-8")
    (recipe,) = re.findall(r"^(    xacct role prod .*\n    xacct exec .*\n)", page, re.MULTILINE)
    keys = {"AWS_ACCESS_KEY_ID": user.access_key, "AWS_SECRET_ACCESS_KEY": user.secret_key}
    outcome = run_in_shell(home, recipe, **keys)
    assert (outcome.code, json.loads(outcome.stdout)["Account"]) == (0, "222222222222"), outcome.stderr


def test_recipe_for_version_2_leaves_xacct_on_the_path(tmp_path: Path) -> None:
    """It ended in `~/.aws/xacct/venv/bin/xacct enable --v2`, and every later command was not found."""
    page = (ROOT / "docs/hosts.md").read_text("utf-8")
    (recipe,) = re.findall(r"^(    python3 -m venv .*\n(?:    .+\n)+)", page, re.MULTILINE)
    # An interpreter whose environments have a `pip` that installs an `xacct`, which prints its arguments.
    xacct = '#!/bin/sh\necho "$@"\n'
    pip = f'#!/bin/sh\ncd "$(dirname "$0")"\nprintf \'%s\' {shlex.quote(xacct)} > xacct\nchmod +x xacct\n'
    python = f'#!/bin/sh\nmkdir -p "$3/bin"\nprintf \'%s\' {shlex.quote(pip)} > "$3/bin/pip"\nchmod +x "$3/bin/pip"\n'
    (tmp_path / "python3").write_text(python, encoding="utf-8")
    (tmp_path / "python3").chmod(0o755)
    environment = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    for _ in range(2):
        run = subprocess.run(
            ["/bin/sh", "-ec", recipe], env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout == "enable --v2\n"
