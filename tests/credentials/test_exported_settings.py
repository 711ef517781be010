"""`xacct exec` and `each`: a command also gets the profile's client settings for which there are variables."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping

import botocore.session
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from awscli_xacct import settings as settings_module
from awscli_xacct.cli import launch
from awscli_xacct.cli.resolve import read_config, resolve_in
from awscli_xacct.credentials.exported_settings import export_settings
from awscli_xacct.credentials.sts import Sts
from tests.cli.steps import age_config_files
from tests.configfile.texts import quickly
from tests.credentials.test_profile_session import (
    CHOICES,
    KEYS,
    LOADER,
    SERVICES,
    Machine,
    clean,
    machine,
    remove_settings,
    seen,
    variables,
    with_region,
)
from tests.sts import Sts as SmallSts
from tests.sts import User
from tests.support.home import XACCT, Home

__all__ = ["clean", "machine"]

DUMP = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('AWS_')}))"


def add_lines(home: Home, profile: str, *lines: str) -> None:
    """Add lines to an existing section."""
    header = f"[{profile}]\n"
    text = home.config.read_text("utf-8")
    assert header in text
    home.config.write_text(text.replace(header, header + "".join(f"{line}\n" for line in lines)), "utf-8")


# -- processes -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("command", ["exec", "each"])
def test_exported_settings_are_the_profiles_and_not_those_of_default(
    home: Home, prod: str, command: str
) -> None:
    """First without a memo, then with one. The environment overrides them, as it does everywhere."""
    add_lines(
        home,
        "profile prod",
        "use_fips_endpoint = true",
        "ca_bundle = /ours.pem",
        "retry_mode = standard",
        "services = s",
    )
    add_lines(home, "default", "use_dualstack_endpoint = true")
    with home.config.open("a", encoding="utf-8") as file:
        file.write(
            "[services s]\ns3 =\n  endpoint_url = https://s3.example.com\nelastic_beanstalk =\n  endpoint_url = https://eb\n"
        )
    age_config_files(home)
    for _ in range(2):
        outcome = home.xacct(
            command, prod, "--", sys.executable, "-c", DUMP, environment={"AWS_RETRY_MODE": "adaptive"}
        )
        assert (outcome.code, outcome.stderr) == (0, "")
        found = json.loads(outcome.stdout.partition("| ")[2] or outcome.stdout)
        expected = {
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_USE_DUALSTACK_ENDPOINT": "false",
            "AWS_CA_BUNDLE": "/ours.pem",
            "AWS_RETRY_MODE": "adaptive",
            "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
            "AWS_ENDPOINT_URL_ELASTIC_BEANSTALK": "https://eb",
        }
        assert {name: found.get(name) for name in expected} == expected
    assert list(home.aws_dir.glob("xacct/resolved/*.memo")) or command == "each"


@pytest.mark.usefixtures("user")
def test_exported_settings_of_a_nested_command_are_the_inner_profiles(
    home: Home, sts: SmallSts, user: User, prod: str
) -> None:
    """Those of the outer command look as if the user had set them, which would override the profile."""
    role = sts.add_role("Audit", account="333333333333", trusts=[user.arn])
    home.add_role("audit", role.arn, retry_mode="adaptive")
    add_lines(home, "profile prod", "retry_mode = standard", "ca_bundle = /ours.pem", "max_attempts = 4")
    inner = f"AWS_MAX_ATTEMPTS=7 {XACCT} exec audit -- {sys.executable} -c {shlex.quote(DUMP)}"
    outcome = home.xacct("exec", prod, "--", "sh", "-c", inner)
    assert (outcome.code, outcome.stderr) == (0, "")
    found = json.loads(outcome.stdout)
    assert found["AWS_ACCOUNT_ID"] == "333333333333"
    assert (found["AWS_RETRY_MODE"], found["AWS_MAX_ATTEMPTS"]) == ("adaptive", "7")
    assert "AWS_CA_BUNDLE" not in found


# -- every setting ---------------------------------------------------------------------------------


def make_child_environment(machine: Machine, profile: str) -> dict[str, str]:
    """Return the environment of a command that runs with the credentials of a profile."""
    memo = resolve_in(read_config(), profile).memo
    document = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t"}
    assert machine
    return launch.build_environment(document, memo, dict(os.environ))


def describe_client(environment: Mapping[str, str]) -> object:
    os.environ.clear()
    os.environ.update(environment)
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    return seen(lambda: Sts(session.create_client, KEYS, region=None, quick=False))


switches = st.fixed_dictionaries(
    {},
    optional={
        key: st.sampled_from(CHOICES[key])
        for key in (
            "use_fips_endpoint",
            "use_dualstack_endpoint",
            "ignore_configured_endpoint_urls",
            "endpoint_url",
        )
    },
)


@settings(quickly, max_examples=quickly.max_examples // 4)
@given(prod=with_region, default=switches, environment=variables)
def test_exported_settings_make_the_same_client_as_the_profile(
    tmp_path_factory: pytest.TempPathFactory,
    prod: dict[str, str],
    default: dict[str, str],
    environment: dict[str, str],
) -> None:
    # Otherwise a service without an endpoint uses that of [default]: no variable can change it.
    assume("services" not in prod or "endpoint_url" in prod or "endpoint_url" not in default)
    # The region is always the profile's.
    environment = {name: value for name, value in environment.items() if name != "AWS_DEFAULT_REGION"}
    before = dict(os.environ)
    try:
        remove_settings()
        machine = Machine(tmp_path_factory.getbasetemp())
        os.environ.update(environment, HOME=str(machine.path), AWS_EC2_METADATA_DISABLED="true")
        machine.configure(prod, default, {}, SERVICES)
        wanted = machine.stock()
        assert describe_client(make_child_environment(machine, "prod")) == wanted
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_exported_settings_override_a_variable_that_means_the_default_profiles_endpoint(
    machine: Machine,
) -> None:
    """With ``AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false``, a command would have called it with prod's credentials."""
    name = settings_module.IGNORE_ENDPOINTS_VARIABLE
    machine.configure({"region": "us-west-1"}, {"endpoint_url": "http://127.0.0.1:9"}, {})
    os.environ[name] = "false"
    assert make_child_environment(machine, "prod")[name] == "true"
    own = {
        "region": "us-west-1",
        "endpoint_url": "http://127.0.0.1:8",
        "ignore_configured_endpoint_urls": "true",
    }
    machine.configure(own, {}, {})
    assert make_child_environment(machine, "prod")[name] == "false", "as the profile itself has it"


