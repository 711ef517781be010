"""`xacct`, `aws configure role` and role profiles where programs have copies of the config files: the user's own count.

That is so in what `xacct exec --serve` starts, and in a shell with the variables of `xacct serve`.
"""

import json
import os
import shlex
import sys
from collections.abc import Iterator

import pytest

from awscli_xacct import copies, settings
from awscli_xacct.cli.serving import hide_default
from awscli_xacct.xacct_program import find_program
from tests.sts import MfaDevice, Role, Sts, User
from tests.support import forked
from tests.support.commands import caller_arn, is_session_of
from tests.support.home import AWS, XACCT, Home, Outcome

from .served import CONFIG, CREDENTIALS, TOKEN, URI, serving

pytestmark = pytest.mark.usefixtures("user", "prod")

COPIES = settings.COPIES_VARIABLE


@pytest.fixture
def audit(home: Home, audit_role: Role, user: User) -> str:
    """A profile that the user assumes directly, and that is not served."""
    audit_role.trusts.append(user.arn)
    home.add_role("audit", audit_role.arn)
    return "audit"


def in_served_shell(home: Home, script: str, **environment: str) -> Outcome:
    """Run a script where the profile prod is served."""
    programs = [str(forked.find_client(command).parent) for command in (AWS, XACCT)]
    path = os.pathsep.join([*programs, home.environment["PATH"]])
    words = ("exec", "--serve", "prod", "--", "sh", "-c", script)
    return home.xacct(*words, environment={"PATH": path, **environment})


def read_documents(text: str) -> Iterator[dict[str, str]]:
    """Yield the JSON documents that one command after the other has printed."""
    while text.strip():
        found, end = json.JSONDecoder().raw_decode(text)
        yield found
        text = text[end:].lstrip()


def test_served_shell_lists_and_writes_the_users_own_files(home: Home, audit: str, role: Role) -> None:
    before = home.config.read_text("utf-8")
    script = f"aws configure role list --output json; aws configure role new --role-arn {role.arn} 2>&1"
    outcome = in_served_shell(home, script)
    listed, text = json.JSONDecoder().raw_decode(outcome.stdout)
    assert [(each["Profile"], each["Problem"]) for each in listed] == [("prod", None), (audit, None)]
    assert f"wrote profile new to {home.config}\ntry it: xacct whoami --check new\n" in outcome.stdout[text:]
    assert outcome.stdout.endswith(f"{copies.EXPLANATION}\n")
    assert home.config.read_text("utf-8") == (
        f"{before}[profile new]\nrole_arn = {role.arn}\nsource_profile = default\n"
    )


def test_served_shell_runs_role_profiles_as_anywhere(
    home: Home, sts: Sts, audit: str, audit_role: Role, role: Role
) -> None:
    """The one that is served, too: from the same record."""
    whoami = "aws sts get-caller-identity"
    outcome = in_served_shell(home, f"{whoami}; {whoami} --profile prod; AWS_PROFILE={audit} {whoami}")
    callers = [each["Arn"] for each in read_documents(outcome.stdout)]
    assert outcome.stderr == ""
    assert [is_session_of(role, caller) for caller in callers] == [True, True, False]
    assert is_session_of(audit_role, callers[2])
    assert len(sts.calls_of("AssumeRole")) == 2


def test_served_shell_of_xacct(home: Home, sts: Sts, audit: str) -> None:
    script = f"xacct credentials {audit} >/dev/null; xacct status --json; xacct exec {audit} -- env"
    outcome = in_served_shell(home, script)
    assert outcome.stderr == ""
    found, end = json.JSONDecoder().raw_decode(outcome.stdout)
    assert [(each["Profile"], each["Current"]) for each in found] == [("prod", True), (audit, True)]
    lines = outcome.stdout[end:].splitlines()
    assert any(line.startswith("AWS_ACCESS_KEY_ID=") for line in lines)
    assert not [line for line in lines if line.partition("=")[0] in (URI, TOKEN, CONFIG, CREDENTIALS, COPIES)]
    assert len(sts.calls_of("AssumeRole")) == 2


def test_served_shell_serves_another_profile(home: Home, audit: str, audit_role: Role) -> None:
    whoami = "aws sts get-caller-identity"
    outcome = in_served_shell(home, f"xacct exec --serve {audit} -- {whoami}")
    assert is_session_of(audit_role, caller_arn(outcome))


def test_served_shell_of_files_in_other_places(home: Home, audit: str) -> None:
    """Relative paths, too, and whatever their names contain; a file that somebody has chosen there is left alone."""
    place = home.path / "a:b%3A"
    place.mkdir()
    config, credentials = (path.rename(place / path.name) for path in (home.config, home.credentials))
    named = {CONFIG: os.path.relpath(config), CREDENTIALS: "$HOME/a:b%3A/credentials"}
    script = "cd /; xacct exec audit -- env; AWS_CONFIG_FILE=/dev/null xacct credentials audit"
    outcome = in_served_shell(home, script, **named)
    lines = outcome.stdout.splitlines()
    assert {f"{CONFIG}={config}", f"{CREDENTIALS}={credentials}"} <= set(lines)
    assert (outcome.code, outcome.stderr.startswith(f"xacct: there is no profile {audit}")) == (253, True)


