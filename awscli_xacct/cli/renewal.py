"""The credentials of one profile for a process that lasts longer than they do.

Fresh ones come from the cache, as for ``xacct credentials``, and whatever that does not answer at once is left to a
process of that command. So this one never loads botocore, reads each edit of the config, and prompts for a code on its
own terminal while whoever asks for credentials waits.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import __version__, settings
from ..errors import XacctError
from ..messages import describe_end, print_message, subcommand, warn
from ..storage.memo import Memo, file_signature, read_memo
from .for_once import ForOnce

if TYPE_CHECKING:
    from ..credentials.resolution import Resolved

_PROGRAM = (
    "import sys; sys.argv[0] = 'xacct'; sys.path[:] = sys.argv.pop(1).split(chr(10)); "
    "from awscli_xacct.cli.main import main; sys.exit(main())"
)
_FOREVER_SECONDS = 60.0
"""How long credentials without an end are used before the profile is asked again."""
CTRL_C_SECONDS = 1.0
"""How long this process may take to end by a Ctrl-C that has ended the one that fetches."""

_INTERRUPTED = "Interrupted"
"""The code of that, which `xacct credentials` reports."""


class Supply(NamedTuple):
    """Credentials as a ``credential_process`` document, or why there are none: a code for programs, and a message."""

    document: Mapping[str, Any] | None
    code: str = ""
    message: str = ""


Deliver = Callable[[Supply], None]


class _Kept(NamedTuple):
    """Credentials that are in no record. They are used `until` then, unless one of the config files is edited."""

    document: bytes
    until: float
    files: list[str]

    def is_fresh(self, now: float) -> bool:
        return now < self.until and self.files == read_signatures()


def read_signatures() -> list[str]:
    """Return what differs for other versions of the config files."""
    return [file_signature(path) for path in settings.config_paths()]


def find_due(document: Mapping[str, Any], now: float) -> float:
    """Return until when to use credentials that are in no record: half of their life, or a while if they have no end.

    Both times are in seconds since the epoch.
    """
    expiration = document.get("Expiration")
    if not expiration:
        return now + _FOREVER_SECONDS
    from datetime import datetime

    left = datetime.fromisoformat(expiration.replace("Z", "+00:00")).timestamp() - now
    return now + left - min(settings.REFRESH_SECONDS, left / settings.REFRESH_FRACTION)


def find_memo(profile: str, for_once: ForOnce | None = None) -> Memo:
    """Return what a profile, perhaps narrowed `for_once`, was resolved to; it is resolved if it has no memo.

    Raises `XacctError` and `OSError`.
    """
    found = read_memo(for_once.memo_key(profile) if for_once else profile, __version__)
    return found or _resolve(profile, for_once).memo


def _resolve(profile: str, for_once: ForOnce | None) -> "Resolved":
    from .resolve import resolve  # loads what a profile with a memo does without

    return resolve(profile, for_once=for_once)


class Renewal:
    """Supplies the credentials of a profile to whoever asks, from any thread."""

    def __init__(self, profile: str, *, for_once: ForOnce | None = None) -> None:
        """`for_once` narrows the profile."""
        self.profile = profile
        self._for_once = for_once
        self._lock = threading.Lock()
        self._waiting: list[Deliver] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        self._kept = _Kept(b"", 0.0, [])
        self._retry_at = 0.0
        self._told = ""

    def request(self, deliver: Deliver) -> None:
        """Deliver credentials: at once if there are fresh ones, else when they are fetched, once for all who wait."""
        try:
            document = self._find(time.time())
        except (XacctError, OSError) as error:
            self._tell(str(error))
            code = error.code if isinstance(error, XacctError) else "InternalError"
            deliver(Supply(None, code, str(error)))
            return
        if document is not None:
            deliver(Supply(json.loads(document)))
            return
        with self._lock:
            self._waiting.append(deliver)
            if len(self._waiting) > 1:
                return
        try:
            threading.Thread(target=self._fetch, daemon=True).start()
        except RuntimeError:  # a container allows no more; whoever asks later tries again
            self._deliver(Supply(None, "Busy", "this system has no thread left to get credentials with"))

    def stop(self) -> None:
        """Ask the process that fetches, if any, to end. What it fails with then is delivered to nobody."""
        with self._lock:
            self._stopped.set()
            if self._process is not None:
                self._process.terminate()

    def await_end(self, seconds: float) -> None:
        """Wait, after `stop`, until that process has left the terminal as it was, but not for longer than `seconds`."""
        process = self._process
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(seconds, 0))

    def is_fresh(self) -> bool:
        """Return whether the next request will be answered at once. Raises `XacctError` and `OSError`."""
        return self._find(time.time()) is not None

    def _find(self, now: float) -> bytes | None:
        memo = find_memo(self.profile, self._for_once)
        document = memo.fresh_document(now)
        if document is None and now < self._retry_at:
            found = memo.valid_document(now)
            document = found and found[1]
        if document is None and not memo.record and self._kept.is_fresh(now):
            return self._kept.document
        return document

    def _fetch(self) -> None:
        try:
            supply = self._run()
        except Exception as bug:  # noqa: BLE001 - whoever waits gets an answer
            supply = Supply(None, "InternalError", f"unexpected {type(bug).__name__}: {bug}")
        if supply.code == _INTERRUPTED:
            self._stopped.wait(CTRL_C_SECONDS)  # the terminal sends it to this process as well
        if supply.document is None and not self._stopped.is_set():
            self._tell(supply.message)
            supply = self._find_valid() or supply
        self._deliver(supply)

    def _deliver(self, supply: Supply) -> None:
        """Tell all who wait, unless the server is ending."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            if self._stopped.is_set():
                return
        for deliver in waiting:
            deliver(supply)

    def _run(self) -> Supply:
        seconds = settings.SERVE_WAIT_SECONDS
        with self._lock:
            if self._stopped.is_set():
                return Supply(None)
            files = read_signatures()
            process = self._process = start_credentials(
                self.profile,
                self._for_once,
                stderr=subprocess.PIPE,
                variables={settings.ERROR_FORMAT_VARIABLE: "json"},
            )
        try:
            document, messages = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.terminate()  # it leaves the terminal as it was
            try:
                process.communicate(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            text = (
                f"no credentials for profile {self.profile} within {seconds} s: nobody entered an MFA code, or STS "
                f"does not answer. Log in from a terminal:\n  {subcommand('login', self.profile)}"
            )
            return Supply(None, "LoginRequired", text)
        finally:
            with self._lock:
                self._process = None
        if process.returncode:
            return _parse_failure(process.returncode, messages.decode("utf-8", "replace"))
        self._told = ""
        self.keep(document, files)
        return Supply(json.loads(document))

    def keep(self, document: bytes, files: list[str]) -> None:
        """Keep credentials that are in no record, until they are due; `files` is from before they were fetched."""
        self._kept = _Kept(document, find_due(json.loads(document), time.time()), files)

    def _find_valid(self) -> Supply | None:
        """Return credentials that are due for a refresh but not over; they are used for a while before the next try."""
        try:
            found = _resolve(self.profile, self._for_once).memo.valid_document(time.time())
        except Exception:  # noqa: BLE001 - what is wrong has been told, and whoever waits gets an answer
            return None
        if found is None:
            return None
        self._retry_at = time.time() + settings.RETRY_SECONDS
        return Supply(json.loads(found[1]))

    def _tell(self, message: str) -> None:
        """Print a failure for the person at the terminal, but not again for each client."""
        with self._lock:
            if message == self._told:
                return
            self._told = message
        print_message(f"xacct: {message}")  # a command that fixes it has a line of its own


def start_credentials(
    profile: str,
    for_once: ForOnce | None = None,
    *,
    stderr: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``xacct credentials`` for a profile, by this interpreter and with the modules that it finds."""
    isolated = ["-I"] if sys.flags.isolated else []
    options = for_once.words if for_once else []
    words: Sequence[str] = ["credentials", *options, *(["--"] if profile.startswith("-") else []), profile]
    return subprocess.Popen(  # noqa: S603 - this interpreter, and this package in it
        [sys.executable, *isolated, "-c", _PROGRAM, "\n".join(sys.path), *words],
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )


def _parse_failure(exit_code: int, messages: str) -> Supply:
    """Return what ``xacct credentials`` reports of its failure, with the warnings before it printed."""
    if exit_code == -signal.SIGINT:  # Python was still starting, and has left a traceback
        return Supply(None, _INTERRUPTED, "interrupted")
    *before, last = messages.rstrip("\n").split("\n")
    try:
        report = json.loads(last)
        code, message, fix = str(report["Code"]), str(report["Message"]), report["Fix"]
    except (ValueError, TypeError, KeyError):  # it was killed, say
        message = messages.strip().removeprefix("xacct: ")
        return Supply(None, "NoCredentials", message or f"xacct credentials {describe_end(exit_code)}")
    for line in before:
        warn(line.removeprefix("xacct: "))
    return Supply(None, code, f"{message}\n  {fix}" if fix and fix not in message else message)
