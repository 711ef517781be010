"""Private directories: which one is used, how it is created, and where nothing is created."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from awscli_xacct.cli import console, resolve
from awscli_xacct.configfile import store
from awscli_xacct.errors import EditError, XacctError
from awscli_xacct.setup.journal import Journal
from awscli_xacct.storage import directories, homes, record
from tests.support.commands import mode_of

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="Windows protects files by access lists, not by modes"
)
as_root = pytest.mark.skipif(
    os.name != "nt" and os.geteuid() != 0, reason="only root can give a file to another user"
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
def configured(tmp_path: Path) -> Path:
    """A configured directory that everybody may write to."""
    path = tmp_path / "configured"
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


def locate(path: Path) -> Path:
    """Return the private directory that is used for `path`, without creating it."""
    return Path(record.locate_private(str(path), KIND))


def provide(path: Path) -> tuple[Path, list[str]]:
    """Create the private directory for `path`; return it and the warnings. `locate` has to find the same one."""
    warnings: list[str] = []
    place = directories.provide_private(path, KIND, warnings.append)
    assert locate(path) == place
    assert (directories.provide_private(path, KIND, warnings.append), len(warnings) < 2) == (place, True)
    assert stat.S_IMODE(place.stat().st_mode) & 0o777 == 0o700
    return place, warnings


def test_directory_missing_is_created_and_used(tmp_path: Path) -> None:
    assert locate(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()
    assert provide(tmp_path / "a" / "b") == (tmp_path / "a" / "b", [])


def test_directory_that_is_private_is_used_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "private")
    (tmp_path / "private").mkdir(mode=0o700)
    assert provide(tmp_path / "private") == (tmp_path / "private", [])
    assert provide(tmp_path / "link") == (tmp_path / "link", [])


def test_locating_creates_nothing(configured: Path) -> None:
    assert locate(configured) == configured / NAME
    assert list(configured.iterdir()) == []


@as_root
def test_link_of_another_user_is_not_followed(configured: Path, home: Path) -> None:
    """In a directory such as /tmp it could lead to any directory of ours."""
    home.chmod(0o755)
    link = configured / "cache"
    link.symlink_to(home)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(PermissionError, match="cache is a link that belongs to another user"):
        directories.provide_private(link, KIND)
    assert list(home.iterdir()) == []


@as_root
@pytest.mark.parametrize("trap", ["directory", "link", "file"])
def test_substitute_of_another_user_is_not_used(configured: Path, home: Path, trap: str) -> None:
    inner = configured / NAME
    if trap == "directory":
        inner.mkdir()
    elif trap == "link":
        inner.symlink_to(home)
    else:
        inner.touch()
    os.chown(inner, NOBODY, NOBODY, follow_symlinks=False)
    place, warnings = provide(configured)
    assert place == home / ".cache" / NAME
    assert len(warnings) == 1


def test_substitute_is_in_the_runtime_directory_if_that_is_private(
    configured: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drive without modes is simulated by a directory of ours that stays open."""
    (configured / NAME).mkdir()
    (configured / NAME).chmod(0o777)
    runtime = tmp_path / "run"
    runtime.mkdir()
    runtime.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert provide(configured)[0] == home / ".cache" / NAME
    (home / ".cache" / NAME).rmdir()
    runtime.chmod(0o700)
    assert provide(configured)[0] == runtime / NAME
    assert directories.provide_private(configured, "setup") == configured / f"xacct-setup-{os.geteuid()}"


def test_substitute_is_a_temporary_directory_if_the_home_has_no_modes(
    configured: Path, home: Path, temporary: Path
) -> None:
    for there in (configured / NAME, home / ".cache" / NAME):
        there.mkdir(parents=True)
        there.chmod(0o777)
    assert provide(configured)[0] == temporary / NAME


def test_substitute_missing_is_an_error(configured: Path, home: Path, temporary: Path) -> None:
    for there in (configured / NAME, home / ".cache" / NAME, temporary / NAME):
        there.mkdir(parents=True)
        there.chmod(0o777)
    with pytest.raises(PermissionError, match="other users can look into"):
        directories.provide_private(configured, KIND)


@as_root
@pytest.mark.parametrize("owned", [".", ".aws", ".aws/xacct"])
def test_directory_in_another_users_home_is_not_created(home: Path, owned: str) -> None:
    """Nor in the host user's `~/.aws`, mounted into root's home in a container."""
    (home / ".aws" / "xacct").mkdir(parents=True)
    os.chown(home / owned, NOBODY, NOBODY)
    path = home / ".aws" / "xacct" / "cache"
    with pytest.raises(PermissionError, match="belongs to nobody, and nothing is created in another user's"):
        directories.provide_private(path, KIND)
    assert not path.exists()
    whose, mend = directories.find_obstacle(path) or ("", "")
    assert whose.startswith(f"{home / owned} belongs to nobody")
    ours = f"sudo chown -R root {home / owned}"
    assert mend == (ours if owned == ".aws/xacct" else directories.choose_elsewhere())