def test_served_shell_of_a_program_that_runs_one_aws_after_the_other(
    home: Home, audit: str, audit_role: Role, role: Role
) -> None:
    """A server that embeds awscli does. After a role, and after a command of ours, `[default]` must still be hidden."""
    program = (
        "from awscli.clidriver import main\nimport sys\n"
        f"for words in ('--profile {audit}', 'role', ''):\n"
        "    sys.argv = ['aws', *(['configure', 'role', 'list'] if words == 'role' else\n"
        "                         ['sts', 'get-caller-identity', '--query', 'Arn', *words.split()])]\n"
        "    main()\n"
    )
    words = ("exec", "--serve", "prod", "--", sys.executable, "-c", program)
    outcome = home.xacct(*words)
    assert (outcome.code, outcome.stderr) == (0, "")
    first, *listed, last = outcome.stdout.splitlines()
    assert is_session_of(audit_role, json.loads(first))
    assert len(listed) == 3
    assert is_session_of(role, json.loads(last))


def test_served_shell_whoami(home: Home, audit: str) -> None:
    """It says what an `aws` there would use: the server, unless another profile is named or there are keys."""
    with home.config.open("a", encoding="utf-8") as file:
        file.write("[profile eu]\nregion = eu-west-1\n")
    script = (
        f"xacct whoami --json; xacct whoami --check --json; AWS_PROFILE=eu xacct whoami --json;"
        f"xacct whoami {audit} --json; AWS_PROFILE={audit} xacct whoami --json;"
        f'eval "$(xacct credentials {audit} --format env)"; xacct whoami --json'
    )
    outcome = in_served_shell(home, script)
    found = list(read_documents(outcome.stdout))
    assert [(each["Profile"], each["Source"]) for each in found] == [
        *[(None, "EcsContainer")] * 3,
        *[(audit, "default")] * 2,
        (audit, "Environment"),
    ]
    assert ":assumed-role/Power/" in found[1]["Caller"]
    assert outcome.stderr == "these are served by xacct: xacct whoami prod\n" * 3


def test_served_shell_never_takes_the_hidden_default(home: Home, role: Role, device: MfaDevice) -> None:
    """Not where it has settings that our provider is for, either: `--profile default` stays what it was there."""
    code = f"mfa_process = echo {device.next_code()}"
    home.write_config(f"mfa_session = on\nmfa_serial = {device.serial}\n{code}\n\n")
    home.add_role("prod", role.arn)
    for option in ("", " --profile default"):
        outcome = in_served_shell(home, f"aws sts get-caller-identity{option}")
        assert is_session_of(role, caller_arn(outcome))


def test_served_shell_of_another_users_keys(home: Home, sts: Sts) -> None:
    """Without them, SDKs would run this profile with the credentials that are served."""
    other = sts.add_user("other")
    home.add_keys(other, "other")
    outcome = in_served_shell(home, 'cat "$AWS_CONFIG_FILE" >&2; aws sts get-caller-identity --profile other')
    assert caller_arn(outcome) == other.arn
    assert other.secret_key not in outcome.stderr


def test_hidden_config_has_what_the_credentials_file_says_of_other_profiles() -> None:
    credentials = (
        "[a]\nrole_arn = r\nsource_profile = b\n[b]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
        "aws_session_token = t\naws_security_token = t\n"
    )
    hidden = hide_default(b"[profile a]\nregion = x\n", credentials.encode(), "config", "credentials")
    assert hidden.decode() == (
        "[profile a]\nregion = x\nrole_arn = r\nsource_profile = b\n\n"
        f"[profile b]\ncredential_process = {shlex.join(find_program())} credentials b\n"
    )


def test_hidden_config_without_what_it_cannot_hold() -> None:
    credentials = "[it's]\naws_access_key_id = AKIA\n[a]b]\naws_access_key_id = AKIA\n[c]\nregion = x\n"
    hidden = hide_default(b"", credentials.encode(), "config", "credentials").decode()
    assert hidden.endswith("[profile c]\nregion = x\n")


def test_served_shell_after_its_server_has_ended(home: Home, audit: str) -> None:
    with serving(home, "prod") as server:
        variables = server.variables
        states = [find_server(home, variables)]
    states.append(find_server(home, variables))
    assert [state for state, _ in states] == ["ok", "fault"]
    fix = states[1][1]
    outcome = in_served_shell(home, f"{fix}; aws configure list-profiles 2>/dev/null; env", **variables)
    names = [line.partition("=")[0] for line in outcome.stdout.splitlines()]
    assert not {URI, TOKEN, CONFIG, CREDENTIALS, COPIES} & set(names)
    assert home.xacct("credentials", audit, environment=variables).code == 0


def find_server(home: Home, variables: dict[str, str]) -> tuple[str, str]:
    """Return the state and the fix of what doctor says about the server."""
    aws = str(forked.find_client(AWS))
    outcome = home.xacct("doctor", "--json", "--aws", aws, environment=variables)
    (found,) = [each for each in json.loads(outcome.stdout)["Checks"] if each["Check"] == "variables"]
    assert "server of xacct" in found["Text"]
    return found["State"], found["Fix"]


def test_copies_are_put_back_from_any_value() -> None:
    """Whatever the variable is, a command does not fail because of it."""
    for value in ("", ":", "/x", "/x:/y", "/x:/y:/z:/w", "%", "%3A%3A"):
        environment = {COPIES: value, CONFIG: "/mine/config", URI: "http://x"}
        copies.put_back(environment)
        assert environment == {CONFIG: "/mine/config", URI: "http://x"}
    assert copies.put_aside == {}
