"""Edits of real files: what is replaced, kept and refused, and what happens if others write in the meantime."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.configloader import raw_config_parse

from awscli_xacct import settings
from awscli_xacct.configfile import store
from awscli_xacct.configfile.document import Document, Sections
from awscli_xacct.errors import BusyError, ConfigFileError, EditError
from tests.support.commands import mode_of

OLD = b"# mine\n[default]\nregion = us-east-1\n"
NEW = b"# mine\n[default]\nregion = us-west-1\n"

STRANGER = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")


def change(document: Document) -> None:
    document.set("default", "region", "us-west-1")


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory ``~/.aws`` of a new user, which does not exist yet."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    umask = os.umask(0o022)
    yield tmp_path / "home" / ".aws"
    os.umask(umask)


@pytest.fixture
def config(aws: Path) -> Path:
    """A config file of that user."""
    aws.mkdir(mode=0o700)
    (aws / "config").write_bytes(OLD)
    (aws / "config").chmod(0o600)
    return aws / "config"


def files(directory: Path) -> list[str]:
    """Return the files in a directory, except our own directory, which has the locks."""
    return sorted(path.name for path in directory.iterdir() if path.name != "xacct")


def refused(config: Path, match: str, change: Callable[[Document], None] = change) -> None:
    with pytest.raises(EditError, match=match):
        store.edit(config, change, raw_config_parse)


# -- what is written -------------------------------------------------------------------------------


def test_edit_replaces_the_file_and_leaves_nothing_else(config: Path) -> None:
    edit = store.edit(config, change, raw_config_parse)
    assert (edit.path, edit.before, edit.after, edit.changed) == (config, OLD, NEW, True)
    assert config.read_bytes() == NEW
    assert files(config.parent) == ["config"]


def test_file_created_is_private_and_so_are_its_directories(aws: Path) -> None:
    config = aws / "team" / "config"
    store.edit(config, change, raw_config_parse)
    assert config.read_bytes() == b"[default]\nregion = us-west-1\n"
    assert [mode_of(path) for path in (aws, aws / "team", config)] == [0o700, 0o700, 0o600]


def test_edit_without_changes_does_not_touch_the_file(config: Path) -> None:
    os.utime(config, ns=(1, 1))
    before = config.stat()
    edit = store.edit(
        config, lambda document: document.set("default", "region", "us-east-1"), raw_config_parse
    )
    after = config.stat()
    assert not edit.changed
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (before.st_ino, 1, before.st_ctime_ns)


def test_edit_without_changes_creates_no_file(aws: Path) -> None:
    store.edit(aws / "team" / "config", lambda document: document.remove("default", "region"))
    assert files(aws) == []


def test_preview_returns_the_edit_without_writing(aws: Path) -> None:
    preview = store.preview(aws / "config", change)
    assert not aws.exists()
    assert preview == store.edit(aws / "config", change)


def test_temporary_files_of_a_killed_editor_are_removed(config: Path) -> None:
    for name in (
        ".config.xacct-abc.tmp",
        ".config.xacct-def.tmp",
        ".credentials.xacct-abc.tmp",
        "config.tmp",
    ):
        (config.parent / name).write_bytes(b"")
    store.edit(config, change)
    assert files(config.parent) == [".credentials.xacct-abc.tmp", "config", "config.tmp"]


# -- what is kept ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0o600, 0o644, 0o640, 0o400])
def test_mode_is_kept(config: Path, kept: int) -> None:
    config.chmod(kept)
    store.edit(config, change)
    assert mode_of(config) == kept


@needs_root
def test_group_is_kept_if_possible(config: Path) -> None:
    config.chmod(0o640)
    os.chown(config, -1, 4242)
    store.edit(config, change)
    assert (config.stat().st_gid, mode_of(config)) == (4242, 0o640)


@needs_root
def test_group_is_kept_in_a_setgid_directory(config: Path) -> None:
    os.chown(config.parent, -1, 4242)
    config.parent.chmod(0o2700)
    store.edit(config, change)
    assert config.stat().st_gid == os.getegid()


@pytest.mark.parametrize("absolute", [True, False])
def test_link_is_kept_and_its_target_edited(config: Path, absolute: bool) -> None:
    dotfiles = config.parent.parent / "dotfiles"
    dotfiles.mkdir()
    config.rename(dotfiles / "aws-config")
    (dotfiles / "link").symlink_to("aws-config")
    config.symlink_to(dotfiles / "link" if absolute else "../dotfiles/link")
    to = config.readlink()
    assert store.edit(config, change, raw_config_parse).path == config
    assert config.readlink() == to
    assert (dotfiles / "aws-config").read_bytes() == NEW
    assert files(dotfiles) == ["aws-config", "link"]
    assert files(config.parent) == ["config"]


def test_link_dangling_is_kept_and_its_target_created(config: Path) -> None:
    config.unlink()
    config.symlink_to("../dotfiles/aws-config")
    store.edit(config, change)
    assert config.readlink() == Path("../dotfiles/aws-config")
    assert config.read_bytes() == b"[default]\nregion = us-west-1\n"
    assert [mode_of(path) for path in (config.resolve().parent, config.resolve())] == [0o700, 0o600]


# -- what is refused -------------------------------------------------------------------------------


@needs_root
def test_file_of_another_user_is_not_edited(config: Path) -> None:
    os.chown(config, STRANGER, -1)
    refused(config, rf'config belongs to another user; .* sudo chown "\$\(id -u\)" {config}$')
    with pytest.raises(EditError, match="belongs to another user"):
        store.preview(config, change)
    os.chown(config.parent, STRANGER, -1)
    refused(config, r"config belongs to another user; nothing was written. Run the command as that user$")
    assert config.read_bytes() == OLD


@needs_root
def test_link_to_a_file_of_another_user_is_not_followed(config: Path) -> None:
    theirs = config.parent.parent / "theirs"
    config.rename(theirs)
    os.chown(theirs, STRANGER, -1)
    config.symlink_to(theirs)
    refused(config, rf'config belongs to another user; .* sudo chown "\$\(id -u\)" {theirs}$')
    assert theirs.read_bytes() == OLD


@needs_root
@pytest.mark.parametrize("there", [True, False])
def test_link_into_a_directory_of_another_user_is_not_followed(config: Path, there: bool) -> None:
    theirs = config.parent.parent / "theirs"
    theirs.mkdir()
    os.chown(theirs, STRANGER, -1)
    config.rename(theirs / "config") if there else config.unlink()
    config.symlink_to(theirs / "config" if there else theirs / "new" / "config")
    refused(config, rf"is a link into another user's directory; .* ls -ld {theirs}$")
    assert files(theirs) == (["config"] if there else [])


def test_file_that_is_not_regular_reads_as_empty_and_is_not_edited(config: Path) -> None:
    """botocore treats /dev/null, a pipe and a directory as missing files; opening a pipe would hang."""
    config.unlink()
    os.mkfifo(config)
    for path in (config, config.parent, Path(os.devnull)):
        assert store.read(path) == b""
        refused(path, "is not a regular file; nothing was written")


def test_file_below_a_file_is_an_error(config: Path) -> None:
    assert store.read(config / "config") == b""
    refused(config / "config", "cannot be read: Not a directory")


def test_link_cycle_is_an_error(config: Path) -> None:
    config.unlink()
    config.symlink_to(config)
    refused(config, "cannot be read: Too many levels of symbolic links")
    with pytest.raises(EditError, match="cannot be read: Too many levels of symbolic links"):
        store.read(config)


def test_file_that_botocore_rejects_is_not_edited(config: Path) -> None:
    config.write_bytes(b"[default]\nregion\n")
    with pytest.raises(ConfigFileError, match=rf"^{config}, line 2: "):
        store.edit(config, change)
    assert config.read_bytes() == b"[default]\nregion\n"


def test_edit_that_raises_leaves_the_file_unchanged(config: Path) -> None:
    def fails(document: Document) -> None:
        change(document)
        raise LookupError("no such profile")

    with pytest.raises(LookupError, match="no such profile"):
        store.edit(config, fails)
    assert config.read_bytes() == OLD
    assert files(config.parent) == ["config"]


# -- the proof -------------------------------------------------------------------------------------


def test_proof_reads_the_new_content(config: Path) -> None:
    seen = []

    def reader(path: str) -> Sections:
        seen.append((Path(path).parent, Path(path).read_bytes(), config.read_bytes()))
        return store.read_sections(path)

    store.edit(config, change, reader)
    assert seen == [(config.parent, NEW, OLD)]


def test_proof_that_differs_leaves_the_file_unchanged(config: Path) -> None:
    with pytest.raises(EditError, match="would not read as intended; it is unchanged"):
        store.edit(config, change, lambda path: {**store.read_sections(path), "profile other": {}})
    assert config.read_bytes() == OLD
    assert files(config.parent) == ["config"]


def test_proof_that_fails_leaves_the_file_unchanged(config: Path) -> None:
    def reader(path: str) -> Sections:
        raise OSError(5, "Input/output error", path)

    with pytest.raises(EditError, match=r"would not be readable \(.*Input/output error.*\); it is unchanged"):
        store.edit(config, change, reader)
    assert config.read_bytes() == OLD
    assert files(config.parent) == ["config"]


def test_proof_interrupted_leaves_the_file_unchanged(config: Path) -> None:
    def reader(_path: str) -> Sections:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.edit(config, change, reader)
    assert config.read_bytes() == OLD
    assert files(config.parent) == ["config"]


# -- others who write ------------------------------------------------------------------------------


def once(action: Callable[[], object]) -> store.Reader:
    """A loader that first does something else, once: the last moment before the old file is checked."""
    pending = [action]

    def reader(path: str) -> Sections:
        while pending:
            pending.pop()()
        return store.read_sections(path)

    return reader


THEIRS = OLD + b"[profile theirs]\nregion = us-west-2\n"
BOTH = NEW + b"[profile theirs]\nregion = us-west-2\n"


def test_write_without_our_lock_in_the_meantime_is_kept(config: Path) -> None:
    edit = store.edit(config, change, once(lambda: config.write_bytes(THEIRS)))
    assert (edit.before, edit.after) == (THEIRS, BOTH)
    assert config.read_bytes() == BOTH
    assert files(config.parent) == ["config"]


def test_file_renamed_into_place_in_the_meantime_is_kept(config: Path) -> None:
    (config.parent / "new").write_bytes(THEIRS)
    store.edit(config, change, once(lambda: (config.parent / "new").replace(config)))
    assert config.read_bytes() == BOTH


def test_file_removed_in_the_meantime_is_not_restored(config: Path) -> None:
    store.edit(config, change, once(config.unlink))
    assert config.read_bytes() == b"[default]\nregion = us-west-1\n"


def test_file_created_in_the_meantime_is_kept(aws: Path) -> None:
    store.edit(aws / "config", change, once(lambda: (aws / "config").write_bytes(THEIRS)))
    assert (aws / "config").read_bytes() == BOTH


def test_link_changed_in_the_meantime_is_followed(config: Path) -> None:
    first, second = config.with_name("first"), config.with_name("second")
    config.rename(first)
    second.write_bytes(THEIRS)
    config.symlink_to("first")

    def switch() -> None:
        config.unlink()
        config.symlink_to("second")

    store.edit(config, change, once(switch))
    assert (first.read_bytes(), second.read_bytes()) == (OLD, BOTH)


def test_link_replaced_by_a_file_in_the_meantime_is_edited(config: Path) -> None:
    target = config.with_name("target")
    config.rename(target)
    config.symlink_to("target")
    (config.parent / "new").write_bytes(THEIRS)
    store.edit(config, change, once(lambda: (config.parent / "new").replace(config)))
    assert not config.is_symlink()
    assert (target.read_bytes(), config.read_bytes()) == (OLD, BOTH)


def test_file_that_keeps_changing_is_an_error(config: Path) -> None:
    def reader(path: str) -> Sections:
        with config.open("ab") as file:
            file.write(b"# again\n")
        return store.read_sections(path)

    with pytest.raises(EditError, match="keeps being rewritten by another program"):
        store.edit(config, change, reader)
    assert config.read_bytes() == OLD + b"# again\n" * 20
    assert files(config.parent) == ["config"]


def test_lock_of_another_editor_times_out_with_its_name(config: Path) -> None:
    def reader(path: str) -> Sections:
        with pytest.raises(BusyError, match=rf"^{config} has been locked by process {os.getpid()} for 0 s"):
            store.edit(config, change, wait=0)
        return store.read_sections(path)

    store.edit(config, change, reader)
    assert config.read_bytes() == NEW


def test_lock_wait_is_reported_after_a_second(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It used to be 304 s of silence."""

    def reader(path: str) -> Sections:
        with pytest.raises(BusyError, match=rf"locked by process {os.getpid()} for 1.2 s"):
            store.edit(config, change, wait=1.2)
        return store.read_sections(path)

    store.edit(config, change, reader)
    said = f"xacct: waiting for process {os.getpid()}, which is editing {config}\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("name", ["ENOSYS", "ENOLCK", "EOPNOTSUPP", "ENOTSUP", "EINVAL", "ENOTTY", "EPERM"])
