"""``aws configure role import``: a manifest's role profiles into the config, in one step."""

from __future__ import annotations

import sys
from importlib import resources
from typing import Any

from ..errors import Problem, ValidationError
from ..manifest.source_file import load, request_of
from ..messages import print_message
from .apply_plan import PlannedCommand
from .confirm import Consent


class ImportCommand(PlannedCommand):
    """Reads a manifest, and makes the config have its roles."""

    NAME = "import"
    DESCRIPTION = (
        "Make the config file have the role profiles of a manifest: one YAML file that describes the accounts and "
        "roles of a team, and is kept in version control.\n\n"
        "What would be changed is shown as a plan first: profiles to ``add``, to ``change`` (what is set now, and "
        "then), to ``remove``, and conflicts. On a terminal it is asked about. Elsewhere profiles are added without "
        "being asked, and ``--yes`` is needed to change or remove any. All of it is one write of the file; a second "
        "run has nothing to do and touches nothing.\n\n"
        "A profile that an import made is marked with the manifest's name, or its path if it has none, and with the "
        "keys that were set. All other settings in it are yours and stay. A profile that was made by hand, or from "
        "another manifest, and that differs is a conflict: nothing at all is changed unless ``--adopt`` takes it over. "
        "``--prune`` removes marked profiles that the manifest no longer has, and never any other.\n\n"
        "Everything that is wrong is said at once, with file, line and column, and nothing is changed then. The "
        "configuration of the browser extension AWS Extend Switch Roles is read as well; it is known by its content."
    )
    SYNOPSIS = "\n".join(
        [
            "aws configure role import <file>|-",
            "        [--dry-run] [--prune] [--adopt] [--yes]",
            "    aws configure role import --schema",
        ]
    )
    EXAMPLES = (
        "A manifest, ``team.yaml``::\n\n"
        "    version: 1\n"
        "    defaults: {source_profile: default, region: us-west-1}\n"
        '    accounts: {prod: "222222222222"}\n'
        "    roles:\n"
        "      prod: {account: prod, role: CrossAccountPowerUser, duration_seconds: 3600}\n"
        '      audit: {role_arn: "arn:aws:iam::333333333333:role/Audit", source_profile: prod}\n\n'
        "To see what it would change::\n\n"
        "    $ aws configure role import team.yaml --dry-run\n"
        "    PLAN  PROFILE  SETTING           NOW  THEN\n"
        "    add   prod     role_arn          -    arn:aws:iam::222222222222:role/CrossAccountPowerUser\n"
        "                   source_profile    -    default\n"
        "                   duration_seconds  -    3600\n"
        "                   region            -    us-west-1\n"
        "    add   audit    role_arn          -    arn:aws:iam::333333333333:role/Audit\n"
        "                   source_profile    -    prod\n"
        "                   region            -    us-west-1\n\n"
        "To make the config what the manifest says, without being asked, and take out what it no longer has::\n\n"
        "    $ aws configure role import team.yaml --prune --yes\n\n"
        "To list what would be changed, for a script::\n\n"
        "    $ aws configure role import team.yaml --dry-run --query \"[?Action!='same'].[Action,Profile]\" "
        "--output text\n\n"
        "To let an editor check manifests as they are written::\n\n"
        "    $ aws configure role import --schema > manifest.schema.json\n"
    )
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {
            "name": "file",
            "positional_arg": True,
            "nargs": "?",
            "help_text": "The manifest, or ``-`` for one on stdin; with ``--prune`` that one needs a name.",
        },
        {"name": "dry-run", "action": "store_true", "help_text": "Show the plan and change nothing."},
        {
            "name": "prune",
            "action": "store_true",
            "help_text": "Remove the profiles that were made from this manifest and are no longer in it, with their "
            "cached credentials; more than half of them only with ``--yes``.",
        },
        {
            "name": "adopt",
            "action": "store_true",
            "help_text": "Take over profiles that were made by hand or from another manifest. One that has other "
            "credentials of its own is never taken over.",
        },
        {"name": "yes", "action": "store_true", "help_text": "Do not ask."},
        {
            "name": "schema",
            "action": "store_true",
            "help_text": "Print the JSON Schema of manifests, and do nothing else.",
        },
    ]

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        if parsed_args.schema:
            schema = resources.files("awscli_xacct.manifest").joinpath("schema.json")
            sys.stdout.write(schema.read_text(encoding="utf-8"))
            return 0
        if not parsed_args.file:
            raise ValidationError(
                "which manifest is meant?", [Problem("name it: aws configure role import FILE")]
            )
        source = load(parsed_args.file)
        request, notes = request_of(
            source,
            self._session.full_config["profiles"],
            prune=parsed_args.prune,
            adopt=parsed_args.adopt,
        )
        for note in notes:
            print_message(note)
        consent = Consent(dry_run=parsed_args.dry_run, yes=parsed_args.yes)
        return self._carry_out(request, consent, parsed_globals)
