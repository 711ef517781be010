"""``aws configure role import``: a manifest's role profiles into the config, in one step."""

from __future__ import annotations

import sys
from importlib import resources
from typing import Any

from ..accounts.loading import load, request_of
from ..errors import Faults
from .base import say
from .planned import Consent, PlannedCommand


class ImportCommand(PlannedCommand):
    """Reads a manifest, and makes the config have its roles."""

    NAME = "import"
    DESCRIPTION = "Make the config file have the role profiles of a manifest."
    SYNOPSIS = "aws configure role import <file>|- [--dry-run] [--prune] [--adopt] [--yes]"
    EXAMPLES = "To see what would be changed::\n\n    $ aws configure role import team.yaml --dry-run\n"
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {
            "name": "file",
            "positional_arg": True,
            "nargs": "?",
            "help_text": "The manifest, or ``-`` for stdin.",
        },
        {"name": "dry-run", "action": "store_true", "help_text": "Show the plan and change nothing."},
        {"name": "prune", "action": "store_true", "help_text": "Remove what it made and no longer has."},
        {"name": "adopt", "action": "store_true", "help_text": "Take over profiles made by others."},
        {"name": "yes", "action": "store_true", "help_text": "Do not ask."},
        {"name": "schema", "action": "store_true", "help_text": "Print the JSON Schema of manifests."},
    ]

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        if parsed_args.schema:
            schema = resources.files("awscli_xacct.accounts").joinpath("schema.json")
            sys.stdout.write(schema.read_text(encoding="utf-8"))
            return 0
        if not parsed_args.file:
            raise Faults("which manifest is meant?", ["name it: aws configure role import FILE"])
        source = load(parsed_args.file)
        request, notes = request_of(
            source,
            self._session.full_config["profiles"],
            prune=parsed_args.prune,
            adopt=parsed_args.adopt,
        )
        for note in notes:
            say(note)
        consent = Consent(dry_run=parsed_args.dry_run, yes=parsed_args.yes)
        return self._carry_out(request, consent, parsed_globals)