def test_lock_unsupported_leaves_the_check_before_the_rename(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Lustre without flock, NFS without a lock daemon, FUSE."""
    fcntl = pytest.importorskip("fcntl")
    number = getattr(errno, name)
    fault = OSError(number, os.strerror(number))

    def no_such_call(*_: object) -> None:
        raise fault

    monkeypatch.setattr(fcntl, "flock", no_such_call)
    for _ in range(2):
        store.edit(config, change, raw_config_parse, wait=0)
    assert config.read_bytes() == NEW
    assert files(config.parent) == ["config"]
    assert capsys.readouterr().err == (
        f"xacct: {config.parent} is on a file system without locks ({fault.strerror}), so do not edit {config} "
        f"with two commands at once\n"
    )


def test_locks_of_different_files_are_independent(config: Path) -> None:
    credentials = config.with_name("credentials")

    def reader(path: str) -> Sections:
        store.edit(credentials, change, wait=0)
        return store.read_sections(path)

    store.edit(config, change, reader)
    assert config.read_bytes() == NEW
    assert credentials.read_bytes() == b"[default]\nregion = us-west-1\n"


def test_lock_is_the_same_for_two_names_of_a_file(config: Path) -> None:
    link = config.with_name("link")
    link.symlink_to("config")

    def reader(path: str) -> Sections:
        with pytest.raises(BusyError):
            store.edit(link, change, wait=0)
        return store.read_sections(path)

    store.edit(config, change, reader)


def test_lock_is_next_to_the_file_without_our_own_directory(
    aws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", os.devnull)
    config = aws / "new" / "config"
    locks: list[tuple[str, int]] = []

    def look_and_change(document: Document) -> None:
        locks.extend((path.name[:7], mode_of(path)) for path in config.parent.glob("*.lock"))
        change(document)

    store.edit(config, look_and_change)
    assert locks == [("config-", 0o600)]
    assert files(config.parent) == ["config"]
    assert [mode_of(path) for path in (aws, config.parent, config)] == [0o700, 0o700, 0o600]


# -- finding and reading ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configured", "found"),
    [
        (None, "HOME/.aws/config"),
        ("~/other", "HOME/other"),
        ("$HOME/other", "HOME/other"),
        # What is unknown stays as it is, and an empty setting is no file: that is botocore's parsed.
        ("${NONE}/other", "${NONE}/other"),
        ("~nobody-at-all/other", "~nobody-at-all/other"),
        ("", "."),
    ],
)
def test_path_is_the_same_as_in_botocore(aws: Path, configured: str | None, found: str) -> None:
    path = store.locate(configured, settings.DEFAULT_CONFIG_FILE)
    assert str(path) == found.replace("HOME/", f"{aws.parent}/")


def test_file_missing_reads_as_empty(aws: Path) -> None:
    assert store.read(aws / "config") == b""
