"""`xacct serve`: the container credentials protocol on loopback, for whoever has the token, and for nobody else."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from awscli_xacct.cli.loopback_server import MAX_CONNECTIONS
from awscli_xacct.cli.renewal import Renewal, Supply
from awscli_xacct.cli.serving import Serving
from awscli_xacct.settings import COPIES_VARIABLE
from tests.sts import Role, Sts, User
from tests.support.commands import is_session_of, mode_of
from tests.support.home import REGION, TIMEOUT, XACCT, Home, finish
from tests.support.terminal import Terminal

from .served import (
    CONFIG,
    CREDENTIALS,
    TOKEN,
    URI,
    Server,
    children,
    parse_variables,
    read_answer,
    read_if_there,
    serving,
)

pytestmark = pytest.mark.usefixtures("user")


def test_serve_answers_with_the_credentials_of_the_profile(home: Home, sts: Sts, prod: str) -> None:
    with serving(home, prod) as server:
        answer = server.ask()
        document = json.loads(home.xacct("credentials", prod).stdout)
        assert server.stop() == (0, "")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content == {
        "AccessKeyId": document["AccessKeyId"],
        "SecretAccessKey": document["SecretAccessKey"],
        "Token": document["SessionToken"],
        "Expiration": document["Expiration"],
        "AccountId": document["AccountId"],
    }
    assert len(sts.calls_of("AssumeRole")) == 1


def test_serve_prints_variables(home: Home, prod: str) -> None:
    with serving(home, prod) as server:
        found = server.variables
        assert found[URI] == f"http://127.0.0.1:{server.port}/prod"
        assert len(found[TOKEN]) == 64
        assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == REGION
        assert Path(found[CREDENTIALS]).read_text("utf-8") == ""
        assert {mode_of(Path(found[name])) for name in (CONFIG, CREDENTIALS)} == {0o400}
        assert mode_of(Path(found[CONFIG]).parent) == 0o700
        regions = {"AWS_REGION", "AWS_DEFAULT_REGION"}
        assert set(found) == {URI, TOKEN, CONFIG, CREDENTIALS, COPIES_VARIABLE, *regions}
        assert "AWS_ACCESS_KEY_ID" in server.printed.splitlines()[0].split()  # after unset
    assert not Path(found[CONFIG]).parent.exists()


def test_serve_for_a_container_prints_assignments_only(home: Home, prod: str) -> None:
    stale = {"AWS_PROFILE": "other", "AWS_ACCESS_KEY_ID": "AKIA"}
    arguments = (prod, "--container", "--format", "env-no-export")
    with serving(home, *arguments, environment=stale) as server:
        names = [line.partition("=")[0] for line in server.printed.splitlines()]
    assert names == [URI, TOKEN, "AWS_REGION", "AWS_DEFAULT_REGION"]


@pytest.mark.parametrize(
    ("form", "comment", "assignment"),
    [
        ("fish", "# audit", f'set -gx {URI} "http://127.0.0.1:'),
        ("powershell", "# audit", f'$Env:{URI}="http://127.0.0.1:'),
        ("windows-cmd", "rem audit", f"set {URI}=http://127.0.0.1:"),
    ],
)
def test_serve_prints_blocks_for_any_shell(
    home: Home, role: Role, form: str, comment: str, assignment: str
) -> None:
    home.add_role("prod", role.arn)
    home.add_role("audit", role.arn)
    process = home.fork_xacct("serve", "prod", "audit", "--format", form)
    assert process.stdout is not None
    block = process.stdout.read().split("\n\n")[1].splitlines()
    process.terminate()
    assert finish(process).code == 0
    assert block[0] == comment
    assert [line for line in block if line.startswith(assignment) and "/audit" in line]


def test_serve_several_profiles_at_paths_of_their_own(home: Home, sts: Sts, role: Role, user: User) -> None:
    second = sts.add_role("Second", trusts=[user.arn])
    home.add_role("prod", role.arn)
    home.add_role("'my prod/é?#'", second.arn)
    with serving(home, "prod", "my prod/é?#", "default", "prod") as server:
        blocks = server.printed.split("\n\n")
        assert [block.splitlines()[0] for block in blocks] == ["# prod", "# my prod/é?#", "# default"]
        addresses = [parse_variables(block)[URI] for block in blocks]
        assert [address.partition(f":{server.port}")[2] for address in addresses] == [
            "/prod",
            "/my%20prod%2F%C3%A9%3F%23",
            "/default",
        ]
        keys = [server.ask(target=f"/{address.rpartition('/')[2]}").content for address in addresses]
    owners = [sts.find_key(each["AccessKeyId"]) for each in keys]
    assert [owner and is_session_of(second, owner.arn) for owner in owners] == [False, True, False]
    # A user's own keys have neither a token nor an end; SDKs need both.
    assert (keys[2]["AccessKeyId"], keys[2]["Token"]) == (user.access_key, "")
    assert keys[2]["Expiration"] > keys[0]["Expiration"][:10]


REFUSED: list[tuple[dict[str, str | None], int, str]] = [
    ({"Authorization": None}, 401, "Unauthorized"),
    ({"Authorization": ""}, 401, "Unauthorized"),
    ({"Authorization": "wrong"}, 401, "Unauthorized"),
    ({"Authorization": "wr\xf6ng"}, 401, "Unauthorized"),
    ({"Host": None}, 403, "Forbidden"),
    ({"Host": "evil.example"}, 403, "Forbidden"),
    ({"Host": "127.0.0.1"}, 403, "Forbidden"),
    ({"Host": "127.0.0.1:1"}, 403, "Forbidden"),
    ({"Origin": "http://evil.example"}, 403, "Forbidden"),
    ({"Sec_Fetch_Site": "same-origin"}, 403, "Forbidden"),
    ({"Referer": "http://evil.example/"}, 403, "Forbidden"),
    ({"method": "POST", "Content_Length": "2"}, 405, "MethodNotAllowed"),
    ({"method": "HEAD"}, 405, "MethodNotAllowed"),
    ({"method": "OPTIONS"}, 405, "MethodNotAllowed"),
    ({"method": "get"}, 405, "MethodNotAllowed"),
    ({"target": "/"}, 404, "NotFound"),
    ({"target": "/default"}, 404, "NotFound"),
    ({"target": "/prod/"}, 404, "NotFound"),
    ({"target": "/prod?x=1"}, 404, "NotFound"),
    ({"target": "//prod"}, 404, "NotFound"),
    ({"target": "prod"}, 404, "NotFound"),
    ({"target": "http://127.0.0.1/prod"}, 404, "NotFound"),
    ({"target": "/../prod"}, 404, "NotFound"),
]


def test_serve_refuses_everything_else(home: Home, prod: str) -> None:
    with serving(home, prod) as server:
        token = server.variables[TOKEN]
        refused: list[tuple[dict[str, str | None], int, str]] = [
            *REFUSED,
            ({"Authorization": token[:-1]}, 401, "Unauthorized"),
            ({"Authorization": f"Bearer {token}"}, 401, "Unauthorized"),
        ]
        wrong = []
        for changes, status, code in refused:
            answer = server.ask(**changes)
            content = answer.content
            if (answer.status, content["code"], content["Code"]) != (status, code, code):
                wrong.append((changes, answer))
            assert not any(name.startswith("access-control") for name in answer.headers)
        assert wrong == []
        host = f"Host: 127.0.0.1:{server.port}\r\n"
        for request in (
            b"\r\n\r\n",
            b"GET /prod\r\n\r\n",
            b"GET /prod HTTP/2\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
            f"GET /prod HTTP/1.1\r\n{host}{host}Authorization: {token}\r\n\r\n".encode(),
            f"GET /prod HTTP/1.1\r\n{host} folded\r\nAuthorization: {token}\r\n\r\n".encode(),
            f"GET /prod HTTP/1.1\r\n{host}Authorization : {token}\r\n\r\n".encode(),
            f"GET /prod HTTP/1.1\r\n{host}X: \nAuthorization: {token}\r\n\r\n".encode(),
        ):
            assert server.send(request).status == 400, request
        assert server.send(b"GET /prod HTTP/1.1\r\nX: " + b"x" * 9000).status == 431
        assert server.ask().status == 200
        assert server.stop() == (0, "")


def test_serve_accepts_localhost_and_other_encodings(home: Home, prod: str) -> None:
    with serving(home, prod) as server:
        assert server.ask(Host=f"localhost:{server.port}").status == 200
        assert server.ask(target="/%70rod", Accept="application/json").status == 200


def test_serve_keeps_what_is_in_no_record_until_an_edit(home: Home) -> None:
    """What a program prints, say: each time that it is asked for takes a process, and that program."""
    runs = home.path / "runs"
    for key in ("AKIAFIRST", "AKIASECOND"):
        document = json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": "secret"})
        (home.path / key).write_text(f"echo >> {runs}; cat << end\n{document}\nend\n", "utf-8")
    home.write_config(f"[profile other]\ncredential_process = sh {home.path}/AKIAFIRST\n")
    with serving(home, "other") as server:
        for _ in range(20):
            assert server.ask().content["AccessKeyId"] == "AKIAFIRST"
        # At the beginning the server asks for itself, which a client may not know of yet.
        assert len(runs.read_text("ascii")) <= 2
        home.config.write_text(home.config.read_text("utf-8").replace("AKIAFIRST", "AKIASECOND"), "utf-8")
        assert server.ask().content["AccessKeyId"] == "AKIASECOND"


def test_serve_notices_an_edit_while_a_program_runs(home: Home) -> None:
    """The program makes it itself, and prints the old keys."""
    document = json.dumps({"Version": 1, "AccessKeyId": "AKIAFIRST", "SecretAccessKey": "secret"})
    edit = f"sed -i s/AKIAFIRST/AKIASECOND/ {home.config}"
    (home.path / "AKIAFIRST").write_text(f"{edit}; cat << end\n{document}\nend\n", "utf-8")
    (home.path / "AKIASECOND").write_text(
        f"cat << end\n{document.replace('FIRST', 'SECOND')}\nend\n", "utf-8"
    )
    home.write_config(f"[profile other]\ncredential_process = sh {home.path}/AKIAFIRST\n")
    with serving(home, "other") as server:
        server.ask()
        assert server.ask().content["AccessKeyId"] == "AKIASECOND"


def test_serve_answers_500_clients_at_once_with_one_call(home: Home, sts: Sts, prod: str) -> None:
    held = sts.hold("AssumeRole")
    with serving(home, prod) as server:
        clients = [server.connect() for _ in range(500)]
        try:
            for client in clients:
                client.sendall(server.request())
            held.wait_for(1)
            held.release()
            answers = [read_answer(client) for client in clients]
        finally:
            for client in clients:
                client.close()
    assert {answer.status for answer in answers} == {200}
    assert len({answer.content["AccessKeyId"] for answer in answers}) == 1
    assert len(sts.calls_of("AssumeRole")) == 1


PATIENT = f"""
import sys
from awscli_xacct.cli import loopback_server
loopback_server.REQUEST_SECONDS = {10 * TIMEOUT}
from awscli_xacct.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
"""A server that waits for slow clients for longer than this test would."""


