"""`xacct doctor`: everything that is wrong on a machine, each with a fix that works."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from awscli_xacct.cli.probes import SECONDS
from awscli_xacct.profiles import known_keys
from tests.sts import Role, Sts, User
from tests.support.commands import run, without_account
from tests.support.home import TIMEOUT, XACCT, Home, Outcome

from .machine import Machine

ON = "[plugins]\nxacct = awscli_xacct\n\n"
Finding = dict[str, Any]


@pytest.fixture
def machine(home: Home, user: User, role: Role, tmp_path: Path) -> Machine:
    """A healthy machine with a role profile."""
    machine = Machine(home, tmp_path)
    machine.link_forked()
    machine.write(f"{ON}[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\n")
    assert user.name == "dev"
    return machine


def examine(machine: Machine, *arguments: str, **environment: str) -> list[Finding]:
    """Return the findings that are not ok. Doctor itself must not fail."""
    outcome = machine.xacct("doctor", "--json", *arguments, environment=environment)
    assert outcome.stderr == ""
    found = json.loads(outcome.stdout)
    assert outcome.code == (0 if found["Ok"] else 255)
    assert found["Ok"] == all(finding["State"] != "fault" for finding in found["Checks"])
    return [finding for finding in found["Checks"] if finding["State"] != "ok"]


def get_only(found: list[Finding], state: str) -> Finding:
    """Return the only finding."""
    assert [finding["State"] for finding in found] == [state], found
    return found[0]


def test_doctor_finds_nothing_on_a_healthy_machine(machine: Machine) -> None:
    (machine.bin / "aws").unlink()
    machine.link()
    outcome = machine.xacct("doctor")
    assert (outcome.code, outcome.stderr) == (0, "")
    *checks, last = outcome.stdout.splitlines()
    assert {line.split()[0] for line in checks} == {"ok"}
    assert last == "no faults, no warnings"
    assert f"{machine.bin / 'aws'} (AWS CLI 1." in checks[0]
    assert "the plugin is active" in checks[0]
    assert "\x1b" not in outcome.stdout


def test_doctor_changes_nothing(machine: Machine) -> None:
    def everything() -> list[tuple[str, int, int]]:
        return sorted(
            (str(path), path.stat().st_mode, path.stat().st_mtime_ns)
            for path in machine.home.aws_dir.rglob("*")
            if not path.is_dir()
        )

    before = everything()
    examine(machine)
    assert everything() == before
    assert not machine.home.cache.exists()


def test_doctor_hides_the_password_of_an_endpoint(machine: Machine) -> None:
    address = "http://somebody:hunter2@127.0.0.1:9"
    config = machine.config.read_text("utf-8")
    machine.write(f"{config}endpoint_url = {address}\n[services s]\nsts =\n  endpoint_url = {address}\n")
    for environment in ({"AWS_ENDPOINT_URL_STS": address}, {"HTTP_PROXY": address}):
        for arguments in ([], ["--json"]):
            outcome = machine.xacct("doctor", *arguments, environment=environment)
            assert "hunter2" not in outcome.stdout + outcome.stderr
            assert ("@127.0.0.1:9: " in outcome.stdout) == ("HTTP_PROXY" not in environment)


def test_doctor_colours_faults_on_a_terminal(machine: Machine) -> None:
    machine.config.chmod(0o666)
    child: pexpect.spawn[str] = machine.home.terminal_for(str(XACCT), "doctor")
    child.expect(pexpect.EOF)
    shown = child.before or ""
    child.close()
    assert child.exitstatus == 255
    assert "\x1b[31mfault" in shown
    plain = machine.home.terminal_for(str(XACCT), "doctor", environment={"NO_COLOR": "1"})
    plain.expect(pexpect.EOF)
    assert "\x1b" not in (plain.before or "")
    plain.close()


# -- aws and the plugin ----------------------------------------------------------------------------


def test_doctor_without_an_aws(machine: Machine) -> None:
    (machine.bin / "aws").unlink()
    fault = get_only(examine(machine), "fault")
    assert fault["Text"] == "no aws found on the PATH"
    assert "https://docs.aws.amazon.com/" in fault["Fix"]


def test_doctor_finds_a_disabled_plugin(machine: Machine) -> None:
    machine.write(machine.config.read_text("utf-8").replace(ON, ""))
    fault = get_only(examine(machine), "fault")
    assert "the plugin is not enabled" in fault["Text"]
    assert fault["Fix"] == "xacct enable"
    assert machine.xacct("enable").code == 0
    assert examine(machine) == []


def test_doctor_finds_an_aws_without_the_plugin(machine: Machine) -> None:
    (machine.bin / "aws").unlink()
    machine.install_without_plugin()
    fault = get_only(examine(machine), "fault")
    assert "fails at every command: ModuleNotFoundError: No module named 'awscli_xacct'" in fault["Text"]
    assert re.search(r"-m pip install \S+\nor: xacct disable", fault["Fix"])


def test_doctor_finds_a_plugin_that_is_not_active(machine: Machine, tmp_path: Path) -> None:
    """For example another package of that name, or a very old version."""
    library = tmp_path / "library" / "awscli_xacct"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("def awscli_initialize(cli): ...\n", "utf-8")
    (machine.bin / "aws").unlink()
    machine.install_with_library(library.parent)
    fault = get_only(examine(machine), "fault")
    assert "enabled in the config file, but not active" in fault["Text"]


def test_doctor_warns_of_another_aws_without_the_plugin(machine: Machine, tmp_path: Path) -> None:
    machine.script("#!/bin/sh\necho aws-cli/2.20.0 Python/3.12.1 Linux\n", tmp_path / "other")
    machine.set_path(machine.bin, tmp_path / "other")
    warning = get_only(examine(machine), "warning")
    assert f"{tmp_path / 'other' / 'aws'} (AWS CLI 2.20.0): the plugin is not enabled" in warning["Text"]
    assert warning["Fix"] == f"xacct enable --aws {tmp_path / 'other' / 'aws'}"


@pytest.mark.parametrize(
    ("version", "state", "text"),
    [
        ("aws-cli/1.44.0 Python/3.11.0", "warning", "older than 1.45, the oldest the plugin is tested with"),
        ("aws-cli/2.8.13 Python/3.11.0", "warning", "older than 2.9, the oldest the plugin is tested with"),
        ("aws-cli/2.9.19 Python/3.9.16", "fault", "runs on Python 3.9.16"),
    ],
)
def test_doctor_finds_an_aws_that_is_too_old(machine: Machine, version: str, state: str, text: str) -> None:
    (machine.bin / "aws").unlink()
    machine.script(f"#!/bin/sh\necho {version} Linux\n")
    found = [finding for finding in examine(machine) if text in finding["Text"]]
    assert [finding["State"] for finding in found] == [state]


def test_doctor_checks_only_the_named_aws(machine: Machine, tmp_path: Path) -> None:
    other = machine.install_without_plugin(tmp_path / "other")
    assert get_only(examine(machine, "--aws", str(other)), "fault")["Text"].startswith(str(other))
    assert examine(machine) == []


def make_hanging_script(started: Path) -> str:
    """Return a script that never ends, nor does its child, which holds the output open and is noted in `started`."""
    return f'#!/bin/sh\nsleep 600 &\necho $! >> "{started}"\nsleep 600\n'


def is_alive(pid: str) -> bool:
    """Whether a process runs: a zombie does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False)
    return shown.stdout.strip()[:1] not in ("", "Z")