@as_root
@pytest.mark.parametrize("around", [".", ".aws"])
def test_sessions_in_another_users_home_are_never_given_away(home: Path, around: str) -> None:
    """A command run with another user's HOME advised to take that user's cache over."""
    state = home / ".aws" / "xacct"
    state.mkdir(parents=True)
    for path in (home / around, state):
        os.chown(path, NOBODY, NOBODY)
    for path in (state, state / "cache"):
        why, fix = directories.find_obstacle(path) or ("", "")
        assert why.endswith("(run it as nobody, or with a HOME of your own)")
        assert fix == directories.choose_elsewhere()


@as_root
def test_home_of_root_is_not_given_to_another_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = home / ".aws" / "xacct"
    state.mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    why, fix = directories.find_obstacle(state / "cache") or ("", "")
    assert why.startswith(
        f"{state} belongs to root, and nothing is created in another user's directory (run it as"
    )
    assert fix.endswith("/xacct-cache-12345")


def test_directory_to_cache_in_instead_is_one_that_works(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fix `export AWS_XACCT_CACHE_DIR=DIRECTORY`, pasted, led to the next warning with the same fix."""
    for own in (home, tmp_path / "other"):
        own.mkdir(exist_ok=True)
        entry = SimpleNamespace(pw_dir=str(own))
        monkeypatch.setattr("pwd.getpwuid", lambda _, entry=entry: entry)
        name, _, place = directories.choose_elsewhere().partition("=")
        assert name == "export AWS_XACCT_CACHE_DIR"
        if own == home:  # which has just been found wanting
            assert place.endswith(f"/{NAME}")
        else:
            assert provide(Path(place)) == (own / ".cache" / "xacct", [])


def test_home_that_is_missing_is_described_with_a_command_that_sets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fix was `export HOME=DIRECTORY`, which pasted makes HOME a relative path, "no home directory" to us."""
    own = tmp_path / "the other"
    own.mkdir()
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_dir=str(own)))
    for named, reason in {"": "there is no home directory", "here": "HOME is not an absolute path"}.items():
        monkeypatch.setenv("HOME", named)
        assert homes.describe_missing_home() == reason
        with pytest.raises(FileNotFoundError, match=reason):
            directories.provide_own("~/.aws/xacct", KIND)
        assert homes.choose_home() == f"export HOME='{own}'"
    own.rmdir()
    program = f'{homes.choose_home()}; printf %s "$HOME"'
    made = Path(subprocess.run(["sh", "-c", program], capture_output=True, text=True, check=True).stdout)
    assert (made.is_absolute(), made.stat().st_mode & 0o777) == (True, 0o700)
    made.rmdir()


