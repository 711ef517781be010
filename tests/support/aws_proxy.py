"""A proxy behind which every host of AWS is the small STS, with certificates of its own.

It records which hosts are called (`HTTPS_PROXY` shows them before any certificate is checked), and which of those calls
trusted its certificates.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_SIGNIN = "signin."


class AwsProxy:
    """Runs for the duration of a `with` block. `called` has the hosts in order, `trusted` those that got a request."""

    def __init__(self, directory: Path, sts: str) -> None:
        """`sts` is the URL of the small STS. The certificate of the authority is written to `ca_bundle`."""
        self.called: list[str] = []
        self.trusted: list[str] = []
        self.ca_bundle = directory / "ca.pem"
        self._directory = directory
        self._sts = sts.rpartition("/")[2].split(":")
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Authority of the tests")
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.ca_bundle.write_bytes(self._certificate(None).public_bytes(Encoding.PEM))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process use this proxy."""
        return {"HTTPS_PROXY": self.url, "https_proxy": self.url, "NO_PROXY": "", "no_proxy": ""}

    def take_calls(self) -> tuple[list[str], list[str]]:
        """Return the hosts called and trusted since the last time, and clear both."""
        found = list(dict.fromkeys(self.called)), list(dict.fromkeys(self.trusted))
        self.called.clear()
        self.trusted.clear()
        return found

    def __enter__(self) -> AwsProxy:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        address = self._socket.getsockname()
        self._closing = True
        socket.create_connection(address).close()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    # -- the proxy ---------------------------------------------------------------------------------

    _closing = False

    def _accept(self) -> None:
        while not self._closing:
            client, _ = self._socket.accept()
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):  # a client that does not trust the certificate hangs up
            client.settimeout(30)
            head, _ = _message(client)
            if not head.startswith(b"CONNECT "):
                return
            host = head.split(b" ")[1].decode().rpartition(":")[0]
            self.called.append(host)
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self._context(host).wrap_socket(client, server_side=True) as secure:
                while not self._closing:
                    head, body = _message(secure)
                    if not head:
                        return
                    self.trusted.append(host)
                    secure.sendall(_token() if _SIGNIN in host else self._from_sts(head, body))

    def _from_sts(self, head: bytes, body: bytes) -> bytes:
        with socket.create_connection((self._sts[0], int(self._sts[1]))) as upstream:
            upstream.sendall(head + body)
            answer, rest = _message(upstream)
            return answer + rest

    # -- its certificates --------------------------------------------------------------------------

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                path = self._directory / f"{host}.pem"
                key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                path.write_bytes(key + self._certificate(host).public_bytes(Encoding.PEM))
                self._contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._contexts[host].load_cert_chain(path)
            return self._contexts[host]

    def _certificate(self, host: str | None) -> x509.Certificate:
        """Create the certificate of a host, or of the authority itself (None)."""
        now = datetime.now(timezone.utc)
        public = self._key.public_key()
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=host is None,
            crl_sign=host is None,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(host) if host else self._name)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        )
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _message(connection: socket.socket) -> tuple[bytes, bytes]:
    """Read the head of a request or response, with its blank line, and the body; both are empty at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = connection.recv(65536)
        if not got:
            return b"", b""
        data += got
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(_lengths(head), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n", body


def _lengths(head: bytes) -> Iterator[int]:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            yield int(value)


def _token() -> bytes:
    body = json.dumps({"SigninToken": "token"}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
