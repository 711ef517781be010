"""Role profiles compared with botocore's own assume-role provider: the same errors and the same calls."""

from __future__ import annotations

import contextlib
import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import credentials as stock
from botocore.configloader import load_config, raw_config_parse
from botocore.context import get_context, start_as_current_context
from botocore.exceptions import BotoCoreError, ConfigParseError, InvalidConfigError, UnauthorizedSSOTokenError
from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from awscli_xacct import settings
from awscli_xacct.configfile import sections
from awscli_xacct.credentials.provider import AssumeRoleProvider
from awscli_xacct.credentials.session_credentials import SessionCredentials
from awscli_xacct.errors import ConfigFileError, ProfileError
from awscli_xacct.profiles.role import Role, resolve
from awscli_xacct.profiles.source import Profiles, can_be_source, describe_role_session, is_role, resolve_user
from awscli_xacct.storage.cache import key_name
from tests.configfile.texts import quickly, readable, texts

NAMES = ["a", "b", "c", "d", "e"]
DEVICE = "arn:aws:iam::111111111111:mfa/dev"
CODE = "123456"
PROGRAM = """echo '{"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "secret"}'"""
EVERYWHERE_ELSE = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "secret-env"}

# -- one world for both providers ------------------------------------------------------------------


@dataclass
class Calls:
    """A client creator that records its calls, each with the key that signed it."""

    made: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, service: str, **options: Any) -> FakeSts:
        if service == "sso":
            raise UnauthorizedSSOTokenError
        assert service == "sts"
        return FakeSts(self.made, options.get("aws_access_key_id"))


@dataclass
class FakeSts:
    """Issues the same credentials for the same sequence of calls."""

    made: list[tuple[str, str | None, dict[str, Any]]]
    caller: str | None

    def assume_role(self, **request: Any) -> dict[str, Any]:
        return self._answer("AssumeRole", request)

    def assume_role_with_web_identity(self, **request: Any) -> dict[str, Any]:
        return self._answer("AssumeRoleWithWebIdentity", request)

    def get_session_token(self, **request: Any) -> dict[str, Any]:
        return self._answer("GetSessionToken", request)

    def _answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if re.fullmatch(r"botocore-session-\d+", request.get("RoleSessionName", "")):
            del request["RoleSessionName"]  # made up, from the time
        self.made.append((operation, self.caller, request))
        keys = {
            "AccessKeyId": f"ASIA{len(self.made)}",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": datetime.now(timezone.utc) + timedelta(hours=1),
        }
        arn = "arn:aws:sts::222222222222:assumed-role/Role/session"
        return {"Credentials": keys, "AssumedRoleUser": {"Arn": arn}}


class NoMetadata:
    """An instance without a role."""

    def retrieve_iam_role_credentials(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class World:
    """Everything that a provider gets through its constructor.

    `credentials` has the profiles of the credentials file.
    """

    profiles: Profiles
    variables: Mapping[str, str]
    directory: str
    credentials: Profiles = field(default_factory=dict)
    config: Profiles | None = None

    def load_config(self) -> dict[str, Any]:
        config = {
            "profiles": self.profiles,
            "sso_sessions": SSO_SESSIONS,
            "xacct": {"cache_dir": self.directory},
        }
        return deepcopy(config)

    def in_config(self, _: Any) -> dict[str, Any]:
        """Return the profiles of the config file alone."""
        return {"profiles": self.profiles if self.config is None else self.config}

    def providers(self, profile_name: str, disable_env_vars: bool) -> list[Any]:
        """Return the providers of botocore's ProfileProviderBuilder that need no network."""
        assert disable_env_vars
        return [
            stock.AssumeRoleWithWebIdentityProvider(
                self.load_config,
                Calls(),
                profile_name,
                cache={},
                disable_env_vars=True,
                token_loader_cls=lambda path: lambda: f"token in {path}",
            ),
            stock.SSOProvider(self.load_config, Calls(), profile_name, cache={}, token_cache={}),
            stock.SharedCredentialProvider(
                "credentials", profile_name, ini_parser=lambda _: self.credentials
            ),
            stock.ProcessProvider(profile_name, self.load_config),
            stock.ConfigProvider("config", profile_name, config_parser=self.in_config),
        ]

    def provider(self, kind: type[Any], profile: str, calls: Calls) -> Any:
        sourcer = stock.CanonicalNameCredentialSourcer(
            [
                stock.EnvProvider(environ=self.variables),
                stock.ContainerProvider(environ={}),
                stock.InstanceMetadataProvider(iam_role_fetcher=NoMetadata()),
            ]
        )
        return kind(
            load_config=self.load_config,
            client_creator=calls,
            cache={},
            profile_name=profile,
            prompter=lambda _: CODE,
            credential_sourcer=sourcer,
            profile_provider_builder=self,
        )


@dataclass(frozen=True)
class Outcome:
    """The result of loading a profile: the calls in order, and either an error or the final key.

    `loaded` is whether it was loaded without an error, and `features` the features counted until then.
    """

    calls: list[tuple[str, str | None, dict[str, Any]]]
    error: tuple[str, str] | None = None
    key: str | None = None
    loaded: bool = field(default=True, compare=False)
    features: frozenset[str] = field(default=frozenset(), compare=False)


def outcome(
    kind: type[Any], profiles: Profiles, profile: str, variables: Mapping[str, str], **files: Profiles
) -> Outcome:
    calls = Calls()
    said = io.StringIO()
    features: frozenset[str] | None = None
    with (
        tempfile.TemporaryDirectory() as directory,
        contextlib.redirect_stderr(said),
        pytest.MonkeyPatch.context() as environment,
        start_as_current_context(),
    ):
        for name in EVERYWHERE_ELSE:
            environment.delenv(name, raising=False)
        for name, value in variables.items():
            environment.setenv(name, value)
        provider = World(profiles, variables, directory, **files).provider(kind, profile, calls)
        try:
            credentials = provider.load()
            features = frozenset(get_context().features)
            if kind is AssumeRoleProvider:
                assert credentials is None or isinstance(credentials, SessionCredentials)
            key = credentials.get_frozen_credentials().access_key if credentials else None
        except BotoCoreError as error:
            loaded = features is not None
            return Outcome(
                calls.made, (type(error).__name__, str(error)), None, loaded, features or frozenset()
            )
    assert "own credentials are used" not in said.getvalue()
    return Outcome(calls.made, None, key, features=features)


def both(
    profiles: Profiles, variables: Mapping[str, str] = EVERYWHERE_ELSE, **files: Profiles
) -> tuple[Outcome, Outcome]:
    """Return the outcomes of the profile `a` with our provider and with botocore's."""
    return tuple(
        outcome(kind, profiles, "a", variables, **files)
        for kind in (AssumeRoleProvider, stock.AssumeRoleProvider)
    )  # type: ignore[return-value]


# -- profiles of any kind --------------------------------------------------------------------------


def optionally(**choices: Any) -> st.SearchStrategy[dict[str, str]]:
    """Draw any of these keys, each with any of its values."""
    return st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(values) for key, values in choices.items()}
    )


