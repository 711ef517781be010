"""EmbeddedAws: starts, controls and ends the process of the embedded AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import environment
from .faults import Fault
from .recorder import ACCOUNT_HEADER, CONTROL_PATH, Call

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_REPOSITORY = Path(__file__).resolve().parents[2]
_SERVER = (sys.executable, "-m", "tests.embedded_aws.server")
_REQUEST_SECONDS = 120
_END_SECONDS = 10


class EmbeddedAwsError(RuntimeError):
    """The embedded AWS did not start, or failed; its traceback is on stderr."""


class EmbeddedAws:
    """AWS on a free port of 127.0.0.1 for the duration of a `with` block.

    It cannot outlive this process (see `server`). An account exists from the first request for it.
    """

    def __init__(self, server: Sequence[str] = _SERVER) -> None:
        self._server = server
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        """The value for AWS_ENDPOINT_URL; empty outside the `with` block."""

    def __enter__(self) -> EmbeddedAws:
        """Start the server, and return when it accepts requests. Raises EmbeddedAwsError."""
        process = subprocess.Popen(
            self._server,
            cwd=_REPOSITORY,
            env=environment.for_server(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process = process
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            self.close()
            raise EmbeddedAwsError("The embedded AWS ended before it was ready: see its message above.")
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server."""
        self.close()

    def close(self) -> None:
        """End the process, if it is running."""
        process, self._process, self.url = self._process, None, ""
        if process is None:
            return
        with process:  # on exit, this closes both pipes, which ends the server, and waits for it
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    def environment(self, home: Path) -> dict[str, str]:
        """Return the environment for an `aws` that a user with this home runs against this AWS only."""
        return environment.for_user(home, self.url)

    def calls(self, action: str | None = None) -> list[Call]:
        """Return the requests in order of arrival, all or those of one action, without those made by `client`."""
        recorded = [Call(*fields) for fields in json.loads(self._request("GET", CONTROL_PATH))]
        return [call for call in recorded if action is None or call.action == action]

    def wait_for_call(self, action: str, seconds: float = 120) -> None:
        """Wait until a request for an action has arrived. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not any(call.action == action for call in self.calls()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {action} request arrived in {seconds} s")
            time.sleep(0.02)

    def forget_calls(self) -> None:
        """Delete the recorded calls."""
        self._request("DELETE", CONTROL_PATH)

    def script(self, *faults: Fault) -> None:
        """Replace the scripted faults with these. They never apply to requests made by `client`."""
        self._request("POST", CONTROL_PATH, json.dumps(faults))

    def reset(self) -> None:
        """Return to the initial state: no resources in any account, no calls, no faults."""
        self.script()
        self._request("POST", "/moto-api/reset")
        self.forget_calls()

    def client(self, service: str, account_id: str, region: str = "us-west-1") -> Any:
        """Create a botocore client with administrator rights in an account, to set up what a test needs."""
        client = self.client_with_keys(service, "administrator", "unchecked", region=region)

        def name_the_account(params: dict[str, Any], **_: object) -> None:
            params["headers"][ACCOUNT_HEADER] = account_id

        client.meta.events.register("before-call", name_the_account)
        return client

    def client_with_keys(
        self, service: str, key_id: str, secret: str, token: str | None = None, region: str = "us-west-1"
    ) -> Any:
        """Create a botocore client that signs with these keys, which decide the account."""
        from botocore.config import Config

        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(proxies={}),
        )

    @cached_property
    def _session(self) -> Any:
        """A botocore session that reads neither the AWS files nor the profile of the developer."""
        import botocore.session

        # (config key, environment variables, default, conversion): botocore's table without lookups
        return botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )

    def _request(self, method: str, path: str, content: str = "") -> bytes:
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=_REQUEST_SECONDS)
        with closing(connection):
            connection.request(method, path, content)
            response = connection.getresponse()
            body = response.read()
        if response.status != HTTPStatus.OK:
            raise EmbeddedAwsError(f"{method} {path}: {response.status} {body.decode(errors='replace')}")
        return body
