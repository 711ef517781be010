"""`xacct doctor`: what is wrong on a machine, all of it, with what mends it; the mends do mend."""

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

from awscli_xacct.cli.doctor import keys
from awscli_xacct.cli.probes import SECONDS
from tests.sts import Role, Sts, User
from tests.support.home import TIMEOUT, XACCT, Home, Outcome

from .machine import WITHOUT_PLUGIN, Machine

ON = "[plugins]\nxacct = awscli_xacct\n\n"
Finding = dict[str, Any]


@pytest.fixture
def machine(home: Home, user: User, role: Role, tmp_path: Path) -> Machine:
    """A healthy one, with a role profile."""
    machine = Machine(home, tmp_path)
    machine.link_forked()
    machine.write(f"{ON}[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\n")
    assert user.name == "dev"
    return machine


def examined(machine: Machine, *arguments: str, **environment: str) -> list[Finding]:
    """What the doctor finds, apart from what is well. It must never be at a loss itself."""
    outcome = machine.xacct("doctor", "--json", *arguments, environment=environment)
    assert outcome.stderr == ""
    found = json.loads(outcome.stdout)
    assert outcome.code == (0 if found["Ok"] else 255)
    assert found["Ok"] == all(finding["State"] != "fault" for finding in found["Checks"])
    return [finding for finding in found["Checks"] if finding["State"] != "ok"]


def only(found: list[Finding], state: str) -> Finding:
    """The one thing that was found."""
    assert [finding["State"] for finding in found] == [state], found
    return found[0]


def test_a_healthy_machine_has_nothing(machine: Machine) -> None:
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


def test_nothing_is_changed_by_looking(machine: Machine) -> None:
    def everything() -> list[tuple[str, int, int]]:
        return sorted(
            (str(path), path.stat().st_mode, path.stat().st_mtime_ns)
            for path in machine.home.aws_dir.rglob("*")
            if not path.is_dir()
        )

    before = everything()
    examined(machine)
    assert everything() == before
    assert not machine.home.cache.exists()


def test_no_password_of_an_endpoint_is_shown(machine: Machine) -> None:
    address = "http://somebody:hunter2@127.0.0.1:9"
    config = machine.config.read_text("utf-8")
    machine.write(f"{config}endpoint_url = {address}\n[services s]\nsts =\n  endpoint_url = {address}\n")
    for environment in ({"AWS_ENDPOINT_URL_STS": address}, {"HTTP_PROXY": address}):
        for arguments in ([], ["--json"]):
            outcome = machine.xacct("doctor", *arguments, environment=environment)
            assert "hunter2" not in outcome.stdout + outcome.stderr
            assert ("@127.0.0.1:9 gives no time" in outcome.stdout) == ("HTTP_PROXY" not in environment)


def test_on_a_terminal_faults_stand_out(machine: Machine) -> None:
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


def test_without_an_aws_it_says_where_to_get_one(machine: Machine) -> None:
    (machine.bin / "aws").unlink()
    fault = only(examined(machine), "fault")
    assert fault["Text"] == "there is no aws on the PATH"
    assert "https://docs.aws.amazon.com/" in fault["Fix"]


def test_a_plugin_that_is_not_on(machine: Machine) -> None:
    machine.write(machine.config.read_text("utf-8").replace(ON, ""))
    fault = only(examined(machine), "fault")
    assert "the plugin is not on" in fault["Text"]
    assert fault["Fix"] == "xacct enable"
    assert machine.xacct("enable").code == 0
    assert examined(machine) == []


def test_an_aws_that_dies_of_the_missing_plugin(machine: Machine) -> None:
    (machine.bin / "aws").unlink()
    machine.script(WITHOUT_PLUGIN)
    fault = only(examined(machine), "fault")
    assert "fails whatever it is asked: ModuleNotFoundError: No module named 'awscli_xacct'" in fault["Text"]
    assert re.search(r"-m pip install \S+\nor: xacct disable", fault["Fix"])


