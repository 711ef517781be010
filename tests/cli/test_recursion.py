"""credential_process recursion: it is found at once, and the message shows the cycle."""

from __future__ import annotations

import shlex

import pytest

from tests.sts import Sts, User
from tests.support.commands import WHOAMI
from tests.support.home import AWS, XACCT, Home


def add_program(home: Home, profile: str, *command: object) -> None:
    words = " ".join(shlex.quote(str(word)) for word in command)
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile {profile}]\ncredential_process = {words}\n\n")


def fix(profile: str) -> str:
    return f"aws configure set credential_process COMMAND --profile {profile}"


def test_recursion_of_a_program_into_its_own_profile(home: Home) -> None:
    add_program(home, "a", XACCT, "credentials", "a")
    outcome = home.xacct("credentials", "a")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "credential_process recursion: a -> a." in outcome.stderr
    assert fix("a") in outcome.stderr


def test_recursion_between_two_programs(home: Home) -> None:
    add_program(home, "a", XACCT, "credentials", "b")
    add_program(home, "b", XACCT, "credentials", "a")
    outcome = home.xacct("credentials", "a")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "credential_process recursion: a -> b -> a." in outcome.stderr


@pytest.mark.parametrize(
    ("asked", "cycle"), [("a", "a -> b -> c -> a"), ("b", "b -> c -> b"), ("c", "c -> c")]
)
@pytest.mark.parametrize("by", ["aws", "xacct"])
def test_recursion_from_the_source_of_a_chain(home: Home, sts: Sts, by: str, asked: str, cycle: str) -> None:
    """The program would wait for a lock that its own ancestor holds."""
    home.add_role("a", "arn:aws:iam::222222222222:role/A", source_profile="b")
    home.add_role("b", "arn:aws:iam::222222222222:role/B", source_profile="c")
    add_program(home, "c", XACCT, "credentials", asked)
    outcome = home.aws(*WHOAMI, "--profile", "a") if by == "aws" else home.xacct("credentials", "a")
    assert (outcome.code, outcome.stdout) == (255 if by == "aws" else 253, "")
    assert f"credential_process recursion: {cycle}." in outcome.stderr
    assert fix("c") in outcome.stderr
    assert sts.calls == []


def test_recursion_through_aws(home: Home, sts: Sts) -> None:
    home.add_role("a", "arn:aws:iam::222222222222:role/A", source_profile="c")
    add_program(home, "c", AWS, *WHOAMI, "--profile", "a")
    outcome = home.aws(*WHOAMI, "--profile", "a")
    assert outcome.code == 255
    assert "credential_process recursion: a -> c -> a." in outcome.stderr
    assert sts.calls == []


def test_recursion_through_another_profile_of_the_same_role(home: Home) -> None:
    """Both profiles share a record, and so its lock."""
    for name in ("a", "twin"):
        home.add_role(name, "arn:aws:iam::222222222222:role/A", source_profile="c")
    add_program(home, "c", XACCT, "credentials", "twin")
    outcome = home.aws(*WHOAMI, "--profile", "a")
    assert outcome.code == 255
    assert "credential_process recursion: c -> twin -> c." in outcome.stderr


def test_recursion_is_not_a_profile_of_the_same_name_in_another_file(home: Home, user: User) -> None:
    other = home.path / "elsewhere"
    home.credentials.rename(other)
    add_program(
        home, "default", "env", f"AWS_SHARED_CREDENTIALS_FILE={other}", XACCT, "credentials", "default"
    )
    home.config.write_text(home.config.read_text("utf-8").replace("[default]\n", "", 1), "utf-8")
    outcome = home.xacct("credentials", "default")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert user.access_key in outcome.stdout


def test_recursion_is_not_a_program_asking_for_another_profile(home: Home, user: User, prod: str) -> None:
    add_program(home, "outer", XACCT, "credentials", prod)
    outcome = home.xacct("credentials", "outer")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert '"ASIA' in outcome.stdout
    assert user.access_key not in outcome.stdout


@pytest.mark.usefixtures("user")
def test_recursion_variable_with_nonsense_is_ignored(home: Home, prod: str) -> None:
    for nonsense in ("", "prod", "{}", "[1]", '[["prod"]]', "[" * 9999):
        outcome = home.xacct("credentials", prod, environment={"AWS_XACCT_RESOLVING": nonsense})
        assert (outcome.code, outcome.stderr) == (0, ""), nonsense
        for record in home.records():
            record.unlink()
