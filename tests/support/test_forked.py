"""A forked `aws` is what a started one is: what it says, how it ends, what it has loaded and what it leaves behind."""

from __future__ import annotations

import io
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sts import Sts
from tests.support import forked
from tests.support.home import AWS, TIMEOUT, Home, Outcome, finish, finish_on_terminal

WHO = ("sts", "get-caller-identity", "--profile", "prod")

TELL = '''
"""A plugin that notes all that a process has from what started it."""
import atexit, gc, json, os, signal, sys, threading

def awscli_initialize(cli):
    atexit.register(note)

def note():
    import botocore.loaders, botocore.utils, awscli.alias, awscli.customizations.assumerole
    streams = (sys.stdin, sys.stdout, sys.stderr)
    names = ("name", "mode", "encoding", "errors", "line_buffering", "write_through", "newlines", "closed")
    found = {
        "modules": sorted(sys.modules),
        "arguments": [sys.argv, sys.path, sys.modules["__main__"].__file__, sys.modules["__main__"].__name__],
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "leads": os.getpgrp() == os.getsid(0) == os.getpid(),
        "umask": os.umask(0),
        "signals": {int(each): str(signal.getsignal(each)).split(" at ")[0] for each in signal.valid_signals()},
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "streams": [[getattr(each, name) for name in names] for each in streams],
        "standard": [each is getattr(sys, f"__{each.name[1:-1]}__", each) for each in streams],
        "descriptors": len(os.listdir("/dev/fd")),
        "threads": [each.name for each in threading.enumerate()],
        "homes": [
            botocore.loaders.Loader.CUSTOMER_DATA_PATH,
            botocore.utils.JSONFileCache()._working_dir,
            awscli.customizations.assumerole.CACHE_DIR,
            *awscli.alias.AliasLoader.__init__.__defaults__,
        ],
    }
    with open(os.path.join(os.environ["HOME"], "noted"), "w") as file:
        json.dump(found, file)
'''


