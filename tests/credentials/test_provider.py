"""The provider in botocore's own chain: a drop-in for the stock one, in sessions of botocore and of boto3."""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
import time
from contextlib import closing
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import boto3
import botocore.session
import pytest
from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.exceptions import BotoCoreError, ClientError, InvalidConfigError, ProfileNotFound
from botocore.loaders import create_loader

import awscli_xacct
from awscli_xacct import __version__, explain_refusal
from awscli_xacct.aws_errors import REJECTED_CODES
from awscli_xacct.credentials import loading, provider, resolution
from awscli_xacct.credentials.profile_session import provider_for
from awscli_xacct.credentials.provider import AssumeRoleProvider
from awscli_xacct.credentials.session_credentials import SessionCredentials
from awscli_xacct.errors import XacctError
from awscli_xacct.storage.cache import Cache, Record
from tests.credentials.world import keys_of
from tests.sts import Sts, User
from tests.support.fixed_answer import serve_answer

LOADER = create_loader()
"""Keeps the service models that it has loaded, for all sessions."""


class Machine:
    """A home with config files and no other settings, where sessions are made."""

    def __init__(self, home: Path, sts: Sts) -> None:
        self.sts = sts
        self.user = sts.add_user("dev")
        self.cache = home / ".aws" / "xacct" / "cache"
        self._config = home / ".aws" / "config"
        self._profiles: dict[str, dict[str, str]] = {"default": keys_of(self.user)}
        (home / ".aws").mkdir(parents=True)

    def add(self, profile: str, **options: str) -> None:
        self._profiles[profile] = options

    def add_role(self, profile: str, **options: Any) -> str:
        role = self.sts.add_role(profile, trusts=["*"], max_session_duration=43200)
        self.add(profile, **{"role_arn": role.arn, "source_profile": "default", **options})
        return role.arn

    def session(self, profile: str | None = None, *, installed: bool = True) -> Any:
        """Return a session, with this package installed in it."""
        lines = []
        for name, options in self._profiles.items():
            lines += [f"[{name}]" if name == "default" else f"[profile {name}]"]
            lines += [f"{key} = {value}" for key, value in options.items()]
        self._config.write_text("\n".join([*lines, ""]), "utf-8")
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", LOADER)
        if installed:
            awscli_xacct.install(session)
        return session

    def command(self, profile: str) -> Any:
        """Return the session of an `aws` command, after one that has written the memo, with its credentials cached."""
        self.key(profile)
        with patch("awscli_xacct.settings.MEMO_TICK", 0):
            resolution.resolve(profile, __version__, loading.read_config)
        session = botocore.session.Session(profile=profile)
        session.register_component("data_loader", LOADER)
        provider.install(session, explain_refusal, __version__)
        found = session.get_component("credential_provider").get_provider("assume-role")
        assert found._served is not None
        self.sts.clear_calls()
        return session

    def key(self, profile: str) -> str:
        """Return the access key that a program gets."""
        return str(self.session(profile).get_credentials().get_frozen_credentials().access_key)

    def write_code(self, code: str) -> str:
        """Write the next MFA code, and return the program that provides it."""
        path = self.cache.parents[2] / "code"
        path.write_text(code, "ascii")
        return f"cat {path}"

    def calls(self) -> list[str]:
        found = [call.operation for call in self.sts.calls]
        self.sts.clear_calls()
        return found

    def record(self) -> Path:
        [path] = self.cache.glob("*.json")
        return path


