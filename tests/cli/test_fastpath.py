"""What is answered from memory is what would be found out anew, whatever has happened in between."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from awscli_xacct import __version__
from awscli_xacct.cli import fastpath
from awscli_xacct.cli import resolve as resolved
from awscli_xacct.cli.memo import ConfigSnapshot
from awscli_xacct.errors import ProfileError
from awscli_xacct.profiles.cache_keys import setting
from awscli_xacct.profiles.inventory import Inventory
from awscli_xacct.profiles.source import is_mfa_user, is_role
from awscli_xacct.settings import CACHE_DIR, RESOLUTION_VARIABLES
from awscli_xacct.storage.cache import Cache, Record
from tests.configfile.texts import quickly

TICK = 0.03
"""Seconds; more than the clock of any file system here takes to go on."""

ROLE = "arn:aws:iam::222222222222:role/Power"
CONFIG = f"[profile prod]\nrole_arn = {ROLE}\nsource_profile = default\nregion = eu-west-1\n"
KEYS = "[default]\naws_access_key_id = AKIA{}\naws_secret_access_key = x\n"


class Place:
    """A home with a role profile in it, whose environment this process has."""

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

    def anew(self, profile: str) -> tuple[str, Cache]:
        """The record of a profile and the cache, as the provider in a botocore session finds them."""
        config = Session(profile=profile).full_config
        inventory = resolved.inventory(config)
        options = config["profiles"][profile]
        if is_role(options):
            return inventory.own_record(profile), inventory._cache
        return (inventory.records_of(profile)[0] if is_mfa_user(options) else ""), inventory._cache

    def fetch(self, profile: str, key: str, life: float = 3600, left: float = 600) -> None:
        """Put a record where a fetched one would be."""
        name, cache = self.anew(profile)
        now = time.time()
        cache.write(
            name, Record(f"ASIA{key}", "s", "t", now + life, now + life - left, metadata={"obtained": now})
        )

    def expected(self, profile: str) -> bytes | None:
        """What `xacct credentials` would print if it had no memory, as long as it has nothing to fetch."""
        name, cache = self.anew(profile)
        record = cache.read(name) if name else None
        if record is None or time.time() >= record.refresh_at:
            return None
        return cache._path(cache.directory or Path(), name).read_bytes().split(b"\n")[1] + b"\n"


@pytest.fixture
def environment() -> Iterator[None]:
    """The environment is put back afterwards."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def place(tmp_path: Path, environment: None) -> Place:  # noqa: ARG001
    return Place(tmp_path / "home")


def wait_for_the_clock() -> None:
    """Until the file system's clock has gone on by a tick, which nothing but time brings about."""
    time.sleep(TICK)


def remembered(profile: str = "prod") -> None:
    """Have a profile resolved once its files are old enough for that to be remembered.

    It is not where this process was held up in the middle, which looks like a file server with a slow clock.
    """
    for _ in range(20):
        wait_for_the_clock()
        resolved.resolve(profile, TICK)
        if fastpath.recall(profile, __version__) is not None:
            return


def test_a_profile_that_was_resolved_is_answered_from_memory(place: Place) -> None:
    place.fetch("prod", "1")
    assert fastpath.document("prod", __version__) is None
    remembered()
    document = fastpath.document("prod", __version__)
    assert document is not None
    assert document.startswith(b'{"Version": 1, "AccessKeyId": "ASIA1"')
    assert document == place.expected("prod")


