"""Where the form of errors can be asked for, and which values it may have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sts import Sts, User
from tests.support.commands import WHOAMI, operations
from tests.support.home import Home, Outcome

JSON = ("--cli-error-format", "json")
VARIABLE = "AWS_CLI_ERROR_FORMAT"
WORDS = "there is no profile nobody"


def is_json(outcome: Outcome) -> bool:
    """Return whether an error is one JSON object, which no words come before; otherwise it is in words."""
    if outcome.stderr.startswith("{"):
        assert outcome.stderr.count("\n") == 1
        found: dict[str, Any] = json.loads(outcome.stderr)
        assert list(found) == ["Code", "Message", "Profile", "Hop", "Fix"]
        return True
    assert "{" not in outcome.stderr
    return False


@pytest.fixture
def prod(home: Home, sts: Sts, user: User) -> str:
    """The name of a role profile that works."""
    home.add_role("prod", sts.add_role("Power", trusts=[user.arn]).arn)
    return "prod"


@pytest.mark.parametrize(
    "command",
    [
        ("xacct", "credentials", "nobody", *JSON),
        ("xacct", "credentials", "--cli-error-format=json", "nobody"),
        ("xacct", "exec", *JSON, "nobody", "--", "true", "--cli-error-format", "text"),
        ("xacct", "exec", "nobody", *JSON, "--", "true"),
        ("xacct", "exec", "--policy", "x", "nobody", *JSON, "true"),
        ("xacct", "each", *JSON, "nobody", "--", "true"),
        ("xacct", "role", *JSON, "show", "nobody"),
        ("aws", "configure", "role", *JSON, "show", "nobody"),
        ("aws", "configure", "role", "show", *JSON, "nobody"),
        ("aws", "configure", "role", "show", "nobody", "--cli-error-format", "JSON"),
        ("aws", "configure", "role", *JSON, "nobody"),
    ],
    ids=" ".join,
)
def test_option_is_understood_anywhere_and_overrides_the_variable(
    home: Home, command: tuple[str, ...]
) -> None:
    program, *arguments = command
    outcome = (home.xacct if program == "xacct" else home.aws)(*arguments, environment={VARIABLE: "text"})
    assert (outcome.code in (252, 253), outcome.stdout, is_json(outcome)) == (True, "", True)


def test_option_belongs_to_the_command_behind_the_dashes(home: Home, sts: Sts, prod: str) -> None:
    outcome = home.xacct("exec", prod, "--", "echo", *JSON)
    assert (outcome.code, outcome.stdout, len(sts.calls)) == (0, "--cli-error-format json\n", 1)


@pytest.mark.parametrize("value", ["legacy", "enhanced", "text", "table", "yaml", ""])
def test_other_values_of_version_2_are_words(home: Home, value: str) -> None:
    outcome = home.xacct("credentials", "nobody", environment={VARIABLE: value})
    assert (outcome.code, is_json(outcome)) == (253, False)
    assert WORDS in outcome.stderr


def test_key_of_the_profile_comes_before_that_of_default(home: Home) -> None:
    home.write_config(
        "cli_error_format = json\n\n[profile a]\nrole_arn = x\n\n"
        "[profile b]\nrole_arn = x\ncli_error_format = text\n"
    )
    for run in (home.xacct, lambda *words: home.aws("configure", *words)):
        show = ("credentials",) if run == home.xacct else ("role", "verify")
        assert error_is_json(run(*show, "nobody"))
        assert error_is_json(run(*show, "a"))
        assert not error_is_json(run(*show, "b"))


def error_is_json(outcome: Outcome) -> bool:
    """Return whether the last line on stderr is an object; some commands report progress before."""
    assert outcome.code in (252, 253)
    return outcome.stderr.splitlines()[-1].startswith("{")


def test_faulty_value_is_a_usage_error_even_of_a_command_that_would_work(
    home: Home, sts: Sts, prod: str
) -> None:
    assert home.xacct("credentials", prod).code == 0
    sts.clear_calls()
    for given, environment in (("json5", {}), (None, {VARIABLE: "json5"})):
        option = () if given is None else ("--cli-error-format", given)
        for outcome in (
            home.xacct("credentials", prod, *option, environment=environment),
            home.xacct("status", *option, environment=environment),
            home.aws("configure", "role", "list", *option, environment=environment),
        ):
            assert (outcome.code, outcome.stdout) == (252, "")
            assert "'json5' must be one of legacy, json, enhanced, text, table, yaml" in outcome.stderr
    with home.config.open("a") as file:
        file.write("[profile own]\ncli_error_format = json5\n")
    for outcome in (home.xacct("credentials", "own"), home.aws("configure", "role", "show", "own")):
        assert (outcome.code, outcome.stdout) == (252, "")
        assert "cli_error_format of profile own 'json5' must be one of" in outcome.stderr
    assert home.aws(*WHOAMI, "--profile", prod, environment={VARIABLE: "json5"}).code == 0
    assert home.xacct("credentials", "--cli-error-format").code == 252
    assert operations(sts) == ["GetCallerIdentity"]


def test_any_other_command_ends_an_error_with_the_object(home: Home, sts: Sts, user: User) -> None:
    device = "arn:aws:iam::111111111111:mfa/dev"
    home.add_role("mfa", sts.add_role("Power", trusts=[user.arn]).arn, mfa_serial=device)
    home.add_role("loop", "arn:aws:iam::222222222222:role/R", source_profile="loop")
    home.add_role("asks", "arn:aws:iam::222222222222:role/R", mfa_serial=device, cli_error_format="json")
    environment = {VARIABLE: "json"}
    for outcome, code, profile in (
        (home.aws(*WHOAMI, "--profile", "mfa", environment=environment), "LoginRequired", "mfa"),
        (home.aws(*WHOAMI, "--profile", "asks"), "LoginRequired", "asks"),
        (home.aws(*WHOAMI, "--profile", "loop", environment=environment), "ProfileInvalid", "loop"),
    ):
        words, _, last = outcome.stderr.strip().rpartition("\n")
        found = json.loads(last)
        assert words
        assert (outcome.code, outcome.stdout) == (255, "")
        assert (found["Code"], found["Profile"], found["Hop"]) == (code, profile, profile)
        assert found["Fix"].startswith("aws configure role ")


def test_object_holds_no_secret_and_quotes_nothing_twice(home: Home, user: User) -> None:
    home.add_role("prod", "arn:aws:iam::222222222222:role/R", source_profile="https://me:hunter2@host")
    for outcome in (home.xacct("credentials", "prod", *JSON), home.xacct("credentials", "é\x1b", *JSON)):
        assert is_json(outcome)
        assert "hunter2" not in outcome.stderr
        assert user.secret_key not in outcome.stderr
        assert outcome.stderr.isascii()
    assert "no profile é\x1b;" in json.loads(outcome.stderr)["Message"]


def test_fast_path_serves_a_command_line_with_the_option(home: Home, sts: Sts, prod: str) -> None:
    first = home.xacct("credentials", prod, *JSON)
    again = home.xacct("credentials", prod, *JSON)
    assert (first.code, again, len(sts.calls)) == (0, first, 1)
