"""``aws configure role export``: write the role profiles of the config file to a manifest, or for other programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import settings
from ..configfile import store
from ..confirm import Consent
from ..errors import ValidationError
from ..manifest import (
    EXTENSION,
    FORMATS,
    GENERATED,
    MANIFEST,
    MERMAID,
    STEAMPIPE,
    extend_switch_roles,
    hcl,
    mermaid,
)
from ..manifest.export import merge
from ..manifest.source_file import STDIN, decode
from ..messages import listed, print_message, role_commands
from ..problems import Hints, Problem
from ..profiles.config_keys import KEYS
from ..profiles.sdk_profiles import map_sdk_profiles
from ..profiles.source import Profiles, is_role
from ..results import write_result
from ..storage.files import is_directory
from ..tables import counted
from .arguments import DRY_RUN, YES, argument, nothing_given, positional
from .base import NO_ROLE_PROFILES, Subcommand, refusal
from .file_change import DECLINED, write_file

_FIRST_LINES = {
    name: f"{'%%' if name == MERMAID else '#'} Made by awscli-xacct in the format {name}; the next export replaces it\n"
    for name in GENERATED
}
"""The first lines of generated files, by which they are recognized and may be written again.

No command is quoted: the path that was given leads to the file from one directory only.
"""

_OUR_KEYS = (
    settings.MFA_SERIAL,
    settings.SESSION_TAGS,
    settings.SOURCE_IDENTITY,
    settings.POLICY,
    settings.POLICY_ARNS,
)
"""What other programs cannot do, or would leave out without a word."""


class ExportCommand(Subcommand):
    """Reads the config file, and creates or updates a manifest."""

    NAME = "export"
    ARG_TABLE = (
        positional("file", "The file to write, or ``-`` to print a new one on stdout.", nargs="?"),
        argument(
            "format",
            "The format of a new file: ``manifest`` (the default), ``extend-switch-roles``, ``terraform`` (providers), "
            "``steampipe`` (connections) or ``mermaid`` (a chart). An existing file keeps its format.",
            choices=list(FORMATS),
        ),
        DRY_RUN,
        YES,
    )

    _exposed: Sequence[str] = ()

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:  # noqa: ARG002 - awscli's signature
        name = parsed_args.file
        if not name:
            raise nothing_given("file", "aws configure role export FILE")
        roles = self._roles()
        if not roles:
            raise ValidationError(f"{DECLINED}, because", [NO_ROLE_PROFILES])
        if name == STDIN:
            # In UTF-8, whatever the encoding of the terminal.
            write_result(self._render(b"", name, parsed_args.format, roles))
            self._print_exposed()
            return 0
        path = Path(name)
        before = store.read(path)
        if not is_directory(path.parent):
            raise refusal(DECLINED, f"there is no directory {path.parent}")

        edit = store.Edit(path, before, self._render(before, name, parsed_args.format, roles))
        is_generated = _format_of(decode(before, name).text) in GENERATED
        consent = Consent.given_in(parsed_args)
        if not (edit.changed and consent.dry_run):
            self._print_exposed()
        number = counted(len(roles), "role profile")
        return write_file(
            edit,
            consent,
            wrote=f"wrote {number} to {path}",
            up_to_date=f"nothing to do: {number} up to date in {path}",
            asks=not is_generated,
            shows=consent.dry_run or (bool(before) and not is_generated),
        )

    def _print_exposed(self) -> None:
        """Say which roles another program would use in its own way."""
        if self._exposed:
            print_message(
                f"{listed(self._exposed)}: other programs read a role profile themselves, without MFA codes, session "
                f"tags or session policies. Give each an SDK profile, then export again:\n"
                f"  {role_commands(self._exposed, '--sdk-profile')}"
            )

    def _roles(self) -> Profiles:
        """Return the role profiles that could be imported. Those that could not are reported."""
        profiles = self._session.full_config["profiles"]
        roles, hints = {}, Hints()
        for name, options in profiles.items():
            if not is_role(options):
                continue
            own = [Problem("a manifest cannot manage the default profile")] if name == "default" else []
            problems = own + self._find_problems(name, profiles, hints=hints)
            if problems:
                print_message(f"skipped profile {name}: {'; '.join(map(str, problems))}")
            else:
                roles[name] = options
        return roles

    def _render(self, data: bytes, path: str, asked: str | None, roles: Profiles) -> bytes:
        """Return the content of a file with `roles` in it. A file that has content already keeps its format."""
        source = decode(data, path)
        current = _format_of(source.text)
        if asked and source.text.strip() and asked != current:
            fix = "omit --format, or choose another file"
            raise refusal(DECLINED, f"{path} has the format {current}", fix)
        written = asked or current
        if written in GENERATED:
            return self._generate(written, roles).encode()
        if written == EXTENSION:
            return _for_extension(source.text, path, roles)
        text = merge(source.text, path, roles, self._session.full_config["profiles"], self._partitions())
        return source.encode(text)

    def _generate(self, written: str, roles: Profiles) -> str:
        """Return a file of a format that is written as a whole."""
        options = {
            name: {key: str(found[key]) for key in KEYS if key in found} for name, found in roles.items()
        }
        if written == MERMAID:
            return _FIRST_LINES[written] + mermaid.draw(options)
        pairs = map_sdk_profiles(self._session.full_config["profiles"])
        self._exposed = [
            name
            for name, found in options.items()
            if name not in pairs and any(key in found for key in _OUR_KEYS)
        ]
        targets = [hcl.ExportedRole(name, pairs.get(name, name), found) for name, found in options.items()]
        write = hcl.write_steampipe if written == STEAMPIPE else hcl.write_terraform
        return _FIRST_LINES[written] + write(targets)


def _format_of(text: str) -> str:
    """Return the format of an existing file; a blank one is a manifest."""
    generated = (name for name, line in _FIRST_LINES.items() if text.startswith(line))
    return next(generated, EXTENSION if extend_switch_roles.looks_like(text) else MANIFEST)


def _for_extension(text: str, path: str, roles: Profiles) -> bytes:
    written, left = extend_switch_roles.write(text, path, roles)
    for name in left:
        print_message(f"skipped profile {name}: the extension's format cannot express its name")
    return written.encode()