@pytest.mark.parametrize("sent", [b"GET /prod HTTP/1.1\r\nX: " + b"x" * 4000, b"GET / HTTP/1.1\r\n\r\n"])
def test_serve_is_not_held_up_by_slow_clients(home: Home, prod: str, sent: bytes) -> None:
    """More of them than it has connections: each has sent a part of a request, or does not read its answer."""
    with serving(home, prod, program=PATIENT) as server:
        assert server.ask().status == 200
        before = resident(server)
        slow = []
        try:
            for _ in range(MAX_CONNECTIONS + 20):
                client = server.connect()
                slow.append(client)
                client.sendall(sent)
            assert server.ask().status == 200
            assert resident(server) - before < 16 * 1024
        finally:
            for client in slow:
                client.close()
        assert server.stop() == (0, "")


def resident(server: Server) -> int:
    """Return the memory of a server, in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


# -- the port ---------------------------------------------------------------------------------------


def find_own_port() -> int:
    """Return a free port that Linux gives to nobody who asks for any."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    for port in range(first - 1, 1024, -1):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    pytest.skip(f"all ports below {first} are taken")


def test_serve_on_a_port_that_is_named_and_again(home: Home, prod: str) -> None:
    port = find_own_port()
    for _ in range(2):
        with serving(home, prod, "--port", str(port)) as server:
            assert (server.port, server.ask().status) == (port, 200)
            assert server.stop()[0] == 0