@pytest.fixture
def machine(tmp_path: Path, sts: Sts, monkeypatch: pytest.MonkeyPatch) -> Machine:
    environment = {
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL_STS": sts.url,
        "AWS_DEFAULT_REGION": "us-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_XACCT_MFA_PROMPT": "none",
        "NO_PROXY": "*",
    }
    for name in [name for name in os.environ if name.startswith(("AWS_", "BOTO"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Machine(tmp_path, sts)


def providers(session: Any) -> list[str]:
    return [provider.METHOD for provider in session.get_component("credential_provider").providers]


# -- a drop-in -------------------------------------------------------------------------------------


def test_provider_has_botocores_constructor() -> None:
    """The same keywords, in the same order, with the same defaults."""
    assert inspect.signature(AssumeRoleProvider) == inspect.signature(StockProvider)
    assert AssumeRoleProvider.METHOD == StockProvider.METHOD == "assume-role"
    assert AssumeRoleProvider.CANONICAL_NAME is StockProvider.CANONICAL_NAME is None
    assert issubclass(AssumeRoleProvider, StockProvider)


def test_install_replaces_one_provider_in_its_place(machine: Machine) -> None:
    for profile in (None, "default"):
        assert providers(machine.session(profile)) == providers(machine.session(profile, installed=False))


def test_install_twice_changes_nothing(machine: Machine) -> None:
    machine.add_role("prod")
    session = machine.session("prod")
    before = session.get_component("credential_provider").get_provider("assume-role")
    awscli_xacct.install(session)
    assert session.get_component("credential_provider").get_provider("assume-role") is before
    assert isinstance(before, AssumeRoleProvider)


def test_cache_attribute_is_settable_and_unused(machine: Machine) -> None:
    """It belongs to another tool, and its key leaves out who calls."""
    machine.add_role("prod")
    session = machine.session("prod")
    theirs: dict[str, Any] = {}
    session.get_component("credential_provider").get_provider("assume-role").cache = theirs
    assert session.get_credentials().get_frozen_credentials().access_key.startswith("ASIA")
    assert theirs == {}


def test_profile_missing_is_botocores_error(machine: Machine) -> None:
    with pytest.raises(ProfileNotFound):
        machine.session("nobody")


def test_profile_without_a_role_is_as_with_botocore(machine: Machine) -> None:
    session = machine.session("default")
    assert session.get_credentials().get_frozen_credentials().access_key == machine.user.access_key
    assert session.get_credentials().method == "config-file"
    assert machine.calls() == []


def test_structural_problem_is_botocores_error(machine: Machine) -> None:
    machine.add_role("prod", credential_source="Environment")
    with pytest.raises(
        InvalidConfigError, match='The profile "prod" contains both source_profile and credential'
    ):
        machine.session("prod").get_credentials()


def test_own_problem_is_an_invalid_config_error(machine: Machine) -> None:
    """Programs catch these errors."""
    machine.add_role("prod", duration_seconds="2h")
    with pytest.raises(
        InvalidConfigError, match="profile prod: duration_seconds '2h': must be a whole number"
    ):
        machine.session("prod").get_credentials()


# -- in sessions -----------------------------------------------------------------------------------


def test_botocore_session_signs_with_the_role(machine: Machine) -> None:
    machine.add_role("prod")
    with closing(machine.session("prod").create_client("sts")) as client:
        assert client.get_caller_identity()["Arn"].startswith("arn:aws:sts::222222222222:assumed-role/prod/")
    assert machine.calls() == ["AssumeRole", "GetCallerIdentity"]


def test_boto3_session_signs_with_the_role_and_shares_the_cache(machine: Machine) -> None:
    machine.add_role("prod")
    arns = []
    for _ in range(2):
        session = boto3.Session(botocore_session=machine.session("prod"))
        with closing(session.client("sts")) as client:
            arns.append(client.get_caller_identity()["Arn"])
    assert arns[0] == arns[1]
    assert machine.calls() == ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]


def test_load_fetches_nothing(machine: Machine) -> None:
    machine.add_role("prod")
    credentials = machine.session("prod").get_credentials()
    assert (credentials.method, machine.calls()) == ("assume-role", [])
    frozen = credentials.get_frozen_credentials()
    assert (frozen.account_id, credentials.account_id) == ("222222222222", "222222222222")


def test_profile_from_the_environment(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.add_role("prod")
    monkeypatch.setenv("AWS_PROFILE", "prod")
    assert machine.session().get_credentials().get_frozen_credentials().access_key.startswith("ASIA")


@pytest.mark.parametrize("how", ["variable", "argument"])
def test_environment_keys_win_as_with_botocore(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """They override AWS_PROFILE, but not a profile that was named explicitly."""
    machine.add_role("prod")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    profile = None
    if how == "variable":
        monkeypatch.setenv("AWS_PROFILE", "prod")
    else:
        profile = "prod"
    outcomes = [
        machine.session(profile, installed=installed)
        .get_credentials()
        .get_frozen_credentials()
        .access_key[:4]
        for installed in (True, False)
    ]
    assert outcomes == (["AKIA", "AKIA"] if how == "variable" else ["ASIA", "ASIA"])


def test_source_may_be_any_that_botocore_knows(machine: Machine, tmp_path: Path) -> None:
    """A `credential_process`, for one; `Environment` is in test_profiles."""
    document = {
        "Version": 1,
        "AccessKeyId": machine.user.access_key,
        "SecretAccessKey": machine.user.secret_key,
    }
    (tmp_path / "keys").write_text(json.dumps(document), "utf-8")
    machine.add("vault", credential_process=f"cat {tmp_path / 'keys'}")
    machine.add_role("prod", source_profile="vault")
    assert machine.key("prod") == machine.key("prod")
    assert machine.calls() == ["AssumeRole"]


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"{}", b'{"AccessKeyId": 1}'])
def test_metadata_service_with_a_bad_answer_is_blamed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: bytes
) -> None:
    machine.add("prod", role_arn="arn:aws:iam::222222222222:role/r", credential_source="EcsContainer")
    with serve_answer(200, body) as (url, _):
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        with pytest.raises(
            BotoCoreError, match=r"(?s)^[^\n]*credential_source EcsContainer of profile prod[^\n]*$"
        ):
            machine.key("prod")
    assert machine.calls() == []
    assert "own credentials are used" not in capsys.readouterr().err


def test_region_missing_is_the_sources(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """IAM and S3 need no region. AWS_ENDPOINT_URL_STS says where to call, so the test can only see that it works."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    machine.add_role("prod")
    assert machine.key("prod").startswith("ASIA")


def test_provider_for_shares_the_records_of_that_profile(
    machine: Machine,
) -> None:
    machine.add_role("prod")
    machine.add_role("audit")
    key = machine.key("audit")
    provider = provider_for(machine.session("prod"), "audit")
    assert provider.fetcher().fetch().access_key == key
    assert machine.calls() == ["AssumeRole"]


# -- refresh ---------------------------------------------------------------------------------------


class Renewing:
    """Return credentials of a role session with the given lifetime, on a clock of their own."""

    def __init__(self, directory: Path, life: float) -> None:
        self.now = time.time()
        self.life = life
        self.fetches = 0
        self.fault: Exception | None = None
        cache = Cache(directory, warn=pytest.fail)
        self.credentials = SessionCredentials(
            partial(cache.read, "name"), cast("Any", lambda: self), self.stock, "assume-role"
        )
        self.credentials._time_fetcher = self.moment

    def moment(self) -> Any:
        return datetime.fromtimestamp(self.now, timezone.utc)

    def fetch(self) -> Record:
        self.fetches += 1
        if self.fault:
            raise self.fault
        expiry = self.now + self.life
        renew = expiry - min(900, self.life / 2)
        return Record(f"ASIA{self.fetches}", "secret", "token", expiry, renew, None, {"obtained": self.now})

    def stock(self, fault: Exception) -> Any:  # noqa: ARG002
        raise AssertionError("botocore's own are not to be used")

    def key(self) -> str:
        return str(self.credentials.get_frozen_credentials().access_key)


@pytest.mark.parametrize(
    ("life", "window"),
    [
        pytest.param(900, 450, id="15 minutes"),
        pytest.param(1800, 900, id="half an hour"),
        pytest.param(3600, 900, id="an hour"),
        pytest.param(43200, 900, id="12 hours"),
    ],
)
def test_credentials_refresh_near_their_end_whatever_their_length(
    tmp_path: Path, life: float, window: float
) -> None:
    """botocore's own windows, 15 and 10 minutes, cover all of a short session's lifetime."""
    renewing = Renewing(tmp_path, life)
    began = renewing.now
    assert renewing.key() == "ASIA1"
    credentials = renewing.credentials
    windows = (credentials._advisory_refresh_timeout, credentials._mandatory_refresh_timeout)
    assert windows == pytest.approx((window, window))
    renewing.now = began + life - window - 5
    assert (renewing.key(), renewing.fetches) == ("ASIA1", 1)
    renewing.now = began + life - window + 5
    assert (renewing.key(), renewing.fetches) == ("ASIA2", 2)


def test_refresh_failed_is_an_error_near_the_end_only(
    tmp_path: Path,
) -> None:
    renewing = Renewing(tmp_path, 3600)
    began = renewing.now
    assert renewing.key() == "ASIA1"
    renewing.fault = XacctError("nobody to ask")
    renewing.now = began + 3100
    assert renewing.key() == "ASIA1"
    renewing.now = began + 3500
    with pytest.raises(XacctError, match="nobody to ask"):
        renewing.key()


def test_record_on_disk_is_used_without_a_fetcher(tmp_path: Path) -> None:
    """A warm command loads no more than it needs."""
    renewing = Renewing(tmp_path, 3600)
    Cache(tmp_path, warn=pytest.fail).write("name", renewing.fetch())
    assert (renewing.key(), renewing.fetches) == ("ASIA1", 1)


def test_threads_fetch_once(machine: Machine) -> None:
    machine.add_role("prod")
    credentials = machine.session("prod").get_credentials()
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.append(credentials.get_frozen_credentials().access_key))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1
    assert machine.calls() == ["AssumeRole"]


# -- what a service refuses ------------------------------------------------------------------------


def test_rejected_credentials_are_dropped_for_the_next_command(
    machine: Machine,
) -> None:
    """The stock CLI fails with them until their record expires."""
    machine.add_role("prod")
    machine.sts.revoke(machine.key("prod"))
    with closing(machine.session("prod").create_client("sts")) as client, pytest.raises(ClientError):
        client.get_caller_identity()
    assert list(machine.cache.glob("*.json")) == []
    with closing(machine.session("prod").create_client("sts")) as client:
        client.get_caller_identity()
    # STS is asked to be sure: other services say the same of valid credentials.
    asked = ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]
    assert machine.calls() == [*asked, "AssumeRole", "GetCallerIdentity"]


@pytest.mark.parametrize("code", ["AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId"])
def test_ambiguous_rejection_drops_nothing_that_sts_accepts(machine: Machine, code: str) -> None:
    """EC2 says AuthFailure in a region that is not enabled; an MFA session was dropped for it, which cost a code."""
    machine.add_role("prod")
    key = machine.key("prod")
    machine.sts.fail("GetCallerIdentity", times=1, status=401, code=code, message="no")
    with closing(machine.session("prod").create_client("sts")) as client, pytest.raises(ClientError):
        client.get_caller_identity()
    assert machine.key("prod") == key
    assert machine.calls() == ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]


def test_expired_credentials_are_dropped_without_asking_sts(machine: Machine) -> None:
    machine.add_role("prod")
    machine.key("prod")
    machine.sts.expire_all_sessions()
    with closing(machine.session("prod").create_client("sts")) as client, pytest.raises(ClientError):
        client.get_caller_identity()
    assert list(machine.cache.glob("*.json")) == []
    assert machine.calls() == ["AssumeRole", "GetCallerIdentity"]


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        pytest.param("s3", "head_object", {"Bucket": "bucket", "Key": "key"}, id="a HEAD"),
        pytest.param("lambda", "list_functions", {}, id="JSON"),
        pytest.param("cloudfront", "list_distributions", {}, id="XML"),
    ],
)
@pytest.mark.parametrize("end", ["alive", "dead"])
def test_rejection_without_a_code_asks_sts_once(
    machine: Machine, service: str, operation: str, arguments: dict[str, str], status: int, end: str
) -> None:
    """An object that the caller may not see is refused like an expired session, and there may be many."""
    machine.add_role("prod")
    session = machine.session("prod")
    key = session.get_credentials().get_frozen_credentials().access_key
    if end == "dead":
        machine.sts.revoke(key)
    with (
        serve_answer(status, b"") as (url, got),
        closing(session.create_client(service, endpoint_url=url)) as client,
    ):
        for _ in range(3):
            with pytest.raises(ClientError):
                getattr(client, operation)(**arguments)
    assert len(got) >= 3, "botocore asks for the bucket's region as well"
    assert machine.calls() == ["AssumeRole", "GetCallerIdentity"]
    assert (machine.key("prod") == key) is (end == "alive")


def test_not_found_asks_nobody(machine: Machine) -> None:
    machine.add_role("prod")
    with (
        serve_answer(404, b"") as (url, _),
        closing(machine.session("prod").create_client("s3", endpoint_url=url)) as client,
        pytest.raises(ClientError),
    ):
        client.head_object(Bucket="bucket", Key="key")
    assert machine.calls() == ["AssumeRole"]


def test_access_denied_drops_nothing(machine: Machine) -> None:
    machine.add_role("prod")
    key = machine.key("prod")
    machine.sts.fail("GetCallerIdentity", status=403, code="AccessDenied", message="no")
    with closing(machine.session("prod").create_client("sts")) as client, pytest.raises(ClientError):
        client.get_caller_identity()
    assert machine.key("prod") == key


def test_rejected_source_drops_no_role(machine: Machine) -> None:
    """A refused AssumeRole says nothing about the role's own credentials."""
    machine.add_role("prod")
    session = machine.session("prod")
    key = session.get_credentials().get_frozen_credentials().access_key
    machine.user.disable_key()
    provider = session.get_component("credential_provider").get_provider("assume-role")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        provider.fetcher().refresh()
    assert machine.key("prod") == key


# -- bugs of our own -------------------------------------------------------------------------------


class Broken:
    """A fetcher with a bug in it."""

    def fetch(self) -> Record:
        raise LookupError("a fault")


def broken(session: Any) -> SessionCredentials:
    """Return credentials of a session whose fetcher has a bug."""
    provider = session.get_component("credential_provider").get_provider("assume-role")
    assert isinstance(provider, AssumeRoleProvider)
    return SessionCredentials(lambda: None, cast("Any", Broken), provider.stock_credentials, "assume-role")


def test_bug_falls_back_to_stock_with_a_warning(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add_role("prod")
    credentials = broken(machine.session("prod"))
    frozen = credentials.get_frozen_credentials()
    assert machine.sts.find_key(frozen.access_key) is not None
    assert machine.calls() == ["AssumeRole"]
    assert capsys.readouterr() == (
        "",
        "xacct: botocore's own credentials are used, because of LookupError: a fault\n",
    )


def test_bug_in_load_falls_back_to_stock(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.add_role("prod")
    session = machine.session("prod")
    monkeypatch.setattr("awscli_xacct.profiles.cache_keys.key_name", lambda _: 1 // 0)
    kept: dict[str, Any] = {}
    session.get_component("credential_provider").get_provider("assume-role").cache = kept
    assert session.get_credentials().get_frozen_credentials().access_key.startswith("ASIA")
    assert kept == {}, "whatever cache stock is given, its key leaves out who calls"
    assert capsys.readouterr().err.endswith(
        "because of ZeroDivisionError: integer division or modulo by zero\n"
    )
    machine.add_role("tagged", session_tags="a=b")
    with pytest.raises(InvalidConfigError, match="session_tags of profile tagged, so none are used"):
        machine.session("tagged").get_credentials()


def test_bug_with_settings_stock_ignores_runs_no_source(machine: Machine, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    machine.add("vault", credential_process=f"touch {ran}")
    machine.add_role("prod", source_profile="vault", source_identity="alice")
    with pytest.raises(InvalidConfigError, match="source_identity of profile prod, so none are used"):
        broken(machine.session("prod")).get_frozen_credentials()
    assert not ran.exists()


@pytest.mark.parametrize(
    ("profiles", "ignored"),
    [
        pytest.param({"a": {"role_arn": "r"}}, False, id="a plain role"),
        pytest.param({"a": {"role_arn": "r", "policy": "{}"}}, True, id="a policy"),
        pytest.param({"a": {"role_arn": "r", "policy_arns": "p"}}, True, id="policies by name"),
        pytest.param({"a": {"role_arn": "r", "transitive_session_tags": "t"}}, True, id="transitive tags"),
        pytest.param({"a": {"role_arn": "r", "mfa_process": "p"}}, False, id="who is asked for codes"),
        pytest.param({"a": {"role_arn": "r", "source_identity": ""}}, False, id="nothing said"),
        pytest.param(
            {
                "a": {"role_arn": "r", "source_profile": "b"},
                "b": {"role_arn": "r", "source_profile": "c"},
                "c": {"role_arn": "r", "session_tags": "t=1"},
            },
            True,
            id="two hops on",
        ),
        pytest.param(
            {"a": {"role_arn": "r", "source_profile": "b"}, "b": {"role_arn": "r", "source_profile": "a"}},
            False,
            id="a circle",
        ),
        pytest.param(
            {"a": {"role_arn": "r", "source_profile": "b"}, "b": {"session_tags": "t=1"}}, False, id="a user"
        ),
    ],
)
def test_explain_refusal_looks_at_the_whole_chain(profiles: dict[str, dict[str, str]], ignored: bool) -> None:
    assert bool(awscli_xacct.explain_refusal(profiles, "a", "a fault")) is ignored


def test_bug_in_a_long_command_falls_back_each_time(machine: Machine) -> None:
    machine.add_role("prod")
    credentials = broken(machine.session("prod"))
    first = credentials.get_frozen_credentials().access_key
    credentials._expiry_time = credentials._expiry_time.replace(year=2000)
    # The very same: botocore's provider keeps what it has fetched.
    assert credentials.get_frozen_credentials().access_key == first


def test_expected_error_does_not_fall_back(machine: Machine) -> None:
    """STS is not called a second time for it."""
    machine.add("prod", role_arn="arn:aws:iam::222222222222:role/unknown", source_profile="default")
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole"):
        machine.key("prod")
    assert machine.calls() == ["AssumeRole"]


def test_garbage_from_sts_does_not_fall_back(machine: Machine) -> None:
    machine.add_role("prod")
    machine.sts.answer_garbage(times=None)
    with pytest.raises(Exception, match="contains no credentials"):
        machine.key("prod")
    assert machine.calls() == ["AssumeRole"]


# -- a command that began with the memo -------------------------------------------------------------


def end(credentials: SessionCredentials) -> None:
    """Let credentials end, the cached ones as well."""
    credentials._expiry_time = credentials._expiry_time.replace(year=2000)


def test_command_with_a_memo_refreshes_a_role(machine: Machine) -> None:
    machine.add_role("prod")
    credentials = machine.command("prod").get_credentials()
    first = credentials.get_frozen_credentials().access_key
    assert machine.calls() == []
    end(credentials)
    assert credentials.get_frozen_credentials().access_key == first, (
        "the record is good, whatever it was told"
    )
    machine.record().unlink()
    end(credentials)
    assert credentials.get_frozen_credentials().access_key != first
    assert machine.calls() == ["AssumeRole"]
    assert "CREDENTIALS_PROFILE_SOURCE_PROFILE" in credentials.features


def test_command_with_a_memo_refreshes_an_mfa_session(machine: Machine, user_with_mfa: User) -> None:
    credentials = machine.command("user").get_credentials()
    first = credentials.get_frozen_credentials().access_key
    assert (credentials.method, machine.calls()) == ("mfa-session", [])
    [device] = user_with_mfa.devices
    machine.write_code(device.next_code())
    machine.record().unlink()
    end(credentials)
    assert credentials.get_frozen_credentials().access_key != first
    assert machine.calls() == ["GetSessionToken"]


def test_command_with_a_memo_loads_the_profile_again_when_asked_again(machine: Machine) -> None:
    machine.add_role("prod")
    session = machine.command("prod")
    found = session.get_component("credential_provider").get_provider("assume-role")
    keys = {found.load().get_frozen_credentials().access_key}
    machine.record().unlink()
    keys.add(found.load().get_frozen_credentials().access_key)
    assert len(keys) == 2


@pytest.mark.parametrize("kind", ["a bug", "a damaged package"])
def test_command_with_a_memo_falls_back_to_stock_when_it_refreshes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    machine.add_role("prod")
    credentials = machine.command("prod").get_credentials()
    credentials.get_frozen_credentials()
    machine.record().unlink()
    end(credentials)
    if kind == "a bug":
        monkeypatch.setattr("awscli_xacct.credentials.fetcher.Fetcher.fetch", lambda _: 1 // 0)
    else:
        for name in ("credentials.loading", "messages"):
            monkeypatch.setitem(sys.modules, f"awscli_xacct.{name}", None)
    assert machine.sts.find_key(credentials.get_frozen_credentials().access_key) is not None
    assert machine.calls() == ["AssumeRole"]
    shown = "xacct: botocore's own credentials are used, because of ZeroDivisionError"
    assert capsys.readouterr().err.startswith(shown) is (kind == "a bug")
    assert not machine.cache.with_name("cli").exists()


# -- the cache as a command sees it ----------------------------------------------------------------


def test_record_of_another_user_is_one_warning(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add_role("prod")
    machine.key("prod")
    machine.record().chmod(0o644)
    machine.key("prod")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_record_damaged_is_replaced_silently(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.add_role("prod")
    machine.key("prod")
    machine.record().write_bytes(b"{}")
    key = machine.key("prod")
    assert machine.key("prod") == key
    assert machine.calls() == ["AssumeRole"] * 2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("how", ["variable", "section"])
def test_cache_directory_is_configurable(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    machine.add_role("prod")
    session = machine.session("prod")
    if how == "variable":
        monkeypatch.setenv("AWS_XACCT_CACHE_DIR", str(elsewhere))
    else:
        session.full_config["xacct"] = {"cache_dir": str(elsewhere)}
    session.get_credentials().get_frozen_credentials()
    assert len(list(elsewhere.glob("*.json"))) == 1
    assert not machine.cache.exists()


def test_rejected_codes_contain_those_of_sts() -> None:
    assert {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"} <= REJECTED_CODES


def test_user_profile_with_mfa_session_shares_it_with_roles(machine: Machine, user_with_mfa: User) -> None:
    session = machine.session("user")
    frozen = session.get_credentials().get_frozen_credentials()
    assert session.get_credentials().method == "mfa-session"
    assert frozen.access_key == machine.key("user")
    with closing(session.create_client("sts")) as client:
        assert client.get_caller_identity()["Arn"] == user_with_mfa.arn
    assert machine.calls() == ["GetSessionToken", "GetCallerIdentity"]


@pytest.fixture
def user_with_mfa(machine: Machine) -> User:
    """A profile `user` that runs on an MFA session; a program provides its codes."""
    device = machine.sts.add_mfa_device(machine.user)
    program = machine.write_code(device.next_code())
    options = {"mfa_serial": device.serial, "mfa_session": "on", "mfa_process": program}
    machine.add("user", **keys_of(machine.user), **options)
    return machine.user