def test_doctor_is_not_run_for_ever_by_an_aws_that_runs_it(machine: Machine, tmp_path: Path) -> None:
    """Each doctor ran the script, in a session of its own: killing the first one did not end the chain."""
    runs = tmp_path / "runs"
    script = (
        f'#!/bin/sh\necho x >> "{runs}"\n[ "$(wc -l < "{runs}")" -gt 3 ] && exit 9\nexec "{XACCT}" doctor\n'
    )
    wrapper = machine.script(script, tmp_path / "wrapper")
    machine.set_path(wrapper.parent)
    fault = get_only(examine(machine), "fault")
    assert fault["Text"].startswith(f"{wrapper} does not run: exit code 255")
    assert runs.read_text() == "x\n"


def test_doctor_kills_programs_that_hang(machine: Machine, tmp_path: Path) -> None:
    """The first always hangs, another writes more than a pipe holds, the third is healthy."""
    started = tmp_path / "started"
    first = machine.script(make_hanging_script(started), tmp_path / "first")
    second = machine.script("#!/bin/sh\nprintf %0300000d 0\nsleep 600\n", tmp_path / "second")
    machine.set_path(first.parent, second.parent, machine.bin)
    begin = time.monotonic()
    found = examine(machine)
    assert time.monotonic() - begin < TIMEOUT
    assert [finding["Text"] for finding in found if finding["State"] == "fault"] == [
        f"{path} does not run: it did not end within {SECONDS:g} s" for path in (first, second)
    ]
    assert [pid for pid in started.read_text().split() if is_alive(pid)] == []


