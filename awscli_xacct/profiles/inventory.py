"""Every role profile of a configuration with what is cached for it. No network, no botocore.

`config` is botocore's ``session.full_config``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..errors import ProfileError
from ..storage.cache import Cache, Record
from .cache_keys import endpoint, role_record, session_duration, session_record
from .role import Role, resolve
from .source import Source, is_role, resolve_user


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
        except ProfileError as fault:
            return Entry(name, options, fault=str(fault))
        record = self._cache.read(role_record(role, endpoint(self._config, name, self._environment)))
        return Entry(name, options, role, record=record, session=session)

    def resolve(self, name: str) -> Role:
        """The chain a role profile stands for. Raises `ProfileError`."""
        sso_sessions = self._config.get("sso_sessions")
        return resolve(self.profiles, name, sso_sessions=sso_sessions, environment=self._environment)

    def session_of(self, role: Role, name: str) -> Record | None:
        """The shared MFA session that a role would be assumed from, if it is there and valid."""
        record = self._session_record(role, name)
        return self._cache.read(record) if record else None

    def own_record(self, name: str) -> str:
        """The name of a profile's role session's record. Raises `ProfileError`."""
        return role_record(self.resolve(name), endpoint(self._config, name, self._environment))

    def records_of(self, name: str) -> list[str]:
        """The names of all records that a profile uses: its chain's, and the MFA session's if it has one.

        The profile is a role or a user with an MFA session. Raises `ProfileError`.
        """
        at = endpoint(self._config, name, self._environment)
        if not is_role(self.profiles[name]):
            user = resolve_user(self.profiles, name, sso_sessions=self._config.get("sso_sessions"))
            return [self._record_of_session(str(user.mfa_serial), user, name)]
        records = []
        hop: Role | Source = self.resolve(name)
        while isinstance(hop, Role):
            records += [role_record(hop, at), *filter(None, [self._session_record(hop, name)])]
            hop = hop.source
        return records

    def _session_record(self, role: Role, name: str) -> str | None:
        """The name of the MFA session's record; None for a role that uses none. Raises `ProfileError`."""
        if isinstance(role.source, Role):
            return None
        serial = role.mfa_serial or role.source.mfa_serial
        return self._record_of_session(serial, role.source, name) if serial else None

    def _record_of_session(self, serial: str, source: Source, name: str) -> str:
        duration = session_duration(self._config, self._environment)
        return session_record(serial, source, duration, endpoint(self._config, name, self._environment))

    def users_of(self, name: str) -> list[str]:
        """The other profiles that use `name` as their source."""
        return [
            other
            for other, options in self.profiles.items()
            if other != name and options.get(settings.SOURCE_PROFILE) == name
        ]
