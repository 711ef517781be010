"""``aws configure role remove``: delete profiles, with their cached credentials."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from botocore.configloader import raw_config_parse

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import headers_of
from ..errors import Problem, ProfileError, ValidationError
from ..messages import print_message
from ..profiles.inventory import Inventory
from ..profiles.source import has_static_keys, is_role
from .base import Subcommand, arg_table, check_roles, flag, named_profiles, positional
from .confirm import YES, Change, Consent, confirm_and_apply


class RemoveCommand(Subcommand):
    """Takes profiles out of the config file, and their credentials out of the cache."""

    NAME = "remove"
    SYNOPSIS = "aws configure role remove <profile> [<profile> ...] [--yes] [--force]"
    ARG_TABLE = arg_table(
        positional("profile", "The profiles to remove.", nargs="*"),
        YES,
        flag("force", "Remove a profile even if other profiles use it, or if it has long-term keys."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        if not names:
            raise ValidationError(
                "which profile is meant?", [Problem("name it: aws configure role remove PROFILE")]
            )
        inventory = self._inventory()
        check_roles(names, inventory)
        elsewhere = CredentialsFile(self._credentials_path())
        faults = [] if parsed_args.force else _users_faults(names, inventory)
        document = Document(store.read(self._config_path()))
        if not parsed_args.force:
            faults += _keys_faults(names, document)
        faults += [elsewhere.keeps(name) for name in names if not headers_of(document.names(), name)]
        if faults:
            raise ValidationError("nothing was removed, because", map(Problem, faults))
        change = Change(
            question=f"Remove {', '.join(names)}?",
            declined="nothing was removed",
            apply=lambda: self._remove(names, inventory, elsewhere),
        )
        return confirm_and_apply(change, Consent.given_in(parsed_args))

    def _remove(self, names: list[str], inventory: Inventory, elsewhere: CredentialsFile) -> int:
        cache, records = self._cache(), own_records(names, inventory)

        def change(document: Document) -> None:
            for name in names:
                for header in headers_of(document.names(), name):
                    document.remove_section(header)

        edit = store.edit(self._config_path(), change, raw_config_parse)
        print_message(f"removed from {edit.path}: {', '.join(names)}")
        for name in names:
            if name in elsewhere:
                print_message(elsewhere.keeps(name))
        cache.remove_all(records)
        return 0


class CredentialsFile:
    """The profiles of the credentials file, which these commands read and never write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._document = Document(store.read(path), str(path))

    def __contains__(self, name: str) -> bool:
        return name in self._document.names()

    def keeps(self, name: str) -> str:
        """That a profile has settings here, and where."""
        return (
            f"{self._place(name)} has settings of {name}, and that file is left alone; take them out by hand"
        )

    def uses(self, name: str) -> list[str]:
        """What would no longer fit here if a profile had another name."""
        faults = [self.keeps(name)] if name in self else []
        for other, options in self._document.sections().items():
            if options.get(settings.SOURCE_PROFILE) == name:
                place = self._place(other, settings.SOURCE_PROFILE)
                faults.append(f"{place} names it as the source of {other}, and that file is left alone")
        return faults

    def _place(self, name: str, key: str | None = None) -> str:
        return f"{self._path}, line {self._document.line_of(name, key)},"


def _users_faults(names: list[str], inventory: Inventory) -> list[str]:
    """The profiles that stay and would lose their source."""
    faults = []
    for name in names:
        users = [user for user in inventory.users_of(name) if user not in names]
        if users:
            faults.append(f"{name} is the source of {', '.join(users)}; --force goes ahead")
    return faults


def _keys_faults(names: list[str], document: Document) -> list[str]:
    """Profiles that hold a user's own keys as well, which may be the only copy there is."""
    return [
        f"{name} has a user's long-term keys as well, and they would go with it; --force goes ahead"
        for name in names
        if any(has_static_keys(document.section(header)) for header in headers_of(document.names(), name))
    ]


def own_records(names: list[str], inventory: Inventory) -> set[str]:
    """The records of role sessions that no profile which stays shares; MFA sessions are their device's."""
    going: set[str] = set()
    staying: set[str] = set()
    for name, options in inventory.profiles.items():
        if is_role(options):
            with contextlib.suppress(ProfileError):
                (going if name in names else staying).add(inventory.own_record(name))
    return going - staying
