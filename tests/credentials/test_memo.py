"""An answer from the memo, to `xacct` or `aws`, equals that of the slow path, whatever has happened in between."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import pytest
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from awscli_xacct import __version__, explain_refusal
from awscli_xacct.cli import resolve as resolved
from awscli_xacct.credentials import loading, resolution
from awscli_xacct.credentials.provider import AssumeRoleProvider, install
from awscli_xacct.errors import ProfileError
from awscli_xacct.profiles.cache_keys import CacheKeys, record_cache, setting
from awscli_xacct.profiles.inventory import Inventory
from awscli_xacct.profiles.source import is_mfa_user, is_role
from awscli_xacct.settings import CACHE_DIR, RESOLUTION_VARIABLES, config_paths
from awscli_xacct.storage.cache import Cache, Record
from awscli_xacct.storage.memo import Memo, config_checksum, file_signature, read_document, read_memo
from awscli_xacct.storage.snapshot import ConfigSnapshot
from tests.configfile.texts import quickly

TICK = 0.03
"""Seconds; longer than the resolution of any file system's clock here."""

ROLE = "arn:aws:iam::222222222222:role/Power"
CONFIG = f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = default\nregion = eu-west-1\n"
POLICY = '{{"Statement": [{{"Effect": "Allow", "Action": "s{}:*", "Resource": "*"}}]}}'
KEYS = "[default]\naws_access_key_id = AKIA{}\naws_secret_access_key = x\n"


class Place:
    """A home with a role profile; this process gets its environment."""

    def __init__(self, path: Path) -> None:
        self.aws = path / ".aws"
        self.config, self.credentials = self.aws / "config", self.aws / "credentials"
        self.aws.mkdir(parents=True)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ["HOME"] = str(path)
        self.config.write_text(CONFIG, "utf-8")
        self.credentials.write_text(KEYS.format(1), "utf-8")

    @property
    def memos(self) -> list[Path]:
        return list(self.aws.glob("xacct/resolved/*"))

    def find_record(self, profile: str, config: Mapping[str, Any] | None = None) -> tuple[str, Cache]:
        """Return a profile's cache key and the cache, as the provider in a botocore session finds them."""
        config = config or Session(profile=profile).full_config
        options = config["profiles"][profile]
        cached = is_role(options) or is_mfa_user(options)
        key = CacheKeys(config, profile, os.environ).all()[0] if cached else ""
        return key, record_cache(config, os.environ, pytest.fail)

    def fetch(self, profile: str, key: str, life: float = 3600, left: float = 600) -> None:
        """Write a record as a fetch would."""
        name, cache = self.find_record(profile)
        now = time.time()
        cache.write(
            name, Record(f"ASIA{key}", "s", "t", now + life, now + life - left, metadata={"obtained": now})
        )

    def expected(self, profile: str, config: Mapping[str, Any] | None = None) -> bytes | None:
        """Return what `xacct credentials` prints without a memo; None if it would have to fetch.

        `config` is what a process has read, if it has done so already.
        """
        name, cache = self.find_record(profile, config)
        record = cache.read(name) if name else None
        if record is None or time.time() >= record.refresh_at:
            return None
        return cache._path(cache.directory or Path(), name).read_bytes().split(b"\n")[1] + b"\n"


@pytest.fixture
def environment() -> Iterator[None]:
    """Restore the environment afterwards."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def place(tmp_path: Path, environment: None) -> Place:  # noqa: ARG001
    return Place(tmp_path / "home")


def wait_for_tick() -> None:
    """Wait until the file system's clock has advanced by a tick."""
    time.sleep(TICK)


def tick_of(seconds: float = TICK) -> AbstractContextManager[object]:
    """Have memos written so many seconds after an edit while the block runs."""
    return patch("awscli_xacct.settings.MEMO_TICK", seconds)


def remember(profile: str = "prod") -> None:
    """Resolve a profile once its files are old enough for a memo.

    Tries again if this process was held up meanwhile, which looks like a file server with a slow clock.
    """
    for _ in range(20):
        wait_for_tick()
        with tick_of():
            resolved.resolve(profile)
        if read_memo(profile, __version__) is not None:
            return


def start_aws(profile: str = "prod") -> Session:
    """Return the session of an `aws` command that has read its config."""
    session = Session(profile=profile)
    assert session.full_config
    return session


