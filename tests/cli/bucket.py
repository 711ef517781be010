"""A bucket that is listed page by page, slowly, by clients that sign their requests."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_KEY = re.compile(r"Credential=(\w+)/")


class Bucket(ThreadingHTTPServer):
    """`access_keys` are those that requests were signed with, in order."""

    def __init__(self, pages: int, page_seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages, self.page_seconds = pages, page_seconds
        self.access_keys: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Bucket

    def do_GET(self) -> None:
        time.sleep(self.server.page_seconds)
        found = _KEY.search(self.headers.get("Authorization", ""))
        self.server.access_keys.append(found[1] if found else "")
        query = parse_qs(urlsplit(self.path).query)
        [last] = query.get("continuation-token") or query.get("marker") or ["0"]
        number = int(last) + 1
        more = "true" if number < self.server.pages else "false"
        body = (
            f"<ListBucketResult><IsTruncated>{more}</IsTruncated><NextMarker>{number}</NextMarker>"
            f"<NextContinuationToken>{number}</NextContinuationToken><Contents><Key>{number}</Key><Size>1</Size>"
            f'<LastModified>2026-11-25T00:00:00.000Z</LastModified><ETag>"0"</ETag></Contents></ListBucketResult>'
        ).encode("ascii")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def serving_bucket(pages: int, page_seconds: float) -> Iterator[Bucket]:
    """Serve a bucket of so many pages, each of which takes so long."""
    with Bucket(pages, page_seconds) as bucket:
        thread = threading.Thread(target=bucket.serve_forever)
        thread.start()
        try:
            yield bucket
        finally:
            bucket.shutdown()
            thread.join()
