"""What this package assumes about botocore and awscli, above all about private names.

A release of the CLI that changes one of them fails here, by name, before it breaks a command. Comments and docstrings
name the module that relies on each assumption.
"""

from __future__ import annotations

import importlib
import inspect
from argparse import Namespace
from contextlib import closing, nullcontext
from copy import copy
from pathlib import Path
from typing import Any

import awscli  # first, as in conftest.py

# isort: split
import botocore.session
import pytest
from botocore import configprovider, credentials, exceptions
from botocore.config import Config
from botocore.utils import ensure_boolean, parse_timestamp

from awscli_xacct.credentials.sts import short_timeout_config

V2 = awscli.__version__.startswith("2.")
"""Whether this is AWS CLI v2, in which tests/v2 runs this module."""

ENDPOINTS = "ignore_configured_endpoint_urls" in Config.OPTION_DEFAULTS
"""Whether service endpoints can be configured; in v2, since 2.13."""


def look_up(name: str) -> Any:
    """Return the object that ``module:a.b`` names."""
    module, _, path = name.partition(":")
    found = importlib.import_module(module)
    for part in filter(None, path.split(".")):
        found = getattr(found, part)
    return found


def parameters(function: Any) -> str:
    """Return a short signature: the names in order, with a ``=`` if there is a default."""
    found = inspect.signature(function).parameters.values()
    return " ".join(
        f"{'**' if each.kind is each.VAR_KEYWORD else ''}{each.name}{'' if each.default is each.empty else '='}"
        for each in found
    )


# -- names and signatures --------------------------------------------------------------------------

# Called or overridden with exactly these parameters.
SIGNATURES = {
    # credentials.provider: subclassed, its constructor and two of its private methods called
    "botocore.credentials:AssumeRoleProvider": "load_config client_creator cache profile_name prompter= "
    "credential_sourcer= profile_provider_builder=",
    "botocore.credentials:AssumeRoleProvider.load": "self",
    "botocore.credentials:AssumeRoleProvider._resolve_credentials_from_source": "self credential_source profile_name",
    "botocore.credentials:AssumeRoleProvider._resolve_credentials_from_profile": "self profile_name",
    # credentials.provider: subclassed
    "botocore.credentials:DeferredRefreshableCredentials": "refresh_using method time_fetcher=",
    "botocore.credentials:RefreshableCredentials.get_frozen_credentials": "self",
    "botocore.credentials:RefreshableCredentials._protected_refresh": "self is_mandatory",
    # credentials.provider: where the provider is put
    "botocore.credentials:CredentialResolver.get_provider": "self name",
    "botocore.session:Session.get_component": "self name",
    "botocore.session:Session.get_config_variable": "self logical_name methods=",
    "botocore.session:Session.set_config_variable": "self logical_name value",
    "botocore.session:Session.register": "self event_name handler unique_id= unique_id_uses_count=",
    # credentials.profile_session: subclassed, and made like another one
    "botocore.session:Session": "session_vars= event_hooks= include_builtin_handlers= profile=",
    "botocore.session:Session.register_component": "self name component",
    "botocore.session:Session.unregister": "self event_name handler= unique_id= unique_id_uses_count=",
    "botocore.session:Session.instance_variables": "self",
    "botocore.session:Session.get_default_client_config": "self",
    "botocore.session:Session.set_default_client_config": "self client_config",
    # credentials.context
    "botocore.loaders:create_loader": "search_path_string=",
    # credentials.sts
    "botocore.utils:parse_timestamp": "value",
    # configfile and profiles: what the edited file and the profiles are read with
    "botocore.configloader:raw_config_parse": "config_filename parse_subsections=",
    # the plugin hook
    "botocore.hooks:BaseEventHooks.register": "self event_name handler unique_id= unique_id_uses_count=",
    "botocore.hooks:BaseEventHooks.register_last": "self event_name handler unique_id= unique_id_uses_count=",
    # configure_role.base, configure_role.role, configure_role.lazy: subclassed, and stood in for
    "awscli.customizations.commands:BasicCommand": "session",
    "awscli.customizations.commands:BasicCommand.__call__": "self args parsed_globals",
    "awscli.customizations.commands:BasicCommand._run_main": "self parsed_args parsed_globals",
    "awscli.customizations.commands:BasicCommand._build_subcommand_table": "self",
    "awscli.customizations.commands:BasicCommand.create_help_command_table": "self",
    "awscli.customizations.commands:BasicCommand.create_help_command": "self",
    # configure_role.output
    "awscli.formatter:get_formatter": "format_type args",
}
if not V2:
    # configure_role.completion: wrapped, and a private method called
    SIGNATURES["awscli.completer:Completer.complete"] = "self cmdline point="
    SIGNATURES["awscli.completer:Completer._get_documented_completions"] = "self table startswith="

