"""Records on disk: what is written is read, and whatever else is found there is no record and no error."""

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
from tests.configfile.texts import quickly

NOW = 1_800_000_000.0
NAME = key_name({"role": "arn:aws:iam::222222222222:role/CrossAccountPowerUser"})
OTHER = key_name({"role": "arn:aws:iam::333333333333:role/Audit"})
NOBODY = 65534
LONGEST = MAX_SESSION_DURATION + CLOCK_SLACK

posix = pytest.mark.skipif(os.name == "nt", reason="Windows protects files by access lists, not by modes")
as_root = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can give a file to somebody else"
)


def record(**changes: Any) -> Record:
    """An hour's credentials, obtained now."""
    about = {"profile": "prod", "obtained": NOW}
    made: dict[str, Any] = {
        "access_key": "ASIAIOSFODNN7EXAMPLE",
        "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "token": "FwoGZXIvYXdzE" + 50 * "x",
        "expiry": NOW + 3600,
        "refresh_at": NOW + 3000,
        "account": "222222222222",
        "metadata": about,
    }
    return Record(**{**made, **changes})


class Kept:
    """A cache with a clock that stands still, and what it has warned of."""

    def __init__(self, directory: Path | None) -> None:
        self.now = NOW
        self.warnings: list[str] = []
        self.cache = Cache(directory, clock=lambda: self.now, warn=self.warnings.append)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "xacct" / "cache"


@pytest.fixture
def kept(directory: Path) -> Kept:
    return Kept(directory)


@pytest.fixture
def path(directory: Path, kept: Kept) -> Path:
    """The file of a record that is good."""
    kept.cache.write(NAME, record())
    return directory / f"{NAME}.json"


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


def crafted(head: str, *lines: object, name: str = NAME) -> bytes:
    """A record with a right checksum, whatever it holds: `head` is OBTAINED, EXPIRY and RENEW."""
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
    about = draw(st.dictionaries(texts, st.none() | st.booleans() | st.integers() | st.text()))
    return Record(
        draw(texts),
        draw(texts),
        draw(texts),
        obtained + life,
        obtained + life - left,
        draw(st.none() | texts),
        {**about, "obtained": obtained},
    )


@quickly
@given(written=records())
@example(written=Record("key", "secret", "token", 1.99999, 1.5, None, {"obtained": 1.0}))
def test_what_is_written_is_read(written: Record) -> None:
    """Times to the last bit: rounded ones promised a second more. Texts of any kind, halves of characters too."""
    with tempfile.TemporaryDirectory() as home:
        kept = Kept(Path(home, "cache"))
        kept.now = float(written.metadata["obtained"])
        kept.cache.write(NAME, written)
        read = kept.cache.read(NAME)
    assert kept.warnings == []
    assert read is not None
    assert (read.expiry, read.refresh_at) == (written.expiry, written.refresh_at)
    assert read.payload() == written.payload()
    assert read.metadata == written.metadata


def test_a_record_on_disk_is_three_lines_that_others_can_read_too(path: Path) -> None:
    head, document, about = path.read_text("utf-8").splitlines()
    assert head.rpartition(" ")[0] == f"xacct 2 {NAME} {NOW!r} {NOW + 3600!r} {NOW + 3000!r}"
    assert json.loads(document) == {
        "Version": 1,
        "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "SessionToken": record().token,
        "Expiration": "2027-01-15T09:00:00Z",
        "AccountId": "222222222222",
    }
    assert json.loads(about) == {"profile": "prod"}


def test_a_record_shows_no_secret_and_neither_does_its_file_name(path: Path) -> None:
    assert repr(record()) == f"Record('prod', expiry={NOW + 3600:.0f})"
    assert len(path.stem) == 64
    assert set(path.stem) <= set("0123456789abcdef")


def test_the_expiry_of_the_document_never_promises_more_than_there_is() -> None:
    assert record(expiry=NOW + 0.999).expiry_text == record(expiry=NOW).expiry_text == "2027-01-15T08:00:00Z"


def test_names_follow_from_what_they_are_made_of_and_not_from_its_order() -> None:
    assert key_name({"a": 1, "b": [None, "x"]}) == key_name({"b": [None, "x"], "a": 1})
    names = [
        key_name(identity) for identity in ({}, {"a": None}, {"a": "None"}, {"a": "1"}, {"a": 1}, {"a": [1]})
    ]
    assert len(set(names)) == len(names)


def test_a_name_can_be_made_of_bytes_that_are_no_text() -> None:
    """What argv and the environment hold of them."""
    assert key_name({"profile": os.fsdecode(b"\xff")}) != key_name({"profile": os.fsdecode(b"\xfe")})


# -- what is no record -----------------------------------------------------------------------------


