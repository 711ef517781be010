"""A shell that evaluates what `xacct credentials --format` prints has one identity, and nothing of the one before."""

from __future__ import annotations

import os

import pytest

from tests.support import forked
from tests.support.commands import run
from tests.support.home import REGION, XACCT, Home
from tests.support.programs import need

BEFORE = {
    "AWS_ACCESS_KEY_ID": "AKIAOTHER",
    "AWS_SECRET_ACCESS_KEY": "other",
    "AWS_SESSION_TOKEN": "other",
    "AWS_SECURITY_TOKEN": "other",
    "AWS_CREDENTIAL_EXPIRATION": "2001-01-01T00:00:00Z",
    "AWS_ACCOUNT_ID": "999999999999",
    "AWS_PROFILE": "other",
    "AWS_DEFAULT_PROFILE": "other",
    "AWS_REGION": "eu-north-1",
    "AWS_DEFAULT_REGION": "eu-north-1",
    "AWS_XACCT_HANDED": "AWS_ENDPOINT_URL_S3=http://other.test\nAWS_CA_BUNDLE=/other.pem",
    "AWS_ENDPOINT_URL_S3": "http://other.test",
    "AWS_CA_BUNDLE": "/changed.pem",
}
"""An environment of another identity, in a command of `xacct exec`; one of the variables was changed since."""

SHELLS = [
    ("sh", "env", 'eval "$({})"'),
    ("bash", "env", 'set -eu; eval "$({})"'),
    ("zsh", "env", 'set -eu; eval "$({})"'),
    ("sh", "env-no-export", 'eval "$({})"'),
    ("zsh", "env-no-export", 'eval "$({})"'),
    ("fish", "fish", "{} | source"),
]


def evaluate(home: Home, profile: str, shell: str, name: str, script: str) -> dict[str, str]:
    """Return the variables of AWS that a program gets from a shell after it has evaluated the credentials."""
    need(shell)
    path = f"{forked.find_client(XACCT).parent}{os.pathsep}{os.environ['PATH']}"
    outcome = run(
        home,
        shell,
        "-c",
        f"{script.format(f'xacct credentials {profile} --format {name}')}\nenv",
        environment={**BEFORE, "PATH": path},
    )
    assert (outcome.code, outcome.stderr) == (0, "")
    found = dict(line.split("=", 1) for line in outcome.stdout.splitlines() if line.startswith("AWS_"))
    return {key: value for key, value in found.items() if home.environment.get(key) != value}


@pytest.mark.parametrize(("shell", "name", "script"), SHELLS)
def test_evaluated_role_leaves_nothing_stale(
    home: Home, prod: str, shell: str, name: str, script: str
) -> None:
    found = evaluate(home, prod, shell, name, script)
    assert found.pop("AWS_ACCESS_KEY_ID").startswith("ASIA")
    assert found.pop("AWS_CREDENTIAL_EXPIRATION") > BEFORE["AWS_CREDENTIAL_EXPIRATION"]
    secret, token = found.pop("AWS_SECRET_ACCESS_KEY"), found.pop("AWS_SESSION_TOKEN")
    assert "other" not in (secret, token)
    assert found == {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_CA_BUNDLE": "/changed.pem"}


@pytest.mark.parametrize(("shell", "name", "script"), SHELLS)
def test_evaluated_user_without_a_region_has_neither_token_nor_region(
    home: Home, shell: str, name: str, script: str
) -> None:
    home.credentials.write_text(
        "[plain]\naws_access_key_id = AKIAPLAIN\naws_secret_access_key = plain\n", "utf-8"
    )
    assert evaluate(home, "plain", shell, name, script) == {
        "AWS_ACCESS_KEY_ID": "AKIAPLAIN",
        "AWS_SECRET_ACCESS_KEY": "plain",
        "AWS_CA_BUNDLE": "/changed.pem",
    }


def test_evaluated_user_has_nothing_of_the_universal_variables_of_fish(home: Home) -> None:
    """They are exported even where another variable hides them, and erasing them is for their user to do."""
    home.credentials.write_text(
        "[plain]\naws_access_key_id = AKIAPLAIN\naws_secret_access_key = plain\n", "utf-8"
    )
    universal = ("AWS_SESSION_TOKEN", "AWS_ACCOUNT_ID", "AWS_PROFILE")
    outcome = run(
        home,
        need("fish"),
        "-c",
        f"for name in {' '.join(universal)}; set -Ux $name other; end\n"
        "xacct credentials plain --format fish | source; echo $status; env",
        environment={"PATH": f"{forked.find_client(XACCT).parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert outcome.stdout.startswith("0\n")
    assert outcome.stderr == (
        "xacct: AWS_PROFILE is a universal variable, which programs still get. Erase it: set -eU AWS_PROFILE\n"
    )
    found = dict(line.split("=", 1) for line in outcome.stdout.splitlines() if line.startswith("AWS_"))
    assert [found[name] for name in universal] == ["", "", "other"]
    assert found["AWS_ACCESS_KEY_ID"] == "AKIAPLAIN"
