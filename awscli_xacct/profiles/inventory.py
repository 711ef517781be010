"""Every role profile of a config with its cache records. No network, no botocore.

`config` is botocore's ``session.full_config``.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..arn import Arn
from ..errors import ProfileError
from ..storage.cache import Record
from .cache_keys import CacheKeys
from .role import Role
from .source import Profiles, is_role


@dataclass(frozen=True)
class RoleEntry:
    """One role profile: its chain or why it has none (`problem`), and its valid cache records."""

    profile: str
    options: Mapping[str, Any]
    role: Role | None = None
    problem: str | None = None
    record: Record | None = None
    session: Record | None = None

    @property
    def arn(self) -> Arn | None:
        """The role's ARN; None for text that is not one."""
        return Arn.parse(str(self.options.get(settings.ROLE_ARN, "")))

    @property
    def account(self) -> str:
        """The account id in the role's ARN, "" if there is none."""
        return self.arn.account if self.arn else ""

    @property
    def role_name(self) -> str:
        """The role's name with its path; the whole text if it is not an ARN."""
        return self.arn.role_name if self.arn else str(self.options.get(settings.ROLE_ARN, ""))

    @property
    def source(self) -> str:
        """The source profile or credential source in the options, or ""."""
        options = self.options
        return str(options.get(settings.SOURCE_PROFILE) or options.get(settings.CREDENTIAL_SOURCE) or "")

    @property
    def mfa_serial(self) -> str:
        return str(self.options.get(settings.MFA_SERIAL, ""))

    @property
    def region(self) -> str:
        return str(self.options.get(settings.REGION, ""))


class Inventory:
    """The role profiles of one config. `read` returns the valid record of a name, as `Cache.read` does."""

    def __init__(
        self, config: Mapping[str, Any], environment: Mapping[str, str], read: Callable[[str], Record | None]
    ) -> None:
        self.profiles: Profiles = config["profiles"]
        self._config = config
        self._environment = environment
        self._read = read

    def __iter__(self) -> Iterator[RoleEntry]:
        """Iterate over all role profiles, in the order of the file."""
        return (self.entry(name) for name, options in self.profiles.items() if is_role(options))

    def entry(self, name: str, role: Role | None = None) -> RoleEntry:
        """Return one role profile. `role` is its chain, if it has been resolved."""
        options, keys = self.profiles[name], self.keys(name)
        if role is not None:
            keys.role = role
        try:
            session = keys.shared_session_of(keys.role)
        except ProfileError as error:
            return RoleEntry(name, options, problem=str(error))
        return RoleEntry(
            name,
            options,
            keys.role,
            record=self._read(keys.of_role()),
            session=self._read(session) if session else None,
        )

    def keys(self, name: str) -> CacheKeys:
        """Return a profile with the keys of its records."""
        return CacheKeys(self._config, name, self._environment)

    def users_of(self, name: str) -> list[str]:
        """Return the other profiles whose source profile is `name`."""
        return self.users().get(name, [])

    def users(self) -> dict[str, list[str]]:
        """Return the other profiles that have each profile as their source profile."""
        found: dict[str, list[str]] = {}
        for name, options in self.profiles.items():
            source = options.get(settings.SOURCE_PROFILE)
            if isinstance(source, str) and source != name:
                found.setdefault(source, []).append(name)
        return found
