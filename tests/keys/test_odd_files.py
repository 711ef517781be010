"""Keys in files, and profiles, of every kind: what is not the key's stays as it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sts import Sts, User
from tests.support import forked
from tests.support.commands import WHOAMI
from tests.support.home import XACCT, Home, finish, finish_on_terminal

from .conftest import KeyStoreFile

STORE, RESTORE, ROTATE = (("keys", action, "default", "--yes") for action in ("store", "restore", "rotate"))


def lines(user: User, newline: str = "\n") -> str:
    return f"aws_access_key_id = {user.access_key}{newline}aws_secret_access_key = {user.secret_key}{newline}"


def go_round(home: Home, user: User, profile: str = "default") -> None:
    """Store the key, use it, rotate it there, restore it, rotate it in the file; then one key is active, and works."""
    words = ["--", profile] if profile.startswith("-") else [profile]
    for action in ("store", "rotate", "restore", "rotate"):
        outcome = home.xacct("keys", action, "--yes", *words)
        assert outcome.code == 0, (action, outcome)
        if action == "rotate":
            outcome = home.aws(*WHOAMI, f"--profile={profile}")
            assert outcome.code == 0, (action, outcome)
        assert [key.active for key in user.keys].count(True) == 1


NAMES = ['it\'s "50%" a;b', "Zürich 東京", "-dash", "#1 = $(touch x) a\\b"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("key_store")
def test_profile_of_any_name_is_moved_and_rotated(home: Home, sts: Sts, name: str) -> None:
    user = sts.add_user("odd")
    home.add_keys(user, name)
    home.environment["AWS_DEFAULT_REGION"] = "us-west-1"
    before = home.config.read_bytes()
    go_round(home, user, name)
    assert home.config.read_bytes() == before


@pytest.mark.usefixtures("key_store")
def test_link_to_a_file_elsewhere_stays_a_link(home: Home, user: User, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "credentials"
    real.parent.mkdir()
    home.credentials.rename(real)
    home.credentials.symlink_to(real)
    go_round(home, user)
    assert home.credentials.is_symlink()
    assert user.keys[-1].secret in real.read_text("utf-8")


@pytest.mark.usefixtures("key_store")
def test_files_elsewhere_are_used(home: Home, user: User, tmp_path: Path) -> None:
    directory = tmp_path / "another place"
    directory.mkdir()
    for path, name in ((home.credentials, "AWS_SHARED_CREDENTIALS_FILE"), (home.config, "AWS_CONFIG_FILE")):
        path.rename(directory / path.name)
        home.environment[name] = str(directory / path.name)
    go_round(home, user)
    assert not home.credentials.exists()
    assert user.keys[-1].secret in (directory / "credentials").read_text("utf-8")


@pytest.mark.usefixtures("key_store")
def test_file_with_other_line_ends_and_comments_keeps_them(home: Home, user: User) -> None:
    text = (
        f"; mine\r\n[default]\r\n# the key\r\n{lines(user, chr(13) + chr(10))}\r\n[other]\r\nregion=eu-west-1"
    )
    home.credentials.write_bytes(text.encode())
    go_round(home, user)
    after = home.credentials.read_bytes().decode()
    assert after.replace("\r\n", "").count("\n") == 0
    for kept in ("; mine\r\n[default]\r\n", "# the key\r\n", "[other]\r\nregion=eu-west-1"):
        assert kept in after


@pytest.mark.usefixtures("key_store")
def test_file_that_others_can_read_keeps_its_mode_and_is_named(home: Home, user: User) -> None:
    home.credentials.chmod(0o644)
    told = [f"other users can read {home.credentials}. To stop that:", f"  chmod 600 {home.credentials}"]
    assert home.xacct(*ROTATE).lines == told
    assert home.xacct(*STORE).lines == []
    assert home.xacct(*RESTORE).lines == told
    assert home.credentials.stat().st_mode & 0o777 == 0o644
    assert user.keys[-1].secret in home.credentials.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[default]\n{key}[default]\n{key}", "duplicate section [default]"),
        ("[DEFAULT]\n{key}[default]\nregion = us-east-1\n", "has inherited its key from [DEFAULT]"),
        ("[default]\n{key}\x00", ""),
    ],
    ids=["twice", "inherited", "binary"],
)
def test_file_that_cannot_be_edited_is_left_alone(
    home: Home, user: User, key_store: KeyStoreFile, text: str, message: str
) -> None:
    home.credentials.write_text(text.format(key=lines(user)), "utf-8")
    before = home.config.read_bytes(), home.credentials.read_bytes()
    for command in (STORE, ROTATE):
        outcome = home.xacct(*command)
        if message:
            assert outcome.code == 253, outcome
            assert message in outcome.stderr
            assert (home.config.read_bytes(), home.credentials.read_bytes()) == before
    assert [key.active for key in user.keys].count(True) == 1
    assert set(key_store.ids()) <= {"default"}


@pytest.mark.usefixtures("key_store")
def test_key_in_the_config_file_is_moved_and_rotated_there(home: Home, user: User) -> None:
    home.credentials.unlink()
    home.write_config("")
    home.config.write_text(
        home.config.read_text("utf-8").replace("[default]\n", f"[default]\n{lines(user)}"), "utf-8"
    )
    assert home.xacct(*ROTATE).code == 0
    assert user.keys[1].secret in home.config.read_text("utf-8")
    assert home.xacct(*STORE).code == 0
    assert user.keys[1].secret not in home.config.read_text("utf-8")
    assert home.xacct(*RESTORE).code == 0
    assert user.keys[1].secret in home.credentials.read_text("utf-8")
    assert home.aws(*WHOAMI).code == 0


# -- at the same time --------------------------------------------------------------------------------------------------


def assert_one_key_works(home: Home, user: User) -> None:
    outcome = home.aws(*WHOAMI)
    assert outcome.code == 0, outcome
    assert [key.active for key in user.keys].count(True) == 1


@pytest.mark.parametrize("commands", [[STORE] * 3, [STORE, RESTORE, ROTATE]])
def test_commands_at_once_lose_nothing(
    home: Home, user: User, key_store: KeyStoreFile, commands: list[tuple[str, ...]]
) -> None:
    for start in ((), (STORE,)):
        for command in start:
            home.xacct(*command)
        with ThreadPoolExecutor() as pool:
            outcomes = list(pool.map(lambda command: home.xacct(*command), commands))
        assert any(outcome.code == 0 for outcome in outcomes)
        assert {outcome.code for outcome in outcomes} <= {0, 253, 255}, outcomes
        assert not any("unexpected" in outcome.stderr for outcome in outcomes)
        assert_one_key_works(home, user)
    assert len(key_store.ids()) <= 1


EDITS = {
    "another key": "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n",
    "no key": "[default]\n",
    "nothing": "",
    "the same": None,
}


@pytest.mark.parametrize("edit", EDITS)
def test_file_edited_while_a_key_is_stored_is_not_overwritten(
    home: Home, sts: Sts, user: User, key_store: KeyStoreFile, edit: str
) -> None:
    config, text = home.config.read_bytes(), EDITS[edit]
    with sts.hold("GetCallerIdentity") as hold:
        process = home.fork_xacct(*STORE)
        hold.wait_for(1)
        if text is None:
            text = f"# mine\n{home.credentials.read_text('utf-8')}"
        home.credentials.write_text(text, "utf-8")
    outcome = finish(process)
    after = home.credentials.read_text("utf-8")
    assert key_store.ids() == {"default": user.access_key}  # wherever else it is, here it is not lost
    if edit == "another key":
        assert (outcome.code, after, home.config.read_bytes()) == (255, text, config)
    else:
        assert outcome.code == 0, outcome
        assert user.secret_key not in after
        assert home.aws(*WHOAMI).code == 0


def test_denial_while_a_key_is_stored_changes_nothing(
    home: Home, sts: Sts, user: User, key_store: KeyStoreFile
) -> None:
    before = home.config.read_bytes(), home.credentials.read_bytes()
    sts.fail("GetCallerIdentity", status=403, code="AccessDenied", message="denied by an SCP")
    assert home.xacct(*STORE).code == 254
    assert (home.config.read_bytes(), home.credentials.read_bytes(), key_store.ids()) == (*before, {})
    assert_one_key_works(home, user)


@pytest.mark.parametrize("action", ["store", "restore", "rotate"])
def test_file_edited_before_the_answer_is_not_overwritten(
    home: Home, user: User, key_store: KeyStoreFile, action: str
) -> None:
    if action == "restore":
        assert home.xacct(*STORE).code == 0
    stored = key_store.ids()
    child = home.terminal_for(str(forked.find_client(XACCT)), "keys", action, "default")
    child.expect_exact("[y/N] ")
    home.credentials.write_text(EDITS["another key"] or "", "utf-8")
    before = home.config.read_bytes(), home.credentials.read_bytes()
    child.sendline("y")
    child.expect_exact("meanwhile")
    finish_on_terminal(child)
    assert (home.config.read_bytes(), home.credentials.read_bytes()) == before
    assert key_store.ids() == stored
    assert [key.active for key in user.keys] == [True]