# Class attributes that are read.
ATTRIBUTES: dict[str, object] = {
    "botocore.credentials:AssumeRoleProvider.METHOD": "assume-role",
    "botocore.credentials:AssumeRoleProvider.CANONICAL_NAME": None,
    # credentials.provider sets both on its own objects, scaled to the lifetime of the session
    "botocore.credentials:RefreshableCredentials._advisory_refresh_timeout": 900,
    "botocore.credentials:RefreshableCredentials._mandatory_refresh_timeout": 600,
    "awscli.customizations.commands:BasicCommand.SUBCOMMANDS": [],
    "awscli.customizations.commands:BasicCommand.ARG_TABLE": [],
}

# Exceptions that are caught or raised, with the arguments of their messages.
ERRORS: dict[str, dict[str, str]] = {
    "InvalidConfigError": {"error_msg": "why"},
    "CredentialRetrievalError": {"provider": "assume-role", "error_msg": "why"},
    "NoRegionError": {},
    "HTTPClientError": {"error": "why"},
    "ConnectionError": {"error": "why"},
    "BotoCoreError": {},
}


@pytest.mark.parametrize(("name", "expected"), SIGNATURES.items(), ids=SIGNATURES)
def test_signature_is_unchanged(name: str, expected: str) -> None:
    assert parameters(look_up(name)) == expected


@pytest.mark.parametrize(("name", "expected"), ATTRIBUTES.items(), ids=ATTRIBUTES)
def test_value_is_unchanged(name: str, expected: object) -> None:
    assert look_up(name) == expected


@pytest.mark.parametrize(("name", "arguments"), ERRORS.items(), ids=ERRORS)
def test_error_texts_are_unchanged(name: str, arguments: dict[str, str]) -> None:
    error = getattr(exceptions, name)(**arguments)
    assert isinstance(error, exceptions.BotoCoreError)
    assert arguments.get("error_msg", arguments.get("error", "")) in str(error)
    error.args = ("another text",)
    assert str(error) == "another text", "sts.add_place and commands.base change the text that way"


def test_client_error_has_its_response() -> None:
    """`credentials.sts` and `credentials.access_denied` read the error code and the date of the response."""
    response = {"Error": {"Code": "AccessDenied", "Message": "no"}}
    error = exceptions.ClientError(response, "AssumeRole")
    assert not isinstance(error, exceptions.BotoCoreError)
    assert (error.response, str(error)) == (
        response,
        "An error occurred (AccessDenied) when calling the AssumeRole operation: no",
    )
    error.args = ("another text",)
    assert str(error) == "another text"


# -- objects ---------------------------------------------------------------------------------------


@pytest.fixture
def session(tmp_path: Path) -> Any:
    """A session with a role profile that does not read the user's files."""
    (tmp_path / "config").write_text(
        "[profile prod]\nrole_arn = r\nsource_profile = default\n[xacct]\nx = y\n"
    )
    session = botocore.session.Session(profile="prod")
    session.set_config_variable("config_file", str(tmp_path / "config"))
    session.set_config_variable("credentials_file", str(tmp_path / "credentials"))
    return session


