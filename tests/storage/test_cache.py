"""Cache records on disk: what was written is read back; anything else is a miss, not an error."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from awscli_xacct.settings import CLOCK_SLACK, MAX_SESSION_DURATION
from awscli_xacct.storage.cache import Cache, Record, cache_directory, key_name
from awscli_xacct.storage.directories import choose_elsewhere
from awscli_xacct.storage.homes import describe_missing_home
from tests.configfile.texts import quickly

NOW = 1_800_000_000.0
NAME = key_name({"role": "arn:aws:iam::222222222222:role/CrossAccountPowerUser"})
OTHER = key_name({"role": "arn:aws:iam::333333333333:role/Audit"})
NOBODY = 65534
LONGEST = MAX_SESSION_DURATION + CLOCK_SLACK

posix = pytest.mark.skipif(os.name == "nt", reason="Windows protects files by access lists, not by modes")
as_root = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can give a file to another user"
)


def record(**changes: Any) -> Record:
    """Return credentials for an hour, obtained now."""
    metadata = {"profile": "prod", "obtained": NOW}
    defaults: dict[str, Any] = {
        "access_key": "ASIAIOSFODNN7EXAMPLE",
        "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "token": "FwoGZXIvYXdzE" + 50 * "x",
        "expiry": NOW + 3600,
        "refresh_at": NOW + 3000,
        "account": "222222222222",
        "metadata": metadata,
    }
    return Record(**{**defaults, **changes})


class FrozenCache:
    """A cache with a clock that the test sets, and the warnings it gave."""

    def __init__(self, directory: Path | None) -> None:
        self.now = NOW
        self.warnings: list[str] = []
        self.cache = Cache(directory, clock=lambda: self.now, warn=self.warnings.append)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "xacct" / "cache"


@pytest.fixture
def frozen(directory: Path) -> FrozenCache:
    return FrozenCache(directory)


@pytest.fixture
def path(directory: Path, frozen: FrozenCache) -> Path:
    """The file of a valid record."""
    frozen.cache.write(NAME, record())
    return directory / f"{NAME}.json"


def write_private(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


def craft(head: str, *lines: object, name: str = NAME) -> bytes:
    """Return a record with a correct checksum, whatever it holds: `head` is OBTAINED, EXPIRY and REFRESH."""
    body = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines).encode()
    first = head if head.startswith("xacct") else f"xacct 2 {name} {head}"
    return f"{first} {zlib.crc32(first.encode() + body):08x}\n".encode() + body


# -- round trip ------------------------------------------------------------------------------------

texts = st.text(min_size=1)
lives = st.floats(min_value=1, max_value=MAX_SESSION_DURATION)


@st.composite
def records(draw: st.DrawFn) -> Record:
    obtained = draw(st.floats(min_value=0, max_value=NOW))
    life = draw(lives)
    left = draw(st.floats(min_value=0, max_value=1)) * life
    metadata = draw(st.dictionaries(texts, st.none() | st.booleans() | st.integers() | st.text()))
    return Record(
        draw(texts),
        draw(texts),
        draw(texts),
        obtained + life,
        obtained + life - left,
        draw(st.none() | texts),
        {**metadata, "obtained": obtained},
    )


@quickly
@given(written=records())
@example(written=Record("key", "secret", "token", 1.99999, 1.5, None, {"obtained": 1.0}))
def test_record_written_is_read_back(written: Record) -> None:
    """Times are exact to the last bit (rounded, they promised a second too much), texts of any kind, surrogates too."""
    with tempfile.TemporaryDirectory() as home:
        frozen = FrozenCache(Path(home, "cache"))
        frozen.now = float(written.metadata["obtained"])
        frozen.cache.write(NAME, written)
        read = frozen.cache.read(NAME)
    assert frozen.warnings == []
    assert read is not None
    assert (read.expiry, read.refresh_at) == (written.expiry, written.refresh_at)
    assert read.payload() == written.payload()
    assert read.metadata == written.metadata


def test_record_file_has_three_lines(path: Path) -> None:
    head, payload, metadata = path.read_text("utf-8").splitlines()
    assert head.rpartition(" ")[0] == f"xacct 2 {NAME} {NOW!r} {NOW + 3600!r} {NOW + 3000!r}"
    assert json.loads(payload) == {
        "Version": 1,
        "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "SessionToken": record().token,
        "Expiration": "2027-01-15T09:00:00Z",
        "AccountId": "222222222222",
    }
    assert json.loads(metadata) == {"profile": "prod"}


def test_record_repr_and_file_name_show_no_secret(path: Path) -> None:
    assert repr(record()) == f"Record('prod', expiry={NOW + 3600:.0f})"
    assert len(path.stem) == 64
    assert set(path.stem) <= set("0123456789abcdef")


def test_record_expiry_text_is_rounded_down() -> None:
    assert record(expiry=NOW + 0.999).expiry_text == record(expiry=NOW).expiry_text == "2027-01-15T08:00:00Z"


def test_key_name_depends_on_values_not_on_order() -> None:
    assert key_name({"a": 1, "b": [None, "x"]}) == key_name({"b": [None, "x"], "a": 1})
    names = [
        key_name(identity) for identity in ({}, {"a": None}, {"a": "None"}, {"a": "1"}, {"a": 1}, {"a": [1]})
    ]
    assert len(set(names)) == len(names)


def test_key_name_accepts_undecodable_bytes() -> None:
    """As argv and the environment hold them."""
    assert key_name({"profile": os.fsdecode(b"\xff")}) != key_name({"profile": os.fsdecode(b"\xfe")})


# -- malformed records -----------------------------------------------------------------------------


def test_record_truncated_anywhere_is_a_miss(frozen: FrozenCache, path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        write_private(path, whole[:length])
        assert frozen.cache.read(NAME) is None, f"{length} of {len(whole)} bytes were enough"
    assert frozen.warnings == []


def test_record_with_any_bit_flipped_is_a_miss(
    frozen: FrozenCache, path: Path, chance: random.Random
) -> None:
    """One bit of each byte, a random one in each run of the test."""
    whole = path.read_bytes()
    for place in range(len(whole)):
        bit = chance.randrange(8)
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        write_private(path, bytes(flipped))
        assert frozen.cache.read(NAME) is None, f"bit {bit} of byte {place} can be flipped"
    assert frozen.warnings == []


@quickly
@given(data=st.binary(max_size=200))
def test_record_of_random_bytes_is_a_miss(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as home:
        write_private(Path(home, f"{NAME}.json"), data)
        assert FrozenCache(Path(home)).cache.read(NAME) is None


CREDENTIALS = record().payload()
METADATA = {"profile": "prod"}
REST = f"{NOW + 3600} {NOW + 3000}"
TIMES = f"{NOW} {REST}"

MALFORMED = {
    "nothing": b"",
    "an empty object": b"{}",
    "version 1, without the time it was obtained": craft(f"xacct 1 {NAME} {REST}", CREDENTIALS, METADATA),
    "another version": craft(f"xacct 3 {NAME} {TIMES}", CREDENTIALS, METADATA),
    "another product": craft(f"xaccts 2 {NAME} {TIMES}", CREDENTIALS, METADATA),
    "a copy of another record": craft(TIMES, CREDENTIALS, METADATA, name=OTHER),
    "a header with two numbers": craft(REST, CREDENTIALS, METADATA),
    "a header with four": craft(f"{TIMES} 1", CREDENTIALS, METADATA),
    "words for numbers": craft("now soon later", CREDENTIALS, METADATA),
    "expired": craft(f"{NOW - 3600} {NOW} {NOW}", CREDENTIALS, METADATA),
    "an expiry beyond any session's": craft(f"{NOW} {NOW + LONGEST + 1} {NOW}", CREDENTIALS, METADATA),
    "an endless expiry": craft(f"{NOW} inf {NOW}", CREDENTIALS, METADATA),
    "an expiry that is not a number": craft(f"{NOW} nan {NOW}", CREDENTIALS, METADATA),
    "an expiry before everything": craft(f"{NOW} -inf {NOW}", CREDENTIALS, METADATA),
    "a refresh that never comes": craft(f"{NOW} {NOW + 3600} inf", CREDENTIALS, METADATA),
    "a refresh that is not a number": craft(f"{NOW} {NOW + 3600} nan", CREDENTIALS, METADATA),
    "a refresh after the expiry": craft(f"{NOW} {NOW + 3600} {NOW + 3601}", CREDENTIALS, METADATA),
    "a refresh before the beginning": craft(f"{NOW} {NOW + 3600} {NOW - 1}", CREDENTIALS, METADATA),
    "obtained in the future": craft(f"{NOW + CLOCK_SLACK + 1} {REST}", CREDENTIALS, METADATA),
    "obtained at NaN": craft(f"nan {REST}", CREDENTIALS, METADATA),
    "obtained at the end of time": craft(f"inf {REST}", CREDENTIALS, METADATA),
    "obtained before all time": craft(f"-inf {REST}", CREDENTIALS, METADATA),
    "obtained at a number too large": craft(f"1{400 * '0'} {REST}", CREDENTIALS, METADATA),
    "metadata that is a list": craft(TIMES, CREDENTIALS, ["obtained"]),
    "metadata that is null": craft(TIMES, CREDENTIALS, None),
    "no metadata": craft(TIMES, CREDENTIALS),
    "a fourth line": craft(TIMES, CREDENTIALS, METADATA, {}),
    "no credentials": craft(TIMES, {}, METADATA),
    "credentials that are a number": craft(TIMES, 1, METADATA),
    "credentials that are a list": craft(TIMES, [CREDENTIALS], METADATA),
    "credentials that are not JSON": craft(TIMES, "{", METADATA),
    "unclosed lists": craft(TIMES, 100_000 * "[", METADATA)[:60_000],
    "deeply nested lists": craft(TIMES, 29_000 * "[" + 29_000 * "]", METADATA),
    "bytes that are not text": craft(TIMES, CREDENTIALS, METADATA).replace(b"prod", b"\xff\xfe\xff\xfe"),
    **{
        f"{key} {what}": craft(TIMES, CREDENTIALS | {key: value}, METADATA)
        for key in ("AccessKeyId", "SecretAccessKey", "SessionToken", "AccountId")
        for what, value in {"is a number": 1, "is a list": ["x"], "is true": True}.items()
    },
    **{
        f"{key} is {value!r}": craft(TIMES, CREDENTIALS | {key: value}, METADATA)
        for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        for value in (None, "")
    },
}


def test_record_crafted_correctly_is_a_hit() -> None:
    """The cases below differ from this one."""
    with tempfile.TemporaryDirectory() as home:
        write_private(Path(home, f"{NAME}.json"), craft(TIMES, CREDENTIALS, METADATA))
        assert FrozenCache(Path(home)).cache.read(NAME) == record()


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_record_malformed_is_a_miss_and_replaced(frozen: FrozenCache, path: Path, data: bytes) -> None:
    write_private(path, data)
    assert frozen.cache.read(NAME) is None
    frozen.cache.write(NAME, record())
    assert frozen.cache.read(NAME) == record()
    assert frozen.warnings == []


def test_record_is_valid_until_it_expires(frozen: FrozenCache, path: Path) -> None:
    assert path.exists()
    frozen.now = NOW + 3599.9
    assert frozen.cache.read(NAME) == record()
    frozen.now = NOW + 3600
    assert frozen.cache.read(NAME) is None


def test_record_is_a_miss_after_the_clock_is_set_back(frozen: FrozenCache, path: Path) -> None:
    """The expiry was computed by a clock that was wrong; differences of a second or two are normal."""
    assert path.exists()
    frozen.now = NOW - CLOCK_SLACK
    assert frozen.cache.read(NAME) == record()
    frozen.now = NOW - CLOCK_SLACK - 1
    assert frozen.cache.read(NAME) is None


def test_record_of_the_longest_session_is_kept(frozen: FrozenCache) -> None:
    longest = record(expiry=NOW + MAX_SESSION_DURATION)
    frozen.cache.write(NAME, longest)
    assert frozen.cache.read(NAME) == longest


def test_record_too_large_is_a_miss(frozen: FrozenCache) -> None:
    frozen.cache.write(NAME, record(token=100_000 * "x"))
    assert frozen.cache.read(NAME) is None


# -- untrusted files -------------------------------------------------------------------------------


def _give_away(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY)


def _open_to_others(path: Path) -> None:
    path.chmod(0o640)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def _link_in_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _link_to_a_record(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _link_to_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


OBSTACLES = [
    pytest.param(_give_away, id="a file of another user", marks=as_root),
    pytest.param(_open_to_others, id="a file others can read", marks=posix),
    pytest.param(_directory, id="a directory"),
    pytest.param(_fifo, id="a FIFO", marks=posix),
    pytest.param(_dangling_link, id="a dangling link", marks=posix),
    pytest.param(_link_in_a_circle, id="a link to itself", marks=posix),
    pytest.param(_link_to_a_record, id="a link to a good record", marks=posix),
    pytest.param(_link_to_a_device, id="a link to a device", marks=posix),
]


@pytest.mark.parametrize("make", OBSTACLES)
def test_record_untrusted_is_a_miss_with_one_warning_and_replaced(
    frozen: FrozenCache, path: Path, make: Callable[[Path], None]
) -> None:
    make(path)
    assert [frozen.cache.read(NAME) for _ in range(3)] == [None, None, None]
    frozen.cache.write(NAME, record())
    assert frozen.cache.read(NAME) == record()
    assert len(frozen.warnings) == 1
    assert frozen.warnings[0].startswith(f"a cached record in {path.parent} is ignored: ")
    assert frozen.warnings[0].endswith("; a new one will replace it")
    found = path.lstat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.geteuid())


def test_record_path_with_a_filled_directory_is_left_alone(frozen: FrozenCache, path: Path) -> None:
    path.unlink()
    (path / "documents").mkdir(parents=True)
    frozen.cache.write(NAME, record())
    assert (path / "documents").is_dir()
    assert frozen.cache.read(NAME) is None
    assert len(frozen.warnings) == 1


def test_record_huge_is_not_read_whole(frozen: FrozenCache, path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(1 << 40)
    assert frozen.cache.read(NAME) is None
    frozen.cache.write(NAME, record())
    assert frozen.cache.read(NAME) == record()


def test_record_under_another_name_is_a_miss(frozen: FrozenCache, path: Path) -> None:
    """Otherwise renaming a file would swap one role for another."""
    write_private(path.with_name(f"{OTHER}.json"), path.read_bytes())
    assert frozen.cache.read(OTHER) is None
    assert frozen.warnings == []


# -- the directory ---------------------------------------------------------------------------------


@posix
@pytest.mark.usefixtures("open_umask")
def test_cache_is_private_whatever_the_umask(path: Path, tmp_path: Path) -> None:
    made = sorted(tmp_path.rglob("*"))
    modes = {made.name: oct(stat.S_IMODE(made.stat().st_mode)) for made in made}
    assert modes == {"xacct": "0o700", "cache": "0o700", path.name: "0o600"}


@posix
@pytest.mark.parametrize("open_mode", [0o1777, 0o777, 0o755, 0o2775])
def test_cache_in_an_open_directory_uses_a_private_one_inside(directory: Path, open_mode: int) -> None:
    """The open directory may be /tmp, and keeps its mode."""
    directory.mkdir(parents=True)
    directory.chmod(open_mode)
    frozen = FrozenCache(directory)
    assert frozen.cache.read(NAME) is None
    frozen.cache.write(NAME, record())
    found = FrozenCache(directory).cache.read(NAME)
    assert (found and found.access_key, frozen.warnings) == (record().access_key, [])
    [inner] = directory.iterdir()
    assert (inner.name, [path.name for path in inner.iterdir()]) == (
        f"xacct-cache-{os.geteuid()}",
        [f"{NAME}.json"],
    )
    assert oct(stat.S_IMODE(inner.stat().st_mode) & 0o777) == "0o700"
    assert oct(stat.S_IMODE(directory.stat().st_mode)) == oct(open_mode)
    assert frozen.cache.remove_all(frozen.cache.names()) == 1
    assert FrozenCache(directory).cache.names() == []


@as_root
def test_cache_directory_of_another_user_is_not_written_to(frozen: FrozenCache, directory: Path) -> None:
    directory.mkdir(parents=True)
    _give_away(directory)
    frozen.cache.write(NAME, record())
    assert list(directory.iterdir()) == []
    assert frozen.warnings == [
        f"credentials cannot be cached: {directory} belongs to nobody, and nothing is created in another user's "
        f"directory (run it as nobody, or with a HOME of your own). Fix it with: {choose_elsewhere()}"
    ]


def test_cache_directory_that_is_a_file_is_one_warning(frozen: FrozenCache, directory: Path) -> None:
    directory.parent.mkdir()
    directory.write_bytes(b"mine")
    for _ in range(3):
        frozen.cache.write(NAME, record())
        assert frozen.cache.read(NAME) is None
    assert directory.read_bytes() == b"mine"
    assert frozen.warnings == [
        f"credentials cannot be cached in {directory}: {directory} is not a directory. Cache them elsewhere with: "
        f"{choose_elsewhere()}"
    ]


def test_cache_without_its_directory_is_empty(frozen: FrozenCache, directory: Path) -> None:
    assert frozen.cache.read(NAME) is None
    assert not frozen.cache.remove(NAME)
    assert (frozen.warnings, directory.exists()) == ([], False)


def test_cache_without_a_home_warns_once() -> None:
    frozen = FrozenCache(None)
    for _ in range(3):
        frozen.cache.write(NAME, record())
        assert frozen.cache.read(NAME) is None
    assert not frozen.cache.remove(NAME)
    assert frozen.warnings == [
        f"credentials cannot be cached: {describe_missing_home()}. Fix it with: {choose_elsewhere()}"
    ]


def test_cache_without_an_absolute_directory_names_the_setting() -> None:
    variable = "AWS_XACCT_CACHE_DIR"
    for named, fix in [
        ("[xacct] cache_dir in ~/.aws/config", choose_elsewhere()),
        (variable, f"unset {variable}"),
    ]:
        warnings: list[str] = []
        Cache(None, warn=warnings.append, named=named).write(NAME, record())
        assert warnings == [
            f"credentials cannot be cached: {named} is not an absolute path. Fix it with: {fix}"
        ]


FULL_DISK = """
import resource, sys
from pathlib import Path
from awscli_xacct.storage.cache import Cache, Record

resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
directory, name, now = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
cache = Cache(directory, clock=lambda: now, warn=print)
new = Record("ASIANEW", "secret", 300 * "x", now + 3600, now + 3000, None, {"obtained": now})
for _ in range(3):
    cache.write(name, new)
print(cache.read(name).access_key, sorted(path.name for path in directory.iterdir()) == [f"{name}.json"])
"""


@posix
def test_cache_on_a_full_disk_warns_once_and_keeps_the_old_record(path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path.parent), NAME, str(NOW)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (outcome.stdout, outcome.stderr) == (
        f"credentials cannot be cached in {path.parent}: File too large. Cache them elsewhere with: "
        f"{choose_elsewhere()}\nASIAIOSFODNN7EXAMPLE True\n",
        "",
    )


def test_cache_write_removes_files_of_a_killed_writer(tmp_path: Path) -> None:
    """The temporary file holds credentials too."""
    write_private(tmp_path / f".{NAME}.json.xacct-k1lled.tmp", b"credentials")
    Cache(tmp_path, warn=pytest.fail).write(NAME, record())
    assert [found.name for found in tmp_path.iterdir()] == [f"{NAME}.json"]


def test_cache_directory_is_listed_once_per_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of a thousand roles listed a thousand files, twice: 8 s of CPU."""
    listed = []
    real = Path.iterdir

    def iterdir(directory: Path) -> Iterator[Path]:
        listed.append(directory)
        return real(directory)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    for number in range(20):
        Cache(tmp_path, warn=pytest.fail).write(key_name({"role": number}), record())
    assert listed == [tmp_path]


