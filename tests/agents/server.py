"""AWS's API MCP server, in an environment of its own as `uvx` makes one; `python -m tests.agents.server` does that."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGE = "awslabs.aws-api-mcp-server"
REQUIREMENT = f"{PACKAGE}>=1.5,<2"
ENVIRONMENT = Path(sys.prefix) / "api-mcp-server"
"""Inside the environment of this Python, which Git does not look at."""
PYTHON = ENVIRONMENT / "bin" / "python"
_SECONDS = 300

# The server as its own command starts it, but for one address, which it asks at once which operations only read.
_START = """
import sys
from awslabs.aws_api_mcp_server.core.metadata import read_only_operations_list
read_only_operations_list.SERVICE_REFERENCE_URL = sys.argv.pop()
from awslabs.aws_api_mcp_server.server import main
main()
"""


def install() -> None:
    """Install the server. Raises `subprocess.SubprocessError`."""
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet", "--no-compile"]
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(ENVIRONMENT)],
        check=True,
        timeout=_SECONDS,
    )
    subprocess.run([*pip, "--disable-pip-version-check", REQUIREMENT], check=True, timeout=_SECONDS)


def is_installed() -> bool:
    """Return whether an installation was completed: the server's own command is the last that pip writes."""
    return (ENVIRONMENT / "bin" / PACKAGE).is_file()


class ServerEndedError(Exception):
    """The server ended instead of answering; the text is what it wrote to stderr."""


class Server:
    """A running server and the client that talks to it on its standard streams.

    https://modelcontextprotocol.io/specification/2025-03-26/basic/transports#stdio
    """

    def __init__(self, environment: Mapping[str, str], directory: Path, url: str) -> None:
        self._errors = (directory / "server.log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [str(PYTHON), "-c", _START, url],
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self._number = 0

    def initialize(self) -> list[str]:
        """Begin as every client does, and return the names of the tools."""
        about = {
            "protocolVersion": "2025-03-26",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        self._ask("initialize", about)
        self._send({"method": "notifications/initialized"})
        return [tool["name"] for tool in self._ask("tools/list", {})["tools"]]

    def call_aws(self, command: str) -> dict[str, Any]:
        """Have the tool `call_aws` run a command, and return what the agent gets."""
        answer = self._ask("tools/call", {"name": "call_aws", "arguments": {"cli_command": command}})
        [result] = answer["structuredContent"]["result"]
        return dict(result)

    def close(self) -> None:
        """End the server as a client does, by closing its stdin."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        assert self._process.stdout
        for line in self._process.stdout:
            message = json.loads(line)
            if message.get("id") == self._number:
                return dict(message["result"])
        self._process.wait()
        self._errors.seek(0)
        raise ServerEndedError(self._errors.read())

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(f"{json.dumps({'jsonrpc': '2.0', **message})}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # reading the answer tells why


class _NoServices(http.server.BaseHTTPRequestHandler):
    """Answers that there is nothing to know of any service."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(environment: Mapping[str, str], directory: Path) -> Iterator[Server]:
    """Start the server in a directory, and end it."""
    with http.server.HTTPServer(("127.0.0.1", 0), _NoServices) as stub:
        thread = threading.Thread(target=stub.serve_forever, daemon=True)
        thread.start()
        server = Server(environment, directory, f"http://127.0.0.1:{stub.server_port}/")
        try:
            yield server
        finally:
            server.close()
            stub.shutdown()
            thread.join()


if __name__ == "__main__":
    if not is_installed():
        install()
    print(PACKAGE, "in", ENVIRONMENT)
