"""What `aws configure role` rejects: it reports every problem and how to fix it, and does not touch the file."""

from __future__ import annotations

import os
import shlex
import socket
from dataclasses import dataclass

import pytest

from tests.sts import Sts
from tests.support.commands import DISABLED, aws_in_shell, file_state, operations, respecting_modes, run, tree
from tests.support.home import AWS, Home

ARN = "arn:aws:iam::222222222222:role/CrossAccountPowerUser"
MFA = "arn:aws:iam::111111111111:mfa/dev"
CONFIGURE = ("configure", "role")
PROD = f"[profile prod]\nrole_arn = {ARN}\nsource_profile = default\n"
LINE = "line\nregion = evil"


@dataclass(frozen=True)
class Case:
    """A rejected command, the config before it, and the texts that its error must contain."""

    arguments: tuple[str, ...]
    expected: tuple[str, ...]
    before: str = ""


def arn_case(arn: str, *expected: str) -> Case:
    return Case(("prod", "--role-arn", arn, "--source-profile", "default"), ("--role-arn", *expected))


def option_case(option: str, value: str, *expected: str) -> Case:
    return Case(
        ("prod", "--role-arn", ARN, "--source-profile", "default", option, value), (option, *expected)
    )


CASES = {
    # the role
    "not an ARN": arn_case("CrossAccountPowerUser", "arn:aws:iam::222222222222:role/NAME"),
    "a user's ARN": arn_case(
        "arn:aws:iam::222222222222:user/dev", "user", "arn:aws:iam::222222222222:role/NAME"
    ),
    "a session's ARN": arn_case("arn:aws:sts::222222222222:assumed-role/x/me", "session"),
    "an unknown partition": arn_case("arn:aws-mars:iam::222222222222:role/x", "aws-mars", "aws-us-gov"),
    "another partition": arn_case("arn:aws-cn:iam::222222222222:role/x", "aws-cn", "us-west-1"),
    "a role with a space": arn_case("arn:aws:iam::222222222222:role/my role", "'my role'", "1 to 64"),
    "a role with a line ending": arn_case(f"{ARN}\nregion = evil", "region = evil"),
    "no role": Case(("prod", "--region", "us-west-1"), ("--role-arn is missing",)),
    "a name without an account": Case(("prod", "--role-name", "x"), ("--account-id and --role-name",)),
    "an account without a name": Case(
        ("prod", "--account-id", "222222222222"), ("--account-id and --role-name",)
    ),
    "a short account id": Case(
        ("prod", "--account-id", "2222", "--role-name", "x"), ("'2222' is not 12 digits",)
    ),
    "an ARN for a name": Case(
        ("prod", "--role-name", ARN, "--region", "us-west-1"),
        (f"\n      aws configure role prod --region us-west-1 --role-arn {ARN}\n",),
    ),
    "an account id as the console shows it": Case(
        ("prod", "--account-id", "2222-2222-2222", "--role-name", "x"),
        ("--account-id '2222-2222-2222'", "did you mean 222222222222?"),
    ),
    "an ARN and an account": Case(
        ("prod", "--role-arn", ARN, "--account-id", "222222222222", "--role-name", "x"), ("leave out",)
    ),
    # the source
    "a mistyped source": Case(
        ("prod", "--role-arn", ARN, "--source-profile", "defualt"), ("'defualt'", "did you mean default?")
    ),
    "an unknown source": Case(
        ("prod", "--role-arn", ARN, "--source-profile", "xyz"),
        ("'xyz'", "there is no such profile", "default"),
    ),
    "a source without credentials": Case(
        ("prod", "--role-arn", ARN, "--source-profile", "empty"),
        ("'empty'", "has no credentials", "possible sources: default"),
        "[profile empty]\nregion = us-west-1\n",
    ),
    "the profile as its own source": Case(
        ("prod", "--role-arn", ARN, "--source-profile", "prod"), ("'prod'", "has no credentials", "default")
    ),
    "a cycle": Case(
        ("prod", "--source-profile", "deep"),
        ("prod -> deep -> prod",),
        f"{PROD}[profile deep]\nrole_arn = {ARN}\nsource_profile = prod\n",
    ),
    "two sources": Case(
        ("prod", "--role-arn", ARN, "--source-profile", "default", "--credential-source", "Environment"),
        ("--source-profile and --credential-source cannot be used together",),
    ),
    "a second source": Case(
        ("prod", "--credential-source", "Environment"),
        ("--source-profile and --credential-source cannot be used together",),
        PROD,
    ),
    "an unknown credential source": Case(
        ("prod", "--role-arn", ARN, "--credential-source", "Ec2"),
        ("'Ec2'", "Environment, Ec2InstanceMetadata, EcsContainer"),
    ),
    # the other settings
    "not a number": option_case("--duration-seconds", "1h", "'1h'", "3600 for an hour"),
    "too short": option_case("--duration-seconds", "899", "'899'", "between 900", "43200"),
    "too long": option_case("--duration-seconds", "43201", "'43201'", "between 900", "43200"),
    "too long for a chained role": Case(
        ("deep", "--role-arn", ARN, "--source-profile", "prod", "--duration-seconds", "3601"),
        ("--duration-seconds", "3600 (1 hour)", "another role"),
        PROD,
    ),
    "too long for the shared session": Case(
        ("prod", "--mfa-serial", MFA, "--duration-seconds", "3601"),
        ("--duration-seconds", "3600 (1 hour)", "shared MFA session"),
        f"{PROD}mfa_session = on\n",
    ),
    "an MFA device for a chained role": Case(
        ("deep", "--role-arn", ARN, "--source-profile", "prod", "--mfa-serial", MFA),
        ("mfa_serial cannot be used here", "IAM user"),
        PROD,
    ),
    "both for an SSO session": Case(
        (
            "d",
            "--role-arn",
            ARN,
            "--source-profile",
            "corp",
            "--duration-seconds",
            "7200",
            "--mfa-serial",
            MFA,
        ),
        (
            "mfa_serial cannot be used here",
            "3600 (1 hour)",
            "its source corp gives a role's session, from SSO",
        ),
        "[profile corp]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Dev\n"
        "mfa_serial = arn:aws:iam::111111111111:mfa/leftover\n",
    ),
    "a session name with spaces": option_case("--role-session-name", "my name", "'my name'", "2 to 64"),
    "an external id with a ]": option_case("--external-id", "a]b", "'a]b'", "2 to 1224"),
    "a security key": option_case(
        "--mfa-serial", "arn:aws:iam::111111111111:u2f/user/dev/key", "security key", "virtual or hardware"
    ),
    "a user as the device": option_case(
        "--mfa-serial", "arn:aws:iam::111111111111:user/dev", "arn:aws:iam::111111111111:mfa/NAME"
    ),
    "not a region": option_case("--region", "California", "'California'", "us-west-1"),
    # the profile
    "no profile": Case(("--role-arn", ARN), ("no profile given", "aws configure role PROFILE")),
    "two profiles": Case(("prod", "--profile", "audit", "--role-arn", ARN), ("prod", "--profile audit")),
    "nothing to set": Case(("prod",), ("no settings given", "--role-arn", "--mfa-serial", "--region")),
    "a name with a ]": Case(("x]y", "--role-arn", ARN), ("'x]y'", "]")),
    "a name with a line ending": Case(("x\n[profile y", "--role-arn", ARN), (r"x\n[profile y",)),
    "a blank name": Case((" ", "--role-arn", ARN), ("a profile needs a name",)),
}


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_configure_role_rejects_a_value_and_says_what_is_valid(home: Home, sts: Sts, case: Case) -> None:
    home.write_config(case.before)
    before = file_state(home.config), file_state(home.credentials)
    outcome = home.aws(*CONFIGURE, *case.arguments)
    assert (outcome.code in (252, 253), outcome.stdout) == (True, "")
    for words in case.expected:
        assert words in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not any(line.lstrip().startswith("region = evil") for line in outcome.lines)
    assert (file_state(home.config), file_state(home.credentials)) == before
    assert operations(sts) == []


