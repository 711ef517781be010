"""``aws configure role remove`` and ``rename``: what becomes of whole profiles."""

from __future__ import annotations

import sys
from typing import Any

from botocore.configloader import raw_config_parse

from .. import settings
from ..awsconfig import rules, store
from ..awsconfig.document import Document
from ..awsconfig.headers import header_for, headers_of, profile_of
from ..awsconfig.inventory import Inventory
from ..errors import Faults, ProfileFault, printable
from .base import Subcommand, check_roles, named_profiles


class RemoveCommand(Subcommand):
    """Takes profiles out of the config file, and their credentials out of the cache."""

    NAME = "remove"
    DESCRIPTION = (
        "Remove role profiles from the config file, with their cached credentials. Comments stay where they are. "
        "A profile that others use as their source is not removed unless ``--force`` says so."
    )
    SYNOPSIS = "aws configure role remove <profile> [<profile> ...] [--yes] [--force]"
    EXAMPLES = "To remove a profile without being asked::\n\n    $ aws configure role remove prod --yes\n"
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {"name": "profile", "positional_arg": True, "nargs": "*", "help_text": "The profiles to remove."},
        {"name": "yes", "action": "store_true", "help_text": "Do not ask."},
        {"name": "force", "action": "store_true", "help_text": "Remove it although other profiles use it."},
    ]

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = list(dict.fromkeys(named_profiles(parsed_args, parsed_globals)))
        if not names:
            raise Faults("which profile is meant?", ["name it: aws configure role remove PROFILE"])
        inventory = self._inventory()
        check_roles(names, inventory)
        if not parsed_args.force:
            _check_unused(names, inventory)
        if not parsed_args.yes and not _agreed(names):
            sys.stderr.write("nothing was removed\n")
            return 255
        cache, records = self._cache(), _records(names, inventory)

        def change(document: Document) -> None:
            for name in names:
                for header in headers_of(document.names(), name):
                    document.remove_section(header)

        store.edit(self._config_path(), change, raw_config_parse)
        for record in records:
            cache.remove(record)
        sys.stderr.write(f"removed from {self._config_path()}: {', '.join(map(printable, names))}\n")
        return 0


class RenameCommand(Subcommand):
    """Renames a profile, here and where others name it as their source."""

    NAME = "rename"
    DESCRIPTION = (
        "Give a role profile another name. Profiles that use it as their source follow; cached credentials stay "
        "good."
    )
    SYNOPSIS = "aws configure role rename <old> <new>"
    EXAMPLES = "To rename a profile::\n\n    $ aws configure role rename prod production\n"
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {"name": "old", "positional_arg": True, "help_text": "The name the profile has."},
        {"name": "new", "positional_arg": True, "help_text": "The name it gets."},
    ]

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:  # noqa: ARG002 - awscli's signature
        old, new = parsed_args.old, parsed_args.new
        inventory = self._inventory()
        check_roles([old], inventory)
        faults = [fault for fault in [rules.name_fault(new)] if fault]
        if new in inventory.profiles:
            faults.append(f"there is a profile {printable(new)} already")
        if old == "default":
            faults.append("the profile default is named by its place, not by a name")
        if faults:
            raise Faults("nothing was renamed, because", faults)

        def change(document: Document) -> None:
            for header in headers_of(document.names(), old):
                document.rename_section(header, header_for(new))
            for header in document.names():
                if profile_of(header) and document.section(header).get(settings.SOURCE_PROFILE) == old:
                    document.set(header, settings.SOURCE_PROFILE, new)

        edit = store.edit(self._config_path(), change, raw_config_parse)
        if not edit.changed:
            raise Faults(
                "nothing was renamed, because", [f"{old} stands in the credentials file, not in {edit.path}"]
            )
        followers = inventory.users_of(old)
        sys.stderr.write(f"{printable(old)} is {printable(new)} now in {edit.path}\n")
        if followers:
            sys.stderr.write(f"its users follow: {', '.join(map(printable, followers))}\n")
        return 0


def _check_unused(names: list[str], inventory: Inventory) -> None:
    """Raise `Faults` where a profile that stays would lose its source."""
    faults = []
    for name in names:
        users = [user for user in inventory.users_of(name) if user not in names]
        if users:
            faults.append(
                f"{printable(name)} is the source of {', '.join(map(printable, users))}; --force goes ahead"
            )
    if faults:
        raise Faults("nothing was removed, because", faults)


def _records(names: list[str], inventory: Inventory) -> list[str]:
    """The records of role sessions that no other profile shares; MFA sessions are their device's."""
    found = []
    for name in names:
        try:
            found.append(inventory.records_of(name)[0])
        except ProfileFault:
            continue
    return found


def _agreed(names: list[str]) -> bool:
    """Ask on the terminal. Raises `Faults` where there is none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Faults("nothing was removed, because", ["there is no terminal to ask on; --yes goes ahead"])
    sys.stderr.write(f"Remove {', '.join(map(printable, names))}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
