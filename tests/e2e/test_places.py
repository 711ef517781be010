"""Where files are created on unusual machines, without touching files of other users."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.steps import age_config_files
from tests.sts import Role, Sts
from tests.support.commands import (
    WHOAMI,
    caller_arn,
    caller_of,
    is_session_of,
    respecting_modes,
    run,
    tree,
    without_account,
)
from tests.support.file_systems import without_locks, without_modes
from tests.support.home import AWS, XACCT, Home, Outcome

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")

NOBODY = 65534
ROLE = ("configure", "role", "other", "--role-arn", "arn:aws:iam::222222222222:role/Other")


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def give_away(*tops: Path) -> None:
    """Give files and directories, with everything in them, to another user."""
    for top in tops:
        for path in (top, *top.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def obtained(sts: Sts) -> int:
    """Return how often a role has been assumed."""
    return len(sts.calls_of("AssumeRole"))


# -- a directory that is named ---------------------------------------------------------------------


@pytest.mark.parametrize("open_mode", [0o1777, 0o2777, 0o755])
def test_cache_in_an_open_directory_is_private_and_found_by_every_command(
    home: Home, sts: Sts, prod: str, tmp_path: Path, open_mode: int
) -> None:
    """Such a directory was closed to other users, even a home; a Kubernetes emptyDir was refused."""
    named = tmp_path / "named"
    named.mkdir()
    (named / "mine").write_text("mine")
    named.chmod(open_mode)
    elsewhere = {"AWS_XACCT_CACHE_DIR": str(named)}
    age_config_files(home)
    for _ in range(2):
        caller_of(home, prod, elsewhere)
        assert home.xacct("credentials", prod, environment=elsewhere).code == 0
    assert obtained(sts) == 1
    assert mode(named) == oct(open_mode)
    inner = named / f"xacct-cache-{os.geteuid()}"
    assert sorted(named.iterdir()) == [named / "mine", inner]
    assert oct(inner.stat().st_mode & 0o777) == "0o700"
    assert '"Expires": null' not in home.xacct("status", "--json", environment=elsewhere).stdout
    logout = home.aws("configure", "role", "logout", "--all", environment=elsewhere)
    assert (logout.code, logout.lines) == (0, ["deleted 1 cached session"])
    caller_of(home, prod, elsewhere)
    assert obtained(sts) == 2


def test_cache_directory_opened_to_others_is_not_used_directly(home: Home, prod: str) -> None:
    home.cache.mkdir(parents=True)
    home.cache.chmod(0o777)
    caller_of(home, prod)
    assert mode(home.cache) == "0o777"
    assert home.records() == []
    assert len(list(home.cache.glob("xacct-cache-*/*.json"))) == 1


# -- somebody else's home --------------------------------------------------------------------------


@as_root
def test_home_of_another_user_gets_no_files_from_root(home: Home, role: Role, prod: str) -> None:
    """`sudo -E`: afterwards root owned the directory, and nothing was cached for the user any more."""
    give_away(home.path)
    before = tree(home)
    outcome = home.aws(*WHOAMI, "--profile", prod)
    assert is_session_of(role, caller_arn(outcome))
    [line] = outcome.lines
    assert line.startswith(
        f"xacct: credentials cannot be cached: {home.path} belongs to nobody, and nothing is"
    )
    assert "AWS_XACCT_CACHE_DIR" in line
    assert home.xacct("credentials", prod).code == 0
    edit = home.aws(*ROLE)
    assert (edit.code, edit.lines[0].split(";")[0]) == (253, f"{home.config} belongs to another user")
    assert tree(home) == before


@as_root
def test_home_of_another_user_gets_no_config_file(home: Home) -> None:
    """A docker run that mounts the host user's ~/.aws into root's home."""
    real, config = home.aws_dir / "deep" / "config", home.path / "config"
    home.config.rename(config)
    give_away(home.aws_dir)
    before = tree(home)
    program = f"""
from pathlib import Path
from awscli_xacct.configfile import store
try:
    store.edit(Path({str(real)!r}), lambda document: document.set("a", "k", "v"))
