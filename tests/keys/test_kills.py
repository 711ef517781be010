"""The commands that move or replace a key, killed before each of their steps and at random.

XACCT_TEST_KILLS says how often: some hundreds take in every step of every command, and the rest are at random.
"""

from __future__ import annotations

import configparser
import json
import os
import random
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sts import Sts, User
from tests.support.home import Home, Outcome

from .conftest import KeyStoreFile

KILLS = int(os.environ.get("XACCT_TEST_KILLS", "2"))
"""How often each command is killed before a step, and at random, in each test."""

ROTATE, STORE, RESTORE = (("keys", action, "default", "--yes") for action in ("rotate", "store", "restore"))


@dataclass
class Scene:
    """A user's key, in the file or in the key store."""

    home: Home
    sts: Sts
    user: User
    key_store: KeyStoreFile
    steps: Path

    def find_steps(self, command: tuple[str, ...]) -> list[str]:
        """Run a command to its end, and return its steps."""
        self.steps.unlink(missing_ok=True)
        assert self.run_killed(command, 0) == 0
        return self.steps.read_text("utf-8").splitlines()

    def run_killed(self, command: tuple[str, ...], at: int) -> int:
        """Run a command and kill it before a step; return its exit code."""
        outcome = self.run_with(command, f"kill:{at}")
        assert outcome.code in (0, -signal.SIGKILL), outcome
        return outcome.code

    def run_with(self, command: tuple[str, ...], what: str) -> Outcome:
        """Run a command with what is to happen at a step; see `killing`."""
        environment = {"XACCT_TEST_STEP": what, "XACCT_TEST_STEPS": str(self.steps)}
        return self.home.xacct(*command, environment=environment)

    def run(self, command: tuple[str, ...]) -> None:
        outcome = self.home.xacct(*command)
        assert outcome.code == 0, outcome

    def pairs(self) -> dict[str, tuple[str, str]]:
        """Return the id and the secret of the key in each place that has one."""
        found = {}
        parser = configparser.RawConfigParser()
        parser.read_string(self.home.credentials.read_text("utf-8"))
        if parser.has_option("default", "aws_access_key_id"):
            section = parser["default"]
            found["file"] = section["aws_access_key_id"], section["aws_secret_access_key"]
        outcome = self.home.xacct("keys", "get", "default")
        if outcome.code == 0:
            key = json.loads(outcome.stdout)
            found["key store"] = key["AccessKeyId"], key["SecretAccessKey"]
        return found

    def assert_safe(self) -> None:
        """Assert that what is asked first has a key that works, and that a secret rests nowhere else."""
        pairs = self.pairs()
        active = {(key.id, key.secret) for key in self.user.keys if key.active}
        assert pairs.get("file", pairs.get("key store")) in active, pairs
        if "file" not in pairs:
            assert "keys get default" in self.home.config.read_text("utf-8")
        assert len(self.user.keys) <= 2

    def assert_tidy(self, place: str) -> None:
        """Assert that one place has the only active key, nothing is left beside it, and `aws` works with it."""
        pairs = self.pairs()
        assert [*pairs] == [place]
        active = [(key.id, key.secret) for key in self.user.keys if key.active]
        assert [*pairs.values()] == active
        files = [path.name for path in self.home.aws_dir.rglob("*") if path.is_file()]
        assert not [name for name in files if name.endswith(".tmp")], files
        for path in self.home.aws_dir.rglob("*"):
            if path.is_file() and (place == "key store" or path != self.home.credentials):
                assert not any(key.secret.encode() in path.read_bytes() for key in self.user.keys), path


@pytest.fixture
def scene(home: Home, sts: Sts, user: User, key_store: KeyStoreFile, tmp_path: Path) -> Scene:
    return Scene(home, sts, user, key_store, tmp_path / "steps")


def choose(count: int) -> list[int]:
    """Return which of that many steps are tried: all, or some of them, evenly spread."""
    tried = min(KILLS, count)
    return [1 + int(count * (each + 0.5) / tried) for each in range(tried)]


