"""botocore's own clients for the server, for the tests of the server itself."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import awscli  # noqa: F401 - first: from 1.46 on it decides which botocore the next lines get
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from .identities import User


class Clients(ExitStack):
    """Makes clients for one server and closes them in the end."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def __call__(self, credentials: User | dict[str, Any], service: str = "sts", **config: Any) -> Any:
        """A client; `credentials` is a user, or the `Credentials` of an answer."""
        # One attempt: these tests are about what the server says, not about what a client makes of it.
        settings = {"retries": {"total_max_attempts": 1}, "proxies": {}, **config}
        if isinstance(credentials, User):
            keys = {"AccessKeyId": credentials.access_key, "SecretAccessKey": credentials.secret_key}
        else:
            keys = credentials
        client = _session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=self._url,
            config=Config(**settings),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
        )
        return self.enter_context(closing(client))


@contextmanager
def refused(code: str, match: str | None = None) -> Iterator[None]:
    """Expect the service to refuse what is in the block with this error code; `match` is a regex."""
    with pytest.raises(ClientError, match=match) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code


@functools.cache
def _session() -> Any:
    # One for all tests, because it keeps the service models it has loaded; blind to the user's files.
    session = botocore.session.Session()
    for variable in ("config_file", "credentials_file"):
        session.set_config_variable(variable, os.devnull)
    return session
