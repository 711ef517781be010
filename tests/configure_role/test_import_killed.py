"""An import that is killed at any instant leaves the old config file or the new one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.sts import User
from tests.support.home import TIMEOUT, Home

from .steps import done

# Runs `aws configure role import` repeatedly, in children that are killed one step later each time. A step is any
# call about a file in ~/.aws that Python reports to an audit hook before making it.
STEPPER = """
import os, sys, traceback
from awscli.clidriver import create_clidriver

manifest, directory, config = sys.argv[1:]
old = open(config, "rb").read()
sys.argv = ["aws"]
driver = create_clidriver()

def imported(last):
    steps = 0
    def step(event, arguments):
        nonlocal steps
        steps += any(directory in os.fsdecode(each) for each in arguments if isinstance(each, (str, bytes)))
        if steps == last:
            steps += 1  # the kill is told of, too
            os.kill(os.getpid(), 9)
    sys.addaudithook(step)
    return driver.main(["configure", "role", "import", manifest, "--yes"])

def outcome(last):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    try:
        os._exit(imported(last))
    except BaseException:
        traceback.print_exc()
        os._exit(3)

last, code = 0, -9
found = []
while code == -9:
    with open(config, "wb") as file:
        file.write(old)
    last += 1
    code = outcome(last)
    with open(config, "rb") as file:
        found.append(file.read())
names = ["old" if text == old else "new" if text == found[-1] else "damaged" for text in found]
print(code, *names)
"""


@pytest.mark.usefixtures("user")
def test_import_killed_at_any_step_leaves_the_old_file_or_the_new(home: Home, user: User) -> None:
    assert user.name == "dev"
    home.write_config("# mine\n[profile gone]\nrole_arn = x\n")
    manifest = home.path / "team.yaml"
    roles = "".join(f'  r{number}: {{account: "222222222222", role: R{number}}}\n' for number in range(50))
    manifest.write_text(f"version: 1\ndefaults: {{source_profile: default}}\nroles:\n{roles}", "utf-8")
    before = home.config.read_bytes()
    ended = subprocess.run(
        [sys.executable, "-c", STEPPER, str(manifest), str(home.aws_dir), str(home.config)],
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT * 3,
        check=True,
    )
    code, *states = ended.stdout.split()
    assert code == "0", ended.stderr
    assert "damaged" not in states
    assert states == sorted(states, reverse=True), "old up to the rename, new behind it"
    assert states.count("old") > 5
    assert states.count("new") >= 2, "there are steps behind the rename too"
    assert home.config.read_bytes().startswith(before)
    home.config.write_bytes(before)
    done(home, "import", str(manifest))
    assert [path.name for path in home.aws_dir.iterdir() if path.suffix == ".tmp"] == []