role_keys = optionally(
    external_id=["tenant/42", "other"],
    role_session_name=["me", "you", ""],
    duration_seconds=["900", "3600", " 1800 ", "1_200", "+901"],
    region=["us-west-1"],
)
static_keys = st.sampled_from(
    [
        {"aws_access_key_id": "AKIA1", "aws_secret_access_key": "secret-1"},
        {"aws_access_key_id": "AKIA2", "aws_secret_access_key": "secret-2"},
        {"aws_access_key_id": "ASIA3", "aws_secret_access_key": "secret-3", "aws_session_token": "token-3"},
        {"aws_access_key_id": "AKIA4"},
        {"aws_secret_access_key": "secret-5"},
        {"aws_access_key_id": "", "aws_secret_access_key": ""},
    ]
)
sources: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.sampled_from([*NAMES, "nobody", ""]).map(lambda name: {"source_profile": name}),
    st.sampled_from(["Environment", "EcsContainer", "Ec2InstanceMetadata", "environment", ""]).map(
        lambda name: {"credential_source": name}
    ),
    st.just({"source_profile": "b", "credential_source": "Environment"}),
    st.just({}),
)
others = optionally(
    web_identity_token_file=["/var/token", ""],
    credential_process=[PROGRAM],
    sso_session=["corp", "nowhere"],
    sso_start_url=["https://corp.awsapps.com/start"],
    sso_region=["us-east-1"],
    sso_account_id=["111111111111"],
    sso_role_name=["Dev"],
    output=["json"],
)
# Together, so that no shared MFA session is requested, which botocore never does.
devices_of_their_own = st.just({"mfa_serial": DEVICE, "mfa_session": "off", "mfa_process": f"echo {CODE}"})


@st.composite
def profile(draw: st.DrawFn) -> dict[str, str]:
    made: dict[str, str] = {}
    parts = (
        (static_keys, False),
        (sources, True),
        (role_keys, True),
        (others, False),
        (devices_of_their_own, False),
    )
    for part, likely in parts:
        if draw(st.integers(0, 9)) < (8 if likely else 3):
            made |= draw(part)
    if draw(st.integers(0, 9)) < 7:
        made["role_arn"] = f"arn:aws:iam::222222222222:role/{draw(st.sampled_from('ABC'))}"
    return made