def test_serve_on_a_port_that_is_taken(home: Home, prod: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = home.xacct("serve", prod, "--port", str(port))
    assert (outcome.code, outcome.stdout) == (255, "")
    assert outcome.stderr == (
        f"xacct: cannot listen on port {port} of 127.0.0.1: Address already in use. Use any free one:\n"
        f"  xacct serve {prod}\n"
    )
    assert list((home.aws_dir / "xacct").glob("serve/*")) == []


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x", "8080x", "٣"])
def test_serve_on_no_port(home: Home, prod: str, port: str) -> None:
    outcome = home.xacct("serve", prod, f"--port={port}")
    assert outcome.stdout == ""
    assert f"'{port}' is not a port: 1 to 65535" in outcome.stderr


# -- the end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGHUP, 128 + signal.SIGHUP)]
)
def test_serve_ends_by_a_signal_and_cleans_up(home: Home, prod: str, number: int, code: int) -> None:
    with serving(home, prod) as server:
        assert server.ask().status == 200
        server.process.send_signal(number)
        assert server.process.wait(TIMEOUT) == code
        assert server.process.communicate() == ("", "")
    assert list((home.aws_dir / "xacct" / "serve").iterdir()) == []


def test_serve_with_a_command_leads_to_exec(home: Home, prod: str) -> None:
    outcome = home.xacct("serve", prod, "--port", "8421", "--read-only", "--", "ls")
    assert (outcome.code, outcome.stdout) == (252, "")
    meant = f"xacct exec --serve --read-only {prod} -- ls"
    assert outcome.stderr == f"xacct: serve runs no command; did you mean: {meant}\n"
    with_argument = home.xacct("serve", prod, "--", "curl", "-u", "me:password")
    assert with_argument.stderr.endswith(f"xacct exec --serve {prod} -- CMD\n")