def test_cache_names_ignore_other_files(frozen: FrozenCache, directory: Path) -> None:
    """`logout --all` deletes every record by its name: once it deleted a `package.json`."""
    frozen.cache.write(NAME, record())
    for name in ("package.json", f"{NAME}.json.bak", f"x{NAME}.json"):
        (directory / name).touch()
    assert frozen.cache.names() == [NAME]


def test_cache_remove_returns_whether_there_was_a_record(frozen: FrozenCache, path: Path) -> None:
    assert [frozen.cache.remove(NAME), frozen.cache.remove(NAME)] == [True, False]
    assert not path.exists()


# -- the configured directory ----------------------------------------------------------------------


@pytest.mark.parametrize("configured", ["cache", "./cache", "$NOT_SET/cache", "~nobody-of-that-name/cache"])
def test_cache_directory_that_is_not_absolute_is_none(
    configured: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials would be written to the current directory, which may be a repository."""
    monkeypatch.delenv("NOT_SET", raising=False)
    assert cache_directory(configured) is None


def test_cache_directory_is_in_the_home_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", "elsewhere")
    assert cache_directory(None) == cache_directory("") == tmp_path / ".aws" / "xacct" / "cache"
    assert cache_directory("~/$PLACE") == tmp_path / "elsewhere"
