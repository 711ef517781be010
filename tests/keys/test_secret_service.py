"""The key store of a Linux desktop, the Secret Service: gnome-keyring in a session bus of its own, headless."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.sts import User
from tests.support.commands import WHOAMI
from tests.support.home import AWS, XACCT, Home
from tests.support.programs import need

UNLOCK = "printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null"


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
    done = subprocess.run(
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
    assert done.returncode == 0, done.stderr
    old, new = (key.id for key in user.keys)
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"the key {old} of profile default is in SecretService")
    assert "SecretService" in lines[2]
    assert lines[-2:] == ["0", f"the key {new} of profile default is in {home.credentials} now"]
    assert user.keys[1].secret in home.credentials.read_text("utf-8")
    assert home.aws(*WHOAMI).code == 0
