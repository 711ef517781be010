"""Which hosts real processes call, and which certificates they trust: `aws`, and everything else that calls STS."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sts import Role, Sts
from tests.support.aws_proxy import AwsProxy
from tests.support.commands import ONE_TRY
from tests.support.home import Home

COMMANDS = {
    "aws": ["sts", "get-caller-identity", "--profile", "prod"],
    "verify": ["configure", "role", "verify", "prod"],
    "login": ["configure", "role", "login", "prod"],
    "--verify": ["configure", "role", "prod", "--source-profile", "default", "--verify"],
    "xacct credentials": ["credentials", "prod"],
    "xacct console": ["console", "prod"],
    "xacct each": ["each", "prod", "--", "true"],
}


@pytest.fixture
def proxy(home: Home, sts: Sts, tmp_path: Path) -> Iterator[AwsProxy]:
    """All hosts of AWS; no process is told the URL of the STS of `home`."""
    place = tmp_path / "proxy"
    place.mkdir()
    with AwsProxy(place, sts.url) as running:
        del home.environment["AWS_ENDPOINT_URL_STS"]
        home.environment.update(running.environment)
        yield running


class Case(NamedTuple):
    """Settings in the three places that can have some, and the resulting STS host. CA stands for the CA bundle."""

    prod: dict[str, str]
    default: dict[str, str]
    environment: dict[str, str]
    host: str
    partition: str = "aws"
    signin: str = "signin.aws.amazon.com"


REGION = {"region": "us-west-1"}
TRUST = {"ca_bundle": "CA"}
NO_TRUST = {"ca_bundle": "/no/such.pem"}
CASES = {
    "the profile's": Case(
        {**REGION, **TRUST, "use_fips_endpoint": "true"},
        {"region": "eu-west-1", **NO_TRUST, "use_dualstack_endpoint": "true"},
        {},
        "sts-fips.us-west-1.amazonaws.com",
    ),
    "the environment's": Case(
        {**REGION, **NO_TRUST},
        {**NO_TRUST, "use_fips_endpoint": "true"},
        {"AWS_CA_BUNDLE": "CA", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
        "sts.us-west-1.api.aws",
    ),
    "China": Case(
        TRUST,
        {"region": "cn-north-1"},
        {},
        "sts.cn-north-1.amazonaws.com.cn",
        "aws-cn",
        "signin.amazonaws.cn",
    ),
    "nobody's": Case(
        TRUST,
        {},
        {},
        "sts.eusc-de-east-1.amazonaws.eu",
        "aws-eusc",
        "eusc-de-east-1.signin.amazonaws-eusc.eu",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_client_settings_apply_to_every_command(home: Home, sts: Sts, proxy: AwsProxy, name: str) -> None:
    case = CASES[name]
    user = sts.add_user("dev", partition=case.partition)
    role = sts.add_role("Power", trusts=[user.arn], partition=case.partition)
    home.add_keys(user)
    sections = {
        "profile prod": {"role_arn": role.arn, "source_profile": "default", **case.prod},
        "default": case.default,
        "profile other": {"region": "ap-south-1"},
    }
    lines = ["[plugins]", "xacct = awscli_xacct"]
    for header, options in sections.items():
        lines += [f"[{header}]", *(f"{key} = {value}" for key, value in options.items())]
    trusted = str(proxy.ca_bundle)
    home.config.write_text("\n".join([*lines, ""]).replace("= CA", f"= {trusted}"), "utf-8")
    environment = {key: value.replace("CA", trusted) for key, value in case.environment.items()}
    found = {}
    for command, arguments in COMMANDS.items():
        run = home.xacct if command.startswith("xacct") else home.aws
        outcome = run(*(word for word in arguments if word != "xacct"), environment=environment)
        called, talked_to = proxy.take_calls()
        found[command] = called
        assert (talked_to, outcome.code) == (called, 0), outcome
        shutil.rmtree(home.cache)
    expected = {**{command: [case.host] for command in COMMANDS}, "xacct console": [case.host, case.signin]}
    aws = found.pop("aws")
    assert aws[0] == case.host, "where it assumes the role"
    assert found == {command: hosts for command, hosts in expected.items() if command != "aws"}


def test_console_uses_the_region_wherever_it_is_set(home: Home, proxy: AwsProxy) -> None:
    """Without a role, only the region determines the partition, and the region may come from the environment."""
    document = '{"Version": 1, "AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t"}'
    (home.path / "session").write_text(document, "utf-8")
    program = f"credential_process = cat {home.path / 'session'}"
    home.config.write_text(f"[profile dev]\n{program}\n", "utf-8")
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):  # botocore's clients follow the other one, too
        environment = {"AWS_DEFAULT_REGION": "cn-north-1", variable: str(proxy.ca_bundle)}
        outcome = home.xacct("console", "dev", environment=environment)
        assert (outcome.code, outcome.stderr) == (0, "")
        assert proxy.take_calls() == (["signin.amazonaws.cn"], ["signin.amazonaws.cn"])


@pytest.mark.usefixtures("user", "proxy")
@pytest.mark.parametrize("trust", [{}, {"ca_bundle": "/no/such.pem"}])
def test_certificate_that_is_not_trusted_is_named_as_the_cause(
    home: Home, role: Role, trust: dict[str, str]
) -> None:
    """It was "STS cannot be reached or does not answer", also for those who had given `--ca-bundle`."""
    home.add_role("prod", role.arn, **trust)
    outcome = home.aws("sts", "get-caller-identity", "--profile", "prod", environment=ONE_TRY)
    assert outcome.code == 255
    assert "SSL validation failed for https://sts.us-west-1.amazonaws.com/" in outcome.stderr
    assert "--ca-bundle and --no-verify-ssl do not apply to this call" in outcome.stderr
    assert outcome.lines[-1] == "  aws configure set ca_bundle FILE --profile prod"


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("region", "\n  a = b"),
        ("endpoint_url", "\n  a = b"),
        ("endpoint_url", "no\x1b[31mwhere"),
        ("max_attempts", "many"),
        ("api_versions", "latest"),
        ("metadata_service_timeout", "long"),
    ],
)
def test_setting_that_botocore_cannot_use_is_the_profiles_fault(
    home: Home, sts: Sts, role: Role, key: str, value: str
) -> None:
    """It was taken for a bug of the plugin: "botocore's own credentials are used", "unexpected ValueError"."""
    url = home.environment.pop("AWS_ENDPOINT_URL_STS")
    if key != "endpoint_url":
        home.environment["AWS_ENDPOINT_URL_STS"] = url
    home.add_role("prod", role.arn)
    text = home.config.read_text("utf-8").rstrip()
    home.config.write_text(
        f"{text}\n{key} = {value}\n".replace("region = us-west-1\nsource", "source"), "utf-8"
    )
    for run, words in (
        (home.xacct, ("credentials", "prod")),
        (home.aws, ("configure", "role", "login", "prod")),
    ):
        outcome = run(*words)
        assert (outcome.code, outcome.stdout) == (253, "")
        assert "botocore cannot use the settings of " in outcome.lines[0]
        assert "profile prod" in outcome.stderr
        assert outcome.lines[-1] == "  aws configure role show prod"
        assert "own credentials" not in outcome.stderr
        assert "unexpected" not in outcome.stderr
        assert "\x1b" not in outcome.stderr
    assert sts.calls == []