def test_a_plugin_that_is_on_and_not_active(machine: Machine, tmp_path: Path) -> None:
    """Such as another package of that name, or a very old one."""
    library = tmp_path / "library" / "awscli_xacct"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("def awscli_initialize(cli): ...\n", "utf-8")
    text = WITHOUT_PLUGIN.split("class")[0]
    (machine.bin / "aws").unlink()
    main = "from awscli.clidriver import main\nsys.exit(main())\n"
    machine.script(f"{text}sys.path.insert(0, {str(library.parent)!r})\n{main}")
    fault = only(examined(machine), "fault")
    assert "on in the config file, but not active" in fault["Text"]


def test_another_aws_without_the_plugin_that_still_runs_is_a_warning(
    machine: Machine, tmp_path: Path
) -> None:
    machine.script("#!/bin/sh\necho aws-cli/2.20.0 Python/3.12.1 Linux\n", tmp_path / "other")
    machine.set_path(machine.bin, tmp_path / "other")
    warning = only(examined(machine), "warning")
    assert f"{tmp_path / 'other' / 'aws'} (AWS CLI 2.20.0): the plugin is not on" in warning["Text"]
    assert warning["Fix"] == f"xacct enable --aws {tmp_path / 'other' / 'aws'}"


@pytest.mark.parametrize(
    ("version", "state", "told"),
    [
        ("aws-cli/1.44.0 Python/3.11.0", "warning", "older than what the plugin is tested with, 1.45"),
        ("aws-cli/2.8.13 Python/3.11.0", "warning", "older than what the plugin is tested with, 2.9"),
        ("aws-cli/2.9.19 Python/3.9.16", "fault", "runs on Python 3.9.16"),
    ],
)
def test_an_aws_that_is_too_old(machine: Machine, version: str, state: str, told: str) -> None:
    (machine.bin / "aws").unlink()
    machine.script(f"#!/bin/sh\necho {version} Linux\n")
    found = [finding for finding in examined(machine) if told in finding["Text"]]
    assert [finding["State"] for finding in found] == [state]


def test_only_the_aws_that_is_named_is_looked_at(machine: Machine, tmp_path: Path) -> None:
    other = machine.script(WITHOUT_PLUGIN, tmp_path / "other")
    assert only(examined(machine, "--aws", str(other)), "fault")["Text"].startswith(str(other))
    assert examined(machine) == []


def without_end(started: Path) -> str:
    """A script that says when it runs, leaves a child behind that holds its output open, and never ends."""
    return f'#!/bin/sh\nsleep 600 &\necho $! >> "{started}"\nsleep 600\n'