except Exception as error:
    print(type(error).__name__, error)
"""
    outcome = run(home, str(AWS.with_name("python")), "-c", program)
    assert outcome.stdout == (
        f"EditError {real}: {home.aws_dir} belongs to nobody, and nothing is created in another user's directory; "
        f"nothing was written. Run the command as that user\n"
    )
    assert tree(home) == before


@as_root
def test_directory_left_by_root_is_named_with_the_fix(home: Home, role: Role, prod: str) -> None:
    """Every command claimed that the record was replaced; `logout --all` printed "[Errno 13]"."""
    state = home.aws_dir / "xacct"
    home.cache.mkdir(parents=True, mode=0o700)
    state.chmod(0o700)
    give_away(state)
    command = f"{state} belongs to nobody. Fix it with: sudo chown -R root {state}"
    outcome = run(home, *respecting_modes(), str(AWS), *WHOAMI, "--profile", prod)
    assert is_session_of(role, caller_arn(outcome))
    assert outcome.lines == [f"xacct: credentials cannot be cached: {command}"]
    outcome = run(home, *respecting_modes(), str(AWS), "configure", "role", "logout", "--all")
    assert (outcome.code, outcome.lines) == (
        255,
        [f"the sessions in {home.cache} cannot be listed: {command}"],
    )
    outcome = run(home, *respecting_modes(), str(XACCT), "doctor", "--json", environment=home.forked_aws)
    assert f"sudo chown -R root {state}" in outcome.stdout


# -- no home ---------------------------------------------------------------------------------------


def test_home_missing_leaves_the_current_directory_empty(home: Home, prod: str, tmp_path: Path) -> None:
    """A checkout got a directory called ``~`` with memos in it."""
    here = tmp_path / "here"
    here.mkdir()
    age_config_files(home)
    files = {"AWS_CONFIG_FILE": str(home.config), "AWS_SHARED_CREDENTIALS_FILE": str(home.credentials)}

    def outcome(*command: str, environment: Mapping[str, str] = files) -> Outcome:
        words = ["sh", "-c", 'cd "$0" && exec "$@"', str(here), *without_account(), *command]
        return run(home, *words, environment=environment, without=["HOME"])

    assert outcome(str(XACCT), "credentials", prod).code == 0
    assert outcome(str(XACCT), "exec", prod, "--", "true").code == 0
    assert outcome(str(XACCT), "status", "--prompt", environment={**files, "AWS_PROFILE": prod}).code == 0
    edit = outcome(str(AWS), *ROLE, environment={"AWS_SHARED_CREDENTIALS_FILE": str(home.credentials)})
    assert edit.code != 0
    assert list(here.iterdir()) == []


# -- a drive without Unix modes --------------------------------------------------------------------


@pytest.mark.parametrize("chmod_fails", [False, True])
def test_drive_without_modes_moves_the_cache_and_allows_edits(
    home: Home, sts: Sts, role: Role, prod: str, tmp_path: Path, chmod_fails: bool
) -> None:
    """On WSL's /mnt/c, every command needed an MFA code; where chmod fails, no edit was possible."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    drive = {**without_modes(home.path, chmod_fails=chmod_fails), "XDG_RUNTIME_DIR": str(runtime)}
    moved = runtime / f"xacct-cache-{os.geteuid()}"
    age_config_files(home)
    first = home.aws(*WHOAMI, "--profile", prod, environment=drive)
    assert is_session_of(role, caller_arn(first))
    assert len(first.lines) == 1
    assert first.stderr.endswith(
        f"sessions are cached in {moved}. Choose that, or another directory, with: "
        f"export AWS_XACCT_CACHE_DIR={moved}\n"
    )
    caller_of(home, prod, drive)
    assert obtained(sts) == 1
    assert len(list(moved.glob("*.json"))) == 1
    assert home.records() == []
    for _ in range(2):
        outcome = home.xacct("credentials", prod, environment=drive)
        assert (outcome.code, outcome.stderr) == (0, "")
    assert list(runtime.glob("xacct-resolved-*/*.memo")) != []
    edit = home.aws(*ROLE, environment=drive)
    assert edit.code == 0
    assert "[profile other]" in home.config.read_text()
    assert not any("its mode" in line for line in edit.lines)
    logout = home.aws("configure", "role", "logout", "--all", environment=drive)
    assert (logout.code, logout.lines) == (0, ["deleted 1 cached session"])