def provider_of(session: Session) -> AssumeRoleProvider:
    """Return the provider that a command gets, which asks the memo first."""
    install(session, explain_refusal, __version__)
    found = session.get_component("credential_provider").get_provider("assume-role")
    assert isinstance(found, AssumeRoleProvider)
    return found


def document_of(session: Session) -> dict[str, Any] | None:
    """Return the document with which the memo serves a command; None if it does not."""
    served = provider_of(session)._served
    return None if served is None else {**served[1][1], "Version": 1}


def test_memo_answers_for_a_resolved_profile(place: Place) -> None:
    place.fetch("prod", "1")
    assert read_document("prod", __version__) is None
    remember()
    document = read_document("prod", __version__)
    assert document is not None
    assert document.startswith(b'{"Version": 1, "AccessKeyId": "ASIA1"')
    assert document == place.expected("prod")


def test_memo_serves_aws_as_it_does_xacct(place: Place) -> None:
    place.fetch("prod", "1")
    assert document_of(start_aws()) is None
    remember()
    credentials = provider_of(start_aws()).load()
    frozen = credentials.get_frozen_credentials()
    document = json.loads(read_document("prod", __version__) or b"")
    assert (frozen.access_key, frozen.secret_key, frozen.token) == (
        document["AccessKeyId"],
        document["SecretAccessKey"],
        document["SessionToken"],
    )
    assert credentials.method == "assume-role"
    assert credentials._expiry_time.strftime("%Y-%m-%dT%H:%M:%SZ") == document["Expiration"]


def test_memo_that_aws_has_written_serves_both(place: Place) -> None:
    place.fetch("prod", "1")
    for _ in range(20):
        wait_for_tick()
        with tick_of():
            resolution.resolve("prod", __version__, loading.read_config)
        if place.memos:
            break
    assert read_document("prod", __version__) == place.expected("prod") != None  # noqa: E711
    assert document_of(start_aws()) == json.loads(place.expected("prod") or b"")


@pytest.mark.parametrize("absent", [(), ("config",), ("credentials",), ("config", "credentials")])
def test_config_read_for_a_memo_is_that_of_a_session(place: Place, absent: tuple[str, ...]) -> None:
    place.config.write_text(
        f"{CONFIG}[services s]\nsts =\n  endpoint_url = x\n[xacct]\nhistory = off\n", "utf-8"
    )
    place.credentials.write_text(
        f"{KEYS.format(1)}[prod]\naws_session_token = t\n[new]\nregion = r\n", "utf-8"
    )
    for name in absent:
        (place.aws / name).unlink()
    assert loading.read_config(config_paths()) == Session().full_config


def test_memo_of_newer_files_does_not_serve_a_command_that_has_read_the_older_ones(place: Place) -> None:
    """A command that was stopped meanwhile would call with the new role what it was told to call with the old one."""
    before = start_aws()
    place.credentials.write_text(KEYS.format(2), "utf-8")
    place.fetch("prod", "2")
    remember()
    assert document_of(before) is None
    assert document_of(start_aws()) is not None


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        (f"[profile prod]\nrole_arn = {ROLE}\ncredential_source = Environment\n", KEYS),
        (
            CONFIG,
            "[default]\nsso_start_url = https://x\nsso_region = a\nsso_account_id = 1\nsso_role_name = r\n",
        ),
    ],
    ids=["credential_source", "SSO"],
)
def test_memo_does_not_serve_aws_where_only_botocore_can_find_the_source(
    place: Place, config: str, keys: str
) -> None:
    """Without AWS_SECRET_ACCESS_KEY, or a login that is on disk, the stock CLI fails; so does the plugin."""
    os.environ["AWS_ACCESS_KEY_ID"] = "AKIA"
    place.config.write_text(config, "utf-8")
    place.credentials.write_text(keys.format(1), "utf-8")
    place.fetch("prod", "1")
    remember()
    assert read_document("prod", __version__) == place.expected("prod") != None  # noqa: E711
    assert document_of(start_aws()) is None


def test_memo_of_a_user_with_an_mfa_session_serves_aws(place: Place) -> None:
    place.config.write_text("[default]\nmfa_session = on\nmfa_serial = 123456789\n", "utf-8")
    place.fetch("default", "1")
    remember("default")
    credentials = provider_of(start_aws("default")).load()
    assert (credentials.method, credentials.get_frozen_credentials().access_key) == ("mfa-session", "ASIA1")


