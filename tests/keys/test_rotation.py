"""`xacct keys rotate`, and what is left of it wherever it is interrupted."""

from __future__ import annotations

import configparser
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.embedded_aws import EmbeddedAws
from tests.embedded_aws.layout import create_user
from tests.sts import MfaDevice, Sts, User
from tests.sts.identities import AccessKey
from tests.support.commands import WHOAMI
from tests.support.home import XACCT, Home, finish

from .conftest import KeyStoreFile

ROTATE = ("keys", "rotate", "default", "--yes")


def key_in_file(home: Home) -> str:
    """Return the id of the key in the credentials file."""
    parser = configparser.RawConfigParser()
    parser.read_string(home.credentials.read_text("utf-8"))
    return parser["default"]["aws_access_key_id"]


def active_keys(user: User) -> list[str]:
    return [key.id for key in user.keys if key.active]


def assert_rotated(home: Home, user: User, old: str) -> None:
    """Assert that the file has a new key, which works and is the only active one."""
    new = key_in_file(home)
    assert new != old
    assert active_keys(user) == [new]
    assert home.aws(*WHOAMI).code == 0


def test_rotation_replaces_the_key_and_the_next_one_deletes_the_old(home: Home, user: User) -> None:
    old = user.access_key
    outcome = home.xacct(*ROTATE)
    new = key_in_file(home)
    assert (outcome.code, outcome.stdout) == (
        0,
        f"the key of profile default is {new}, in {home.credentials}; {old} is disabled\n",
    ), outcome.stderr
    assert_rotated(home, user, old)
    assert len(user.keys) == 2
    outcome = home.xacct(*ROTATE)
    assert outcome.lines == [f"deleted {old}, which the last rotation had disabled"]
    assert_rotated(home, user, new)
    outcome = home.xacct(*ROTATE, "--delete-old")
    assert [key.id for key in user.keys] == [key_in_file(home)]


def test_rotation_of_a_key_in_the_key_store(home: Home, user: User, key_store: KeyStoreFile) -> None:
    home.xacct("keys", "store", "default", "--yes")
    old = user.access_key
    assert home.xacct(*ROTATE).code == 0
    assert active_keys(user) == [key_store.ids()["default"]] != [old]
    assert home.aws(*WHOAMI).code == 0
    assert user.keys[-1].secret not in home.credentials.read_text("utf-8")


def test_rotation_goes_through_the_shared_mfa_session(
    home: Home, sts: Sts, user: User, device: MfaDevice
) -> None:
    home.config.write_text(
        home.config.read_text("utf-8").replace(
            "[default]\n", f"[default]\nmfa_serial = {device.serial}\nmfa_process = curl -s {sts.url}/_code\n"
        ),
        "utf-8",
    )
    old = user.access_key
    assert home.xacct(*ROTATE).code == 0
    assert active_keys(user) == [key_in_file(home)] != [old]
    assert len(sts.calls_of("GetSessionToken")) == 1
    assert {call.access_key[:4] for call in sts.calls if "AccessKey" in call.operation} == {"ASIA"}


def test_rotation_waits_for_a_new_key_to_work(home: Home, sts: Sts, user: User) -> None:
    sts.new_key_refusals = 1
    old = user.access_key
    assert home.xacct(*ROTATE).code == 0
    assert_rotated(home, user, old)


def test_rotation_explains_a_second_key_and_leaves_it_alone(home: Home, sts: Sts, user: User) -> None:
    home.aws("iam", "create-access-key")
    other = user.keys[1].id
    outcome = home.xacct(*ROTATE)
    assert outcome.code == 254
    assert outcome.lines[0].startswith(f"xacct: the user has a second key, {other} (active, created 20")
    assert outcome.lines[-1] == f"  aws iam delete-access-key --access-key-id {other} --profile default"
    assert (len(user.keys), len(sts.calls_of("CreateAccessKey"))) == (2, 1)
    assert key_in_file(home) == user.access_key


@pytest.mark.parametrize("operation", ["ListAccessKeys", "CreateAccessKey", "UpdateAccessKey"])
def test_rotation_that_is_denied_leaves_a_working_key_and_is_completed(
    home: Home, sts: Sts, user: User, operation: str
) -> None:
    old = user.access_key
    sts.fail(operation, status=403, code="AccessDenied", message="User is not authorized")
    outcome = home.xacct(*ROTATE)
    assert outcome.code == 254
    assert key_in_file(home) in active_keys(user)
    assert home.xacct(*ROTATE).code == 0
    assert_rotated(home, user, old)


def test_rotations_at_once_wait_for_each_other(home: Home, sts: Sts, user: User) -> None:
    old = user.access_key
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda _: home.xacct(*ROTATE), range(3)))
    assert [outcome.code for outcome in outcomes] == [0, 0, 0], outcomes
    assert_rotated(home, user, old)
    # One that started late, on a busy machine, has found a key that was already new.
    said = "another process has rotated the key of profile default meanwhile: it is "
    late = [outcome for outcome in outcomes if outcome.stderr.startswith(said)]
    assert len(late) + len(sts.calls_of("CreateAccessKey")) == 3


