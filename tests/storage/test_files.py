"""Private files: private from their creation, and replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from awscli_xacct.storage import files
from tests.support.commands import mode_of

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows protects files by access lists, not by modes"
)


@pytest.mark.usefixtures("open_umask")
def test_file_is_private_from_its_creation_whatever_the_umask(tmp_path: Path) -> None:
    temporary = files.write_temporary(tmp_path, "file", b"secret")
    assert (temporary.read_bytes(), oct(mode_of(temporary))) == (b"secret", "0o600")
    files.replace(tmp_path / "file", b"secret")
    assert oct(mode_of(tmp_path / "file")) == "0o600"


def test_replace_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"documents")
    (tmp_path / "file").symlink_to(tmp_path / "target")
    files.replace(tmp_path / "file", b"new")
    assert ((tmp_path / "target").read_bytes(), (tmp_path / "file").read_bytes()) == (b"documents", b"new")
    assert not (tmp_path / "file").is_symlink()


def test_replace_that_fails_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "file" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="irectory"):
        files.replace(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_sweep_removes_only_files_of_killed_writers(tmp_path: Path) -> None:
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


def test_sweep_that_fails_is_silent(tmp_path: Path) -> None:
    files.sweep(tmp_path / "nowhere", "a.json")
    (tmp_path / f"{files.temporary_prefix('a.json')}x.tmp").mkdir()
    files.sweep(tmp_path, "a.json")


def test_flush_of_a_missing_directory_is_silent(tmp_path: Path) -> None:
    files.flush_directory(tmp_path)
    files.flush_directory(tmp_path / "nowhere")