def test_serve_takes_odd_names_after_two_hyphens(home: Home, role: Role, prod: str) -> None:
    home.add_role("-x", role.arn)
    for words in (["--", "-x"], [prod, "--", "-x"]):
        with serving(home, *words) as server:
            assert "/-x" in server.printed


def test_serve_on_a_terminal_says_that_it_stays_until_interrupted(home: Home, prod: str) -> None:
    terminal = Terminal(home.terminal_for(str(XACCT), "serve", prod))
    terminal.expect("xacct: serving until Ctrl-C; ")
    assert f"export {URI}=" in terminal.shown
    terminal.child.sendintr()
    assert terminal.end() == 130


def test_serve_ends_in_the_middle_of_an_answer(home: Home, sts: Sts, prod: str) -> None:
    sts.hang("AssumeRole")
    with serving(home, prod) as server, server.connect() as client:
        client.sendall(server.request())
        wait_for_call(sts)
        fetching = children(server.process.pid)
        assert fetching
        server.process.terminate()
        assert server.process.wait(TIMEOUT) == 0
        assert client.recv(1) == b""
        for child in fetching:
            wait_until_gone(child)


class Fetching(NamedTuple):
    """A renewal in this process whose `child` waits for STS, and what it delivers."""

    renewal: Renewal
    delivered: list[Supply]
    child: int

    def interrupt(self) -> None:
        """Send SIGINT to the child, as a terminal does, and wait for its end."""
        os.kill(self.child, signal.SIGINT)
        wait_until_gone(self.child)


@pytest.fixture
def fetching(home: Home, sts: Sts, prod: str, monkeypatch: pytest.MonkeyPatch) -> Fetching:
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    sts.hang("AssumeRole")
    others = set(children(os.getpid()))
    delivered: list[Supply] = []
    renewal = Renewal(prod)
    renewal.request(delivered.append)
    wait_for_call(sts)
    (child,) = set(children(os.getpid())) - others
    return Fetching(renewal, delivered, child)


def test_serve_that_has_ended_delivers_nothing_more(fetching: Fetching) -> None:
    """A client was sometimes told that there are no credentials, because of the fetch that the end had cut short."""
    fetching.renewal.stop()
    wait_for_fetches()
    fetching.renewal.request(fetching.delivered.append)
    wait_for_fetches()
    assert fetching.delivered == []