def test_a_record_truncated_anywhere_is_none(kept: Kept, path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        put(path, whole[:length])
        assert kept.cache.read(NAME) is None, f"of {len(whole)} bytes {length} were enough"
    assert kept.warnings == []


def test_a_record_with_any_bit_flipped_is_none(kept: Kept, path: Path, chance: random.Random) -> None:
    """A bit of each byte, another one in each run of the test."""
    whole = path.read_bytes()
    for place in range(len(whole)):
        bit = chance.randrange(8)
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        put(path, bytes(flipped))
        assert kept.cache.read(NAME) is None, f"bit {bit} of byte {place} can be flipped"
    assert kept.warnings == []


@quickly
@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_record_are_none(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as home:
        put(Path(home, f"{NAME}.json"), data)
        assert Kept(Path(home)).cache.read(NAME) is None


CREDENTIALS = record().payload()
ABOUT = {"profile": "prod"}
REST = f"{NOW + 3600} {NOW + 3000}"
TIMES = f"{NOW} {REST}"

IMPOSSIBLE = {
    "nothing": b"",
    "an empty object": b"{}",
    "the version before, which named no time": crafted(f"xacct 1 {NAME} {REST}", CREDENTIALS, ABOUT),
    "another version": crafted(f"xacct 3 {NAME} {TIMES}", CREDENTIALS, ABOUT),
    "another product": crafted(f"xaccts 2 {NAME} {TIMES}", CREDENTIALS, ABOUT),
    "a copy of another record": crafted(TIMES, CREDENTIALS, ABOUT, name=OTHER),
    "a header with two numbers": crafted(REST, CREDENTIALS, ABOUT),
    "a header with four": crafted(f"{TIMES} 1", CREDENTIALS, ABOUT),
    "words for numbers": crafted("now soon later", CREDENTIALS, ABOUT),
    "expired": crafted(f"{NOW - 3600} {NOW} {NOW}", CREDENTIALS, ABOUT),
    "an expiry beyond any session's": crafted(f"{NOW} {NOW + LONGEST + 1} {NOW}", CREDENTIALS, ABOUT),
    "an endless expiry": crafted(f"{NOW} inf {NOW}", CREDENTIALS, ABOUT),
    "an expiry that is not a number": crafted(f"{NOW} nan {NOW}", CREDENTIALS, ABOUT),
    "an expiry before everything": crafted(f"{NOW} -inf {NOW}", CREDENTIALS, ABOUT),
    "a renewal that never comes": crafted(f"{NOW} {NOW + 3600} inf", CREDENTIALS, ABOUT),
    "a renewal that is not a number": crafted(f"{NOW} {NOW + 3600} nan", CREDENTIALS, ABOUT),
    "a renewal after the end": crafted(f"{NOW} {NOW + 3600} {NOW + 3601}", CREDENTIALS, ABOUT),
    "a renewal before the beginning": crafted(f"{NOW} {NOW + 3600} {NOW - 1}", CREDENTIALS, ABOUT),
    "obtained in the future": crafted(f"{NOW + CLOCK_SLACK + 1} {REST}", CREDENTIALS, ABOUT),
    "obtained at no number": crafted(f"nan {REST}", CREDENTIALS, ABOUT),
    "obtained at the end of time": crafted(f"inf {REST}", CREDENTIALS, ABOUT),
    "obtained before all time": crafted(f"-inf {REST}", CREDENTIALS, ABOUT),
    "obtained at a number too large": crafted(f"1{400 * '0'} {REST}", CREDENTIALS, ABOUT),
    "a story that is a list": crafted(TIMES, CREDENTIALS, ["obtained"]),
    "a story that is null": crafted(TIMES, CREDENTIALS, None),
    "no story": crafted(TIMES, CREDENTIALS),
    "a fourth line": crafted(TIMES, CREDENTIALS, ABOUT, {}),
    "no credentials": crafted(TIMES, {}, ABOUT),
    "credentials that are a number": crafted(TIMES, 1, ABOUT),
    "credentials that are a list": crafted(TIMES, [CREDENTIALS], ABOUT),
    "credentials that are no JSON": crafted(TIMES, "{", ABOUT),
    "lists without an end": crafted(TIMES, 100_000 * "[", ABOUT)[:60_000],
    "deep lists": crafted(TIMES, 29_000 * "[" + 29_000 * "]", ABOUT),
    "bytes that are no text": crafted(TIMES, CREDENTIALS, ABOUT).replace(b"prod", b"\xff\xfe\xff\xfe"),
    **{
        f"{key} {what}": crafted(TIMES, CREDENTIALS | {key: value}, ABOUT)
        for key in ("AccessKeyId", "SecretAccessKey", "SessionToken", "AccountId")
        for what, value in {"is a number": 1, "is a list": ["x"], "is true": True}.items()
    },
    **{
        f"{key} is {value!r}": crafted(TIMES, CREDENTIALS | {key: value}, ABOUT)
        for key in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        for value in (None, "")
    },
}


def test_a_record_made_by_hand_is_one() -> None:
    """What the cases below differ from."""
    with tempfile.TemporaryDirectory() as home:
        put(Path(home, f"{NAME}.json"), crafted(TIMES, CREDENTIALS, ABOUT))
        assert Kept(Path(home)).cache.read(NAME) == record()


@pytest.mark.parametrize("data", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_no_writer_of_ours_writes_is_none_and_is_replaced(kept: Kept, path: Path, data: bytes) -> None:
    put(path, data)
    assert kept.cache.read(NAME) is None
    kept.cache.write(NAME, record())
    assert kept.cache.read(NAME) == record()
    assert kept.warnings == []


def test_a_record_is_good_until_the_moment_it_ends(kept: Kept, path: Path) -> None:
    assert path.exists()
    kept.now = NOW + 3599.9
    assert kept.cache.read(NAME) == record()
    kept.now = NOW + 3600
    assert kept.cache.read(NAME) is None


def test_a_clock_that_was_set_back_makes_records_worthless(kept: Kept, path: Path) -> None:
    """Their expiry was reckoned by a clock that was wrong; a second or two is what clocks do."""
    assert path.exists()
    kept.now = NOW - CLOCK_SLACK
    assert kept.cache.read(NAME) == record()
    kept.now = NOW - CLOCK_SLACK - 1
    assert kept.cache.read(NAME) is None


def test_the_longest_session_there_is_can_be_kept(kept: Kept) -> None:
    longest = record(expiry=NOW + MAX_SESSION_DURATION)
    kept.cache.write(NAME, longest)
    assert kept.cache.read(NAME) == longest


def test_a_record_larger_than_any_is_fetched_again(kept: Kept) -> None:
    kept.cache.write(NAME, record(token=100_000 * "x"))
    assert kept.cache.read(NAME) is None


# -- what cannot be believed -----------------------------------------------------------------------


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
    pytest.param(_give_away, id="a stranger's file", marks=as_root),
    pytest.param(_open_to_others, id="a file others can read", marks=posix),
    pytest.param(_directory, id="a directory"),
    pytest.param(_fifo, id="a FIFO", marks=posix),
    pytest.param(_dangling_link, id="a dangling link", marks=posix),
    pytest.param(_link_in_a_circle, id="a link to itself", marks=posix),
    pytest.param(_link_to_a_record, id="a link to a good record", marks=posix),
    pytest.param(_link_to_a_device, id="a link to a device", marks=posix),
]


@pytest.mark.parametrize("make", OBSTACLES)
def test_what_cannot_be_believed_is_none_with_one_warning_and_is_replaced(
    kept: Kept, path: Path, make: Callable[[Path], None]
) -> None:
    make(path)
    assert [kept.cache.read(NAME) for _ in range(3)] == [None, None, None]
    kept.cache.write(NAME, record())
    assert kept.cache.read(NAME) == record()
    assert len(kept.warnings) == 1
    assert kept.warnings[0].startswith(f"a cached record in {path.parent} is ignored: ")
    assert kept.warnings[0].endswith("; a new one will replace it")
    found = path.lstat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.geteuid())


def test_a_directory_with_something_in_it_is_not_thrown_away(kept: Kept, path: Path) -> None:
    path.unlink()
    (path / "documents").mkdir(parents=True)
    kept.cache.write(NAME, record())
    assert (path / "documents").is_dir()
    assert kept.cache.read(NAME) is None
    assert len(kept.warnings) == 1


def test_a_huge_file_is_none_and_is_not_read_whole(kept: Kept, path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(1 << 40)
    assert kept.cache.read(NAME) is None
    kept.cache.write(NAME, record())
    assert kept.cache.read(NAME) == record()


def test_a_record_under_another_name_is_none(kept: Kept, path: Path) -> None:
    """Whoever may rename files could otherwise make one role another."""
    put(path.with_name(f"{OTHER}.json"), path.read_bytes())
    assert kept.cache.read(OTHER) is None
    assert kept.warnings == []


# -- the directory ---------------------------------------------------------------------------------


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@posix
@pytest.mark.usefixtures("open_umask")
def test_nobody_else_can_reach_a_record_whatever_the_umask(path: Path, tmp_path: Path) -> None:
    made = sorted(tmp_path.rglob("*"))
    modes = {made.name: oct(stat.S_IMODE(made.stat().st_mode)) for made in made}
    assert modes == {"xacct": "0o700", "cache": "0o700", path.name: "0o600"}


@posix
@pytest.mark.parametrize("open_mode", [0o1777, 0o777, 0o755, 0o2775])
def test_in_a_directory_others_can_reach_records_are_in_a_private_one(
    directory: Path, open_mode: int
) -> None:
    """It may be /tmp, and keeps its mode."""
    directory.mkdir(parents=True)
    directory.chmod(open_mode)
    kept = Kept(directory)
    assert kept.cache.read(NAME) is None
    kept.cache.write(NAME, record())
    found = Kept(directory).cache.read(NAME)
    assert (found and found.access_key, kept.warnings) == (record().access_key, [])
    [inner] = directory.iterdir()
    assert (inner.name, [path.name for path in inner.iterdir()]) == (
        f"xacct-cache-{os.geteuid()}",
        [f"{NAME}.json"],
    )
    assert oct(stat.S_IMODE(inner.stat().st_mode) & 0o777) == "0o700"
    assert oct(stat.S_IMODE(directory.stat().st_mode)) == oct(open_mode)
    assert kept.cache.remove_all(kept.cache.names()) == 1
    assert Kept(directory).cache.names() == []


@as_root
def test_a_strangers_directory_is_not_written_to(kept: Kept, directory: Path) -> None:
    directory.mkdir(parents=True)
    _give_away(directory)
    kept.cache.write(NAME, record())
    assert list(directory.iterdir()) == []
    assert kept.warnings == [
        f"credentials cannot be cached: {directory} belongs to nobody, and nothing is created in another user's "
        f"directory. Fix it with: export AWS_XACCT_CACHE_DIR=DIRECTORY"
    ]


def test_a_file_where_the_directory_should_be_is_one_warning(kept: Kept, directory: Path) -> None:
    directory.parent.mkdir()
    directory.write_bytes(b"mine")
    for _ in range(3):
        kept.cache.write(NAME, record())
        assert kept.cache.read(NAME) is None
    assert directory.read_bytes() == b"mine"
    assert kept.warnings == [
        f"credentials cannot be cached in {directory}: {directory} is not a directory. Cache them elsewhere with: "
        f"export AWS_XACCT_CACHE_DIR=DIRECTORY"
    ]


def test_a_directory_that_is_not_there_is_an_empty_cache(kept: Kept, directory: Path) -> None:
    assert kept.cache.read(NAME) is None
    assert not kept.cache.remove(NAME)
    assert (kept.warnings, directory.exists()) == ([], False)


def test_without_a_home_nothing_is_kept_and_that_is_said_once() -> None:
    kept = Kept(None)
    for _ in range(3):
        kept.cache.write(NAME, record())
        assert kept.cache.read(NAME) is None
    assert not kept.cache.remove(NAME)
    assert kept.warnings == [
        "credentials cannot be cached: there is no home directory, or cache_dir is not an absolute path. Fix it "
        "with: export AWS_XACCT_CACHE_DIR=DIRECTORY"
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
def test_a_full_disk_is_one_warning_and_keeps_the_old_record_whole(path: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path.parent), NAME, str(NOW)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (outcome.stdout, outcome.stderr) == (
        f"credentials cannot be cached in {path.parent}: File too large. Cache them elsewhere with: export "
        f"AWS_XACCT_CACHE_DIR=DIRECTORY\nASIAIOSFODNN7EXAMPLE True\n",
        "",
    )


def test_what_a_killed_writer_has_left_goes_with_the_next_write(kept: Kept, path: Path) -> None:
    """It holds credentials too."""
    left = path.with_name(f".{path.name}.xacct-k1lled.tmp")
    put(left, path.read_bytes())
    kept.cache.write(NAME, record())
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_files_of_the_persons_own_beside_the_records_are_no_records(kept: Kept, directory: Path) -> None:
    """`logout --all` removes whatever has a name: it took a `package.json` with it."""
    kept.cache.write(NAME, record())
    for name in ("package.json", f"{NAME}.json.bak", f"x{NAME}.json"):
        (directory / name).touch()
    assert kept.cache.names() == [NAME]


def test_removing_a_record_tells_whether_there_was_one(kept: Kept, path: Path) -> None:
    assert [kept.cache.remove(NAME), kept.cache.remove(NAME)] == [True, False]
    assert not path.exists()


# -- where it is -----------------------------------------------------------------------------------


@pytest.mark.parametrize("configured", ["cache", "./cache", "$NOT_SET/cache", "~nobody-of-that-name/cache"])
def test_a_cache_directory_that_is_no_absolute_path_is_none(
    configured: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials would be written to whatever directory a command is run in, a repository perhaps."""
    monkeypatch.delenv("NOT_SET", raising=False)
    assert cache_directory(configured) is None


def test_the_cache_is_in_the_home_directory_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLACE", "elsewhere")
    assert cache_directory(None) == cache_directory("") == tmp_path / ".aws" / "xacct" / "cache"
    assert cache_directory("~/$PLACE") == tmp_path / "elsewhere"
