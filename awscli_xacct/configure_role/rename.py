"""``aws configure role rename``: rename a role profile everywhere in the config file."""

from __future__ import annotations

from typing import Any

from botocore.configloader import raw_config_parse

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import find_headers, make_header, parse_header
from ..errors import ValidationError
from ..messages import print_message
from ..problems import Problem
from ..profiles import validation
from .arguments import arg_table, nothing_given, positional
from .base import Subcommand, require_roles
from .remove import CredentialsFile


class RenameCommand(Subcommand):
    """Renames a profile in its section and in the `source_profile` of others."""

    NAME = "rename"
    SYNOPSIS = "aws configure role rename <old> <new>"
    ARG_TABLE = arg_table(
        positional("old", "The current name of the profile.", nargs="?"),
        positional("new", "The new name.", nargs="?"),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:  # noqa: ARG002 - awscli's signature
        old, new = parsed_args.old, parsed_args.new
        if not (old and new):
            raise nothing_given("new name" if old else "profile", "aws configure role rename OLD NEW")
        inventory = self._inventory()
        require_roles([old], inventory)
        problems = [
            *map(Problem, filter(None, [validation.name_problem(new)])),
            *([Problem(f"profile {new} exists already")] if new in inventory.profiles else []),
            *([Problem("the default profile cannot be renamed")] if old == "default" else []),
            *_duplicates(old, self._document()),
            *CredentialsFile(self._credentials_path()).uses_of(old),
        ]
        if problems:
            raise ValidationError("nothing was renamed, because", problems)

        def change(document: Document) -> None:
            for header in find_headers(document.names(), old):
                document.rename_section(header, make_header(new))
            for header in document.names():
                if parse_header(header) and document.section(header).get(settings.SOURCE_PROFILE) == old:
                    document.set(header, settings.SOURCE_PROFILE, new)

        edit = store.edit(self._config_path(), change, raw_config_parse)
        print_message(f"renamed {old} to {new} in {edit.path}")
        users = inventory.users_of(old)
        if users:
            print_message(f"updated source_profile in: {', '.join(users)}")
        return 0


def _duplicates(name: str, document: Document) -> list[Problem]:
    """Return the problem that a profile has two sections: the last one counts, but renamed both would."""
    headers = find_headers(document.names(), name)
    if len(headers) < 2:
        return []
    lines = " and ".join(str(document.line_of(header)) for header in headers)
    return [Problem(f"{name} has two sections in the config file, in lines {lines}", "remove one of them")]
