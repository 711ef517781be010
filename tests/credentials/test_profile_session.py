"""Clients of a profile other than the session's own have every client setting of that profile's own session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.exceptions import EndpointVariantError
from botocore.loaders import create_loader
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from awscli_xacct import install
from awscli_xacct.credentials.profile_session import provider_for
from awscli_xacct.credentials.sts import Keys, Sts
from awscli_xacct.profiles.partitions import Partitions
from tests.configfile.texts import quickly

LOADER = create_loader()
KEYS = Keys("AKIA1", "secret", None)
ROLE = "arn:aws:iam::222222222222:role/Power"


class _Sent(Exception):
    """Raised instead of an answer."""


def seen(make: Callable[[], Sts]) -> dict[str, Any]:
    """Return what a client of STS does: where and through what it calls, its signing region, and all its settings.

    Or why there is none: not every partition has an address for FIPS and dual-stack.
    """
    try:
        client = make()._client
    except EndpointVariantError as error:
        return {"error": str(error)}
    found: dict[str, Any] = {}

    def send(request: Any, **_: Any) -> None:
        scope = request.headers["Authorization"].decode().split("/")
        found.update(url=request.url, signed_for=scope[2], agent=request.headers["User-Agent"].decode())
        found.update(proxies=http._proxy_config.proxy_url_for(request.url))
        raise _Sent

    http, config = client._endpoint.http_session, client.meta.config
    client.meta.events.register("before-send", send, unique_id="test")
    with pytest.raises(_Sent):
        client.get_caller_identity()
    return {
        **found,
        "agent": found["agent"].partition(" app/")[2],
        "trusts": http._verify,
        "seconds": (http._timeout.connect_timeout, http._timeout.read_timeout),
        "sockets": http._socket_options,
        # All that botocore has read of the profile, and whatever it will read one day.
        "settings": {name: value for name, value in vars(config).items() if name not in _AGENTS},
    }


_AGENTS = ("user_agent", "_user_provided_options", "_supplied_user_agent")
"""They say what the session has done before, too; what a profile may add is in `agent`."""


def remove_settings() -> None:
    """Remove from the environment whatever changes a client."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "BOTO")) or name.lower().endswith("_proxy"):
            del os.environ[name]


class Machine:
    """A home with `prod`, a role of `default`, and `other`, which is the profile of the command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / ".aws").mkdir(exist_ok=True)

    def configure(
        self, prod: Mapping[str, str], default: Mapping[str, str], other: Mapping[str, str], rest: str = ""
    ) -> None:
        role = {"role_arn": ROLE, "source_profile": "default"}
        keys = {"aws_access_key_id": KEYS.access_key, "aws_secret_access_key": KEYS.secret_key}
        profiles = {"default": {**keys, **default}, "profile prod": {**role, **prod}, "profile other": other}
        lines = [rest]
        for name, options in profiles.items():
            lines += [f"[{name}]", *(f"{key} = {value}" for key, value in options.items())]
        (self.path / ".aws" / "config").write_text("\n".join([*lines, ""]), "utf-8")

    def session(self, profile: str | None, region: str | None = None) -> Any:
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", LOADER)
        if region:
            session.set_config_variable("region", region)  # as the CLI's --region does
        return session

    def stock(self, region: str | None = None) -> dict[str, Any]:
        """Return what botocore itself does when it assumes the role of `prod` in that profile's own session."""
        provider = (
            self.session("prod", region).get_component("credential_provider").get_provider("assume-role")
        )
        assert type(provider) is StockProvider
        return seen(lambda: Sts(provider._client_creator, KEYS, region=None, quick=False))

    def installed(self) -> dict[str, Any]:
        """Return what the provider does in `prod`'s own session: `aws`, `xacct credentials`, `xacct console`."""
        session = self.session("prod")
        install(session)
        provider = session.get_component("credential_provider").get_provider("assume-role")
        return seen(lambda: provider.fetcher()._context.sts(KEYS))

    def beside(self, host: str | None, region: str | None = None) -> dict[str, Any]:
        """Return what it does in another session: `verify`, `login`, `--verify`, `discover --check`, `each`."""
        provider = provider_for(self.session(host, region), "prod")
        return seen(lambda: provider.fetcher()._context.sts(KEYS))


@pytest.fixture
def machine(tmp_path: Path, clean: None) -> Machine:  # noqa: ARG001
    os.environ["HOME"] = str(tmp_path)
    return Machine(tmp_path)


@pytest.fixture
def clean() -> Iterator[None]:
    """Remove the settings of the person who runs the tests, and restore them afterwards."""
    before = dict(os.environ)
    remove_settings()
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    yield
    os.environ.clear()
    os.environ.update(before)


# -- every setting ---------------------------------------------------------------------------------

