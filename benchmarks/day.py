"""Simulate a working day with an injected clock: ten MFA roles, a command every two minutes for eight hours.

There are no processes and no network: the plugin's fetcher and the stock one are called as a command would call them,
each with a cache on disk of its own, and an STS that only counts.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import botocore.credentials
from botocore.utils import JSONFileCache

from awscli_xacct.credentials.context import FetchContext
from awscli_xacct.credentials.fetcher import Fetcher
from awscli_xacct.credentials.single_flight import SingleFlight
from awscli_xacct.credentials.sts import Keys
from awscli_xacct.mfa.codes import Codes
from awscli_xacct.profiles.cache_keys import CacheKeys
from awscli_xacct.profiles.role import Role
from awscli_xacct.profiles.source import Source
from awscli_xacct.storage.cache import Cache

ROLES = 10
EVERY = 120
HOURS = 8
SERIAL = "arn:aws:iam::111111111111:mfa/dev"


class Day:
    """A clock, and an STS and a person that count their calls and prompts."""

    def __init__(self) -> None:
        self.now = float(int(time.time()))
        self.counts: Counter[str] = Counter()

    def clock(self) -> float:
        """Return the time, in seconds since the epoch."""
        return self.now

    def client(self, *_: Any, **__: Any) -> Day:
        """Return the STS client, which is this object."""
        return self

    def person(self, prompt: str) -> str:
        """Return the next MFA code."""
        del prompt
        self.counts["prompts"] += 1
        return f"{self.counts['prompts']:06}"

    def assume_role(self, **request: Any) -> dict[str, Any]:
        """Return a role session."""
        return self._issue("AssumeRole", int(request.get("DurationSeconds", 3600)))

    def get_session_token(self, **request: Any) -> dict[str, Any]:
        """Return an MFA session."""
        return self._issue("GetSessionToken", int(request["DurationSeconds"]))

    def _issue(self, operation: str, seconds: int) -> dict[str, Any]:
        self.counts[operation] += 1
        ends = datetime.fromtimestamp(self.now + seconds, timezone.utc)
        key = f"ASIA{sum(self.counts.values()):016}"
        secrets = {
            "AccessKeyId": key,
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": ends,
        }
        return {
            "Credentials": secrets,
            "AssumedRoleUser": {"Arn": "arn:aws:sts::222222222222:assumed-role/R/s"},
        }


def compare() -> None:
    """Print how many prompts and STS calls a day takes, and how long a fetch from the cache takes."""
    print(f"{HOURS} h, {ROLES} MFA roles, a command every {EVERY} s")
    for name, command in (("plugin", _plugin_command), ("stock", _stock_command)):
        with tempfile.TemporaryDirectory() as directory:
            day = Day()
            for number in range(HOURS * 3600 // EVERY):
                command(day, Path(directory), number % ROLES)
                day.now += EVERY
        calls = day.counts["AssumeRole"] + day.counts["GetSessionToken"]
        print(f"  {name:<28} {day.counts['prompts']:>4} prompts {calls:>6} STS calls")
    _time_cached_fetch()
    print()


def _fetcher(day: Day, directory: Path, number: int) -> Fetcher:
    """Return the fetcher that a command makes for one role's profile."""
    cache = Cache(directory, clock=day.clock, warn=print)
    context = FetchContext(
        flight=SingleFlight(cache, clock=day.clock, warn=print),
        cache_keys=CacheKeys({}, "", {}),
        client_creator=day.client,
        source_keys=lambda *_: Keys("AKIA", "secret", None),
        codes=lambda: Codes(day.person),
        warn=print,
        clock=day.clock,
    )
    source = Source("default", None, {"aws_access_key_id": "AKIA"})
    return Fetcher(
        Role(f"p{number}", f"arn:aws:iam::222222222222:role/R{number}", source, mfa_serial=SERIAL), context
    )


def _plugin_command(day: Day, directory: Path, number: int) -> None:
    _fetcher(day, directory, number).fetch()


def _stock_command(day: Day, directory: Path, number: int) -> None:
    fetcher = botocore.credentials.AssumeRoleCredentialFetcher(
        day.client,
        botocore.credentials.Credentials("AKIA", "secret"),
        f"arn:aws:iam::222222222222:role/R{number}",
        extra_args={"SerialNumber": SERIAL},
        mfa_prompter=day.person,
        cache=JSONFileCache(str(directory)),
    )
    now = datetime.fromtimestamp(day.now, timezone.utc)
    with mock.patch.object(botocore.credentials, "_local_now", return_value=now):
        fetcher.fetch_credentials()


def _time_cached_fetch(times: int = 2000) -> None:
    with tempfile.TemporaryDirectory() as directory:
        day = Day()
        fetcher = _fetcher(day, Path(directory), 1)
        fetcher.fetch()
        lock = fetcher.name
        flight = _flight(fetcher)
        print(f"  a cached fetch {_microseconds(fetcher.fetch, times):>6.0f} µs, a lock ", end="")
        print(f"{_microseconds(lambda: _take(flight, lock), times):.0f} µs")


def _flight(fetcher: Fetcher) -> SingleFlight:
    return fetcher._context.flight


def _take(flight: SingleFlight, name: str) -> None:
    with flight.locked(name, "a benchmark"):
        pass


def _microseconds(action: Callable[[], object], times: int) -> float:
    begin = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - begin) / times * 1e6
