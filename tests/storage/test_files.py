"""Private files and directories: made for nobody else, replaced whole, not believed when a stranger could write."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from awscli_xacct.storage import directories, files

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows protects files by access lists, not by modes"
)
as_root = pytest.mark.skipif(
    os.name != "nt" and os.geteuid() != 0, reason="only root can give a file to somebody else"
)

NOBODY = 65534


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask that takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# -- directories -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("open_umask")
def test_every_directory_made_is_the_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    """Parents too: who may write to a parent can put another directory in the place of the cache."""
    directories.make_private_directory(tmp_path / "aws" / "xacct" / "cache")
    made = ["aws", "aws/xacct", "aws/xacct/cache"]
    assert [(name, oct(mode(tmp_path / name))) for name in made] == [(name, "0o700") for name in made]


def test_a_directory_that_is_there_is_left_alone(tmp_path: Path) -> None:
    directory = tmp_path / "cache"
    directory.mkdir(mode=0o700)
    (directory / "record").write_bytes(b"kept")
    directories.make_private_directory(directory)
    assert (directory / "record").read_bytes() == b"kept"


@pytest.mark.parametrize("open_mode", [0o1777, 0o777, 0o755, 0o775, 0o2775, 0o500])
def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path, open_mode: int) -> None:
    """As root, AWS_XACCT_CACHE_DIR=/tmp closed /tmp to everybody else."""
    directory = tmp_path / "cache"
    directory.mkdir()
    directory.chmod(open_mode)
    directories.make_private_directory(directory)
    assert oct(mode(directory)) == oct(open_mode)


def test_parents_that_are_there_keep_their_mode(tmp_path: Path) -> None:
    """`~` and `~/.aws` are the user's own affair."""
    parent = tmp_path / "home"
    parent.mkdir()
    parent.chmod(0o755)
    directories.make_private_directory(parent / "cache")
    assert oct(mode(parent)) == "0o755"


@as_root
def test_a_strangers_directory_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    directory = tmp_path / "cache"
    directory.mkdir()
    directory.chmod(0o755)
    os.chown(directory, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match="cache belongs to "):
        directories.make_private_directory(directory)
    assert oct(mode(directory)) == "0o755"


def test_an_own_link_to_an_own_directory_is_as_good_as_the_directory(tmp_path: Path) -> None:
    """A cache on another disk: it was "not a directory", and nothing was ever cached."""
    target = tmp_path / "elsewhere"
    target.mkdir()
    target.chmod(0o755)
    (tmp_path / "cache").symlink_to(target)
    directories.make_private_directory(tmp_path / "cache")
    assert oct(mode(target)) == "0o755"
    assert (tmp_path / "cache").is_symlink()


@as_root
def test_a_strangers_link_is_refused_and_what_it_leads_to_left_as_it_is(tmp_path: Path) -> None:
    """In a directory such as /tmp a stranger could have pointed it at any directory of ours."""
    target = tmp_path / "documents"
    target.mkdir()
    target.chmod(0o755)
    (tmp_path / "cache").symlink_to(target)
    os.chown(tmp_path / "cache", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(PermissionError, match="cache is a link that belongs to another user"):
        directories.make_private_directory(tmp_path / "cache")
    assert oct(mode(target)) == "0o755"


@as_root
def test_an_own_link_to_a_strangers_directory_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.mkdir()
    os.chown(target, NOBODY, NOBODY)
    (tmp_path / "cache").symlink_to(target)
    with pytest.raises(PermissionError, match="cache belongs to "):
        directories.make_private_directory(tmp_path / "cache")


@pytest.mark.parametrize("target", ["nowhere", "cache"])
def test_a_link_that_leads_nowhere_is_said_to_be_one(tmp_path: Path, target: str) -> None:
    (tmp_path / "cache").symlink_to(tmp_path / target)
    with pytest.raises(NotADirectoryError, match="cache is a link that leads to no directory: "):
        directories.make_private_directory(tmp_path / "cache")


def test_a_dangling_link_above_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "aws").symlink_to(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError):
        directories.make_private_directory(tmp_path / "aws" / "cache")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aws"]


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        directories.make_private_directory(tmp_path / "cache")


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("open_umask")
def test_a_file_is_private_from_its_creation_whatever_the_umask(tmp_path: Path) -> None:
    temporary = files.write_temporary(tmp_path, "file", b"secret")
    assert (temporary.read_bytes(), oct(mode(temporary))) == (b"secret", "0o600")
    files.replace(tmp_path / "file", b"secret")
    assert oct(mode(tmp_path / "file")) == "0o600"


def test_replacing_replaces_a_link_and_not_what_it_points_at(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"documents")
    (tmp_path / "file").symlink_to(tmp_path / "target")
    files.replace(tmp_path / "file", b"new")
    assert ((tmp_path / "target").read_bytes(), (tmp_path / "file").read_bytes()) == (b"documents", b"new")
    assert not (tmp_path / "file").is_symlink()


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="irectory"):
        files.replace(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_killed_writers_have_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    left = [files.write_temporary(tmp_path, "a.json", b"secret") for _ in range(3)]
    others = {
        files.write_temporary(tmp_path, "b.json", b"of another record").name,
        ".a.json.xacct-notes",
        "a.json",
        "a.json.tmp",
    }
    for name in others:
        (tmp_path / name).touch()
    files.sweep(tmp_path, "a.json")
    assert {path.name for path in tmp_path.iterdir()} == others
    assert not any(path.exists() for path in left)


def test_sweeping_where_nothing_can_be_swept_says_nothing(tmp_path: Path) -> None:
    files.sweep(tmp_path / "nowhere", "a.json")
    (tmp_path / f"{files.temporary_prefix('a.json')}x.tmp").mkdir()
    files.sweep(tmp_path, "a.json")


def test_flushing_a_directory_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    files.flush_directory(tmp_path)
    files.flush_directory(tmp_path / "nowhere")