CHOICES: dict[str, list[str]] = {
    "use_fips_endpoint": ["true", "false"],
    "use_dualstack_endpoint": ["true", "false"],
    "sts_regional_endpoints": ["legacy", "regional"],
    "endpoint_url": ["https://sts.example.com", "http://127.0.0.1:9"],
    "ignore_configured_endpoint_urls": ["true", "false"],
    "services": ["one", "two"],
    "ca_bundle": ["/etc/one.pem", "/etc/two.pem"],
    "max_attempts": ["2", "7"],
    "retry_mode": ["standard", "adaptive", "legacy"],
    "defaults_mode": ["standard", "in-region", "legacy"],
    "tcp_keepalive": ["true", "false"],
    "sdk_ua_app_id": ["app1", "app2"],
    "account_id_endpoint_mode": ["required", "disabled", "preferred"],
    "auth_scheme_preference": ["sigv4", "sigv4a,sigv4"],
    "sigv4a_signing_region_set": ["*", "us-east-1"],
    "disable_host_prefix_injection": ["true", "false"],
    "disable_request_compression": ["true", "false"],
    "request_min_compression_size_bytes": ["1", "2"],
    "request_checksum_calculation": ["when_required", "when_supported"],
    "response_checksum_validation": ["when_required", "when_supported"],
    "s3_disable_express_session_auth": ["true", "false"],
}
VARIABLES = {
    "use_fips_endpoint": "AWS_USE_FIPS_ENDPOINT",
    "use_dualstack_endpoint": "AWS_USE_DUALSTACK_ENDPOINT",
    "endpoint_url": "AWS_ENDPOINT_URL_STS",
    "ca_bundle": "AWS_CA_BUNDLE",
    "max_attempts": "AWS_MAX_ATTEMPTS",
    "ignore_configured_endpoint_urls": "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "sts_regional_endpoints": "AWS_STS_REGIONAL_ENDPOINTS",
    "tcp_keepalive": "BOTOCORE_TCP_KEEPALIVE",
    "region": "AWS_DEFAULT_REGION",
}
PROXIES = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "sts.example.com,.amazonaws.com.cn"}
SERVICES = "[services one]\nsts =\n  endpoint_url = https://one.example.com\n[services two]\niam =\n  endpoint_url = https://two.example.com\n"
REGIONS = [
    "us-west-1",
    "us-east-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
    "eusc-de-east-1",
    "mars-north-1",
]

options = st.fixed_dictionaries({}, optional={key: st.sampled_from(of) for key, of in CHOICES.items()})
with_region = st.builds(lambda found, region: {**found, "region": region}, options, st.sampled_from(REGIONS))
variables = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(CHOICES.get(key, REGIONS)) for key, name in VARIABLES.items()},
        **{name: st.just(value) for name, value in PROXIES.items()},
    },
)