def test_assume_role_provider_keeps_its_attributes(session: Any) -> None:
    provider = session.get_component("credential_provider").get_provider("assume-role")
    assert type(provider) is credentials.AssumeRoleProvider
    parts = (
        *("cache", "_load_config", "_client_creator", "_profile_name", "_prompter", "_credential_sourcer"),
        *("_profile_provider_builder", "_loaded_config"),
    )
    assert [part for part in parts if not hasattr(provider, part)] == []
    assert provider._load_config() is session.full_config
    assert provider._profile_name == "prod"


def test_providers_are_in_a_list(session: Any) -> None:
    resolver = session.get_component("credential_provider")
    assert isinstance(resolver.providers, list)
    assert [provider.METHOD for provider in resolver.providers][:2] == [
        "assume-role",
        "assume-role-with-web-identity",
    ]


def test_session_has_what_a_copy_needs(session: Any) -> None:
    """For `credentials.profile_session`, whose sessions have their own `full_config` for all of botocore."""

    class ProfileSession(botocore.session.Session):  # type: ignore[misc]
        full_config = property(lambda self: {"profiles": {"p": {"region": "eu-west-3"}}})  # noqa: ARG005

    handlers = copy(session.get_component("event_emitter"))
    made = ProfileSession({"region": session.session_var_map["region"]}, handlers, False, "p")
    assert made.get_config_variable("region") == "eu-west-3"
    assert made.get_scoped_config() == {"region": "eu-west-3"}
    assert session.session_var_map["ca_bundle"] == session.SESSION_VARIABLES["ca_bundle"]
    called = []
    session.register("after-call", lambda **_: called.append("original"), unique_id="one")
    copied = copy(session.get_component("event_emitter"))
    copied.unregister("after-call", unique_id="one")
    copied.unregister("after-call", unique_id="unknown")
    copied.emit("after-call")
    assert called == []
    session.get_component("event_emitter").emit("after-call")
    assert called == ["original"]


def test_variables_are_in_tables_with_their_settings() -> None:
    """`cli.exported_settings` reads them."""
    tables = (configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES, configprovider.DEFAULT_S3_CONFIG_VARS)
    found = {key: row[:2] for table in tables for key, row in table.items()}
    assert found["ca_bundle"] == ("ca_bundle", "AWS_CA_BUNDLE")
    assert found["use_arn_region"] == (
        ["s3_use_arn_region", ("s3", "use_arn_region")],
        "AWS_S3_USE_ARN_REGION",
    )
    switch = configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES["use_fips_endpoint"]
    assert switch[3] is ensure_boolean


@pytest.mark.parametrize(
    ("provider", "parser"),
    [
        (credentials.SharedCredentialProvider("/credentials", "prod"), "_ini_parser"),
        (credentials.ConfigProvider("/config", "prod"), "_config_parser"),
    ],
    ids=["credentials", "config"],
)
def test_file_provider_parses_with_its_parser(provider: Any, parser: str) -> None:
    """`credentials.recursion_guard` has each file parsed once for all profiles."""
    keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
    assert callable(getattr(provider, parser))
    setattr(provider, parser, lambda _: {"prod": keys, "profiles": {"prod": keys}})
    assert provider.load().access_key == "AKIA"
    assert {"_ini_parser": "shared-credentials-file", "_config_parser": "config-file"}[
        parser
    ] == provider.METHOD


