"""`xacct each`: one command per profile, several at a time, and none survives it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from awscli_xacct.child_output import GRACE, MAX_LINE
from awscli_xacct.cli.each_report import JsonReport, Target
from awscli_xacct.cli.process_pool import Ended, Job, ProcessPool
from awscli_xacct.cli.progress import Progress
from awscli_xacct.storage.memo import Memo
from tests.sts import MfaDevice, Role, Sts, User
from tests.support.home import TIMEOUT, XACCT, Home, finish
from tests.support.terminal import Terminal

PRINT_ON_BOTH = 'echo "$AWS_ACCOUNT_ID $AWS_REGION"; echo oops >&2'


@pytest.fixture
def roles(home: Home, sts: Sts, user: User) -> list[Role]:
    """Three role profiles, and one whose role the user may not assume."""
    made = []
    for number, name in ((2, "prod-eu"), (3, "prod-us"), (4, "audit")):
        role = sts.add_role("Power", account=str(number) * 12, trusts=[user.arn])
        home.add_role(name, role.arn)
        made.append(role)
    other = sts.add_role("Other", account="555555555555", trusts=["arn:aws:iam::111111111111:user/x"])
    home.add_role("closed", other.arn)
    return made


pytestmark = pytest.mark.usefixtures("roles")


def test_each_runs_the_command_per_profile(home: Home, sts: Sts) -> None:
    outcome = home.xacct("each", "prod-*", "audit", "--", "sh", "-c", PRINT_ON_BOTH)
    assert outcome.code == 0
    assert sorted(outcome.stdout.splitlines()) == [
        "audit   | 444444444444 us-west-1",
        "prod-eu | 222222222222 us-west-1",
        "prod-us | 333333333333 us-west-1",
    ]
    assert sorted(outcome.stderr.splitlines()) == ["audit   | oops", "prod-eu | oops", "prod-us | oops"]
    assert [call.operation for call in sts.calls] == 3 * ["AssumeRole"]


def test_each_uses_cached_credentials(home: Home, sts: Sts) -> None:
    for _ in range(2):
        assert home.xacct("each", "prod-*", "--", "true").code == 0
    assert len(sts.calls) == 2


def test_each_runs_on_after_a_profile_without_credentials(home: Home) -> None:
    outcome = home.xacct("each", "--all", "--", "sh", "-c", "echo here")
    assert outcome.code == 254
    assert sorted(outcome.stdout.splitlines()) == ["audit   | here", "prod-eu | here", "prod-us | here"]
    lines = outcome.stderr.splitlines()
    assert lines[0].startswith("closed  | xacct: An error occurred (AccessDenied)")
    assert lines[-1] == "xacct: 1 of 4 failed: closed"


def test_each_reports_exit_codes(home: Home) -> None:
    script = 'test "$AWS_ACCOUNT_ID" != 333333333333 || exit 3'
    outcome = home.xacct("each", "prod-*", "--", "sh", "-c", script)
    assert (outcome.code, outcome.stdout) == (3, "")
    assert outcome.stderr == "prod-us | xacct: exit code 3\nxacct: 1 of 2 failed: prod-us\n"


def test_each_reports_a_missing_command(home: Home) -> None:
    outcome = home.xacct("each", "audit", "--", "no-such-command")
    assert outcome.code == 127
    assert outcome.stderr == (
        "audit | xacct: no-such-command: command not found\nxacct: 1 of 1 failed: audit\n"
    )


def test_each_json_is_one_document(home: Home) -> None:
    script = "printf 'no end'; printf 'x\\ny\\n' >&2; exit 2"
    outcome = home.xacct("each", "audit", "closed", "--output", "json", "--", "sh", "-c", script)
    assert outcome.code == 255
    rows = {row["Profile"]: row for row in json.loads(outcome.stdout)}
    assert rows["audit"] == {
        "Profile": "audit",
        "Account": "444444444444",
        "Region": "us-west-1",
        "ExitCode": 2,
        "Output": "no end",
        "Stderr": "x\ny\n",
    }
    closed = rows["closed"]
    assert (closed["Account"], closed["ExitCode"], closed["Output"]) == ("555555555555", None, "")
    assert closed["Stderr"].startswith("xacct: An error occurred (AccessDenied)")
    assert outcome.stderr == "xacct: 2 of 2 failed: audit, closed\n"


def test_each_keeps_lines_whole(home: Home) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9; do printf 'a'; printf 'b\\n'; done; printf 'last'"
    outcome = home.xacct("each", "prod-*", "--", "sh", "-c", script)
    for name in ("prod-eu", "prod-us"):
        lines = [line for line in outcome.stdout.splitlines() if line.startswith(name)]
        assert lines == [*9 * [f"{name} | ab"], f"{name} | last"]


def test_each_asks_for_one_code_before_anything_runs(
    home: Home, roles: list[Role], device: MfaDevice
) -> None:
    text = home.config.read_text("utf-8")
    home.config.write_text(
        text.replace("source_profile", f"mfa_serial = {device.serial}\nsource_profile"), "utf-8"
    )
    for role in roles:
        role.require_mfa = True
    terminal = Terminal(home.terminal_for(str(XACCT), "each", "prod-*", "audit", "--", "echo", "ran"))
    terminal.wait_for_prompt()
    assert "ran" not in terminal.shown
    terminal.type(device.next_code())
    assert terminal.end() == 0
    assert terminal.prompts == 1
    assert terminal.shown.count("| ran") == 3


def test_each_gives_commands_no_terminal_and_no_input(home: Home) -> None:
    """Nobody could tell which of them asks."""
    script = "cat; (: < /dev/tty) 2> /dev/null || echo none"
    terminal = Terminal(home.terminal_for(str(XACCT), "each", "audit", "--", "sh", "-c", script))
    assert terminal.end() == 0
    assert "audit | none" in terminal.shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prdo-*", "--", "true"], "no role profile matches prdo-*; did you mean prod-"),
        (
            ["zzz", "--", "true"],
            "no role profile matches zzz; list the profiles with: aws configure role list",
        ),
        (["default", "--", "true"], "default matches only profiles without a role; use xacct exec"),
        (["audit"], "no command given; usage: xacct each"),
        (["audit", "--"], "no command given; usage: xacct each"),
        (
            ["audit", "--region", "x", "--", "ls"],
            "--region x (did you mean --regions?). See: xacct each --help",
        ),
        (["--", "true"], "no profile given; use a PATTERN or --all"),
        (["--all", "audit", "--", "true"], "--all and a PATTERN cannot be used together"),
        (["audit", "--jobs", "0", "--", "true"], "argument --jobs: invalid number value: '0'"),
        (["audit", "--jobs", "x", "--", "true"], "argument --jobs: invalid number value: 'x'"),
        (["audit", "--retries", "-1", "--", "true"], "argument --retries: invalid whole value: '-1'"),
        (
            ["audit", "--regions", "us-east-1,,eu-*", "--", "true"],
            "--regions '': a region looks like us-west-1",
        ),
        (
            ["audit", "--regions", "US East", "--", "true"],
            "--regions 'US East': a region looks like us-west-1",
        ),
        (["audit", "--query", "[?", "--", "true"], "--query '[?': the expression is not complete\n"),
        (["audit", "--query", "[].", "--", "true"], "--query '[].': the expression is not complete\n"),
        (["audit", "--query", "a b", "--", "true"], "'a b': Unexpected token: b, at character 3\n"),
        (["audit", "--query", "a.'b", "--", "true"], "Unclosed ' delimiter, at character 3\n"),
        (["audit", "--query", "a#", "--", "true"], "'a#': Unknown token #, at character 2\n"),
        (["audit", "--query", "", "--", "true"], "--query '': the expression is empty\n"),
        (
            ["audit", "--json", "--output", "text", "--", "true"],
            "--output text cannot be used with --json or --query",
        ),
        (
            ["audit", "--role-name", "R", "--", "true"],
            "--role-name is for accounts of an organization; add --org",
        ),
        (["--org", "--", "true"], "--role-name is missing"),
        (["--org", "--role-name", "a b", "--", "true"], "the role name 'a b' must be"),
        (
            ["--org", "--role-name", "R", "--ou-id", "x", "--", "true"],
            "--ou-id 'x': an organizational unit is",
        ),
        (
            ["--org", "--role-name", "R", "audit", "--", "true"],
            "--org cannot be used with --all or a PATTERN",
        ),
        (["--org", "--role-name", "R", "--source-profile", "x", "--", "true"], "there is no profile x"),
    ],
)
def test_each_refuses_an_invalid_request(home: Home, sts: Sts, arguments: list[str], message: str) -> None:
    outcome = home.xacct("each", *arguments)
    code = 253 if "match" in message or "no profile x" in message else 252
    assert (outcome.code, outcome.stdout) == (code, "")
    assert message in outcome.stderr
    assert sts.calls == []


def test_each_prints_everything_if_the_query_cannot_be_applied(home: Home) -> None:
    """What the commands have printed is not lost: many of them may have run, for hours."""
    outcome = home.xacct("each", "audit", "--query", "length([0].ExitCode)", "--", "echo", "done")
    assert outcome.code == 252
    assert [row["Output"] for row in json.loads(outcome.stdout)] == ["done\n"]
    assert outcome.stderr.startswith(
        "xacct: --query 'length([0].ExitCode)' cannot be applied, and all of the JSON was printed: In function"
    )


def test_each_prints_everything_if_the_query_fails_as_python_does(home: Home) -> None:
    outcome = home.xacct("each", "audit", "--query", "[::0]", "--", "echo", "done")
    assert [row["Output"] for row in json.loads(outcome.stdout)] == ["done\n"]
    assert outcome.lines == [
        "xacct: --query '[::0]' cannot be applied, and all of the JSON was printed: slice step cannot be zero"
    ]


def test_each_query_prints_json_for_numbers_that_are_too_large(home: Home) -> None:
    outcome = home.xacct("each", "audit", "--query", "[].Output", "--", "echo", "[1e999, -1e999, 1.5]")
    assert json.loads(outcome.stdout, parse_constant=pytest.fail) == [["1e999", "-1e999", 1.5]]


def test_each_cannot_find_a_command_without_a_name(home: Home) -> None:
    outcome = home.xacct("each", "audit", "--", "")
    assert (outcome.code, outcome.stdout) == (127, "")
    assert outcome.stderr.startswith("audit | xacct: : command not found\n")


# -- stopping ------------------------------------------------------------------------------------------

# Starts a child, prints both process ids, and waits for the child.
FAMILY = "sleep 600 & echo $$ $!; wait"
STUBBORN = f"trap '' INT; {FAMILY}"


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def have_ended(pids: list[int]) -> bool:
    """Whether all end within the time limit. Who adopts them may reap them late."""
    end = time.monotonic() + TIMEOUT
    while any(map(is_alive, pids)):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes end")
@pytest.mark.parametrize("script", [FAMILY, STUBBORN])
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
)
def test_each_signals_end_all_commands(home: Home, script: str, number: signal.Signals, code: int) -> None:
    process = home.fork_xacct("each", "prod-*", "audit", "--jobs", "2", "--", "sh", "-c", script)
    assert process.stdout is not None
    pids = [int(pid) for _ in range(2) for pid in process.stdout.readline().partition("|")[2].split()]
    assert len(pids) == 4
    process.send_signal(number)
    outcome = finish(process)
    assert outcome.code == code
    assert outcome.stdout == "", "the third was begun"
    assert "Traceback" not in outcome.stderr
    assert have_ended(pids)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes end")
@pytest.mark.parametrize(
    "number", [signal.SIGUSR1, signal.SIGALRM, signal.SIGXCPU, signal.SIGABRT, signal.SIGRTMIN + 3]
)
def test_each_unusual_signals_end_all_commands(home: Home, number: int) -> None:
    process = home.fork_xacct("each", "audit", "--", "sh", "-c", FAMILY)
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().partition("|")[2].split()]
    process.send_signal(number)
    outcome = finish(process)
    assert (outcome.code, outcome.stderr) == (128 + number, "")
    assert have_ended(pids)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes end")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_each_killed_takes_all_commands_along(home: Home, number: signal.Signals) -> None:
    """As for lack of memory. A process that a command left in the background stays."""
    other = 'test "$AWS_ACCOUNT_ID" != 444444444444 || { sleep 600 >&- 2>&- & echo over $!; exit 3; }'
    script = f"{other}; {FAMILY}"
    process = home.fork_xacct("each", "prod-*", "audit", "--jobs", "3", "--", "sh", "-c", script)
    assert process.stdout is not None
    lines = [process.stdout.readline().partition("|")[2].split() for _ in range(3)]
    (left,) = [int(line[1]) for line in lines if line[0] == "over"]
    pids = [int(pid) for line in lines for pid in line if line[0] != "over"]
    assert len(pids) == 4
    assert process.stderr is not None
    assert process.stderr.readline() == "audit   | xacct: exit code 3\n"
    process.send_signal(number)
    assert finish(process).code == -number
    assert have_ended(pids)
    assert is_alive(left)
    os.kill(left, signal.SIGKILL)


def test_each_ctrl_c_does_not_wait_for_sts(home: Home, sts: Sts) -> None:
    """A call that STS does not answer may take minutes."""
    with sts.hold("AssumeRole") as held:
        process = home.fork_xacct("each", "prod-*", "--", "true")
        held.wait_for(2)
        process.send_signal(signal.SIGINT)
        outcome = finish(process)
        assert (outcome.code, outcome.stdout, outcome.stderr) == (130, "", "")
        assert [(call.status, call.error) for call in sts.calls] == [(0, None)] * 2, "they are still held"


def make_program(seconds: float) -> str:
    """Return a Python program that is `xacct`, but gives commands so many seconds to end by Ctrl-C, and many more."""
    return (
        "import sys; from awscli_xacct.cli import main, process_pool; "
        f"process_pool.INTERRUPT_SECONDS, process_pool.TERMINATE_SECONDS = {seconds}, {TIMEOUT}; "
        "sys.exit(main.main(sys.argv[1:]))"
    )


# Prints its process id, and that it was asked to end, and goes on.
DEAF = "trap 'echo x asked' INT; trap '' TERM; echo x $$; while :; do sleep 1; done"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes end")
@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (signal.SIGTERM, signal.SIGTERM, 143),
        (signal.SIGTERM, signal.SIGHUP, 143),
        (signal.SIGINT, signal.SIGTERM, 130),
        (signal.SIGINT, signal.SIGINT, 130),
    ],
)
def test_each_second_signal_kills_all_commands(
    home: Home, first: signal.Signals, second: signal.Signals, code: int
) -> None:
    words = ("each", "prod-*", "--", "sh", "-c", DEAF)
    process = home.start_any(Path(sys.executable), "-c", make_program(TIMEOUT), *words)
    assert process.stdout is not None
    pids = [int(process.stdout.readline().split()[-1]) for _ in range(2)]
    process.send_signal(first)
    assert [process.stdout.readline().split()[-1] for _ in range(2)] == ["asked", "asked"]
    process.send_signal(second)
    outcome = finish(process)
    assert (outcome.code, outcome.stderr) == (code, "")
    assert have_ended(pids)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_each_can_be_ended_while_its_output_is_blocked(home: Home, number: signal.Signals, code: int) -> None:
    reading, writing = os.pipe()
    command = [str(XACCT), "each", "prod-*", "--", "sh", "-c", "echo $$; exec yes"]
    with (
        subprocess.Popen(command, env=home.environment, stdout=writing, start_new_session=True) as process,
        os.fdopen(reading, "rb", buffering=0) as stream,
    ):
        pid = int(stream.read(100).splitlines()[0].partition(b"|")[2])
        end = time.monotonic() + TIMEOUT
        while select.select([], [writing], [], 0)[1]:
            assert time.monotonic() < end, "the pipe did not fill"
            time.sleep(0.01)
        process.send_signal(number)
        try:
            assert process.wait(TIMEOUT) == code
        finally:
            process.kill()
            os.close(writing)
    assert have_ended([pid])


@pytest.mark.parametrize(
    ("refused", "asked"), [("", "INT"), ("INT", "TERM")], ids=["by SIGINT", "then by SIGTERM"]
)
def test_each_in_the_background_still_interrupts_commands(
    home: Home, tmp_path: Path, refused: str, asked: str
) -> None:
    """A script starts `xacct each … &` with SIGINT and SIGQUIT ignored, which children inherit."""
    program = make_program(0.1 if refused else TIMEOUT)
    note = tmp_path / "note"
    ignore = f"trap '' {refused}; " if refused else ""
    script = f"{ignore}trap 'echo {asked} > {note}; exit' {asked}; echo ready; while :; do sleep 1; done"
    words = [sys.executable, "-c", program, "each", "audit", "--", "sh", "-c", script]
    line = f"trap '' INT QUIT; exec {shlex.join(words)}"
    process = home.start_any(Path("/bin/sh"), "-c", line)
    assert process.stdout is not None
    assert process.stdout.readline() == "audit | ready\n"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert finish(process).code == 143
    assert note.read_text("ascii") == f"{asked}\n"


def test_each_closed_pipe_ends_all_commands(home: Home) -> None:
    script = f'"{XACCT}" each prod-eu -- sh -c "echo \\$\\$; yes" | head -1; echo "${{PIPESTATUS[0]}}"'
    outcome = finish(home.start_any(Path("/bin/bash"), "-c", script))
    first, code = outcome.stdout.splitlines()
    assert (code, outcome.stderr) == ("255", "")
    assert have_ended([int(first.partition("|")[2])])


def run_jobs(*scripts: str, at_once: int = 8) -> tuple[list[Ended], list[bytes]]:
    lines: list[bytes] = []
    jobs = [
        Job(str(number), ["sh", "-c", script], lambda: os.environ) for number, script in enumerate(scripts)
    ]
    children = ProcessPool(lambda _name, _is_error, line: lines.append(line))
    return sorted(children.run(jobs, at_once), key=lambda ended: ended.name), lines


def test_pool_runs_no_more_jobs_than_allowed() -> None:
    _, lines = run_jobs(*["echo begin; sleep 0.05; echo end"] * 6, at_once=2)
    running = [sum({b"begin\n": 1, b"end\n": -1}[line] for line in lines[:count]) for count in range(13)]
    assert max(running) <= 2
    assert running[-1] == 0


def test_pool_runs_as_many_jobs_as_allowed(tmp_path: Path) -> None:
    """Neither command can end without the other."""
    os.mkfifo(tmp_path / "fifo")
    ended, lines = run_jobs(f"cat {tmp_path}/fifo", f"echo met > {tmp_path}/fifo", at_once=2)
    assert (ended, lines) == ([Ended("0", 0), Ended("1", 0)], [b"met\n"])


def test_pool_starts_no_job_before_the_end_of_the_last_is_dealt_with() -> None:
    """What is printed about it came after the first lines of the next one on a busy machine."""
    begun = threading.Event()

    def prepare() -> Mapping[str, str]:
        begun.set()
        return os.environ

    jobs = [Job("0", ["true"], lambda: os.environ), Job("1", ["true"], prepare)]
    ends = ProcessPool(lambda *_: None).run(jobs, 1)
    assert next(ends) == Ended("0", 0)
    assert not begun.wait(0.2)
    assert [*ends] == [Ended("1", 0)]


def test_pool_reports_a_signal_as_a_shell_does() -> None:
    assert run_jobs("kill -9 $$", "exit 1") == ([Ended("0", 128 + signal.SIGKILL), Ended("1", 1)], [])


def test_pool_reads_both_streams_without_blocking() -> None:
    script = "i=0; while [ $i -lt 3000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done"
    ended, lines = run_jobs(script)
    assert (ended, len(lines)) == ([Ended("0", 0)], 6000)


def test_pool_reads_long_lines() -> None:
    _, lines = run_jobs(f"{sys.executable} -c \"print('x' * 1000000)\"")
    assert [len(line) for line in lines] == [1000001]


def test_pool_splits_endless_lines() -> None:
    size = 3 * MAX_LINE + 5
    _, lines = run_jobs(f"head -c {size} /dev/zero; echo end")
    assert b"".join(lines) == bytes(size) + b"end\n"
    assert MAX_LINE <= max(map(len, lines)) < MAX_LINE + 2**16


@pytest.mark.parametrize(("output", "quote"), [("text", ""), ("json", ""), ("json", '"')])
def test_each_memory_does_not_grow_with_the_output(home: Home, output: str, quote: str) -> None:
    """A single line once took four times its size. With quotes it is JSON."""
    size = 150_000_000
    script = f"printf '{quote}'; head -c {size} /dev/zero | tr '\\0' q; printf '{quote}'"
    each = [str(XACCT), "each", "audit", "--output", output, "--", "sh", "-c", script]
    line = f"ulimit -v 500000; exec {shlex.join(each)}"
    with subprocess.Popen(["sh", "-c", line], env=home.environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        written = 0
        while part := process.stdout.read(2**20):
            written += part.count(b"q")
        assert process.wait(TIMEOUT) == 0
    assert written == size


def target(name: str, error: str = "") -> Target:
    return Target(name, (ord(name[0]), 0), name, "1", None, {}, Memo("", "", ""), error)


def test_each_json_output_is_whole_wherever_it_was_split(capsys: pytest.CaptureFixture[str]) -> None:
    """The writer, a pipe or the spool may split a character of several bytes, or a value of JSON."""
    written = 'é\U0001f600"\\\n'.encode() * 20000 + b"\xff\xe2"
    value = [{"é\n": "\U0001f600 \\", "many": [[], {}, 1.5e-7, True, None] * 2000}]
    report = JsonReport(Progress())
    report.begin([target("a"), target("c"), target("b\x1b", "cannot reach http://me:pa55@host/")])
    for name, text in (
        ("a", written),
        ("c", json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n\n"),
    ):
        for start in range(0, len(text), 7):
            report.add_line(name, False, text[start : start + 7])
    report.add_line("a", True, b"x")
    report.add_end(Ended("a", 3))
    report.close()
    rest = {"Account": "1", "Region": None}
    output = written.decode("utf-8", "replace")
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert json.loads(printed) == [
        {"Profile": "a", **rest, "ExitCode": 3, "Output": output, "Stderr": "x"},
        {
            "Profile": "b\x1b",
            **rest,
            "ExitCode": None,
            "Output": "",
            "Stderr": "xacct: cannot reach http://(hidden by xacct)@host/\n",
        },
        {"Profile": "c", **rest, "ExitCode": None, "Output": value, "Stderr": ""},
    ]
    assert printed.startswith('[\n    {\n        "Profile": "a",\n        "Account": "1",\n')
    assert printed.endswith('\n        "Stderr": ""\n    }\n]\n')


def test_each_json_reports_a_full_disk(home: Home) -> None:
    """A limit on file sizes stands in for a full disk."""
    script = "ulimit -f unlimited; head -c 200000 /dev/zero"
    each = [str(XACCT), "each", "audit", "--output", "json", "--", "sh", "-c", script]
    assert home.xacct("credentials", "audit").code == 0
    outcome = finish(home.start_any(Path("/bin/sh"), "-c", f"ulimit -f 64; exec {shlex.join(each)}"))
    assert (outcome.code, outcome.stdout) == (255, "")
    assert outcome.stderr == (
        "xacct: cannot keep the commands' output in a temporary file: File too large. Set TMPDIR to a directory with "
        "more space\n"
    )


@contextlib.contextmanager
def limit_descriptors(spare: int) -> Iterator[None]:
    """Let this process open only so many more files in the block."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        highest = max(int(entry.name) for entry in Path("/dev/fd").iterdir())
        filling = stack.enter_context(Path(os.devnull).open("rb")).fileno()
        while filling < highest:  # the limit is one of numbers, and there may be gaps
            filling = stack.enter_context(Path(os.devnull).open("rb")).fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (filling + 1 + spare, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("spare", [14, 30])
def test_pool_waits_for_free_descriptors(spare: int) -> None:
    with limit_descriptors(spare):
        ended, lines = run_jobs(*["sleep 0.05; echo here"] * 40, at_once=40)
    assert [one.error for one in ended if one.code] == []
    assert lines == [b"here\n"] * 40


def test_pool_reports_too_few_descriptors() -> None:
    with limit_descriptors(3):
        ended, _ = run_jobs("true")
    assert ended == [Ended("0", 126, "sh: Too many open files")]


def test_pool_stops_reading_a_background_process() -> None:
    ended, lines = run_jobs("yes & echo done; echo $! >&2")
    assert ended == [Ended("0", 0)]
    assert b"done\n" in lines
    assert have_ended([int(next(line for line in lines if line.strip().isdigit()))]), (
        "nobody reads it any more"
    )


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes end")
def test_pool_does_not_wait_for_background_processes() -> None:
    ended, lines = run_jobs("sleep 600 & echo $!; printf done")
    assert (ended, lines[1:]) == ([Ended("0", 0)], [b"done"])
    assert is_alive(int(lines[0]))
    os.kill(int(lines[0]), signal.SIGKILL)


def test_pool_slow_reader_misses_nothing() -> None:
    """The command has long ended when its output is read."""
    lines: list[bytes] = []

    def add_line(_name: str, _is_error: bool, line: bytes) -> None:
        if not lines:
            time.sleep(2 * GRACE)
        lines.append(line)

    list(ProcessPool(add_line).run([Job("0", ["seq", "30000"], lambda: os.environ)], 1))
    assert len(lines) == 30000
