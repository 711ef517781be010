"""Every role profile of a configuration with what is cached for it. No network, no botocore.

`config` is botocore's ``session.full_config``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..cache import Cache, Record
from ..errors import ProfileFault
from .profiles import Role, Source, is_role, resolve
from .records import endpoint, role_record, session_duration, session_record


@dataclass(frozen=True)
class Entry:
    """One role profile: its chain or what is wrong with it, and its records while they are valid."""

    profile: str
    options: Mapping[str, Any]
    role: Role | None = None
    fault: str | None = None
    record: Record | None = None
    session: Record | None = None

    @property
    def account(self) -> str:
        """The account id in the role's ARN, or nothing."""
        parts = self._arn_parts
        return parts[4] if len(parts) > 5 else ""

    @property
    def role_name(self) -> str:
        """The role's name with its path, or the whole of an ARN that is none."""
        parts = self._arn_parts
        return parts[5].removeprefix("role/") if len(parts) > 5 else ":".join(parts)

    @property
    def source(self) -> str:
        """The profile or credential source that the options name."""
        options = self.options
        return str(options.get(settings.SOURCE_PROFILE) or options.get(settings.CREDENTIAL_SOURCE) or "")

    @property
    def mfa_serial(self) -> str:
        return str(self.options.get(settings.MFA_SERIAL, ""))

    @property
    def region(self) -> str:
        return str(self.options.get(settings.REGION, ""))

    @property
    def _arn_parts(self) -> list[str]:
        return str(self.options.get(settings.ROLE_ARN, "")).split(":", 5)


class Inventory:
    """The role profiles of one configuration."""

    def __init__(self, config: Mapping[str, Any], environment: Mapping[str, str], cache: Cache) -> None:
        self.profiles: Mapping[str, Mapping[str, Any]] = config["profiles"]
        self._config = config
        self._environment = environment
        self._cache = cache

    def __iter__(self) -> Iterator[Entry]:
        """All role profiles, in the order of the file."""
        return (self.entry(name) for name, options in self.profiles.items() if is_role(options))

    def entry(self, name: str) -> Entry:
        """One role profile."""
        options = self.profiles[name]
        try:
            role = self.resolve(name)
            session = self.session_of(role, name)
        except ProfileFault as fault:
            return Entry(name, options, fault=str(fault))
        record = self._cache.read(role_record(role, endpoint(self._config, name, self._environment)))
        return Entry(name, options, role, record=record, session=session)

    def resolve(self, name: str) -> Role:
        """The chain a role profile stands for. Raises `ProfileFault`."""
        sso_sessions = self._config.get("sso_sessions")
        return resolve(self.profiles, name, sso_sessions=sso_sessions, environment=self._environment)

    def session_of(self, role: Role, name: str) -> Record | None:
        """The shared MFA session that a role would be assumed from, if it is there and valid."""
        record = self.session_record(role, name)
        return self._cache.read(record) if record else None

    def session_record(self, role: Role, name: str) -> str | None:
        """The name of that session's record; None for a role that uses none. Raises `ProfileFault`."""
        if not role.mfa_serial or not isinstance(role.source, Source):
            return None
        return session_record(
            role.mfa_serial,
            role.source,
            session_duration(self._config, self._environment),
            endpoint(self._config, name, self._environment),
        )

    def records_of(self, name: str) -> list[str]:
        """The names of a profile's own records: its role session's, and its MFA session's if it has one."""
        role = self.resolve(name)
        names = [
            role_record(role, endpoint(self._config, name, self._environment)),
            self.session_record(role, name),
        ]
        return [record for record in names if record]

    def users_of(self, name: str) -> list[str]:
        """The other profiles that use `name` as their source."""
        return [
            other
            for other, options in self.profiles.items()
            if other != name and options.get(settings.SOURCE_PROFILE) == name
        ]