# -- no lock daemon --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EPERM])
def test_drive_without_locks_gives_one_warning(
    home: Home, sts: Sts, role: Role, prod: str, fault: int
) -> None:
    """On NFS without a lock daemon and on some FUSE drives, every edit was refused."""
    unlocked = without_locks(fault)
    edit = home.aws(*ROLE, environment=unlocked)
    assert edit.code == 0
    assert len([line for line in edit.lines if "is on a file system without locks" in line]) == 1
    assert "[profile other]" in home.config.read_text()
    outcome = home.aws(*WHOAMI, "--profile", prod, environment=unlocked)
    assert is_session_of(role, caller_arn(outcome))
    assert len(outcome.lines) == 1
    assert "on a file system without locks" in outcome.stderr
    caller_of(home, prod, unlocked)
    assert obtained(sts) == 1


@pytest.mark.parametrize("fault", [errno.ENOLCK, errno.EIO])
def test_lock_that_fails_leaves_no_file(home: Home, role: Role, fault: int) -> None:
    """A lock file was left beside the config."""
    home.aws("configure", "role", "other", "--role-arn", role.arn, environment=without_locks(fault))
    assert [path for path in tree(home) if path.endswith(".lock")] == []


@pytest.mark.parametrize("fault", [errno.EINVAL, errno.EOPNOTSUPP])
def test_drive_that_flushes_nothing_allows_edits(home: Home, role: Role, fault: int) -> None:
    """A file system in user space need not implement fsync, and every edit was refused."""
    unflushed = {**without_locks(errno.ENOLCK), "XACCT_FSYNC": str(fault)}
    outcome = home.aws("configure", "role", "other", "--role-arn", role.arn, environment=unflushed)
    assert outcome.code == 0
    assert "[profile other]" in home.config.read_text()
    disk_error = {**unflushed, "XACCT_FSYNC": str(errno.EIO)}
    outcome = home.aws("configure", "role", "third", "--role-arn", role.arn, environment=disk_error)
    assert outcome.code == 255
    assert "[profile third]" not in home.config.read_text()


# -- a cache that cannot be written ----------------------------------------------------------------


def test_logout_that_cannot_delete_a_session_fails_with_the_fix(home: Home, prod: str) -> None:
    """It printed "0 cached sessions dropped" with exit code 0, and the session stayed in use."""
    caller_of(home, prod)
    home.cache.chmod(0o500)
    command = [*respecting_modes(), str(AWS), "configure", "role"]
    for words in (["logout", "--all"], ["logout", prod], ["remove", prod, "--yes"]):
        outcome = run(home, *command, *words)
        assert outcome.code == 255
        assert outcome.lines[-1] == (
            f"the sessions in {home.cache} cannot be deleted: Permission denied. Make it writable with: "
            f"chmod u+rwx {home.cache}"
        )
    home.cache.chmod(0o700)
    assert len(home.records()) == 1


def test_rejected_session_that_cannot_be_deleted_is_reported(home: Home, sts: Sts, prod: str) -> None:
    """Every command would keep using the rejected session without a reason."""
    caller_of(home, prod)
    sts.fail("GetCallerIdentity", times=None, status=403, code="ExpiredToken", message="ended")
    home.cache.chmod(0o500)
    outcome = run(home, *respecting_modes(), str(AWS), *WHOAMI, "--profile", prod)
    home.cache.chmod(0o700)
    assert outcome.code != 0
    assert (
        f"xacct: the sessions in {home.cache} cannot be deleted: Permission denied. Make it" in outcome.stderr
    )