def test_doctor_does_not_wait_for_background_processes(machine: Machine, tmp_path: Path) -> None:
    aws = machine.script("#!/bin/sh\nsleep 600 &\necho aws-cli/2.20.0 Python/3.12.1 Linux\n", tmp_path / "o")
    machine.set_path(machine.bin, aws.parent)
    assert "the plugin is not enabled" in get_only(examine(machine), "warning")["Text"]


DIGITS = "9" * 6000


@pytest.mark.parametrize(
    ("says", "text"),
    [
        (f"echo aws-cli/{DIGITS} Python/3.13.0", "prints no version: aws-cli/999"),
        (f"echo aws-cli/1.{DIGITS} Python/3.13.0", "prints no version: aws-cli/1.999"),
        (f"echo aws-cli/1.46.0 Python/{DIGITS}", "prints no version: aws-cli/1.46.0"),
        ("echo aws-cli/1.46.0 Python/new", "prints no version: aws-cli/1.46.0 Python/new"),
        ("echo aws-cli/٢.٢ Python/3.13.0", "prints no version"),
        (":", "prints no version: it printed nothing and exited with 0"),
        ("printf '\\377\\000\\033[2J'", "prints no version: "),
        ("echo aws-cli/1.46.0 Python/3.13.0; exit 3", "does not run: exit code 3, aws-cli/1.46.0"),
        ("echo oh no >&2; exit 1", "does not run: exit code 1, oh no"),
        ("kill -9 $$", "does not run: exit code -9"),
        ("echo aws-cli/0.9 Python/3.13.0", "is older than 1.45, the oldest"),
    ],
    ids=[
        "long", "long minor", "long python", "python", "other digits", "nothing", "binary", "fails", "dies", "killed",
        "old",
    ],
)  # fmt: skip
def test_doctor_survives_any_version_output(machine: Machine, says: str, text: str) -> None:
    (machine.bin / "aws").unlink()
    machine.script(f"#!/bin/sh\n{says}\n")
    first = examine(machine)[0]
    assert text in first["Text"]
    assert first["State"] == ("warning" if "older" in text else "fault")
    assert len(first["Text"]) < 600


# -- other programs that read the same [plugins] ---------------------------------------------------

SERVER = "awslabs.aws-api-mcp-server"


def make_environment(path: Path, *packages: str, requires: str = "") -> None:
    """Make as much of an environment of uv or pipx as doctor looks at."""
    library = path / "lib" / "python3.13" / "site-packages"
    for package in packages:
        (library / package).mkdir(parents=True)
        (library / package / "__init__.py").touch()
    (path / "pyvenv.cfg").touch()
    about = library / "about.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {SERVER}\n{requires}\n", "utf-8")


def test_doctor_finds_embedded_awsclis(machine: Machine) -> None:
    share, cache = machine.home.path / ".local/share", machine.home.path / ".cache/uv/archive-v0"
    make_environment(share / "uv/tools/server", "awscli")
    make_environment(share / "uv/tools/mended", "awscli", "awscli_xacct")
    make_environment(share / "uv/tools/other", "requests")
    make_environment(share / "pipx/venvs/my tool", "awscli")
    make_environment(cache / "a", "awscli", requires="Requires-Dist: awscli==1.46.3")
    make_environment(cache / "b", "awscli", "awscli_xacct", requires="Requires-Dist: boto3")
    (cache / "wheel" / "awscli").mkdir(parents=True)
    found = examine(machine)
    assert {finding["State"] for finding in found} == {"warning"}
    fixes = [re.sub("with \\S+", "with X", finding["Fix"]) for finding in found]
    assert fixes[0] == "uv tool install --with X server"
    assert fixes[1].startswith("pipx inject 'my tool' ")
    assert fixes[2].startswith(f"uvx --with X {SERVER} ")
    assert str(cache / "a") in found[2]["Text"]
    assert len(found) == 3
    machine.write(machine.config.read_text("utf-8").replace(ON, ""))
    output = machine.xacct("enable").stdout
    assert output.count("which reads the same [plugins]") == 3
    assert "  uv tool install --with " in output


# -- files -----------------------------------------------------------------------------------------


