"""Every role profile of a configuration with what is cached for it. No network, no botocore.

`config` is botocore's ``session.full_config``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..arn import Arn
from ..errors import ProfileError
from ..storage.cache import Cache, Record
from .cache_keys import CacheKeys
from .role import Role
from .source import is_role


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
    def arn(self) -> Arn | None:
        """The role's ARN; None for text that is not one."""
        return Arn.parse(str(self.options.get(settings.ROLE_ARN, "")))

    @property
    def account(self) -> str:
        """The account id in the role's ARN, or nothing."""
        return self.arn.account if self.arn else ""

    @property
    def role_name(self) -> str:
        """The role's name with its path, or the whole of an ARN that is none."""
        return self.arn.role_name if self.arn else str(self.options.get(settings.ROLE_ARN, ""))

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
        options, keys = self.profiles[name], self.keys(name)
        try:
            session = keys.shared_session_of(keys.role)
        except ProfileError as fault:
            return Entry(name, options, fault=str(fault))
        return Entry(
            name,
            options,
            keys.role,
            record=self._cache.read(keys.of_role(keys.role)),
            session=self._cache.read(session) if session else None,
        )

    def keys(self, name: str) -> CacheKeys:
        """Return a profile with the keys of its records."""
        return CacheKeys(self._config, name, self._environment)

    def resolve(self, name: str) -> Role:
        """The chain a role profile stands for. Raises `ProfileError`."""
        return self.keys(name).role

    def own_record(self, name: str) -> str:
        """The name of a profile's role session's record. Raises `ProfileError`."""
        keys = self.keys(name)
        return keys.of_role(keys.role)

    def records_of(self, name: str) -> list[str]:
        """The names of all records that a profile uses: its chain's, and the MFA session's if it has one.

        The profile is a role or a user with an MFA session. Raises `ProfileError`.
        """
        return self.keys(name).all()

    def users_of(self, name: str) -> list[str]:
        """The other profiles that use `name` as their source."""
        return [
            other
            for other, options in self.profiles.items()
            if other != name and options.get(settings.SOURCE_PROFILE) == name
        ]