@as_root
def test_directory_of_another_user_is_not_used_by_root(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    theirs.chmod(0o755)
    for path in (theirs, theirs / "cache"):
        with pytest.raises(PermissionError, match="theirs belongs to nobody"):
            directories.provide_private(path, KIND)
    assert list(theirs.iterdir()) == []
    theirs.chmod(0o1777)
    assert provide(theirs)[0] == theirs / NAME


def test_expand_path_that_is_not_absolute_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be a different directory wherever a command is run."""
    monkeypatch.setenv("HOME", "relative")
    paths = ["~/x", "x", "~no-user-of-that-name/x", "/x/$NO_SUCH_VARIABLE"]
    assert [record.expand_path(path) for path in paths] == ["", "", "", paths[-1]]
    monkeypatch.setenv("HOME", "")
    assert record.expand_path("~/x") == ""


@as_root
def test_journal_in_another_users_directory_is_refused_with_the_fix(home: Path) -> None:
    state = home / ".aws" / "xacct"
    state.mkdir(parents=True)
    os.chown(state, NOBODY, NOBODY)
    with pytest.raises(EditError) as raised, Journal.open(home / ".aws" / "config", "prod"):
        pass
    why = f"{state} belongs to nobody. Fix it with: sudo chown -R root {state}"
    assert str(raised.value).endswith(f".json cannot be locked, so nothing was written: {why}")
    assert list(state.iterdir()) == []


def test_home_missing_creates_nothing_in_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "relative")
    with (
        pytest.raises(XacctError, match=r"HOME is not an absolute path\. Set it: export HOME="),
        Journal.open(tmp_path / "config", "prod"),
    ):
        pass
    with pytest.raises(XacctError, match="cannot write the page for the browser: HOME is not an absolute"):
        console.open_browser("https://example.com")
    for edit in (lambda: store.edit(Path("~/.aws/config"), lambda _: None), lambda: resolve.resolve("prod")):
        with pytest.raises(XacctError):
            edit()
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


# -- creating one ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("open_umask")
def test_make_private_directory_is_private_whatever_the_umask(tmp_path: Path) -> None:
    """Parents too: another user who may write to a parent could replace the cache directory."""
    directories.make_private_directory(tmp_path / "aws" / "xacct" / "cache")
    made = ["aws", "aws/xacct", "aws/xacct/cache"]
    assert [(name, oct(mode_of(tmp_path / name))) for name in made] == [(name, "0o700") for name in made]


def test_make_private_directory_keeps_what_is_in_an_existing_one(tmp_path: Path) -> None:
    directory = tmp_path / "cache"
    directory.mkdir(mode=0o700)
    (directory / "record").write_bytes(b"kept")
    directories.make_private_directory(directory)
    assert (directory / "record").read_bytes() == b"kept"


@pytest.mark.parametrize("open_mode", [0o1777, 0o777, 0o755, 0o775, 0o2775, 0o500])
def test_make_private_directory_keeps_the_mode_of_an_existing_one(tmp_path: Path, open_mode: int) -> None:
    """With AWS_XACCT_CACHE_DIR=/tmp, root once closed /tmp to everybody else."""
    directory = tmp_path / "cache"
    directory.mkdir()
    directory.chmod(open_mode)
    directories.make_private_directory(directory)
    assert oct(mode_of(directory)) == oct(open_mode)


def test_make_private_directory_keeps_the_mode_of_existing_parents(tmp_path: Path) -> None:
    """The user decides who can look into `~` and `~/.aws`."""
    parent = tmp_path / "parent"
    parent.mkdir()
    parent.chmod(0o755)
    directories.make_private_directory(parent / "cache")
    assert oct(mode_of(parent)) == "0o755"


@as_root
def test_make_private_directory_refuses_one_of_another_user(tmp_path: Path) -> None:
    directory = tmp_path / "cache"
    directory.mkdir()
    directory.chmod(0o755)
    os.chown(directory, NOBODY, NOBODY)
    with pytest.raises(PermissionError, match="cache belongs to "):
        directories.make_private_directory(directory)
    assert oct(mode_of(directory)) == "0o755"


def test_make_private_directory_accepts_an_own_link_to_an_own_one(tmp_path: Path) -> None:
    """A cache on another disk was once "not a directory", and nothing was cached."""
    target = tmp_path / "elsewhere"
    target.mkdir()
    target.chmod(0o755)
    (tmp_path / "cache").symlink_to(target)
    directories.make_private_directory(tmp_path / "cache")
    assert oct(mode_of(target)) == "0o755"
    assert (tmp_path / "cache").is_symlink()


@as_root
def test_make_private_directory_refuses_a_link_of_another_user(tmp_path: Path) -> None:
    """In a directory such as /tmp, another user could have pointed it at any directory of ours."""
    target = tmp_path / "documents"
    target.mkdir()
    target.chmod(0o755)
    (tmp_path / "cache").symlink_to(target)
    os.chown(tmp_path / "cache", NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(PermissionError, match="cache is a link that belongs to another user"):
        directories.make_private_directory(tmp_path / "cache")
    assert oct(mode_of(target)) == "0o755"


@as_root
def test_make_private_directory_refuses_an_own_link_to_one_of_another_user(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.mkdir()
    os.chown(target, NOBODY, NOBODY)
    (tmp_path / "cache").symlink_to(target)
    with pytest.raises(PermissionError, match="cache belongs to "):
        directories.make_private_directory(tmp_path / "cache")


@pytest.mark.parametrize("target", ["nowhere", "cache"])
def test_make_private_directory_reports_a_dangling_link(tmp_path: Path, target: str) -> None:
    (tmp_path / "cache").symlink_to(tmp_path / target)
    with pytest.raises(NotADirectoryError, match="cache is a link that leads to no directory: "):
        directories.make_private_directory(tmp_path / "cache")


def test_make_private_directory_refuses_a_dangling_link_among_its_parents(tmp_path: Path) -> None:
    (tmp_path / "aws").symlink_to(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError):
        directories.make_private_directory(tmp_path / "aws" / "cache")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aws", "home"]


def test_make_private_directory_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        directories.make_private_directory(tmp_path / "cache")