def chmod(path: str, mode: int) -> Callable[[Machine], None]:
    return lambda machine: (machine.home.path / path).chmod(mode)


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        (chmod(".aws/config", 0o666), "other users can change"),
        (chmod(".aws/credentials", 0o644), "contains keys, and other users can read it"),
        (chmod(".aws", 0o777), "can write in"),
    ],
    ids=["config", "credentials", "directory"],
)
def test_doctor_finds_files_that_others_can_access_and_fixes_them(
    machine: Machine, harm: Callable[[Machine], None], text: str
) -> None:
    harm(machine)
    found = examine(machine)
    assert {finding["State"] for finding in found} == {"fault"}
    assert all(text in finding["Text"] for finding in found)
    for finding in found:
        subprocess.run(["sh", "-c", finding["Fix"]], check=True, timeout=TIMEOUT)
    assert examine(machine) == []


def test_doctor_wants_a_config_file_with_keys_private(machine: Machine) -> None:
    machine.write(machine.config.read_text("utf-8") + "[profile x]\naws_secret_access_key = hush\n")
    machine.config.chmod(0o644)
    fault = get_only(examine(machine), "fault")
    assert fault["Fix"] == f"chmod 600 {machine.config}"
    assert "hush" not in json.dumps(fault)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_doctor_finds_a_file_of_another_user(machine: Machine) -> None:
    os.chown(machine.config, 12345, -1)
    fault = get_only(examine(machine), "fault")
    assert "belongs to another user" in fault["Text"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_doctor_leaves_the_files_of_another_users_home_to_that_user(machine: Machine) -> None:
    """Root with a user's home was told to take the config file away from that user."""
    home = machine.config.parents[1]
    for path in (home, machine.config):
        os.chown(path, 12345, -1)
    found = [finding for finding in examine(machine) if finding["Check"] == "files"]
    assert get_only(found, "warning")["Fix"] == "run this as that user"
    found = [finding for finding in examine(machine, SUDO_UID="12345") if finding["Check"] == "files"]
    assert get_only(found, "warning")["Fix"] == "run this as that user, without sudo"


def test_doctor_names_the_line_of_an_invalid_file(machine: Machine) -> None:
    """`aws` itself prints a traceback for it."""
    machine.write(machine.config.read_text("utf-8") + "[profile prod]\n")
    found = examine(machine)
    assert [finding["Check"] for finding in found if finding["State"] == "fault"] == ["aws", "files"]
    text = next(finding for finding in found if finding["Check"] == "files")
    assert text["Text"].startswith(f"{machine.config}, line 7: duplicate section [profile prod]")
    assert text["Fix"] == f"${{EDITOR:-vi}} +7 {machine.config}"


# -- the cache -------------------------------------------------------------------------------------


def test_doctor_warns_of_a_cache_that_others_can_access(machine: Machine) -> None:
    machine.home.cache.mkdir(parents=True)
    machine.home.cache.chmod(0o755)
    assert get_only(examine(machine), "warning")["Fix"] == f"chmod 700 {machine.home.cache}"


def test_doctor_accepts_a_shared_directory_that_was_configured(machine: Machine, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.mkdir()
    named.chmod(0o1777)
    assert examine(machine, AWS_XACCT_CACHE_DIR=str(named)) == []


def test_doctor_knows_the_variables_of_a_shell_of_exec(machine: Machine) -> None:
    assert examine(machine, AWS_XACCT_SHELL="0 prod", AWS_XACCT_PROGRAM="xacct exec") == []


def test_doctor_finds_a_file_in_place_of_the_cache(machine: Machine) -> None:
    (machine.home.aws_dir / "xacct").write_text("")
    found = [each for each in examine(machine) if each["State"] == "fault"]  # and the history warns
    assert "is not a directory" in get_only(found, "fault")["Text"]


def test_doctor_finds_a_cache_on_a_device(machine: Machine) -> None:
    fault = get_only(examine(machine, AWS_XACCT_CACHE_DIR="/dev/full/cache"), "fault")
    assert "/dev/full is not a directory" in fault["Text"]


def test_doctor_finds_a_cache_that_cannot_be_written(machine: Machine) -> None:
    fault = get_only(examine(machine, AWS_XACCT_CACHE_DIR="/proc/cache"), "fault")
    assert "nothing can be cached in /proc/cache" in fault["Text"]
    assert fault["Fix"].startswith("export AWS_XACCT_CACHE_DIR=/")


# -- variables -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "state", "text"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush"}, "warning", "override AWS_PROFILE"),
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, "fault", "must both be set"),
        ({"AWS_SESSION_TOKEN": "hush"}, "warning", "without an access key"),
        ({"AWS_PROFILE": "prdo"}, "fault", "prod"),
        ({"AWS_XACCT_DISABLE": "True"}, "warning", "turns the plugin off"),
        ({"AWS_XACCT_CACHEDIR": "/x"}, "warning", "did you mean AWS_XACCT_CACHE_DIR?"),
        (
            {"AWS_XACCT_MFA_PROMPT": "gtk"},
            "fault",
            "AWS_XACCT_MFA_PROMPT is 'gtk', but must be one of auto, tty, gui, none",
        ),
        (
            {"AWS_XACCT_MFA_SESSION_DURATION": "12h"},
            "fault",
            "AWS_XACCT_MFA_SESSION_DURATION is '12h', but must be",
        ),
        ({"AWS_XACCT_HISTORY": "no"}, "fault", "AWS_XACCT_HISTORY is 'no', but must be one of on, off"),
        (
            {"AWS_XACCT_ROLE_SESSION_NAME": "{nobody}"},
            "fault",
            "AWS_XACCT_ROLE_SESSION_NAME is '{nobody}', but must be text with no placeholders other than {user},",
        ),
        ({"AWS_XACCT_MFA_SESSION_DURATION": "9" * 6000}, "fault", "AWS_XACCT_MFA_SESSION_DURATION is '999"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "/nowhere/x"}, "warning", "/nowhere/x, which does not exist"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_doctor_finds_variables_that_interfere(
    machine: Machine, variables: dict[str, str], state: str, text: str
) -> None:
    found = [
        finding for finding in examine(machine, **variables) if finding["Check"] in ("variables", "files")
    ]
    finding = get_only(found, state)
    assert text in finding["Text"]
    assert finding["Fix"]
    assert "hush" not in json.dumps(found)


def test_doctor_names_the_origin_of_a_setting(machine: Machine) -> None:
    """The variable overrides the file."""
    machine.write(machine.config.read_text("utf-8") + "[xacct]\nmfa_prompt = gtk\nmfa_session_duration = 1\n")
    found = examine(machine, AWS_XACCT_MFA_PROMPT="qt")
    assert [(finding["Text"].split(", but ")[0], finding["Fix"]) for finding in found] == [
        ("AWS_XACCT_MFA_PROMPT is 'qt'", "unset AWS_XACCT_MFA_PROMPT"),
        (
            "[xacct] mfa_session_duration in ~/.aws/config is '1'",
            "export AWS_XACCT_MFA_SESSION_DURATION=43200",
        ),
    ]


# -- profiles --------------------------------------------------------------------------------------


def test_doctor_reports_every_broken_profile(machine: Machine) -> None:
    machine.write(
        f"{ON}[profile a]\nrole_arn = arn:aws:iam::222222222222:role/A\nsource_profile = nobody\n"
        "duration_seconds = 2h\n"
        "[profile b]\nrole_arn = arn:aws:iam::2:role/B\nsource_profile = default\n"
        "[profile c]\nrole_arn = arn:aws:iam::222222222222:role/C\nsource_profile = d\n"
        "[profile d]\nrole_arn = arn:aws:iam::222222222222:role/C\nsource_profile = c\n"
        "[profile fine]\nrole_arn = arn:aws-iso-f:iam::222222222222:role/C\nsource_profile = default\n"
    )
    found = examine(machine)
    assert {finding["State"] for finding in found} == {"fault"}
    texts = "\n".join(finding["Text"] for finding in found)
    for words in (
        "profile a: source_profile 'nobody'",
        "profile a: duration_seconds '2h'",
        "profile b: role_arn",
    ):
        assert words in texts
    assert "profile c: " in texts
    assert "profile d: " in texts
    assert "profile fine" not in texts
    fixes = [finding["Fix"] for finding in found]
    assert "aws configure role a --duration-seconds VALUE" in fixes


def test_doctor_finds_unknown_keys(machine: Machine) -> None:
    machine.write(
        machine.config.read_text("utf-8")
        + "mfa_seriel = x\n[profile user]\nregion = a-b\nduration_seconds = 900\nexternal_id = x\n"
        + "[xacct]\ncache_directory = /x\n"
        # As `aws configure set xacct.history off` writes it.
        + "[default]\nxacct =\n    history = off\n"
    )
    found = examine(machine)
    assert [finding["State"] for finding in found] == ["warning"] * 4
    assert found[0]["Text"] == "profile prod: unknown key mfa_seriel"
    assert "mfa_serial" in found[0]["Fix"]
    assert (
        found[1]["Text"]
        == "profile user assumes no role, so these keys have no effect: external_id, duration_seconds"
    )
    assert found[2]["Text"] == "profile default: unknown key xacct"
    assert found[2]["Fix"] == "move what is in it to the section [xacct] of the config"
    assert found[3]["Text"] == "[xacct]: unknown key cache_directory"


def test_doctor_accepts_documented_settings(machine: Machine) -> None:
    """Keys of [xacct], variables, and settings of botocore and the CLI in a profile."""
    machine.write(
        machine.config.read_text("utf-8")
        + "cli_pager =\noutput = json\nuse_fips_endpoint = false\nretry_mode = standard\ns3 =\n  max_queue_size = 9\n"
        + "[xacct]\nsignin_endpoint = https://x\nconsole_endpoint = https://x\n"
    )
    variables = {"AWS_XACCT_SIGNIN_ENDPOINT": "https://x", "AWS_XACCT_CONSOLE_ENDPOINT": "https://x"}
    assert examine(machine, **variables) == []


def test_doctor_knows_the_keys_of_botocore() -> None:
    try:
        from awscli.botocore import configprovider
    except ImportError:  # before 1.46
        from botocore import configprovider
    variables = configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES
    names = {name for entry in variables.values() for name in [entry[0]] if isinstance(name, str)} - {
        "profile"
    }
    assert names - known_keys.KNOWN == set()


def test_doctor_knows_the_block_of_any_service(machine: Machine) -> None:
    """Botocore reads one key in it; a block without that key, or a line, it does not read."""
    blocks = "sts =\n  signature_version = v4\nec2 =\n  region = x\nsqs = signature_version\n"
    machine.write(machine.config.read_text("utf-8") + blocks)
    assert [finding["Text"].rpartition(" ")[2] for finding in examine(machine)] == ["ec2", "sqs"]


def test_doctor_names_the_owner_of_an_unknown_key(machine: Machine) -> None:
    unread = ["include_profile", "foo_bar", "granted_color", "rol_session_name"]
    machine.write(machine.config.read_text("utf-8") + "".join(f"{key} = x\n" for key in unread))
    fixes = {finding["Text"].rpartition(" ")[2]: finding["Fix"] for finding in examine(machine)}
    assert set(fixes) == set(unread)
    assert "aws-vault" in fixes["include_profile"]
    assert "granted" in fixes["granted_color"]
    assert "role_session_name" in fixes["rol_session_name"]


@pytest.mark.parametrize(
    ("header", "meant"), [("prod2", "prod2"), ("Profile prod2", "prod2"), ("role prod2", "prod2")]
)
def test_doctor_finds_a_misspelled_profile_section(machine: Machine, header: str, meant: str) -> None:
    machine.write(machine.config.read_text("utf-8") + f"[{header}]\nrole_arn = x\n[mine]\nx = y\n")
    warning = get_only(examine(machine), "warning")
    assert f"[{header}] is ignored" in warning["Text"]
    assert f"[profile {meant}]" in warning["Fix"]


def test_doctor_finds_a_login_session_without_awscrt(machine: Machine) -> None:
    machine.write(machine.config.read_text("utf-8") + "[profile me]\nlogin_session = x\nregion = a-b\n")
    fault = get_only(examine(machine), "fault")
    assert "cannot find awscrt, which the login_session of profile me needs" in fault["Text"]
    assert fault["Fix"].endswith("-m pip install awscrt")


def test_doctor_warns_of_a_hard_linked_config_file(machine: Machine) -> None:
    (machine.home.path / "dotfiles").hardlink_to(machine.config)
    found = get_only(examine(machine), "warning")
    assert "has 2 names (hard links)" in found["Text"]
    assert found["Fix"].endswith(f"find ~ -xdev -samefile {machine.config}")


def test_doctor_finds_a_config_that_is_no_file(machine: Machine, tmp_path: Path) -> None:
    """The AWS CLI ignores such a file, and doctor said only that the plugin was not enabled."""
    path = machine.config
    for make, kind in ((Path.mkdir, "a directory"), (os.mkfifo, "no regular file")):
        path.unlink()
        make(path)
        [fault] = [each for each in examine(machine) if each["Check"] == "files"]
        assert fault["State"] == "fault"
        assert fault["Text"].startswith(f"{path} is {kind}, so nothing is read from it")
        assert fault["Fix"] == f"mv {path} {path}.old"
        [fault] = [each for each in examine(machine, AWS_CONFIG_FILE=str(path)) if each["Check"] == "files"]
        assert fault["Fix"] == "unset AWS_CONFIG_FILE"
        path.rename(tmp_path / kind)
        path.touch()
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    [warning] = [each for each in examine(machine) if each["Check"] == "files"]
    assert warning["State"] == "warning"
    assert warning["Text"].startswith(f"{path} is a link to {tmp_path / 'nowhere'}, where there is nothing")


def test_doctor_finds_places_that_cannot_be(machine: Machine) -> None:
    """It said "no faults" of a path that is too long, and "[Errno 20]" of a file in a directory's place."""
    [fault] = examine(machine, AWS_XACCT_CACHE_DIR=f"/{'x' * 300}")
    assert fault["Text"].endswith(": File name too long")
    state = machine.home.aws_dir / "xacct"
    state.write_text("mine", "utf-8")
    texts = {finding["Check"]: finding["Text"] for finding in examine(machine)}
    assert texts["history"].endswith("history.jsonl: Not a directory")
    assert texts["cache"].startswith(f"{state} is not a directory")


def test_doctor_finds_a_relative_cache_directory(machine: Machine) -> None:
    fault = get_only(examine(machine, AWS_XACCT_CACHE_DIR="cache"), "fault")
    assert fault["Text"].startswith("AWS_XACCT_CACHE_DIR = cache is not an absolute path")
    machine.write(machine.config.read_text("utf-8") + "[xacct]\ncache_dir = ./x\n")
    assert get_only(examine(machine), "fault")["Text"].startswith(
        "[xacct] cache_dir = ./x in ~/.aws/config is not an absolute path"
    )


# -- the clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "state", "text"),
    [
        (90.0, "warning", "behind that of"),
        (-90.0, "warning", "ahead of that of"),
        (3600.0, "fault", "AWS refuses what it signs"),
    ],
)
def test_doctor_finds_a_clock_that_is_off(
    machine: Machine, sts: Sts, offset: float, state: str, text: str
) -> None:
    sts.clock_offset = offset
    finding = get_only(examine(machine), state)
    assert text in finding["Text"]
    assert finding["Fix"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "Connection refused"),
        ("file:///etc/passwd", "not an HTTP URL"),
        ("nonsense", "not an HTTP URL"),
    ],
)
def test_doctor_without_a_time_server_does_not_check_the_clock(
    machine: Machine, url: str, reason: str
) -> None:
    """The reason had the number of the system's error."""
    finding = get_only(examine(machine, "--clock-url", url), "not checked")
    assert finding["Text"] == f"the clock: cannot get the time from {url}: {reason}"


