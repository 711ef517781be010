"""``aws configure role import``: write the role profiles of a manifest to the config file."""

import os
from importlib import resources
from typing import Any

from ..confirm import Consent
from ..manifest.model import RolesRequest
from ..manifest.other_tools import TOOLS
from ..manifest.source_file import STDIN, load, request_from, request_of
from ..messages import print_message
from ..profiles.source import Profiles
from ..results import write_result
from ..xacct_program import find_program
from .apply_plan import PlannedCommand
from .arguments import DRY_RUN, YES, argument, flag, nothing_given, positional
from .base import refusal


class ImportCommand(PlannedCommand):
    """Reads a manifest, and writes its roles to the config file."""

    NAME = "import"
    ARG_TABLE = (
        positional(
            "file",
            "The manifest, or ``-`` to read it from stdin; then it needs a ``name`` if ``--prune`` is used.",
            nargs="?",
        ),
        argument(
            "from",
            "Read the config of another tool, as that tool does, in place of a manifest. Without a file, that is your "
            "own config file. The profiles are yours afterwards, and ``--prune`` has no effect on them.",
            choices=list(TOOLS),
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
            write_result(schema.read_text(encoding="utf-8"))
            return 0
        profiles = self._session.full_config["profiles"]
        tool = getattr(parsed_args, "from")
        if tool:
            request, notes = self._request_from(tool, parsed_args, profiles)
        elif parsed_args.file:
            source = load(parsed_args.file)
            request, notes = request_of(
                source, profiles, prune=parsed_args.prune, adopt=parsed_args.adopt, xacct=find_program()
            )
        else:
            raise nothing_given("manifest", "aws configure role import FILE")
        for note in notes:
            print_message(note)
        return self._carry_out(request, Consent.given_in(parsed_args), parsed_globals)

    def _request_from(
        self, tool: str, parsed_args: Any, profiles: Profiles
    ) -> tuple[RolesRequest, list[str]]:
        if parsed_args.prune:
            raise refusal("nothing was changed", "--prune works with a manifest only", "leave it out")
        own = str(self._config_path())
        name = parsed_args.file or own
        is_own = name != STDIN and os.path.realpath(name) == os.path.realpath(own)
        return request_from(tool, name, profiles, is_own=is_own, adopt=parsed_args.adopt)
