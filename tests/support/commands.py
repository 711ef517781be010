"""Commands that tests of several rooms run, and what they check in the outcome."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from awscli_xacct.storage.cache import Cache, Record
from tests.sts import Role, Sts
from tests.support.home import AWS, TIMEOUT, Home, Outcome

WHO = ("sts", "get-caller-identity")
OFF = {"AWS_XACCT_DISABLE": "1"}
ONE_TRY = {"AWS_MAX_ATTEMPTS": "1"}
"""Without botocore's own retries, which wait for seconds in between."""


def arn(outcome: Outcome) -> str:
    """Who a successful `aws sts get-caller-identity` was."""
    assert outcome.code == 0, outcome.stderr
    found: str = json.loads(outcome.stdout)["Arn"]
    return found


def who(home: Home, profile: str, environment: Mapping[str, str] | None = None) -> str:
    """Who a profile is; the command must succeed and have nothing to say."""
    outcome = home.aws(*WHO, "--profile", profile, environment=environment)
    assert (outcome.code, outcome.stderr) == (0, "")
    return arn(outcome)


def is_session_of(role: Role, caller: str) -> bool:
    """Whether an ARN is that of a session of the role."""
    return caller.startswith(f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/")


def operations(sts: Sts) -> list[str]:
    """What STS was asked for so far."""
    return [call.operation for call in sts.calls]


def state(path: Path) -> tuple[bytes, int, int]:
    """A file's bytes, modification time and inode: what a rewrite would change."""
    found = path.stat()
    return path.read_bytes(), found.st_mtime_ns, found.st_ino


def record_in(path: Path) -> Record | None:
    """What the plugin reads from a file of its cache, in which it must find nothing to warn of."""
    return Cache(path.parent, warn=pytest.fail).read(path.stem)


def tree(home: Home) -> list[str]:
    """The names of all files and directories in a home."""
    return sorted(str(path.relative_to(home.path)) for path in home.path.rglob("*"))


def run(
    home: Home,
    *command: str,
    environment: Mapping[str, str] | None = None,
    without: Collection[str] = (),
) -> Outcome:
    """Run any command in a home, without a terminal; `without` names variables it is not to have."""
    variables = {**home.environment, **(environment or {})}
    done = subprocess.run(
        command,
        env={name: value for name, value in variables.items() if name not in without},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        start_new_session=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def aws_after(setting: str, *arguments: str) -> list[str]:
    """The command that runs `aws` after a shell's `setting`, such as ``umask 000``."""
    return ["sh", "-c", f'{setting}; exec "$@"', "sh", str(AWS), *arguments]


def bound_by_modes() -> list[str]:
    """What to put before a command so that permission bits hold for it, also when root runs the tests."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("permission bits do not bind root, and there is no setpriv to change that")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def bound_to_no_account() -> list[str]:
    """What to put before a command so that it runs as a user id that has no entry in the user database."""
    command = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("no user namespaces here")
    return command