def test_exported_settings_leave_out_what_has_no_variable(machine: Machine) -> None:
    """Not a client setting, no variable for it, empty, or the default profile's own."""
    machine.configure(
        {
            "region": "us-west-1",
            "output": "json",
            "ca_bundle": "",
            "foo": "bar",
            "s3": "\n  addressing_style = path",
        },
        {"ca_bundle": "/default.pem"},
        {"s3": "\n  us_east_1_regional_endpoint = legacy", "services": "nowhere"},
    )
    config = read_config()
    assert export_settings(config, "prod", {}).variables == ()
    assert export_settings(config, "default", {}).variables == ()
    assert export_settings(config, "other", {}).variables == ("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT=legacy",)


def test_exported_settings_with_a_password_are_not_memoizable(
    machine: Machine,
) -> None:
    machine.configure({"region": "us-west-1"}, {"endpoint_url": "http://127.0.0.1:9"}, {})
    config = read_config()
    ignored = ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",)
    assert export_settings(config, "prod", {}) == (ignored, False)
    assert export_settings(config, "prod", {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8"}) == ((), False)
    machine.configure({"region": "us-west-1", "ca_bundle": "/a.pem"}, {}, {})
    assert export_settings(read_config(), "prod", {}) == (("AWS_CA_BUNDLE=/a.pem",), True)
    for url in ("https://me:password@host", "https://host/?token=password"):
        machine.configure({"region": "us-west-1", "endpoint_url": url}, {}, {})
        assert export_settings(read_config(), "prod", {}) == ((f"AWS_ENDPOINT_URL={url}",), False)