def test_serve_delivers_nothing_when_ctrl_c_ends_the_fetch_first(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awscli_xacct.cli.renewal.CTRL_C_SECONDS", TIMEOUT)
    fetching.interrupt()
    fetching.renewal.stop()
    wait_for_fetches()
    assert fetching.delivered == []


def test_serve_that_goes_on_tells_of_an_interrupted_fetch(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awscli_xacct.cli.renewal.CTRL_C_SECONDS", 0)
    fetching.interrupt()
    wait_for_fetches()
    assert fetching.delivered == [Supply(None, "Interrupted", "interrupted")]


@pytest.mark.parametrize(
    ("program", "supply"),
    [
        ("pass", Supply(None, "Interrupted", "interrupted")),
        ("signal.signal(signal.SIGINT, signal.SIG_DFL)", Supply(None, "Interrupted", "interrupted")),
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            Supply(None, "NoCredentials", "xacct credentials was ended by SIGKILL"),
        ),
    ],
)
def test_serve_tells_how_a_fetch_ended_that_reports_nothing(
    home: Home, prod: str, monkeypatch: pytest.MonkeyPatch, program: str, supply: Supply
) -> None:
    """Ctrl-C while Python starts leaves a traceback, which is no message."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    text = f"import os, signal; {program}; os.kill(os.getpid(), signal.SIGINT)"
    monkeypatch.setattr("awscli_xacct.cli.renewal._PROGRAM", text)
    monkeypatch.setattr("awscli_xacct.cli.renewal.CTRL_C_SECONDS", 0)
    delivered: list[Supply] = []
    Renewal(prod).request(delivered.append)
    wait_for_fetches()
    assert delivered == [supply]


def test_serve_ends_after_the_process_that_fetches(
    home: Home, sts: Sts, prod: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which may have the terminal to restore."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("awscli_xacct.cli.serving._END_SECONDS", TIMEOUT)
    sts.hang("AssumeRole")
    others = set(children(os.getpid()))
    with Serving([prod]) as served:
        served.renewals[prod].request(lambda _: None)
        wait_for_call(sts)
        (child,) = set(children(os.getpid())) - others
        os.kill(child, signal.SIGSTOP)
        wait_for_state(child, "T")  # until then, another signal may still end it
        threading.Timer(0.2, os.kill, (child, signal.SIGCONT)).start()
    assert child not in children(os.getpid())
    wait_for_fetches()


def test_serve_tries_again_when_there_is_a_thread_for_it(
    home: Home, prod: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked after a failed start waited for ever."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    delivered: list[Supply] = []
    renewal = Renewal(prod)

    class Refused(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr("awscli_xacct.cli.renewal.threading", SimpleNamespace(Thread=Refused))
        renewal.request(delivered.append)
    renewal.request(delivered.append)
    wait_for_fetches()
    assert [supply.code for supply in delivered] == ["Busy", ""]
    assert delivered[1].document


def wait_for_fetches() -> None:
    for thread in threading.enumerate():
        if "_fetch" in thread.name:
            thread.join(TIMEOUT)
            assert not thread.is_alive()


def wait_for_call(sts: Sts) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not sts.calls:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_gone(process: int) -> None:
    wait_for_state(process, "", "Z")


def wait_for_state(process: int, *wanted: str) -> None:
    """Wait until a process is in one of these states, each a letter of /proc, or nothing for one that is gone."""
    deadline = time.monotonic() + TIMEOUT
    stat = Path(f"/proc/{process}/stat")
    while "".join(read_if_there(stat).rpartition(")")[2].split()[:1]) not in wanted:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_serve_removes_the_files_of_a_killed_one(home: Home, prod: str) -> None:
    with serving(home, prod) as first:
        with serving(home, prod) as second:
            second.process.kill()
            second.process.wait()
        left = Path(second.variables[CONFIG])
        assert left.exists()
        with serving(home, prod):
            assert not left.parent.exists()
            assert Path(first.variables[CONFIG]).exists()
    assert list((home.aws_dir / "xacct" / "serve").iterdir()) == []
