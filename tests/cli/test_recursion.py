"""Programs that ask for what they are to give: found out at once, with the circle in the message."""

from __future__ import annotations

import shlex

import pytest

from tests.sts import Sts, User
from tests.support.commands import WHO
from tests.support.home import AWS, XACCT, Home


def add_program(home: Home, profile: str, *command: object) -> None:
    words = " ".join(shlex.quote(str(word)) for word in command)
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile {profile}]\ncredential_process = {words}\n\n")


def mended(profile: str) -> str:
    return f"aws configure set credential_process COMMAND --profile {profile}"


def test_a_program_that_asks_for_its_own_profile(home: Home) -> None:
    add_program(home, "a", XACCT, "credentials", "a")
    outcome = home.xacct("credentials", "a")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert "credential_process recursion: a -> a." in outcome.stderr
    assert mended("a") in outcome.stderr


def test_two_programs_that_ask_for_each_others(home: Home) -> None:
    add_program(home, "a", XACCT, "credentials", "b")
    add_program(home, "b", XACCT, "credentials", "a")
    outcome = home.xacct("credentials", "a")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert "credential_process recursion: a -> b -> a." in outcome.stderr


@pytest.mark.parametrize(
    ("asked", "circle"), [("a", "a -> b -> c -> a"), ("b", "b -> c -> b"), ("c", "c -> c")]
)
@pytest.mark.parametrize("by", ["aws", "xacct"])
def test_a_program_at_the_beginning_of_a_chain_that_asks_for_a_part_of_it(
    home: Home, sts: Sts, by: str, asked: str, circle: str
) -> None:
    """It would wait for a lock that its own ancestor holds."""
    home.add_role("a", "arn:aws:iam::222222222222:role/A", source_profile="b")
    home.add_role("b", "arn:aws:iam::222222222222:role/B", source_profile="c")
    add_program(home, "c", XACCT, "credentials", asked)
    outcome = home.aws(*WHO, "--profile", "a") if by == "aws" else home.xacct("credentials", "a")
    assert (outcome.code, outcome.stdout) == (255, "")
    assert f"credential_process recursion: {circle}." in outcome.stderr
    assert mended("c") in outcome.stderr
    assert sts.calls == []


def test_a_program_that_asks_through_aws(home: Home, sts: Sts) -> None:
    home.add_role("a", "arn:aws:iam::222222222222:role/A", source_profile="c")
    add_program(home, "c", AWS, *WHO, "--profile", "a")
    outcome = home.aws(*WHO, "--profile", "a")
    assert outcome.code == 255
    assert "credential_process recursion: a -> c -> a." in outcome.stderr
    assert sts.calls == []


def test_another_profile_of_the_same_role_is_in_the_circle_too(home: Home) -> None:
    """Its credentials are in the same record, and so under the same lock."""
    for name in ("a", "twin"):
        home.add_role(name, "arn:aws:iam::222222222222:role/A", source_profile="c")
    add_program(home, "c", XACCT, "credentials", "twin")
    outcome = home.aws(*WHO, "--profile", "a")
    assert outcome.code == 255
    assert "credential_process recursion: c -> twin -> c." in outcome.stderr


def test_a_profile_of_the_same_name_in_another_file_is_another_profile(home: Home, user: User) -> None:
    other = home.path / "elsewhere"
    home.credentials.rename(other)
    add_program(
        home, "default", "env", f"AWS_SHARED_CREDENTIALS_FILE={other}", XACCT, "credentials", "default"
    )
    home.config.write_text(home.config.read_text("utf-8").replace("[default]\n", "", 1), "utf-8")
    outcome = home.xacct("credentials", "default")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert user.access_key in outcome.stdout


def test_a_program_may_ask_for_any_other_profile(home: Home, user: User, prod: str) -> None:
    add_program(home, "outer", XACCT, "credentials", prod)
    outcome = home.xacct("credentials", "outer")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert '"ASIA' in outcome.stdout
    assert user.access_key not in outcome.stdout


@pytest.mark.usefixtures("user")
def test_what_a_stranger_puts_into_the_variable_is_no_circle(home: Home, prod: str) -> None:
    for nonsense in ("", "prod", "{}", "[1]", '[["prod"]]', "[" * 9999):
        outcome = home.xacct("credentials", prod, environment={"AWS_XACCT_RESOLVING": nonsense})
        assert (outcome.code, outcome.stderr) == (0, ""), nonsense
        for record in home.records():
            record.unlink()