@pytest.mark.parametrize("place", ["file", "key store"])
def test_rotation_killed_before_any_step_is_completed(scene: Scene, place: str) -> None:
    if place == "key store":
        scene.run(STORE)
    scene.run(ROTATE)
    steps = scene.find_steps(ROTATE)
    assert len(steps) > 20
    for at in choose(len(steps)):
        scene.run_killed(ROTATE, at)
        scene.assert_safe()
        scene.run(ROTATE)
        scene.assert_tidy(place)


@pytest.mark.parametrize(
    ("there", "back", "place"), [(STORE, RESTORE, "key store"), (RESTORE, STORE, "file")]
)
def test_move_killed_before_any_step_is_completed(
    scene: Scene, there: tuple[str, ...], back: tuple[str, ...], place: str
) -> None:
    if there == RESTORE:
        scene.run(STORE)
    before = scene.home.config.read_bytes(), scene.home.credentials.read_bytes()
    steps = scene.find_steps(there)
    assert len(steps) > 10
    scene.run(back)
    for at in choose(len(steps)):
        scene.run_killed(there, at)
        scene.assert_safe()
        scene.run(there)
        scene.assert_tidy(place)
        scene.run(back)
        assert (scene.home.config.read_bytes(), scene.home.credentials.read_bytes()) == before


@pytest.mark.parametrize("command", [ROTATE, STORE])
def test_temporary_file_of_a_file_with_keys_is_private(scene: Scene, command: tuple[str, ...]) -> None:
    credentials = scene.home.credentials
    credentials.chmod(0o644)
    for _ in range(2):  # the first time has some steps more, such as making directories
        steps = scene.find_steps(command)
        if command == STORE:
            scene.run(RESTORE)
    replaced = [
        at
        for at, step in enumerate(steps, 1)
        if step.startswith(f"os.rename {credentials.parent}/.credentials")
    ]
    scene.run_killed(command, replaced[0])
    (temporary,) = credentials.parent.glob(".credentials*.tmp")
    assert temporary.stat().st_mode & 0o777 == 0o600
    scene.run(command)
    assert credentials.stat().st_mode & 0o777 == 0o644
    assert not temporary.exists()


@pytest.mark.parametrize("place", ["file", "key store"])
def test_disk_that_is_full_in_a_rotation_loses_nothing(scene: Scene, place: str) -> None:
    if place == "key store":
        scene.run(STORE)
    steps = scene.find_steps(ROTATE)
    for at in choose(len(steps)):
        outcome = scene.run_with(ROTATE, f"full:{at}")
        assert "unexpected" not in outcome.stderr
        scene.assert_safe()
        scene.run(ROTATE)
        scene.assert_tidy(place)


def test_disk_that_is_full_in_a_move_loses_nothing(scene: Scene) -> None:
    for there, back, place in ((STORE, RESTORE, "key store"), (RESTORE, STORE, "file")):
        steps = scene.find_steps(there)
        scene.run(back)
        for at in choose(len(steps)):
            outcome = scene.run_with(there, f"full:{at}")
            assert "unexpected" not in outcome.stderr
            scene.assert_safe()
            scene.run(there)
            scene.assert_tidy(place)
            scene.run(back)
        scene.run(there)


@pytest.mark.parametrize("place", ["file", "key store"])
def test_rotation_killed_at_random_never_loses_both_keys(
    scene: Scene, chance: random.Random, place: str
) -> None:
    if place == "key store":
        scene.run(STORE)
    for _ in range(KILLS):
        kill_at_random(scene, ROTATE, chance)
        scene.assert_safe()
        scene.run(ROTATE)
        scene.assert_tidy(place)


def test_moves_killed_at_random_never_lose_the_key(scene: Scene, chance: random.Random) -> None:
    for _ in range(KILLS):
        for command, place in ((STORE, "key store"), (RESTORE, "file")):
            kill_at_random(scene, command, chance)
            scene.assert_safe()
            scene.run(command)
            scene.assert_tidy(place)


def kill_at_random(scene: Scene, command: tuple[str, ...], chance: random.Random) -> None:
    """Really start a command, and kill it at any time."""
    process = scene.home.fork_xacct(*command)
    try:
        process.communicate(timeout=chance.uniform(0.1, 1.5))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        scene.sts.settle()
