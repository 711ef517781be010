"""The key store of a Linux desktop, the Secret Service: gnome-keyring in a session bus of its own, headless."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest

from tests.sts import User
from tests.support.commands import WHOAMI
from tests.support.home import AWS, XACCT, Home
from tests.support.programs import need

UNLOCK = "printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null"


LOCK = """\
import secretstorage
secretstorage.get_default_collection(secretstorage.dbus_init()).lock()
"""
"""Locks the key store, as a desktop may. To unlock it, it shows a dialog, for which there is no screen here."""


def run_in_session(home: Home, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script of `sh` in a session bus of its own."""
    return subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script],
        env={
            **home.environment,
            "PATH": f"{XACCT.parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_RUNTIME_DIR": str(home.path),
            "XDG_DATA_HOME": str(home.path / "data"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.late
def test_key_is_stored_used_and_restored_with_the_secret_service(home: Home, user: User) -> None:
    need("dbus-run-session", "gnome-keyring-daemon")
    script = f"""\
        set -e
        {UNLOCK}
        xacct keys store default --yes
        {AWS} {" ".join(WHOAMI)} >/dev/null
        xacct keys status
        xacct keys rotate default --yes
        {AWS} {" ".join(WHOAMI)} >/dev/null
        grep -c aws_ {home.credentials} || true
        xacct keys restore default --yes
        """
    done = run_in_session(home, script)
    assert done.returncode == 0, done.stderr
    old, new = (key.id for key in user.keys)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"the key {old} of profile default is in SecretService")
    assert "SecretService" in lines[2]
    assert lines[-2:] == ["0", f"the key {new} of profile default is in {home.credentials} now"]
    assert user.keys[1].secret in home.credentials.read_text("utf-8")
    assert home.aws(*WHOAMI).code == 0


@pytest.mark.late
def test_secret_service_that_is_locked_is_named_and_loses_nothing(home: Home, user: User) -> None:
    need("dbus-run-session", "gnome-keyring-daemon")
    script = f"""\
        {UNLOCK}
        xacct keys store default --yes || exit
        {shlex.join([sys.executable, "-c", LOCK])} || exit
        xacct keys get default; echo $?
        xacct keys rotate default --yes; echo $?
        {AWS} {" ".join(WHOAMI)}; echo $?
        """
    done = run_in_session(home, script)
    assert done.stdout.splitlines()[1:] == ["253", "253", "255"], done.stderr
    message = "xacct: the key store is locked. Unlock it, then run the command again"
    assert done.stderr.count(message) == 3
    assert [key.active for key in user.keys] == [True]
