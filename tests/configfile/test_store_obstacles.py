"""Full disks and missing permissions: the error names them, and the file is unchanged."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import processes

OLD = b"# mine\n[default]\nregion = us-east-1\n"

# Root may write everywhere, so editors started by root change to another user.
USER = 65534 if os.geteuid() == 0 else os.geteuid()
GROUP = 4242


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of `USER` with a config file; pytest's own directories are not accessible to other users."""
    home = Path(tempfile.mkdtemp())
    (home / ".aws").mkdir(mode=0o700)
    (home / ".aws" / "config").write_bytes(OLD)
    (home / ".aws" / "config").chmod(0o600)
    give(home, USER)
    yield home
    for directory in [home, *home.rglob("*/")]:
        directory.chmod(0o700)
    shutil.rmtree(home)


def give(home: Path, user: int) -> None:
    if os.geteuid() == 0:
        for path in [home, *home.rglob("*")]:
            os.chown(path, user, user, follow_symlinks=False)


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != "xacct")


EDIT = """
path, home = sys.argv[1:]
drop_privileges(65534, home)
told(path, setting("default", "region", "us-west-1"))
"""


def edited_by_user(path: Path, home: Path) -> str:
    return processes.output(EDIT, path, home, home=home)


def test_directory_without_write_permission_is_named(home: Path) -> None:
    config = home / "closed" / "config"
    (home / ".aws").rename(home / "closed")
    (home / "closed").chmod(0o500)
    assert edited_by_user(config, home) == (
        f"EditError {config} cannot be written: Permission denied; it is unchanged. "
        f"Look at its directory with: ls -ld {home / 'closed'}\n"
    )
    assert config.read_bytes() == OLD
    assert files(home / "closed") == ["config"]


def test_directory_that_cannot_be_created_is_named(home: Path) -> None:
    (home / "closed").mkdir(mode=0o500)
    give(home, USER)
    config = home / "closed" / "new" / "config"
    assert edited_by_user(config, home) == (
        f"EditError {config} cannot be written: Permission denied; it is unchanged. "
        f"Look at its directory with: ls -ld {home / 'closed' / 'new'}\n"
    )
    assert files(home / "closed") == []


def test_file_without_read_permission_is_named(home: Path) -> None:
    config = home / ".aws" / "config"
    config.chmod(0o200)
    assert edited_by_user(config, home) == (
        f"EditError {config} cannot be read: Permission denied. Look at it with: ls -ld {config}\n"
    )
    assert files(home / ".aws") == ["config"]


def test_directory_without_search_permission_is_named(home: Path) -> None:
    config = home / ".aws" / "config"
    (home / ".aws").rename(home / "closed")
    (home / "closed").chmod(0)
    for config in (home / "closed" / "config", home / "closed" / "deep" / "config"):
        assert edited_by_user(config, home) == (
            f"EditError {config} cannot be read: Permission denied, because {home / 'closed'} is closed to you. "
            f"Look at it with: ls -ld {home / 'closed'}\n"
        )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to a group that its owner is not in")
@pytest.mark.parametrize(("old", "new"), [(0o640, 0o600), (0o664, 0o644), (0o600, 0o600)])
def test_group_that_cannot_be_kept_is_not_replaced(home: Path, old: int, new: int) -> None:
    """The new file would have the user's own group, which had no permissions."""
    config = home / ".aws" / "config"
    os.chown(config, USER, GROUP)
    config.chmod(old)
    assert edited_by_user(config, home) == "edited\n"
    assert config.stat().st_gid != GROUP
    assert oct(config.stat().st_mode & 0o777) == oct(new)


def test_file_size_limit_keeps_the_file(home: Path) -> None:
    """The limit on file sizes makes a write fail half-way."""
    program = """
import resource
told(sys.argv[1].replace("config", "warm-up"), setting("a", "k", "v"))
resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
told(sys.argv[1], setting("default", "region", "us-west-1"))
"""
    config = home / ".aws" / "config"
    give(home, os.geteuid())
    assert processes.output(program, config, home=home) == (
        f"edited\nEditError {config} cannot be written: File too large; it is unchanged. "
        f"Look at its directory with: ls -ld {home / '.aws'}\n"
    )
    assert config.read_bytes() == OLD
    assert files(home / ".aws") == ["config", "warm-up"]


def can_mount() -> bool:
    own_namespace = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return (
        bool(shutil.which("unshare")) and subprocess.run(own_namespace, capture_output=True).returncode == 0
    )


def test_mount_point_is_named(tmp_path: Path) -> None:
    """If only the config file is mounted into a container: "Device or resource busy", without a fix."""
    if not can_mount():
        pytest.skip("a file can only be mounted by root, in a namespace of its own")
    config = tmp_path / "config"
    config.write_bytes(OLD)
    program = 'told(sys.argv[1], setting("default", "region", "us-west-1"))'
    mounted = 'mount --bind "$0" "$0" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mounted, str(config), *processes.command(program, config)]
    done = subprocess.run(
        command, env=processes.environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        f"EditError {config} cannot be replaced: it is a mount point. Edit the file where it is mounted from, or "
        f"mount its directory instead; it is unchanged\n"
    )
    assert config.read_bytes() == OLD
    assert files(tmp_path) == [".aws", "config"]


FULL = """
directory = Path(sys.argv[1])
config = directory / "config"
config.write_text("# mine\\n[default]\\nregion = us-east-1\\n" + "# filler\\n" * 1000)
old = config.read_bytes()
os.environ["HOME"] = str(directory)
told(config, setting("default", "region", "us-west-1"))
config.write_bytes(old)
with open(directory / "ballast", "wb", buffering=0) as ballast:
    try:
        while True:
            ballast.write(bytes(4096))
    except OSError as error:
        print(error.strerror)
told(config, setting("default", "region", "us-west-1"))
print(config.read_bytes() == old, sorted(path.name for path in directory.iterdir()), flush=True)
"""


def test_full_disk_keeps_the_file(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("a small disk can only be mounted by root, in a namespace of its own")
    mounted = 'mount -t tmpfs -o size=64k none "$0" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mounted, str(tmp_path), *processes.command(FULL, tmp_path)]
    done = subprocess.run(
        command, env=processes.environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "edited\n"
        "No space left on device\n"
        f"EditError {tmp_path / 'config'} cannot be written: No space left on device; it is unchanged. "
        f"Look at its directory with: ls -ld {tmp_path}\n"
        "True ['.aws', 'ballast', 'config']\n"
    )


def test_text_that_the_locale_cannot_encode_is_refused(tmp_path: Path) -> None:
    """In the C locale, with Python's UTF-8 mode off, botocore reads config files as ASCII."""
    program = """
told(sys.argv[1], setting("default", "region", "us-west-1"))
told(sys.argv[1], setting("default", "note", "s\\u00e9"))
"""
    config = tmp_path / "config"
    config.write_bytes(OLD)
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        processes.command(program, config),
        env={**processes.environment(tmp_path), **ascii_only},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(
        f"edited\nEditError {config}: 'é' cannot be written in the file's encoding, "
    )
    assert config.read_bytes() == OLD.replace(b"us-east-1", b"us-west-1")