@settings(quickly, max_examples=quickly.max_examples // 5)
@given(
    prod=options | with_region,
    default=options | with_region,
    other=options | with_region,
    environment=variables,
    region=st.none() | st.sampled_from(REGIONS),
)
def test_client_is_as_the_profiles_own_session_makes_it(
    tmp_path_factory: pytest.TempPathFactory,
    prod: dict[str, str],
    default: dict[str, str],
    other: dict[str, str],
    environment: dict[str, str],
    region: str | None,
) -> None:
    """With settings in the profile, the session's own profile, the source, the environment and `--region`.

    A profile without a region has its source's.
    """
    assume("region" in {**prod, **default} or "AWS_DEFAULT_REGION" in environment or region)
    before = dict(os.environ)
    try:
        remove_settings()
        machine = Machine(tmp_path_factory.getbasetemp())
        os.environ.update(environment, HOME=str(machine.path), AWS_EC2_METADATA_DISABLED="true")
        machine.configure(prod, default, other, SERVICES)
        given = region or environment.get("AWS_DEFAULT_REGION") or prod.get("region")
        wanted = machine.stock(region if given else default["region"])
        for host in (None, "other", "prod"):
            assert machine.beside(host, region) == wanted
        if region is None:
            assert machine.installed() == wanted
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("setting", CHOICES)
def test_client_settings_compared_make_a_difference(machine: Machine, setting: str) -> None:
    """Otherwise comparing them would prove nothing."""
    found = []
    for value in CHOICES[setting]:
        more = {"endpoint_url": "https://sts.example.com"} if setting.startswith("ignore") else {}
        prod = {"region": "us-west-2", **more, setting: value}
        machine.configure(prod, {}, {}, SERVICES)
        found.append(machine.beside("other"))
    assert found[0] != found[1]


def test_command_line_timeouts_apply_to_every_profile(machine: Machine) -> None:
    """`--cli-read-timeout` and `--cli-connect-timeout` are a default of the session's clients."""
    machine.configure({"region": "us-west-1"}, {}, {})
    session = machine.session("other")
    session.set_default_client_config(Config(read_timeout=7, connect_timeout=8))
    provider = provider_for(session, "prod")
    assert seen(lambda: provider.fetcher()._context.sts(KEYS))["seconds"] == (8, 7)


# -- no region -------------------------------------------------------------------------------------

GLOBAL = "https://sts.amazonaws.com/"


@pytest.mark.parametrize(
    ("prod", "default", "url", "signed_for"),
    [
        pytest.param(
            {}, {"region": "cn-north-1"}, "https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1", id="China"
        ),
        pytest.param(
            {},
            {"region": "us-gov-east-1"},
            "https://sts.us-gov-east-1.amazonaws.com/",
            "us-gov-east-1",
            id="GovCloud",
        ),
        pytest.param(
            {}, {"region": "eu-west-3"}, "https://sts.eu-west-3.amazonaws.com/", "eu-west-3", id="elsewhere"
        ),
        pytest.param(
            {"use_fips_endpoint": "true"},
            {"region": "us-gov-west-1"},
            "https://sts.us-gov-west-1.amazonaws.com/",
            "us-gov-west-1",
            id="GovCloud with FIPS",
        ),
        pytest.param(
            {"role_arn": ROLE.replace("aws", "aws-us-gov")},
            {},
            "https://sts.us-gov-west-1.amazonaws.com/",
            "us-gov-west-1",
            id="only the role tells: GovCloud",
        ),
        pytest.param(
            {"role_arn": ROLE.replace("aws", "aws-cn")},
            {},
            "https://sts.cn-northwest-1.amazonaws.com.cn/",
            "cn-northwest-1",
            id="only the role tells: China",
        ),
        pytest.param(
            {"endpoint_url": "https://sts.example.com", "role_arn": ROLE.replace("aws", "aws-cn")},
            {},
            "https://sts.example.com/",
            "cn-northwest-1",
            id="only the role tells, and an address is configured",
        ),
        pytest.param({}, {}, GLOBAL, "us-east-1", id="nowhere: as botocore has it"),
        pytest.param(
            {"use_fips_endpoint": "true"},
            {},
            "https://sts-fips.us-east-1.amazonaws.com/",
            "us-east-1",
            id="nowhere, with FIPS: not at an address that does not exist",
        ),
        pytest.param(
            {"region": "aws-global"},
            {"region": "eu-west-1"},
            GLOBAL,
            "us-east-1",
            id="nowhere, and so asked for",
        ),
    ],
)
def test_region_missing_calls_sts_in_the_callers_partition(
    machine: Machine, prod: dict[str, str], default: dict[str, str], url: str, signed_for: str
) -> None:
    machine.configure(prod, default, {"region": "ap-south-1"})
    for found in (machine.installed(), machine.beside("other"), machine.beside(None), machine.beside("prod")):
        assert (found["url"], found["signed_for"]) == (url, signed_for)


@pytest.mark.parametrize("profile", ["default", "prod"])
def test_region_missing_buys_an_mfa_session_in_the_callers_partition(machine: Machine, profile: str) -> None:
    """The user's long-term keys must be sent nowhere else."""
    mfa = {"mfa_serial": "arn:aws-cn:iam::111111111111:mfa/dev", "mfa_session": "on"}
    machine.configure({"role_arn": ROLE.replace("aws", "aws-cn")}, mfa, {"region": "us-west-1"})
    provider = provider_for(machine.session("other"), profile)
    context = provider.session()._context if profile == "default" else provider.fetcher()._context
    for quick in (False, True):
        assert (
            seen(partial(context.sts, KEYS, quick=quick))["url"]
            == "https://sts.cn-northwest-1.amazonaws.com.cn/"
        )


def test_default_region_exists_for_each_partition() -> None:
    data = LOADER.load_data("partitions")
    partitions = Partitions(data)
    found = {name: partitions.default_region(name) for name in partitions.names}
    assert found["aws"] == "us-east-1"
    assert all(region and partitions.of_region(region) == name for name, region in found.items())
    for partition in data["partitions"]:
        older = Partitions({"partitions": [{**partition, "outputs": {}}]})
        region = older.default_region(partition["id"])
        assert region is not None, "as in AWS CLI v2"
        assert "global" not in region
    assert partitions.default_region("aws-moon") is None


# -- what it costs ---------------------------------------------------------------------------------


def test_client_is_shared_by_profiles_with_the_same_settings(machine: Machine) -> None:
    """Making one takes tens of milliseconds, and there may be fifty."""
    machine.configure({"region": "us-west-1"}, {}, {})
    with (machine.path / ".aws" / "config").open("a", encoding="utf-8") as file:
        for name, more in (("same", "external_id = one1\nmfa_process = x"), ("new", "a_setting_to_come = 1")):
            file.write(
                f"[profile {name}]\nrole_arn = {ROLE}2\nsource_profile = default\nregion = us-west-1\n{more}\n"
            )
    session = machine.session("other")
    prod, same, new = (
        provider_for(session, name).fetcher()._context.sts(KEYS)._client for name in ("prod", "same", "new")
    )
    assert prod is same
    assert prod is not new
