"""botocore clients for tests of the server itself."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import awscli  # noqa: F401 - first: since 1.46 it decides which botocore the next lines import
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from .identities import User


class Clients(ExitStack):
    """Creates clients for one server, and closes them on exit."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def __call__(self, credentials: User | dict[str, Any], service: str = "sts", **config: Any) -> Any:
        """Create a client. `credentials` is a user, or the `Credentials` of an answer."""
        # One attempt: these tests check what the server answers, not how a client retries.
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
    """Expect the service to refuse the call in the block with this error code; `match` is a regex for the message."""
    with pytest.raises(ClientError, match=match) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code


@functools.cache
def _session() -> Any:
    # Shared by all tests, because it caches the service models. It must not read the user's own files.
    session = botocore.session.Session()
    for variable in ("config_file", "credentials_file"):
        session.set_config_variable(variable, os.devnull)
    return session
