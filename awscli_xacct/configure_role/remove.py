"""``aws configure role remove``: delete role profiles, with their cached credentials."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import group_headers
from ..confirm import Change, Consent, confirm_and_apply
from ..errors import ProfileError, ValidationError
from ..messages import print_message
from ..problems import Problem
from ..profiles.inventory import Inventory
from ..profiles.sdk_profiles import asks_for, find_sdk_profiles, map_requests
from ..profiles.source import has_static_keys, is_role
from ..typed import typed_again
from .arguments import YES, flag, positional, required_profiles
from .base import Subcommand, require_roles
from .file_change import edit_config


class RemoveCommand(Subcommand):
    """Deletes profiles from the config file, and their credentials from the cache."""

    NAME = "remove"
    ARG_TABLE = (
        positional("profile", "The profiles to remove.", nargs="*"),
        YES,
        flag("force", "Remove a profile even if other profiles use it, or if it has long-term keys."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = required_profiles(parsed_args, parsed_globals, "aws configure role remove PROFILE")
        inventory = self._inventory()
        require_roles(names, inventory, may_become=False)
        names += _sdk_profiles(names, inventory)
        credentials = CredentialsFile(self._credentials_path())
        document = self._document()
        problems = [] if parsed_args.force else [*_uses(names, inventory), *_long_term_keys(names, document)]
        headers = group_headers(document.names())
        problems += [credentials.settings_of(name) for name in names if name not in headers]
        if problems:
            raise ValidationError("nothing was removed, because", problems)
        change = Change(
            question=f"Remove {', '.join(names)}?",
            declined="nothing was removed",
            apply=lambda: self._remove(names, inventory, credentials),
        )
        return confirm_and_apply(change, Consent.given_in(parsed_args))

    def _remove(self, names: list[str], inventory: Inventory, credentials: "CredentialsFile") -> int:
        cache, records = self._cache(), unshared_records(names, inventory)

        def change(document: Document) -> None:
            headers = group_headers(document.names())
            for name in names:
                for header in headers.get(name, ()):
                    document.remove_section(header)

        edit = edit_config(self._config_path(), change)
        print_message(f"removed from {edit.path}: {', '.join(names)}")
        for name in names:
            if name in credentials:
                print_message(str(credentials.settings_of(name)))
        cache.remove_all(records)
        return 0


class CredentialsFile:
    """The credentials file. `remove` and `rename` read it, and never write it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._document = store.read_document(path)

    def __contains__(self, name: str) -> bool:
        return name in self._document.names()

    def settings_of(self, name: str) -> Problem:
        """Return the problem that this file has settings of a profile."""
        return Problem(
            f"{self._place(name)} has settings of {name}",
            "remove them by hand, because this command never edits that file",
            code="ProfileInvalid",
        )

    def uses_of(self, name: str) -> list[Problem]:
        """Return what would be wrong in this file if the profile had another name."""
        problems = [self.settings_of(name)] if name in self else []
        for other, options in self._document.sections().items():
            for key, uses in (
                (settings.SOURCE_PROFILE, options.get(settings.SOURCE_PROFILE) == name),
                (settings.CREDENTIAL_PROCESS, asks_for(options, name)),
            ):
                if uses:
                    text = f"{self._place(other, key)} names {name} as the source of {other}"
                    fix = "change it by hand, because this command never edits that file"
                    problems.append(Problem(text, fix, code="ProfileInvalid"))
        return problems

    def _place(self, name: str, key: str | None = None) -> str:
        return f"{self._path}, line {self._document.line_of(name, key)},"


def _uses(names: list[str], inventory: Inventory) -> Iterator[Problem]:
    """Yield a problem for each profile that is the source of one that would remain."""
    going, users_of, requests = set(names), inventory.users(), map_requests(inventory.profiles)
    for name in names:
        users = [user for user in users_of.get(name, ()) if user not in going]
        if users:
            yield Problem(f"{name} is the source of {', '.join(users)}", _force())
        programs = [other for other in requests.get(name, ()) if other not in going]
        if programs:
            text = f"{name} is what the credential_process of {', '.join(programs)} asks for"
            yield Problem(text, _force())


def _sdk_profiles(names: list[str], inventory: Inventory) -> list[str]:
    """Return the SDK profiles of the profiles `names`: without those they give no credentials."""
    going, profiles = set(names), inventory.profiles
    requests = map_requests(profiles)
    return [
        pair for name in names for pair in find_sdk_profiles(profiles, name, requests) if pair not in going
    ]


def _long_term_keys(names: list[str], document: Document) -> Iterator[Problem]:
    """Yield a problem for each profile with a user's keys: it may be the only place that has them."""
    headers = group_headers(document.names())
    for name in names:
        if any(has_static_keys(document.section(header)) for header in headers.get(name, ())):
            yield Problem(f"{name} has the long-term keys of a user too", _force("them with it"))


def _force(what: str = "it anyway") -> str:
    return f"remove {what}:\n  {typed_again('--force')}"


def unshared_records(names: list[str], inventory: Inventory) -> set[str]:
    """Return the records of role sessions that only the profiles `names` use. MFA sessions belong to a device."""
    removed = set(names)
    going: set[str] = set()
    staying: set[str] = set()
    for name, options in inventory.profiles.items():
        if is_role(options):
            with contextlib.suppress(ProfileError):
                (going if name in removed else staying).add(inventory.keys(name).of_role())
    return going - staying
