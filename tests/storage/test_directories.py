"""Which directory is used for what is private, and in whose directories nothing is made."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from awscli_xacct.cli import console, resolve
from awscli_xacct.configfile import store
from awscli_xacct.errors import EditError, XacctError
from awscli_xacct.setup.journal import Journal
from awscli_xacct.storage import directories, record

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows protects files by access lists, not by modes"
)
as_root = pytest.mark.skipif(
    os.name != "nt" and os.geteuid() != 0, reason="only root can give a file to somebody else"
)

NOBODY = 65534
KIND = "cache"
NAME = f"xacct-{KIND}-{os.geteuid()}" if os.name != "nt" else ""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, without a runtime directory."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "SUDO_UID"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A directory that everybody may write in."""
    path = tmp_path / "named"
    path.mkdir()
    path.chmod(0o1777)
    return path


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files."""
    path = tmp_path / "tmp"
    path.mkdir()
    path.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def looked(path: Path) -> Path:
    return Path(record.locate_private(str(path), KIND))


def made(path: Path) -> tuple[Path, list[str]]:
    """Where what is meant for `path` is; who looks has to find the same place. And what was said of it."""
    said: list[str] = []
    place = directories.provide_private(path, KIND, said.append)
    assert looked(path) == place
    assert (directories.provide_private(path, KIND, said.append), len(said) < 2) == (place, True)
    assert stat.S_IMODE(place.stat().st_mode) & 0o777 == 0o700
    return place, said


def test_a_directory_that_is_not_there_is_made_and_used_as_it_is(tmp_path: Path) -> None:
    assert looked(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()
    assert made(tmp_path / "a" / "b") == (tmp_path / "a" / "b", [])


def test_an_own_private_directory_is_used_as_it_is_whatever_its_name_is(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "private")
    (tmp_path / "private").mkdir(mode=0o700)
    assert made(tmp_path / "private") == (tmp_path / "private", [])
    assert made(tmp_path / "link") == (tmp_path / "link", [])


def test_looking_makes_nothing(named: Path) -> None:
    assert looked(named) == named / NAME
    assert list(named.iterdir()) == []


@as_root
def test_a_strangers_link_leads_nowhere(named: Path, home: Path) -> None:
    """In a directory such as /tmp it could lead into any directory of ours."""
    home.chmod(0o755)
    link = named / "cache"
    link.symlink_to(home)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(PermissionError, match="cache is a link that belongs to another user"):
        directories.provide_private(link, KIND)
    assert list(home.iterdir()) == []


@as_root
@pytest.mark.parametrize("trap", ["directory", "link", "file"])
def test_what_a_stranger_has_put_in_the_place_of_the_private_directory_is_not_used(
    named: Path, home: Path, trap: str
) -> None:
    inner = named / NAME
    if trap == "directory":
        inner.mkdir()
    elif trap == "link":
        inner.symlink_to(home)
    else:
        inner.touch()
    os.chown(inner, NOBODY, NOBODY, follow_symlinks=False)
    place, said = made(named)
    assert place == home / ".cache" / NAME
    assert len(said) == 1


def test_the_runtime_directory_comes_first_if_it_is_private(
    named: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory of ours that stays open stands for one on a drive without modes."""
    (named / NAME).mkdir()
    (named / NAME).chmod(0o777)
    runtime = tmp_path / "run"
    runtime.mkdir()
    runtime.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert made(named)[0] == home / ".cache" / NAME
    (home / ".cache" / NAME).rmdir()
    runtime.chmod(0o700)
    assert made(named)[0] == runtime / NAME
    assert directories.provide_private(named, "setup") == named / f"xacct-setup-{os.geteuid()}"


def test_a_home_on_such_a_drive_has_the_cache_among_the_temporary_files(
    named: Path, home: Path, temporary: Path
) -> None:
    for there in (named / NAME, home / ".cache" / NAME):
        there.mkdir(parents=True)
        there.chmod(0o777)
    assert made(named)[0] == temporary / NAME


def test_where_nothing_is_private_that_is_said(named: Path, home: Path, temporary: Path) -> None:
    for there in (named / NAME, home / ".cache" / NAME, temporary / NAME):
        there.mkdir(parents=True)
        there.chmod(0o777)
    with pytest.raises(PermissionError, match="other users can look into"):
        directories.provide_private(named, KIND)


@as_root
@pytest.mark.parametrize("owned", [".", ".aws", ".aws/xacct"])
def test_nothing_is_made_in_another_users_home(home: Path, owned: str) -> None:
    """Nor in `~/.aws` of the host's user, mounted into root's home in a container."""
    (home / ".aws" / "xacct").mkdir(parents=True)
    os.chown(home / owned, NOBODY, NOBODY)
    path = home / ".aws" / "xacct" / "cache"
    with pytest.raises(PermissionError, match="belongs to nobody, and nothing is created in another user's"):
        directories.provide_private(path, KIND)
    assert not path.exists()
    whose, mend = directories.find_obstacle(path) or ("", "")
    assert whose.startswith(f"{home / owned} belongs to nobody")
    ours = f"sudo chown -R root {home / owned}"
    assert mend == (ours if owned == ".aws/xacct" else "export AWS_XACCT_CACHE_DIR=DIRECTORY")


@as_root
def test_roots_power_is_used_in_no_other_users_directory(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    theirs.chmod(0o755)
    for path in (theirs, theirs / "cache"):
        with pytest.raises(PermissionError, match="theirs belongs to nobody"):
            directories.provide_private(path, KIND)
    assert list(theirs.iterdir()) == []
    theirs.chmod(0o1777)
    assert made(theirs)[0] == theirs / NAME


def test_a_path_that_is_no_absolute_one_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be another directory wherever a command is run."""
    monkeypatch.setenv("HOME", "relative")
    paths = ["~/x", "x", "~no-user-of-that-name/x", "/x/$NO_SUCH_VARIABLE"]
    assert [record.expand_path(path) for path in paths] == ["", "", "", paths[-1]]
    monkeypatch.setenv("HOME", "")
    assert record.expand_path("~/x") == ""


@as_root
def test_setup_notes_nothing_in_a_directory_that_is_another_users_and_says_what_mends_it(home: Path) -> None:
    state = home / ".aws" / "xacct"
    state.mkdir(parents=True)
    os.chown(state, NOBODY, NOBODY)
    with pytest.raises(EditError) as raised, Journal.opened(home / ".aws" / "config", "prod"):
        pass
    said = f"{state} belongs to nobody. Fix it with: sudo chown -R root {state}"
    assert str(raised.value).endswith(f".json cannot be locked, so nothing was written: {said}")
    assert list(state.iterdir()) == []


def test_setup_without_a_home_notes_nothing_where_it_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "relative")
    with (
        pytest.raises(XacctError, match="there is none"),
        Journal.opened(tmp_path / "config", "prod"),
    ):
        pass
    with pytest.raises(XacctError, match="cannot write the page for the browser: there is no home directory"):
        console.open_browser("https://example.com")
    for edit in (lambda: store.edit(Path("~/.aws/config"), lambda _: None), lambda: resolve.resolve("prod")):
        with pytest.raises(XacctError):
            edit()
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
