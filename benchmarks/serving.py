"""Measure `xacct serve` with credentials in the cache, and what `exec --serve` adds to the start of a command."""

from __future__ import annotations

import socket
import tempfile
import time
from pathlib import Path

from awscli_xacct.settings import MEMO_TICK
from tests.cli.served import Server, read_answer, serving
from tests.sts import Sts
from tests.support.home import XACCT, Home

from .measure import Command, run, side_by_side

ROUNDS = 15
REQUESTS = 3000
AT_ONCE = 500


def measure() -> None:
    """Measure and print everything."""
    with tempfile.TemporaryDirectory() as directory, Sts() as sts:
        home = Home(Path(directory) / "home", sts.url)
        user = sts.add_user("dev")
        home.add_keys(user)
        home.add_role("prod", sts.add_role("Power", trusts=[user.arn]).arn)
        time.sleep(MEMO_TICK)
        for _ in range(2):
            run([str(XACCT), "credentials", "prod"], home.environment)
        _serve(home)
        _start(home)


def _serve(home: Home) -> None:
    with serving(home, "prod") as server:
        server.ask()
        before = _memory(server)
        begin = time.perf_counter()
        for _ in range(REQUESTS):
            assert server.ask().status == 200
        seconds = time.perf_counter() - begin
        print(f"xacct serve, warm: {REQUESTS / seconds:.0f} answers a second to one client after the other")
        begin = time.perf_counter()
        clients = [server.connect() for _ in range(AT_ONCE)]
        for client in clients:
            client.sendall(server.request())
        assert {_finish(client) for client in clients} == {200}
        seconds = time.perf_counter() - begin
        print(f"  {AT_ONCE} clients at once are answered within {seconds:.2f} s")
        print(f"  memory: {before:.1f} MiB before, {_memory(server):.1f} MiB after")


def _finish(client: socket.socket) -> int:
    with client:
        return read_answer(client).status


def _memory(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _start(home: Home) -> None:
    plain: Command = [str(XACCT), "exec", "prod", "--", "true"]
    served: Command = [str(XACCT), "exec", "--serve", "prod", "--", "true"]
    ours, theirs = side_by_side((served, home.environment), (plain, home.environment), rounds=ROUNDS)
    print("xacct exec -- true, warm: with --serve / without")
    print(
        f"  {ours.seconds * 1000:.0f} / {theirs.seconds * 1000:.0f} ms, {ours.memory:.0f} / {theirs.memory:.0f} MiB"
    )
    print()


if __name__ == "__main__":
    measure()
