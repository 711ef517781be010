"""Reading a private file, which is trusted only if no other user can have written it.

That records are judged correctly is tested with `Cache`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from awscli_xacct.storage import files, record

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows protects files by access lists, not by modes"
)
as_root = pytest.mark.skipif(
    os.name != "nt" and os.geteuid() != 0, reason="only root can give a file to another user"
)

NOBODY = 65534


def test_read_private_returns_the_bytes_or_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert record.read_private(path) is None
    files.replace(path, b"1\r\n\x1a2\n")
    assert record.read_private(path) == b"1\r\n\x1a2\n"


def test_read_private_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    path.chmod(0o600)
    assert record.read_private(path) == bytes(record.MAX_RECORD)


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666])
def test_read_private_refuses_a_file_that_others_can_access(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"forged")
    path.chmod(bits)
    with pytest.raises(PermissionError, match="other users have access to it"):
        record.read_private(path)


@as_root
def test_read_private_refuses_a_file_of_another_user(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.replace(path, b"forged")
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match="it belongs to another user"):
        record.read_private(path)


def test_read_private_does_not_follow_a_link(tmp_path: Path) -> None:
    files.replace(tmp_path / "target", b"something else")
    (tmp_path / "file").symlink_to(tmp_path / "target")
    with pytest.raises(PermissionError):
        record.read_private(tmp_path / "file")


def test_read_private_does_not_wait_for_a_fifo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file", 0o600)
    with pytest.raises(PermissionError, match="it is not a regular file"):
        record.read_private(tmp_path / "file")


def test_read_private_refuses_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir(mode=0o700)
    with pytest.raises(PermissionError, match="it is not a regular file"):
        record.read_private(tmp_path / "file")


def test_read_private_below_a_file_is_none(tmp_path: Path) -> None:
    """Writing there already warns; a second warning would be one too many."""
    (tmp_path / "cache").write_bytes(b"")
    assert record.read_private(tmp_path / "cache" / "file") is None


def test_read_private_leaves_no_descriptor_open(tmp_path: Path) -> None:
    """Commands end soon, but programs with boto3 do not."""
    (tmp_path / "directory").mkdir(mode=0o700)
    files.replace(tmp_path / "file", b"data")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    before = os.dup(0)
    os.close(before)
    for name in ("directory", "file", "link", "nothing"):
        try:
            record.read_private(tmp_path / name)
        except PermissionError:
            continue
    after = os.dup(0)
    os.close(after)
    assert after == before