def test_process_provider_starts_programs_with_popen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`credentials.recursion_guard` replaces `_popen`; `cli.fetch` reads when the credentials expire."""
    (tmp_path / "config").write_text("[profile p]\ncredential_process = tell me\n", "utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    builder = credentials.ProfileProviderBuilder(botocore.session.Session(profile="p"))
    [provider] = [each for each in builder.providers("p") if each.METHOD == "custom-process"]
    started = []

    class Program:
        returncode = 0

        def __init__(self, command: list[str], **_: Any) -> None:
            started.append(command)

        def communicate(self) -> tuple[bytes, bytes]:
            answer = '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "2099-01-01T00:00:00Z"}'
            return answer.encode(), b""

    provider._popen = Program
    found = provider.load()
    assert started == [["tell", "me"]]
    assert found._expiry_time == parse_timestamp("2099-01-01T00:00:00Z")


def test_full_config_keeps_other_sections(session: Any) -> None:
    """The plugin reads `[xacct]` from the config, and `sso-session` and `services` under these names."""
    (Path(session.get_config_variable("config_file"))).write_text(
        "[xacct]\ncache_dir = x\n[sso-session corp]\nsso_region = us-east-1\n[services s]\nsts =\n  endpoint_url = u\n"
    )
    config = session.full_config
    assert (config["xacct"], config["profiles"]) == ({"cache_dir": "x"}, {})
    assert config["sso_sessions"] == {"corp": {"sso_region": "us-east-1"}}
    assert config.get("services", {}) == ({"s": {"sts": {"endpoint_url": "u"}}} if ENDPOINTS else {})


def test_credentials_refresh_in_the_windows_set_on_them() -> None:
    """`SessionCredentials` also reads the frozen credentials and their expiration."""
    fetched = []

    def refresh() -> dict[str, Any]:
        fetched.append(True)
        return {
            "access_key": f"ASIA{len(fetched)}",
            "secret_key": "secret",
            "token": "token",
            "expiry_time": "2099-01-01T00:00:00Z",
            "account_id": "222222222222",
        }

    found = credentials.DeferredRefreshableCredentials(refresh, "assume-role")
    assert found._frozen_credentials is None
    frozen = found.get_frozen_credentials()
    assert frozen._fields[:3] == ("access_key", "secret_key", "token")
    assert tuple(frozen)[:3] == ("ASIA1", "secret", "token")
    assert getattr(frozen, "account_id", "222222222222") == "222222222222", (
        "older releases of v2 have no account id"
    )
    assert found._expiry_time.isoformat() == "2099-01-01T00:00:00+00:00"
    found._advisory_refresh_timeout = 10**11
    assert found.get_frozen_credentials().access_key == "ASIA2"


@pytest.mark.parametrize(("endpoint", "region"), [(None, "aws-global"), ("http://127.0.0.1:9", None)])
def test_sts_client_is_made_without_a_region(
    session: Any, monkeypatch: pytest.MonkeyPatch, endpoint: str | None, region: str | None
) -> None:
    """The client uses the global endpoint of one partition; with another endpoint it has no region and cannot sign."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.delenv(name, raising=False)
    keys = {"aws_access_key_id": "AKIA1", "aws_secret_access_key": "secret"}
    made = session.create_client("sts", endpoint_url=endpoint, **keys)
    with nullcontext(made) if V2 else closing(made) as client:
        assert client.meta.region_name == region
        if endpoint:
            with pytest.raises(exceptions.NoRegionError):
                client.get_caller_identity()


def test_short_timeout_config_is_accepted() -> None:
    config = short_timeout_config()
    assert (config.connect_timeout, config.read_timeout) == (3, 5)
    assert list(config.retries.values()) == [2]


@pytest.mark.parametrize("text", ["2027-01-15T08:00:00Z", "2027-01-15T08:00:00+00:00", 1_800_000_000])
def test_timestamps_are_parsed_in_each_form(text: object) -> None:
    assert parse_timestamp(text).timestamp() == 1_800_000_000


def test_partitions_are_in_botocores_data(session: Any) -> None:
    found = session.get_component("data_loader").load_data("partitions")["partitions"]
    assert {"aws", "aws-cn", "aws-us-gov"} <= {partition["id"] for partition in found}
    assert all({"regions", "regionRegex"} <= partition.keys() for partition in found)


