"""What a wanted role comes to in the config, and whether two values of a key mean the same."""

from __future__ import annotations

from typing import Any

from .. import settings
from ..profiles.defaults import Wanted, completed, role_arn
from ..profiles.partitions import Partitions
from ..profiles.role import KEYS
from ..profiles.source import Profiles
from .model import RoleSpec


def resolve_settings(
    role: RoleSpec, asked: Wanted, profiles: Profiles, partitions: Partitions
) -> tuple[dict[str, str | None], list[str]]:
    """All that is to be set (None: removed) for what is `asked` of a role, and what is to be said of it.

    `profiles` has the role's own profile as it is, and its sources as they will be.
    """
    asked = dict(asked)
    if role.account:
        asked[settings.ROLE_ARN] = role_arn(
            role.profile, role.account, role.role_name, profiles, asked, partitions
        )
    return completed(role.profile, profiles, asked)


def same(key: str, one: Any, other: Any) -> bool:
    """Whether the two come to the same call; None is no value at all."""
    if one is None or other is None or isinstance(one, dict) or isinstance(other, dict):
        return bool(one == other)
    return bool(_meaning(key, str(one)) == _meaning(key, str(other)))


def _meaning(key: str, text: str) -> Any:
    try:
        return KEYS[key].parse(text) if key in KEYS else text
    except ValueError:
        return text
