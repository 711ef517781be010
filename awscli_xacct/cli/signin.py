"""Sign-in URLs of the console, for temporary credentials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html

Anyone with such a URL can sign in. So no message contains it, nor the request for it, which holds the credentials.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from .. import settings
from ..errors import XacctError
from ..messages import subcommand
from ..profiles.cache_keys import describe_setting, setting
from ..profiles.partitions import CONSOLES
from ..profiles.source import is_role

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = 30


class Endpoints(NamedTuple):
    """The URL that returns sign-in tokens, and the URL of the console's pages."""

    signin: str
    pages: str


def find_endpoints(config: Mapping[str, Any], environment: Mapping[str, str], partition: str) -> Endpoints:
    """Return the configured endpoints, or else a partition's public ones. Raises `XacctError`."""
    public = CONSOLES.get(partition)
    defaults = {
        settings.SIGNIN_ENDPOINT: public and f"https://{public.signin}/federation",
        settings.CONSOLE_ENDPOINT: public and f"https://{public.pages}/",
    }
    urls = {key: setting(config, key, environment) or default for key, default in defaults.items()}
    missing = [f"{settings.VARIABLES[key]}=https://…" for key, url in urls.items() if url is None]
    if missing:
        # `aws configure set` cannot write the section.
        fix = f"export {' '.join(missing)}"
        raise XacctError(
            f"the partition {partition} has no public console. Configure its own, in the section "
            f"[{settings.CONFIG_SECTION}] of the config, or with:\n  {fix}",
            code="ProfileInvalid",
            fix=fix,
        )
    return Endpoints(
        *(
            check_url(str(url), describe_setting(key, environment), "ProfileInvalid")
            for key, url in urls.items()
        )
    )


def check_url(url: str, what: str, code: str = "UsageError") -> str:
    """Return `url` if nobody can read it on its way: it is HTTPS, or stays on this machine.

    Raises `XacctError` with this `code`.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or not url.isprintable() or " " in url:
        raise XacctError(f"{what} {url!r} is not a URL such as https://console.aws.amazon.com/", code=code)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        text = f"{what} {url} must begin with https://, or others could read it on its way"
        raise XacctError(text, code=code)
    return url


def request_url(
    session: Any, endpoint: str, document: Mapping[str, Any], destination: str, seconds: int | None
) -> str:
    """Request a URL that signs a browser in and leads it to `destination`. Raises `XacctError`.

    `session` is a botocore session, whose CA bundle and proxies are used, as its clients use them. `seconds` is how
    long the console session is to last; None: as long as the credentials.
    """
    credentials = {
        "sessionId": document["AccessKeyId"],
        "sessionKey": document["SecretAccessKey"],
        "sessionToken": document["SessionToken"],
    }
    query = {"Action": "getSigninToken", "Session": json.dumps(credentials)}
    if seconds is not None:
        query["SessionDuration"] = str(seconds)
    status, body = _get(session, endpoint, query)
    try:
        token = json.loads(body)["SigninToken"] if status == 200 else None
    except (ValueError, TypeError, KeyError):
        token = None
    if not isinstance(token, str):
        profile = str(session.profile or "default")
        fix = (
            subcommand("verify", profile)
            if is_role(session.full_config["profiles"].get(profile, {}))
            else None
        )
        raise XacctError(
            f"{endpoint} returned no sign-in token for these credentials (status {status}). They may have been revoked "
            f"or belong to another partition{f'; assume the role again with: {fix}' if fix else ''}",
            code="ServiceError",
            fix=fix,
        )
    return f"{endpoint}?{urlencode({'Action': 'login', 'Destination': destination, 'SigninToken': token})}"


def _get(session: Any, endpoint: str, query: Mapping[str, str]) -> tuple[int, bytes]:
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    http = URLLib3Session(
        verify=session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or True,
        proxies=get_environ_proxies(endpoint),
        timeout=_TIMEOUT,
    )
    try:
        answer = http.send(AWSRequest("GET", f"{endpoint}?{urlencode(query)}").prepare())
        return int(answer.status_code), bytes(answer.content)
    except (BotoCoreError, OSError) as error:
        # Its own text quotes the URL, and with it the credentials.
        fix = f"curl -sS {endpoint}"
        raise XacctError(
            f"cannot reach {endpoint} ({type(error).__name__}). Check the network with: {fix}",
            code="Unreachable",
            fix=fix,
        ) from None
    finally:
        http.close()
