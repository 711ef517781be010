"""Commands that tests of several rooms run, and what they check in the outcome."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from awscli_xacct.storage.cache import Cache, Record
from tests.sts import Role, Sts
from tests.support.home import AWS, TIMEOUT, Home, Outcome
from tests.support.real_home import OWN_USER_ID

WHOAMI = ("sts", "get-caller-identity")
DISABLED = {"AWS_XACCT_DISABLE": "1"}
ONE_TRY = {"AWS_MAX_ATTEMPTS": "1"}
"""Turns off botocore's retries, which wait for seconds in between."""


def caller_arn(outcome: Outcome) -> str:
    """Return the ARN that a successful `aws sts get-caller-identity` printed."""
    assert outcome.code == 0, outcome.stderr
    found: str = json.loads(outcome.stdout)["Arn"]
    return found


def caller_of(home: Home, profile: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the ARN of a profile's caller; the command must succeed without messages."""
    outcome = home.aws(*WHOAMI, "--profile", profile, environment=environment)
    assert (outcome.code, outcome.stderr) == (0, "")
    return caller_arn(outcome)


def is_session_of(role: Role, caller: str) -> bool:
    """Return whether an ARN is that of a session of the role."""
    return caller.startswith(f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/")


def operations(sts: Sts) -> list[str]:
    """Return the operations called at STS and IAM so far."""
    return [call.operation for call in sts.calls]


def mode_of(path: Path) -> int:
    """Return the permission bits of a file, without following a link."""
    return stat.S_IMODE(path.lstat().st_mode)


def file_state(path: Path) -> tuple[bytes, int, int]:
    """Return a file's bytes, modification time and inode, which a rewrite would change."""
    found = path.stat()
    return path.read_bytes(), found.st_mtime_ns, found.st_ino


def read_record(path: Path) -> Record | None:
    """Return the record that the plugin reads from a cache file; it must not warn."""
    return Cache(path.parent, warn=pytest.fail).read(path.stem)


def make_refresh_due(home: Home) -> None:
    """Change the only record so that it is due for a refresh: near its expiration, but still valid."""
    (path,) = home.records()
    cache, record = Cache(home.cache, warn=pytest.fail), read_record(path)
    assert record is not None
    cache.write(path.stem, record._replace(refresh_at=float(record.metadata["obtained"])))


def tree(home: Home) -> list[str]:
    """Return the paths of all files and directories in a home."""
    return sorted(str(path.relative_to(home.path)) for path in home.path.rglob("*"))


def run(
    home: Home,
    *command: str,
    environment: Mapping[str, str] | None = None,
    without: Collection[str] = (),
) -> Outcome:
    """Run any command in a home, without a terminal; `without` names variables to remove."""
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


def aws_in_shell(setting: str, *arguments: str) -> list[str]:
    """Return a command that runs `aws` in a shell after `setting`, such as ``umask 000``."""
    return ["sh", "-c", f'{setting}; exec "$@"', "sh", str(AWS), *arguments]


def respecting_modes() -> list[str]:
    """Return a command prefix with which permission bits apply even if root runs the tests."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("permission bits do not apply to root, and there is no setpriv to change that")
    return [setpriv, "--bounding-set=-dac_override,-dac_read_search"]


def without_account() -> list[str]:
    """Return a command prefix that runs it under a user id without an entry in the user database."""
    command = [shutil.which("unshare") or "", "--user", f"{OWN_USER_ID}54321", "--map-group=54321"]
    if not command[0] or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("no user namespaces here")
    return command
