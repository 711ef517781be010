"""``aws configure role rename``: give a profile another name, everywhere in the config file."""

from __future__ import annotations

from typing import Any

from botocore.configloader import raw_config_parse

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import header_for, headers_of, profile_of
from ..errors import Problem, ValidationError
from ..messages import print_message
from ..profiles import validation
from .base import Subcommand, arg_table, check_roles, positional
from .remove import CredentialsFile


class RenameCommand(Subcommand):
    """Renames a profile, here and where others name it as their source."""

    NAME = "rename"
    SYNOPSIS = "aws configure role rename <old> <new>"
    ARG_TABLE = arg_table(
        positional("old", "The current name of the profile.", nargs="?"),
        positional("new", "The new name.", nargs="?"),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:  # noqa: ARG002 - awscli's signature
        old, new = parsed_args.old, parsed_args.new
        if not (old and new):
            raise ValidationError(
                "which profile is meant?", [Problem("name it twice: aws configure role rename OLD NEW")]
            )
        inventory = self._inventory()
        check_roles([old], inventory)
        path = self._config_path()
        faults = [
            *filter(None, [validation.name_fault(new)]),
            *([f"there is a profile {new} already"] if new in inventory.profiles else []),
            *(["the profile default is named by its place, not by a name"] if old == "default" else []),
            *_headers_faults(old, Document(store.read(path), str(path))),
            *CredentialsFile(self._credentials_path()).uses(old),
        ]
        if faults:
            raise ValidationError("nothing was renamed, because", map(Problem, faults))

        def change(document: Document) -> None:
            for header in headers_of(document.names(), old):
                document.rename_section(header, header_for(new))
            for header in document.names():
                if profile_of(header) and document.section(header).get(settings.SOURCE_PROFILE) == old:
                    document.set(header, settings.SOURCE_PROFILE, new)

        edit = store.edit(path, change, raw_config_parse)
        print_message(f"{old} is {new} now in {edit.path}")
        followers = inventory.users_of(old)
        if followers:
            print_message(f"its users follow: {', '.join(followers)}")
        return 0


def _headers_faults(name: str, document: Document) -> list[str]:
    """A profile that stands twice: of the two the later counts, and under another name both would."""
    headers = headers_of(document.names(), name)
    if len(headers) < 2:
        return []
    lines = " and ".join(str(document.line_of(header)) for header in headers)
    return [f"{name} stands twice in the config file, in lines {lines}; take one away"]
