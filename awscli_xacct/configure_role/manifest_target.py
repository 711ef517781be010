"""Write discovered roles to a manifest: show the diff, ask, and write the file once."""

from collections.abc import Mapping
from pathlib import Path

from .. import settings
from ..configfile import store
from ..confirm import Consent
from ..discovery.names import Holder, holder_of
from ..errors import ValidationError
from ..manifest.export import merge
from ..manifest.model import SOURCES, RoleSpec
from ..manifest.reader import read
from ..manifest.source_file import decode
from ..profiles.config_keys import KEYS
from ..profiles.defaults import Wanted, apply_changes
from ..profiles.partitions import Partitions
from ..profiles.source import Profiles
from ..storage.files import is_directory
from ..tables import counted
from .base import refusal
from .file_change import DECLINED, write_file


class IntoManifest:
    """A manifest to write to, which may not exist yet. Raises `ValidationError` with everything that is wrong in it."""

    def __init__(self, name: str) -> None:
        self.path = Path(name)
        self._before = store.read(self.path)
        if not is_directory(self.path.parent):
            raise refusal(DECLINED, f"there is no directory {self.path.parent}")
        self._source = decode(self._before, name)
        self._manifest = read(self._source.text, name, may_be_empty=True)
        if self._manifest.problems:
            raise ValidationError(f"{DECLINED}, because", self._manifest.problems, "ProfileInvalid")

    @property
    def taken(self) -> dict[str, Holder | None]:
        """Its roles by name, with the account and role that each name stands for."""
        return {role.profile: _holder(role) for role in self._manifest.roles}

    @property
    def roles(self) -> Profiles:
        """The settings of its roles, without the ARNs of those given by account and name."""
        return {role.profile: apply_changes({}, role.options) for role in self._manifest.roles}

    @property
    def accounts(self) -> Mapping[str, str]:
        """The ids of its accounts by name."""
        return self._manifest.accounts

    def defaults_for(self, wanted: Wanted) -> dict[str, str]:
        """Return the settings that its defaults add to a new role with those `wanted`."""
        hidden = SOURCES if any(source in wanted for source in SOURCES) else ()
        return {
            key: text
            for key, text in self._manifest.defaults.items()
            if key in KEYS and key not in hidden and text is not None
        }

    def write(
        self,
        roles: Profiles,
        accounts: Mapping[str, str],
        profiles: Profiles,
        partitions: Partitions,
        consent: Consent,
    ) -> int:
        """Write `roles` (config options by profile) and `accounts` (ids by name) to it. Return the exit code."""
        text = merge(self._source.text, str(self.path), roles, profiles, partitions, accounts)
        edit = store.Edit(self.path, self._before, self._source.encode(text))
        number = counted(len(roles), "role")
        return write_file(
            edit,
            consent,
            wrote=f"wrote {number} to {self.path}; import it with: aws configure role import {self.path}",
            up_to_date=f"nothing to do: {number} up to date in {self.path}",
            preview=f"{self.path} would be changed",
        )


def _holder(role: RoleSpec) -> Holder | None:
    if role.account:
        return role.account, role.role_name.removeprefix("/")
    return holder_of(str(role.options.get(settings.ROLE_ARN)))
