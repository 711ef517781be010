"""`xacct keys store`, `restore` and `get`: the real commands, and `aws` after each of them."""

from __future__ import annotations

import json

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import WHOAMI, caller_of, is_session_of
from tests.support.home import Home, finish
from tests.support.terminal import log_in

from .conftest import KeyStoreFile


def test_store_moves_the_key_and_restore_moves_it_back(
    home: Home, user: User, prod: str, key_store: KeyStoreFile
) -> None:
    config, credentials = home.config.read_bytes(), home.credentials.read_bytes()
    outcome = home.xacct("keys", "store", "default", "--yes")
    assert (outcome.code, outcome.stdout) == (
        0,
        f"the key {user.access_key} of profile default is in Test Keyring now\n",
    ), outcome.stderr
    assert user.secret_key not in home.credentials.read_text("utf-8")
    assert "credential_process = xacct keys get default\n" in home.config.read_text("utf-8")
    assert key_store.ids() == {"default": user.access_key}
    for arguments in (WHOAMI, [*WHOAMI, "--profile", prod]):
        assert home.aws(*arguments).code == 0
    outcome = home.xacct("keys", "store", "default")
    assert (outcome.code, outcome.lines) == (0, ["the key of profile default is in Test Keyring already"])
    outcome = home.xacct("keys", "restore", "default", "--yes")
    assert outcome.code == 0, outcome.stderr
    assert (home.config.read_bytes(), key_store.ids()) == (config, {})
    assert user.secret_key in home.credentials.read_text("utf-8")
    assert sorted(home.credentials.read_bytes().split()) == sorted(credentials.split())
    assert home.aws(*WHOAMI).code == 0


@pytest.mark.usefixtures("key_store")
def test_store_prints_no_secret_and_asks_first(home: Home, user: User) -> None:
    before = home.config.read_bytes(), home.credentials.read_bytes()
    outcome = home.xacct("keys", "store", "default")
    assert outcome.lines == [
        "xacct: nothing was changed, because",
        "  - cannot ask for confirmation without a terminal. Go ahead with:",
        "      xacct keys store default --yes",
    ]
    assert (home.config.read_bytes(), home.credentials.read_bytes()) == before
    done = home.xacct("keys", "store", "default", "--yes")
    assert user.secret_key not in f"{outcome}{done}{home.xacct('keys', 'status', '--json')}"
    document = json.loads(home.xacct("keys", "get", "default").stdout)
    assert document == {"Version": 1, "AccessKeyId": user.access_key, "SecretAccessKey": user.secret_key}


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("locked", "the key store is locked. Unlock it, then run the command again"),
        ("read-only", "the key store failed: no write access"),
        (
            "forgetful",
            "Test Keyring did not keep the key of profile default. See which other ones keyring finds:",
        ),
    ],
)
def test_store_that_fails_changes_nothing(
    home: Home, key_store: KeyStoreFile, fault: str, message: str
) -> None:
    before = home.config.read_bytes(), home.credentials.read_bytes()
    outcome = home.xacct("keys", "store", "default", "--yes", environment={"XACCT_TEST_KEYRING_FAULT": fault})
    assert (outcome.code, outcome.lines[0]) == (253, f"xacct: {message}")
    assert (home.config.read_bytes(), home.credentials.read_bytes(), key_store.ids()) == (*before, {})


def test_store_of_a_key_that_does_not_work_changes_nothing(
    home: Home, user: User, key_store: KeyStoreFile
) -> None:
    user.disable_key()
    before = home.config.read_bytes(), home.credentials.read_bytes()
    outcome = home.xacct("keys", "store", "default", "--yes")
    assert outcome.code == 254
    assert "InvalidClientTokenId" in outcome.stderr
    assert (home.config.read_bytes(), home.credentials.read_bytes(), key_store.ids()) == (*before, {})


def test_store_that_was_interrupted_is_completed(home: Home, user: User, key_store: KeyStoreFile) -> None:
    credentials = home.credentials.read_bytes()
    home.xacct("keys", "store", "default", "--yes")
    home.credentials.write_bytes(credentials)
    outcome = home.xacct("keys", "store", "default", "--yes")
    assert outcome.code == 0, outcome.stderr
    assert user.access_key not in home.credentials.read_text("utf-8")
    assert key_store.ids() == {"default": user.access_key}
    home.credentials.write_bytes(credentials)
    outcome = home.xacct("keys", "restore", "default", "--yes")
    assert (outcome.code, key_store.ids()) == (0, {}), outcome.stderr
    assert "credential_process" not in home.config.read_text("utf-8")