def test_configure_role_leads_from_keys_in_the_environment_to_the_command_for_them(home: Home) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    words = ("prod", "--role-arn", ARN)
    outcome = home.aws(*CONFIGURE, *words, environment=keys)
    assert outcome.code == 253
    fix = f"aws configure role {' '.join(words)} --credential-source Environment"
    assert outcome.lines[-2:] == [
        "  - --source-profile is missing, and the profile default has no credentials; possible sources: none; "
        "create one with: aws configure. To use the keys in the environment:",
        f"      {fix}",
    ]
    assert home.aws(*shlex.split(fix)[1:], environment=keys).code == 0


@pytest.mark.usefixtures("user")
def test_configure_role_fetches_no_page_that_is_pasted(home: Home) -> None:
    """Version 1 fetched a link of the console, and took the page for the value."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        page = f"http://127.0.0.1:{server.getsockname()[1]}/switchrole"
        link = f"{page}?account=222222222222&roleName=Power"
        outcome = home.aws(*CONFIGURE, "prod", "--role-arn", link, f"--source-identity={link}")
        external = home.aws(*CONFIGURE, "prod", "--role-arn", ARN, f"--external-id={page}")
        manifest = home.aws(*CONFIGURE, "import", link)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert (outcome.code, external.code, manifest.code) == (252, 0, 252)
    likely = "arn:aws:iam::222222222222:role/Power"
    assert (
        outcome.lines[1] == f"  - --role-arn {link!r}: this is the address of a page; did you mean {likely}?"
    )
    assert outcome.lines[2].startswith(f"  - --source-identity {link!r}: ")
    assert f"external_id = {page}\n" in home.config.read_text("utf-8")


@pytest.mark.usefixtures("user")
def test_configure_role_reports_every_problem_at_once(home: Home) -> None:
    home.write_config("[profile prod]\nsso_session = corp\nregion = eu-west-1\n")
    before = file_state(home.config)
    outcome = home.aws(
        *(*CONFIGURE, "prod", "--role-arn", "arn:aws:iam::222222222222:user/dev", "--external-id", "x y"),
        *("--mfa-serial", "arn:aws:iam::111111111111:u2f/key", "--role-session-name", "my name"),
        *("--duration-seconds", "1h", "--source-profile", "defualt", "--region", "California"),
    )
    assert (outcome.code, outcome.stdout) == (252, "")
    heading, *faults = outcome.lines
    assert heading == "profile prod was not written, because"
    assert [fault.split()[1] for fault in faults if fault.startswith("  - ")] == [
        *("--role-arn", "--mfa-serial", "--external-id", "--role-session-name"),
        *("--duration-seconds", "--region", "--source-profile", "profile"),
    ]
    assert file_state(home.config) == before


def test_configure_role_rejects_a_line_ending_in_every_value(home: Home) -> None:
    """A value must not be able to add other settings to the file."""
    options = [
        *("--external-id", "--role-session-name", "--mfa-serial", "--duration-seconds", "--region"),
        *("--source-profile", "--role-arn"),
    ]
    before = file_state(home.config)
    arguments = [word for option in options for word in (option, f"{ARN}\nevil = 1")]
    outcome = home.aws(*CONFIGURE, "prod", *arguments)
    assert (outcome.code, outcome.stdout) == (252, "")
    assert {fault.split()[1] for fault in outcome.lines[1:]} == set(options)
    assert file_state(home.config) == before


CLASHES = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "sso_session",
    "web_identity_token_file",
)


@pytest.mark.usefixtures("user")
def test_configure_role_rejects_a_profile_with_other_credentials(home: Home) -> None:
    home.write_config("[profile prod]\n" + "".join(f"{setting} = x\n" for setting in CLASHES))
    before = file_state(home.config)
    outcome = home.aws(*CONFIGURE, "prod", "--role-arn", ARN)
    assert (outcome.code, outcome.stdout) == (252, "")
    fault, fix = outcome.lines[1:]
    assert "profile prod also has" in fault
    assert fix == f"      aws configure role prod --role-arn {ARN} --force"
    assert [setting for setting in CLASHES if setting not in fault] == []
    assert file_state(home.config) == before


def test_configure_role_rejects_a_role_that_the_credentials_file_overrides(home: Home, sts: Sts) -> None:
    home.add_keys(sts.add_user("dev"))
    home.add_keys(sts.add_user("ops"), "prod")
    outcome = home.aws(*CONFIGURE, "prod", "--role-arn", ARN)
    assert outcome.code == 252
    assert "profile prod also has aws_access_key_id, aws_secret_access_key, and" in outcome.stderr


def test_configure_role_does_not_guess_a_source_profile(home: Home, sts: Sts) -> None:
    home.add_keys(sts.add_user("dev"), "dev")
    before = file_state(home.config)
    outcome = home.aws(*CONFIGURE, "prod", "--role-arn", ARN)
    assert outcome.code == 253
    assert "--source-profile is missing" in outcome.stderr
    assert "possible sources: dev" in outcome.stderr
    assert file_state(home.config) == before


# -- files that cannot be written or read ----------------------------------------------------------


@pytest.mark.usefixtures("user")
def test_config_directory_without_write_permission_is_an_error(home: Home) -> None:
    before, names = file_state(home.config), tree(home)
    home.aws_dir.chmod(0o500)
    command = [str(AWS), *CONFIGURE, "prod", "--role-arn", ARN]
    outcome = run(home, *respecting_modes(), *command)
    home.aws_dir.chmod(0o700)
    assert (outcome.code, outcome.stdout) == (255, "")
    assert str(home.aws_dir) in outcome.stderr
    assert "Permission denied" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert (file_state(home.config), tree(home)) == (before, names)


@pytest.mark.usefixtures("user")
def test_credentials_file_unreadable_is_an_error(home: Home) -> None:
    """Without that file it is unknown whether the source profile has credentials."""
    before = file_state(home.config)
    home.credentials.chmod(0o000)
    outcome = run(home, *respecting_modes(), str(AWS), *CONFIGURE, "prod", "--role-arn", ARN)
    assert (outcome.code, outcome.stdout) == (253, "")
    assert f"{home.credentials} cannot be read: Permission denied" in outcome.stderr
    assert file_state(home.config) == before


@pytest.mark.usefixtures("user")
def test_config_file_survives_a_full_disk(home: Home) -> None:
    before = file_state(home.config)
    outcome = run(home, *aws_in_shell("ulimit -f 0", *CONFIGURE, "prod", "--role-arn", ARN))
    assert (outcome.code, outcome.stdout) == (255, "")
    assert f"{home.config} cannot be written: File too large" in outcome.stderr
    assert file_state(home.config) == before
    assert [name for name in tree(home) if name.endswith(".tmp")] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@pytest.mark.usefixtures("user")
def test_config_file_of_another_user_is_not_changed(home: Home) -> None:
    os.chown(home.config, 54321, 54321)
    before = file_state(home.config)
    for verify in ([], ["--verify"]):  # which fails before it calls: nothing answers for this role
        outcome = home.aws(*CONFIGURE, "prod", "--role-arn", ARN, *verify)
        assert (outcome.code, outcome.stdout) == (253, "")
        assert outcome.stderr.startswith(
            f"{home.config} belongs to another user; nothing was written. Fix it with"
        )
    for preview in ([], ["--dry-run"]):
        invalid = home.aws(*CONFIGURE, "prod", "--role-arn", "Power", "--duration-seconds", "5", *preview)
        for text in ("--role-arn", "--duration-seconds", f"{home.config} belongs to another user"):
            assert text in invalid.stderr
    assert file_state(home.config) == before


@pytest.mark.parametrize(
    "text",
    ["[profile a]\nregion = x\n[profile a]\nregion = y\n", "[profile a]\ns3 =\n  no equals sign\n"],
    ids=["a section twice", "a block without ="],
)
def test_config_file_that_botocore_rejects_fails_before_the_plugin_loads(home: Home, text: str) -> None:
    """We cannot report the location: the CLI has to read the file to find its plugins."""
    home.write_config(text)
    before = file_state(home.config)
    outcome = home.aws(*CONFIGURE, "prod", "--role-arn", ARN)
    assert outcome == home.aws(*CONFIGURE, "prod", "--role-arn", ARN, environment=DISABLED)
    assert outcome.lines[-1].endswith(f"Unable to parse config file: {home.config}")
    assert file_state(home.config) == before
