"""One user's machine with a small STS: profiles, a clock that can be advanced, and a person with a device."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from awscli_xacct.credentials.context import FetchContext
from awscli_xacct.credentials.fetcher import Fetcher
from awscli_xacct.credentials.mfa_session import MfaSession
from awscli_xacct.credentials.single_flight import SingleFlight
from awscli_xacct.credentials.sts import Keys
from awscli_xacct.mfa.codes import Codes, UsedCodes
from awscli_xacct.profiles.cache_keys import CacheKeys
from awscli_xacct.profiles.role import resolve
from awscli_xacct.profiles.source import Source, resolve_user
from awscli_xacct.storage.cache import Cache
from awscli_xacct.storage.markers import Markers
from tests.sts import MfaDevice, Sts, User


class Person:
    """Answers each prompt with the next code of a device, or with the next of `answers`."""

    def __init__(self, device: MfaDevice) -> None:
        self.device = device
        self.prompts: list[str] = []
        self.notices: list[str] = []
        self.answers: list[str | BaseException] = []

    def ask(self, prompt: str) -> str:
        self.prompts.append(prompt)
        answer = self.answers.pop(0) if self.answers else self.device.next_code()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def say(self, text: str, end: str = "\n") -> None:
        self.notices.append(f"{text}{end}".strip())


class World:
    """`profiles` may be changed between one command and the next. Processes share nothing but `directory`."""

    def __init__(self, sts: Sts, directory: Path, session: Any, stack: ExitStack) -> None:
        self.sts = sts
        self.directory = directory
        self.user = sts.add_user("dev")
        self.person = Person(sts.add_mfa_device(self.user))
        self.profiles: dict[str, dict[str, Any]] = {"default": keys_of(self.user)}
        self.warnings: list[str] = []
        self.options: list[dict[str, Any]] = []
        self._session = session
        self._stack = stack
        self._late = 0.0
        # Requests are signed with the real time.
        sts.max_clock_skew = None

    def clock(self) -> float:
        return time.time() + self._late

    def pass_time(self, seconds: float) -> None:
        """Advance the clocks here and at the service."""
        self._late += seconds
        self.sts.clock_offset += seconds

    def add_role(self, profile: str, *, source: str = "default", **options: Any) -> None:
        """Add a role that trusts everyone, and a profile for it; an option `server_…` is the role's."""
        server = {
            name.removeprefix("server_"): value
            for name, value in options.items()
            if name.startswith("server_")
        }
        role = self.sts.add_role(profile, **{"trusts": ["*"], "max_session_duration": 43200, **server})
        own = {name: str(value) for name, value in options.items() if not name.startswith("server_")}
        self.profiles[profile] = {"role_arn": role.arn, "source_profile": source, **own}

    def add_mfa_role(self, profile: str, **options: Any) -> None:
        self.add_role(
            profile, **{"mfa_serial": self.person.device.serial, "server_require_mfa": True, **options}
        )

    # -- processes ---------------------------------------------------------------------------------

    def fetcher(self, profile: str, **changes: Any) -> Fetcher:
        """Return the fetcher of a profile, in a process of its own."""
        role = resolve(self.profiles, profile, environment={})
        return Fetcher(role, self.context(**changes))

    def session(self, profile: str) -> MfaSession:
        """Return the MFA session of a user profile, in a process of its own."""
        return MfaSession(resolve_user(self.profiles, profile), self.context())

    def get(self, profile: str) -> str:
        """Return the access key that a command gets."""
        return self.fetcher(profile).fetch().access_key

    def context(self, **changes: Any) -> FetchContext:
        cache = Cache(self.directory, clock=self.clock, warn=self.warnings.append)
        parts: dict[str, Any] = {
            "flight": SingleFlight(cache, clock=self.clock, warn=self.warnings.append),
            "cache_keys": self.cache_keys(),
            "client_creator": self.create_client,
            "source_keys": self._source_keys,
            "codes": self._codes,
            "warn": self.warnings.append,
            "too_long": Markers(self.directory, "too-long", self.clock),
            "clock": self.clock,
        }
        return FetchContext(**{**parts, **changes})

    def cache_keys(self, profile: str = "", **environment: str) -> CacheKeys:
        return CacheKeys({"profiles": self.profiles}, profile, environment)

    def create_client(self, service: str, **options: Any) -> Any:
        self.options.append(dict(options))
        return self._stack.enter_context(
            closing(self._session.create_client(service, **calling(self.sts, options)))
        )

    def _source_keys(self, _profile: str, source: Source) -> Keys:
        options = self.profiles[str(source.profile)]
        return Keys(
            options["aws_access_key_id"], options["aws_secret_access_key"], options.get("aws_session_token")
        )

    def _codes(self) -> Codes:
        return Codes(
            self.person.ask, self.person.say, used=UsedCodes(self.directory, self.clock), sleep=never
        )

    # -- outcomes ----------------------------------------------------------------------------------

    def calls(self) -> list[str]:
        """Return the operations since the last call, each with its role, if any."""
        found = [
            " ".join([call.operation, *call.parameters.get("RoleArn", "").rpartition("/")[2:]]).strip()
            for call in self.sts.calls
        ]
        self.sts.clear_calls()
        return found

    @property
    def records(self) -> list[Path]:
        return sorted(self.directory.glob("*.json"))


def never(_seconds: float) -> None:
    raise AssertionError("a test must not wait for a code")


def keys_of(user: User) -> dict[str, str]:
    """Return a profile with a user's keys."""
    return {"aws_access_key_id": user.access_key, "aws_secret_access_key": user.secret_key}


def calling(sts: Sts, options: dict[str, Any]) -> dict[str, Any]:
    """Return a client's options, changed to call `sts`, once and through no proxy."""
    own = Config(retries={"total_max_attempts": 1}, proxies={})
    config = options["config"].merge(own) if "config" in options else own
    return {"region_name": "us-east-1", "endpoint_url": sts.url, **options, "config": config}


def bare_session() -> Any:
    """Return a botocore session that ignores the user's files; it keeps the service models that it has loaded."""
    session = botocore.session.Session()
    for variable in ("config_file", "credentials_file"):
        session.set_config_variable(variable, "nowhere")
    return session