@pytest.mark.usefixtures("user", "prod")
@pytest.mark.parametrize(
    ("profile", "text"),
    [
        ("prod", "profile prod assumes a role, and has no key of its own"),
        ("gone", "there is no profile gone"),
        ("half", "aws_secret_access_key is missing"),
        ("temporary", "the key of profile temporary is temporary: it has a session token"),
        ("program", "a program keeps the key of profile program: its credential_process runs op"),
        (
            "both",
            "profile both has a credential_process beside its key, which runs op; remove one of the two",
        ),
        ("plain", "profile plain has no long-term key"),
    ],
)
def test_profile_without_a_key_to_move_is_refused(
    home: Home, key_store: KeyStoreFile, profile: str, text: str
) -> None:
    home.config.write_text(
        home.config.read_text("utf-8")
        + "[profile program]\ncredential_process = op read x\n\n[profile both]\ncredential_process = op read\n"
        + "[profile plain]\nregion = us-east-1\n",
        "utf-8",
    )
    pair = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
    home.credentials.write_text(
        f"[half]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n[temporary]\n{pair}aws_session_token = t\n[both]\n{pair}",
        "utf-8",
    )
    before = home.config.read_bytes(), home.credentials.read_bytes()
    outcome = home.xacct("keys", "store", profile, "--yes")
    assert outcome.code == 253
    assert text in outcome.stderr
    assert (home.config.read_bytes(), home.credentials.read_bytes(), key_store.ids()) == (*before, {})


@pytest.mark.usefixtures("user")
def test_keys_without_a_key_store_say_what_to_do(home: Home, sts: Sts) -> None:
    backend = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    outcome = home.xacct("keys", "store", "default", "--yes", environment=backend)
    assert outcome.code == 253
    assert outcome.lines[0].startswith(
        "xacct: this system has no key store, or it cannot be reached from here"
    )
    assert sts.calls == []


@pytest.mark.usefixtures("key_store")
def test_sessions_outlive_the_move_of_their_key(
    home: Home, sts: Sts, vault: str, other: Role, device: MfaDevice
) -> None:
    """A command without a terminal needed a new MFA code, although the session had hours left."""
    log_in(home, vault, device)
    first = [caller_of(home, "other"), caller_of(home, vault)]
    assert is_session_of(other, first[0])
    for action in ("store", "restore"):
        assert home.xacct("keys", action, "default", "--yes").code == 0
        assert [caller_of(home, "other"), caller_of(home, vault)] == first, action
    assert [len(sts.calls_of(name)) for name in ("GetSessionToken", "AssumeRole")] == [1, 2]


@pytest.mark.usefixtures("key_store")
def test_sessions_of_an_edited_profile_do_not_outlive_the_move(
    home: Home, sts: Sts, prod: str, role: Role
) -> None:
    """The profile gets another role while the key moves."""
    other = sts.add_role("Other", trusts=role.trusts)
    caller_of(home, prod)
    with sts.hold("GetCallerIdentity") as hold:
        storing = home.fork_xacct("keys", "store", "default", "--yes")
        hold.wait_for(1)
        text = home.config.read_text("utf-8")
        home.config.write_text(text.replace(role.arn, other.arn), "utf-8")
    assert finish(storing).code == 0
    assert is_session_of(other, caller_of(home, prod))


@pytest.mark.usefixtures("key_store", "user")
def test_session_dropped_by_a_logout_does_not_come_back_with_its_key(home: Home, sts: Sts, prod: str) -> None:
    first = caller_of(home, prod)
    assert home.xacct("keys", "store", "default", "--yes").code == 0
    assert caller_of(home, prod) == first
    assert len(home.records()) == 1
    assert home.aws("configure", "role", "logout", prod).code == 0
    assert home.xacct("keys", "restore", "default", "--yes").code == 0
    caller_of(home, prod)
    assert len(sts.calls_of("AssumeRole")) == 2