@st.composite
def configs(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    """Draw profiles in which `a` is often the end of a long chain."""
    made = {name: draw(profile()) for name in draw(st.lists(st.sampled_from(NAMES), unique=True))}
    made["a"] = draw(profile()) | {"role_arn": "arn:aws:iam::222222222222:role/A"}
    if draw(st.booleans()):
        chain = [name for name in NAMES if name in made]
        for name, source in pairwise(chain):
            made[name].pop("credential_source", None)
            made[name]["source_profile"] = source
        for name in chain[:-1]:
            made[name].setdefault("role_arn", f"arn:aws:iam::222222222222:role/{name.upper()}")
    return made


@quickly
@given(profiles=configs(), variables=st.sampled_from([EVERYWHERE_ELSE, {}]))
@example({"a": {"role_arn": "r", "source_profile": "a", "aws_access_key_id": "AKIA"}}, {})
@example({"a": {"role_arn": "r", "source_profile": "a"}}, {})
@example({"a": {"role_arn": "r", "source_profile": "b", "role_session_name": ""}, "b": {}}, {})
@example({"a": {"role_arn": "", "credential_source": "Environment"}}, EVERYWHERE_ELSE)
def test_role_gives_the_same_errors_and_calls_as_botocore(
    profiles: dict[str, dict[str, str]], variables: dict[str, str]
) -> None:
    """Intended differences have their own tests below."""
    ours, theirs = both(profiles, variables)
    event("error" if theirs.error else f"{len(theirs.calls)} calls")
    assert_the_same(ours, theirs)


def assert_the_same(ours: Outcome, theirs: Outcome, *, from_files: bool = False) -> None:
    """Except for what STS would refuse, which is an error of ours, and for sources that are called on demand."""
    text = ours.error[1] if ours.error else ""
    if "mfa_serial cannot be used here" in text:
        assert (ours.calls, ours.loaded) == ([], False)
        assert any("TokenCode" in request for _, _, request in theirs.calls) or theirs.error
        return
    if ours.error:  # our error also names the profile
        ours = replace(
            ours, error=(ours.error[0], re.sub(r" \(profile \S+(, the source of profile \S+)?\)$", "", text))
        )
    assert ours == theirs
    asked = "Ec2InstanceMetadata" in text or (from_files and text.startswith("Partial credentials found in"))
    if asked and ours.loaded:  # the instance, or each file by itself
        return
    assert ours.loaded == theirs.loaded
    # A credential_process comes before keys in the config file, and after those in the credentials file.
    assert ours.features <= theirs.features <= ours.features | {"v", "w"}


@st.composite
def spelled(draw: st.DrawFn, options: Mapping[str, str]) -> str:
    """Draw the lines of options in a careless style."""
    lines = []
    for key, value in options.items():
        name = draw(st.sampled_from([key, key, key.upper(), key.title()]))
        lines.append(
            name
            + draw(st.sampled_from([" = ", "=", " : ", "\t=  "]))
            + value
            + draw(st.sampled_from(["", "  "]))
        )
    return "".join(f"{line}\n" for line in lines)


@st.composite
def file_pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Draw the two files; each option is in one of them, or in both with two values."""
    texts = {"config": "", "credentials": ""}
    other = draw(configs())
    for name, options in draw(configs()).items():
        places: dict[str, dict[str, str]] = {"config": {}, "credentials": {}}
        for key, value in options.items():
            where = draw(st.sampled_from(["config", "config", "credentials", "both"]))
            for place in places if where == "both" else [where]:
                places[place][key] = value
            if where == "both" and key in other.get(name, {}):
                places["credentials"][key] = other[name][key]
        for place, found in places.items():
            if found:
                header = f"[profile {name}]" if place == "config" else f"[{name}]"
                texts[place] += f"{header}\n{draw(spelled(found))}\n"
    return texts["config"], texts["credentials"]


@quickly
@given(pair=file_pairs(), variables=st.sampled_from([EVERYWHERE_ELSE, {}]))
@example(
    (
        "[profile a]\nROLE_ARN = r\nSource_Profile = b\n[profile b]\naws_secret_access_key = s\n",
        "[b]\naws_access_key_id = A\n",
    ),
    {},
)
def test_role_in_two_files_gives_the_same_errors_and_calls_as_botocore(
    files: tuple[Path, Path], pair: tuple[str, str], variables: dict[str, str]
) -> None:
    for path, text in zip(files, pair, strict=True):
        path.write_text(text)
    config = botocore_config(*files)
    assert config is not None
    in_config = load_config(str(files[0]))["profiles"]
    in_credentials = raw_config_parse(str(files[1]))
    ours, theirs = both(config["profiles"], variables, config=in_config, credentials=in_credentials)
    assert_the_same(ours, theirs, from_files=True)


@quickly
@given(profiles=configs(), name=st.sampled_from(NAMES))
def test_source_has_credentials_if_botocore_finds_some(
    profiles: dict[str, dict[str, str]], name: str
) -> None:
    """For valid profiles: botocore fails on a key without its secret."""
    found = profiles.get(name, {})
    assume(("aws_access_key_id" in found) == ("aws_secret_access_key" in found))
    assume(not found.get("web_identity_token_file") or "role_arn" in found)
    if is_role(found):
        assert can_be_source(profiles, name)
        return
    providers = World(profiles, {}, "").providers(name, disable_env_vars=True)
    try:
        loaded = stock.CredentialResolver(providers).load_credentials()
    except InvalidConfigError:  # an SSO sign-in that lacks something
        assert can_be_source(profiles, name)
        return
    assert can_be_source(profiles, name) == (loaded is not None)


@pytest.mark.parametrize(
    ("role", "source"),
    [
        pytest.param(
            {"source_profile": "b"}, {"aws_access_key_id": "A", "aws_secret_access_key": "s"}, id="keys"
        ),
        pytest.param({"source_profile": "b"}, {"credential_process": PROGRAM}, id="a program"),
        pytest.param(
            {"source_profile": "b"},
            {"web_identity_token_file": "/var/token", "role_arn": "arn:aws:iam::1:role/Web"},
            id="web identity",
        ),
        pytest.param(
            {"source_profile": "b"},
            {"sso_session": "corp", "sso_account_id": "111111111111", "sso_role_name": "Dev"},
            id="SSO",
        ),
        pytest.param(
            {"source_profile": "b"}, {"role_arn": "r", "credential_source": "Environment"}, id="chain"
        ),
        pytest.param({"credential_source": "Environment"}, {}, id="variables"),
    ],
)
def test_user_agent_features_match_botocore(role: dict[str, str], source: dict[str, str]) -> None:
    """In the User-Agent of every call signed with the credentials."""
    ours, theirs = both({"a": {"role_arn": "arn:aws:iam::222222222222:role/A", **role}, "b": source})
    assert (ours.loaded, ours.features) == (theirs.loaded, theirs.features)
    assert ours.features > {"i"}


@pytest.mark.parametrize(
    ("role", "source", "variables", "error"),
    [
        pytest.param(
            {"credential_source": "Environment"}, {}, {}, "CredentialRetrievalError", id="no variables"
        ),
        pytest.param(
            {"credential_source": "Environment"},
            {},
            {"AWS_ACCESS_KEY_ID": "A"},
            "PartialCredentialsError",
            id="half of them",
        ),
        pytest.param(
            {"credential_source": "EcsContainer"}, {}, {}, "CredentialRetrievalError", id="no container"
        ),
        pytest.param(
            {"source_profile": "b"},
            {"web_identity_token_file": "/var/token"},
            {},
            "InvalidConfigError",
            id="a web identity without a role",
        ),
        pytest.param(
            {"source_profile": "b"},
            {"sso_role_name": "Dev"},
            {},
            "InvalidConfigError",
            id="half of an SSO sign-in",
        ),
        pytest.param(
            {"source_profile": "b"},
            {"aws_access_key_id": "A"},
            {},
            "PartialCredentialsError",
            id="half a key",
        ),
    ],
)
def test_source_without_credentials_fails_when_botocore_fails(
    role: dict[str, str], source: dict[str, str], variables: dict[str, str], error: str
) -> None:
    """That is, when credentials are loaded, which programs may do long before a call."""
    ours, theirs = both({"a": {"role_arn": "arn:aws:iam::2:role/A", **role}, "b": source}, variables)
    assert ours == theirs
    assert (ours.loaded, theirs.loaded) == (False, False)
    assert ours.error is not None
    assert ours.error[0] == error


# -- what differs on purpose -----------------------------------------------------------------------

ROLE = {"role_arn": "arn:aws:iam::222222222222:role/Role", "source_profile": "b"}
USER = {"aws_access_key_id": "AKIA1", "aws_secret_access_key": "secret-1"}
SESSION = {"aws_access_key_id": "ASIA1", "aws_secret_access_key": "secret-1", "aws_session_token": "token"}
# botocore ignores it; here it provides the code, because a test has no terminal.
MFA = {"mfa_serial": DEVICE, "mfa_process": f"echo {CODE}"}
WITH_CODE = {"SerialNumber": DEVICE, "TokenCode": CODE}


def assumed(key: str, **request: Any) -> tuple[str, str, dict[str, Any]]:
    return ("AssumeRole", key, {"RoleArn": ROLE["role_arn"], **request})


@pytest.mark.parametrize("duration", ["1h", "900s", "3600.5", "", "0", "-1", "899", "43201", "99999999999"])
def test_duration_outside_the_limits_is_an_error(duration: str) -> None:
    """botocore silently drops a value that is not a number, and sends other values for STS to refuse."""
    ours, theirs = both({"a": {**ROLE, "duration_seconds": duration}, "b": USER})
    assert ours.calls == []
    assert ours.error is not None
    assert ours.error[0] == "InvalidConfigError"
    assert f"profile a: duration_seconds {duration!r}: must be " in ours.error[1]
    assert "aws configure role a --duration-seconds 3600" in ours.error[1]
    assert theirs.error is None


@pytest.mark.parametrize("seconds", [900, 43200])
def test_duration_within_the_limits_is_sent(seconds: int) -> None:
    ours, theirs = both({"a": {**ROLE, "duration_seconds": str(seconds)}, "b": USER})
    assert ours == theirs == Outcome([assumed("AKIA1", DurationSeconds=seconds)], key="ASIA1")


def test_duration_above_an_hour_for_a_chained_role_is_an_error() -> None:
    """STS refuses it, which botocore only learns from the call."""
    chain = {"a": {**ROLE, "duration_seconds": "3601"}, "b": {**ROLE, "source_profile": "c"}, "c": USER}
    ours, theirs = both(chain)
    assert ours.error is not None
    assert "is more than 3600 (1 hour)" in ours.error[1]
    assert theirs.calls[-1] == assumed("ASIA1", DurationSeconds=3601)


def test_mfa_for_a_chained_role_is_an_error() -> None:
    """STS accepts codes only from users; botocore asks for one, and STS refuses it."""
    ours, theirs = both({"a": {**ROLE, **MFA}, "b": {**ROLE, "source_profile": "c"}, "c": USER})
    assert (ours.calls, ours.error) == (
        [],
        (
            "InvalidConfigError",
            str(
                InvalidConfigError(
                    error_msg="profile a: mfa_serial cannot be used here, because its source b is a role and STS "
                    "accepts an MFA code from an IAM user only. Set it on the first role of the chain:\n"
                    f"  aws configure role b --mfa-serial {DEVICE}\n"
                    "  aws configure role a --mfa-serial none"
                )
            ),
        ),
    )
    assert theirs.calls[-1] == assumed("ASIA1", **WITH_CODE)


WEB = {"web_identity_token_file": "/var/token", "role_arn": "arn:aws:iam::1:role/Web"}
ROLE_SESSIONS = [
    pytest.param({"b": {"sso_account_id": "1", "sso_role_name": "Dev"}}, "b", "from SSO", id="SSO"),
    pytest.param({"b": {**USER, "sso_account_id": "1"}}, "b", "from SSO", id="SSO goes before keys"),
    pytest.param({"b": WEB}, "b", "from a web identity", id="web identity"),
    *(
        pytest.param(
            {"b": {"credential_process": command}, "p": ROLE}, "b", "of the role profile p", id=command
        )
        for command in (
            "xacct credentials p",
            "'/opt/my tools/xacct' credentials --format process p",
            "xacct.exe credentials -- p",
            "python3 -m awscli_xacct credentials --format=process p",
            "aws configure export-credentials --profile p --format process",
            "/usr/bin/aws --profile=p configure export-credentials",
        )
    ),
    pytest.param(
        {"b": {"credential_process": "xacct credentials p"}, "p": {"sso_account_id": "1"}},
        "b",
        "from SSO",
        id="xacct gives an SSO session",
    ),
    pytest.param({}, "EcsContainer", "the container's", id="EcsContainer"),
]
NO_ROLE_SESSIONS = [
    pytest.param({"b": USER}, "b", id="keys"),
    pytest.param({"b": SESSION}, "b", id="keys of a session that may be anybody's"),
    pytest.param({"b": {"login_session": "arn"}}, "b", id="aws login, by a user or a role"),
    *(
        pytest.param({"b": {"credential_process": command}, "p": USER, "r": ROLE}, "b", id=command)
        for command in (
            "xacct credentials p",
            "xacct credentials b",
            "xacct credentials nobody",
            "xacct credentials",
            "xacct credentials 'r",
            "op-credentials r",
            "aws-vault exec --json r",
            "aws configure export-credentials",
            "",
        )
    ),
    pytest.param({}, "Environment", id="Environment"),
]


def called_by(source: str, profiles: Profiles, **settings: str) -> Profiles:
    key = "credential_source" if source[0].isupper() else "source_profile"
    return {**profiles, "a": {"role_arn": ROLE["role_arn"], key: source, **settings}}


@pytest.mark.parametrize(("profiles", "source", "how"), ROLE_SESSIONS)
def test_source_with_a_role_session_counts_as_a_role(profiles: Profiles, source: str, how: str) -> None:
    """At most an hour and no code: STS refuses both."""
    with pytest.raises(ProfileError, match=rf"more than 3600 \(1 hour\)[\s\S]*its source {source} .*{how}"):
        resolve(called_by(source, profiles, duration_seconds="7200"), "a", environment={})
    with pytest.raises(
        ProfileError, match=f"its source {source} .*{how}, and STS accepts an MFA code"
    ) as raised:
        resolve(called_by(source, profiles, mfa_serial=DEVICE), "a", environment={})
    assert str(raised.value).endswith(
        "from an IAM user only. Remove it:\n  aws configure role a --mfa-serial none"
    )
    role = resolve(called_by(source, profiles, duration_seconds="3600"), "a", environment={})
    assert (role.chained, role.takes_no_code) == (True, True)


@pytest.mark.parametrize(("profiles", "source"), NO_ROLE_SESSIONS)
def test_source_that_may_have_user_keys_is_left_to_sts(profiles: Profiles, source: str) -> None:
    settings = {"duration_seconds": "7200", "mfa_serial": DEVICE}
    role = resolve(called_by(source, profiles, **settings), "a", environment={})
    assert (role.chained, role.takes_no_code) == (False, False)


def test_source_instance_has_no_mfa_and_no_one_hour_limit() -> None:
    """According to AWS, the limit for chained roles does not apply to applications on instances."""
    instance = "Ec2InstanceMetadata"
    assert not resolve(called_by(instance, {}, duration_seconds="7200"), "a", environment={}).chained
    with pytest.raises(
        ProfileError, match="its source Ec2InstanceMetadata gives a role's session, the instance's"
    ):
        resolve(called_by(instance, {}, mfa_serial=DEVICE), "a", environment={})


def test_mfa_session_of_a_role_session_is_an_error() -> None:
    """GetSessionToken accepts only long-term keys."""
    user = {"credential_process": "xacct credentials p", "mfa_serial": DEVICE, "mfa_session": "on"}
    profiles = {"a": ROLE, "b": user, "p": {**ROLE, "source_profile": "c"}, "c": USER}
    for call in (lambda: resolve(profiles, "a", environment={}), lambda: resolve_user(profiles, "b")):
        with pytest.raises(ProfileError, match="profile b: mfa_session = on cannot be used here") as raised:
            call()
        assert "gives the session of the role profile p, and STS gives an MFA session" in str(raised.value)
        assert str(raised.value).endswith("\n  aws configure set mfa_session off --profile b")


def test_mfa_in_a_chain_from_a_session_is_an_error() -> None:
    profiles = {"a": {**ROLE, **MFA}, "b": {**ROLE, "source_profile": "c"}, "c": WEB}
    with pytest.raises(ProfileError, match="its source b is a role") as raised:
        resolve(profiles, "a", environment={})
    assert str(raised.value).endswith("Remove it:\n  aws configure role a --mfa-serial none")


def test_mfa_session_is_shared_by_all_roles_of_a_user() -> None:
    """botocore spends the code on one role."""
    ours, theirs = both({"a": {**ROLE, **MFA, "external_id": "tenant/42"}, "b": USER})
    bought = ("GetSessionToken", "AKIA1", {**WITH_CODE, "DurationSeconds": 43200})
    assert ours == Outcome([bought, assumed("ASIA1", ExternalId="tenant/42")], key="ASIA2")
    assert theirs == Outcome([assumed("AKIA1", ExternalId="tenant/42", **WITH_CODE)], key="ASIA1")


@pytest.mark.parametrize(
    ("source", "settings"),
    [
        pytest.param(USER, {"mfa_session": "off"}, id="mfa_session = off"),
        pytest.param(USER, {"duration_seconds": "3601"}, id="more than the hour an MFA session allows"),
        pytest.param(SESSION, {}, id="a caller that is no user"),
    ],
)
def test_mfa_without_a_shared_session_is_sent_with_the_role(
    source: dict[str, str], settings: dict[str, str]
) -> None:
    ours, theirs = both({"a": {**ROLE, **MFA, **settings}, "b": source})
    assert ours == theirs
    assert ours.calls[0][2].items() >= WITH_CODE.items()


def test_mfa_serial_empty_counts_as_missing() -> None:
    """botocore asks for a code of a device with an empty name."""
    ours, theirs = both({"a": {**ROLE, "mfa_serial": ""}, "b": USER})
    assert ours == Outcome([assumed("AKIA1")], key="ASIA1")
    assert theirs == Outcome([assumed("AKIA1", SerialNumber="", TokenCode=CODE)], key="ASIA1")


@pytest.mark.parametrize(
    "key",
    [
        *("source_profile", "credential_source", "mfa_serial", "external_id", "role_session_name"),
        *("duration_seconds", "mfa_session", "session_tags", "source_identity", "mfa_process"),
    ],
)
def test_setting_that_is_a_block_is_an_error(key: str) -> None:
    """botocore uses the block as the value, and crashes or sends it."""
    profiles: dict[str, dict[str, Any]] = {"a": {**ROLE, key: {"x": "y"}}, "b": USER}
    [ours] = [outcome(AssumeRoleProvider, profiles, "a", {})]
    assert ours.calls == []
    assert ours.error is not None
    assert f"profile a: {key} must be one line, not an indented block" in ours.error[1]


@pytest.mark.parametrize("mode", ["", "yes", "On"])
def test_mfa_session_mode_unknown_is_an_error(mode: str) -> None:
    profiles = {"a": {**ROLE, "mfa_session": mode}, "b": USER}
    if mode == "":
        assert resolve(profiles, "a", environment={}).mfa_session == "auto"
        return
    with pytest.raises(ProfileError, match=f"profile a: mfa_session '{mode}': must be one of auto, on, off"):
        resolve(profiles, "a", environment={})


# -- the same profiles from the same files ---------------------------------------------------------


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    directory = tmp_path_factory.mktemp("files")
    return directory / "config", directory / "credentials"


def botocore_config(config: Path, credentials: Path) -> dict[str, Any] | None:
    session = botocore.session.Session()
    session.set_config_variable("config_file", str(config))
    session.set_config_variable("credentials_file", str(credentials))
    try:
        found: dict[str, Any] = session.full_config
    except ConfigParseError:
        return None
    return found


@quickly
@given(config=readable | texts(), credentials=readable | texts() | st.just(b""))
@example(b"[profile a]\nx=1\n", b"[a]\nx=2\n[profile a]\ny=3\n")
@example(b"[default]\ns3 =\n  a = b\n", b"[DEFAULT]\nx = 1\n[default]\n")
@example(
    b"[services s]\nsts =\n  endpoint_url = x\n[sso-session 'a b']\n[sso_sessions]\n[services]\n[xacct]\na=b",
    b"",
)
def test_config_of_two_files_equals_that_of_a_botocore_session(
    files: tuple[Path, Path], config: bytes, credentials: bytes
) -> None:
    for path, data in zip(files, (config, credentials), strict=True):
        path.write_bytes(data)
    expected = botocore_config(*files)
    try:
        found: dict[str, dict[str, Any]] | None = sections.full_config(config, credentials)
    except ConfigFileError:
        found = None
    assert found == expected
    assert list((found or {}).get("profiles", [])) == list((expected or {}).get("profiles", []))


# -- what the cache key is made of -----------------------------------------------------------------

SSO = {"sso_session": "corp", "sso_account_id": "111111111111", "sso_role_name": "Dev"}
SSO_SESSIONS = {"corp": {"sso_region": "us-east-1", "sso_start_url": "https://corp.awsapps.com/start"}}
SECRETS = {"aws_secret_access_key", "aws_session_token"}

whole_roles = st.fixed_dictionaries(
    {"role_arn": st.sampled_from([f"arn:aws:iam::222222222222:role/{name}" for name in "AB"])},
    optional={
        "external_id": st.sampled_from(["tenant/42", "other"]),
        "role_session_name": st.sampled_from(["me", "you"]),
        "duration_seconds": st.sampled_from(["900", "3600"]),
        "session_tags": st.sampled_from(["team=ops", "team=ops,env=prod", "team=dev"]),
        "transitive_session_tags": st.sampled_from(["team", "env"]),
        "source_identity": st.sampled_from(["me", "you"]),
    },
)
devices = st.fixed_dictionaries(
    {},
    optional={
        "mfa_serial": st.sampled_from([DEVICE, "GAHT12345678"]),
        "mfa_session": st.sampled_from(["on", "off"]),
    },
)
users = st.one_of(
    st.fixed_dictionaries(
        {
            "aws_access_key_id": st.sampled_from(["AKIA1", "AKIA2"]),
            "aws_secret_access_key": st.sampled_from(["secret-of-mine", "secret-of-yours"]),
        },
        optional={"aws_session_token": st.sampled_from(["token-of-mine", "token-of-yours"])},
    ),
    st.sampled_from(["AKIA1", "AKIA2 --profile x"]).map(lambda command: {"credential_process": command}),
    st.fixed_dictionaries({key: st.sampled_from([value, f"{value}2"]) for key, value in SSO.items()}),
    st.sampled_from(["dev", "ops"]).map(lambda login: {"login_session": login}),
    st.fixed_dictionaries(
        {
            "web_identity_token_file": st.sampled_from(["/var/token", "/var/token2"]),
            "role_arn": st.sampled_from(["arn:aws:iam::1:role/Web", "arn:aws:iam::1:role/Web2"]),
        }
    ),
)


@st.composite
def chains(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    """Draw a chain of one to three roles from the profile `user`; the last one is `a`."""
    names = NAMES[: draw(st.integers(1, 3))]
    made = {name: draw(whole_roles) for name in names}
    made[names[-1]] |= draw(devices)
    for name, source in zip(names, [*names[1:], "user"], strict=True):
        made[name]["source_profile"] = source
    made["user"] = draw(users)
    return without_codes_of_sessions(made)


def without_codes_of_sessions(profiles: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Remove MFA devices from chains that begin with a role's session, which cannot send a code."""
    if describe_role_session(profiles, "user"):
        return {
            name: {key: value for key, value in options.items() if not key.startswith("mfa_")}
            for name, options in profiles.items()
        }
    return profiles


def key_of(profiles: Profiles, environment: Mapping[str, str] | None = None) -> str:
    sso = {"corp2": {}, **SSO_SESSIONS}
    return key_name(resolve(profiles, "a", sso_sessions=sso, environment=environment or {}).identity)


def meaning(profiles: Profiles) -> Any:
    """Return everything that determines the credentials of `a`, without secrets and profile names."""
    chain, name = [], "a"
    while name:
        profile = profiles[name]
        hidden = {*SECRETS, "source_profile"}
        if "mfa_serial" not in profile:
            hidden |= {"mfa_session"}
        chain.append({key: value for key, value in profile.items() if key not in hidden})
        name = "" if name == "user" else profile["source_profile"]
    return chain


@quickly
@given(one=chains(), data=st.data())
def test_cache_key_is_equal_only_for_equivalent_roles(
    one: dict[str, dict[str, str]], data: st.DataObject
) -> None:
    """The other chain differs in one profile."""
    other = deepcopy(one)
    name = data.draw(st.sampled_from(sorted(one)))
    made = data.draw(users if name == "user" else whole_roles)
    if "mfa_serial" in one[name]:
        made = made | data.draw(devices)
    other[name] = {key: value for key, value in one[name].items() if key == "source_profile"} | made
    other = without_codes_of_sessions(other)
    assert (key_of(one) == key_of(other)) == (meaning(one) == meaning(other))


@quickly
@given(profiles=chains(), data=st.data())
def test_cache_key_changes_with_any_setting_of_the_chain(
    profiles: dict[str, dict[str, str]], data: st.DataObject
) -> None:
    edited = deepcopy(profiles)
    name = data.draw(st.sampled_from(sorted(profiles)))
    hidden = {"source_profile"} | (set() if "mfa_serial" in profiles[name] else {"mfa_session"})
    settable = sorted(set(profiles[name]) - SECRETS - hidden)
    key = data.draw(st.sampled_from(settable))
    if key in {"role_arn", "aws_access_key_id", "mfa_serial", *SSO}:
        edited[name][key] += "3"
    elif data.draw(st.booleans()) and len(settable) > 1 and name != "user":
        del edited[name][key]
    else:
        texts = {"duration_seconds": "1234", "session_tags": "a=b", "mfa_session": "auto"}
        edited[name][key] = texts.get(key, "edited")
    assert key_of(edited) != key_of(profiles)


@quickly
@given(profiles=chains(), data=st.data())
def test_cache_key_ignores_profile_names_and_irrelevant_settings(
    profiles: dict[str, dict[str, str]], data: st.DataObject
) -> None:
    """Two profiles with the same role and source share a record; a new secret always has a new key."""
    renamed = {name: name if name == "a" else f"other {name}" for name in profiles}
    same = {}
    for name, options in profiles.items():
        source = {"source_profile": renamed[options["source_profile"]]} if "source_profile" in options else {}
        same[renamed[name]] = {**options, **source, "region": "us-west-1", "output": "text"}
    for key in SECRETS & profiles["user"].keys():
        same[renamed["user"]][key] = data.draw(st.text())
    assert key_of(same) == key_of(profiles)


@quickly
@given(profiles=chains())
def test_cache_key_contains_no_secret(profiles: dict[str, dict[str, str]]) -> None:
    role = resolve(profiles, "a", sso_sessions={}, environment={})
    named_after = json.dumps(role.identity, default=str)
    assert not [key for key in SECRETS & profiles["user"].keys() if profiles["user"][key] in named_after]


def test_cache_key_of_a_credential_source_depends_on_environment_and_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All pods have the same credentials URL but their own tokens; two machines may share a home directory."""

    def key(source: str, **environment: str) -> str:
        return key_of({"a": {"role_arn": "r", "credential_source": source}}, environment)

    variables = [
        {},
        {"AWS_ACCESS_KEY_ID": "AKIA1"},
        {"AWS_ACCESS_KEY_ID": "AKIA2"},
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/one"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/one"},
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "token"},
        {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/var/run/token"},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://localhost/"},
    ]
    assert len({key("Environment", **found) for found in variables}) == 3
    assert len({key("EcsContainer", **found) for found in variables}) == 5
    assert len({key("Ec2InstanceMetadata", **found) for found in variables}) == 2
    before = {source: key(source) for source in settings.CREDENTIAL_SOURCES}
    monkeypatch.setattr("awscli_xacct.profiles.source.machine_name", lambda: "another")
    assert [key(source) == name for source, name in before.items()] == [True, False, False]
    assert key("Environment", AWS_SECRET_ACCESS_KEY="one") == key("Environment", AWS_SECRET_ACCESS_KEY="two")


def test_cache_key_of_sso_depends_on_its_section() -> None:
    profiles = {"a": {"role_arn": "r", "source_profile": "user"}, "user": SSO}

    def key(**section: str) -> str:
        return key_name(resolve(profiles, "a", sso_sessions={"corp": section}, environment={}).identity)

    assert key(sso_start_url="https://one") != key(sso_start_url="https://two")


def test_cache_key_of_an_instance_depends_on_the_metadata_endpoint_of_the_session() -> None:
    """Of two profiles with an endpoint each, the second got the session of the first one's caller."""
    role = {"role_arn": "r", "credential_source": "Ec2InstanceMetadata"}
    one, two = ({"ec2_metadata_service_endpoint": f"http://{host}/"} for host in ("one", "two"))
    assert len({key_of({"a": role | endpoint}) for endpoint in (one, two, {})}) == 3
    # What counts is the setting of the profile that is used, as it is for botocore.
    chain = {"a": {"role_arn": "r", "source_profile": "b"}, "b": role}
    assert key_of(chain) == key_of({**chain, "b": role | one}) != key_of({**chain, "a": chain["a"] | one})


@pytest.mark.parametrize(
    "command", ["xacct credentials jump", "aws configure export-credentials --profile jump --format process"]
)
def test_cache_key_depends_on_the_profile_that_a_program_asks_for(command: str) -> None:
    """After an edit of that profile, its old session went on calling for the role."""
    profiles: dict[str, dict[str, Any]] = {
        "a": {"role_arn": "r", "source_profile": "sdk"},
        "sdk": {"credential_process": command},
        "jump": {"role_arn": "arn:aws:iam::222222222222:role/Jump", "source_profile": "user"},
        "user": {"aws_access_key_id": "AKIA1", "aws_secret_access_key": "secret"},
        "other": {"aws_access_key_id": "AKIA2", "aws_secret_access_key": "secret"},
    }
    edits: list[dict[str, dict[str, Any]]] = [
        {},
        {"jump": profiles["jump"] | {"role_arn": "arn:aws:iam::222222222222:role/Else"}},
        {"jump": profiles["jump"] | {"source_profile": "other"}},
        {"user": profiles["other"]},
        {"jump": {"credential_process": "xacct credentials sdk"}},
        {"jump": {"source_profile": {"a": "block"}}},
    ]
    assert len({key_of({**profiles, **edit}) for edit in edits}) == len(edits)
    secret = {"user": {**profiles["user"], "aws_secret_access_key": "other"}}
    assert key_of({**profiles, **secret}) == key_of(profiles)


def test_role_and_request_have_a_readable_repr() -> None:
    profiles = {
        "a": {
            **ROLE,
            "external_id": "tenant/42",
            "role_session_name": "me",
            "duration_seconds": "1800",
            "session_tags": "team=ops,env=prod",
            "transitive_session_tags": "team",
            "source_identity": "me",
        },
        "b": {**USER, "region": "us-west-1"},
    }
    role = resolve(profiles, "a", environment={})
    assert isinstance(role, Role)
    assert role.request == {
        "RoleArn": ROLE["role_arn"],
        "RoleSessionName": "me",
        "ExternalId": "tenant/42",
        "DurationSeconds": 1800,
        "SourceIdentity": "me",
        "Tags": [{"Key": "team", "Value": "ops"}, {"Key": "env", "Value": "prod"}],
        "TransitiveTagKeys": ["team"],
    }
    assert (role.chained, role.source.identity) == (False, {"aws_access_key_id": "AKIA1"})


def hops(role: Role) -> Iterator[str]:
    yield role.profile
    if isinstance(role.source, Role):
        yield from hops(role.source)


def long_chain(length: int) -> dict[str, dict[str, Any]]:
    """Return a chain of roles; the profile 0 is assumed last."""
    profiles = {str(number): {**ROLE, "source_profile": str(number + 1)} for number in range(length)}
    return {**profiles, str(length): USER}


def test_chain_can_be_long() -> None:
    profiles = long_chain(settings.MAX_CHAIN)
    role = resolve(profiles, "0", environment={})
    assert list(hops(role)) == [str(number) for number in range(settings.MAX_CHAIN)]
    assert key_name(role.identity)


@pytest.mark.parametrize("length", [settings.MAX_CHAIN + 1, 1000, 20_000])
def test_chain_without_end_is_an_error(length: int) -> None:
    """Only profiles beyond the limit fail; those closer to the user work."""
    profiles = long_chain(length)
    with pytest.raises(ProfileError, match="profile 0: its chain is too long: more than 150 roles") as raised:
        resolve(profiles, "0", environment={})
    assert (raised.value.problem.profile, raised.value.structural) == ("0", False)
    assert str(raised.value).endswith("\n  aws configure role 0 --source-profile PROFILE")
    assert resolve(profiles, str(length - settings.MAX_CHAIN), environment={})


def test_region_that_is_an_indented_block_is_not_read() -> None:
    profiles: Profiles = {"a": {**ROLE, "region": {"x": "y"}}, "b": USER}
    assert resolve(profiles, "a", environment={}).profile == "a"