@pytest.fixture
def homes(tmp_path: Path, sts: Sts) -> tuple[Home, Home]:
    """Two homes that differ in where they are alone: one to fork in, one to start in."""
    user = sts.add_user("dev")
    role = sts.add_role("Power", trusts=[user.arn])
    forking, starting = Home(tmp_path / "forking", sts.url), Home(tmp_path / "started", sts.url)
    for home in (forking, starting):
        home.add_keys(user)
        home.add_role("prod", role.arn)
    return forking, starting


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[forked.Server]:
    """A server whose children find the plugin `tell`, as do real starts in an environment with the same PYTHONPATH."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "tell.py").write_text(TELL, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(library))
    server = forked.Server()
    yield server
    server.close()


def tree(home: Home) -> list[tuple[str, str]]:
    """All that is in a home, and its modes."""
    return sorted(
        (re.sub("[0-9a-f]{16,}", "HASH", str(path.relative_to(home.path))), oct(path.lstat().st_mode))
        for path in home.path.rglob("*")
    )


def same(homes: tuple[Home, Home], *arguments: str, stdin: str = "") -> Outcome:
    """Fork and start `aws` with these arguments, and compare what came of it."""
    forking, starting = homes
    process = forking.fork(*arguments)
    assert isinstance(process, forked.Forked)
    outcome, expected = finish(process, stdin), finish(starting.start(*arguments), stdin)
    there, here = str(starting.path), str(forking.path)
    assert outcome == Outcome(
        expected.code, expected.stdout.replace(there, here), expected.stderr.replace(there, here)
    )
    assert tree(forking) == tree(starting)
    return outcome


def test_the_same_commands(homes: tuple[Home, Home]) -> None:
    """A role is obtained, found in the cache, listed, changed; files, errors and helps are the same."""
    assert same(homes, *WHO, "--query", "Account").code == 0
    assert same(homes, *WHO, "--query", "Account").code == 0
    assert same(homes, "configure", "role", "show", "prod", "--query", "RoleArn").code == 0
    assert (
        same(homes, "configure", "role", "other", "--role-arn", "arn:aws:iam::222222222222:role/O").code == 0
    )
    assert same(homes, "configure", "set", "region", "eu-west-1", "--profile", "prod").code == 0
    assert same(homes, "configure", stdin="AKIA\nsecret\n\n\n").code == 0
    assert same(homes, "configure", "role", "show", "nobody").code == 255
    assert same(homes, *WHO[:-1], "nobody").code != 0
    assert same(homes, "no-such-command").code == 2
    assert same(homes, "--version").code == 0


def test_the_same_process(homes: tuple[Home, Home], server: forked.Server) -> None:
    """What a process is given by what starts it, and what it has loaded, by its own account."""
    noted: list[Any] = []
    for home in homes:
        home.environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
        config = home.config.read_text("utf-8")
        home.config.write_text(config.replace("[plugins]", "[plugins]\ntell = tell"), "utf-8")
        assert server.suits(home.environment)
        command = [str(AWS), *WHO]
        process = forked.Forked(server, command, home.environment) if home is homes[0] else home.start(*WHO)
        outcome = finish(process)
        assert (outcome.code, outcome.stderr) == (0, "")
        noted.append(json.loads((home.path / "noted").read_text("utf-8").replace(str(home.path), "HOME")))
    assert "awscli_xacct.credentials.provider" in noted[0]["modules"]
    assert set(noted[0]["modules"]) ^ set(noted[1]["modules"]) == set()
    assert noted[0] == noted[1]


def test_the_same_end(homes: tuple[Home, Home]) -> None:
    """A signal ends it as it does a started one; nobody's reading is no traceback of another kind."""
    home = homes[0]
    home.environment["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:9"
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
        codes = []
        for start in (home.fork, home.start):
            process = start("configure")
            assert process.stdout is not None
            assert process.stdout.read(3) == "AWS"
            assert process.poll() is None
            process.send_signal(number)
            codes.append(process.wait(TIMEOUT))
            process.communicate()
        assert codes[0] == codes[1]


def test_the_same_on_a_terminal(homes: tuple[Home, Home]) -> None:
    """The forked one has the terminal as its own, is asked and answered on it, and is interrupted from it."""
    forking, starting = homes
    for answer in ("AKIA\r\r\r\r", "\x03"):
        shown = []
        for start, command in ((forking.terminal, ()), (starting.terminal_for, (str(AWS),))):
            child = start(*command, "configure")
            child.logfile_read = io.StringIO()
            child.expect("Access Key ID")
            child.send(answer)
            shown.append((finish_on_terminal(child), child.logfile_read.getvalue()))
        assert shown[0] == shown[1]
    assert tree(forking) == tree(starting)


def test_another_program_runs_a_forked_one(homes: tuple[Home, Home], tmp_path: Path) -> None:
    """A client has its own streams and exit code, and takes what it has started with it."""
    home = homes[0]
    client = tmp_path / "aws"
    forked.write_client(client)
    real = finish(home.start_any(AWS, *WHO, "--query", "Account"))
    assert finish(home.start_any(client, *WHO, "--query", "Account")) == real
    assert finish(home.start_any(client, "no-such-command")).code == 2
    assert finish(home.start_any(client, "--version", environment={"PYTHONPATH": "/nowhere"})).code == 0
    process = home.start_any(client, "configure")
    assert process.stdout is not None
    assert process.stdout.read(3) == "AWS"
    process.kill()
    process.communicate(timeout=TIMEOUT)  # ends only when the last process that has the pipes has ended
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "variable",
    [
        "PYTHONPATH",
        "PYTHONIOENCODING",
        "LC_ALL",
        "LD_PRELOAD",
        "AWS_DATA_PATH",
        "PYTHONHASHSEED",
        "COVERAGE_RUN",
    ],
)
def test_what_is_really_started(home: Home, variable: str) -> None:
    """What bears on how Python starts, or on how awscli is loaded, is no matter for a fork."""
    value = {"PYTHONIOENCODING": "ascii", "PYTHONHASHSEED": "1"}.get(variable, "C")
    process = home.fork("--version", environment={variable: value})
    assert not isinstance(process, forked.Forked)
    assert finish(process).code == 0