def test_a_memo_tells_nothing_by_its_name_and_is_private(place: Place) -> None:
    remembered()
    [memo] = place.memos
    assert (memo.stat().st_mode & 0o777, memo.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "prod" not in memo.name


def test_there_is_one_memo_a_profile_however_often_its_keys_change(place: Place) -> None:
    """Somebody whose shell has new temporary keys each hour would fill the disk otherwise."""
    for key in range(5):
        os.environ["AWS_ACCESS_KEY_ID"] = f"ASIA{key}"
        remembered()
    assert len(place.memos) == 1


def test_files_that_may_change_once_more_and_look_the_same_are_not_remembered(place: Place) -> None:
    resolved.resolve("prod", 3600)
    assert place.memos == []


def _clock(ahead: float) -> float:
    return time.time() + ahead


def test_files_of_a_server_whose_clock_is_behind_are_not_believed_too_early(place: Place) -> None:
    """A config that its server says is older than it is may be changed within the same tick."""
    for ahead, kept in ((100.0, 0), (0.0, 1)):
        wait_for_the_clock()
        os.utime(place.config)
        moment = ConfigSnapshot("prod", __version__, 0 if kept else TICK, clock=partial(_clock, ahead))
        moment.remember(fastpath.Memo("name", "directory", ""))
        assert len(place.memos) == kept


@pytest.mark.parametrize("cut", range(0, 600, 7))
def test_a_truncated_memo_is_none(place: Place, cut: int) -> None:
    place.fetch("prod", "1")
    remembered()
    [memo] = place.memos
    data = memo.read_bytes()
    memo.write_bytes(data[: min(cut, len(data) - 1)])
    assert fastpath.recall("prod", __version__) is None


def test_a_memo_with_any_byte_changed_is_none(place: Place) -> None:
    remembered()
    [memo] = place.memos
    data = memo.read_bytes()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        memo.write_bytes(bytes(changed))
        assert fastpath.recall("prod", __version__) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows protects files by access lists, not by modes")
def test_a_memo_that_others_could_have_written_is_none(place: Place) -> None:
    remembered()
    [memo] = place.memos
    assert fastpath.recall("prod", __version__) is not None
    memo.chmod(0o620)
    assert fastpath.recall("prod", __version__) is None


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_a_strangers_memo_is_none(place: Place) -> None:
    remembered()
    os.chown(place.memos[0], 65534, 65534)
    assert fastpath.recall("prod", __version__) is None


def test_another_version_of_the_package_resolves_anew(place: Place) -> None:
    place.fetch("prod", "1")
    remembered()
    assert fastpath.recall("prod", "0.0.0") is None


def test_a_profile_without_a_record_of_ours_is_remembered_as_such(place: Place) -> None:
    remembered("default")
    memo = fastpath.recall("default", __version__)
    assert memo is not None
    assert (memo.record, memo.fresh_document(time.time())) == ("", None)
    assert place.expected("default") is None


def test_a_disk_that_keeps_no_memo_is_no_fault(place: Place) -> None:
    (place.aws / "xacct").write_text("a file where a directory should be", "utf-8")
    remembered()
    assert fastpath.recall("prod", __version__) is None


# -- nothing that resolution reads may be missing from what a memo holds for -------------------------


class Recording(Mapping[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("resolution looks at everything there is")

    def __len__(self) -> int:
        raise AssertionError("resolution looks at everything there is")


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
def test_all_variables_that_resolution_reads_are_listed(profiles: dict[str, dict[str, str]]) -> None:
    config: dict[str, Any] = {"profiles": profiles, "services": {}, "sso_sessions": {}}
    environment = Recording({})
    inventory = Inventory(config, environment, Cache(None, warn=pytest.fail))
    for name, options in profiles.items():
        setting(config, CACHE_DIR, environment)
        try:
            if is_role(options):
                inventory.own_record(name)
            elif is_mfa_user(options):
                inventory.records_of(name)
        except ProfileError:
            pass
    assert environment.read <= set(RESOLUTION_VARIABLES)


# -- the whole: edits, other keys, other environments, expiry, logout, in any order -------------------


class Memory(RuleBasedStateMachine):
    """Whatever happens: what memory says is what the long way would say."""

    answers: ClassVar[int] = 0

    @initialize()
    def move_in(self) -> None:
        self.before = dict(os.environ)
        self.home = tempfile.mkdtemp()
        self.place = Place(Path(self.home, "home"))
        self.number = 0

    def teardown(self) -> None:
        if hasattr(self, "before"):
            os.environ.clear()
            os.environ.update(self.before)
            shutil.rmtree(self.home)

    @rule(digit=st.integers(1, 3), profile=st.sampled_from(["default", "prod"]))
    def edit_the_config_to_the_same_size(self, digit: int, profile: str) -> None:
        """In place, as some editors do: the file stays the same one."""
        text = CONFIG.replace("role/Power", f"role/Powe{digit}").replace("= default", f"= {profile:7}")
        assert len(text) == len(CONFIG)
        with self.place.config.open("r+", encoding="utf-8") as file:
            file.write(text)

    @rule(digit=st.integers(1, 3))
    def replace_the_config(self, digit: int) -> None:
        new = self.place.config.with_name("new")
        new.write_text(CONFIG + f"external_id = tenant/{digit}\n" * (digit > 1), "utf-8")
        new.replace(self.place.config)

    @rule(text=st.sampled_from(["[xacct]\ncache_dir = ~/elsewhere\n", "[services s]\n"]))
    def add_to_the_config(self, text: str) -> None:
        if text not in self.place.config.read_text("utf-8"):
            with self.place.config.open("a", encoding="utf-8") as file:
                file.write(text)

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
        wait_for_the_clock()

    @rule()
    @precondition(lambda self: self.can_work())
    def resolve(self) -> None:
        resolved.resolve("prod", TICK)

    @rule()
    @precondition(lambda self: self.can_work())
    def read(self) -> None:
        answer = fastpath.document("prod", __version__)
        if answer is not None:
            assert answer == self.place.expected("prod")
            Memory.answers += 1

    @rule()
    @precondition(lambda self: self.can_work())
    def read_what_has_just_been_resolved(self) -> None:
        """Memory that never answers would always be right."""
        remembered()
        self.fetch(3600.0, 600.0)
        assert fastpath.document("prod", __version__) == self.place.expected("prod") != None  # noqa: E711

    def can_work(self) -> bool:
        """Not while the profile is its own source."""
        return "source_profile = prod" not in self.place.config.read_text("utf-8")


TestMemory = Memory.TestCase
TestMemory.settings = settings(quickly, max_examples=60, stateful_step_count=25)