# -- robustness -------------------------------------------------------------------------------------


def without_home(machine: Machine) -> Outcome:
    return run(machine.home, *without_account(), str(XACCT), "doctor", "--json", without=["HOME"])


def with_garbage(machine: Machine) -> Outcome:
    machine.config.write_bytes(b"\xff\xfe\x00[profile \x1b[2J\n= =\n")
    machine.home.credentials.write_bytes(b"\x00" * 100)
    return machine.xacct("doctor", "--json")


def with_directories(machine: Machine) -> Outcome:
    for path in (machine.config, machine.home.credentials):
        path.unlink()
        path.mkdir()
    return machine.xacct("doctor", "--json")


def with_nothing(machine: Machine) -> Outcome:
    machine.config.unlink()
    machine.home.credentials.unlink()
    (machine.bin / "aws").unlink()
    machine.home.aws_dir.rmdir()
    return machine.xacct("doctor", "--json", environment={"PATH": "", "HOME": "/nowhere"})


def with_blocks(machine: Machine) -> Outcome:
    blocks = "".join(f"{key} =\n  x = y\n" for key in ("role_arn", "source_profile", "region"))
    machine.write(f"{ON}[profile a]\n{blocks}[xacct]\ncache_dir =\n  a = b\n")
    return machine.xacct("doctor", "--json")