def test_rotation_does_not_overwrite_a_key_that_was_edited_meanwhile(
    home: Home, sts: Sts, user: User
) -> None:
    with sts.hold("CreateAccessKey") as hold:
        process = home.fork_xacct(*ROTATE)
        hold.wait_for(1)
        home.credentials.write_text(
            "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n", "utf-8"
        )
    outcome = finish(process)
    assert outcome.code == 255
    assert outcome.lines == [f"xacct: {home.credentials} has another key of profile default by now"]
    assert key_in_file(home) == "AKIAIOSFODNN7EXAMPLE"
    assert active_keys(user)[0] == user.access_key


def test_rotation_waits_for_a_new_key_wherever_it_is_not_known_yet(home: Home, sts: Sts, user: User) -> None:
    """Servers learn of a key one after the other: STS may know one that IAM refuses."""
    old = user.access_key
    sts.fail("UpdateAccessKey", status=403, code="InvalidClientTokenId", message="The token is invalid.")
    assert home.xacct(*ROTATE).code == 0
    assert_rotated(home, user, old)


def test_rotation_whose_new_key_was_edited_away_deletes_it(home: Home, sts: Sts, user: User) -> None:
    """What nobody has the secret of would stop all further rotations."""
    with sts.hold("CreateAccessKey") as hold:
        process = home.fork_xacct(*ROTATE)
        hold.wait_for(1)
        home.credentials.unlink()
    assert finish(process).code != 0
    assert [key.id for key in user.keys] == [user.access_key]


def test_rotation_does_not_disable_again_what_somebody_has_enabled(home: Home, user: User) -> None:
    assert home.xacct(*ROTATE).code == 0
    old, new = user.keys
    old.active = True
    outcome = home.xacct(*ROTATE)
    assert outcome.code == 254
    assert outcome.lines[0].startswith(f"xacct: the user has a second key, {old.id} (active, ")
    assert (old.active, new.active, len(user.keys)) == (True, True, 2)


def test_rotation_back_to_the_old_key_leaves_the_new_one_alone(home: Home, user: User) -> None:
    """It has rested in the file, from where it may have been copied to other machines."""
    before = home.credentials.read_bytes()
    assert home.xacct(*ROTATE).code == 0
    old, new = user.keys
    old.active = True
    home.credentials.write_bytes(before)
    new.last_used = None
    assert home.xacct(*ROTATE).code == 254
    assert user.keys == [old, new]


def test_key_that_others_make_after_iam_has_refused_one_is_not_deleted(
    home: Home, sts: Sts, user: User
) -> None:
    sts.fail("CreateAccessKey", status=403, code="AccessDenied", message="no")
    assert home.xacct(*ROTATE).code == 254
    assert home.aws("iam", "create-access-key").code == 0
    outcome = home.xacct(*ROTATE)
    assert (outcome.code, len(user.keys)) == (254, 2)
    assert user.keys[1].id in outcome.stderr


def test_key_that_others_make_long_after_a_kill_is_not_deleted(home: Home, sts: Sts, user: User) -> None:
    with sts.hang("CreateAccessKey", times=1) as hang:
        process = home.fork_xacct(*ROTATE)
        hang.wait_for(1)
        process.kill()
        process.communicate()
    assert home.aws("iam", "create-access-key").code == 0
    user.keys[1].created += 3600
    assert home.xacct(*ROTATE).code == 254
    assert len(user.keys) == 2


def test_key_that_iam_does_not_list_yet_is_explained(home: Home, sts: Sts, user: User) -> None:
    sts.fail("CreateAccessKey", status=409, code="LimitExceeded", message="Cannot exceed quota")
    outcome = home.xacct(*ROTATE)
    assert outcome.code == 254
    assert outcome.lines == [
        f"xacct: IAM allows the user no further key, although it lists {user.access_key} only. A key that was made "
        "just now may be missing in its list. Look again in a minute, then rotate again:",
        "  aws iam list-access-keys --profile default",
    ]


def test_key_whose_answer_was_lost_is_deleted_by_the_next_rotation(home: Home, sts: Sts, user: User) -> None:
    """botocore sends the request again, and IAM answers that there are two keys by now."""
    old = user.access_key
    with sts.hold("CreateAccessKey", times=1) as hold:
        process = home.fork_xacct(*ROTATE)
        hold.wait_for(1)
        user.keys.append(AccessKey(sts.now()))
    assert finish(process).lines[0].startswith("xacct: IAM allows the user no further key")
    outcome = home.xacct(*ROTATE)
    assert "which an interrupted rotation had made and nobody has used" in outcome.stderr
    assert_rotated(home, user, old)


@pytest.mark.parametrize("operation", ["ListAccessKeys", "CreateAccessKey", "UpdateAccessKey"])
def test_rotation_that_is_throttled_goes_on(home: Home, sts: Sts, user: User, operation: str) -> None:
    old = user.access_key
    sts.throttle(times=1, operation=operation)
    assert home.xacct(*ROTATE).code == 0
    assert_rotated(home, user, old)


