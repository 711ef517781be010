"""Sign-in URLs of the console, for temporary credentials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html

Whoever has such a URL is signed in. It, and the request for it, which holds the credentials, stand in no message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from .. import settings
from ..errors import XacctError
from ..profiles.cache_keys import setting
from ..profiles.partitions import CONSOLES

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = 30


class Endpoints(NamedTuple):
    """Where sign-in URLs are asked for, and where the console's pages are."""

    signin: str
    pages: str


def endpoints(config: Mapping[str, Any], environment: Mapping[str, str], partition: str) -> Endpoints:
    """The endpoints of a partition, or those that are configured. Raises `XacctError`."""
    public = CONSOLES.get(partition)
    found = []
    for key, default in (
        (settings.SIGNIN_ENDPOINT, public and f"https://{public.signin}/federation"),
        (settings.CONSOLE_ENDPOINT, public and f"https://{public.pages}/"),
    ):
        url = setting(config, key, environment) or default
        if url is None:
            raise XacctError(
                f"the partition {partition} has no public console. Name its own:\n"
                f"  aws configure set {settings.CONFIG_SECTION}.{key} https://…"
            )
        found.append(checked_url(url, key))
    return Endpoints(*found)


def checked_url(url: str, what: str) -> str:
    """`url`, if it is one that nobody on the way can read. Raises `XacctError`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or not url.isprintable() or " " in url:
        raise XacctError(f"{what} {url!r} is no URL; one looks like https://console.aws.amazon.com/")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise XacctError(
            f"{what} {url} does not begin with https://, so that others could read it on its way"
        )
    return url


def signin_url(
    session: Any, endpoint: str, document: Mapping[str, Any], destination: str, seconds: int | None
) -> str:
    """A URL that signs a browser in at `destination`. Raises `XacctError`.

    `session` is a botocore session, whose CA bundle and proxies hold. `seconds` is how long the console's
    session is to last; None leaves that to the credentials.
    """
    wanted = {
        "sessionId": document["AccessKeyId"],
        "sessionKey": document["SecretAccessKey"],
        "sessionToken": document["SessionToken"],
    }
    query = {"Action": "getSigninToken", "Session": json.dumps(wanted)}
    if seconds is not None:
        query["SessionDuration"] = str(seconds)
    status, body = _get(session, endpoint, query)
    try:
        token = json.loads(body)["SigninToken"] if status == 200 else None
    except (ValueError, TypeError, KeyError):
        token = None
    if not isinstance(token, str):
        raise XacctError(
            f"{endpoint} gives no sign-in token for these credentials (status {status}). They may have been "
            f"revoked, or be of another partition; assume the role anew with: aws configure role verify PROFILE"
        )
    return f"{endpoint}?{urlencode({'Action': 'login', 'Destination': destination, 'SigninToken': token})}"


def _get(session: Any, endpoint: str, query: Mapping[str, str]) -> tuple[int, bytes]:
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    http = URLLib3Session(
        verify=session.get_config_variable("ca_bundle") or True,
        proxies=get_environ_proxies(endpoint),
        timeout=_TIMEOUT,
    )
    try:
        answer = http.send(AWSRequest("GET", f"{endpoint}?{urlencode(query)}").prepare())
        return int(answer.status_code), bytes(answer.content)
    except (BotoCoreError, OSError) as error:
        # Its own text quotes the URL, and with it the credentials.
        raise XacctError(
            f"{endpoint} cannot be reached ({type(error).__name__}). Try the network with: curl -sS {endpoint}"
        ) from None
    finally:
        http.close()