@pytest.mark.parametrize("harm", [without_home, with_garbage, with_directories, with_nothing, with_blocks])
def test_doctor_survives_a_broken_home(machine: Machine, harm: Callable[[Machine], Outcome]) -> None:
    outcome = harm(machine)
    assert outcome.stderr == ""
    found = json.loads(outcome.stdout)["Checks"]
    assert {finding["Check"] for finding in found} >= {"aws", "cache", "variables", "profiles", "clock"}
    assert outcome.code in (0, 255)
    assert not [finding for finding in found if "Error: " in finding["Text"] and finding["Check"] != "aws"], (
        found
    )


def test_doctor_escapes_text_from_files(machine: Machine) -> None:
    machine.write(f"{ON}[profile \x1b[2J]\nrole_arn = x\x1b[2J\n")
    outcome = machine.xacct("doctor")
    assert "\x1b" not in outcome.stdout
    assert "\\x1b[2J" in outcome.stdout
    assert stat.S_IMODE(machine.config.stat().st_mode) == 0o600


def test_doctor_warns_of_a_policy_file_that_others_can_change(machine: Machine) -> None:
    """Whoever can change it decides what the sessions may do, up to the whole role."""
    directory = machine.home.path / "policies"
    directory.mkdir(mode=0o700)
    policy = directory / "policy.json"
    policy.write_text('{"Statement": []}', "utf-8")
    policy.chmod(0o664)
    machine.write(f"{machine.config.read_text('utf-8')}policy = file://{policy}\n")
    warning = get_only(examine(machine), "warning")
    assert warning["Text"] == f"other users can change {policy}, the policy of profile prod"
    assert warning["Fix"] == f"chmod go-w {policy}"
    policy.chmod(0o600)
    directory.chmod(0o777)
    warning = get_only(examine(machine), "warning")
    assert warning["Text"].startswith(f"other users can write in {directory}, and so replace policy.json")
    directory.chmod(0o1777)
    assert examine(machine) == []
    policy.unlink()
    fault = get_only(examine(machine), "fault")
    assert fault["Text"] == (
        f"profile prod: policy 'file://{policy}': the file cannot be read: No such file or directory"
    )
    assert fault["Fix"] == "aws configure role prod --policy VALUE"


