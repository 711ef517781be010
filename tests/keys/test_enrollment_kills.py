"""`xacct mfa enroll`, killed before each of its steps: what is left at IAM is explained, and cleared by the fix."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

import pexpect

from tests.sts import Sts, User
from tests.support import forked
from tests.support.home import XACCT, Home

from .test_enrollment import SECRET, codes
from .test_kills import choose


def enroll(home: Home, sts: Sts, **environment: str) -> tuple[int, str]:
    """Enroll a device as a person would. Return the exit code, or 128 and the signal, and what was shown at the end."""
    child = home.terminal_for(
        str(forked.find_client(XACCT)), "mfa", "enroll", "default", environment=environment
    )
    if child.expect([SECRET, pexpect.EOF]) == 0:
        match = child.match
        assert isinstance(match, re.Match)
        first, second = codes(sts, str(match[1]).replace(" ", ""))
        child.expect_exact("First code: ")
        child.sendline(first)
        child.expect_exact("Second code")
        child.sendline(second)
        child.expect(pexpect.EOF)
    child.close()
    code = child.exitstatus if child.exitstatus is not None else 128 + int(child.signalstatus or 0)
    return code, str(child.before)


def test_enrollment_killed_before_any_step_is_completed(
    home: Home, sts: Sts, user: User, tmp_path: Path
) -> None:
    before, log = home.config.read_bytes(), tmp_path / "steps"

    def start(at: int) -> tuple[int, str]:
        return enroll(home, sts, XACCT_TEST_STEP=f"kill:{at}", XACCT_TEST_STEPS=str(log))

    assert start(0)[0] == 0
    steps = log.read_text("utf-8").splitlines()
    complete = home.config.read_bytes()
    for at in choose(len(steps)):
        user.devices.clear()
        home.config.write_bytes(before)
        code, _ = start(at)
        assert code == 128 + signal.SIGKILL
        assert home.config.read_bytes() in (before, complete)
        assert len(user.devices) + len(sts.unassigned_devices) <= 1
        code, shown = (0, "") if home.config.read_bytes() == complete else enroll(home, sts)
        if code:
            fix = next(line for line in shown.splitlines() if line.startswith("  aws "))
            assert home.aws(*shlex.split(fix)[1:]).code == 0, shown
            if not user.devices:
                assert enroll(home, sts)[0] == 0
        assert f"mfa_serial = {user.devices[0].serial}\n" in home.config.read_text("utf-8")
        assert (len(user.devices), sts.unassigned_devices) == (1, {})
