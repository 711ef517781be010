"""Profiles served to the AWS SDKs of other programs, on loopback.

SDKs ask the profile files before a container's server: with keys in ``[default]`` a program would run as the user, and
nothing would tell. So it gets an empty credentials file, and a private copy of the config file whose ``[default]``
gives no credentials. Another profile with keys in the credentials file gets them from `xacct` there: without any, SDKs
would run it with the credentials that are served.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from .. import copies, settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import by_name, group_headers, make_header
from ..errors import EditError, ProfileError
from ..storage.scratch import make_scratch_directory
from .container_protocol import RefusedError, Rules, build_answer, build_refusal, make_path, to_container
from .for_once import ForOnce
from .loopback_server import HOST, LoopbackServer, SendAnswer
from .renewal import Renewal, Supply

_DEFAULT = "default"
_GIVING = (
    *settings.CREDENTIAL_KEYS,
    settings.ROLE_ARN,
    settings.SOURCE_PROFILE,
    settings.CREDENTIAL_SOURCE,
)
"""The keys with which `[default]` gives credentials."""
_KEYS = (settings.ACCESS_KEY_ID, settings.SECRET_ACCESS_KEY, settings.SESSION_TOKEN, "aws_security_token")
_SECONDS_WITHOUT_END = 3600
"""How long SDKs use credentials that have no end before they ask again."""
_END_SECONDS = 2.0
"""How long the processes that fetch may take to end."""
_TEMPORARY = ("Busy", "InternalError", "Throttled", "Unreachable")
"""Codes of errors that another try may not have."""


class Serving(contextlib.AbstractContextManager["Serving"]):
    """A server that runs to the end of the block. `renewals` are its profiles, by name."""

    def __init__(self, profiles: Sequence[str], port: int = 0, *, for_once: ForOnce | None = None) -> None:
        """Serve profiles, each narrowed `for_once`. Raises `XacctError` if the port cannot be used."""
        self.renewals = {name: Renewal(name, for_once=for_once) for name in profiles}
        self._token = os.urandom(32).hex()
        self._server = LoopbackServer(self._handle, port)
        self.address = f"{HOST}:{self._server.port}"
        hosts = [self.address, f"localhost:{self._server.port}"]
        hosts += [HOST, "localhost"] if self._server.port == 80 else []
        self._rules = Rules(
            frozenset(host.encode() for host in hosts), self._token.encode(), frozenset(profiles)
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def variables(self, profile: str) -> dict[str, str]:
        """Return the environment variables with which SDKs get the credentials of `profile`."""
        uri, token = copies.CONTAINER
        return {uri: f"http://{self.address}{make_path(profile)}", token: self._token}

    def __exit__(self, *_: object) -> None:
        """Answer nobody any more, and leave the terminal as it was."""
        for renewal in self.renewals.values():
            renewal.stop()
        self._server.stop()
        end = time.monotonic() + _END_SECONDS
        for renewal in self.renewals.values():
            renewal.await_end(end - time.monotonic())
        self._thread.join(1)

    def _handle(self, head: bytes, answer: SendAnswer) -> None:
        try:
            profile = self._rules.find_profile(head)
        except RefusedError as refusal:
            answer(build_refusal(refusal))
        else:
            self.renewals[profile].request(lambda supply: answer(_build(supply)))


@contextlib.contextmanager
def hiding_default() -> Iterator[dict[str, str]]:
    """Yield the variables for files in which `[default]` gives no credentials; the files last as long as the block.

    Raises `OSError`, and `XacctError` if the config file cannot be read or changed.
    """
    config, credentials = (Path(path) for path in settings.config_paths())
    hidden = hide_default(store.read(config), store.read(credentials), str(config), str(credentials))
    files = dict(zip(copies.FILES.values(), (hidden, b""), strict=True))
    with make_scratch_directory(settings.SERVE_DIRECTORY, settings.SERVE_KIND, files) as directory:
        yield copies.make_variables(directory.as_posix(), os.environ)  # cmd quotes no backslash


def hide_default(config: bytes, credentials: bytes, path: str, credentials_path: str) -> bytes:
    """Return the config file without what gives `[default]` credentials, and with the settings from the other file."""
    document = Document(config, path)
    headers = group_headers(document.names())
    for header in headers.get(_DEFAULT, ()):
        for key in document.section(header):
            if key in _GIVING:
                document.remove(header, key)
    for name, options in Document(credentials, credentials_path).sections().items():
        with contextlib.suppress(EditError):  # a name or a value that only the other file can hold
            _move(name, options, document, headers.get(name, [make_header(name)])[-1])
    left = by_name(document.expected_sections()).get(_DEFAULT, {})
    for key in left:
        if key not in _GIVING:
            continue
        raise ProfileError(
            _DEFAULT,
            f"{path} has {key} in the section [DEFAULT], which every profile inherits, so it cannot be kept from "
            f"programs that are to run with other credentials",
            f"move it to the section of a profile, in: {path}",
        )
    return document.render()


def _move(name: str, options: Mapping[str, Any], document: Document, header: str) -> None:
    """Add what the credentials file says about a profile to its section, but none of its keys."""
    hidden = _GIVING if name == _DEFAULT else _KEYS
    for key, value in options.items():
        if key not in hidden and isinstance(value, str):
            document.set(header, key, value)
    if name != _DEFAULT and settings.ACCESS_KEY_ID in options:
        from ..profiles.credential_process import make_command

        document.set(header, settings.CREDENTIAL_PROCESS, make_command(_find_program(), name))


@cache
def _find_program() -> list[str]:
    from ..xacct_program import find_program

    return find_program()


def _build(supply: Supply) -> bytes:
    if supply.document is None:
        status = 503 if supply.code in _TEMPORARY else 403
        return build_refusal(RefusedError(status, supply.code, supply.message))
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + _SECONDS_WITHOUT_END))
    return build_answer(200, to_container(supply.document, end))
