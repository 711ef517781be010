"""``aws configure role import``: write the role profiles of a manifest to the config file."""

from __future__ import annotations

import sys
from importlib import resources
from typing import Any

from ..manifest.source_file import load, request_of
from ..messages import print_message
from .apply_plan import PlannedCommand
from .arguments import DRY_RUN, YES, arg_table, flag, nothing_given, positional, synopsis
from .confirm import Consent


class ImportCommand(PlannedCommand):
    """Reads a manifest, and writes its roles to the config file."""

    NAME = "import"
    SYNOPSIS = synopsis(
        "aws configure role import <file>|-",
        "[--dry-run] [--prune] [--adopt] [--yes]",
        "aws configure role import --schema",
    )
    ARG_TABLE = arg_table(
        positional(
            "file",
            "The manifest, or ``-`` to read it from stdin. With ``--prune`` it then needs a name.",
            nargs="?",
        ),
        DRY_RUN,
        flag(
            "prune",
            "Remove profiles that were made from this manifest and are no longer in it, with their cached "
            "credentials. Removing more than half of them requires ``--yes``.",
        ),
        flag(
            "adopt",
            "Take over profiles that were made by hand or from another manifest, except those with other "
            "credentials of their own.",
        ),
        YES,
        flag("schema", "Print the JSON Schema of manifests and exit."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        if parsed_args.schema:
            schema = resources.files("awscli_xacct.manifest").joinpath("schema.json")
            sys.stdout.write(schema.read_text(encoding="utf-8"))
            return 0
        if not parsed_args.file:
            raise nothing_given("manifest", "aws configure role import FILE")
        source = load(parsed_args.file)
        request, notes = request_of(
            source,
            self._session.full_config["profiles"],
            prune=parsed_args.prune,
            adopt=parsed_args.adopt,
        )
        for note in notes:
            print_message(note)
        return self._carry_out(request, Consent.given_in(parsed_args), parsed_globals)