@pytest.mark.parametrize("delete", [True, False])
def test_key_that_was_deleted_or_disabled_meanwhile_is_explained(
    home: Home, sts: Sts, user: User, delete: bool
) -> None:
    before = home.credentials.read_bytes()
    with sts.hold("CreateAccessKey") as hold:
        process = home.fork_xacct(*ROTATE)
        hold.wait_for(1)
        user.disable_key()
        if delete:
            del user.keys[0]
    outcome = finish(process)
    assert outcome.code == 254
    assert outcome.lines[0].startswith(
        "xacct: AWS does not accept the key of profile default, which may have been "
    )
    assert outcome.lines[-1] == "  aws configure --profile default"
    assert home.credentials.read_bytes() == before


def test_rotation_while_the_clock_is_wrong_finds_its_orphan(home: Home, sts: Sts, user: User) -> None:
    sts.clock_offset = -290
    old = user.access_key
    with sts.hang("CreateAccessKey", times=1) as hang:
        process = home.fork_xacct(*ROTATE)
        hang.wait_for(1)
        process.kill()
        process.communicate()
    user.keys.append(AccessKey(sts.now()))  # IAM has made it, and nobody has got the answer
    outcome = home.xacct(*ROTATE)
    assert outcome.code == 0, outcome
    assert "which an interrupted rotation had made and nobody has used" in outcome.stderr
    assert_rotated(home, user, old)


def test_profiles_with_the_same_key_get_the_new_one_together(home: Home, user: User) -> None:
    home.add_keys(user, "same")
    home.config.write_text(f"{home.config.read_text('utf-8')}[profile same]\nregion = us-west-1\n\n", "utf-8")
    home.add_role("own", "arn:aws:iam::222222222222:role/Power", source_profile="same")
    child = home.terminal_for(str(XACCT), *ROTATE[:3])
    child.expect_exact(f"Replace the key {user.access_key} of profile default (and of same), in ")
    child.sendline("y")
    child.expect_exact("is disabled")
    child.close()
    text = home.credentials.read_text("utf-8")
    assert (text.count(user.keys[1].secret), text.count(user.keys[0].secret)) == (2, 0)
    assert home.aws(*WHOAMI, "--profile", "same").code == 0


def test_profile_with_the_same_key_elsewhere_is_named(
    home: Home, user: User, key_store: KeyStoreFile
) -> None:
    home.add_keys(user, "same")
    outcome = home.xacct("keys", "store", "default", "--yes")
    assert outcome.lines == ["profile same has the same key, which is still in the clear"]
    outcome = home.xacct(*ROTATE)
    assert outcome.lines == [f"profile same still has the old key, {user.access_key}. Give it the new one"]
    assert key_store.ids()["default"] == user.keys[1].id


STEPS = ["ListAccessKeys", "GetAccessKeyLastUsed", "CreateAccessKey", "GetCallerIdentity", "UpdateAccessKey"]


@pytest.mark.parametrize("operation", STEPS)
@pytest.mark.parametrize("arrived", [True, False])
def test_rotation_killed_at_a_call_is_completed(
    home: Home, sts: Sts, user: User, operation: str, arrived: bool
) -> None:
    """Kill it while it waits for an answer; IAM has done what was asked, or has not."""
    old = user.access_key
    hold = sts.hold(operation, times=1) if arrived else sts.hang(operation, times=1)
    with hold:
        process = home.fork_xacct(*ROTATE)
        hold.wait_for(1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert key_in_file(home) in active_keys(user)
    sts.settle()
    outcome = home.xacct(*ROTATE)
    assert outcome.code == 0, outcome.stderr
    assert key_in_file(home) in active_keys(user)
    if key_in_file(home) == old:  # the orphan of the killed one was deleted, and that was all
        assert home.xacct(*ROTATE).code == 0
    assert_rotated(home, user, old)


def test_history_notes_a_rotation_without_the_secret(home: Home, user: User) -> None:
    home.xacct(*ROTATE)
    text = home.aws_dir.joinpath("xacct", "history.jsonl").read_text("utf-8")
    assert f'"AccessKeyId": "{key_in_file(home)}"' in text
    assert '"Program": "xacct keys rotate"' in text
    assert all(key.secret not in text for key in user.keys)


def test_rotation_works_with_the_iam_of_moto(aws: EmbeddedAws, tmp_path: Path) -> None:
    first = create_user(aws, "111111111111", "dev")
    home = Home(tmp_path / "home", aws.url)
    home.environment["AWS_ENDPOINT_URL"] = aws.url
    home.credentials.write_text(
        f"[default]\naws_access_key_id = {first.access_key_id}\naws_secret_access_key = {first.secret_access_key}\n",
        "utf-8",
    )
    assert home.xacct(*ROTATE).code == 0
    assert home.xacct(*ROTATE, "--delete-old").code == 0
    listed = json.loads(home.aws("iam", "list-access-keys").stdout)["AccessKeyMetadata"]
    assert [(key["AccessKeyId"], key["Status"]) for key in listed] == [(key_in_file(home), "Active")]
    row = json.loads(home.xacct("keys", "status", "--json").stdout)[0]
    assert (row["AgeDays"], row["Problem"]) == (0, None)
