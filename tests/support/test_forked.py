"""A forked `aws` behaves like a started one: its output, its end, its loaded modules, and the files it leaves."""

from __future__ import annotations

import io
import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.steps import age_config_files
from tests.sts import Sts
from tests.support import forked
from tests.support.home import AWS, TIMEOUT, Home, Outcome, finish, finish_on_terminal

WHOAMI = ("sts", "get-caller-identity", "--profile", "prod")

RECORDER = '''
"""A plugin that records everything that a process inherits from its parent."""
import atexit, gc, json, os, signal, sys, threading

def awscli_initialize(cli):
    atexit.register(record)

def record():
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
    with open(os.path.join(os.environ["HOME"], "record"), "w") as file:
        json.dump(found, file)
'''


@pytest.fixture
def homes(tmp_path: Path, sts: Sts) -> tuple[Home, Home]:
    """Two homes that differ only in their path: one for forking, one for starting."""
    user = sts.add_user("dev")
    role = sts.add_role("Power", trusts=[user.arn])
    forking, starting = Home(tmp_path / "forking", sts.url), Home(tmp_path / "started", sts.url)
    for home in (forking, starting):
        home.add_keys(user)
        home.add_role("prod", role.arn)
    return forking, starting


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A directory with the plugin `recorder`."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "recorder.py").write_text(RECORDER, "utf-8")
    return library


def tree(home: Home) -> list[tuple[str, str]]:
    """Return the paths and modes of everything in a home, except memos: only a slow machine writes them."""
    return sorted(
        (re.sub("[0-9a-f]{8,}", "HASH", str(path.relative_to(home.path))), oct(path.lstat().st_mode))
        for path in home.path.rglob("*")
        if "resolved" not in path.parts
    )


def assert_same(homes: tuple[Home, Home], *arguments: str, stdin: str = "") -> Outcome:
    """Fork and start `aws` with these arguments, and compare output and files; return the outcome."""
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


def test_forked_commands_have_the_same_outcome(homes: tuple[Home, Home]) -> None:
    """Assuming, caching, showing and editing a role, other files, errors and help."""
    assert assert_same(homes, *WHOAMI, "--query", "Account").code == 0
    assert assert_same(homes, *WHOAMI, "--query", "Account").code == 0
    assert assert_same(homes, "configure", "role", "show", "prod", "--query", "RoleArn").code == 0
    assert (
        assert_same(
            homes, "configure", "role", "other", "--role-arn", "arn:aws:iam::222222222222:role/O"
        ).code
        == 0
    )
    assert assert_same(homes, "configure", "set", "region", "eu-west-1", "--profile", "prod").code == 0
    assert assert_same(homes, "configure", stdin="AKIA\nsecret\n\n\n").code == 0
    assert assert_same(homes, "configure", "role", "show", "nobody").code == 253
    assert assert_same(homes, *WHOAMI[:-1], "nobody").code != 0
    assert assert_same(homes, "no-such-command").code == 2
    assert assert_same(homes, "--version").code == 0


def test_forked_process_has_the_same_state(homes: tuple[Home, Home], library: Path) -> None:
    """What a process inherits and what it has loaded, as recorded by itself."""
    records: list[Any] = []
    for home in homes:
        home.environment["PYTHONPATH"] = str(library)
        config = home.config.read_text("utf-8")
        home.config.write_text(config.replace("[plugins]", "[plugins]\nrecorder = recorder"), "utf-8")
    for home in homes:
        age_config_files(home)  # so that both write a memo, however slow the machine is
        process = home.fork(*WHOAMI) if home is homes[0] else home.start(*WHOAMI)
        assert isinstance(process, forked.Forked) == (home is homes[0])
        outcome = finish(process)
        assert (outcome.code, outcome.stderr) == (0, "")
        records.append(json.loads((home.path / "record").read_text("utf-8").replace(str(home.path), "HOME")))
    assert "awscli_xacct.credentials.provider" in records[0]["modules"]
    assert set(records[0]["modules"]) ^ set(records[1]["modules"]) == set()
    assert records[0] == records[1]


@pytest.mark.parametrize("module", ["botocore", "sitecustomize.py", "json.py"])
def test_forked_process_is_not_used_with_a_module_that_is_loaded_already(
    home: Home, library: Path, module: str
) -> None:
    (library / module).touch()
    environment = {**home.environment, "PYTHONPATH": str(library)}
    assert forked.start(AWS, ("--version",), environment) is None


def test_forked_process_ends_the_same_way(homes: tuple[Home, Home]) -> None:
    """Signals end a forked process and a started one with the same exit code."""
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


def test_forked_process_on_a_terminal_behaves_the_same(homes: tuple[Home, Home]) -> None:
    """The forked process controls the terminal: it prompts there, and Ctrl-C interrupts it."""
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


def test_forked_client_behaves_like_aws(homes: tuple[Home, Home], tmp_path: Path) -> None:
    """A client has its own streams and exit code, and its child ends with it."""
    home = homes[0]
    client = tmp_path / "aws"
    forked.write_client(client)
    real = finish(home.start_any(AWS, *WHOAMI, "--query", "Account"))
    assert finish(home.start_any(client, "--version", environment={"PYTHONPATH": "/nowhere"})).code == 0
    text = client.read_text("utf-8")
    client.write_text(text.replace("os.execv(sys.argv[0], sys.argv)", "sys.exit('not forked')"), "utf-8")
    assert finish(home.start_any(client, *WHOAMI, "--query", "Account")) == real
    assert finish(home.start_any(client, "no-such-command")).code == 2
    assert finish(home.start_any(client, "configure", "get", "nothing")).code == 1
    process = home.start_any(client, "configure")
    assert process.stdout is not None
    assert process.stdout.read(3) == "AWS"
    process.kill()
    process.communicate(timeout=TIMEOUT)  # returns only when the last process with the pipes has ended
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
def test_forked_process_is_not_used_with_these_variables(home: Home, variable: str) -> None:
    """They affect how Python starts or how awscli is loaded."""
    value = {"PYTHONIOENCODING": "ascii", "PYTHONHASHSEED": "1"}.get(variable, "C")
    environment = {**home.environment, variable: value}
    assert forked.start(AWS, ("--version",), environment) is None


def test_process_that_cannot_be_forked_is_started(home: Home) -> None:
    process = home.fork("--version", environment={"LC_ALL": "C"})
    assert not isinstance(process, forked.Forked)
    assert finish(process).code == 0
