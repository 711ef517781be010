"""What a manifest, or anything else that describes many role profiles, asks of the config."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .. import settings
from ..problems import Location, Problem
from ..profiles.config_keys import KEYS
from ..profiles.defaults import Wanted, build_role_arn, complete_settings
from ..profiles.partitions import Partitions
from ..profiles.source import Profiles

NO_ROLES = "there are no roles"
ACCOUNT, ROLE = "account", "role"
"""What names a role in the place of its ARN."""
SDK_PROFILE = "sdk_profile"
"""The key for the second profile, through which SDKs get the role's credentials."""
DEFAULT_SDK_PROFILE = "\n"
"""The text of its value ``true``, which no name can be: the default name."""
SOURCES = (settings.SOURCE_PROFILE, settings.CREDENTIAL_SOURCE)
"""The two kinds of source, of which a role has one."""


class RoleSpec(NamedTuple):
    """One role profile: the config keys to set and, as None, those to remove.

    The role is named in `options`, or by `account` (twelve digits) and `role_name`; the ARN is then made in the
    partition of its source. `sdk_profile` is the name of its SDK profile, "" for none. `invalid_keys` are those for
    which a problem has been reported already.
    """

    profile: str
    options: Mapping[str, str | None]
    account: str = ""
    role_name: str = ""
    sdk_profile: str = ""
    invalid_keys: frozenset[str] = frozenset()


@dataclass
class RoleSpecs:
    """The roles that could be read from `path`, and every problem with it.

    `name` is the one a manifest gives itself, `notes` are to be shown to the user. `locations` has a role's keys,
    and under None the role itself.
    """

    path: str
    name: str | None = None
    roles: list[RoleSpec] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    locations: dict[tuple[str, str | None], Location] = field(default_factory=dict)

    def locate(self, profile: str, key: str | None = None) -> Location:
        """Return the location of a role's key, or else of the role, or else of the whole file."""
        keys = (settings.ROLE_ARN, ACCOUNT, None) if key == settings.ROLE_ARN else (key, None)
        found = (self.locations.get((profile, each)) for each in keys)
        return next(filter(None, found), Location(self.path))


@dataclass(frozen=True)
class RolesRequest:
    """The roles that the config is to have.

    `mark` is written into each profile made for them, and tells these from all others; "" for profiles that are the
    user's own afterwards. With `prune` profiles with the same mark that `specs` no longer has are removed; with
    `adopt` profiles without it are taken over. `xacct` are the words that run `xacct`, for SDK profiles.
    """

    specs: RoleSpecs
    mark: str
    prune: bool = False
    adopt: bool = False
    xacct: Sequence[str] = ("xacct",)


def resolve_settings(
    role: RoleSpec, wanted: Wanted, profiles: Profiles, partitions: Partitions
) -> tuple[dict[str, str | None], list[str]]:
    """Return all keys to set (None: to remove) where `wanted` is asked of a role, and notes for the user.

    `profiles` has the role's own profile as it is, and its sources as they will be.
    """
    wanted = dict(wanted)
    if role.account:
        wanted[settings.ROLE_ARN] = build_role_arn(
            role.profile, role.account, role.role_name, profiles, wanted, partitions
        )
    return complete_settings(role.profile, profiles, wanted)


def typed_value(key: str, text: str) -> Any:
    """Return a config key's value as a manifest has it: a number, tags or keys where it is that, else the text."""
    if key == SDK_PROFILE and text == DEFAULT_SDK_PROFILE:
        return True
    try:
        return KEYS[key].parse(text) if key in KEYS else text
    except ValueError:
        return text


def equivalent(key: str, one: Any, other: Any) -> bool:
    """Return whether two values of a config key lead to the same call; None is no value at all."""
    if one is None or other is None or isinstance(one, dict) or isinstance(other, dict):
        return bool(one == other)
    return bool(typed_value(key, str(one)) == typed_value(key, str(other)))
