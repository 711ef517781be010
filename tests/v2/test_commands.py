"""`aws configure role` and its subcommands with AWS CLI v2."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.configure_role.steps import Screen
from tests.configure_role.test_interview import answer
from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import WHOAMI, caller_of, is_session_of, operations
from tests.support.home import REGION, XACCT, Home
from tests.support.terminal import Terminal

SUBCOMMANDS = ("list", "show", "verify", "login", "logout", "remove", "rename")


@pytest.mark.usefixtures("user")
def test_role_is_written_verified_shown_used_listed_and_removed(home: Home, sts: Sts, role: Role) -> None:
    before = home.config.read_text("utf-8")
    written = home.aws("configure", "role", "prod", "--role-arn", role.arn, "--verify")
    assert (written.code, written.stdout) == (0, ""), written.stderr
    section = f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\n"
    assert home.config.read_text("utf-8") == f"{before}{section}"
    assert operations(sts) == ["AssumeRole"]

    assert is_session_of(role, caller_of(home, "prod", environment={"AWS_REGION": "us-west-1"}))
    listed = home.aws("configure", "role", "list", "--output", "json")
    assert [row["Profile"] for row in json.loads(listed.stdout)] == ["prod"]
    assert "Power" in home.aws("configure", "role", "show", "prod").stdout

    removed = home.aws("configure", "role", "remove", "prod", "--yes")
    assert (removed.code, home.config.read_text("utf-8")) == (0, before), removed.stderr
    assert home.records() == []


def test_configure_role_reports_every_problem_at_once(home: Home, user: User) -> None:
    before = home.config.read_bytes()
    outcome = home.aws(
        "configure", "role", "prod", "--role-arn", user.arn, "--duration-seconds", "5", "--external-id", " "
    )
    assert outcome.code != 0
    assert all(word in outcome.stderr for word in ("--role-arn", "--duration-seconds", "--external-id"))
    assert "Traceback" not in outcome.stderr
    assert home.config.read_bytes() == before


def test_verify_explains_access_denied(home: Home, sts: Sts, user: User) -> None:
    closed = sts.add_role("Closed", trusts=["arn:aws:iam::999999999999:root"])
    home.add_role("closed", closed.arn)
    outcome = home.aws("configure", "role", "verify", "closed")
    assert outcome.code == 254
    assert f"called by {user.arn}" in outcome.stdout
    assert "likely causes" in outcome.stdout


def test_verify_all_verifies_every_role(home: Home, sts: Sts, role: Role, prod: str) -> None:
    home.add_role("audit", sts.add_role("Audit", trusts=role.trusts).arn)
    outcome = home.aws("configure", "role", "verify", "--all", "--output", "json")
    assert outcome.code == 0, outcome.stderr
    assert [(row["Profile"], row["Ok"]) for row in json.loads(outcome.stdout)] == [
        (prod, True),
        ("audit", True),
    ]


def test_login_asks_and_later_commands_do_not(home: Home, device: MfaDevice, role: Role, vault: str) -> None:
    person = Terminal(home.terminal("configure", "role", "login", vault))
    person.answer(device.next_code())
    assert person.end() == 0
    assert is_session_of(role, caller_of(home, vault))
    assert home.aws("configure", "role", "logout", "--all").code == 0
    assert home.records() == []


def test_mfa_serial_auto_finds_the_device_in_iam(home: Home, device: MfaDevice, prod: str) -> None:
    outcome = home.aws("configure", "role", prod, "--mfa-serial", "auto")
    assert outcome.code == 0, outcome.stderr
    assert f"mfa_serial = {device.serial}\n" in home.config.read_text("utf-8")


def test_interview_asks_on_a_terminal(home: Home, user: User, role: Role) -> None:
    screen = Screen(home, "prod")
    answer(screen, {"Role ARN": role.arn})
    screen.answer(f"Write this to {home.config}?", "y")
    assert (screen.end(), user.name) == (0, "dev")
    section = f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\nregion = {REGION}\n"
    assert home.config.read_text("utf-8").endswith(section)


@pytest.mark.parametrize("words", [(), *((name,) for name in SUBCOMMANDS)], ids=" ".join)
def test_help_page_of_each_command_is_shown(home: Home, words: tuple[str, ...]) -> None:
    outcome = home.aws("configure", "role", *words, "help", environment={"PAGER": "cat", "MANPAGER": "cat"})
    if "Could not find executable" in outcome.stderr:
        pytest.skip("there is neither groff nor mandoc here")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert " ".join(("aws configure role", *words)) in outcome.stdout


def test_help_page_of_configure_lists_role(home: Home) -> None:
    outcome = home.aws("configure", "help", environment={"PAGER": "cat", "MANPAGER": "cat"})
    assert any(line.split()[-1:] == ["role"] for line in outcome.stdout.splitlines())


def test_output_is_not_paged(home: Home, prod: str) -> None:
    """On a terminal, version 2 sends results through a pager; ours are short and printed directly."""
    child = home.terminal("configure", "role", "list", environment={"AWS_PAGER": "false"})
    child.expect(prod)
    child.close()


def test_subcommand_mistyped_is_an_error_with_a_suggestion(home: Home) -> None:
    outcome = home.aws("configure", "role", "lst")
    assert outcome.code != 0
    assert "did you mean: aws configure role list" in outcome.stderr
    assert home.aws(*WHOAMI, "--profile", "nobody").code != 0


@pytest.mark.parametrize(
    ("words", "meant"),
    [("role list", "aws configure role list"), ("configure roles", "aws configure role list")],
)
def test_command_in_a_wrong_place_is_met_with_the_right_one(home: Home, words: str, meant: str) -> None:
    """Version 2 exits with 0 where a handler ends the process."""
    outcome = home.aws(*words.split())
    assert (outcome.code, outcome.stdout) == (252, "")
    assert outcome.stderr.endswith(f"; did you mean: {meant}\n")


def test_sdk_profile_runs_the_xacct_beside_the_plugin(home: Home, prod: str) -> None:
    """As in docs/hosts.md: an environment of another Python, whose packages version 2 is told to look for."""
    [path] = re.findall(r"cli_legacy_plugin_path = (.*)", home.config.read_text("utf-8"))
    environment = home.path / "venv"
    packages = environment / "lib" / "python3.14" / "site-packages"
    shutil.copytree(path, packages)
    script = environment / "bin" / "xacct"
    script.parent.mkdir()
    script.symlink_to(XACCT)
    home.config.write_text(home.config.read_text("utf-8").replace(path, str(packages)), "utf-8")
    outcome = home.aws("configure", "role", prod, "--sdk-profile", environment={"PATH": "/usr/bin:/bin"})
    assert outcome.code == 0, outcome.stderr
    assert f"credential_process = {script} credentials prod\n" in home.config.read_text("utf-8")
    assert caller_of(home, "prod-sdk") == caller_of(home, prod)


@pytest.mark.usefixtures("user")
def test_missing_region_is_mentioned_unless_a_variable_of_version_2_gives_one(home: Home, role: Role) -> None:
    command = ("configure", "role", "prod", "--role-arn", role.arn, "--dry-run")
    assert "profile prod has no region; " in home.aws(*command).stderr
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        assert "no region" not in home.aws(*command, environment={name: "eu-west-1"}).stderr