def is_alive(pid: str) -> bool:
    """Whether a process runs; one that has ended may wait for its parent to hear of it."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False)
    return shown.stdout.strip()[:1] not in ("", "Z")


def test_programs_that_hang_are_said_and_ended_in_the_time_of_one(machine: Machine, tmp_path: Path) -> None:
    """The first hangs whatever it is asked, another writes more than a pipe holds, the third is well."""
    started = tmp_path / "started"
    first = machine.script(without_end(started), tmp_path / "first")
    second = machine.script("#!/bin/sh\nprintf %0300000d 0\nsleep 600\n", tmp_path / "second")
    machine.set_path(first.parent, second.parent, machine.bin)
    begin = time.monotonic()
    found = examined(machine)
    assert time.monotonic() - begin < TIMEOUT
    assert [finding["Text"] for finding in found if finding["State"] == "fault"] == [
        f"{path} does not run: it did not end within {SECONDS:g} s" for path in (first, second)
    ]
    assert [pid for pid in started.read_text().split() if is_alive(pid)] == []


def test_what_an_aws_leaves_in_the_background_is_not_waited_for(machine: Machine, tmp_path: Path) -> None:
    aws = machine.script("#!/bin/sh\nsleep 600 &\necho aws-cli/2.20.0 Python/3.12.1 Linux\n", tmp_path / "o")
    machine.set_path(machine.bin, aws.parent)
    assert "the plugin is not on" in only(examined(machine), "warning")["Text"]


DIGITS = "9" * 6000


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (f"echo aws-cli/{DIGITS} Python/3.13.0", "does not say its version: aws-cli/999"),
        (f"echo aws-cli/1.{DIGITS} Python/3.13.0", "does not say its version: aws-cli/1.999"),
        (f"echo aws-cli/1.46.0 Python/{DIGITS}", "does not say its version: aws-cli/1.46.0"),
        ("echo aws-cli/1.46.0 Python/new", "does not say its version: aws-cli/1.46.0 Python/new"),
        ("echo aws-cli/٢.٢ Python/3.13.0", "does not say its version"),
        (":", "does not say its version: it ended with 0 and said nothing"),
        ("printf '\\377\\000\\033[2J'", "does not say its version: "),
        ("echo aws-cli/1.46.0 Python/3.13.0; exit 3", "does not run: exit code 3, aws-cli/1.46.0"),
        ("echo oh no >&2; exit 1", "does not run: exit code 1, oh no"),
        ("kill -9 $$", "does not run: exit code -9"),
        ("echo aws-cli/0.9 Python/3.13.0", "is older than what the plugin is tested with, 1.45"),
    ],
    ids=[
        "long", "long minor", "long python", "python", "other digits", "nothing", "binary", "fails", "dies", "killed",
        "old",
    ],
)  # fmt: skip
def test_whatever_an_aws_says_of_its_version(machine: Machine, says: str, told: str) -> None:
    (machine.bin / "aws").unlink()
    machine.script(f"#!/bin/sh\n{says}\n")
    first = examined(machine)[0]
    assert told in first["Text"]
    assert first["State"] == ("warning" if "older" in told else "fault")
    assert len(first["Text"]) < 600


# -- others that read the same [plugins] ------------------------------------------------------------

SERVER = "awslabs.aws-api-mcp-server"


def environment_with(path: Path, *packages: str, requires: str = "") -> None:
    """What uv and pipx make, as far as it is looked at."""
    library = path / "lib" / "python3.13" / "site-packages"
    for package in packages:
        (library / package).mkdir(parents=True)
        (library / package / "__init__.py").touch()
    (path / "pyvenv.cfg").touch()
    about = library / "about.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {SERVER}\n{requires}\n", "utf-8")


def test_environments_with_an_awscli_of_their_own_are_found(machine: Machine) -> None:
    share, cache = machine.home.path / ".local/share", machine.home.path / ".cache/uv/archive-v0"
    environment_with(share / "uv/tools/server", "awscli")
    environment_with(share / "uv/tools/mended", "awscli", "awscli_xacct")
    environment_with(share / "uv/tools/other", "requests")
    environment_with(share / "pipx/venvs/my tool", "awscli")
    environment_with(cache / "a", "awscli", requires="Requires-Dist: awscli==1.46.3")
    environment_with(cache / "b", "awscli", "awscli_xacct", requires="Requires-Dist: boto3")
    (cache / "wheel" / "awscli").mkdir(parents=True)
    found = examined(machine)
    assert {finding["State"] for finding in found} == {"warning"}
    mends = [re.sub("with \\S+", "with X", finding["Fix"]) for finding in found]
    assert mends[0] == "uv tool install --with X server"
    assert mends[1].startswith("pipx inject 'my tool' ")
    assert mends[2].startswith(f"uvx --with X {SERVER} ")
    assert str(cache / "a") in found[2]["Text"]
    assert len(found) == 3
    machine.write(machine.config.read_text("utf-8").replace(ON, ""))
    told = machine.xacct("enable").stdout
    assert told.count("that reads the same [plugins]") == 3
    assert "  uv tool install --with " in told


# -- files -----------------------------------------------------------------------------------------


def chmod(path: str, mode: int) -> Callable[[Machine], None]:
    return lambda machine: (machine.home.path / path).chmod(mode)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (chmod(".aws/config", 0o666), "other users can write"),
        (chmod(".aws/credentials", 0o644), "holds keys, and other users can read it"),
        (chmod(".aws", 0o777), "can write in"),
    ],
    ids=["config", "credentials", "directory"],
)
def test_what_others_can_reach_is_a_fault_that_its_command_mends(
    machine: Machine, harm: Callable[[Machine], None], told: str
) -> None:
    harm(machine)
    found = examined(machine)
    assert {finding["State"] for finding in found} == {"fault"}
    assert all(told in finding["Text"] for finding in found)
    for finding in found:
        subprocess.run(["sh", "-c", finding["Fix"]], check=True, timeout=TIMEOUT)
    assert examined(machine) == []


def test_keys_in_the_config_file_make_it_private(machine: Machine) -> None:
    machine.write(machine.config.read_text("utf-8") + "[profile x]\naws_secret_access_key = hush\n")
    machine.config.chmod(0o644)
    fault = only(examined(machine), "fault")
    assert fault["Fix"] == f"chmod 600 {machine.config}"
    assert "hush" not in json.dumps(fault)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user(machine: Machine) -> None:
    os.chown(machine.config, 12345, -1)
    fault = only(examined(machine), "fault")
    assert "belongs to another user" in fault["Text"]


def test_a_file_that_botocore_refuses_is_named_with_its_line(machine: Machine) -> None:
    """`aws` itself ends in a traceback there."""
    machine.write(machine.config.read_text("utf-8") + "[profile prod]\n")
    found = examined(machine)
    assert [finding["Check"] for finding in found if finding["State"] == "fault"] == ["aws", "files"]
    text = next(finding for finding in found if finding["Check"] == "files")
    assert text["Text"].startswith(f"{machine.config}, line 7: [profile prod] a second time")
    assert text["Fix"] == f"${{EDITOR:-vi}} +7 {machine.config}"


# -- the cache -------------------------------------------------------------------------------------


def test_a_cache_that_others_can_reach(machine: Machine) -> None:
    machine.home.cache.mkdir(parents=True)
    machine.home.cache.chmod(0o755)
    assert only(examined(machine), "warning")["Fix"] == f"chmod 700 {machine.home.cache}"


def test_a_named_directory_that_others_can_reach_is_no_fault(machine: Machine, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.mkdir()
    named.chmod(0o1777)
    assert examined(machine, AWS_XACCT_CACHE_DIR=str(named)) == []


def test_a_cache_that_is_no_directory(machine: Machine) -> None:
    (machine.home.aws_dir / "xacct").write_text("")
    assert "is no directory" in only(examined(machine), "fault")["Text"]


def test_a_disk_that_is_full(machine: Machine) -> None:
    fault = only(examined(machine, AWS_XACCT_CACHE_DIR="/dev/full/cache"), "fault")
    assert "/dev/full is no directory" in fault["Text"]


def test_a_disk_that_cannot_be_written(machine: Machine) -> None:
    fault = only(examined(machine, AWS_XACCT_CACHE_DIR="/proc/cache"), "fault")
    assert "sessions cannot be kept in /proc/cache" in fault["Text"]
    assert fault["Fix"] == "export AWS_XACCT_CACHE_DIR=DIRECTORY"


# -- variables -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "state", "told"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush"}, "warning", "win over AWS_PROFILE"),
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, "fault", "only one is set"),
        ({"AWS_SESSION_TOKEN": "hush"}, "warning", "belongs to no key"),
        ({"AWS_PROFILE": "prdo"}, "fault", "prod"),
        ({"AWS_XACCT_DISABLE": "1"}, "warning", "the plugin is off"),
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
        ({"AWS_XACCT_MFA_SESSION_DURATION": "9" * 6000}, "fault", "AWS_XACCT_MFA_SESSION_DURATION is '999"),
        ({"AWS_SHARED_CREDENTIALS_FILE": "/nowhere/x"}, "warning", "/nowhere/x, and there is no such file"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_variable_that_stands_in_the_way(
    machine: Machine, variables: dict[str, str], state: str, told: str
) -> None:
    found = [
        finding for finding in examined(machine, **variables) if finding["Check"] in ("variables", "files")
    ]
    finding = only(found, state)
    assert told in finding["Text"]
    assert finding["Fix"]
    assert "hush" not in json.dumps(found)


def test_a_setting_is_blamed_on_the_place_it_stands_in(machine: Machine) -> None:
    """Both of them, each where it is: the variable wins over the file."""
    machine.write(machine.config.read_text("utf-8") + "[xacct]\nmfa_prompt = gtk\nmfa_session_duration = 1\n")
    found = examined(machine, AWS_XACCT_MFA_PROMPT="qt")
    assert [(finding["Text"].split(", but ")[0], finding["Fix"]) for finding in found] == [
        ("AWS_XACCT_MFA_PROMPT is 'qt'", "unset AWS_XACCT_MFA_PROMPT"),
        ("[xacct] mfa_session_duration is '1'", "export AWS_XACCT_MFA_SESSION_DURATION=43200"),
    ]


# -- profiles --------------------------------------------------------------------------------------


def test_every_profile_that_cannot_work_is_told_at_once(machine: Machine) -> None:
    machine.write(
        f"{ON}[profile a]\nrole_arn = arn:aws:iam::222222222222:role/A\nsource_profile = nobody\n"
        "duration_seconds = 2h\n"
        "[profile b]\nrole_arn = arn:aws:iam::2:role/B\nsource_profile = default\n"
        "[profile c]\nrole_arn = arn:aws:iam::222222222222:role/C\nsource_profile = d\n"
        "[profile d]\nrole_arn = arn:aws:iam::222222222222:role/C\nsource_profile = c\n"
        "[profile fine]\nrole_arn = arn:aws-iso-f:iam::222222222222:role/C\nsource_profile = default\n"
    )
    found = examined(machine)
    assert {finding["State"] for finding in found} == {"fault"}
    told = "\n".join(finding["Text"] for finding in found)
    for words in (
        "profile a: source_profile 'nobody'",
        "profile a: duration_seconds '2h'",
        "profile b: role_arn",
    ):
        assert words in told
    assert "profile c: " in told
    assert "profile d: " in told
    assert "profile fine" not in told
    mends = [finding["Fix"] for finding in found]
    assert "aws configure role a --duration-seconds VALUE" in mends


def test_keys_that_nobody_reads(machine: Machine) -> None:
    machine.write(
        machine.config.read_text("utf-8")
        + "mfa_seriel = x\n[profile user]\nregion = a-b\nduration_seconds = 900\nexternal_id = x\n"
        + "[xacct]\ncache_directory = /x\n"
    )
    found = examined(machine)
    assert [finding["State"] for finding in found] == ["warning"] * 3
    assert found[0]["Text"] == "profile prod: nobody reads mfa_seriel"
    assert "mfa_serial" in found[0]["Fix"]
    assert (
        found[1]["Text"] == "profile user assumes no role, and nobody reads its external_id, duration_seconds"
    )
    assert found[2]["Text"] == "[xacct]: nobody reads cache_directory"


def test_documented_settings_are_read(machine: Machine) -> None:
    """Each key of [xacct], each variable, and what botocore and the CLI have for a profile."""
    machine.write(
        machine.config.read_text("utf-8")
        + "cli_pager =\noutput = json\nuse_fips_endpoint = false\nretry_mode = standard\ns3 =\n  max_queue_size = 9\n"
        + "[xacct]\nsignin_endpoint = https://x\nconsole_endpoint = https://x\n"
    )
    variables = {"AWS_XACCT_SIGNIN_ENDPOINT": "https://x", "AWS_XACCT_CONSOLE_ENDPOINT": "https://x"}
    assert examined(machine, **variables) == []


def test_what_botocore_reads_of_a_profile_is_known() -> None:
    try:
        from awscli.botocore import configprovider
    except ImportError:  # before 1.46
        from botocore import configprovider
    variables = configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES
    names = {name for entry in variables.values() for name in [entry[0]] if isinstance(name, str)} - {
        "profile"
    }
    assert names - keys.KNOWN == set()


def test_keys_that_nobody_reads_and_whose_they_are(machine: Machine) -> None:
    unread = ["policy_arns", "include_profile", "foo_bar", "granted_color", "rol_session_name"]
    machine.write(machine.config.read_text("utf-8") + "".join(f"{key} = x\n" for key in unread))
    told = {finding["Text"].rpartition(" ")[2]: finding["Fix"] for finding in examined(machine)}
    assert set(told) == set(unread)
    assert "aws-vault" in told["include_profile"]
    assert "granted" in told["granted_color"]
    assert "role_session_name" in told["rol_session_name"]


@pytest.mark.parametrize(
    ("header", "meant"), [("prod2", "prod2"), ("Profile prod2", "prod2"), ("role prod2", "prod2")]
)
def test_a_section_that_is_no_profile_and_looks_like_one(machine: Machine, header: str, meant: str) -> None:
    machine.write(machine.config.read_text("utf-8") + f"[{header}]\nrole_arn = x\n[mine]\nx = y\n")
    warning = only(examined(machine), "warning")
    assert f"nobody reads [{header}]" in warning["Text"]
    assert f"[profile {meant}]" in warning["Fix"]


def test_a_login_session_without_what_it_needs(machine: Machine) -> None:
    machine.write(machine.config.read_text("utf-8") + "[profile me]\nlogin_session = x\nregion = a-b\n")
    fault = only(examined(machine), "fault")
    assert "does not find awscrt, without which profile me has no credentials" in fault["Text"]
    assert fault["Fix"].endswith("-m pip install awscrt")


def test_a_config_file_with_two_names(machine: Machine) -> None:
    (machine.home.path / "dotfiles").hardlink_to(machine.config)
    assert "has 2 names (hard links)" in only(examined(machine), "warning")["Text"]


def test_a_cache_that_is_named_by_half_a_path(machine: Machine) -> None:
    fault = only(examined(machine, AWS_XACCT_CACHE_DIR="cache"), "fault")
    assert fault["Text"].startswith("AWS_XACCT_CACHE_DIR 'cache' is not the whole path of a directory")
    machine.write(machine.config.read_text("utf-8") + "[xacct]\ncache_dir = ./x\n")
    assert only(examined(machine), "fault")["Text"].startswith(
        "[xacct] cache_dir './x' is not the whole path"
    )


# -- the clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offset", "state", "told"),
    [
        (90.0, "warning", "behind that of"),
        (-90.0, "warning", "ahead of that of"),
        (3600.0, "fault", "what it signs is refused"),
    ],
)
def test_a_clock_that_is_off(machine: Machine, sts: Sts, offset: float, state: str, told: str) -> None:
    sts.clock_offset = offset
    finding = only(examined(machine), state)
    assert told in finding["Text"]
    assert finding["Fix"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "file:///etc/passwd", "nonsense"])
def test_a_clock_that_cannot_be_compared_is_no_fault(machine: Machine, url: str) -> None:
    finding = only(examined(machine, "--clock-url", url), "not checked")
    assert url in finding["Text"]


# -- it survives -----------------------------------------------------------------------------------


def without_home(machine: Machine) -> Outcome:
    del machine.home.environment["HOME"]
    return machine.xacct("doctor", "--json")


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
def test_it_survives(machine: Machine, harm: Callable[[Machine], Outcome]) -> None:
    outcome = harm(machine)
    assert outcome.stderr == ""
    found = json.loads(outcome.stdout)["Checks"]
    assert {finding["Check"] for finding in found} >= {"aws", "cache", "variables", "profiles", "clock"}
    assert outcome.code in (0, 255)
    assert not [finding for finding in found if "Error: " in finding["Text"] and finding["Check"] != "aws"], (
        found
    )


def test_what_comes_from_a_file_does_not_drive_the_terminal(machine: Machine) -> None:
    machine.write(f"{ON}[profile \x1b[2J]\nrole_arn = x\x1b[2J\n")
    outcome = machine.xacct("doctor")
    assert "\x1b" not in outcome.stdout
    assert "\\x1b[2J" in outcome.stdout
    assert stat.S_IMODE(machine.config.stat().st_mode) == 0o600