@pytest.mark.parametrize(
    ("config", "cycle"),
    [
        ("[profile loop]\ncredential_process = xacct credentials loop\n", "loop -> loop"),
        (
            "[profile a]\ncredential_process = xacct credentials b\n"
            "[profile b]\ncredential_process = aws configure export-credentials --profile a\n",
            "a -> b -> a",
        ),
        (
            "[profile top]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = sdk\n"
            "[profile sdk]\ncredential_process = xacct credentials top\n",
            "top -> sdk -> top",
        ),
    ],
)
def test_doctor_finds_a_program_that_asks_for_its_own_credentials(
    machine: Machine, config: str, cycle: str
) -> None:
    (machine.bin / "xacct").symlink_to(XACCT)
    text = machine.config.read_text("utf-8")
    machine.write(f"{text}{config}")
    last = cycle.split(" -> ")[-2]
    fault = get_only(examine(machine), "fault")
    assert fault["Text"] == (
        f"profile {last}: its credential_process requests the credentials that it has to provide: {cycle}"
    )
    fix = f"aws configure set credential_process COMMAND --profile {last}"
    assert fault["Fix"] == f"have it request another profile's:\n  {fix}"
    with machine.home.credentials.open("a", encoding="utf-8") as file:
        file.write(f"[{last}]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n")
    assert examine(machine) == []


def test_doctor_finds_an_sdk_profile_that_gives_nothing(machine: Machine) -> None:
    text = machine.config.read_text("utf-8")
    machine.write(f"{text}[profile my sdk]\ncredential_process = /gone/xacct credentials prod\n")
    machine.write(machine.config.read_text("utf-8").replace("[profile my sdk]", "[profile 'my sdk']"))
    fault = get_only(examine(machine), "fault")
    assert fault["Text"] == "profile my sdk: its credential_process runs /gone/xacct, which is not there"
    assert fault["Fix"] == "aws configure role prod --sdk-profile 'my sdk'"
    machine.write(f"{text}[profile sdk]\ncredential_process = xacct credentials prod\n")
    warning = get_only(examine(machine), "warning")
    assert warning["Text"] == "profile sdk: its credential_process runs xacct, which is not on the PATH"
    (machine.bin / "xacct").symlink_to(XACCT)
    assert examine(machine) == []
    machine.write(f"{text}[profile sdk]\ncredential_process = xacct credentials prd\n")
    fault = get_only(examine(machine), "fault")
    assert fault["Text"] == "profile sdk: its credential_process: there is no profile prd; did you mean prod?"
