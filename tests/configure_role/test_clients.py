"""Clients for a profile other than the command's own have that profile's settings."""

from __future__ import annotations

from typing import Any

import pytest

from awscli_xacct.configure_role.clients import ProfileClients, usable
from tests.credentials.test_profile_session import ROLE, Machine, clean, machine

__all__ = ["clean", "machine"]


def client(machine: Machine, service: str, host: str = "other", region: str | None = None) -> Any:
    return ProfileClients("default", machine.session(host, region)).client(service)


def test_client_trusts_the_ca_bundle_of_its_own_profile(machine: Machine) -> None:
    trusted = {}
    for own in ({"ca_bundle": "/own.pem"}, {}):
        machine.configure({}, {"region": "us-west-1", **own}, {"ca_bundle": "/other.pem"})
        trusted[bool(own)] = client(machine, "iam")._endpoint.http_session._verify
    assert trusted[True] == "/own.pem"
    assert trusted[False] not in ("/own.pem", "/other.pem")


@pytest.mark.parametrize(
    ("default", "region", "service", "host"),
    [
        ({"use_fips_endpoint": "true", "region": "us-west-1"}, None, "iam", "iam-fips.amazonaws.com"),
        ({"region": "us-west-1"}, "eu-west-1", "sts", "sts.eu-west-1.amazonaws.com"),
        ({"region": "cn-north-1"}, None, "iam", "iam.cn-north-1.amazonaws.com.cn"),
        ({"mfa_serial": "arn:aws-cn:iam::1:mfa/d"}, None, "iam", "iam.cn-north-1.amazonaws.com.cn"),
        ({}, None, "sts", "sts.us-east-1.amazonaws.com"),
    ],
)
def test_client_calls_the_endpoint_of_the_profile_and_the_command_line(
    machine: Machine, default: dict[str, str], region: str | None, service: str, host: str
) -> None:
    machine.configure({}, default, {"region": "ap-south-1", "use_dualstack_endpoint": "true"})
    assert client(machine, service, region=region).meta.endpoint_url == f"https://{host}"


def test_usable_session_for_a_new_profile_keeps_the_command_line(machine: Machine) -> None:
    machine.configure({"role_arn": ROLE}, {}, {})
    session = usable(machine.session("new", "eu-west-1"))
    assert session.get_config_variable("profile") == "default"
    assert session.get_config_variable("region") == "eu-west-1"