def test_request_parameters_have_stss_names(session: Any) -> None:
    model = session.get_service_model("sts")
    members = {name: set(model.operation_model(name).input_shape.members) for name in model.operation_names}
    assert members["AssumeRole"] >= {
        *("RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "SerialNumber", "TokenCode"),
        *("Tags", "TransitiveTagKeys", "SourceIdentity"),
    }
    assert members["GetSessionToken"] == {"SerialNumber", "TokenCode", "DurationSeconds"}


# -- the CLI ---------------------------------------------------------------------------------------


class Hook:
    """A plugin, as `[plugins]` loads it, that records what it sees."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def initialize(self, cli: Any) -> None:
        cli.register_last("session-initialized", self.session_initialized, unique_id="hook-1")
        cli.register_last("building-command-table.main", self.main_table, unique_id="hook-2")

    def session_initialized(self, session: Any, **_: Any) -> None:
        resolver = session.get_component("credential_provider")
        cache = resolver.get_provider("assume-role").cache
        self.seen.append(f"session with a {type(cache).__name__}")

    def main_table(self, command_table: Any, **_: Any) -> None:
        configure = command_table["configure"]
        assert all({"name", "command_class"} <= command.keys() for command in configure.SUBCOMMANDS)
        self.seen.append(f"{type(configure).__name__} among the commands")


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The CLI without the user's files and plugins."""
    import awscli.clidriver

    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials"))
    return awscli.clidriver.create_clidriver()


class CommandLine(Namespace):
    """A parsed command line on which every option is None."""

    def __getattr__(self, name: str) -> None:
        return None


def initialize(driver: Any) -> None:
    """Emit the event that the CLI emits when it has parsed its command line."""
    line = CommandLine(command="sts")
    driver.session.emit("session-initialized", session=driver.session, parsed_args=line)


def test_register_last_runs_after_the_clis_own(driver: Any) -> None:
    """The user's plugins are initialized before the CLI's own, which set a cache on the provider."""
    hook = Hook()
    hook.initialize(driver.session.get_component("event_emitter"))
    initialize(driver)
    assert driver.create_help_command() is not None
    assert hook.seen[0] == "session with a JSONFileCache"
    assert "ConfigureCommand among the commands" in hook.seen


def test_cli_calls_a_plugin_with_its_event_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    from awscli.plugin import load_plugins

    monkeypatch.setenv("AWS_XACCT_DISABLE", "")
    assert parameters(load_plugins) == "plugin_mapping event_hooks= include_builtins="
    hooks = load_plugins({"xacct": "awscli_xacct"}, include_builtins=False)
    assert parameters(hooks.register_last) == "event_name handler unique_id= unique_id_uses_count="


def test_command_is_made_with_a_session_and_its_lineage(session: Any) -> None:
    """`configure_role.lazy` is a placeholder for a command, and passes these on."""
    from awscli.customizations.commands import BasicCommand

    class Command(BasicCommand):  # type: ignore[misc]
        NAME = "role"

    command = Command(session)
    assert (command._session, command.lineage) == (session, [command])
    assert (command.name, command.arg_table, command.subcommand_table) == ("role", {}, {})
    command.lineage = [session, command]
    assert command.lineage == [session, command]


@pytest.mark.skipif(V2, reason="the completer of version 2 loads no plugins")
def test_completer_has_the_driver_and_its_options(driver: Any) -> None:
    """`configure_role.completion` reads both."""
    from awscli.completer import Completer

    completer = Completer(driver)
    assert "profile" in completer.main_options
    assert completer.driver.session.full_config == {"profiles": {}}


def test_cli_leaves_timestamps_as_text(driver: Any, session: Any) -> None:
    """Therefore `credentials.sts` also reads an expiration that is a string."""
    initialize(driver)
    parser = driver.session.get_component("response_parser_factory").create_parser("query")
    body = (
        b"<R><GetSessionTokenResult><Credentials><Expiration>2027-01-15T08:00:00Z</Expiration></Credentials>"
        b"</GetSessionTokenResult></R>"
    )
    shape = session.get_service_model("sts").operation_model("GetSessionToken").output_shape
    parsed = parser.parse({"body": body, "headers": {}, "status_code": 200}, shape)
    expiration = parsed["Credentials"]["Expiration"]
    assert isinstance(expiration, str)
    assert parse_timestamp(expiration).timestamp() == 1_800_000_000
