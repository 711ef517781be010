"""``aws configure role export``: the config's role profiles into a manifest."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..configfile import store
from ..errors import Problem, ValidationError
from ..manifest import EXTENSION, FORMATS, MANIFEST, extend_switch_roles
from ..manifest.export import merge
from ..manifest.source_file import STDIN, decoded
from ..messages import print_message
from ..profiles import validation
from ..profiles.source import is_role
from ..tables import counted
from .base import NO_ROLES, Subcommand, arg_table, argument, positional, synopsis
from .confirm import DRY_RUN
from .output import print_diff

_REFUSED = "nothing was written, because"
_BOM = b"\xef\xbb\xbf"

Roles = Mapping[str, Mapping[str, Any]]


class ExportCommand(Subcommand):
    """Reads the config; writes a manifest, or into one."""

    NAME = "export"
    SYNOPSIS = synopsis(
        "aws configure role export <file>|-",
        "[--format manifest|extend-switch-roles] [--dry-run]",
    )
    ARG_TABLE = arg_table(
        positional("file", "The manifest to write, or ``-`` to print a new one on stdout.", nargs="?"),
        argument(
            "format",
            "The format of a new file: ``manifest`` (the default) or ``extend-switch-roles``. An existing file keeps "
            "its format.",
            choices=list(FORMATS),
        ),
        DRY_RUN,
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:  # noqa: ARG002 - awscli's signature
        name = parsed_args.file
        if not name:
            raise ValidationError(
                "which file is meant?", [Problem("name it: aws configure role export FILE")]
            )
        roles = self._roles()
        if not roles:
            raise ValidationError(_REFUSED, [Problem(NO_ROLES)])
        if name == STDIN:
            written = self._written(b"", name, parsed_args.format, roles)
            sys.stdout.buffer.write(written)  # in UTF-8, whatever the terminal's encoding
            return 0
        path = Path(name)
        if not path.parent.is_dir():
            raise ValidationError(_REFUSED, [Problem(f"there is no directory {path.parent}")])

        def change(data: bytes) -> bytes:
            return self._written(data, name, parsed_args.format, roles)

        if parsed_args.dry_run:
            before = store.read(path)
            edit = store.Edit(path, before, change(before))
            print_diff(edit)
            if edit.changed:
                return 0
        else:
            edit = store.rewrite(path, change)
        done = "written to" if edit.changed else "already up to date in"
        number = counted(len(roles), "role profile")
        print_message(f"{number} {'is' if len(roles) == 1 else 'are'} {done} {path}")
        return 0

    def _roles(self) -> Roles:
        """The role profiles that work; what keeps others from it is said."""
        profiles = self._session.full_config["profiles"]
        partitions = self._partitions()
        roles = {}
        for name, options in profiles.items():
            if not is_role(options):
                continue
            own = [Problem("it is your own profile and no manifest's")] if name == "default" else []
            problems = own + validation.find_problems(
                name, profiles, partitions=partitions.names, partition_of=partitions.of_region
            )
            if problems:
                print_message(f"profile {name} is left out: {'; '.join(map(str, problems))}")
            else:
                roles[name] = options
        return roles

    def _written(self, data: bytes, path: str, asked: str | None, roles: Roles) -> bytes:
        """The file with the roles in it, in the format it has."""
        source = decoded(data, path)
        there = EXTENSION if extend_switch_roles.looks_like(source.text) else MANIFEST
        if asked and source.text.strip() and asked != there:
            raise ValidationError(
                _REFUSED,
                [Problem(f"{path} has the format {there}", "leave out --format, or name another file")],
            )
        if (asked or there) == EXTENSION:
            return _for_extension(source.text, path, roles)
        text = merge(source.text, path, roles, self._session.full_config["profiles"], self._partitions())
        return (_BOM if source.has_bom else b"") + text.encode()


def _for_extension(text: str, path: str, roles: Roles) -> bytes:
    written, left = extend_switch_roles.write(text, path, roles)
    for name in left:
        print_message(f"profile {name} is left out: the extension has no way to write its name")
    return written.encode()
