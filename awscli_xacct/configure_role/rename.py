"""``aws configure role rename``: rename a role profile everywhere in the config file."""

from typing import Any

from .. import settings
from ..configfile.document import Document
from ..configfile.sections import find_headers, make_header, parse_header
from ..errors import ValidationError
from ..messages import print_message
from ..problems import Problem
from ..profiles import validation
from ..profiles.credential_process import find_requested, redirect
from ..profiles.sdk_profiles import asks_for, default_name, find_sdk_profiles
from .arguments import nothing_given, positional
from .base import Subcommand, require_roles
from .file_change import edit_config
from .remove import CredentialsFile


class RenameCommand(Subcommand):
    """Renames a profile in its section and wherever others name it, with its SDK profile."""

    NAME = "rename"
    ARG_TABLE = (
        positional("old", "The current name of the profile.", nargs="?"),
        positional("new", "The new name.", nargs="?"),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:  # noqa: ARG002 - awscli's signature
        old, new = parsed_args.old, parsed_args.new
        if not (old and new):
            raise nothing_given("new name" if old else "profile", "aws configure role rename OLD NEW")
        inventory = self._inventory()
        require_roles([old], inventory, may_become=False)
        names = {old: new}
        if default_name(old) in find_sdk_profiles(inventory.profiles, old):
            names[default_name(old)] = default_name(new)
        credentials = CredentialsFile(self._credentials_path())
        problems = [
            *map(Problem, filter(None, [validation.name_problem(new)])),
            *(
                Problem(f"profile {name} exists already")
                for name in names.values()
                if name in inventory.profiles
            ),
            *([Problem("the default profile cannot be renamed")] if old == "default" else []),
            *(problem for name in names for problem in _duplicates(name, self._document())),
            *(problem for name in names for problem in credentials.uses_of(name)),
        ]
        if problems:
            raise ValidationError("nothing was renamed, because", problems)

        def change(document: Document) -> None:
            for header in document.names():
                name = parse_header(header)
                if name is None:
                    continue
                now = make_header(names[name]) if name in names else header
                document.rename_section(header, now)
                options = document.section(header)
                source, command = (
                    options.get(key) for key in (settings.SOURCE_PROFILE, settings.CREDENTIAL_PROCESS)
                )
                if source in names:
                    document.set(now, settings.SOURCE_PROFILE, names[str(source)])
                asked = find_requested(command)
                if asked in names:
                    document.set(now, settings.CREDENTIAL_PROCESS, redirect(str(command), names[str(asked)]))

        edit = edit_config(self._config_path(), change)
        renamed = ", and ".join(f"{before} to {after}" for before, after in names.items())
        print_message(f"renamed {renamed} in {edit.path}")
        users = [user for name in names for user in inventory.users_of(name)]
        if users:
            print_message(f"updated source_profile in: {', '.join(users)}")
        programs = [
            names.get(name, name)
            for name, options in inventory.profiles.items()
            if any(asks_for(options, before) for before in names)
        ]
        if programs:
            print_message(f"updated credential_process in: {', '.join(programs)}")
        return 0


def _duplicates(name: str, document: Document) -> list[Problem]:
    """Return the problem that a profile has two sections: the last one counts, but renamed both would."""
    headers = find_headers(document.names(), name)
    if len(headers) < 2:
        return []
    lines = " and ".join(str(document.line_of(header)) for header in headers)
    text = f"{name} has two sections in the config file, in lines {lines}"
    return [Problem(text, "remove one of them", code="ProfileInvalid")]