def test_memo_holds_nothing_of_a_secret_key(place: Place) -> None:
    """Not even its checksum."""
    contents = []
    for secret in ("x", "y"):
        place.credentials.write_text(KEYS.format(1).replace("= x", f"= {secret}"), "utf-8")
        contents.append(config_checksum(start_aws().full_config, "prod"))
    assert contents[0] == contents[1]


def test_memo_is_private_and_its_name_reveals_nothing(place: Place) -> None:
    remember()
    [memo] = place.memos
    assert (memo.stat().st_mode & 0o777, memo.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "prod" not in memo.name


def test_memo_is_one_per_profile_when_keys_change(place: Place) -> None:
    """New temporary keys in the shell every hour must not fill the disk."""
    for key in range(5):
        os.environ["AWS_ACCESS_KEY_ID"] = f"ASIA{key}"
        remember()
    assert len(place.memos) == 1


def test_memo_is_not_written_for_racily_clean_files(place: Place) -> None:
    with tick_of(3600):
        resolved.resolve("prod")
    assert place.memos == []


def _clock(ahead: float) -> float:
    return time.time() + ahead


def test_memo_is_not_written_while_a_file_servers_clock_is_behind(place: Place) -> None:
    """A config file that looks older than it is may change again within the same tick."""
    for ahead, kept in ((100.0, 0), (0.0, 1)):
        wait_for_tick()
        os.utime(place.config)
        with tick_of(0 if kept else TICK):
            snapshot = ConfigSnapshot("prod", __version__, clock=partial(_clock, ahead))
            snapshot.remember(Memo("name", "directory", ""))
        assert len(place.memos) == kept


def test_memo_is_written_by_a_process_that_is_held_up(place: Place) -> None:
    """Between the write of a file and the look at the clock, which looks like a file server that is behind."""
    times = iter([1000, 5000, 0])
    snapshot = ConfigSnapshot("prod", __version__, clock=lambda: _clock(next(times)))
    snapshot.remember(Memo("name", "directory", ""))
    assert place.memos


@pytest.mark.parametrize("cut", range(0, 600, 7))
def test_memo_truncated_is_a_miss(place: Place, cut: int) -> None:
    place.fetch("prod", "1")
    remember()
    [memo] = place.memos
    data = memo.read_bytes()
    memo.write_bytes(data[: min(cut, len(data) - 1)])
    assert read_memo("prod", __version__) is None


def test_memo_with_any_byte_changed_is_a_miss(place: Place) -> None:
    remember()
    [memo] = place.memos
    data = memo.read_bytes()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        memo.write_bytes(bytes(changed))
        assert read_memo("prod", __version__) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows protects files by access lists, not by modes")
def test_memo_that_others_can_write_is_a_miss(place: Place) -> None:
    remember()
    [memo] = place.memos
    assert read_memo("prod", __version__) is not None
    memo.chmod(0o620)
    assert read_memo("prod", __version__) is None


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_memo_of_another_user_is_a_miss(place: Place) -> None:
    remember()
    os.chown(place.memos[0], 65534, 65534)
    assert read_memo("prod", __version__) is None


def test_memo_of_another_version_is_a_miss(place: Place) -> None:
    place.fetch("prod", "1")
    remember()
    assert read_memo("prod", "0.0.0") is None


def test_memo_of_a_profile_without_a_record(place: Place) -> None:
    remember("default")
    memo = read_memo("default", __version__)
    assert memo is not None
    assert (memo.record, memo.fresh_document(time.time())) == ("", None)
    assert place.expected("default") is None


def test_memo_that_cannot_be_written_is_no_error(place: Place) -> None:
    (place.aws / "xacct").write_text("a file where a directory should be", "utf-8")
    remember()
    assert read_memo("prod", __version__) is None


def test_memo_of_a_profile_with_another_file_is_a_miss_once_that_changes(place: Place) -> None:
    """Such as a policy that the profile names: there may be any number of them."""
    names = [str(place.aws / name) for name in ("one", "two")]
    for name in names:
        Path(name).write_text("a policy", "utf-8")
    wait_for_tick()
    memo = Memo("name", "/", "", ["A=B"], files={name: file_signature(name) for name in names})
    with tick_of():
        ConfigSnapshot("prod", __version__).remember(memo)
    found = read_memo("prod", __version__)
    assert found is not None
    assert (list(found.files), found.exported) == (names, ["A=B"])
    Path(names[1]).write_text("a policY", "utf-8")
    assert read_memo("prod", __version__) is None


def test_memo_of_a_profile_with_a_policy_is_a_miss_once_that_changes(place: Place) -> None:
    """Also where the policy belongs to another profile of the chain, which calls for the role."""
    policy = place.aws / "policy"
    policy.write_text(POLICY.format(1), "utf-8")
    with place.config.open("a", encoding="utf-8") as file:
        file.write(f"policy = file://{policy}\n[profile audit]\nrole_arn = {ROLE}\nsource_profile = prod\n")
    for profile in ("prod", "audit"):
        remember(profile)
        memo = read_memo(profile, __version__)
        assert memo is not None
        assert list(memo.files) == [str(policy)]
        policy.write_text(POLICY.format(2 if profile == "prod" else 3), "utf-8")
        assert read_memo(profile, __version__) is None
    remember()
    policy.unlink()
    assert read_memo("prod", __version__) is None


def test_memo_is_not_written_for_a_racily_clean_file_that_it_names(place: Place) -> None:
    policy = place.aws / "policy"
    wait_for_tick()
    policy.write_text("a policy", "utf-8")
    with tick_of():
        snapshot = ConfigSnapshot("prod", __version__)
        snapshot.remember(Memo("name", "/", "", files={str(policy): file_signature(str(policy))}))
    assert place.memos == []


# -- the fingerprint covers everything that resolution reads ----------------------------------------


class Recording(Mapping[str, str]):
    """An environment that records which variables are read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("resolution reads every variable")

    def __len__(self) -> int:
        raise AssertionError("resolution reads every variable")


PROFILES = st.fixed_dictionaries(
    {},
    optional={
        "role_arn": st.just(ROLE),
        "source_profile": st.sampled_from(["default", "other", "prod"]),
        "credential_source": st.sampled_from(["Environment", "Ec2InstanceMetadata", "EcsContainer"]),
        "mfa_serial": st.just("arn:aws:iam::111111111111:mfa/dev"),
        "mfa_session": st.sampled_from(["on", "off", "auto"]),
        "aws_access_key_id": st.just("AKIA"),
        "sso_session": st.just("corp"),
        "services": st.just("local"),
        "endpoint_url": st.just("http://localhost"),
    },
)


@quickly
@given(profiles=st.fixed_dictionaries(dict.fromkeys(("default", "other", "prod"), PROFILES)))
def test_memo_covers_all_variables_that_resolution_reads(profiles: dict[str, dict[str, str]]) -> None:
    config: dict[str, Any] = {"profiles": profiles, "services": {}, "sso_sessions": {}}
    environment = Recording({})
    inventory = Inventory(config, environment, Cache(None, warn=pytest.fail).read)
    for name, options in profiles.items():
        setting(config, CACHE_DIR, environment)
        try:
            if is_role(options):
                inventory.keys(name).of_role()
            elif is_mfa_user(options):
                inventory.keys(name).all()
        except ProfileError:
            pass
    assert environment.read <= set(RESOLUTION_VARIABLES)


# -- edits, other keys, other environments, expiry, logout, in any order ----------------------------


class MemoMachine(RuleBasedStateMachine):
    """Whatever happens, the memo's answer is that of the slow path."""

    answers: ClassVar[int] = 0

    @initialize()
    def move_in(self) -> None:
        self.before = dict(os.environ)
        self.home = tempfile.mkdtemp()
        self.place = Place(Path(self.home, "home"))
        self.policy = self.place.aws / "policy"
        self.policy.write_text(POLICY.format(1), "utf-8")
        self.number = 0
        self.started: list[Session] = []

    def teardown(self) -> None:
        if hasattr(self, "before"):
            os.environ.clear()
            os.environ.update(self.before)
            shutil.rmtree(self.home)

    @rule(digit=st.integers(1, 3), profile=st.sampled_from(["default", "prod"]))
    def edit_the_config_to_the_same_size(self, digit: int, profile: str) -> None:
        """In place, as some editors do: the file keeps its inode."""
        text = CONFIG.replace("role/Power", f"role/Powe{digit}").replace("= default", f"= {profile:7}")
        assert len(text) == len(CONFIG)
        with self.place.config.open("r+", encoding="utf-8") as file:
            file.write(text)

    @rule(digit=st.integers(1, 3), policy=st.booleans())
    def replace_the_config(self, digit: int, policy: bool) -> None:
        new = self.place.config.with_name("new")
        options = (
            f"external_id = tenant/{digit}\n" * (digit > 1) + f"policy = file://{self.policy}\n" * policy
        )
        new.write_text(f"{CONFIG}{options}", "utf-8")
        new.replace(self.place.config)

    @rule(text=st.sampled_from(["[xacct]\ncache_dir = ~/elsewhere\n", "[services s]\n"]))
    def add_to_the_config(self, text: str) -> None:
        if text not in self.place.config.read_text("utf-8"):
            with self.place.config.open("a", encoding="utf-8") as file:
                file.write(text)

    @rule(digit=st.integers(1, 3))
    def edit_the_policy_to_the_same_size(self, digit: int) -> None:
        with self.policy.open("r+", encoding="utf-8") as file:
            file.write(POLICY.format(digit))

    @rule(digit=st.integers(1, 3))
    def rotate_the_keys(self, digit: int) -> None:
        with self.place.credentials.open("r+", encoding="utf-8") as file:
            file.write(KEYS.format(digit))

    @rule()
    def set_a_files_times_back(self) -> None:
        os.utime(self.place.config, (1, 1))

    @rule(
        name=st.sampled_from([*RESOLUTION_VARIABLES, "AWS_SHARED_CREDENTIALS_FILE"]),
        value=st.sampled_from([None, "900", "1800", "http://localhost"]),
    )
    def set_a_variable(self, name: str, value: str | None) -> None:
        if value is None:
            os.environ.pop(name, None)
        elif name == "AWS_SHARED_CREDENTIALS_FILE":
            other = self.place.aws / "other"
            other.write_text(KEYS.format(9), "utf-8")
            os.environ[name] = str(other)
        elif name == "AWS_EC2_METADATA_SERVICE_ENDPOINT":
            os.environ[name] = "http://localhost/"  # with anything else no session can be made
        else:
            os.environ[name] = value if "CACHE" not in name else f"{self.place.aws}/{value[:3]}"

    @rule(life=st.sampled_from([3600.0, 3600.0, 3600.0, 0.02]), left=st.sampled_from([0.0, 600.0, 3600.0]))
    def fetch(self, life: float, left: float) -> None:
        self.number += 1
        if self.can_work():
            self.place.fetch("prod", str(self.number), life, min(life, left))

    @rule()
    def log_out(self) -> None:
        for record in Path(self.home).rglob("*.json"):
            record.unlink()

    @rule()
    def damage_a_record(self) -> None:
        for record in Path(self.home).rglob("*.json"):
            record.write_bytes(record.read_bytes().replace(b"ASIA", b"ASIB"))

    @rule()
    def time_goes_on(self) -> None:
        wait_for_tick()

    @rule()
    @precondition(lambda self: self.can_work())
    def resolve(self) -> None:
        with tick_of():
            resolved.resolve("prod")

    @rule()
    @precondition(lambda self: self.can_work())
    def resolve_as_aws_does(self) -> None:
        with tick_of():
            resolution.resolve("prod", __version__, loading.read_config)

    @rule()
    @precondition(lambda self: self.can_work())
    def start_a_command(self) -> None:
        self.started.append(start_aws())

    @rule()
    @precondition(lambda self: self.started)
    def read_in_a_command(self) -> None:
        """Whatever has changed since it read its config, the answer is that of the config it has read."""
        session = self.started.pop()
        answer = document_of(session)
        if answer is not None:
            assert answer == json.loads(self.place.expected("prod", session.full_config) or b"")
            MemoMachine.answers += 1

    @rule()
    @precondition(lambda self: self.can_work())
    def read(self) -> None:
        answer = read_document("prod", __version__)
        if answer is not None:
            assert answer == self.place.expected("prod")
            MemoMachine.answers += 1

    @rule()
    @precondition(lambda self: self.can_work())
    def read_what_has_just_been_resolved(self) -> None:
        """A memo that never answers would always be right."""
        remember()
        self.fetch(3600.0, 600.0)
        assert read_document("prod", __version__) == self.place.expected("prod") != None  # noqa: E711
        assert document_of(start_aws()) == json.loads(self.place.expected("prod") or b"")

    def can_work(self) -> bool:
        """Whether the profile is not its own source."""
        return "source_profile = prod" not in self.place.config.read_text("utf-8")


TestMemo = MemoMachine.TestCase
TestMemo.settings = settings(quickly, max_examples=60, stateful_step_count=25)
